package io.ktrain.tensor;

import io.ktrain.op.Shapes;

/** Views and copies under other shapes, types and devices. */
public sealed interface ShapeMethods permits Tensor {
  private Tensor self() {
    return (Tensor) this;
  }

  /** The same elements under another shape, never copied; one size may be -1. */
  default Tensor view(int... sizes) { return Shapes.view(self(), sizes); }
  /** As view where strides allow, else a copy. */
  default Tensor reshape(int... sizes) { return Shapes.reshape(self(), sizes); }
  default Tensor reshape(Shape to) {
    return to.equals(self().getShape()) ? self() : Shapes.reshape(self(), to.toArray());
  }
  default Tensor flatten() { return flatten(0, -1); }
  default Tensor flatten(int from) { return flatten(from, -1); }
  default Tensor flatten(int from, int to) { return Shapes.flatten(self(), from, to); }
  /** Without any dim of size 1, also a batch of 1. */
  default Tensor squeeze() { return Shapes.squeeze(self()); }
  default Tensor squeeze(int dim) {
    return self().size(dim) == 1 && self().getNdim() > 0 ? reshape(self().getShape().without(dim)) : self();
  }
  default Tensor unsqueeze(int dim) { return Shapes.unsqueeze(self(), dim); }
  default Tensor transpose(int a, int b) { return Shapes.transpose(self(), a, b); }
  /** The transpose of a matrix. */
  default Tensor t() { return Shapes.t(self()); }
  default Tensor permute(int... dims) { return Shapes.permute(self(), dims); }
  default Tensor expand(int... sizes) { return Shapes.expand(self(), sizes); }
  default Tensor expand(Shape to) {
    return to.equals(self().getShape()) ? self() : Shapes.expand(self(), to.toArray());
  }
  /** Row-major: this, or a copy. */
  default Tensor contiguous() { return self().isContiguous() ? self() : Shapes.clone(self()); }
  /** A copy of its own, in the graph. */
  default Tensor copy() { return Shapes.clone(self()); }
  default Tensor to(DType type) { return type == self().getDtype() ? self() : Shapes.cast(self(), type); }
  default Tensor to(Device to) { return Shapes.to(self(), to); }
  /** length elements along dim, from start. */
  default Tensor narrow(int dim, int start, int length) { return Shapes.narrow(self(), dim, start, length, 1); }
  /** Every step-th element along dim, from start. */
  default Tensor slice(int dim, int start, int length, int step) {
    return Shapes.narrow(self(), dim, start, length, step);
  }
  /** The elements at one place of a dim, without that dim. */
  default Tensor select(int dim, int index) { return Shapes.select(self(), dim, index); }
  default Tensor get(int index) { return select(0, index); }
  default Tensor flip(int dim) { return Shapes.flip(self(), dim); }
  /** Adds value around: pairs of (before, after) from the last dim on, as PyTorch's F.pad. */
  default Tensor pad(int[] widths, double value) { return Shapes.pad(self(), widths, value); }
}
