package io.ktrain.backend.cpu;

import io.ktrain.op.Dispatch;
import io.ktrain.op.Spec;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.Layout;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.Tensor;

/** Tensors a kernel needs while it runs; given back by the kernel itself. */
final class Temporary {
  private Temporary() {}

  /** Row-major, of the same shape and type. */
  static Tensor like(Tensor t) {
    return of(t, Layout.contiguous(t.getShape()));
  }

  /** Row-major, of the same shape. */
  static Tensor of(Tensor like, DType dtype) {
    return Dispatch.allocate("a temporary", new Spec(like.getShape(), dtype), like.getDevice(),
        Layout.contiguous(like.getShape()));
  }

  /** Row-major, of the same type. */
  static Tensor of(Tensor like, Shape shape) {
    return Dispatch.allocate("a temporary", new Spec(shape, like.getDtype()), like.getDevice(), Layout.contiguous(shape));
  }

  static Tensor of(Tensor like, Layout layout) {
    return of(like, like.getShape(), layout);
  }

  static Tensor of(Tensor like, Shape shape, Layout layout) {
    return Dispatch.allocate("a temporary", new Spec(shape, like.getDtype()), like.getDevice(), layout);
  }

  static void free(Tensor t) {
    t.storage().free("the kernel");
  }
}
