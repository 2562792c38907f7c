package io.ktrain.optim;

import io.ktrain.nn.Parameter;
import io.ktrain.op.Dispatch;
import io.ktrain.op.Updates;
import io.ktrain.tensor.Context;
import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.Tensor;
import java.util.List;

/** Keeps gradients from exploding. */
public final class Clip {
  private Clip() {}

  /** As {@link #norm(List, double, double)}, by the 2-norm. */
  public static Tensor norm(List<Parameter> parameters, double max) {
    return norm(parameters, max, 2);
  }

  /**
   * Scales all gradients so that their common norm is at most {@code max} (Pascanu, Mikolov and Bengio, "On the
   * difficulty of training recurrent neural networks", 2013); gives the norm they had. torch.nn.utils.clip_grad_norm_.
   *
   * @param normType the p of the p-norm; infinity for the largest element
   */
  public static Tensor norm(List<Parameter> parameters, double max, double normType) {
    if (!(max > 0)) throw new KtrainException("clip: the largest norm must be positive, got " + max + ".");
    if (!(normType > 0))
      throw new KtrainException("clip: normType must be positive or infinity, got " + normType + ".");
    return Context.current().withGrad(false, () -> {
      Tensor[] grads = grads(parameters);
      if (grads.length == 0) return Tensor.zeros();
      Tensor total = total(grads, normType);
      Tensor factor = Tensor.constant(max).div(total.add(1e-6)).clamp(0, 1);
      Tensor[] operands = new Tensor[grads.length + 1];
      operands[0] = factor;
      System.arraycopy(grads, 0, operands, 1, grads.length);
      Dispatch.all(Updates.SCALE, null, operands);
      return total;
    });
  }

  private static Tensor total(Tensor[] grads, double p) {
    if (p == 2) return Dispatch.call(Updates.TOTAL_NORM, null, grads);
    boolean largest = Double.isInfinite(p);
    Tensor[] parts = new Tensor[grads.length];
    for (int i = 0; i < parts.length; i++) parts[i] = largest ? grads[i].abs().max() : grads[i].abs().pow(p).sum();
    Tensor all = Tensor.stack(List.of(parts), 0);
    return largest ? all.max() : all.sum().pow(1 / p);
  }

  /** Holds every element of every gradient between -max and max. torch.nn.utils.clip_grad_value_. */
  public static void value(List<Parameter> parameters, double max) {
    if (!(max > 0)) throw new KtrainException("clip: the largest value must be positive, got " + max + ".");
    Context.current().withGrad(false, () -> {
      for (Tensor g : grads(parameters)) g.copy_(g.clamp(-max, max));
      return null;
    });
  }

  /** Those that have elements: of none there is no largest. */
  private static Tensor[] grads(List<Parameter> parameters) {
    return parameters.stream().map(Parameter::borrowGrad).filter(g -> g != null && g.numel() > 0)
        .toArray(Tensor[]::new);
  }
}
