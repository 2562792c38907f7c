package io.ktrain.op;

import io.ktrain.tensor.AutogradError;
import io.ktrain.tensor.Context;
import io.ktrain.tensor.CustomFunction;
import io.ktrain.tensor.Tensor;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/** A user's own function as an operation outside the table. */
public final class Custom {
  private final CustomFunction.Forward forward;
  private final Op<Void> op;

  public Custom(String name, CustomFunction.Forward forward, CustomFunction.Backward backward) {
    this.forward = forward;
    op = new Op<>(OpBuilder.op(name, "A function of the user's own.").internal().grads((call, g, needed) -> {
      List<Tensor> grads = backward.of(g[0], inputs(call), call.out(0));
      if (grads.size() != call.inputs())
        throw new AutogradError(name + ": its backward gave " + grads.size() + " gradients for " + call.inputs()
            + " inputs. Fix: one an input, null for none.");
      for (int i = 0; i < call.inputs(); i++)
        if (grads.get(i) != null && !grads.get(i).getShape().equals(call.edge(i).getShape()))
          throw new AutogradError(name + ": its backward gave " + grads.get(i).describe() + " for input " + i
              + ", which is " + call.edge(i).describe() + ". Fix: the same shape.");
      return grads.toArray(Tensor[]::new);
    }));
  }

  private static List<Tensor> inputs(Call<Void> call) {
    Tensor[] in = new Tensor[call.inputs()];
    for (int i = 0; i < in.length; i++) in[i] = call.in(i);
    return Collections.unmodifiableList(Arrays.asList(in));
  }

  public Tensor call(Tensor... in) {
    // A handle of its own: the function may give back an input, or a view of one.
    Tensor result = Context.current().withGrad(false, () -> forward.of(List.of(in))).detach();
    return Dispatch.recorded(op, null, result, in);
  }
}
