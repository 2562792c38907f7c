package io.ktrain.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ktrain.random.Generator;
import io.ktrain.tensor.Context;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.Device;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.Tensor;
import java.util.function.Supplier;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is made of nothing but numbers is the same on both devices, random numbers included. */
class CreationKernelsTest {
  @BeforeAll
  static void there() {
    Cuda.require();
  }

  private static void same(double tolerance, Supplier<Tensor> body) {
    Tensor a = on(Device.CPU, body), b = on(Device.of("cuda"), body);
    assertEquals(a.describe(), b.describe());
    assertEquals(Device.of("cuda"), b.getDevice());
    assertArrayEquals(a.toDoubleArray(), b.toDoubleArray(), tolerance);
  }

  private static Tensor on(Device device, Supplier<Tensor> body) {
    Context context = Context.current().fork(new Generator(9));
    context.setDevice(device);
    return context.run(body);
  }

  @ParameterizedTest
  @EnumSource
  void constantsAndSequences(DType type) {
    same(0, () -> Tensor.full(Shape.of(3, 5), 2, type));
    same(0, () -> Tensor.full(Shape.SCALAR, Long.MAX_VALUE, type));
    same(0, () -> Tensor.full(Shape.of(0), 1, type));
    if (type != DType.bool) same(0, () -> Tensor.arange(-3, 5, 2, type));
    if (type.isFloating()) same(1e-3, () -> Tensor.arange(0.5, 3.0, 0.25, type));
  }

  @ParameterizedTest
  @EnumSource(names = {"f64", "f32", "f16", "bf16"})
  void randomNumbers(DType type) {
    same(0, () -> Tensor.rand(Shape.of(7, 131), type));
    same(type == DType.f64 ? 1e-12 : 1e-6, () -> Tensor.randn(Shape.of(7, 131), type));
    same(0, () -> Tensor.ones(Shape.of(1001), type).dropout(0.3, true));
    same(0, () -> Tensor.ones(Shape.of(6), type).dropout(1, true));
    same(0, () -> Tensor.ones(Shape.of(1001), type).narrow(0, 1, 999).dropout(0.3, true)); // not aligned
  }

  @ParameterizedTest
  @EnumSource(names = {"i64"})
  void randomWholeNumbers(DType type) {
    same(0, () -> Tensor.randint(-5, 1L << 40, 301));
    same(0, () -> Tensor.randperm(100));
    same(0, () -> Tensor.ones(Shape.of(50), type).dropout(0.5, true));
  }
}
