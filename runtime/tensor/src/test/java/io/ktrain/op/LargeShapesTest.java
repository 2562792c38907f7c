package io.ktrain.op;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.ktrain.random.Generator;
import io.ktrain.tensor.Context;
import io.ktrain.tensor.ConvOptions;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.PoolOptions;
import io.ktrain.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;

/**
 * Sizes at which kernels are cut into tiles and chosen by shape, which the small samples of the table never reach. f32
 * forward and backward against f64, where only the plain kernels run; several memory layouts.
 */
@Tag("paths")
class LargeShapesTest {
  private interface Call {
    Tensor of(Tensor[] in);
  }

  /** Inputs by shape: as they are, with the last two dims swapped in memory, or channels last. */
  private enum Lie { ROWS, TRANSPOSED, CHANNELS_LAST }

  private final List<DynamicTest> all = new ArrayList<>();

  @TestFactory
  Stream<DynamicTest> f32IsCloseToF64() {
    reductions();
    softmaxes();
    norms();
    products();
    convolutions();
    pointwise();
    copies();
    return all.stream();
  }

  private void add(String name, Call call, int[]... shapes) {
    add(name, Lie.ROWS, call, shapes);
  }

  private void add(String name, Lie lie, Call call, int[]... shapes) {
    all.add(dynamicTest(name + " " + Arrays.deepToString(shapes) + " " + lie,
        () -> Context.current().fork(new Generator(11)).run(() -> {
      check(lie, call, shapes);
      return null;
    })));
  }

  private static int[] s(int... sizes) {
    return sizes;
  }

  private static void check(Lie lie, Call call, int[][] shapes) {
    Tensor[] small = new Tensor[shapes.length], wide = new Tensor[shapes.length];
    for (int i = 0; i < shapes.length; i++) {
      small[i] = random(shapes[i], lie);
      wide[i] = small[i].to(DType.f64);
      small[i].setRequiresGrad(true);
      wide[i].setRequiresGrad(true);
    }
    Tensor y = call.of(small), z = call.of(wide);
    assertEquals(DType.f32, y.getDtype());
    close("result", z, y);
    Tensor g = Tensor.rand(y.getShape(), DType.f32);
    y.backward(g);
    z.backward(g.to(DType.f64));
    for (int i = 0; i < shapes.length; i++) close("gradient of input " + i, wide[i].getGrad(), small[i].getGrad());
  }

  private static Tensor random(int[] shape, Lie lie) {
    int n = shape.length;
    if (lie == Lie.TRANSPOSED && n >= 2) {
      int[] swapped = shape.clone();
      swapped[n - 1] = shape[n - 2];
      swapped[n - 2] = shape[n - 1];
      return uniform(swapped).transpose(-1, -2).detach();
    }
    if (lie == Lie.CHANNELS_LAST && n == 4)
      return uniform(shape[0], shape[2], shape[3], shape[1]).permute(0, 3, 1, 2).detach();
    return uniform(shape);
  }

  private static Tensor uniform(int... shape) {
    return Tensor.rand(shape).mul(3).sub(1.4);
  }

  /** Within 3e-5 of the root of the mean square of all, plus the value's own size. */
  private static void close(String what, Tensor expected, Tensor got) {
    double[] a = expected.toDoubleArray(), b = got.toDoubleArray();
    assertEquals(Arrays.toString(expected.getShape().toArray()), Arrays.toString(got.getShape().toArray()));
    double scale = Math.sqrt(Arrays.stream(a).map(v -> v * v).average().orElse(0));
    for (int i = 0; i < a.length; i++)
      assertTrue(Math.abs(a[i] - b[i]) <= 3e-5 * (scale + Math.abs(a[i])),
          () -> what + " " + got.describe() + ": worst " + worst(a, b));
  }

  private static String worst(double[] a, double[] b) {
    int at = 0;
    for (int i = 0; i < a.length; i++) if (!(Math.abs(a[i] - b[i]) <= Math.abs(a[at] - b[at]))) at = i;
    return "element " + at + ": expected " + a[at] + ", got " + b[at];
  }

