package io.ktrain.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import io.ktrain.backend.Backends;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.Device;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.Tensor;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Elements arrive where they belong, however source and target lie. */
class CopyKernelsTest {
  @BeforeAll
  static void there() {
    Cuda.require();
  }

  private static void same(Tensor x, UnaryOperator<Tensor> f) {
    assertArrayEquals(f.apply(x).toDoubleArray(), f.apply(x.to(Cuda.DEVICE)).toDoubleArray());
  }

  @ParameterizedTest
  @EnumSource
  void transposed(DType type) {
    Tensor x = Tensor.arange(0, 70 * 67, 1, DType.i64).remainder(Tensor.constant(100)).to(type).reshape(70, 67);
    same(x, t -> t.t().copy());
    same(x.reshape(2, 35, 67), t -> t.transpose(1, 2).copy());
    same(x.reshape(35, 2, 67), t -> t.permute(2, 1, 0).copy());
    same(x, t -> t.narrow(0, 3, 65).t().copy());
    same(x, t -> t.t().narrow(0, 1, 66).copy());
    same(x.reshape(670, 7), t -> t.t().copy()); // narrow
  }

  @Test
  void intoAViewOfAnotherOrder() {
    Tensor x = Tensor.arange(4 * 33 * 40).to(DType.f32).reshape(4, 33, 40);
    same(x, t -> {
      Tensor to = Tensor.zeros(4, 40, 33).to(t.getDevice());
      to.transpose(1, 2).copy_(t);
      return to;
    });
  }

  @Test
  void broadcastAndConverted() {
    Tensor x = Tensor.arange(300).to(DType.f32);
    same(x, t -> t.unsqueeze(1).expand(300, 20).to(DType.i32));
    same(x, t -> t.expand(20, 300).to(DType.bf16));
    same(x.narrow(0, 1, 299), t -> t.add(0.5)); // not aligned to 16 bytes
  }

  @Test
  void betweenTwoDevices() {
    Tensor x = Tensor.arange(1000).to(DType.f32);
    Assumptions.assumeTrue(((CudaBackend) Backends.named("cuda")).count() > 1, "one Cuda.DEVICE device only");
    Device other = Device.of("cuda:1");
    assertArrayEquals(x.mul(2).toDoubleArray(), x.to(Cuda.DEVICE).mul(2).to(other).toDoubleArray());
    assertArrayEquals(x.mul(4).toDoubleArray(), x.to(Cuda.DEVICE).mul(2).to(other).mul(2).to(Cuda.DEVICE).toDoubleArray());
  }

  @ParameterizedTest
  @EnumSource
  void fromPageLockedMemory(DType type) {
    Tensor x = Tensor.arange(5000).remainder(Tensor.constant(2)).to(type), locked = x.pinMemory();
    Tensor moved = locked.to(Cuda.DEVICE);
    locked.storage().free("the test");
    Tensor next = Tensor.ones(Shape.of(5000), type).pinMemory();
    assertArrayEquals(x.toDoubleArray(), moved.toDoubleArray());
    assertArrayEquals(Tensor.ones(Shape.of(5000), type).toDoubleArray(), next.to(Cuda.DEVICE).toDoubleArray());
  }
}
