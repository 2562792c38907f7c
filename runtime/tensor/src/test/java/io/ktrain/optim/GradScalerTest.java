package io.ktrain.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ktrain.nn.Parameter;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.StateDictError;
import io.ktrain.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("paths")
class GradScalerTest {
  private final Parameter w = new Parameter(Tensor.of(new float[] {1, 2}));
  private final Optimizer sgd = new Sgd(List.of(w), 0.5, 0);

  private boolean step(GradScaler scaler, Tensor loss) {
    sgd.zeroGrad();
    scaler.scale(loss).backward();
    boolean taken = scaler.step(sgd);
    scaler.update();
    return taken;
  }

  @Test
  void aStepIsTheOneWithoutIt() {
    assertTrue(step(new GradScaler(), w.mul(Tensor.of(new float[] {2, -4})).sum()));
    assertArrayEquals(new float[] {0, 4}, w.toFloatArray());
  }

  @Test
  void smallGradientsOfF16DoNotVanish() {
    Tensor x = Tensor.of(new float[] {1e-5f, 1e-5f}).to(DType.f16);
    sgd.zeroGrad();
    w.to(DType.f16).mul(x).to(DType.f32).sum().mul(1e-4).backward();
    assertEquals(0, w.getGrad().toFloatArray()[0]);
    assertTrue(step(new GradScaler(), w.to(DType.f16).mul(x).to(DType.f32).sum().mul(1e-4)));
    assertEquals(1e-9, w.getGrad().toFloatArray()[0], 1e-11);
  }

  /** As torch.amp.GradScaler(initScale = 8, growthInterval = 2) goes through the same steps. */
  @Test
  void growsAndBacksOff() {
    var scaler = new GradScaler(8, 2, 0.5, 2);
    var scales = new java.util.ArrayList<Double>();
    for (boolean good : new boolean[] {true, true, true, false, true, true, false, false}) {
      float[] before = w.toFloatArray();
      assertEquals(good, step(scaler, good ? w.sum() : w.mul(Float.POSITIVE_INFINITY).sum()));
      if (!good) assertArrayEquals(before, w.toFloatArray());
      scales.add(scaler.getScale());
    }
    assertEquals(List.of(8.0, 16.0, 16.0, 8.0, 8.0, 16.0, 8.0, 4.0), scales);
  }

  @Test
  void gradientsCanBeClippedBetween() {
    var scaler = new GradScaler();
    sgd.zeroGrad();
    scaler.scale(w.mul(Tensor.of(new float[] {3, 4})).sum()).backward();
    scaler.unscale(sgd);
    assertArrayEquals(new float[] {3, 4}, w.getGrad().toFloatArray());
    Clip.norm(sgd.parameters(), 1);
    assertTrue(scaler.step(sgd));
    scaler.update();
    assertArrayEquals(new float[] {1 - 0.3f, 2 - 0.4f}, w.toFloatArray(), 1e-6f);
  }

  @Test
  void wrongOrdersAreErrors() {
    var scaler = new GradScaler();
    assertTrue(assertThrows(KtrainException.class, scaler::update).getMessage().startsWith("GradScaler: update without a step"));
    sgd.zeroGrad();
    scaler.scale(w.sum()).backward();
    scaler.step(sgd);
    assertThrows(KtrainException.class, () -> scaler.step(sgd));
    assertThrows(KtrainException.class, () -> scaler.unscale(sgd));
    assertThrows(KtrainException.class, () -> new GradScaler(0, 2, 0.5, 1));
  }

  @Test
  void goesOnWhereItWas() {
    var scaler = new GradScaler(8, 2, 0.5, 2);
    step(scaler, w.sum());
    var other = new GradScaler(1, 2, 0.5, 2);
    other.loadStateDict(scaler.stateDict());
    assertTrue(step(other, w.sum()));
    assertEquals(16, other.getScale());
    assertFalse(scaler.stateDict().isEmpty());
    assertTrue(assertThrows(StateDictError.class, () -> new GradScaler().loadStateDict(scaler.stateDict())).getMessage().contains("growth_interval is 2.0"));
  }
}