  private void reductions() {
    for (int[] shape : new int[][] {{129, 517}, {2, 40_001}, {40_001, 2}, {1, 40_000}, {40_000, 1}, {129, 17, 33},
        {16, 32, 14, 14}}) {
      int n = shape.length;
      for (Lie lie : n == 4 ? Lie.values() : new Lie[] {Lie.ROWS, Lie.TRANSPOSED}) {
        add("sum", lie, in -> in[0].sum().square(), shape);
        add("mean of last", lie, in -> in[0].mean(-1).square(), shape);
        add("mean of first", lie, in -> in[0].mean(0).square(), shape);
        add("amax", lie, in -> in[0].amax(-1, true), shape);
        add("amin of first", lie, in -> in[0].amin(0, false), shape);
      }
    }
    add("sum over batch and pixels", Lie.CHANNELS_LAST, in -> in[0].sum(new int[] {0, 2, 3}, false).square(),
        s(16, 32, 14, 14));
    add("sum over batch and pixels", in -> in[0].sum(new int[] {0, 2, 3}, false).square(), s(16, 32, 14, 14));
    add("cumsum", in -> in[0].cumsum(1).mul(1e-2), s(33, 700));
  }

  private void softmaxes() {
    for (int[] shape : new int[][] {{65, 1000}, {3, 20_000}, {5000, 3}, {7, 40, 65}, {1000, 64}}) {
      for (Lie lie : new Lie[] {Lie.ROWS, Lie.TRANSPOSED}) {
        add("softmax", lie, in -> in[0].softmax(-1), shape);
        add("logSoftmax", lie, in -> in[0].logSoftmax(-1), shape);
        add("softmax of dim 0", lie, in -> in[0].softmax(0), shape);
      }
    }
    for (int[] shape : new int[][] {{1000, 10}, {33, 3000}, {4097, 2}, {64, 1000}}) {
      Tensor labels = Tensor.arange(shape[0]).remainder(Tensor.constant(shape[1]));
      for (Lie lie : new Lie[] {Lie.ROWS, Lie.TRANSPOSED})
        add("crossEntropy", lie, in -> in[0].crossEntropy(labels), shape);
    }
  }

  private void norms() {
    for (int width : new int[] {7, 64, 1000, 4096})
      for (Lie lie : new Lie[] {Lie.ROWS, Lie.TRANSPOSED})
        add("layerNorm", lie, in -> in[0].layerNorm(1, in[1], in[2], 1e-5), s(20, width), s(width), s(width));
    add("layerNorm of two dims", in -> in[0].layerNorm(2, null, null, 1e-5), s(40, 13, 17));
    for (Lie lie : Lie.values()) {
      add("batchNorm", lie, in -> in[0].batchNorm(in[1], in[2], 1e-5), s(16, 32, 14, 14), s(32), s(32));
      add("batchNorm", lie, in -> in[0].batchNorm(in[1], in[2], 1e-5), s(5, 3, 31, 29), s(3), s(3));
    }
    add("batchNorm", in -> in[0].batchNorm(in[1], in[2], 1e-5), s(700, 33), s(33), s(33));
    add("batchNorm", in -> in[0].batchNorm(null, null, 1e-5), s(64, 129));
  }

  private void products() {
    for (int[] p : new int[][] {{1, 784, 10}, {64, 784, 512}, {257, 33, 129}, {500, 1, 40}, {40, 500, 1}, {2, 3, 1000},
        {128, 1000, 17}}) {
      for (Lie lie : new Lie[] {Lie.ROWS, Lie.TRANSPOSED}) {
        add("mm", lie, in -> in[0].mm(in[1]), s(p[0], p[1]), s(p[1], p[2]));
        add("linear", lie, in -> in[0].linear(in[1], in[2]), s(p[0], p[1]), s(p[2], p[1]), s(p[2]));
      }
      add("linear relu", in -> in[0].linear(in[1], in[2]).relu(), s(p[0], p[1]), s(p[2], p[1]), s(p[2]));
    }
    for (Lie lie : new Lie[] {Lie.ROWS, Lie.TRANSPOSED}) {
      add("bmm", lie, in -> in[0].bmm(in[1]), s(24, 65, 32), s(24, 32, 65));
      add("matmul", lie, in -> in[0].matmul(in[1]), s(6, 4, 50, 16), s(4, 16, 50));
    }
    add("linear of three dims", in -> in[0].linear(in[1], null), s(8, 50, 64), s(96, 64));
  }

