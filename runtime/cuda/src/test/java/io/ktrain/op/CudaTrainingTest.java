package io.ktrain.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.ktrain.backend.Backend;
import io.ktrain.backend.Backends;
import io.ktrain.tensor.Device;
import io.ktrain.tensor.Tensor;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** What is made of many operations: composites, and whole steps of a training. */
class CudaTrainingTest {
  private static final Device CUDA = Device.of("cuda");

  @BeforeAll
  static void there() {
    Backend cuda = Backends.named("cuda");
    Assumptions.assumeTrue(cuda.isUsable(), cuda.status());
  }

  @TestFactory
  Stream<DynamicTest> composites() {
    List<Function<Tensor, Tensor>> all = OpaqueDeviceTest.composites();
    return IntStream.range(0, all.size()).mapToObj(i -> dynamicTest("composite " + i, () -> {
      Supplier<Tensor> body = () -> all.get(i).apply(Tensor.randn(3, 4));
      Tensor expected = OpaqueDeviceTest.on(Device.CPU, body), got = OpaqueDeviceTest.on(CUDA, body);
      assertEquals(expected.describe(), got.describe());
      assertEquals(CUDA, got.getDevice());
      OpTableTest.close(Operands.read(expected), got, 1e-5);
    }));
  }

  @Test
  void lossesAreTheCpus() {
    assertArrayEquals(OpaqueDeviceTest.on(Device.CPU, OpaqueDeviceTest::train), OpaqueDeviceTest.on(CUDA, OpaqueDeviceTest::train), 2e-4);
  }

  @Test
  void lossesAreTheSameEveryTime() {
    assertArrayEquals(OpaqueDeviceTest.on(CUDA, OpaqueDeviceTest::train), OpaqueDeviceTest.on(CUDA, OpaqueDeviceTest::train));
  }
}
