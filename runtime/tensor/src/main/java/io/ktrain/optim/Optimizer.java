package io.ktrain.optim;

import io.ktrain.nn.Parameter;
import io.ktrain.op.Dispatch;
import io.ktrain.op.Op;
import io.ktrain.tensor.Context;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Changes parameters by their gradients. The arithmetic is one operation over all tensors of a group; this only keeps its
 * state. State is f32, for f64 parameters f64. torch.optim.Optimizer.
 */
public abstract class Optimizer {
  private final List<ParamGroup> groups = new ArrayList<>();
  private final Map<HyperParameter, Double> defaults;
  private final Map<Parameter, State> states = new IdentityHashMap<>();

  /** What is remembered of one parameter: how often it was stepped, and tensors of its shape by PyTorch's names. */
  static final class State {
    long steps;
    /** NAdam's product of all momenta so far. */
    double momenta = 1;
    final Map<String, Tensor> tensors = new LinkedHashMap<>();

    boolean isLike(State o) {
      return steps == o.steps && momenta == o.momenta && tensors.keySet().equals(o.tensors.keySet());
    }
  }

  /** {@code defaults}: every hyper-parameter there is, with its value in groups that say nothing else. */
  Optimizer(List<ParamGroup> groups, Map<HyperParameter, Double> defaults) {
    this.defaults = new EnumMap<>(defaults);
    if (groups.isEmpty() || groups.stream().allMatch(g -> g.parameters().isEmpty()))
      throw new KtrainException(name() + ": got no parameters. Fix: model.parameters(); a layer must be declared with `by` to have any.");
    this.defaults.forEach((which, value) -> which.require(name(), value));
    groups.forEach(this::addParamGroup);
  }

  static double flag(boolean set) {
    return set ? 1 : 0;
  }

  /** Adds parameters to be stepped from now on, a layer that is no longer frozen, say. torch's add_param_group. */
  public final void addParamGroup(ParamGroup group) {
    Set<Parameter> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    seen.addAll(parameters());
    for (Parameter p : group.parameters())
      if (!seen.add(p))
        throw new KtrainException(name() + ": a parameter (" + p.describe() + ") is listed twice, so each step would change it twice."
            + " Fix: list shared parameters in one group only; model.parameters() names each once.");
    group.takeDefaults(name(), defaults);
    check(group);
    groups.add(group);
  }

  /** Refuses hyper-parameters that do not fit each other. */
  void check(ParamGroup group) {}

  public final List<ParamGroup> getGroups() {
    return Collections.unmodifiableList(groups);
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

  /** Whether a step needs the loss computed anew, so that it is {@link #step(Supplier)} or nothing. */
  public boolean needsClosure() {
    return false;
  }

  /**
   * One update, with gradients made here: drops those there are, computes {@code loss} and walks back from it, unless it
   * did so itself. Gives the loss before the update.
   */
  public Tensor step(Supplier<Tensor> loss) {
    Tensor value = evaluate(loss);
    step();
    return value;
  }

  /** The loss, with its gradients in the parameters. */
  final Tensor evaluate(Supplier<Tensor> loss) {
    return Context.current().withGrad(true, () -> {
      zeroGrad();
      Tensor value = loss.get();
      if (parameters().stream().allMatch(p -> p.borrowGrad() == null)) value.backward();
      return value;
    });
  }

  /** One update from the gradients there are; parameters without one stay as they are. */
  public void step() {
    Context.current().withGrad(false, () -> {
      for (ParamGroup g : groups) {
        // Parameters whose first gradient came at different steps differ in their corrections, so they go in calls of their own.
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
    return p == first || state(p).isLike(state(first)) && p.getDtype() == first.getDtype() && p.getDevice().equals(first.getDevice());
  }

  /** Changes parameters whose states are at the same place: at {@code state.steps}, counted from 1. */
  abstract void update(ParamGroup group, List<Parameter> parameters, State state);

  /** For messages. */
  abstract String name();

  final State state(Parameter p) {
    return states.computeIfAbsent(p, k -> new State());
  }

  final Map<Parameter, State> states() {
    return states;
  }

  /** Which state tensors there may be, by PyTorch's names. */
  abstract List<String> stateNames();

  /** What a state begins with. */
  double initial(String state, ParamGroup group) {
    return 0;
  }

  static double sign(ParamGroup group) {
    return group.is(HyperParameter.MAXIMIZE) ? -1 : 1;
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

  static DType stateType(Parameter p) {
    return p.getDtype() == DType.f64 ? DType.f64 : DType.f32;
  }

  /**
   * Everything a run needs to go on as if it had never stopped: {@code state.3.exp_avg} of the fourth parameter, under
   * PyTorch's names, and {@code param_groups.0.lr}. The tensors are the optimizer's own, not copies.
   */
  public Map<String, Tensor> stateDict() {
    return OptimizerState.of(this);
  }

  /** Takes up what {@link #stateDict} gave; nothing is changed unless all fits. */
  public void load(Map<String, Tensor> state) {
    OptimizerState.load(this, state);
  }
}
