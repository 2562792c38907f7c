package io.ktrain.nn;

import io.ktrain.op.Normalizations;
import io.ktrain.tensor.Context;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;

/**
 * Normalizes each channel (dim 1) by the batch's mean and variance while training, by their running averages in
 * evaluation, then scales and shifts it (Ioffe and Szegedy 2015). The running variance is the unbiased one, as PyTorch's.
 */
public abstract sealed class BatchNorm extends Module permits BatchNorm1d, BatchNorm2d {
  private final int channels;
  private final double eps;
  private double momentum;
  private final Parameter weight;
  private final Parameter bias;
  private final Tensor runningMean;
  private final Tensor runningVar;
  private final Tensor batches;

  BatchNorm(int channels, double eps, double momentum) {
    this.channels = channels;
    this.eps = eps;
    this.momentum = momentum;
    Shape s = Shape.of(channels);
    weight = register("weight", new Parameter(Tensor.ones(s, DType.f32)));
    bias = register("bias", new Parameter(Tensor.zeros(s, DType.f32)));
    runningMean = registerBuffer("running_mean", Tensor.zeros(s, DType.f32));
    runningVar = registerBuffer("running_var", Tensor.ones(s, DType.f32));
    batches = registerBuffer("num_batches_tracked", Tensor.zeros(Shape.SCALAR, DType.i64));
  }

  public final Parameter getWeight() {
    return weight;
  }

  public final Parameter getBias() {
    return bias;
  }

  abstract void requireShape(Tensor x);

  @Override
  public final Tensor forward(Tensor x) {
    requireShape(x);
    if (x.size(1) != channels)
      throw new ShapeError("batchNorm: input " + x.describe() + " has " + x.size(1) + " channels in dim 1, but this layer has " + channels + ". Fix: batchNorm(" + x.size(1) + ").");
    if (!isTraining()) return Normalizations.batchNormBy(x, runningMean, runningVar, weight, bias, eps);
    long n = x.numel() / Math.max(1, channels);
    if (n <= 1) throw new ShapeError("batchNorm: more than one value a channel is needed while training, got " + x.describe() + ". Fix: a larger batch, or eval().");
    Tensor[] y = Normalizations.batchNorm(x, weight, bias, eps);
    Context.current().withGrad(false, () -> {
      double part = Double.isNaN(momentum) ? 1.0 / (batches.itemLong() + 1) : momentum;
      runningMean.copy_(runningMean.mul(1 - part).add(y[1].mul(part)));
      runningVar.copy_(runningVar.mul(1 - part).add(y[2].mul(part * n / (n - 1))));
      return batches.add_(1);
    });
    return y[0];
  }

  /**
   * Measures the running averages of all batch norms of a model anew, as the plain means over the batches that {@code pass}
   * gives to the model, which is in training mode meanwhile: for weights that no batch has gone through, such as an
   * average's. torch.optim.swa_utils.update_bn.
   */
  public static void update(Module model, Runnable pass) {
    var norms = new LinkedHashMap<BatchNorm, Double>();
    var modes = new LinkedHashMap<Module, Boolean>();
    model.visit(m -> {
      modes.put(m, m.isTraining());
      if (m instanceof BatchNorm b) norms.put(b, b.momentum);
    });
    if (norms.isEmpty()) return;
    Context.current().withGrad(false, () -> {
      for (BatchNorm b : norms.keySet()) {
        b.runningMean.zero_();
        b.runningVar.fill_(1);
        b.batches.zero_();
        b.momentum = Double.NaN;
      }
      model.setTraining(true);
      try {
        pass.run();
      } finally {
        norms.forEach((b, before) -> b.momentum = before);
        modes.reversed().forEach(Module::setTraining); // parents first, since theirs goes for all below
      }
      return null;
    });
  }

  @Override
  public final List<Object> arguments() {
    return List.of(channels, eps, momentum);
  }

  @Override
  public final String extraRepr() {
    return channels + ", eps=" + LayerNorm.text(eps) + ", momentum=" + momentum + ", affine=True, track_running_stats=True";
  }
}
