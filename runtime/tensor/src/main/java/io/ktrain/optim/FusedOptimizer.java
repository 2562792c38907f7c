package io.ktrain.optim;

import io.ktrain.nn.Parameter;
import io.ktrain.op.Dispatch;
import io.ktrain.op.Op;
import io.ktrain.tensor.Context;
import io.ktrain.tensor.Tensor;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * An optimizer that changes each element by its own gradient and state: one operation of {@link io.ktrain.op.Updates}
 * goes over all tensors of a group at once. What is left to a subclass are the numbers of a step.
 */
abstract class FusedOptimizer extends Optimizer {
  private final Map<Parameter, State> states = new IdentityHashMap<>();

  /** What is remembered of one parameter: how often it was stepped, numbers and tensors of its shape. */
  static final class State {
    long steps;
    final Map<String, Double> numbers = new LinkedHashMap<>();
    final Map<String, Tensor> tensors = new LinkedHashMap<>();

    boolean isLike(State o) {
      return steps == o.steps && numbers.equals(o.numbers) && tensors.keySet().equals(o.tensors.keySet());
    }
  }

  FusedOptimizer(List<ParamGroup> groups, Map<HyperParameter, Double> defaults) {
    super(groups, defaults);
  }

  @Override
  public final void step() {
    stepping();
    Context.current().withGrad(false, () -> {
      for (ParamGroup g : getGroups()) {
        // Parameters whose first gradient came at different steps differ in their corrections, so they go in calls of
        // their own.
        List<Parameter> ready = new ArrayList<>();
        for (Parameter p : g.parameters()) if (p.borrowGrad() != null) ready.add(p);
        while (!ready.isEmpty()) {
          Parameter first = ready.getFirst();
          List<Parameter> together = new ArrayList<>(), later = new ArrayList<>();
          for (Parameter p : ready) (isSteppedWith(first, p) ? together : later).add(p);
          together.forEach(p -> state(p).steps++);
          update(g, together, state(first));
          for (Parameter p : together) if (p.hasStorage()) p.storage().written();
          ready = later;
        }
      }
      return null;
    });
  }

  private boolean isSteppedWith(Parameter first, Parameter p) {
    return p == first || state(p).isLike(state(first)) && p.getDtype() == first.getDtype()
        && p.getDevice().equals(first.getDevice());
  }

  /** Changes parameters whose states are at the same place: at {@code state.steps}, counted from 1. */
  abstract void update(ParamGroup group, List<Parameter> parameters, State state);

  final State state(Parameter p) {
    return states.computeIfAbsent(p, k -> new State());
  }

  final Map<Parameter, State> states() {
    return states;
  }

  /** Which state tensors there may be, by PyTorch's names. */
  abstract List<String> stateNames();

  /** Which of them a step needs in a group of these options. */
  List<String> neededStates(ParamGroup group) {
    return stateNames();
  }

  /** Which numbers are remembered beside the steps, by PyTorch's names. */
  List<String> numberNames() {
    return List.of();
  }

  /** What a state begins with. */
  double initial(String state, ParamGroup group) {
    return 0;
  }

  /** Runs an operation of {@link io.ktrain.op.Updates} over parameters, their gradients and the states named. */
  final void run(Op<double[]> op, ParamGroup group, List<Parameter> parameters, List<String> names, double... numbers) {
    int n = parameters.size();
    Tensor[] all = new Tensor[n * (2 + names.size())];
    for (int i = 0; i < n; i++) {
      Parameter p = parameters.get(i);
      all[i] = p;
      all[n + i] = p.borrowGrad().contiguous();
      for (int k = 0; k < names.size(); k++) all[(2 + k) * n + i] = tensor(names.get(k), group, p);
    }
    Dispatch.all(op, numbers, all);
  }

  private Tensor tensor(String name, ParamGroup group, Parameter p) {
    Map<String, Tensor> tensors = state(p).tensors;
    Tensor t = tensors.get(name);
    if (t != null && t.getDevice().equals(p.getDevice())) return t;
    if (t != null) {
      t = t.to(p.getDevice()); // the model was moved
    } else {
      double initial = initial(name, group);
      t = Tensor.zerosLike(p).to(stateType(p));
      if (initial != 0) t.fill_(initial);
    }
    tensors.put(name, t.keep());
    return t;
  }

  @Override
  public final Map<String, Tensor> stateDict() {
    return OptimizerState.of(this);
  }

  @Override
  public final void load(Map<String, Tensor> state) {
    OptimizerState.load(this, state);
  }
}
