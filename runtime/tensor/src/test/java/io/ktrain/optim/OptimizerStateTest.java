package io.ktrain.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.ktrain.format.Safetensors;
import io.ktrain.nn.Parameter;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.StateDictError;
import io.ktrain.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** A run that is saved, stopped and taken up again ends in the same bits as one that never stopped. */
class OptimizerStateTest {
  private static final Tensor TARGET = Tensor.of(new Random(3).doubles(6, -1, 1).toArray(), 6).to(DType.f32);

  private record Case(String name, Function<List<ParamGroup>, Optimizer> make) {}

  private static Stream<Case> cases() {
    return Stream.of(
        new Case("sgd", g -> new Sgd(g, 0.05, 0.9, 0.1, 0.01, false, false)),
        new Case("adam", g -> new Adam(g, 0.05, 0.9, 0.99, 1e-8, 0.01, true, false)),
        new Case("adamW", g -> new AdamW(g, 0.05, 0.9, 0.99, 1e-8, 0.01, false, false)),
        new Case("rmsprop", g -> new RMSprop(g, 0.01, 0.9, 1e-8, 0, 0.9, true, false)),
        new Case("adagrad", g -> new Adagrad(g, 0.05, 0.1, 0, 0.1, 1e-10, false)),
        new Case("adadelta", g -> new Adadelta(g, 1, 0.9, 1e-6, 0, false)),
        new Case("adamax", g -> new Adamax(g, 0.05, 0.9, 0.99, 1e-8, 0, false)),
        new Case("nadam", g -> new NAdam(g, 0.05, 0.9, 0.99, 1e-8, 0, 0.02, false, false)),
        new Case("radam", g -> new RAdam(g, 0.05, 0.9, 0.9, 1e-8, 0, false, false)),
        new Case("asgd", g -> new ASGD(g, 0.05, 0.01, 0.75, 1, 0, false)),
        new Case("rprop", g -> new Rprop(g, 0.05, 0.5, 1.2, 1e-6, 50, false)),
        new Case("lbfgs", g -> new LBFGS(g.getFirst().parameters(), 0.3, 3, 20, 1e-7, 1e-9, 2, true)),
        new Case("lbfgs, fixed steps", g -> new LBFGS(g.getFirst().parameters(), 0.1, 2, 20, 1e-7, 1e-9, 3, false)));
  }

  private static Parameter[] parameters() {
    return new Parameter[] {new Parameter(Tensor.of(new float[] {1, -2, 3, -4, 5, -6})),
        new Parameter(Tensor.of(new float[] {0.5f}))};
  }

  private static void steps(Optimizer optimizer, Parameter[] p, int count) {
    for (int i = 0; i < count; i++)
      optimizer.step(() -> p[0].mul(p[1]).sub(TARGET).square().square().sum().add(p[0].square().sum()));
  }

  private static Map<String, Tensor> saved(Optimizer optimizer, Path folder) throws IOException {
    Path file = Files.createTempFile(folder, "state", ".safetensors");
    Safetensors.write(file, optimizer.stateDict());
    return Safetensors.read(file);
  }

  @TestFactory
  Stream<DynamicTest> goingOnIsNeverHavingStopped(@TempDir Path folder) {
    return cases().map(c -> dynamicTest(c.name, () -> {
      Parameter[] whole = parameters(), first = parameters(), second = parameters();
      Optimizer one = c.make.apply(List.of(new ParamGroup(List.of(whole)))),
          before = c.make.apply(List.of(new ParamGroup(List.of(first))));
      steps(one, whole, 7);
      steps(before, first, 3);
      before.getGroups().getFirst().setLr(before.getLr() * 3);
      Map<String, Tensor> state = saved(before, folder);
      before.getGroups().getFirst().setLr(before.getLr() / 3);
      steps(before, first, 1); // what was saved is not what goes on
      for (int i = 0; i < 2; i++) second[i] = new Parameter(parametersAfter(c, 3)[i].detach().copy());
      Optimizer after = c.make.apply(List.of(new ParamGroup(List.of(second))));
      after.load(state);
      assertEquals(one.getLr() * 3, after.getLr());
      after.getGroups().getFirst().setLr(one.getLr());
      steps(after, second, 4);
      for (int i = 0; i < 2; i++) assertArrayEquals(whole[i].toFloatArray(), second[i].toFloatArray(), "parameter "
          + i);
      assertEquals(one.stateDict().keySet(), after.stateDict().keySet());
    }));
  }

  private static Parameter[] parametersAfter(Case c, int count) {
    Parameter[] p = parameters();
    steps(c.make.apply(List.of(new ParamGroup(List.of(p)))), p, count);
    return p;
  }

