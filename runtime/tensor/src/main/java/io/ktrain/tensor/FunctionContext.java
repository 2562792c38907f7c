package io.ktrain.tensor;

import java.util.ArrayList;
import java.util.List;

/** What one call of a {@link CustomFunction} hands from its forward to its backward: PyTorch's {@code ctx}. */
public final class FunctionContext {
  private final String function;
  private final List<Tensor> unmarked = new ArrayList<>();
  private List<Tensor> saved = List.of();
  private int[] versions = {};
  private List<Tensor> inputs = List.of();
  private boolean[] needed = {};

  /** Library code: {@code function} is what messages call it. */
  public FunctionContext(String function) {
    this.function = function;
  }

  /**
   * Keeps tensors for backward: inputs, outputs or what was computed on the way. Inputs and outputs keep their place in
   * the graph, so that backward can be differentiated by them.
   */
  public void saveForBackward(Tensor... tensors) {
    saved = List.of(tensors);
    versions = saved.stream().mapToInt(Tensor::version).toArray();
  }

  /** What {@link #saveForBackward} kept; throws AutogradError if one was written in place since. */
  public List<Tensor> savedTensors() {
    for (int i = 0; i < versions.length; i++)
      if (saved.get(i).version() != versions[i])
        throw new AutogradError("backward: " + function + " saved " + saved.get(i).describe() + ", which has since been modified by an"
            + " in-place operation (version " + saved.get(i).version() + ", expected " + versions[i]
            + "). Fix: use the operation without _ or copy() first.");
    return saved;
  }

  /** The outputs among these get no gradient. */
  public void markNonDifferentiable(Tensor... outputs) {
    unmarked.addAll(List.of(outputs));
  }

  /** In backward: the inputs; they may not have been written in place since. */
  public List<Tensor> inputs() {
    return inputs;
  }

  /** In backward: whether anybody asks for the gradient of input {@code i}. */
  public boolean needsInputGrad(int i) {
    return needed[i];
  }

  /** Library code. */
  public boolean isMarked(Tensor output) {
    for (Tensor t : unmarked) if (t == output) return true;
    return false;
  }

  /** Library code: what was saved of the results is from here on what the caller got. */
  public void made(List<Tensor> before, List<Tensor> after) {
    saved = saved.stream().map(t -> {
      for (int i = 0; i < before.size(); i++) if (before.get(i) == t) return after.get(i);
      return t;
    }).toList();
  }

  /** Library code: backward begins. */
  public void returned(List<Tensor> inputs, boolean[] needed) {
    this.inputs = inputs;
    this.needed = needed.clone();
  }
}
