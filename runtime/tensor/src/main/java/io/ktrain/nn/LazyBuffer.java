package io.ktrain.nn;

import io.ktrain.tensor.Context;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.Tensor;

/** State that is saved but not trained, whose size comes from the first input: registered at once and filled later. */
final class LazyBuffer extends Tensor {
  private boolean sized;

  LazyBuffer() {
    this(DType.f32);
  }

  private LazyBuffer(DType dtype) {
    super(Tensor.shapeOnly(Shape.of(0), dtype, Context.current().device()));
  }

  boolean isSized() {
    return sized;
  }

  /** Another whose size is still to come. */
  LazyBuffer twin() {
    return new LazyBuffer(getDtype());
  }

  /** Gives it its values, in the type it has by now. */
  void fill(Tensor value) {
    become(Context.current().withGrad(false, () -> value.to(getDtype())));
    sized = true;
  }
}
