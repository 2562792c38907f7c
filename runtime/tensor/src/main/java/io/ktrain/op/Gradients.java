package io.ktrain.op;

import io.ktrain.autograd.Backward;
import io.ktrain.tensor.Context;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.Tensor;
import java.util.ArrayList;

/** Applies gradient rules. Sums over broadcast dims and converts types here, once, so that no rule has to. */
public final class Gradients {
  private Gradients() {}

  /** The gradients of a call's inputs; computed only where {@code needed}. */
  public static <A> Tensor[] of(Call<A> call, Tensor[] g, boolean[] needed) {
    Op<A> op = call.op();
    Tensor[] grads = new Tensor[needed.length];
    if (op.gradients != null) {
      Tensor[] all = op.gradients.of(call, g, needed);
      System.arraycopy(all, 0, grads, 0, Math.min(all.length, grads.length));
    } else {
      for (int i = 0; i < needed.length; i++) {
        if (!needed[i] || g[0] == null) continue;
        if (op.gradient != null) {
          if (i < op.gradient.length && op.gradient[i] != null) grads[i] = op.gradient[i].of(call, g[0]);
        } else {
          @SuppressWarnings("unchecked")
          Call<double[]> pointwise = (Call<double[]>) call;
          grads[i] = op.pointwise().gradient(pointwise, i, g[0]);
        }
      }
    }
    for (int i = 0; i < needed.length; i++) {
      if (!needed[i] || grads[i] == null) continue;
      Tensor input = call.edge(i);
      grads[i] = sumTo(grads[i], input.getShape());
      if (grads[i].getDtype() != input.getDtype()) grads[i] = grads[i].to(input.getDtype());
    }
    return grads;
  }

  /**
   * The gradients of an operation by its inputs, null where an input is, as its parts give them: what a gradient is
   * made of that is an operation of its own. Can be differentiated again where the caller's graph is being recorded.
   */
  static <A> Tensor[] throughParts(Op<A> op, A attributes, Tensor[] g, Tensor... in) {
    Context context = Context.current();
    boolean again = context.isGradEnabled();
    Tensor[] leaves = new Tensor[in.length];
    var inputs = new ArrayList<Tensor>();
    for (int i = 0; i < in.length; i++) {
      if (in[i] == null) continue;
      // A place of its own in the graph for each: two inputs may be one tensor, whose gradient is the sum of theirs.
      leaves[i] = again && in[i].getRequiresGrad()
          ? Dispatch.call(Shapes.EXPAND, new Shapes.To(in[i].getShape()), in[i]) : in[i].detach();
      if (!leaves[i].getRequiresGrad()) leaves[i].setRequiresGrad(true);
      inputs.add(leaves[i]);
    }
    var roots = new ArrayList<Tensor>();
    var seeds = new ArrayList<Tensor>();
    Tensor[] out = context.withGrad(true, () -> op.decomposed(new Call<>(op, attributes, leaves)));
    for (int i = 0; i < g.length; i++) {
      if (g[i] == null) continue;
      roots.add(out[i]);
      seeds.add(g[i]);
    }
    Tensor[] found = Backward.gradients(roots, seeds.toArray(Tensor[]::new), inputs, again, again);
    Tensor[] all = new Tensor[in.length];
    for (int i = 0, k = 0; i < in.length; i++) {
      if (in[i] == null) continue;
      all[i] = found[k] == null ? Tensor.zerosLike(in[i]) : found[k];
      k++;
    }
    return all;
  }

  /** Undoes broadcasting: sums over the dims in which {@code shape} was stretched. */
  static Tensor sumTo(Tensor g, Shape shape) {
    if (g.getShape().equals(shape)) return g;
    int extra = g.getNdim() - shape.ndim();
    int[] dims = new int[g.getNdim()];
    int n = 0;
    for (int d = 0; d < g.getNdim(); d++) if (d < extra || shape.get(d - extra) == 1 && g.size(d) != 1) dims[n++] = d;
    Tensor s = n == 0 ? g : g.sum(java.util.Arrays.copyOf(dims, n), true);
    // A rule may also give fewer dims than the input has, to be read as broadcast.
    return s.numel() == shape.numel() ? s.reshape(shape) : s.expand(shape);
  }
}
