package io.ktrain.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ktrain.tensor.DType;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.Tensor;
import java.util.function.BinaryOperator;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Operands that lie in one run, in rows of whole packs or not, or anyhow: each has a kernel of its own form. */
class PointwiseKernelsTest {
  @BeforeAll
  static void there() {
    Cuda.require();
  }

  /** Small whole numbers, which every type holds. */
  private static Tensor numbers(DType type, int... sizes) {
    Shape shape = Shape.of(sizes);
    return Tensor.arange(0, shape.numel(), 1, DType.i64).remainder(Tensor.constant(7)).sub(Tensor.constant(3)).reshape(sizes).to(type);
  }

  private static void same(Tensor a, Tensor b, BinaryOperator<Tensor> f) {
    Tensor expected = f.apply(a, b), got = f.apply(a.to(Cuda.DEVICE), b.to(Cuda.DEVICE));
    assertEquals(expected.describe(), got.describe());
    assertArrayEquals(expected.toDoubleArray(), got.toDoubleArray());
  }

  @ParameterizedTest
  @EnumSource(names = {"f64", "f32", "f16", "bf16", "bool", "i32"})
  void broadcast(DType type) {
    Tensor x = numbers(type, 6, 5, 16), odd = numbers(type, 6, 5, 7);
    same(x, numbers(type, 5, 16), Tensor::add); // rows of packs
    same(x, numbers(type, 16), Tensor::mul);
    same(x, numbers(type, 6, 1, 1), Tensor::add); // one element a row
    same(x, numbers(type, 6, 5, 1), Tensor::mul);
    same(numbers(type, 6, 1, 1), x, Tensor::maximum);
    same(odd, numbers(type, 5, 7), Tensor::add); // rows that end within a pack
    same(odd, numbers(type, 6, 1, 7), Tensor::mul);
    same(x, numbers(type), Tensor::add); // one element in all
  }

  @ParameterizedTest
  @EnumSource(names = {"f64", "f32", "bf16"})
  void views(DType type) {
    Tensor x = numbers(type, 6, 20, 16);
    same(x, x, (a, b) -> a.narrow(1, 2, 9).add(b.narrow(1, 3, 9))); // rows apart
    same(x, x, (a, b) -> a.narrow(2, 1, 8).mul(b.narrow(2, 8, 8))); // rows that begin within a pack
    same(x, x, (a, b) -> a.permute(1, 0, 2).add(b.permute(1, 0, 2))); // whole rows moved
    same(x, x, (a, b) -> a.permute(1, 0, 2).copy());
    same(x, x, (a, b) -> a.permute(2, 1, 0).add(b.permute(2, 1, 0).copy())); // against the rows
    Tensor pictures = numbers(type, 2, 3, 8, 8).permute(0, 3, 1, 2), channels = numbers(type, 1, 8, 1, 1);
    same(pictures, channels, Tensor::mul); // channels-last
    same(pictures.copy(), channels, Tensor::mul);
  }

  @ParameterizedTest
  @EnumSource(names = {"f32", "f16"})
  void typesBesideEachOther(DType type) {
    Tensor x = numbers(type, 6, 16), mask = numbers(DType.i64, 16).gt(Tensor.constant(0));
    same(x, mask, (a, m) -> Tensor.where(m, a, Tensor.constant(9)));
    same(x, numbers(DType.f32, 6, 1), Tensor::add);
    same(x, numbers(type, 16), Tensor::gt);
  }
}
