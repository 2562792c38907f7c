package io.ktrain.op;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.ktrain.tensor.CrossEntropyOptions;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.Device;
import io.ktrain.tensor.Extreme;
import io.ktrain.tensor.Layout;
import io.ktrain.tensor.Reduction;
import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * Reductions, normalizations and losses where the shape changes how CUDA runs them, held against the CPU: short and
 * long rows, few and many columns, elements that lie apart, values that ties, NaN and infinities decide.
 */
class CudaReductionsTest {
  private static final Device CUDA = Device.of("cuda");
  private static final DType[] FLOATING = {DType.f64, DType.f32, DType.f16, DType.bf16};

  @BeforeAll
  static void there() {
    CudaOpsTest.there();
  }

  private static double tolerance(DType dtype) {
    return switch (dtype) {
      case f64 -> 1e-11;
      case f32 -> 2e-5;
      case f16 -> 1e-2;
      case bf16 -> 8e-2;
      default -> 0;
    };
  }

  private static Tensor random(DType dtype, int... sizes) {
    var random = new Random(3);
    int n = 1;
    for (int s : sizes) n *= s;
    float[] values = new float[n];
    // Eighths, which every floating type holds, and sums of many of them stay exact in f32.
    for (int i = 0; i < n; i++) values[i] = (random.nextInt(65) - 32) / 8f;
    return Tensor.of(values, sizes).to(dtype);
  }

  private static void same(DType dtype, Supplier<Tensor[]> body) {
    same(tolerance(dtype), body);
  }

  private static void same(double tolerance, Supplier<Tensor[]> body) {
    Tensor[] expected = CudaOpsTest.on(Device.CPU, body), got = CudaOpsTest.on(CUDA, body);
    CudaOpsTest.close("", expected.length, expected, got, tolerance);
  }

  /** A test of what {@code f} makes of random elements of a shape, in one type. */
  private static DynamicTest of(String name, DType dtype, int[] shape, Function<Tensor, Tensor> f) {
    return dynamicTest(name + " " + dtype + Arrays.toString(shape), () ->
        same(dtype, () -> new Tensor[] {f.apply(random(dtype, shape))}));
  }

  /** Where f32 holds the mean to a ten-thousandth, and the difference of squares would hold nothing of the variance. */
  private static DynamicTest farFromZero(String name, int[] shape, UnaryOperator<Tensor> f) {
    return dynamicTest(name, () -> same(1e-3, () -> new Tensor[] {f.apply(random(DType.f32, shape).add(4096))}));
  }

  private static int[] shape(int... sizes) {
    return sizes;
  }

