package io.ktrain.optim;

import io.ktrain.nn.Parameter;
import io.ktrain.op.Dispatch;
import io.ktrain.op.Updates;
import io.ktrain.tensor.Context;
import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.Tensor;
import java.util.List;
import java.util.Objects;

/** Keeps gradients from exploding. */
public final class Clip {
  private Clip() {}

  /** Scales all gradients so that their common 2-norm is at most {@code max}; gives the norm they had. */
  public static Tensor norm(List<Parameter> parameters, double max) {
    if (!(max > 0)) throw new KtrainException("clip: the largest norm must be positive, got " + max + ".");
    return Context.current().withGrad(false, () -> {
      Tensor[] grads = grads(parameters);
      if (grads.length == 0) return Tensor.zeros();
      Tensor total = Dispatch.call(Updates.TOTAL_NORM, null, grads);
      Tensor factor = Tensor.constant(max).div(total.add(1e-6)).clamp(0, 1);
      Tensor[] operands = new Tensor[grads.length + 1];
      operands[0] = factor;
      System.arraycopy(grads, 0, operands, 1, grads.length);
      Dispatch.all(Updates.SCALE, null, operands);
      return total;
    });
  }

  /** Holds every element of every gradient between -max and max. */
  public static void value(List<Parameter> parameters, double max) {
    if (!(max > 0)) throw new KtrainException("clip: the largest value must be positive, got " + max + ".");
    Context.current().withGrad(false, () -> {
      for (Tensor g : grads(parameters)) g.copy_(g.clamp(-max, max));
      return null;
    });
  }

  private static Tensor[] grads(List<Parameter> parameters) {
    return parameters.stream().map(Parameter::borrowGrad).filter(Objects::nonNull).toArray(Tensor[]::new);
  }
}
