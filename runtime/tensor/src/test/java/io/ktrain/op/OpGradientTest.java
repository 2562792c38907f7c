package io.ktrain.op;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ktrain.autograd.Backward;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;

/**
 * First and second derivatives of every differentiable operation against central differences in f64, on all of its
 * samples: contiguous, strided, broadcast, 0-dim and empty.
 */
@Tag("paths")
class OpGradientTest {
  private static final double EPS = 1e-6;

  /** Tensors of more elements than this are shifted in random directions instead of one element at a time. */
  private static final int ONE_BY_ONE = 24;
  private static final int DIRECTIONS = 4;

  /** One sample of an operation as a function of the values of its inputs. */
  private static final class Function<A> {
    final Op<A> op;
    final OpTests.Sample<A> sample;
    final List<NdArray> values;
    final List<NdArray> seeds = new ArrayList<>();
    /** Weights of the inputs' gradients in the scalar whose gradient is the second derivative. */
    final List<NdArray> weights = new ArrayList<>();

    Function(Op<A> op, OpTests.Sample<A> sample, int number) {
      this.op = op;
      this.sample = sample;
      values = Operands.values(op, sample, number, false);
      var random = new Random(number);
      for (NdArray v : values) weights.add(v == null ? null : random(v.shape(), random));
      for (Tensor t : outputs(Operands.tensors(sample, values, DType.f64)))
        seeds.add(random(t.getShape().toArray(), random));
    }

    private static NdArray random(int[] shape, Random random) {
      return NdArray.by(shape, i -> random.nextDouble() + 0.3);
    }

    /** The outputs that have gradients. */
    List<Tensor> outputs(Tensor[] in) {
      Tensor[] all = Dispatch.all(op, sample.attributes(), in);
      var out = new ArrayList<Tensor>();
      for (Tensor t : all)
        if (t.getDtype().isFloating() && (out.isEmpty() || !op.tests().isFirstOutputOnly())) out.add(t);
      return out;
    }

    boolean floating(int i) {
      return values.get(i) != null && Operands.type(sample.inputs().get(i), DType.f64).isFloating();
    }

    List<Integer> floating() {
      var all = new ArrayList<Integer>();
      for (int i = 0; i < values.size(); i++) if (floating(i)) all.add(i);
      return all;
    }

    Tensor[] leaves() {
      return OpTableTest.leaves(Operands.tensors(sample, values, DType.f64));
    }

    Tensor[] seedTensors() {
      return seeds.stream().map(s -> Operands.tensor(s, DType.f64, false)).toArray(Tensor[]::new);
    }

    /** The weighted sum of all outputs. */
    double first() {
      return OpTableTest.withoutGrad(() -> {
        double sum = 0;
        List<Tensor> out = outputs(Operands.tensors(sample, values, DType.f64));
        for (int k = 0; k < out.size(); k++) sum += dot(out.get(k).toDoubleArray(), seeds.get(k).data());
        return sum;
      });
    }

    /** The gradients of {@link #first} by the inputs that have some; zeros where there is no path. */
    List<double[]> gradients() {
      Tensor[] in = leaves();
      List<Integer> which = floating();
      List<Tensor> out = outputs(in);
      // What is cut off from the graph has gradients of zero.
      Tensor[] g = out.stream().noneMatch(Tensor::getRequiresGrad) ? new Tensor[which.size()]
          : Backward.gradients(out, seedTensors(), which.stream().map(i -> in[i]).toList(), false, false);
      var all = new ArrayList<double[]>();
      for (int k = 0; k < g.length; k++) {
        if (g[k] != null) assertEquals(in[which.get(k)].describe(), g[k].describe(), "the gradient's shape");
        all.add(g[k] == null ? new double[values.get(which.get(k)).data().length] : g[k].toDoubleArray());
      }
      return all;
    }

    /** The weighted sum of the gradients. */
    double second() {
      List<double[]> g = gradients();
      List<Integer> which = floating();
      double sum = 0;
      for (int k = 0; k < g.size(); k++) sum += dot(g.get(k), weights.get(which.get(k)).data());
      return sum;
    }

