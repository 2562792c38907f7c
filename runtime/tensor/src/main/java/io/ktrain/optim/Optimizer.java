package io.ktrain.optim;

import io.ktrain.nn.Parameter;
import io.ktrain.tensor.Check;
import io.ktrain.tensor.Context;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Changes parameters by their gradients. State is f32, for f64 parameters f64. torch.optim.Optimizer.
 */
public abstract class Optimizer {
  private final List<ParamGroup> groups = new ArrayList<>();
  private final Map<HyperParameter, Double> defaults;

  /** {@code defaults}: every hyper-parameter there is, with its value in groups that say nothing else. */
  Optimizer(List<ParamGroup> groups, Map<HyperParameter, Double> defaults) {
    this.defaults = new EnumMap<>(defaults);
    if (groups.isEmpty() || groups.stream().allMatch(g -> g.parameters().isEmpty()))
      throw new KtrainException(name()
          + ": got no parameters. Fix: model.parameters(); a layer must be declared with `by` to have any.");
    this.defaults.forEach((which, value) -> which.require(name(), value));
    admit(groups);
  }

  static double flag(boolean set) {
    return set ? 1 : 0;
  }

  /** Adds parameters to be stepped from now on, a layer that is no longer frozen, say. torch's add_param_group. */
  public void addParamGroup(ParamGroup group) {
    admit(List.of(group));
  }

  /** All or none, so that a group of those that are refused is free for another optimizer. */
  private void admit(List<ParamGroup> added) {
    Set<Parameter> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    seen.addAll(parameters());
    var values = new ArrayList<Map<HyperParameter, Double>>();
    for (ParamGroup group : added) {
      for (Parameter p : group.parameters())
        if (!seen.add(p))
          throw new KtrainException(name() + ": a parameter (" + p.describe()
              + ") is listed twice, so each step would change it twice."
              + " Fix: list shared parameters in one group only; model.parameters() names each once.");
      values.add(group.values(name(), defaults));
      require(group, values.getLast());
    }
    for (int i = 0; i < added.size(); i++) {
      added.get(i).take(values.get(i), values.get(i).get(HyperParameter.LR));
      groups.add(added.get(i));
    }
  }

  /** A group like this one with other values; refuses those that this optimizer cannot have. */
  final ParamGroup require(ParamGroup group, Map<HyperParameter, Double> values) {
    var other = new ParamGroup(group.parameters());
    values.forEach((which, value) -> {
      which.require(name(), value);
      other.set(which, value);
    });
    check(other);
    return other;
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
   * One update, with gradients made here: drops those there are, computes {@code loss} and walks back from it, unless
   * it did so itself. Gives the loss before the update.
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
  public abstract void step();

  /** Every step begins so: `ktrain check` is told what it would have changed. */
  final void stepping() {
    if (Check.active()) Check.current().stepped(parameters());
  }

  /** For messages. */
  abstract String name();

  static double sign(ParamGroup group) {
    return group.is(HyperParameter.MAXIMIZE) ? -1 : 1;
  }

  /** The type of the state of a parameter. */
  static DType stateType(Tensor parameter) {
    return parameter.getDtype() == DType.f64 ? DType.f64 : DType.f32;
  }

  /**
   * Everything a run needs to go on as if it had never stopped: {@code state.3.exp_avg} of the fourth parameter, under
   * PyTorch's names, and {@code param_groups.0.lr}. The tensors are the optimizer's own, not copies.
   */
  public abstract Map<String, Tensor> stateDict();

  /** Takes up what {@link #stateDict} gave; nothing is changed unless all fits. */
  public abstract void load(Map<String, Tensor> state);

  /** Its groups with their hyper-parameters; yes and no are 1 and 0. */
  @Override
  public final String toString() {
    var s = new StringBuilder(name()).append(" (");
    for (ParamGroup g : groups) {
      int n = g.parameters().size();
      s.append("\n  ").append(n).append(n == 1 ? " parameter:" : " parameters:");
      g.values().forEach((which, value) -> s.append(' ').append(which).append(' ').append(shortest(value)));
    }
    return s.append("\n)").toString();
  }

  private static String shortest(double v) {
    return v == Math.rint(v) && Math.abs(v) < 1e6 ? Long.toString((long) v) : Double.toString(v);
  }
}
