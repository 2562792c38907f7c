package io.ktrain.tensor;

import io.ktrain.autograd.Anomaly;
import io.ktrain.autograd.Backward;
import io.ktrain.op.Autocast;
import io.ktrain.op.Checkpoint;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Modes of recording, and gradients asked for by hand: torch.autograd, torch.utils.checkpoint and torch.autocast. */
public final class Autograd {
  private Autograd() {}

  // ---- modes

  /** Whether operations are recorded for backward on this thread. */
  public static boolean isGradEnabled() {
    return Context.current().isGradEnabled();
  }

  /** Nothing is recorded for backward while {@code body} runs. */
  public static <T> T noGrad(Supplier<T> body) {
    return setGradEnabled(false, body);
  }

  /** Records again, inside a {@link #noGrad}. */
  public static <T> T enableGrad(Supplier<T> body) {
    return setGradEnabled(true, body);
  }

  /** Records while {@code body} runs, or does not. */
  public static <T> T setGradEnabled(boolean on, Supplier<T> body) {
    return Context.current().withGrad(on, body);
  }

  /** As {@link #noGrad}, and {@link #enableGrad} inside changes nothing. The results are ordinary tensors. */
  public static <T> T inferenceMode(Supplier<T> body) {
    return Context.current().withInference(body);
  }

  /**
   * Products and convolutions compute in {@code dtype} (bf16 or f16), what would lose by it in f32: each operation as the
   * op table says. Weights stay f32 and get f32 gradients. Call backward outside.
   */
  public static <T> T autocast(DType dtype, Supplier<T> body) {
    return Context.current().withAutocast(new Autocast(dtype), body);
  }

  /** Types as they are given, inside an {@link #autocast(DType, Supplier)}. */
  public static <T> T noAutocast(Supplier<T> body) {
    return Context.current().withAutocast(null, body);
  }

  /**
   * Throws as soon as backward makes a gradient that is NaN or infinite, and says which operation, in which layer and at
   * which line, was called in forward. Forward and backward belong inside. Slow: for looking for faults.
   */
  public static <T> T detectAnomaly(Supplier<T> body) {
    return detectAnomaly(false, body);
  }

  /** As above; with {@code forward} it throws as soon as an operation gives NaN, too. */
  public static <T> T detectAnomaly(boolean forward, Supplier<T> body) {
    return Context.current().withAnomaly(new Anomaly(forward), body);
  }

  // ---- memory for time

  /**
   * What {@code body} makes of {@code inputs}. What it computes on the way is not kept: backward computes it again, with
   * the same random numbers. What {@code body} changes besides (the averages of batch norm, a counter) changes twice.
   */
  public static List<Tensor> checkpoint(Function<List<Tensor>, List<Tensor>> body, Tensor... inputs) {
    return Checkpoint.run(body, inputs);
  }

  /** As above, of one input and one result. */
  public static Tensor checkpoint(UnaryOperator<Tensor> body, Tensor input) {
    return Checkpoint.run(in -> List.of(body.apply(in.getFirst())), input).getFirst();
  }

  // ---- gradients

  /** The gradients of one value by {@code inputs}, without touching any {@code grad}: torch.autograd.grad. */
  public static List<Tensor> grad(Tensor output, List<Tensor> inputs) {
    return grad(List.of(output), inputs, null, false, false);
  }

  /**
   * The gradients of {@code outputs} by {@code inputs}, summed over the outputs. {@code gradOutputs}: one of the shape of
   * each output; null, or null in it, for outputs of a single value. With {@code createGraph} the result can be
   * differentiated again. An input that no output depends on is an error, or with {@code allowUnused} gives null.
   */
  public static List<@Nullable Tensor> grad(List<Tensor> outputs, List<Tensor> inputs, @Nullable List<@Nullable Tensor> gradOutputs,
      boolean createGraph, boolean allowUnused) {
    if (gradOutputs != null && gradOutputs.size() != outputs.size())
      throw new AutogradError("grad: got " + gradOutputs.size() + " gradients for " + outputs.size() + " outputs. Fix: one an output.");
    for (int i = 0; i < inputs.size(); i++)
      if (!inputs.get(i).getRequiresGrad())
        throw new AutogradError("grad: input " + i + ", " + inputs.get(i).describe() + ", does not require grad. Fix: set requiresGrad before computing with it.");
    Tensor[] seeds = gradOutputs == null ? new Tensor[0] : gradOutputs.toArray(Tensor[]::new);
    Tensor[] grads = Backward.gradients(outputs, seeds, inputs, createGraph, createGraph);
    for (int i = 0; i < grads.length && !allowUnused; i++)
      if (grads[i] == null)
        throw new AutogradError("grad: no output depends on input " + i + ", " + inputs.get(i).describe() + ". Fix: allowUnused = true gives null for it.");
    return Arrays.asList(grads);
  }
}
