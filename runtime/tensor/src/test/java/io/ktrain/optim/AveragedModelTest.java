package io.ktrain.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ktrain.nn.BatchNorm1d;
import io.ktrain.nn.Dropout;
import io.ktrain.nn.Linear;
import io.ktrain.nn.Module;
import io.ktrain.nn.Sequential;
import io.ktrain.tensor.Context;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.StateDictError;
import io.ktrain.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Averages of weights, and the batch norms that go with them. */
@Tag("paths")
class AveragedModelTest {
  private static void set(Linear layer, float a, float b) {
    Context.current().withGrad(false, () -> layer.getWeight().copy_(Tensor.of(new float[] {a, b}, 1, 2)));
  }

  private static float[] weights(Linear layer) {
    return layer.getWeight().toFloatArray();
  }

  private static float[] averageOf(AveragedModel average, Linear layer) {
    return average.with(() -> weights(layer));
  }

  @Test
  void theMeanOfAllThatWasSeen() {
    var layer = new Linear(2, 1);
    var average = AveragedModel.mean(layer, false);
    for (float[] w : new float[][] {{1, 2}, {3, 5}, {8, -1}}) {
      set(layer, w[0], w[1]);
      average.update();
    }
    assertEquals(3, average.updates());
    assertArrayEquals(new float[] {4, 2}, averageOf(average, layer), 1e-6f);
    assertArrayEquals(new float[] {8, -1}, weights(layer));
    average.apply();
    assertArrayEquals(new float[] {4, 2}, weights(layer), 1e-6f);
  }

  @Test
  void theNewestCountMost() {
    var layer = new Linear(2, 1);
    var average = AveragedModel.exponential(layer, 0.9, false);
    set(layer, 1, 2);
    average.update();
    set(layer, 11, 12);
    average.update();
    assertArrayEquals(new float[] {2, 3}, averageOf(average, layer), 1e-6f);
  }

  @Test
  void theModelsOwnValuesComeBackAfterAFailureToo() {
    var layer = new Linear(2, 1);
    var average = AveragedModel.exponential(layer, 0, false);
    assertThrows(KtrainException.class, () -> average.with(() -> 1));
    assertThrows(KtrainException.class, average::apply);
    set(layer, 1, 2);
    average.update();
    set(layer, 3, 4);
    assertThrows(IllegalStateException.class, () -> average.with(() -> {
      throw new IllegalStateException(String.valueOf(weights(layer)[0]));
    }));
    assertArrayEquals(new float[] {3, 4}, weights(layer));
    assertArrayEquals(new float[] {1, 2}, averageOf(average, layer));
  }

  @Test
  void buffersAreAveragedIfAskedFor() {
    for (boolean buffers : new boolean[] {false, true}) {
      Module model = new Sequential(new BatchNorm1d(1));
      var average = AveragedModel.mean(model, buffers);
      for (float value : new float[] {0, 4}) {
        Context.current().withGrad(false, () -> model.namedBuffers().get("0.running_mean").fill_(value));
        average.update();
      }
      average.apply();
      assertEquals(buffers ? 2 : 4, model.namedBuffers().get("0.running_mean").item());
    }
  }

  @Test
  void goingOnIsNeverHavingStopped() {
    var layer = new Linear(2, 1);
    var whole = AveragedModel.exponential(layer, 0.7, false);
    set(layer, 1, 2);
    whole.update();
    var state = new LinkedHashMap<String, Tensor>();
    whole.stateDict().forEach((k, t) -> state.put(k, t.copy()));
    set(layer, 5, -3);
    whole.update();
    var second = AveragedModel.exponential(layer, 0.7, false);
    second.load(state);
    second.update();
    assertArrayEquals(averageOf(whole, layer), averageOf(second, layer));
    assertEquals(2, second.updates());
    assertEquals(List.of("n_averaged", "module.weight", "module.bias"), List.copyOf(state.keySet()));
    state.put("module.weight", Tensor.zeros(3));
    String message = assertThrows(StateDictError.class, () -> second.load(state)).getMessage();
    assertTrue(message.contains("module.weight is f32[1,2] here but f32[3] there"), message);
    assertThrows(StateDictError.class, () -> second.load(Map.of()));
    assertEquals(2, second.updates());
  }

  @Test
  void halvesAreAveragedInF32() {
    var layer = new Linear(1, 1);
    layer.getWeight().become(Tensor.ones(1, 1).to(DType.bf16));
    var average = AveragedModel.exponential(layer, 0.999, false);
    average.update();
    Context.current().withGrad(false, () -> layer.getWeight().fill_(2));
    for (int i = 0; i < 100; i++) average.update();
    // bf16 would not have moved
    assertEquals(2 - Math.pow(0.999, 100), average.stateDict().get("module.weight").item(), 1e-4);
  }

  @Test
  void lookingAtAnAverageDoesNotRoundIt() {
    for (DType type : List.of(DType.bf16, DType.f16, DType.f32)) {
      var layer = new Linear(1, 1, false);
      layer.getWeight().become(Tensor.ones(1, 1).to(type));
      var average = AveragedModel.exponential(layer, 0.999, false);
      average.update();
      Context.current().withGrad(false, () -> layer.getWeight().fill_(2));
      average.update();
      assertEquals(1.001, average.stateDict().get("module.weight").item(), 1e-6);
      assertEquals(Tensor.scalar(1.001, type).item(),
          average.<Double>with(() -> layer.getWeight().item()), 1e-6);
      assertEquals(2, layer.getWeight().item());
      assertEquals(1.001, average.stateDict().get("module.weight").item(), 1e-6);
    }
  }

  @Test
  void batchNormsAreMeasuredAnew() {
    var norm = new BatchNorm1d(1);
    var model = new Sequential(norm, new Dropout(0.5));
    model.setTraining(false);
    float[][] batches = {{1, 2, 3}, {5, 7, 9}};
    double mean = 0, variance = 0;
    for (float[] b : batches) {
      Tensor t = Tensor.of(b);
      mean += t.mean().item() / 2;
      variance += t.sub(t.mean()).square().sum().item() / 2 / 2;
    }
    BatchNorm1d.update(model, () -> {
      assertTrue(norm.isTraining());
      for (float[] b : batches) model.invoke(Tensor.of(b, 3, 1));
    });
    assertEquals(mean, model.namedBuffers().get("0.running_mean").item(), 1e-5);
    assertEquals(variance, model.namedBuffers().get("0.running_var").item(), 1e-5);
    assertEquals(false, norm.isTraining());
    model.setTraining(true);
    model.invoke(Tensor.of(new float[] {14, 15, 16}, 3, 1)); // the usual momentum again
    assertEquals(0.9 * mean + 0.1 * 15, model.namedBuffers().get("0.running_mean").item(), 1e-5);
  }

  @Test
  void badDecaysAreRefused() {
    for (double decay : new double[] {1, -0.1, Double.NaN})
      assertTrue(assertThrows(KtrainException.class, () -> AveragedModel.exponential(new Linear(1, 1), decay,
          false)).getMessage()
          .startsWith("ema: decay must lie in 0 up to but not 1, got "));
  }
}