  @TestFactory
  Stream<DynamicTest> aStateThatDoesNotFitIsRefusedAndChangesNothing() {
    return cases().map(c -> dynamicTest(c.name, () -> {
      Parameter[] p = parameters();
      Optimizer optimizer = c.make.apply(List.of(new ParamGroup(List.of(p))));
      steps(optimizer, p, 2);
      var before = new LinkedHashMap<String, double[]>();
      optimizer.stateDict().forEach((k, t) -> before.put(k, t.toDoubleArray()));
      refused(optimizer, "unexpected: state.0.nonesuch", s -> s.put("state.0.nonesuch", Tensor.zeros(1)));
      refused(optimizer, "missing: param_groups.0.lr", s -> s.remove("param_groups.0.lr"));
      refused(optimizer, "unexpected: param_groups.1.lr", s -> s.put("param_groups.1.lr", Tensor.zeros(1)));
      Map<String, Tensor> state = optimizer.stateDict();
      String some = state.keySet().stream().filter(k -> state.get(k).numel() > 1).findFirst().orElseThrow();
      refused(optimizer, some + " is f32[3]", s -> s.put(some, Tensor.zeros(3)));
      for (String key : state.keySet()) refused(optimizer, "", s -> s.remove(key)); // each is needed
      refused(optimizer, "lr must be at least 0, got -5.0",
          s -> s.put("param_groups.0.lr", Tensor.scalar(-5, DType.f64)));
      refused(optimizer, "lr must be at least 0, got -1.0",
          s -> s.put("param_groups.0.initial_lr", Tensor.scalar(-1, DType.f64)));
      String count = state.containsKey("state.n_iter") ? "state.n_iter" : "state.0.step";
      refused(optimizer, count + " is 0.5, expected a whole number from 0",
          s -> s.put(count, Tensor.scalar(0.5, DType.f64)));
      optimizer.stateDict().forEach((k, t) -> assertArrayEquals(before.get(k), t.toDoubleArray(), k));
    }));
  }

  @Test
  void optionsThatDoNotFitEachOtherAreRefused() {
    Parameter[] p = parameters();
    var sgd = new Sgd(List.of(new ParamGroup(List.of(p))), 0.05, 0.9, 0, 0.01, true, false);
    steps(sgd, p, 1);
    refused(sgd, "Sgd: nesterov needs momentum and no dampening",
        s -> s.put("param_groups.0.dampening", Tensor.scalar(0.5, DType.f64)));
  }

  /** A group may have had no momentum before, or no largest moment: what an optimizer saved it takes up. */
  @Test
  void aStateThatHasNotBegunIsSavedAsSuch(@TempDir Path folder) throws IOException {
    for (boolean adam : new boolean[] {false, true}) {
      Function<Parameter[], Optimizer> make = adam ? p -> new Adam(List.of(p), 0.1)
          : p -> new Sgd(List.of(new ParamGroup(List.of(p))), 0.01, 0, 0.5, 0, false, false);
      Parameter[] whole = parameters();
      Optimizer one = make.apply(whole);
      steps(one, whole, 2);
      one.getGroups().getFirst().set(adam ? HyperParameter.AMSGRAD : HyperParameter.MOMENTUM, adam ? 1 : 0.9);
      Parameter[] rest = {new Parameter(whole[0].detach().copy()), new Parameter(whole[1].detach().copy())};
      Optimizer two = make.apply(rest);
      two.load(saved(one, folder));
      steps(one, whole, 3);
      steps(two, rest, 3);
      for (int i = 0; i < 2; i++) assertArrayEquals(whole[i].toFloatArray(), rest[i].toFloatArray());
      assertEquals(one.stateDict().keySet(), two.stateDict().keySet());
    }
  }

  private static void refused(Optimizer optimizer, String says, Consumer<Map<String, Tensor>> spoil) {
    var state = new LinkedHashMap<>(optimizer.stateDict());
    state.put("param_groups.0.lr", Tensor.scalar(77, DType.f64));
    spoil.accept(state);
    String message = assertThrows(StateDictError.class, () -> optimizer.load(state)).getMessage();
    assertTrue(message.contains(says), message);
  }

  @Test
  void namesArePyTorchs() {
    Parameter[] p = parameters();
    var adam = new AdamW(List.of(p), 0.1);
    steps(adam, p, 1);
    assertTrue(adam.stateDict().keySet().containsAll(List.of("state.0.step", "state.0.exp_avg", "state.1.exp_avg_sq",
        "param_groups.0.weightDecay")),
        adam.stateDict().keySet().toString());
  }

  @Test
  void halvesHaveStatesOfF32() {
    for (DType type : List.of(DType.f16, DType.bf16)) {
      var p = new Parameter(Tensor.of(new float[] {1, 2}).to(type));
      var adam = new Adam(List.of(p), 0.1);
      adam.step(() -> p.mul(1e-4).sum());
      assertEquals(DType.f32, adam.stateDict().get("state.0.exp_avg_sq").getDtype());
      assertTrue(adam.stateDict().get("state.0.exp_avg_sq").toDoubleArray()[0] > 0); // f16 would have lost it
      assertEquals(type, p.getDtype());
      assertEquals(0.9, p.toDoubleArray()[0], 4e-3);
    }
  }

  @Test
  void aPlateauRemembers() {
    var whole = new Plateau(true, 0.5, 1, 1e-4, true, 1, 0);
    var half = new Plateau(true, 0.5, 1, 1e-4, true, 1, 0);
    double[] values = {1, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.5, 0.6};
    for (double v : values) whole.observe(v);
    for (int i = 0; i < 4; i++) half.observe(values[i]);
    var next = new Plateau(true, 0.5, 1, 1e-4, true, 1, 0);
    next.load(half.stateDict());
    for (int i = 4; i < values.length; i++) next.observe(values[i]);
    Moment at = new Moment(0, 1, 0, 1);
    assertEquals(0.25, whole.lr(1, at));
    assertEquals(whole.lr(1, at), next.lr(1, at));
    whole.stateDict().forEach((k, t) -> assertArrayEquals(t.toDoubleArray(), next.stateDict().get(k).toDoubleArray(),
        k));
    assertThrows(StateDictError.class, () -> next.load(Map.of("best", Tensor.zeros(1))));
  }
}
