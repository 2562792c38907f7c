package io.ktrain.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.ktrain.tensor.DType;
import io.ktrain.tensor.Device;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Convolution and pooling on CUDA, and their gradients, against the CPU's, for pictures that lie in any way. */
class CudaConvolutionTest {
  private static final DType[] TYPES = {DType.f64, DType.f32, DType.f16, DType.bf16};

  /** How pictures lie. */
  private enum Lie {
    ROWS, CHANNELS_LAST, APART;

    Tensor of(int number, DType type, int... shape) {
      double[] values = numbers(number, shape);
      if (this != CHANNELS_LAST) return Operands.tensor(new NdArray(shape, values), type, this == APART);
      var turned = NdArray.zeros(shape[0], shape[2], shape[3], shape[1]);
      new NdArray(shape, values).each((at, value) -> turned.set(value, at[0], at[2], at[3], at[1]));
      return Operands.tensor(turned, type, false).permute(0, 3, 1, 2);
    }
  }

  private record Case(String name, int[] picture, int[] weight, Conv2dOptions by) {}

  private static final List<Case> CASES = List.of(
      new Case("3x3", new int[] {2, 3, 6, 5}, new int[] {4, 3, 3, 3}, Conv2dOptions.of(1, 1)),
      new Case("one channel", new int[] {3, 1, 5, 7}, new int[] {2, 1, 2, 3}, Conv2dOptions.of(1, 0)),
      new Case("strides, padding and dilation that differ", new int[] {2, 4, 9, 8}, new int[] {5, 4, 3, 2}, new Conv2dOptions(2, 1, 2, 1, 2, 3, 1)),
      new Case("pointwise", new int[] {2, 4, 5, 3}, new int[] {6, 4, 1, 1}, Conv2dOptions.of(1, 0)),
      new Case("pointwise with a stride", new int[] {2, 4, 5, 3}, new int[] {6, 4, 1, 1}, Conv2dOptions.of(2, 0)),
      new Case("one pixel", new int[] {2, 3, 3, 3}, new int[] {4, 3, 3, 3}, Conv2dOptions.of(1, 0)),
      new Case("groups", new int[] {2, 6, 5, 5}, new int[] {4, 3, 3, 3}, Conv2dOptions.of(2, 1, 1, 2)),
      new Case("depthwise", new int[] {2, 5, 6, 4}, new int[] {5, 1, 3, 3}, Conv2dOptions.of(1, 1, 1, 5)),
      new Case("no pictures", new int[] {0, 3, 4, 4}, new int[] {2, 3, 3, 3}, Conv2dOptions.of(1, 1)));

  @BeforeAll
  static void there() {
    CudaOpsTest.there();
  }

  private static double[] numbers(int number, int... shape) {
    var random = new Random(number);
    double[] v = new double[Arrays.stream(shape).reduce(1, (a, b) -> a * b)];
    for (int i = 0; i < v.length; i++) v[i] = random.nextInt(-16, 17) / 8.0;
    return v;
  }

  private static double tolerance(DType type) {
    return type == DType.f64 ? 1e-12 : type == DType.f32 ? 2e-6 : type == DType.f16 ? 4e-3 : 3e-2;
  }

  private static DynamicTest same(String name, DType type, Supplier<Tensor[]> body) {
    return dynamicTest(name + " " + type, () -> {
      Tensor[] expected = CudaOpsTest.on(Device.CPU, body), got = CudaOpsTest.on(Device.of("cuda"), body);
      CudaOpsTest.close(name, expected.length, expected, got, tolerance(type));
    });
  }

  /** The result of {@code body}, and the gradients of its inputs. */
  private static Tensor[] withGradients(Function<Tensor[], Tensor> body, Tensor... in) {
    OpTableTest.leaves(in);
    Tensor y = body.apply(in);
    int[] shape = y.getShape().toArray();
    y.backward(Operands.tensor(new NdArray(shape, numbers(9, shape)), y.getDtype(), false), false, false);
    Tensor[] all = new Tensor[in.length + 1];
    all[0] = y.detach();
    for (int i = 0; i < in.length; i++) all[i + 1] = in[i].getGrad();
    return all;
  }

