package io.ktrain.dsl

import io.ktrain.tensor.Context
import io.ktrain.tensor.PrintOptions

/**
 * How tensors print from here on, as torch.set_printoptions; what is not given is PyTorch's default.
 *
 * @param precision digits after the point
 * @param threshold above how many elements the middle is left out
 * @param edgeItems how many stay at each end then
 * @param lineWidth columns of a line
 * @param sciMode scientific notation or not; null: as the values ask for
 */
public fun setPrintOptions(
  precision: Int = 4,
  threshold: Int = 1000,
  edgeItems: Int = 3,
  lineWidth: Int = 80,
  sciMode: Boolean? = null,
) {
  Context.current().setPrintOptions(PrintOptions(precision, threshold, edgeItems, lineWidth, sciMode))
}
