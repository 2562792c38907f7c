package io.ktrain.nn;

import io.ktrain.tensor.Context;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.Device;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.Tensor;

/** State that is saved but not trained, whose size comes from the first input: registered at once and filled later. */
final class LazyBuffer extends Tensor {
  private boolean sized;

  LazyBuffer() {
    this(DType.f32, Context.current().device());
  }

  private LazyBuffer(DType dtype, Device device) {
    super(Tensor.shapeOnly(Shape.of(0), dtype, device));
  }

  boolean isSized() {
    return sized;
  }

  /** Another whose size is still to come. */
  LazyBuffer twin() {
    return new LazyBuffer(getDtype(), getDevice());
  }

  /** Gives it its values, in the type and on the device it has by now. */
  void fill(Tensor value) {
    become(Context.current().withGrad(false, () -> value.to(getDtype()).to(getDevice())));
    sized = true;
  }
}
