package io.ktrain.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Virtual devices: memory of their own, nothing mixed by accident, moves that are differentiated. */
@Tag("paths")
class DeviceTest {
  private static final Device ONE = Device.of("cpu:1");
  private static final Device TWO = Device.of("cpu:2");

  @Test
  void eachHasAPoolOfItsOwn() {
    long one = Devices.liveBytes(ONE), two = Devices.liveBytes(TWO);
    Tensor t = Tensor.ones(1000).to(ONE);
    Tensor u = t.mul(2);
    assertEquals(one + 2 * 4096, Devices.liveBytes(ONE));
    assertEquals(two, Devices.liveBytes(TWO));
    assertEquals(ONE, u.getDevice());
    assertEquals("cpu:1", u.getDevice().toString());
    assertFalse(t.sharesStorage(u));
  }

  @Test
  void mixingThemIsAnError() {
    Tensor a = Tensor.ones(2).to(ONE), b = Tensor.ones(2), c = Tensor.ones(2).to(TWO);
    String expected = "add: operands are on different devices: f32[2] on cpu:1, f32[2] on cpu."
        + " Fix: move one with to(device).";
    assertEquals(expected, assertThrows(DeviceError.class, () -> a.add(b)).getMessage());
    assertThrows(DeviceError.class, () -> Tensor.cat(List.of(a, c), 0));
    assertThrows(DeviceError.class, () -> Tensor.ones(2, 2).to(ONE).linear(Tensor.ones(2, 2).to(ONE), b));
    assertThrows(DeviceError.class, () -> Tensor.ones(2, 2).to(ONE).crossEntropy(Tensor.of(new long[] {0, 1})));
  }

  @Test
  void copyingOverBringsTheValuesAlong() {
    Tensor a = Tensor.ones(2).to(ONE);
    a.copy_(Tensor.of(new float[] {5, 6}).to(TWO));
    assertArrayEquals(new float[] {5, 6}, a.toFloatArray());
    assertEquals(ONE, a.getDevice());
  }

  @Test
  void numbersFitEveryDevice() {
    assertArrayEquals(new float[] {5, 5}, Tensor.ones(2).to(ONE).mul(2).add(3).toFloatArray());
    assertEquals(ONE, Tensor.where(Tensor.ones(2).to(ONE).gt(0), Tensor.constant(1), Tensor.constant(0)).getDevice());
  }

  @Test
  void theContextsDeviceIsWhereNewTensorsLie() {
    Context context = Context.current();
    context.setDevice(TWO);
    try {
      assertEquals(TWO, Tensor.of(new float[] {1}).getDevice());
      assertEquals(TWO, Tensor.randn(3).getDevice());
      assertEquals(TWO, Tensor.randperm(3).getDevice());
      assertEquals(TWO, Tensor.eye(3).getDevice());
      assertEquals(ONE, Tensor.onesLike(Tensor.ones(2).to(ONE)).getDevice());
      assertEquals("tensor([1.], device='cpu:2')", Tensor.ones(1).toString());
    } finally {
      context.setDevice(Device.CPU);
    }
  }

  @Test
  void movesAreDifferentiatedOnBothSides() {
    Tensor x = Tensor.of(new float[] {1, 2, 3, 4}, 2, 2);
    x.setRequiresGrad(true);
    Tensor far = x.t().to(ONE);
    far.retainGrad();
    far.mul(far).to(TWO).sum().backward();
    assertEquals(Device.CPU, x.getGrad().getDevice());
    assertArrayEquals(new float[] {2, 4, 6, 8}, x.getGrad().toFloatArray());
    assertEquals(ONE, far.getGrad().getDevice());
    Tensor g = x.to(ONE).pow(3).sum().gradients(List.of(x), null, true).getFirst();
    assertArrayEquals(new float[] {6, 12, 18, 24}, g.sum().gradients(List.of(x), null, false).getFirst()
        .toFloatArray());
  }

  @Test
  void movingToWhereItIsGivesItself() {
    Tensor x = Tensor.ones(2);
    assertSame(x, x.to(Device.CPU));
    assertSame(x, x.to(Device.of("cpu:0")));
  }

  @Test
  void everyTypeArrivesAsItLeft() {
    for (DType dtype : DType.values()) {
      Tensor t = Tensor.of(new long[] {0, 1, 2, 120}).to(dtype).slice(0, 1, 2, 2);
      assertArrayEquals(t.toDoubleArray(), t.to(ONE).toDoubleArray(), dtype.toString());
      assertEquals(dtype, t.to(ONE).getDtype());
    }
  }

  @Test
  void unknownDevicesAreNamedWithWhatThereIs() {
    assertEquals("device: \"gpu 1\" is not a device. Fix: cpu, cpu:1, cuda or cuda:0.",
        assertThrows(DeviceError.class, () -> Device.of("gpu 1")).getMessage());
    String message = assertThrows(DeviceError.class, () -> Tensor.ones(1).to(Device.of("tpu:0"))).getMessage();
    assertTrue(message.startsWith("device: no backend for tpu:0; this process has [") && message.contains("cpu"),
        message);
  }

  @Test
  void shapesMoveWithoutValues() {
    Check.run(new Check(), () -> {
      Tensor t = Tensor.ones(2, 3).to(ONE);
      assertTrue(t.isShapeOnly());
      assertEquals(ONE, t.getDevice());
    });
  }
}
