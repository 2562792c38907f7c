package io.ktrain.nn;

import io.ktrain.op.Normalizations;
import io.ktrain.tensor.Context;
import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Normalizes each channel (dim 1) by the batch's mean and variance while training, by their running averages in
 * evaluation, then scales and shifts it (Ioffe and Szegedy 2015).
 */
public abstract sealed class BatchNorm extends RunningNorm permits BatchNorm1d, BatchNorm2d, BatchNorm3d {
  BatchNorm(int channels, double eps, @Nullable Double momentum, boolean affine, boolean track) {
    super("batchNorm", channels, eps, momentum, affine, track);
  }

  @Override
  final Tensor normalized(Tensor x) {
    long n = x.numel() / Math.max(1, x.size(1));
    if (n <= 1 && isTraining())
      throw new ShapeError("batchNorm: more than one value a channel is needed while training, got " + x.describe()
          + ". Fix: a larger batch, or eval().");
    Tensor[] y = Normalizations.batchNorm(x, weight, bias, eps);
    follow(y[1].detach(), y[2].detach().mul((double) n / Math.max(1, n - 1)));
    return y[0];
  }

  @Override
  final boolean counts() {
    return true;
  }

  /**
   * Measures the running averages of all batch norms of a model anew, as the plain means over the batches that {@code pass}
   * gives to the model, which is in training mode meanwhile: for weights that no batch has gone through, such as an
   * average's. torch.optim.swa_utils.update_bn.
   */
  public static void update(Module model, Runnable pass) {
    var norms = new ArrayList<BatchNorm>();
    var modes = new LinkedHashMap<Module, Boolean>();
    model.visit(m -> {
      modes.put(m, m.isTraining());
      if (m instanceof BatchNorm b) norms.add(b);
    });
    if (norms.isEmpty()) return;
    Context.current().withGrad(false, () -> {
      List<Runnable> undone = norms.stream().map(RunningNorm::restarted).toList();
      model.setTraining(true);
      try {
        pass.run();
      } finally {
        undone.forEach(Runnable::run);
        modes.reversed().forEach(Module::setTraining); // parents first, since theirs goes for all below
      }
      return null;
    });
  }
}
