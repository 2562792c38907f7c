package io.ktrain.format;

import io.ktrain.tensor.Layout;
import io.ktrain.tensor.Shape;

/** A tensor as a pickle describes it, held against its storage's size; it has no elements yet. */
record TensorRecord(StorageRecord storage, Shape shape, Layout layout, boolean requiresGrad, boolean isParameter) {
  TensorRecord asParameter(boolean requiresGrad) {
    return new TensorRecord(storage, shape, layout, requiresGrad && storage.dtype().isFloating(), true);
  }
}
