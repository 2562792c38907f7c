package io.ktrain.optim;

import static io.ktrain.optim.HyperParameter.LR;
import static io.ktrain.optim.HyperParameter.MAXIMIZE;
import static io.ktrain.optim.HyperParameter.MOMENTUM;
import static io.ktrain.optim.HyperParameter.WEIGHT_DECAY;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ktrain.nn.Linear;
import io.ktrain.nn.Parameter;
import io.ktrain.tensor.Context;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.Device;
import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Random;
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
  void printsItsGroups() {
    var a = new Parameter(Tensor.zeros(2));
    var b = new Parameter(Tensor.zeros(3));
    assertEquals("""
        Sgd (
          1 parameter: lr 0.5 momentum 0.9 dampening 0 weightDecay 0 nesterov 0 maximize 0
          1 parameter: lr 0.1 momentum 0.9 dampening 0 weightDecay 0 nesterov 0 maximize 0
        )""", new Sgd(List.of(new ParamGroup(List.of(a), 0.5), new ParamGroup(List.of(b))), 0.1, 0.9, 0, 0, false, false).toString());
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
    var group = new ParamGroup(List.of(p, q));
    String message = assertThrows(KtrainException.class,
        () -> new Sgd(List.of(group, new ParamGroup(List.of(p), 0.1)), 1, 0, 0, 0, false, false)).getMessage();
    assertEquals("Sgd: a parameter (f32[1]) is listed twice, so each step would change it twice."
        + " Fix: list shared parameters in one group only; model.parameters() names each once.", message);
  }

  @Test
  void groupsHaveHyperParametersOfTheirOwn() {
    Parameter a = parameter(1), b = parameter(1), c = parameter(1);
    var sgd = new Sgd(List.of(new ParamGroup(List.of(a)), new ParamGroup(List.of(b), 0.5).set(WEIGHT_DECAY, 0),
        new ParamGroup(List.of(c)).set(MAXIMIZE, 1).set(MOMENTUM, 0.5)), 0.1, 0, 0, 1, false, false);
    for (int i = 0; i < 2; i++) step(sgd, a.add(b).add(c).sum());
    assertEquals(0.62, a.item(), 1e-6); // 1 - 0.1 (1 + 1) = 0.8, then 0.8 - 0.1 (1 + 0.8)
    assertEquals(0, b.item(), 1e-6);
    assertEquals(1, c.item(), 1e-6); // up as fast as its decay takes it down
    sgd.getGroups().getLast().set(WEIGHT_DECAY, 0);
    step(sgd, c.sum());
    assertEquals(1.1, c.item(), 1e-6);
  }

  @Test
  void aGroupMayBeAddedLater() {
    Parameter a = parameter(1), b = parameter(1);
    var adam = new Adam(List.of(a), 0.1);
    step(adam, a.add(b).sum());
    adam.addParamGroup(new ParamGroup(List.of(b), 0.2));
    step(adam, a.add(b).sum());
    assertEquals(0.8, a.item(), 1e-5);
    assertEquals(0.8, b.item(), 1e-5); // its own first step
    refused(() -> adam.addParamGroup(new ParamGroup(List.of(a))), "listed twice");
    refused(() -> new LBFGS(List.of(a), 1).addParamGroup(new ParamGroup(List.of(b))),
        "LBFGS: all parameters are one group, got a second.");
  }

  @Test
  void aGroupBelongsToOneOptimizer() {
    Parameter a = parameter(1), b = parameter(1);
    ParamGroup one = new ParamGroup(List.of(a)), other = new ParamGroup(List.of(b), -1);
    refused(() -> new Sgd(List.of(one, other), 0.5, 0, 0, 0, false, false), "Sgd: lr must be at least 0, got -1.0.");
    var sgd = new Sgd(List.of(one, other.set(LR, 0.2)), 0.01, 0, 0, 0, false, false); // those refused are free
    step(sgd, a.add(b).sum());
    assertEquals(0.99, a.item(), 1e-6);
    assertEquals(0.8, b.item(), 1e-6);
    refused(() -> new Adam(List.of(one), 0.5, 0.9, 0.9, 1e-8, 0, false, false),
        "Adam: a group is another optimizer's, whose learning rate and schedule it has.");
    assertEquals(0.01, one.getLr());
  }

  @Test
  void badHyperParametersAreRefused() {
    List<Parameter> p = List.of(parameter(1));
    List<ParamGroup> g = List.of(new ParamGroup(p));
    refused(() -> new Sgd(p, -0.1), "Sgd: lr must be at least 0, got -0.1.");
    refused(() -> new Sgd(p, Double.NaN), "Sgd: lr must be at least 0, got NaN.");
    refused(() -> new Sgd(p, 0.1, -1), "Sgd: momentum must be at least 0, got -1.0.");
    refused(() -> new Sgd(g, 0.1, 0, 0, 0, true, false), "Sgd: nesterov needs momentum and no dampening");
    refused(() -> new Adam(g, 0.1, 1, 0.9, 1e-8, 0, false, false),
        "Adam: beta1 must lie in 0 up to but not 1, got 1.0.");
    refused(() -> new AdamW(g, 0.1, 0.9, -0.1, 1e-8, 0, false, false),
        "AdamW: beta2 must lie in 0 up to but not 1, got -0.1.");
    refused(() -> new Adam(g, 0.1, 0.9, 0.9, -1e-8, 0, false, false), "Adam: eps must be at least 0, got -1.0E-8.");
    refused(() -> new RMSprop(g, 0.1, -1, 1e-8, 0, 0, false, false), "RMSprop: alpha must be at least 0");
    refused(() -> new Adagrad(g, 0.1, -1, 0, 0, 1e-8, false), "Adagrad: lrDecay must be at least 0");
    refused(() -> new Adadelta(g, 0.1, 1.5, 1e-8, 0, false), "Adadelta: rho must lie in 0..1, got 1.5.");
    refused(() -> new Adamax(g, 0.1, 0.9, 2, 1e-8, 0, false), "Adamax: beta2 must lie in 0 up to but not 1");
    refused(() -> new NAdam(g, 0.1, 0.9, 0.9, 1e-8, 0, -1, false, false), "NAdam: momentumDecay must be at least 0");
    refused(() -> new RAdam(g, 0.1, 0.9, 0.9, 1e-8, -1, false, false), "RAdam: weightDecay must be at least 0");
    refused(() -> new ASGD(g, -1, 0, 0, 0, 0, false), "ASGD: lr must be at least 0");
    refused(() -> new Rprop(g, 0.1, 0, 1.2, 0, 1, false),
        "Rprop: etaMinus must lie in 0 (not itself) up to but not 1, got 0.0.");
    refused(() -> new Rprop(g, 0.1, 0.5, 1, 0, 1, false), "Rprop: etaPlus must be larger than 1, got 1.0.");
    refused(() -> new LBFGS(p, 0.1, 0, 1, 0, 0, 1, true),
        "LBFGS: maxIter, maxEval and historySize must be at least 1, got 0, 1 and 1.");
    refused(() -> new LBFGS(p, 0.1, 1, 1, -1, 0, 1, true), "LBFGS: tolerances must be at least 0");
    refused(() -> new Adam(List.of(new ParamGroup(p).set(MOMENTUM, 0.9)), 0.1, 0.9, 0.9, 1e-8, 0, false, false),
        "Adam: a group sets momentum, which Adam does not have; it has lr, weightDecay, beta1, beta2, eps, amsgrad, maximize.");
    refused(() -> new Adam(List.of(new ParamGroup(p, -1)), 0.1, 0.9, 0.9, 1e-8, 0, false, false),
        "Adam: lr must be at least 0, got -1.0.");
    refused(() -> new Adam(List.of(), 0.1), "Adam: got no parameters.");
  }

  private static void refused(Runnable making, String says) {
    String message = assertThrows(KtrainException.class, making::run).getMessage();
    assertTrue(message.contains(says), message);
  }

  @Test
  void aClosureMayWalkBackItselfOrNot() {
    for (boolean itself : new boolean[] {false, true}) {
      Parameter p = parameter(1, 2);
      var sgd = new Sgd(List.of(p), 0.1);
      for (int i = 0; i < 2; i++) {
        Tensor loss = sgd.step(() -> {
          Tensor l = p.square().sum();
          if (itself) l.backward();
          return l;
        });
        assertEquals(i == 0 ? 5 : 3.2, loss.item(), 1e-6);
      }
      assertArrayEquals(new float[] {0.64f, 1.28f}, p.toFloatArray(), 1e-6f);
    }
  }

  @Test
  void lbfgsFindsTheFloorOfAValley() {
    Parameter p = parameter(-1.2f, 1);
    var optimizer = new LBFGS(List.of(p), 1, 20, 25, 1e-7, 1e-9, 100, true);
    assertTrue(optimizer.needsClosure());
    Tensor first = optimizer.step(() -> rosenbrock(p));
    assertEquals(24.2, first.item(), 1e-4);
    for (int i = 0; i < 4; i++) optimizer.step(() -> rosenbrock(p));
    assertArrayEquals(new float[] {1, 1}, p.toFloatArray(), 1e-3f);
    assertEquals("LBFGS: a step evaluates the loss several times. Fix: optimizer.step { crossEntropy(model(x), y) }.",
        assertThrows(KtrainException.class, optimizer::step).getMessage());
  }

  private static Tensor rosenbrock(Tensor p) {
    Tensor x = p.select(0, 0), y = p.select(0, 1);
    return x.neg().add(1).square().add(y.sub(x.square()).square().mul(100));
  }

  @Test
  void gradientsAreClippedByAnyNorm() {
    var norms = Map.of(1.0, 10.0, 2.0, Math.sqrt(30), 3.0, Math.cbrt(100), Double.POSITIVE_INFINITY, 4.0);
    for (var norm : norms.entrySet()) {
      Parameter a = parameter(0, 0), b = parameter(0, 0);
      a.setGrad(Tensor.of(new float[] {1, -2}));
      b.setGrad(Tensor.of(new float[] {3, -4}));
      assertEquals(norm.getValue(), Clip.norm(List.of(a, b), 2, norm.getKey()).item(), 1e-5);
      float by = (float) (2 / norm.getValue());
      assertArrayEquals(new float[] {by, -2 * by}, a.getGrad().toFloatArray(), 1e-5f);
      assertArrayEquals(new float[] {3 * by, -4 * by}, b.getGrad().toFloatArray(), 1e-5f);
      assertEquals(2, Clip.norm(List.of(a, b), 100, norm.getKey()).item(), 1e-4);
      assertArrayEquals(new float[] {by, -2 * by}, a.getGrad().toFloatArray(), 1e-5f);
    }
    Parameter empty = parameter(), five = parameter(5);
    empty.setGrad(Tensor.zeros(0));
    for (double norm : norms.keySet()) {
      five.setGrad(Tensor.of(new float[] {-5}));
      assertEquals(5, Clip.norm(List.of(empty, five), 2, norm).item(), 1e-5);
      assertEquals(-2, five.getGrad().item(), 1e-5);
      assertEquals(0, Clip.norm(List.of(empty), 2, norm).item());
    }
    refused(() -> Clip.norm(List.of(parameter(1)), 1, 0), "clip: normType must be positive or infinity, got 0.0.");
    refused(() -> Clip.norm(List.of(parameter(1)), -1), "clip: the largest norm must be positive, got -1.0.");
  }

  @Test
  void oneCycleMayRiseInASingleStep() {
    Schedule s = Schedule.oneCycle(1, 0.1, 25, 1e4);
    assertEquals(1, s.lr(1, new Moment(0, 10, 0, 1)));
    assertEquals(0.85, s.momentum(new Moment(0, 10, 0, 1)));
  }

  /** Small parameters are computed together, across the ends of tiles; each as if it were alone. */
  @Test
  void parametersDoNotMixWithTheirNeighbours() {
    for (DType type : List.of(DType.f32, DType.bf16, DType.f64)) {
      int[][] shapes = {{300}, {0}, {400}, {1}, {20, 33}, {}, {7, 3}};
      Parameter[] together = new Parameter[shapes.length], alone = new Parameter[shapes.length];
      for (int i = 0; i < shapes.length; i++) {
        int n = (int) Shape.of(shapes[i]).numel();
        Tensor values = Tensor.of(new Random(i).doubles(n, -2, 2).toArray(), shapes[i]).to(type);
        boolean turned = shapes[i].length == 2; // its elements do not lie in order
        together[i] = new Parameter(turned ? values.transpose(0, 1) : values);
        alone[i] = new Parameter(turned ? values.copy().transpose(0, 1) : values.copy());
      }
      var all = new Adam(List.of(together), 0.1);
      for (int n = 0; n < 2; n++) {
        for (Parameter p : together) p.setGrad(p.detach().sin());
        all.step();
      }
      for (int i = 0; i < shapes.length; i++) {
        var one = new Adam(List.of(alone[i]), 0.1);
        for (int n = 0; n < 2; n++) {
          alone[i].setGrad(alone[i].detach().sin());
          one.step();
        }
        assertArrayEquals(alone[i].toDoubleArray(), together[i].toDoubleArray(), 0, type + " parameter " + i);
      }
    }
  }

  @Test
  void asgdSeesAChangedRateAStepLater() {
    Parameter p = parameter(1), late = parameter(1);
    var asgd = new ASGD(List.of(new ParamGroup(List.of(p, late))), 0.5, 0.1, 0.75, 1, 0, false);
    double w = 1, average = 0, eta = 0.5;
    double[] rates = {0.5, 0.5, 0.01, 0.01, 0.3};
    for (int i = 0; i < rates.length; i++) {
      double lr = rates[i];
      asgd.getGroups().getFirst().setLr(lr);
      step(asgd, (i < 3 ? p : p.add(late)).sum());
      w = w * (1 - 0.1 * eta) - eta;
      average += (w - average) / Math.max(1, i - 1);
      eta = lr / Math.pow(1 + 0.1 * lr * (i + 1), 0.75);
      assertEquals(w, p.item(), 1e-6);
      assertEquals(average, asgd.stateDict().get("state.0.ax").item(), 1e-6);
    }
    // its own two steps: the first with the rate there is, the second with what came of it
    eta = 0.01 / Math.pow(1 + 0.1 * 0.01, 0.75);
    assertEquals((1 - 0.1 * 0.01 - 0.01) * (1 - 0.1 * eta) - eta, late.item(), 1e-6);
  }

  /** PyTorch's bounds are the best times 1 - threshold and 1 + threshold, on whichever side of it those lie. */
  @Test
  void aPlateauOfNegativeValues() {
    Moment at = new Moment(0, 1, 0, 1);
    for (boolean smaller : new boolean[] {true, false}) {
      int sign = smaller ? -1 : 1; // better values lie this way
      for (boolean better : new boolean[] {true, false}) {
        var plateau = new Plateau(smaller, 0.5, 0, 0.25, true, 0, 0);
        plateau.observe(-4);
        plateau.observe(-4 - sign * (better ? 0.9 : 1.1)); // worse than -4, but the bound is -4 - sign
        assertEquals(better ? 1 : 0.5, plateau.lr(1, at));
      }
    }
  }

  @Test
  void schedulesMadeOfOthersHaveTheirMomentum() {
    Schedule cycle = Schedule.oneCycle(1, 0.5, 25, 1e4), decay = Schedule.exponential(0.5);
    Schedule cyclic = Schedule.cyclic(0.1, 1, 4, 4, Cyclic.Mode.TRIANGULAR, 1, true);
    for (int step = 0; step < 12; step++) {
      Moment at = new Moment(step, 12, step / 3, 4), left = step < 6 ? at : new Moment(6, 12, 2, 4);
      assertEquals(cycle.momentum(at), Schedule.chained(cycle, decay).momentum(at));
      assertEquals(cycle.momentum(at), Schedule.chained(decay, cyclic, cycle).momentum(at));
      assertEquals(Double.NaN, Schedule.chained(decay, decay).momentum(at));
      assertEquals(cycle.momentum(left), Schedule.swa(cycle, 2, 0.1, 1, true).momentum(at));
      assertEquals(cycle.momentum(at), Schedule.sequential(List.of(cycle)).momentum(at));
    }
  }

  @Test
  void stateFollowsAModelThatIsMoved() {
    assertArrayEquals(trained(Device.CPU), trained(Device.of("cpu:1")));
  }

  /** The weights after two steps on the CPU and two where the model was moved to. */
  private static float[] trained(Device device) {
    var layer = new Linear(3, 2);
    Context.current().withGrad(false, () -> layer.getWeight().copy_(Tensor.of(new float[] {1, -2, 3, -4, 5, -6}, 2,
        3)));
    var adam = new Adam(layer.parameters(), 0.1);
    for (int i = 0; i < 4; i++) {
      if (i == 2) layer.moveTo(device);
      step(adam, layer.getWeight().square().sum());
    }
    assertEquals(device, layer.getWeight().getDevice());
    return layer.getWeight().toFloatArray();
  }
}
