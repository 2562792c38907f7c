package io.ktrain.op;

import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.ktrain.tensor.DType;
import io.ktrain.tensor.Device;
import io.ktrain.tensor.Tensor;
import java.util.Arrays;
import java.util.Random;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Products of matrices of odd sizes and layouts on CUDA against the CPU's. */
class CudaMatMulTest {
  /** Rows, inner, columns: single rows and columns, nothing to sum, edges of tiles, few tiles of a long sum, tiles for all. */
  private static final int[][] SIZES = {{1, 1, 1}, {1, 37, 1}, {1, 65, 70}, {70, 65, 1}, {5, 1, 3}, {3, 0, 4}, {0, 3, 4}, {4, 3, 0}, {17, 16, 19}, {64, 32, 64},
    {65, 33, 67}, {7, 1030, 9}, {200, 12, 280}, {132, 20, 260}};

  private static final DType[] TYPES = {DType.f64, DType.f32, DType.f16, DType.bf16, DType.i64, DType.u8, DType.bool};

  @BeforeAll
  static void there() {
    CudaOpsTest.there();
  }

  /** How an operand lies. */
  private enum Lie {
    ROWS, TRANSPOSED, APART;

    Tensor of(int number, DType type, int... shape) {
      var values = new NdArray(shape, numbers(number, type, shape));
      if (this != TRANSPOSED) return Operands.tensor(values, type, this == APART);
      int[] turned = shape.clone();
      int n = shape.length;
      turned[n - 1] = shape[n - 2];
      turned[n - 2] = shape[n - 1];
      return Operands.tensor(new NdArray(turned, values.data()), type, false).transpose(-1, -2);
    }
  }

  private static double[] numbers(int number, DType type, int... shape) {
    var random = new Random(number);
    double[] v = new double[Arrays.stream(shape).reduce(1, (a, b) -> a * b)];
    for (int i = 0; i < v.length; i++) v[i] = type.isFloating() ? random.nextInt(-16, 17) / 8.0 : random.nextInt(0, 4);
    return v;
  }

  private static DynamicTest same(String name, DType type, Supplier<Tensor> body) {
    return dynamicTest(name + " " + type, () -> {
      Tensor expected = CudaOpsTest.on(Device.CPU, body), got = CudaOpsTest.on(Device.of("cuda"), body);
      CudaOpsTest.close(name, 1, new Tensor[] {expected}, new Tensor[] {got}, type == DType.f64 ? 1e-12 : type == DType.f32 ? 2e-6 : 1e-2);
    });
  }

  private static Stream<DynamicTest> each(Function<DType, Stream<DynamicTest>> tests) {
    return Stream.of(TYPES).flatMap(tests);
  }

  @TestFactory
  Stream<DynamicTest> matrices() {
    return each(type -> Stream.of(SIZES).flatMap(s -> Stream.of(Lie.values()).flatMap(x -> Stream.of(Lie.values()).map(y ->
        same(s[0] + "x" + s[1] + "x" + s[2] + " " + x + " by " + y, type, () -> x.of(1, type, s[0], s[1]).mm(y.of(2, type, s[1], s[2])))))));
  }

  @TestFactory
  Stream<DynamicTest> stacks() {
    return each(type -> Stream.of(Lie.values()).flatMap(x -> Stream.of(Lie.values()).map(y ->
        same(x + " by " + y, type, () -> x.of(1, type, 3, 5, 66).bmm(y.of(2, type, 3, 66, 7))))));
  }

  /** One matrix for the whole stack, which is not copied. */
  @TestFactory
  Stream<DynamicTest> broadcastStacks() {
    return each(type -> Stream.of(same("expanded", type, () -> Lie.ROWS.of(1, type, 1, 5, 6).expand(4, 5, 6).bmm(Lie.ROWS.of(2, type, 4, 6, 3)))));
  }

  @TestFactory
  Stream<DynamicTest> linear() {
    return each(type -> !type.isFloating() ? Stream.of() : Stream.of(SIZES).flatMap(s -> Stream.of(Lie.values()).map(x ->
        same(s[0] + "x" + s[1] + "x" + s[2] + " " + x, type, () -> MatMuls.linear(x.of(1, type, s[0], s[1]), Lie.ROWS.of(2, type, s[2], s[1]), Lie.APART.of(3, type, s[2]))))));
  }

  /** What a row of a table, a batch of sequences and a slice of features give. */
  @TestFactory
  Stream<DynamicTest> linearOfAnyDims() {
    return each(type -> !type.isFloating() ? Stream.of() : Stream.of(
        same("vector", type, () -> MatMuls.linear(Lie.ROWS.of(1, type, 6), Lie.ROWS.of(2, type, 4, 6), Lie.ROWS.of(3, type, 4))),
        same("sequences", type, () -> MatMuls.linear(Lie.ROWS.of(1, type, 2, 5, 6), Lie.ROWS.of(2, type, 4, 6), null)),
        same("slice", type, () -> MatMuls.linear(Lie.ROWS.of(1, type, 2, 5, 12).narrow(2, 3, 6), Lie.ROWS.of(2, type, 4, 6), Lie.ROWS.of(3, type, 4)))));
  }
}
