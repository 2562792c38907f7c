package io.ktrain.nn;

import io.ktrain.tensor.Context;
import io.ktrain.tensor.CustomFunction;
import io.ktrain.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** What runs around a module's forward and as backward passes it. */
final class Hooks {
  /** A place of its own in the graph for a tensor, where a gradient can be caught on this side of the module alone. */
  private static final CustomFunction IDENTITY =
      CustomFunction.of("backwardHook", in -> in.getFirst(), (g, in, out) -> List.of(g));

  final List<Function<Tensor, @Nullable Tensor>> before = new ArrayList<>(0);
  final List<BiFunction<Tensor, Tensor, @Nullable Tensor>> after = new ArrayList<>(0);
  final List<BiFunction<Tensor, Tensor, @Nullable Tensor>> backward = new ArrayList<>(0);

  /** Adds {@code hook}; running the result takes it away again, also while hooks run. */
  static <H> Runnable add(List<H> hooks, H hook) {
    hooks.add(hook);
    return () -> hooks.removeIf(h -> h == hook);
  }

  Hooks copy() {
    var copy = new Hooks();
    copy.before.addAll(before);
    copy.after.addAll(after);
    copy.backward.addAll(backward);
    return copy;
  }

  Tensor call(UnaryOperator<Tensor> forward, Tensor x) {
    for (var hook : List.copyOf(before)) x = orElse(hook.apply(x), x);
    boolean watched = !backward.isEmpty() && Context.current().isGradEnabled();
    Tensor in = watched && x.getRequiresGrad() ? IDENTITY.apply(x) : x;
    Tensor y = forward.apply(in);
    for (var hook : List.copyOf(after)) y = orElse(hook.apply(in, y), y);
    return watched && y.getRequiresGrad() ? watching(in, IDENTITY.apply(y)) : y;
  }

  /** Catches the gradient at both ends of one call: the output's comes first. */
  private Tensor watching(Tensor in, Tensor out) {
    var ofOutput = new Tensor[1];
    boolean hasInput = in.getRequiresGrad();
    out.registerHook(g -> {
      ofOutput[0] = g;
      return hasInput ? g : passed(null, g, g);
    });
    if (hasInput) in.registerHook(g -> passed(g, ofOutput[0], g));
    return out;
  }

  private Tensor passed(@Nullable Tensor ofInput, @Nullable Tensor ofOutput, Tensor onward) {
    for (var hook : List.copyOf(backward)) {
      Tensor other = hook.apply(ofInput, ofOutput);
      if (other != null && ofInput != null) onward = ofInput = other;
    }
    return onward;
  }

  private static Tensor orElse(@Nullable Tensor other, Tensor value) {
    return other == null ? value : other;
  }
}
