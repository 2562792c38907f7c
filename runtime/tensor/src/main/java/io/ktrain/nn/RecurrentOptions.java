package io.ktrain.nn;

import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.ShapeError;

/**
 * How a recurrent layer is built.
 *
 * @param layers each takes the states of the one before as its input
 * @param batchFirst sequences are [batch, length, ...] instead of [length, batch, ...]
 * @param dropout of what goes from layer to layer, while training
 * @param bidirectional a second set of weights goes through each sequence from its end; states stand side by side
 */
public record RecurrentOptions(int inputSize, int hiddenSize, int layers, boolean bias, boolean batchFirst,
    double dropout, boolean bidirectional) {
  public RecurrentOptions {
    if (inputSize < 1 || hiddenSize < 1 || layers < 1)
      throw new ShapeError("recurrent layer: sizes must be positive, got inputSize " + inputSize + ", hiddenSize "
          + hiddenSize + " and " + layers + " layers.");
    if (!(dropout >= 0 && dropout <= 1)) throw new KtrainException("recurrent layer: dropout must lie in 0..1, got "
        + dropout + ".");
  }

  /** As PyTorch's: one layer with biases, length first, one direction. */
  public static RecurrentOptions of(int inputSize, int hiddenSize) {
    return new RecurrentOptions(inputSize, hiddenSize, 1, true, false, 0, false);
  }

  int directions() {
    return bidirectional ? 2 : 1;
  }
}
