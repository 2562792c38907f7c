package io.ktrain.nn;

import io.ktrain.tensor.Context;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.Tensor;

/** State that is saved but not trained, whose size comes from the first input: registered at once and filled later. */
final class LazyBuffer extends Tensor {
  private boolean sized;

  LazyBuffer() {
    super(Tensor.shapeOnly(Shape.of(0), DType.f32, Context.current().device()));
  }

  boolean isSized() {
    return sized;
  }

  /** Gives it its values. */
  void fill(Tensor value) {
    become(value);
    sized = true;
  }
}