  private static Tensor channelsLast(Tensor x) {
    return x.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2);
  }

  @TestFactory
  Stream<DynamicTest> sums() {
    var tests = new ArrayList<DynamicTest>();
    for (DType t : new DType[] {DType.f32, DType.bf16, DType.i32}) {
      tests.add(of("one long row", t, shape(1, 100_000), x -> x.sum(1)));
      tests.add(of("everything", t, shape(331, 307), Tensor::sum));
      tests.add(of("short rows", t, shape(10_000, 3), x -> x.sum(1)));
      tests.add(of("rows for a block each", t, shape(5, 3001), x -> x.sum(1)));
      tests.add(of("few columns", t, shape(20_000, 3), x -> x.sum(0)));
      tests.add(of("columns in packs", t, shape(2000, 48), x -> x.sum(0)));
      tests.add(of("one column tile of many rows", t, shape(9000, 8), x -> x.sum(0)));
    }
    for (DType t : new DType[] {DType.f64, DType.f32, DType.f16, DType.i8, DType.bool}) {
      tests.add(of("the middle", t, shape(7, 33, 17), x -> x.sum(1, true)));
      tests.add(of("the outer dims", t, shape(9, 8, 49), x -> x.sum(shape(0, 2), false)));
      tests.add(of("transposed, by columns", t, shape(130, 70), x -> x.transpose(0, 1).sum(0)));
      tests.add(of("transposed, by rows", t, shape(130, 70), x -> x.transpose(0, 1).sum(1)));
      tests.add(of("channels last", t, shape(2, 16, 9, 7), x -> channelsLast(x).sum(shape(0, 2, 3), false)));
      tests.add(of("channels last, by pixel", t, shape(2, 16, 9, 7), x -> channelsLast(x).sum(1)));
      tests.add(of("stretched", t, shape(6, 1, 5), x -> x.expand(6, 40, 5).sum(shape(1, 2), false)));
      tests.add(of("every third", t, shape(40, 90), x -> x.slice(1, 1, 29, 3).sum(1)));
      tests.add(of("from the second column", t, shape(40, 90), x -> x.narrow(1, 1, 85).sum(1)));
      tests.add(of("dims that do not join", t, shape(3, 4, 5, 6, 7), x ->
          x.permute(4, 2, 0, 3, 1).sum(shape(0, 2, 4), false)));
      tests.add(of("every other of many", t, shape(2, 3, 2, 3, 2, 3, 2, 3, 2, 3), x ->
          x.sum(shape(0, 2, 4, 6, 8), false)));
      tests.add(of("of no rows", t, shape(0, 3), x -> x.sum(1)));
      tests.add(of("of rows without elements", t, shape(3, 0), x -> x.sum(1)));
    }
    tests.add(of("mean of nothing", DType.f32, shape(3, 0), x -> x.mean(1)));
    tests.add(of("mean in two passes", DType.f16, shape(2, 40_000), x -> x.mean(1)));
    tests.add(of("mean by channel", DType.bf16, shape(16, 3, 20, 20), x -> x.mean(shape(0, 2, 3), false)));
    return tests.stream();
  }

  @TestFactory
  Stream<DynamicTest> otherFolds() {
    UnaryOperator<Tensor> spiked = x -> Tensor.where(x.eq(-4), Tensor.constant(Double.NaN), x);
    var tests = new ArrayList<DynamicTest>();
    for (DType t : new DType[] {DType.f64, DType.f32, DType.bf16, DType.i64, DType.u8, DType.bool}) {
      tests.add(of("largest of long rows", t, shape(2, 20_001), x -> x.amax(1, false)));
      tests.add(of("smallest by columns", t, shape(9000, 5), x -> x.amin(0, false)));
      tests.add(of("largest of all", t, shape(40, 1000), Tensor::amax));
      tests.add(of("product", t, shape(30, 6), x -> x.prod(1, false)));
    }
    tests.add(of("NaN is largest", DType.f32, shape(50, 40), x -> spiked.apply(x).amax(1, false)));
    tests.add(of("NaN is smallest", DType.f32, shape(50, 40), x -> spiked.apply(x).amin(0, false)));
    for (DType t : FLOATING)
      tests.add(dynamicTest("0 is larger than -0 " + t, () -> same(t, () -> {
        Tensor a = Tensor.of(new float[] {0, -0f, 0, -0f}, 4).to(t);
        Tensor b = Tensor.of(new float[] {0, 0, -0f, -0f}, 4).to(t);
        Tensor both = Tensor.stack(List.of(a, b), 0);
        // A zero's sign shows in its reciprocal, an infinity.
        return Stream.of(a.maximum(b), a.minimum(b), both.amax(0, false), both.amin(0, false))
            .map(x -> x.reciprocal().gt(0)).toArray(Tensor[]::new);
      })));
    for (DType t : FLOATING) {
      tests.add(of("first of ties along rows", t, shape(3, 3000), x -> x.max(1).indices()));
      tests.add(of("first of ties along columns", t, shape(300, 40), x -> x.min(0).indices()));
      tests.add(of("first NaN", t, shape(20, 50), x -> spiked.apply(x).max(1).indices()));
      tests.add(of("value along the middle", t, shape(4, 9, 33), x -> x.transpose(0, 2).min(1, true).values()));
    }
    tests.add(of("of whole numbers", DType.i8, shape(20, 50), x -> x.max(1).indices()));
    return tests.stream();
  }

  @TestFactory
  Stream<DynamicTest> runningSums() {
    var tests = new ArrayList<DynamicTest>();
    for (DType t : new DType[] {DType.f64, DType.f32, DType.bf16, DType.i16, DType.bool}) {
      tests.add(of("rows in several steps", t, shape(2, 1500), x -> x.cumsum(1)));
      tests.add(of("short rows", t, shape(300, 5), x -> x.cumsum(1)));
      tests.add(of("columns", t, shape(50, 64), x -> x.cumsum(0)));
      tests.add(of("transposed", t, shape(50, 64), x -> x.transpose(0, 1).cumsum(1)));
    }
    tests.add(of("products", DType.f64, shape(3, 700), x -> x.mul(0.01).add(1).cumprod(1)));
    tests.add(of("products that wrap", DType.i64, shape(3, 70), x -> x.mul(2).add(1).cumprod(1)));
    return tests.stream();
  }

  @TestFactory
  Stream<DynamicTest> sorting() {
    var tests = new ArrayList<DynamicTest>();
    for (boolean descending : new boolean[] {false, true}) {
      for (DType t : DType.values()) {
        tests.add(sorted("stable", t, descending, 1, () -> random(t, 3, 300)));
        tests.add(sorted("columns", t, descending, 0, () -> random(t, 37, 5)));
      }
      tests.add(sorted("merged", DType.f32, descending, 1, () -> random(DType.f32, 2, 5000)));
      tests.add(sorted("merged columns", DType.i64, descending, 0, () -> random(DType.i64, 2049, 2)));
      tests.add(sorted("many short rows", DType.f16, descending, 1, () -> random(DType.f16, 3000, 3)));
      tests.add(sorted("NaN, infinities and zeros", DType.f64, descending, 0, () ->
          Tensor.of(new double[] {0, Double.NaN, -0.0, 1, Double.NEGATIVE_INFINITY, 0, Double.NaN,
              Double.POSITIVE_INFINITY, -0.0}, 9)));
      tests.add(sorted("the ends of whole numbers", DType.i64, descending, 0, () ->
          Tensor.of(new long[] {0, Long.MAX_VALUE, Long.MIN_VALUE, -1, Long.MAX_VALUE, Long.MIN_VALUE, 1}, 7)));
    }
    return tests.stream();
  }

  private static DynamicTest sorted(String name, DType dtype, boolean descending, int dim, Supplier<Tensor> x) {
    return dynamicTest(name + (descending ? " down " : " up ") + dtype, () -> same(dtype, () -> {
      Extreme sorted = x.get().sort(dim, descending);
      return new Tensor[] {sorted.values(), sorted.indices()};
    }));
  }

  /** The result, and the gradients by all inputs that are given. */
  private static Tensor[] differentiated(Function<Tensor[], Tensor> f, Tensor... in) {
    OpTableTest.leaves(in);
    Tensor y = f.apply(in);
    y.backward(y.getNdim() == 0 ? null : random(y.getDtype(), y.getShape().toArray()));
    var all = new ArrayList<>(List.of(y));
    for (Tensor t : in) if (t != null) all.add(t.getGrad());
    return all.toArray(Tensor[]::new);
  }

  private static DynamicTest gradients(String name, DType dtype, Function<Tensor[], Tensor> f, Supplier<Tensor[]> in) {
    return dynamicTest(name + " " + dtype, () -> same(dtype, () -> differentiated(f, in.get())));
  }

  private static DynamicTest gradients(String name, DType dtype, UnaryOperator<Tensor> f, int... sizes) {
    return gradients(name, dtype, in -> f.apply(in[0]), () -> new Tensor[] {random(dtype, sizes)});
  }

  /** A normalization's operands: the elements, and a weight and a bias a column or channel. */
  private static Supplier<Tensor[]> weighted(DType dtype, int columns, int... sizes) {
    return () -> new Tensor[] {random(dtype, sizes), random(dtype, columns), random(dtype, columns)};
  }

  @TestFactory
  Stream<DynamicTest> softmax() {
    var tests = new ArrayList<DynamicTest>();
    for (DType t : FLOATING)
      for (boolean log : new boolean[] {false, true}) {
        String name = log ? "logarithm of " : "";
        UnaryOperator<Tensor> rows = x -> log ? x.logSoftmax(-1) : x.softmax(-1);
        UnaryOperator<Tensor> columns = x -> log ? x.logSoftmax(0) : x.softmax(0);
        tests.add(gradients(name + "short rows", t, rows, 70, 5));
        tests.add(gradients(name + "rows in packs", t, rows, 9, 2, 64));
        tests.add(gradients(name + "rows for a block each", t, rows, 2, 1000));
        for (int n : new int[] {256, 264, 512, 520, 8192, 8200}) // what a warp and what a block hold, and more
          tests.add(gradients(name + "rows of " + n, t, rows, 3, n));
        tests.add(gradients(name + "columns side by side", t, columns, 40, 65));
        tests.add(gradients(name + "columns too long for a thread each", t, columns, 300, 33));
        tests.add(gradients(name + "transposed", t, x -> rows.apply(x.transpose(0, 1)), 24, 9));
        if (t == DType.f32) tests.add(gradients(name + "rows too long to hold", t, rows, 2, 9001));
        if (t == DType.bf16) tests.add(gradients(name + "packs too long to hold", t, rows, 1, 9000));
      }
    for (int n : new int[] {4, 700, 10_000})
      tests.add(dynamicTest("masked and broken rows of " + n, () -> same(DType.f32, () -> {
        Tensor x = random(DType.f32, 4, n), first = Tensor.arange(n).lt(n / 2);
        Tensor mask = Tensor.arange(4).unsqueeze(1);
        Tensor minus = Tensor.constant(Double.NEGATIVE_INFINITY);
        x = Tensor.where(mask.eq(0).logicalAnd(first), minus, x);
        x = Tensor.where(mask.eq(1), minus, x);
        x = Tensor.where(mask.eq(2).logicalAnd(first), Tensor.constant(Double.POSITIVE_INFINITY), x);
        x = Tensor.where(mask.eq(3).logicalAnd(first), Tensor.constant(Double.NaN), x);
        return new Tensor[] {x.softmax(1), x.logSoftmax(1)};
      })));
    return tests.stream();
  }

  @TestFactory
  Stream<DynamicTest> layerNorm() {
    var tests = new ArrayList<DynamicTest>();
    Function<Tensor[], Tensor> norm = in -> in[0].layerNorm(1, in[1], in[2], 1e-5);
    for (DType t : FLOATING) {
      for (int[] s : new int[][] {{40, 7}, {300, 16}, {3, 768}, {2, 2050}, {1, 4000}})
        tests.add(gradients("rows " + s[0] + " x " + s[1], t, norm, weighted(t, s[1], s)));
      tests.add(gradients("bare", t, norm, () -> new Tensor[] {random(t, 5, 33), null, null}));
      tests.add(gradients("transposed", t, in -> in[0].transpose(0, 1).layerNorm(1, in[1], in[2], 1e-5),
          weighted(t, 12, 12, 6)));
      // About what 32 threads hold, 8 or 16 elements each.
      for (int n : new int[] {256, 257, 300, 384, 511, 512, 513})
        tests.add(gradients("rows 37 x " + n, t, norm, weighted(t, n, 37, n)));
      tests.add(gradients("of which none is aligned", t, in ->
          in[0].narrow(0, 1, 9 * 384).reshape(9, 384).layerNorm(1, in[1].narrow(0, 1, 384), in[2], 1e-5),
          () -> new Tensor[] {random(t, 9 * 384 + 1), random(t, 385), random(t, 384)}));
    }
    tests.add(gradients("rows too long to hold", DType.f32, norm, weighted(DType.f32, 4100, 2, 4100)));
    tests.add(farFromZero("far from zero", shape(4, 600), x -> x.layerNorm(1, null, null, 1e-5)));
    return tests.stream();
  }

  @TestFactory
  Stream<DynamicTest> batchNorm() {
    var tests = new ArrayList<DynamicTest>();
    Function<Tensor[], Tensor> norm = in -> in[0].batchNorm(in[1], in[2], 1e-5);
    for (DType t : FLOATING) {
      for (int[] s : new int[][] {{70, 24}, {33, 7}, {6, 5, 9, 9}, {3, 4, 8, 16}, {1, 2, 3000}, {4, 40, 1, 1}}) {
        tests.add(gradients("planes " + Arrays.toString(s), t, norm, weighted(t, s[1], s)));
        if (s.length == 4)
          tests.add(gradients("channels last " + Arrays.toString(s), t, in ->
              channelsLast(in[0]).batchNorm(in[1], in[2], 1e-5), weighted(t, s[1], s)));
      }
      tests.add(gradients("bare", t, norm, () -> new Tensor[] {random(t, 5, 3, 4), null, null}));
      tests.add(gradients("transposed", t, in -> in[0].transpose(0, 2).batchNorm(in[1], in[2], 1e-5),
          weighted(t, 6, 4, 6, 3)));
    }
    tests.add(farFromZero("planes far from zero", shape(20, 3, 16, 16), x -> x.batchNorm(null, null, 1e-5)));
    tests.add(farFromZero("rows far from zero", shape(3000, 12), x -> x.batchNorm(null, null, 1e-5)));
    tests.add(dynamicTest("the output lies as the input", () -> CudaOpsTest.on(CUDA, () -> {
      Tensor x = channelsLast(random(DType.f32, 2, 3, 4, 5)), y = x.batchNorm(null, null, 1e-5);
      assertEquals(Layout.permuted(x.getShape(), 0, 2, 3, 1), y.layout());
      return y;
    })));
    return tests.stream();
  }

  @TestFactory
  Stream<DynamicTest> crossEntropy() {
    var tests = new ArrayList<DynamicTest>();
    for (DType t : FLOATING)
      for (int[] s : new int[][] {{40, 10}, {9, 64}, {3, 3000}, {1, 9000}})
        for (Reduction reduction : Reduction.values())
          tests.add(gradients("rows " + s[0] + " x " + s[1] + " " + reduction, t, in -> {
            long[] labels = new long[s[0]];
            for (int i = 0; i < labels.length; i++) labels[i] = i % 7 == 3 ? -100 : i * 31 % s[1];
            var options = new CrossEntropyOptions(null, 0, -100, reduction);
            return in[0].crossEntropy(Tensor.of(labels, s[0]), options);
          }, () -> new Tensor[] {random(t, s)}));
    tests.add(gradients("pictures", DType.f32, x -> x.crossEntropy(
        Tensor.arange(12).fmod(Tensor.constant(5)).reshape(2, 2, 3).to(DType.u8)), 2, 5, 2, 3));
    tests.add(gradients("transposed", DType.f32, x ->
        x.transpose(0, 1).crossEntropy(Tensor.arange(6).to(DType.i32)), 8, 6));
    return tests.stream();
  }

  @Test
  void moreDimsThanAKernelWalksAreRefused() {
    int[] sizes = new int[20], even = new int[10];
    Arrays.fill(sizes, 2);
    Arrays.setAll(even, i -> 2 * i);
    var e = assertThrows(ShapeError.class, () -> CudaOpsTest.on(CUDA, () ->
        random(DType.i8, 1).expand(sizes).sum(even, false)));
    assertEquals("cuda: operands that lie in 10 separate dims are too many, at most 8."
        + " Fix: contiguous() first, or fewer dims at once.", e.getMessage());
  }

  @Test
  void aLabelOutOfRangeIsToldWhenTheLossIsRead() {
    for (long label : new long[] {7, -3}) {
      var e = assertThrows(ShapeError.class, () -> CudaOpsTest.on(CUDA, () ->
          random(DType.f32, 6, 5).crossEntropy(Tensor.of(new long[] {0, 1, 2, label, 4, 0}, 6)).toDoubleArray()));
      assertEquals("crossEntropy: label " + label + " at index 3 is out of range for the 5 classes of f32[6,5]."
          + " Fix: labels from 0 to 4, or more outputs.", e.getMessage());
    }
    double sum = CudaOpsTest.on(CUDA, () -> Tensor.of(new float[] {1, 2}, 2).sum().toDoubleArray()[0]);
    assertEquals(3.0, sum, "the fault was told once");
  }
}
