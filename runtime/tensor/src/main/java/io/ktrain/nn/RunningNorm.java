package io.ktrain.nn;

import io.ktrain.op.Normalizations;
import io.ktrain.tensor.Context;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Normalizes by what it sees, and where asked to keeps running averages of the mean and variance of each channel (dim 1)
 * for evaluation. The running variance is the unbiased one, as PyTorch's. The channels may be {@link Parameter#LAZY}, as
 * PyTorch's LazyBatchNorm2d.
 */
public abstract sealed class RunningNorm extends Module permits BatchNorm, InstanceNorm {
  private final String word;
  final double eps;
  private Double momentum;
  private final boolean affine;
  private final boolean track;
  final Parameter weight;
  final Parameter bias;
  private final Tensor runningMean;
  private final Tensor runningVar;
  private final Tensor batches;
  private int channels;

  RunningNorm(String word, int channels, double eps, @Nullable Double momentum, boolean affine, boolean track) {
    boolean lazy = channels == Parameter.LAZY;
    if (channels < 0 && !lazy) throw new ShapeError(word + ": the number of channels must be positive, got " + channels + ".");
    this.word = word;
    this.channels = channels;
    this.eps = eps;
    this.momentum = momentum;
    this.affine = affine;
    this.track = track;
    Shape s = lazy ? Shape.SCALAR : Shape.of(channels);
    weight = !affine ? null : register("weight", lazy ? Parameter.lazy() : new Parameter(Tensor.ones(s, DType.f32)));
    bias = !affine ? null : register("bias", lazy ? Parameter.lazy() : new Parameter(Tensor.zeros(s, DType.f32)));
    runningMean = !track ? null : registerBuffer("running_mean", lazy ? new LazyBuffer() : Tensor.zeros(s, DType.f32));
    runningVar = !track ? null : registerBuffer("running_var", lazy ? new LazyBuffer() : Tensor.ones(s, DType.f32));
    batches = !track ? null : registerBuffer("num_batches_tracked", Tensor.zeros(Shape.SCALAR, DType.i64));
  }

  /** What channels are multiplied by; null where they are not. */
  public final Parameter getWeight() {
    return weight;
  }

  /** What is added to channels; null where nothing is. */
  public final Parameter getBias() {
    return bias;
  }

  /** Refuses what has other dims than the layer is for. */
  abstract void requireShape(Tensor x);

  /** x with a batch. */
  Tensor batched(Tensor x) {
    return x;
  }

  /** By the statistics of x itself. */
  abstract Tensor normalized(Tensor x);

  @Override
  public final Tensor forward(Tensor given) {
    requireShape(given);
    Tensor x = batched(given);
    requireChannels(x);
    boolean byInput = isTraining() || !track;
    Tensor y = byInput ? normalized(x) : Normalizations.batchNormBy(x, runningMean, runningVar, weight, bias, eps);
    return x == given ? y : y.squeeze(0);
  }

  private void requireChannels(Tensor x) {
    if (channels == Parameter.LAZY && (weight != null ? !weight.isSized() : runningMean instanceof LazyBuffer b && !b.isSized()))
      size(x.size(1));
    if (channels != x.size(1) && (affine || track))
      throw new ShapeError(word + ": input " + x.describe() + " has " + x.size(1)
          + " channels in dim 1, but this layer has " + channels + ". Fix: " + word + "(" + x.size(1) + ").");
  }

  private void size(int n) {
    Shape s = Shape.of(n);
    if (weight != null) weight.size(s, shape -> Tensor.ones(shape, DType.f32));
    if (bias != null) bias.size(s, shape -> Tensor.zeros(shape, DType.f32));
    if (runningMean instanceof LazyBuffer b) b.fill(Tensor.zeros(s, DType.f32));
    if (runningVar instanceof LazyBuffer b) b.fill(Tensor.ones(s, DType.f32));
    channels = n;
  }

  @Override
  void loaded() {
    if (channels != Parameter.LAZY) return;
    if (weight != null) channels = weight.size(0);
    else if (runningMean != null) channels = runningMean.size(0);
  }

  /** Whether running averages are kept now. */
  final boolean isTracking() {
    return track && isTraining();
  }

  /** Moves the running averages towards what was seen, by momentum or, without one, as the mean of all batches. */
  final void follow(Tensor mean, Tensor unbiasedVar) {
    if (!isTracking()) return;
    Context.current().withGrad(false, () -> {
      if (counts()) batches.add_(1);
      move(runningMean, mean);
      move(runningVar, unbiasedVar);
      return null;
    });
  }

  /** Begins the running averages anew, as the means of all batches from now on; running the result gives the momentum back. */
  final Runnable restarted() {
    Double before = momentum;
    if (track) {
      runningMean.zero_();
      runningVar.fill_(1);
      batches.zero_();
    }
    momentum = null;
    return () -> momentum = before;
  }

  /** Whether batches are counted, which a mean of them needs. */
  abstract boolean counts();

  private void move(Tensor average, Tensor seen) {
    if (momentum != null) average.copy_(average.mul(1 - momentum).add(seen.mul(momentum)));
    else if (counts()) average.add_(seen.sub(average).div(batches));
  }

  /** Null without a momentum, for which a bundle has no word. */
  @Override
  public final List<Object> arguments() {
    return Arrays.asList(channels, eps, momentum, affine, track);
  }

  @Override
  public final String extraRepr() {
    return Math.max(0, channels) + ", eps=" + Repr.number(eps) + ", momentum=" + Repr.number(momentum) + ", affine="
        + Repr.flag(affine) + ", track_running_stats=" + Repr.flag(track);
  }
}
