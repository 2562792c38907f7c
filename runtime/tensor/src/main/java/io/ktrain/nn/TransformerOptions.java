package io.ktrain.nn;

import io.ktrain.tensor.Tensor;
import java.util.function.UnaryOperator;

/**
 * What all layers of a transformer have in common.
 *
 * @param dModel the width of every layer's input and output
 * @param heads of each attention
 * @param dimFeedforward the width between the two linear layers
 * @param dropout of attention's weights and of what each sublayer adds, while training
 * @param activation between the two linear layers
 * @param batchFirst [batch, length, dModel] instead of [length, batch, dModel]
 * @param normFirst normalizes what goes into each sublayer, instead of the sum after it
 */
public record TransformerOptions(int dModel, int heads, int dimFeedforward, double dropout,
    UnaryOperator<Tensor> activation,
    double layerNormEps, boolean batchFirst, boolean normFirst) {
  /** As PyTorch's: 2048 wide in between, dropout 0.1, relu, norms after the sums, length first. */
  public static TransformerOptions of(int dModel, int heads) {
    return new TransformerOptions(dModel, heads, 2048, 0.1, Tensor::relu, 1e-5, false, false);
  }

  MultiheadAttention attention() {
    return new MultiheadAttention(dModel, heads, dropout, true, false, false, dModel, dModel, batchFirst);
  }

  LayerNorm norm() {
    return new LayerNorm(layerNormEps, dModel);
  }
}
