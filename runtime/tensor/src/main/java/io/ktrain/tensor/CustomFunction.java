package io.ktrain.tensor;

import io.ktrain.op.Custom;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A function with a gradient of its own instead of the one that follows from its operations: torch.autograd.Function.
 *
 * <pre>{@code
 * var clip = CustomFunction.of("clip", in -> in.get(0).clamp(-1, 1), (g, in, out) -> List.of(g));   // straight through
 * Tensor y = clip.apply(x);
 * }</pre>
 */
public final class CustomFunction {
  /** Computes the result of the inputs; what it does on the way is not recorded. */
  @FunctionalInterface
  public interface Forward {
    Tensor of(List<Tensor> inputs);
  }

  /**
   * From the gradient of the result, those of the inputs, in order and of their shapes; null for none. Made of
   * operations, so that it can be differentiated again.
   */
  @FunctionalInterface
  public interface Backward {
    List<@Nullable Tensor> of(Tensor gradient, List<Tensor> inputs, Tensor result);
  }

  /** Computes the results; {@code context} takes to backward what it will need. */
  @FunctionalInterface
  public interface Forwards {
    List<Tensor> of(FunctionContext context, List<Tensor> inputs);
  }

  /** As {@link Backward}, from one gradient a result: zeros where none came. */
  @FunctionalInterface
  public interface Backwards {
    List<@Nullable Tensor> of(FunctionContext context, List<Tensor> gradients);
  }

  private final String name;
  private final Forwards forward;
  private final Backwards backward;
  private final Custom custom;

  private CustomFunction(String name, Forwards forward, Backwards backward, boolean once) {
    this.name = name;
    this.forward = forward;
    this.backward = backward;
    custom = new Custom(name, forward, backward, once);
  }

  /** Of one result. {@code name}: what messages and printed tensors call it. */
  public static CustomFunction of(String name, Forward forward, Backward backward) {
    return new CustomFunction(name, (context, inputs) -> {
      Tensor result = forward.of(inputs);
      context.saveForBackward(result);
      return List.of(result);
    }, (context, gradients) -> backward.of(gradients.getFirst(), context.inputs(), context.savedTensors().getFirst()), false);
  }

  /** Of any number of results, which hands on to backward what it saves. */
  public static CustomFunction of(String name, Forwards forward, Backwards backward) {
    return new CustomFunction(name, forward, backward, false);
  }

  /** The same function, whose backward is not made of operations: differentiating it again is an error, not a wrong number. */
  public CustomFunction onceDifferentiable() {
    return new CustomFunction(name, forward, backward, true);
  }

  /** The only result, or the first. */
  public Tensor apply(Tensor... inputs) {
    return custom.call(inputs).getFirst();
  }

  /** All results. */
  public List<Tensor> applyAll(Tensor... inputs) {
    return custom.call(inputs);
  }
}
