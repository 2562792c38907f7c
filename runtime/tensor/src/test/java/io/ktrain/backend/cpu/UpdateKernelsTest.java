package io.ktrain.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.ktrain.op.Dispatch;
import io.ktrain.op.Expr;
import io.ktrain.op.Op;
import io.ktrain.op.OpTable;
import io.ktrain.op.Updates;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.Tensor;
import java.util.Random;
import java.util.function.IntToDoubleFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Every update of lists of tensors: compiled, interpreted and strided give the same bits. */
class UpdateKernelsTest {
  /** Enough for vectors, over more than one tile, with a rest that fills no vector. */
  private static final int MANY = 40_003;

  @SuppressWarnings("unchecked")
  private static Stream<Op<double[]>> updates() {
    return OpTable.all().stream().filter(op -> op.update() != null).map(op -> (Op<double[]>) op);
  }

  private static int lists(Op<double[]> op) {
    return op.update().size() + 1;
  }

  private static double[] numbers(Op<double[]> op) {
    double[] numbers = new double[10];
    for (int i = 0; i < numbers.length; i++) numbers[i] = 0.95 - 0.07 * i;
    if (lists(op) > 2 || op == Updates.SGD) {
      numbers[0] = -1;
      numbers[1] = 0.2;
    }
    return numbers;
  }

  /** A list's values; those of states are not negative. */
  private static float[] values(int list, int n) {
    var random = new Random(list);
    float[] v = new float[n];
    for (int i = 0; i < n; i++) v[i] = list >= 2 ? random.nextFloat() : random.nextFloat() - 0.5f;
    return v;
  }

  private static Tensor[] tensors(Op<double[]> op, int n) {
    Tensor[] all = new Tensor[lists(op)];
    for (int k = 0; k < all.length; k++) all[k] = Tensor.of(values(k, n));
    return all;
  }

  @TestFactory
  Stream<DynamicTest> compiledAndInterpretedAreTheSameBits() {
    return updates().map(op -> dynamicTest(op.name(), () -> {
      Assumptions.assumeTrue(Vectors.available(), "no vectors here: everything is interpreted");
      assertNotNull(PointwiseCompiler.inPlace(op.update(), 0), "it is not compiled");
      Tensor[] whole = tensors(op, MANY), parts = tensors(op, MANY);
      Dispatch.all(op, numbers(op), whole);
      for (int from = 0; from < MANY; from += 101) { // too few for vectors
        Tensor[] part = new Tensor[parts.length];
        for (int k = 0; k < part.length; k++) part[k] = parts[k].narrow(0, from, Math.min(101, MANY - from));
        Dispatch.all(op, numbers(op), part);
      }
      for (int k = 0; k < whole.length; k++) assertArrayEquals(whole[k].toFloatArray(), parts[k].toFloatArray(), "list "
          + k);
      assertArrayEquals(values(1, MANY), whole[1].toFloatArray(), "what is only read");
    }));
  }

  @TestFactory
  Stream<DynamicTest> anyLayoutAndAnyLengthOfListsIsTheSame() {
    return updates().map(op -> dynamicTest(op.name(), () -> {
      int n = lists(op);
      Tensor[] plain = tensors(op, 6000), both = new Tensor[3 * n];
      Dispatch.all(op, numbers(op), plain);
      for (int k = 0; k < n; k++) {
        Tensor turned = Tensor.of(values(k, 6000)).reshape(60, 100).transpose(0, 1).contiguous().transpose(0, 1);
        both[3 * k] = turned;
        both[3 * k + 1] = Tensor.zeros(0);
        both[3 * k + 2] = Tensor.of(values(k, 6000));
      }
      Dispatch.all(op, numbers(op), both);
      for (int k = 0; k < n; k++) {
        assertArrayEquals(plain[k].toFloatArray(), both[3 * k].reshape(-1).toFloatArray(), "turned list " + k);
        assertArrayEquals(plain[k].toFloatArray(), both[3 * k + 2].toFloatArray(), "list " + k);
      }
    }));
  }

  /** Each expression, one element at a time in double. */
  @TestFactory
  Stream<DynamicTest> valuesAreTheExpressions() {
    return updates().map(op -> dynamicTest(op.name(), () -> {
      int n = 50;
      Tensor[] all = tensors(op, n);
      for (int k = 0; k < all.length; k++) all[k] = all[k].to(DType.f64);
      double[][] before = new double[all.length][];
      for (int k = 0; k < all.length; k++) before[k] = all[k].toDoubleArray();
      Dispatch.all(op, numbers(op), all);
      for (int output = 0; output < op.update().size(); output++) {
        double[] got = all[output == 0 ? 0 : output + 1].toDoubleArray();
        for (int i = 0; i < n; i++) {
          int at = i;
          double expected = evaluate(op.update().get(output), numbers(op), k -> before[k][at]);
          assertEquals(expected, got[i], 1e-12, "output " + output);
        }
      }
    }));
  }

  private static double evaluate(Expr e, double[] numbers, IntToDoubleFunction in) {
    return switch (e) {
      case Expr.Input i -> in.applyAsDouble(i.index());
      case Expr.Constant c -> c.value();
      case Expr.Param p -> numbers[p.index()];
      case Expr.Unary u -> DoubleMath.of(u.fn()).applyAsDouble(evaluate(u.x(), numbers, in));
      case Expr.Binary b -> DoubleMath.of(b.fn()).applyAsDouble(evaluate(b.a(), numbers, in),
          evaluate(b.b(), numbers, in));
      case Expr.Fma(var a, var b, var c) -> evaluate(a, numbers, in) * evaluate(b, numbers, in)
          + evaluate(c, numbers, in);
      case Expr.Select s -> evaluate(evaluate(s.condition(), numbers, in) != 0 ? s.yes() : s.no(), numbers, in);
    };
  }

  @Test
  void statesNeverBecomeDenormal() {
    for (int n : new int[] {33, 5000}) {
      Tensor p = Tensor.ones(n), g = Tensor.zeros(n), m = Tensor.full(p.getShape(), 1.2e-38, DType.f32), v = m.copy(),
          b = m.copy();
      Dispatch.all(Updates.ADAM, new double[] {1, 0, 1, 0.1, 0.9, 0.1, 1, 1e-8, -0.01}, p, g, m, v);
      Dispatch.all(Updates.SGD_MOMENTUM, new double[] {1, 0, -0.01, 0.9, 1, 1, 0}, p, g, b);
      for (Tensor t : new Tensor[] {m, v, b}) for (float x : t.toFloatArray()) assertEquals(0f, x);
    }
  }

  @Test
  void aNanGradientShows() {
    for (int n : new int[] {3, 5000}) {
      float[] gradient = new float[n];
      gradient[n - 1] = Float.NaN;
      Tensor p = Tensor.ones(n), m = Tensor.zeros(n), v = Tensor.zeros(n), most = Tensor.zeros(n);
      Dispatch.all(Updates.AMSGRAD, new double[] {1, 0, 1, 0.1, 0.9, 0.1, 1, 1e-8, -0.01}, p, Tensor.of(gradient), m, v,
          most);
      for (Tensor t : new Tensor[] {p, m, v, most}) {
        float[] values = t.toFloatArray();
        assertTrue(Float.isNaN(values[n - 1]) && !Float.isNaN(values[0]));
      }
    }
  }
}
