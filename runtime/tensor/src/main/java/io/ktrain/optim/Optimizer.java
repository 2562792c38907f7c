package io.ktrain.optim;

import io.ktrain.nn.Parameter;
import io.ktrain.tensor.Check;
import io.ktrain.tensor.Context;
import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Changes parameters by their gradients. The arithmetic is one operation over all tensors of a group; this only keeps its state. */
public abstract class Optimizer {
  private final List<ParamGroup> groups;
  private final Map<Parameter, State> states = new IdentityHashMap<>();

  /** What is remembered of one parameter: how often it was stepped, and tensors of its shape. */
  static final class State {
    long steps;
    Tensor[] tensors = {};
  }

  Optimizer(List<ParamGroup> groups, double lr) {
    if (groups.isEmpty() || groups.stream().allMatch(g -> g.parameters().isEmpty()))
      throw new KtrainException(name() + ": got no parameters. Fix: model.parameters(); a layer must be declared with `by` to have any.");
    if (!(lr >= 0)) throw new KtrainException(name() + ": lr must be at least 0, got " + lr + ".");
    Set<Parameter> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    for (ParamGroup g : groups)
      for (Parameter p : g.parameters())
        if (!seen.add(p))
          throw new KtrainException(name() + ": a parameter (" + p.describe() + ") is listed twice, so each step would change it twice."
              + " Fix: list shared parameters in one group only; model.parameters() names each once.");
    this.groups = List.copyOf(groups);
    this.groups.forEach(g -> g.orElse(lr));
  }

  static void require(String optimizer, String what, double value, double low, double high) {
    if (!(value >= low && value <= high)) throw new KtrainException(optimizer + ": " + what + " must lie in " + low + ".." + high + ", got " + value + ".");
  }

  public final List<ParamGroup> getGroups() {
    return groups;
  }

  /** The first group's learning rate now. */
  public final double getLr() {
    return groups.getFirst().getLr();
  }

  /** All parameters of all groups. */
  public final List<Parameter> parameters() {
    var all = new ArrayList<Parameter>();
    groups.forEach(g -> all.addAll(g.parameters()));
    return all;
  }

  /** Drops the gradients; their memory is used again at once unless somebody else reads it. */
  public final void zeroGrad() {
    for (ParamGroup g : groups) for (Parameter p : g.parameters()) if (p.borrowGrad() != null) p.setGrad(null);
  }

  /** One update from the gradients there are; parameters without one stay as they are. */
  public final void step() {
    if (Check.active()) Check.current().stepped(parameters());
    Context.current().withGrad(false, () -> {
      for (ParamGroup g : groups) {
        // Parameters whose first gradient came at different steps differ in their corrections, so they go in calls of their own.
        List<Parameter> ready = new ArrayList<>();
        for (Parameter p : g.parameters()) if (p.borrowGrad() != null) ready.add(p);
        while (!ready.isEmpty()) {
          long steps = state(ready.getFirst()).steps;
          List<Parameter> together = new ArrayList<>(), later = new ArrayList<>();
          for (Parameter p : ready) (state(p).steps == steps && p.getDtype() == ready.getFirst().getDtype() && p.getDevice().equals(ready.getFirst().getDevice()) ? together : later).add(p);
          together.forEach(p -> state(p).steps++);
          update(g, together, steps + 1);
          for (Parameter p : together) if (p.hasStorage()) p.storage().written();
          ready = later;
        }
      }
      return null;
    });
  }

  /** Changes parameters that are all at the same step, counted from 1. */
  abstract void update(ParamGroup group, List<Parameter> parameters, long step);

  /** For messages. */
  abstract String name();

  final State state(Parameter p) {
    return states.computeIfAbsent(p, k -> new State());
  }

  /** Parameters, gradients and {@code count} states each, as the operations want them; states start as zeros. */
  final Tensor[] operands(List<Parameter> parameters, int count) {
    int n = parameters.size();
    Tensor[] all = new Tensor[n * (2 + count)];
    for (int i = 0; i < n; i++) {
      Parameter p = parameters.get(i);
      State s = state(p);
      if (s.tensors.length < count) {
        s.tensors = new Tensor[count];
        for (int k = 0; k < count; k++) s.tensors[k] = Tensor.zerosLike(p).keep();
      }
      for (int k = 0; k < count; k++)
        if (!s.tensors[k].getDevice().equals(p.getDevice())) s.tensors[k] = s.tensors[k].to(p.getDevice()).keep(); // the model was moved
      all[i] = p;
      all[n + i] = p.borrowGrad();
      for (int k = 0; k < count; k++) all[(2 + k) * n + i] = s.tensors[k];
    }
    return all;
  }
}
