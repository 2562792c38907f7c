package io.ktrain.optim;

import io.ktrain.nn.Parameter;
import io.ktrain.tensor.Check;
import io.ktrain.tensor.Context;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.StateDictError;
import io.ktrain.tensor.Tensor;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Scales the loss so that small f16 gradients do not vanish, leaves out steps whose gradients overflowed, and finds the
 * largest scale that does not overflow: torch.amp.GradScaler. Needless with bf16, which has f32's range.
 *
 * <pre>{@code
 * scaler.scale(loss).backward();
 * scaler.unscale(optimizer);        // only where gradients are looked at or clipped before the step
 * scaler.step(optimizer);
 * scaler.update();
 * }</pre>
 */
public final class GradScaler {
  private enum Stage { READY, UNSCALED, STEPPED }

  private static final class Progress {
    Stage stage = Stage.READY;
    boolean overflowed;
  }

  private final double growthFactor;
  private final double backoffFactor;
  private final int growthInterval;
  private final Map<Optimizer, Progress> optimizers = new IdentityHashMap<>();
  private double scale;
  private int growthTracker;

  /** PyTorch's settings: begins at 65536, doubles after 2000 steps without overflow, halves at one. */
  public GradScaler() {
    this(65536, 2, 0.5, 2000);
  }

  public GradScaler(double initScale, double growthFactor, double backoffFactor, int growthInterval) {
    if (!(initScale > 0) || !(growthFactor > 1) || !(backoffFactor > 0 && backoffFactor < 1) || growthInterval < 1)
      throw new KtrainException("GradScaler: expected initScale > 0, growthFactor > 1, backoffFactor in 0..1 and growthInterval >= 1, got "
          + initScale + ", " + growthFactor + ", " + backoffFactor + " and " + growthInterval + ".");
    this.scale = initScale;
    this.growthFactor = growthFactor;
    this.backoffFactor = backoffFactor;
    this.growthInterval = growthInterval;
  }

  /** What losses are multiplied by. */
  public double getScale() {
    return scale;
  }

  /** The loss as backward should begin from it. */
  public Tensor scale(Tensor loss) {
    return loss.to(DType.f32).mul(scale);
  }

  /** Divides the gradients by the scale, once before each step, so that they can be clipped or looked at. */
  public void unscale(Optimizer optimizer) {
    Progress progress = progress(optimizer);
    if (progress.stage != Stage.READY)
      throw new KtrainException("GradScaler: unscale was called twice for one step, or after it. Fix: update() after each step.");
    progress.overflowed = Context.current().withGrad(false, () -> divided(optimizer));
    progress.stage = Stage.UNSCALED;
  }

  /** Whether a gradient is not finite. */
  private boolean divided(Optimizer optimizer) {
    Tensor worst = null;
    for (Parameter p : optimizer.parameters()) {
      Tensor g = p.getGrad();
      if (g == null) continue;
      g.mul_(1 / scale);
      Tensor wrong = g.isFinite().logicalNot().any();
      worst = worst == null ? wrong : worst.logicalOr(wrong.to(worst.getDevice()));
    }
    return worst != null && !Check.active() && worst.item() != 0; // the only read of a device
  }

  /** {@code optimizer.step()}, unless a gradient is infinite or NaN; whether it was taken. Unscales first where that was not done. */
  public boolean step(Optimizer optimizer) {
    Progress progress = progress(optimizer);
    if (progress.stage == Stage.STEPPED) throw new KtrainException("GradScaler: step was called twice. Fix: update() after each step.");
    if (progress.stage == Stage.READY) unscale(optimizer);
    progress.stage = Stage.STEPPED;
    if (!progress.overflowed) optimizer.step();
    return !progress.overflowed;
  }

  /** After the optimizers' steps: a smaller scale after an overflow, a larger one after long without. */
  public void update() {
    if (optimizers.isEmpty()) throw new KtrainException("GradScaler: update without a step. Fix: step(optimizer) first.");
    if (optimizers.values().stream().anyMatch(p -> p.overflowed)) {
      scale *= backoffFactor;
      growthTracker = 0;
    } else if (++growthTracker == growthInterval) {
      double grown = scale * growthFactor;
      if (grown <= Float.MAX_VALUE) scale = grown;
      growthTracker = 0;
    }
    optimizers.clear();
  }

  private Progress progress(Optimizer optimizer) {
    return optimizers.computeIfAbsent(optimizer, o -> new Progress());
  }

  /** Its numbers, under PyTorch's names. */
  public Map<String, Double> stateDict() {
    var all = new TreeMap<String, Double>();
    all.put("scale", scale);
    all.put("_growth_tracker", (double) growthTracker);
    all.put("growth_factor", growthFactor);
    all.put("backoff_factor", backoffFactor);
    all.put("growth_interval", (double) growthInterval);
    return all;
  }

  /** Goes on from there; the factors and the interval must be its own. */
  public void loadStateDict(Map<String, Double> state) {
    Map<String, Double> own = stateDict();
    if (!state.keySet().equals(own.keySet()))
      throw new StateDictError("GradScaler: the state has " + new TreeSet<>(state.keySet()) + ", expected " + own.keySet() + ".");
    for (String name : new String[] {"growth_factor", "backoff_factor", "growth_interval"})
      if (!own.get(name).equals(state.get(name)))
        throw new StateDictError("GradScaler: " + name + " is " + state.get(name) + " in the state and " + own.get(name) + " here. Fix: make it with the same.");
    scale = state.get("scale");
    growthTracker = state.get("_growth_tracker").intValue();
  }
}