    /** The gradients of {@link #second} by the inputs, then by the seeds. */
    List<double[]> secondGradients() {
      Tensor[] in = leaves();
      Tensor[] up = OpTableTest.leaves(seedTensors());
      List<Integer> which = floating();
      var by = new ArrayList<>(which.stream().map(i -> in[i]).toList());
      List<Tensor> out = outputs(in);
      Tensor[] g = out.stream().noneMatch(Tensor::getRequiresGrad) ? new Tensor[by.size()]
          : Backward.gradients(out, up, List.copyOf(by), true, true);
      by.addAll(List.of(up));
      Tensor sum = Tensor.scalar(0, DType.f64);
      for (int k = 0; k < g.length; k++)
        if (g[k] != null) sum = sum.add(g[k].mul(Operands.tensor(weights.get(which.get(k)), DType.f64, false)).sum());
      Tensor[] gg = sum.getRequiresGrad() ? Backward.gradients(List.of(sum), new Tensor[0], by, false, false)
          : new Tensor[by.size()];
      var all = new ArrayList<double[]>();
      for (int k = 0; k < gg.length; k++)
        all.add(gg[k] == null ? new double[Math.toIntExact(by.get(k).numel())] : gg[k].toDoubleArray());
      return all;
    }
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) sum += a[i] * b[i];
    return sum;
  }

  @TestFactory
  Stream<DynamicTest> firstDerivatives() {
    return OpTableTest.each(op -> op.isDifferentiable() && !op.tests().isFlat(), new OpTableTest.SampleTest() {
      @Override
      public <A> void run(Op<A> op, OpTests.Sample<A> sample, int number) {
        var f = new Function<>(op, sample, number);
        List<double[]> g = f.gradients();
        List<Integer> which = f.floating();
        for (int k = 0; k < g.size(); k++)
          check("d/d in" + which.get(k), f.values.get(which.get(k)).data(), g.get(k), f::first);
      }
    });
  }

  @TestFactory
  Stream<DynamicTest> secondDerivatives() {
    return OpTableTest.each(op -> op.isDifferentiable() && !op.tests().isFlat(), new OpTableTest.SampleTest() {
      @Override
      public <A> void run(Op<A> op, OpTests.Sample<A> sample, int number) {
        var f = new Function<>(op, sample, number);
        List<double[]> g = f.secondGradients();
        List<Integer> which = f.floating();
        for (int k = 0; k < g.size(); k++) {
          boolean input = k < which.size();
          NdArray by = input ? f.values.get(which.get(k)) : f.seeds.get(k - which.size());
          check("d2/d " + (input ? "in" + which.get(k) : "g" + (k - which.size())), by.data(), g.get(k), f::second);
        }
      }
    });
  }

  @TestFactory
  Stream<DynamicTest> stepsHaveNoGradient() {
    return OpTableTest.each(op -> op.tests().isFlat(), new OpTableTest.SampleTest() {
      @Override
      public <A> void run(Op<A> op, OpTests.Sample<A> sample, int number) {
        for (double[] g : new Function<>(op, sample, number).gradients()) for (double v : g) assertEquals(0, v);
      }
    });
  }

  /** {@code gradient} of {@code f} by the numbers in {@code x}, which are put back. */
  private static void check(String what, double[] x, double[] gradient, java.util.function.DoubleSupplier f) {
    assertEquals(x.length, gradient.length, what);
    var random = new Random(x.length);
    int n = Math.min(x.length, x.length <= ONE_BY_ONE ? x.length : DIRECTIONS);
    for (int k = 0; k < n; k++) {
      double[] direction = new double[x.length];
      if (x.length <= ONE_BY_ONE) direction[k] = 1;
      else for (int i = 0; i < x.length; i++) direction[i] = random.nextGaussian() / Math.sqrt(x.length);
      double numeric = (shifted(x, direction, EPS, f) - shifted(x, direction, -EPS, f)) / (2 * EPS);
      double exact = dot(gradient, direction);
      double scale = 0;
      for (int i = 0; i < x.length; i++) scale += Math.abs(gradient[i] * direction[i]);
      if (!(Math.abs(numeric - exact) <= 2e-6 * (1 + Math.abs(numeric) + scale)))
        throw new AssertionError(what + (x.length <= ONE_BY_ONE ? "[" + k + "]" : " in direction " + k)
            + ": central differences give " + numeric + ", backward " + exact);
    }
  }

  private static double shifted(double[] x, double[] direction, double by, java.util.function.DoubleSupplier f) {
    double[] before = x.clone();
    try {
      for (int i = 0; i < x.length; i++) x[i] += by * direction[i];
      return f.getAsDouble();
    } finally {
      System.arraycopy(before, 0, x, 0, x.length);
    }
  }
}
