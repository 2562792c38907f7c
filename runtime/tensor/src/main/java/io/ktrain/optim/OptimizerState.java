package io.ktrain.optim;

import io.ktrain.nn.Parameter;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.Device;
import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.StateDictError;
import io.ktrain.tensor.Tensor;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What an optimizer remembers, as named tensors and back. One that is read back is complete and has nothing besides, or
 * {@link #accept} throws all that is wrong with it.
 */
final class OptimizerState {
  private static final String STEPS = "step", INITIAL_LR = "initial_lr";
  private static final int SHOWN = 12;
  /** Stands for a state that the options ask for, but that no step has begun: they were changed, say. */
  private static final Shape NOT_BEGUN = Shape.of(0);

  private final Optimizer optimizer;
  private final Map<String, Tensor> from;
  private final Set<String> unread;
  private final List<String> wrong = new ArrayList<>();
  private final List<ParamGroup> groups = new ArrayList<>();
  private final List<Double> initialLrs = new ArrayList<>();

  /** Begins with the groups' values. */
  OptimizerState(Optimizer optimizer, Map<String, Tensor> from) {
    this.optimizer = optimizer;
    this.from = from;
    unread = new LinkedHashSet<>(from.keySet());
    for (int i = 0; i < optimizer.getGroups().size(); i++) {
      ParamGroup g = optimizer.getGroups().get(i);
      int before = wrong.size();
      var values = new EnumMap<HyperParameter, Double>(HyperParameter.class);
      for (HyperParameter which : g.values().keySet()) values.put(which, number("param_groups." + i + "." + which));
      double initialLr = number("param_groups." + i + "." + INITIAL_LR);
      initialLrs.add(initialLr);
      if (wrong.size() == before) {
        try {
          HyperParameter.LR.require(optimizer.name(), initialLr);
          g = optimizer.require(g, values);
        } catch (KtrainException e) {
          wrong.add("param_groups." + i + ": " + e.getMessage());
        }
      }
      groups.add(g);
    }
  }

  static Map<String, Tensor> of(FusedOptimizer optimizer) {
    var all = new LinkedHashMap<String, Tensor>();
    int i = 0;
    for (ParamGroup g : optimizer.getGroups())
      for (Parameter p : g.parameters()) {
        String key = "state." + i++ + ".";
        FusedOptimizer.State s = optimizer.states().get(p);
        if (s == null) continue;
        all.put(key + STEPS, Tensor.scalar(s.steps, DType.i64));
        s.numbers.forEach((name, n) -> all.put(key + name, number(n)));
        for (String name : optimizer.neededStates(g)) all.put(key + name, Tensor.zeros(NOT_BEGUN.toArray()));
        s.tensors.forEach((name, t) -> all.put(key + name, t));
      }
    groups(optimizer, all);
    return all;
  }

  static void groups(Optimizer optimizer, Map<String, Tensor> all) {
    for (int i = 0; i < optimizer.getGroups().size(); i++) {
      ParamGroup g = optimizer.getGroups().get(i);
      String key = "param_groups." + i + ".";
      g.values().forEach((which, value) -> all.put(key + which, number(value)));
      all.put(key + INITIAL_LR, number(g.initialLr()));
    }
  }

  static Tensor number(double value) {
    return Tensor.scalar(value, DType.f64);
  }

  static void load(FusedOptimizer optimizer, Map<String, Tensor> from) {
    var saved = new OptimizerState(optimizer, from);
    var states = new LinkedHashMap<Parameter, FusedOptimizer.State>();
    int i = 0;
    for (ParamGroup g : saved.groups)
      for (Parameter p : g.parameters()) {
        String key = "state." + i++ + ".";
        if (saved.hasAny(key)) states.put(p, saved.state(key, optimizer, g, p));
      }
    saved.accept();
    optimizer.states().clear();
    optimizer.states().putAll(states);
  }

  private FusedOptimizer.State state(String key, FusedOptimizer optimizer, ParamGroup g, Parameter p) {
    var s = new FusedOptimizer.State();
    s.steps = count(key + STEPS);
    for (String name : optimizer.numberNames()) s.numbers.put(name, number(key + name));
    for (String name : optimizer.stateNames()) {
      Tensor t = from.get(key + name);
      if (t == null && !optimizer.neededStates(g).contains(name)) continue;
      if (t != null && t.getShape().equals(NOT_BEGUN)) unread.remove(key + name);
      else s.tensors.put(name, tensor(key + name, p.getShape(), Optimizer.stateType(p), p.getDevice()));
    }
    return s;
  }

  boolean hasAny(String prefix) {
    return from.keySet().stream().anyMatch(key -> key.startsWith(prefix));
  }

  double number(String key) {
    Tensor t = read(key, Shape.of());
    double value = t == null ? Double.NaN : t.toDoubleArray()[0];
    if (t != null && !Double.isFinite(value)) wrong.add(key + " is " + value);
    return value;
  }

  /** How many steps there were: PyTorch's Adagrad has states before the first. */
  long count(String key) {
    double value = number(key);
    if (value < 0 || value != Math.rint(value)) wrong.add(key + " is " + value + ", expected a whole number from 0");
    return (long) value;
  }

  /** A copy of its own; null where it is missing. */
  Tensor tensor(String key, Shape shape, DType type, Device device) {
    Tensor t = read(key, shape);
    return t == null ? null : t.to(type).to(device).copy().keep();
  }

  private Tensor read(String key, Shape shape) {
    Tensor t = from.get(key);
    unread.remove(key);
    if (t == null) wrong.add("missing: " + key);
    else if (t.getShape().equals(shape) || shape.ndim() == 0 && t.numel() == 1) return t;
    else wrong.add(key + " is " + t.describe() + ", expected " + shape);
    return null;
  }

  /** Throws what was found wrong; sets the groups' values if nothing was. */
  void accept() {
    unread.forEach(key -> wrong.add("unexpected: " + key));
    if (!wrong.isEmpty())
      throw new StateDictError("load: the saved state is not this " + optimizer.name() + "'s:\n  "
          + String.join("\n  ", wrong.subList(0, Math.min(SHOWN, wrong.size())))
          + "\nFix: the optimizer the state was saved from, over the same parameters in the same groups.");
    for (int i = 0; i < groups.size(); i++)
      optimizer.getGroups().get(i).take(groups.get(i).values(), initialLrs.get(i));
  }
}