  @TestFactory
  Stream<DynamicTest> convolutions() {
    return Stream.of(TYPES).flatMap(type -> CASES.stream().flatMap(c -> Stream.of(Lie.values()).map(lie -> same(c.name + " " + lie, type, () ->
        withGradients(in -> Convolutions.conv2d(in[0], in[1], in[2], c.by), lie.of(1, type, c.picture), Lie.ROWS.of(2, type, c.weight), Lie.ROWS.of(3, type, c.weight[0]))))));
  }

  @Test
  void weightsAndBiasesMayBeViews() {
    CudaOpsTest.close("views", 4, CudaOpsTest.on(Device.CPU, this::views), CudaOpsTest.on(Device.of("cuda"), this::views), tolerance(DType.f32));
  }

  private Tensor[] views() {
    return withGradients(in -> Convolutions.conv2d(in[0], in[1], in[2], Conv2dOptions.of(1, 1)), Lie.APART.of(1, DType.f32, 2, 3, 5, 4), Lie.APART.of(2, DType.f32, 4, 3, 3, 3),
        Lie.APART.of(3, DType.f32, 4));
  }

  /** Results lie as their pictures, so that a chain of channels-last ones converts nothing. */
  @Test
  void channelsLastStays() {
    CudaOpsTest.on(Device.of("cuda"), () -> {
      Tensor x = Lie.CHANNELS_LAST.of(1, DType.f32, 2, 3, 6, 5), w = Lie.ROWS.of(2, DType.f32, 4, 3, 3, 3);
      Tensor y = Convolutions.conv2d(x, w, null, Conv2dOptions.of(1, 1));
      assertEquals(1, y.layout().stride(1));
      assertEquals(1, Pooling.maxPool2d(y, Pool2dOptions.of(2)).values().layout().stride(1));
      assertEquals(30, Convolutions.conv2d(x.contiguous(), w, null, Conv2dOptions.of(1, 1)).layout().stride(1));
      return null;
    });
  }

  /** More elements than a library's 32-bit strides reach, of which the convolution reads one in 65536. */
  @Test
  void picturesOf2To31Elements() {
    CudaOpsTest.on(Device.of("cuda"), () -> {
      Tensor x = Tensor.full(Shape.of(1, 1, 1, 1), 3, DType.f16).expand(1 << 15, 1, 256, 256);
      Tensor w = Tensor.full(Shape.of(1, 1, 1, 1), 2, DType.f16);
      Tensor y = Convolutions.conv2d(x, w, null, Conv2dOptions.of(256, 0));
      assertEquals(6, y.amin().item());
      assertEquals(6, y.amax().item());
      return null;
    });
  }

  @TestFactory
  Stream<DynamicTest> pools() {
    var options = List.of(Pool2dOptions.of(2), Pool2dOptions.of(3, 2, 1), Pool2dOptions.of(3, 1, 1), new Pool2dOptions(3, 2, 2, 3, 1, 0, true, true), new Pool2dOptions(2, 3, 3, 1, 1, 1, true, false),
        new Pool2dOptions(2, 2, 3, 3, 0, 0, false, true));
    return Stream.of(TYPES).flatMap(type -> options.stream().flatMap(o -> Stream.of(Lie.values()).flatMap(lie -> Stream.of(
        same("largest " + o + " " + lie, type, () -> withGradients(in -> Pooling.maxPool2d(in[0], o).values(),
            lie.of(1, type, 2, 3, 7, 6))),
        same("mean " + o + " " + lie, type, () -> withGradients(in -> Pooling.avgPool2d(in[0], o),
            lie.of(1, type, 2, 3, 7, 6)))))));
  }

  /** NaN wins, the last of several; the first of equals is the place; a window of nothing but the lowest is at its first element. */
  @Test
  void largestOfOddValues() {
    double low = Double.NEGATIVE_INFINITY;
    double[] values = {Double.NaN, 1, low, low, 2, 2, low, low, 3, 3, Double.NaN, 1, 3, 3, 1, Double.NaN};
    for (DType type : TYPES)
      CudaOpsTest.on(Device.of("cuda"), () -> {
        var pooled = Pooling.maxPool2d(Operands.tensor(new NdArray(new int[] {1, 1, 4, 4}, values), type, false),
            Pool2dOptions.of(2));
        assertArrayEquals(new double[] {Double.NaN, low, 3, Double.NaN}, pooled.values().toDoubleArray());
        assertArrayEquals(new double[] {0, 2, 8, 15}, pooled.indices().toDoubleArray());
        return null;
      });
  }
}
