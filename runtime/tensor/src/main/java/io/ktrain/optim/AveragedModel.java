package io.ktrain.optim;

import io.ktrain.nn.Module;
import io.ktrain.op.Dispatch;
import io.ktrain.op.Updates;
import io.ktrain.tensor.Context;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.StateDictError;
import io.ktrain.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Supplier;

/**
 * An average of a model's parameters over its training: of all that {@link #update} saw alike (Izmailov et al.,
 * "Averaging Weights Leads to Wider Optima and Better Generalization", 2018), or exponentially, so that the newest
 * count most (Polyak and Juditsky 1992). The model itself goes on training; {@link #with} puts the average in its place
 * for a while, {@link #apply} for good. Averages are f32, of f64 parameters f64. torch.optim.swa_utils.AveragedModel.
 */
public final class AveragedModel {
  private final Module model;
  private final double decay;
  private final boolean useBuffers;
  private final Map<String, Tensor> averages = new LinkedHashMap<>();
  private long updates;

  private AveragedModel(Module model, double decay, boolean useBuffers) {
    this.model = model;
    this.decay = decay;
    this.useBuffers = useBuffers;
  }

  /** The mean of all that is seen; {@code useBuffers}: average buffers of floating type as well. */
  public static AveragedModel mean(Module model, boolean useBuffers) {
    return new AveragedModel(model, Double.NaN, useBuffers);
  }

  /** {@code decay} of the average stays with each update; the first takes the model as it is. */
  public static AveragedModel exponential(Module model, double decay, boolean useBuffers) {
    if (!(decay >= 0 && decay < 1))
      throw new KtrainException("ema: decay must lie in 0 up to but not 1, got " + decay
          + ". Fix: 0.999 averages over about a thousand steps.");
    return new AveragedModel(model, decay, useBuffers);
  }

  /** How often the model was taken into the average. */
  public long updates() {
    return updates;
  }

  /** Takes the model as it is now into the average. */
  public void update() {
    double part = updates == 0 ? 1 : Double.isNaN(decay) ? 1.0 / (updates + 1) : 1 - decay;
    Context.current().withGrad(false, () -> {
      Map<String, Tensor> now = averaged();
      for (DType type : now.values().stream().map(Tensor::getDtype).distinct().toList()) {
        var operands = new ArrayList<Tensor>();
        var values = new ArrayList<Tensor>();
        now.forEach((name, t) -> {
          if (t.getDtype() != type) return;
          operands.add(average(name, t));
          values.add(t.contiguous());
        });
        operands.addAll(values);
        if (part < 1) Dispatch.all(Updates.AVERAGE, new double[] {part}, operands.toArray(Tensor[]::new));
        else for (int i = 0; i < values.size(); i++) operands.get(i).copy_(values.get(i));
      }
      return null;
    });
    updates++;
  }

  private Tensor average(String name, Tensor like) {
    Tensor average = averages.get(name);
    boolean moved = average != null && !average.getDevice().equals(like.getDevice());
    if (average == null) average = Tensor.zerosLike(like).to(Optimizer.stateType(like)).keep();
    else if (moved) average = average.to(like.getDevice()).keep();
    averages.put(name, average);
    return average;
  }

  private Map<String, Tensor> averaged() {
    var all = new LinkedHashMap<String, Tensor>(model.namedParameters());
    if (useBuffers) model.namedBuffers().forEach((name, t) -> { if (t.getDtype().isFloating()) all.put(name, t); });
    return all;
  }

  /** Runs {@code body} with the average in the model, then puts the model's own values back. */
  public <T> T with(Supplier<T> body) {
    requireSome();
    Map<String, Tensor> own = new LinkedHashMap<>();
    averaged().forEach((name, t) -> own.put(name, t.detach().copy()));
    apply();
    try {
      return body.get();
    } finally {
      fill((name, t) -> own.get(name).to(t.getDevice())); // the body may have moved the model
    }
  }

  /**
   * Leaves the average in the model. Its batch norms then need {@link io.ktrain.nn.BatchNorm#update}, unless buffers
   * were averaged.
   */
  public void apply() {
    requireSome();
    fill(this::average);
  }

  private void fill(BiFunction<String, Tensor, Tensor> values) {
    Context.current().withGrad(false, () -> {
      averaged().forEach((name, t) -> t.copy_(values.apply(name, t)));
      return null;
    });
  }

  private void requireSome() {
    if (updates == 0)
      throw new KtrainException("average: there is none yet. Fix: update() after each optimizer step, or after an epoch.");
  }

  /**
   * The averages as {@code module.fc.weight} and how many they are of, as PyTorch's; the tensors are its own, not
   * copies.
   */
  public Map<String, Tensor> stateDict() {
    var all = new LinkedHashMap<String, Tensor>();
    all.put("n_averaged", Tensor.scalar(updates, DType.i64));
    averages.forEach((name, t) -> all.put("module." + name, t));
    return all;
  }

  /** Takes up what {@link #stateDict} gave; nothing is changed unless all fits. */
  public void load(Map<String, Tensor> state) {
    Map<String, Tensor> mine = averaged();
    List<String> wrong = new ArrayList<>();
    Tensor count = state.get("n_averaged");
    if (count == null || count.numel() != 1) wrong.add("missing: n_averaged");
    boolean some = count != null && count.numel() == 1 && count.toDoubleArray()[0] > 0;
    if (some)
      mine.forEach((name, t) -> {
        Tensor s = state.get("module." + name);
        if (s == null) wrong.add("missing: module." + name);
        else if (!s.getShape().equals(t.getShape()))
          wrong.add("module." + name + " is " + t.describe() + " here but " + s.describe() + " there");
      });
    if (!wrong.isEmpty())
      throw new StateDictError("load: the saved state is not an average of this model:\n  " + String.join("\n  ", wrong)
          + "\nFix: build the model the state was saved from.");
    updates = (long) count.toDoubleArray()[0];
    averages.clear();
    Context.current().withGrad(false, () -> {
      if (some) mine.forEach((name, t) -> average(name, t).copy_(state.get("module." + name)));
      return null;
    });
  }
}
