package io.ktrain.op;

import io.ktrain.tensor.DType;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.Tensor;

/** What one output of a call will be, known before any kernel runs. */
public record Spec(Shape shape, DType dtype) {
  static Spec like(Tensor x) {
    return new Spec(x.getShape(), x.getDtype());
  }
}
