package io.ktrain.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.ktrain.nn.Linear;
import io.ktrain.nn.Parameter;
import io.ktrain.tensor.Context;
import io.ktrain.tensor.Device;
import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What an optimizer does with lists and groups that are not the usual ones. */
@Tag("paths")
class OptimizerTest {
  private static Parameter parameter(float... values) {
    return new Parameter(Tensor.of(values));
  }

  private static void step(Optimizer optimizer, Tensor loss) {
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
  }

  @Test
  void momentumOfAGroupMayBeNoneForAWhile() {
    Parameter a = parameter(1, 2), b = parameter(3, 4);
    var sgd = new Sgd(List.of(a, b), 1, 0.5);
    sgd.getGroups().getFirst().setMomentum(0);
    step(sgd, a.mul(b).sum());
    assertArrayEquals(new float[] {-2, -2}, a.toFloatArray());
    assertArrayEquals(new float[] {2, 2}, b.toFloatArray());
    sgd.getGroups().getFirst().setMomentum(Double.NaN);
    step(sgd, a.sum());
    step(sgd, a.sum());
    assertArrayEquals(new float[] {-4.5f, -4.5f}, a.toFloatArray());
  }

  @Test
  void aParameterIsListedOnce() {
    Parameter p = parameter(1), q = parameter(2);
    String message = assertThrows(KtrainException.class,
        () -> new Sgd(List.of(new ParamGroup(List.of(p, q)), new ParamGroup(List.of(p), 0.1)), 1, 0, 0, 0, false, false)).getMessage();
    assertEquals("Sgd: a parameter (f32[1]) is listed twice, so each step would change it twice."
        + " Fix: list shared parameters in one group only; model.parameters() names each once.", message);
  }

  @Test
  void oneCycleMayRiseInASingleStep() {
    Schedule s = Schedule.oneCycle(1, 0.1, 25, 1e4);
    assertEquals(1, s.lr(1, new Moment(0, 10, 0, 1)));
    assertEquals(0.85, s.momentum(new Moment(0, 10, 0, 1)));
  }

  @Test
  void stateFollowsAModelThatIsMoved() {
    assertArrayEquals(trained(Device.CPU), trained(Device.of("cpu:1")));
  }

  /** The weights after two steps on the CPU and two where the model was moved to. */
  private static float[] trained(Device device) {
    var layer = new Linear(3, 2);
    Context.current().withGrad(false, () -> layer.getWeight().copy_(Tensor.of(new float[] {1, -2, 3, -4, 5, -6}, 2, 3)));
    var adam = new Adam(layer.parameters(), 0.1);
    for (int i = 0; i < 4; i++) {
      if (i == 2) layer.moveTo(device);
      step(adam, layer.getWeight().square().sum());
    }
    assertEquals(device, layer.getWeight().getDevice());
    return layer.getWeight().toFloatArray();
  }
}
