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

  private final Custom custom;

  private CustomFunction(Custom custom) {
    this.custom = custom;
  }

  /** {@code name}: what messages and printed tensors call it. */
  public static CustomFunction of(String name, Forward forward, Backward backward) {
    return new CustomFunction(new Custom(name, forward, backward));
  }

  public Tensor apply(Tensor... inputs) {
    return custom.call(inputs);
  }
}
