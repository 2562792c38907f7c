package io.ktrain.nn;

import io.ktrain.tensor.Context;
import io.ktrain.tensor.StateDictError;
import io.ktrain.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A module's parameters and buffers by name; prints names and shapes, not values. */
final class StateDict extends LinkedHashMap<String, Tensor> {
  private static final long serialVersionUID = 1;
  private static final int SHOWN = 12;

  @Override
  public String toString() {
    int width = keySet().stream().mapToInt(String::length).max().orElse(0);
    var lines = new ArrayList<String>();
    forEach((name, t) -> lines.add(name + " ".repeat(width + 2 - name.length()) + t.describe()));
    return String.join("\n", lines);
  }

  /** Copies {@code state} into the model, if all of it fits. */
  static IncompatibleKeys load(Module model, Map<String, Tensor> state, boolean strict) {
    Map<String, Tensor> mine = model.stateDict();
    List<String> missing = mine.keySet().stream().filter(n -> !state.containsKey(n)).toList();
    List<String> unexpected = state.keySet().stream().filter(n -> !mine.containsKey(n)).toList();
    var wrong = new ArrayList<String>();
    mine.forEach((n, t) -> {
      if (strict && missing.contains(n)) wrong.add("missing: " + n);
      Tensor s = state.get(n);
      if (s != null && !isOpen(t) && !s.getShape().equals(t.getShape()))
        wrong.add(n + " is " + t.describe() + " here but " + s.describe() + " there");
    });
    if (strict) unexpected.forEach(n -> wrong.add("unexpected: " + n));
    if (!wrong.isEmpty()) throw unfit(model, wrong);
    Context.current().withGrad(false, () -> {
      mine.forEach((n, t) -> {
        if (!state.containsKey(n)) return;
        Tensor s = state.get(n).to(t.getDtype()).to(t.getDevice());
        if (!isOpen(t)) t.copy_(s);
        else if (t instanceof Parameter p) p.replace(s.copy());
        else ((LazyBuffer) t).fill(s.copy());
      });
      return null;
    });
    model.visit(Module::loaded);
    return new IncompatibleKeys(missing, unexpected);
  }

  /** Whether its size is still to come, so that it takes whatever comes. */
  static boolean isOpen(Tensor t) {
    return t instanceof Parameter p && !p.isSized() || t instanceof LazyBuffer b && !b.isSized();
  }

  private static StateDictError unfit(Module model, List<String> wrong) {
    int shown = Math.min(SHOWN, wrong.size());
    return new StateDictError("load: the saved state is not this " + model.typeName() + "'s:\n  "
        + String.join("\n  ", wrong.subList(0, shown))
        + (wrong.size() > shown ? "\n  ... and " + (wrong.size() - shown) + " more" : "")
        + "\nFix: build the model the state was saved from.");
  }
}
