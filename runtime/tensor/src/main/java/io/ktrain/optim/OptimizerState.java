package io.ktrain.optim;

import io.ktrain.nn.Parameter;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.StateDictError;
import io.ktrain.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What an optimizer remembers, as named tensors and back. */
final class OptimizerState {
  private static final String STEPS = "step", MOMENTA = "mu_product", INITIAL_LR = "initial_lr";

  private OptimizerState() {}

  static Map<String, Tensor> of(FusedOptimizer optimizer) {
    var all = new LinkedHashMap<String, Tensor>();
    List<Parameter> parameters = optimizer.parameters();
    for (int i = 0; i < parameters.size(); i++) {
      FusedOptimizer.State s = optimizer.states().get(parameters.get(i));
      if (s == null) continue;
      String key = "state." + i + ".";
      all.put(key + STEPS, Tensor.scalar(s.steps, DType.i64));
      if (s.momenta != 1) all.put(key + MOMENTA, number(s.momenta));
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
    List<Parameter> parameters = optimizer.parameters();
    var states = new ArrayList<FusedOptimizer.State>();
    for (int i = 0; i < parameters.size(); i++) states.add(null);
    var wrong = new ArrayList<String>();
    from.forEach((key, t) -> {
      if (key.startsWith("param_groups.")) return;
      String[] parts = key.split("\\.", 3);
      boolean indexed = parts.length == 3 && parts[0].equals("state") && parts[1].matches("\\d{1,9}");
      int i = indexed ? Integer.parseInt(parts[1]) : -1;
      if (i < 0 || i >= parameters.size()) {
        wrong.add("unexpected: " + key);
        return;
      }
      FusedOptimizer.State s = states.get(i);
      if (s == null) states.set(i, s = new FusedOptimizer.State());
      Parameter p = parameters.get(i);
      if (parts[2].equals(STEPS) && t.numel() == 1) s.steps = (long) t.toDoubleArray()[0];
      else if (parts[2].equals(MOMENTA) && t.numel() == 1) s.momenta = t.toDoubleArray()[0];
      else if (!optimizer.stateNames().contains(parts[2])) wrong.add("unexpected: " + key);
      else if (!t.getShape().equals(p.getShape()))
        wrong.add(key + " is " + t.describe() + ", but its parameter " + p.describe());
      else s.tensors.put(parts[2], t.to(Optimizer.stateType(p)).to(p.getDevice()).copy().keep());
    });
    loadGroups(optimizer, from, wrong);
    for (int i = 0; i < states.size(); i++) {
      optimizer.states().remove(parameters.get(i));
      if (states.get(i) != null) optimizer.states().put(parameters.get(i), states.get(i));
    }
  }

  /** Reads the groups' values and throws what was found wrong so far; sets them only if nothing was. */
  static void loadGroups(Optimizer optimizer, Map<String, Tensor> from, List<String> wrong) {
    var sets = new ArrayList<Runnable>();
    int there = 0;
    for (int i = 0; i < optimizer.getGroups().size(); i++) {
      ParamGroup g = optimizer.getGroups().get(i);
      for (HyperParameter which : g.values().keySet()) {
        Tensor t = from.get("param_groups." + i + "." + which);
        if (t == null || t.numel() != 1) wrong.add("missing: param_groups." + i + "." + which);
        else sets.add(() -> g.set(which, t.toDoubleArray()[0]));
        there++;
      }
      Tensor lr = from.get("param_groups." + i + "." + INITIAL_LR);
      if (lr == null || lr.numel() != 1) wrong.add("missing: param_groups." + i + "." + INITIAL_LR);
      else sets.add(() -> g.setInitialLr(lr.toDoubleArray()[0]));
      there++;
    }
    long given = from.keySet().stream().filter(k -> k.startsWith("param_groups.")).count();
    if (given > there) wrong.add("unexpected: " + (given - there) + " more values of parameter groups");
    if (!wrong.isEmpty())
      throw new StateDictError("load: the saved state is not this " + optimizer.name() + "'s:\n  "
          + String.join("\n  ", wrong.subList(0, Math.min(12, wrong.size())))
          + "\nFix: the optimizer the state was saved from, over the same parameters in the same groups.");
    sets.forEach(Runnable::run);
  }
}