  private void convolutions() {
    record Case(int[] x, int[] w, ConvOptions by) {}
    var cases = List.of(new Case(s(4, 1, 28, 28), s(32, 1, 3, 3), ConvOptions.DEFAULT),
        new Case(s(2, 32, 18, 18), s(64, 32, 3, 3), ConvOptions.DEFAULT),
        new Case(s(3, 16, 15, 17), s(24, 16, 3, 3), ConvOptions.DEFAULT.withStride(2).withPadding(1)),
        new Case(s(2, 64, 14, 14), s(64, 64, 1, 1), ConvOptions.DEFAULT),
        new Case(s(2, 3, 40, 40), s(16, 3, 7, 7), ConvOptions.DEFAULT.withStride(2).withPadding(3)),
        new Case(s(2, 32, 10, 10), s(32, 1, 3, 3), ConvOptions.DEFAULT.withPadding(1).withGroups(32)),
        new Case(s(2, 16, 12, 12), s(32, 8, 3, 3), ConvOptions.DEFAULT.withPadding(2).withDilation(2).withGroups(2)),
        new Case(s(33, 32, 4, 4), s(64, 32, 4, 4), ConvOptions.DEFAULT));
    for (Case c : cases)
      for (Lie lie : new Lie[] {Lie.ROWS, Lie.CHANNELS_LAST}) {
        add("conv2d " + c.by, lie, in -> in[0].conv2d(in[1], in[2], c.by), c.x, c.w, s(c.w[0]));
        add("conv2d without bias, relu, pool", lie, in -> in[0].conv2d(in[1], null, c.by).relu().avgPool2d(1), c.x,
            c.w);
      }
    for (Lie lie : new Lie[] {Lie.ROWS, Lie.CHANNELS_LAST}) {
      for (PoolOptions o : new PoolOptions[] {PoolOptions.of(2), PoolOptions.of(3).withStride(2).withPadding(1),
          PoolOptions.of(3).withStride(2).withPadding(1).withCeilMode(true).withCountIncludePad(false)}) {
        add("maxPool2d " + o, lie, in -> in[0].maxPool2d(o), s(4, 24, 17, 19));
        add("avgPool2d " + o, lie, in -> in[0].avgPool2d(o), s(4, 24, 17, 19));
      }
      add("adaptiveAvgPool2d", lie, in -> in[0].adaptiveAvgPool2d(1, 1), s(4, 24, 17, 19));
      add("flatten and linear", lie, in -> in[0].flatten(1).linear(in[1], null), s(5, 16, 6, 6), s(10, 576));
    }
  }

  private void pointwise() {
    for (Lie lie : Lie.values()) {
      add("add", lie, in -> in[0].add(in[1]).mul(in[0]), s(5, 33, 21, 29), s(5, 33, 21, 29));
      add("bias of channels", lie, in -> in[0].mul(in[1]).add(in[2]), s(5, 33, 21, 29), s(33, 1, 1), s(1, 33, 1, 1));
      add("bias of columns", lie, in -> in[0].sub(in[1]).gelu(), s(5, 33, 21, 29), s(29));
      add("bias of rows", lie, in -> in[0].sub(in[1]).tanh(), s(500, 333), s(500, 1));
      add("silu", lie, in -> in[0].silu().mul(in[0].sigmoid()), s(200, 333));
    }
    add("outer sum", in -> in[0].add(in[1]).exp(), s(300, 1), s(1, 777));
    add("a number", in -> in[0].mul(3).add(1).relu().sub(in[1]), s(100_003), s());
  }

  private void copies() {
    for (Lie lie : Lie.values()) {
      add("contiguous", lie, in -> in[0].contiguous().mul(in[1]), s(4, 33, 40, 20), s(20));
      add("cat", lie, in -> Tensor.cat(List.of(in[0], in[1]), 1), s(4, 33, 40, 20), s(4, 5, 40, 20));
      add("slice", lie, in -> in[0].slice(2, 1, 13, 3).square(), s(4, 33, 40, 20));
      add("pad", lie, in -> in[0].pad(new int[] {1, 2, 3, 0}, 0.5), s(4, 33, 40, 20));
    }
    Tensor rows = Tensor.arange(5000).remainder(Tensor.constant(97));
    add("embedding", in -> Tensor.embedding(in[0], rows, 3), s(97, 64));
    add("indexSelect", in -> in[0].indexSelect(0, rows), s(97, 33));
  }
}
