package io.ktrain.op;

import io.ktrain.tensor.AutogradError;
import io.ktrain.tensor.Context;
import io.ktrain.tensor.CustomFunction;
import io.ktrain.tensor.FunctionContext;
import io.ktrain.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/** A user's own function as an operation outside the table. */
public final class Custom {
  private static final Op<Void> ONCE =
      new Op<>(OpBuilder.op("onceDifferentiable", "A gradient that has none of its own.").internal()
      .grads((call, g, needed) -> {
        throw new AutogradError(
            "backward: the gradient of a function marked onceDifferentiable cannot be differentiated again."
            + " Fix: make its backward of operations and leave the mark out.");
      }));

  private final CustomFunction.Forwards forward;
  private final Op<FunctionContext> op;

  public Custom(String name, CustomFunction.Forwards forward, CustomFunction.Backwards backward, boolean once) {
    this.forward = forward;
    op = new Op<>(OpBuilder.op(name, FunctionContext.class, "A function of the user's own.")
        .internal().grads((call, g, needed) -> {
      Context context = Context.current();
      call.attributes().returned(inputs(call), needed);
      List<Tensor> up = new ArrayList<>();
      for (int i = 0; i < g.length; i++) up.add(g[i] != null ? g[i] : Tensor.zerosLike(call.result(i)));
      List<Tensor> grads = context.withGrad(context.isGradEnabled() && !once, () -> backward.of(call.attributes(), up));
      check(name, call, grads);
      Tensor[] all = grads.toArray(Tensor[]::new);
      if (!once || !context.isGradEnabled()) return all;
      Tensor[] from = up.toArray(Tensor[]::new);
      for (int i = 0; i < all.length; i++) {
        if (all[i] == null) continue;
        all[i] = all[i].detach();
        Dispatch.record(ONCE, null, new Tensor[] {all[i]}, from);
      }
      return all;
    }));
  }

  private static void check(String name, Call<?> call, List<Tensor> grads) {
    if (grads.size() != call.inputs())
      throw new AutogradError(name + ": its backward gave " + grads.size() + " gradients for " + call.inputs()
          + " inputs. Fix: one an input, null for none.");
    for (int i = 0; i < call.inputs(); i++)
      if (grads.get(i) != null && !grads.get(i).getShape().equals(call.edge(i).getShape()))
        throw new AutogradError(name + ": its backward gave " + grads.get(i).describe() + " for input " + i
            + ", which is " + call.edge(i).describe() + ". Fix: the same shape.");
  }

  private static List<Tensor> inputs(Call<?> call) {
    Tensor[] in = new Tensor[call.inputs()];
    for (int i = 0; i < in.length; i++) in[i] = call.in(i);
    return Collections.unmodifiableList(Arrays.asList(in));
  }

  public List<Tensor> call(Tensor... in) {
    var context = new FunctionContext(op.name());
    List<Tensor> made = Context.current()
        .withGrad(false, () -> forward.of(context, Collections.unmodifiableList(Arrays.asList(in))));
    // Handles of their own: the function may give back an input, or a view of one.
    Tensor[] out = made.stream().map(Tensor::detach).toArray(Tensor[]::new);
    if (Dispatch.records(in)) {
      Tensor[] inGraph = out.clone();
      for (int i = 0; i < out.length; i++) if (context.isMarked(made.get(i))) inGraph[i] = out[i].detach();
      Dispatch.record(op, context, inGraph, in);
      for (int i = 0; i < out.length; i++) if (!context.isMarked(made.get(i))) out[i] = inGraph[i];
    }
    context.made(made, List.of(out));
    return List.of(out);
  }
}
