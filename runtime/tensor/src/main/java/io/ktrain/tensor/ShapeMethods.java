package io.ktrain.tensor;

import io.ktrain.op.Arrangements;
import io.ktrain.op.Dispatch;
import io.ktrain.op.Shapes;
import io.ktrain.op.Views;
import java.util.List;

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
  /** Without those of these dims that have size 1. */
  default Tensor squeeze(int[] dims) { return Arrangements.squeeze(self(), dims); }
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
  default Tensor flip(int... dims) { return Shapes.flip(self(), dims); }
  default Tensor flipud() { return flip(0); }
  default Tensor fliplr() { return flip(1); }
  /** The whole tensor so many times along each dim; further counts come first. */
  default Tensor repeat(int... counts) { return Dispatch.call(Arrangements.REPEAT, new Arrangements.Counts(counts),
      self()); }
  /** As repeat; missing counts are 1. */
  default Tensor tile(int... counts) { return Arrangements.tile(self(), counts); }
  /** Each slice of a dim count times in a row. */
  default Tensor repeatInterleave(int count, int dim) { return Arrangements.repeatInterleave(self(), count, dim); }
  /** Each slice of a dim as often as its own count, i64[size of dim]. */
  default Tensor repeatInterleave(Tensor counts, int dim) { return Arrangements.repeatInterleave(self(), counts, dim); }
  /** Elements moved on by so many places; what leaves at the end comes in at the start. */
  default Tensor roll(int[] shifts, int[] dims) { return Arrangements.roll(self(), shifts, dims); }
  default Tensor roll(int shift, int dim) { return roll(new int[] {shift}, new int[] {dim}); }
  /** All elements rolled as if they were one row. */
  default Tensor roll(int shift) { return self().flatten().roll(shift, 0).reshape(self().getShape()); }
  /** Turned by so many quarters, from the first dim towards the second. */
  default Tensor rot90(int count, int first, int second) { return Arrangements.rot90(self(), count, first, second); }
  default Tensor movedim(int[] from, int[] to) { return Views.movedim(self(), from, to); }
  default Tensor movedim(int from, int to) { return movedim(new int[] {from}, new int[] {to}); }
  /** transpose under numpy's name. */
  default Tensor swapaxes(int a, int b) { return transpose(a, b); }
  /** Parts of these sizes along dim, which are views. */
  default List<Tensor> split(int[] sizes, int dim) { return Views.split(self(), sizes, dim); }
  /** Parts of one size along dim, the last of what is left. */
  default List<Tensor> split(int size, int dim) { return Views.split(self(), size, dim); }
  /** At most so many parts of one size along dim. */
  default List<Tensor> chunk(int parts, int dim) { return Views.chunk(self(), parts, dim); }
  /** Exactly so many parts along dim, the first ones larger by one where needed. */
  default List<Tensor> tensorSplit(int parts, int dim) { return Views.tensorSplit(self(), parts, dim); }
  /** The parts along dim that begin at 0 and at each of the places. */
  default List<Tensor> tensorSplit(int[] places, int dim) { return Views.tensorSplit(self(), places, dim); }
  /** The slices of a dim, without it. */
  default List<Tensor> unbind(int dim) { return Views.unbind(self(), dim); }
  /** A view of all windows of a size along dim, step apart: [..., windows, ..., size]. */
  default Tensor unfold(int dim, int size, int step) { return Views.unfold(self(), dim, size, step); }
  /** A view of the elements (i, i + offset) of two dims, as the last dim. */
  default Tensor diagonal(int offset, int dim1, int dim2) { return Views.diagonal(self(), offset, dim1, dim2); }
  default Tensor diagonal() { return diagonal(0, 0, 1); }
  /** Square matrices in two new dims, with the last dim as their diagonal. */
  default Tensor diagEmbed(int offset, int dim1, int dim2) { return Views.diagEmbed(self(), offset, dim1, dim2); }
  default Tensor diagEmbed() { return diagEmbed(0, -2, -1); }
  /** The matrix of a diagonal, or the diagonal of a matrix. */
  default Tensor diag(int diagonal) {
    return Dispatch.call(Arrangements.DIAG, new Arrangements.Offset(diagonal), self());
  }
  default Tensor diag() { return diag(0); }
  default Tensor trace() { return Dispatch.call(Arrangements.TRACE, null, self()); }
  /** Without what lies below a diagonal of the last two dims. */
  default Tensor triu(int diagonal) {
    return Dispatch.call(Arrangements.TRIU, new Arrangements.Offset(diagonal), self());
  }
  default Tensor triu() { return triu(0); }
  /** Without what lies above a diagonal of the last two dims. */
  default Tensor tril(int diagonal) {
    return Dispatch.call(Arrangements.TRIL, new Arrangements.Offset(diagonal), self());
  }
  default Tensor tril() { return tril(0); }
  /** The Kronecker product. */
  default Tensor kron(Tensor o) { return Dispatch.call(Arrangements.KRON, null, self(), o); }
  /** Any layout over this one's elements, which must be contiguous; counted from its first. */
  default Tensor asStrided(int[] sizes, long[] strides, long offset) {
    return Shapes.asStrided(self(), sizes, strides, offset);
  }
  /** A dim as several; one size may be -1. */
  default Tensor unflatten(int dim, int... sizes) { return Arrangements.unflatten(self(), dim, sizes); }
  /** flatten under numpy's name. */
  default Tensor ravel() { return flatten(); }
  default Tensor atleast1d() { return Arrangements.atLeast(self(), 1); }
  default Tensor atleast2d() { return Arrangements.atLeast(self(), 2); }
  default Tensor atleast3d() { return Arrangements.atLeast(self(), 3); }
  /** expand under another name. */
  default Tensor broadcastTo(int... sizes) { return expand(sizes); }
  default Tensor expandAs(Tensor o) { return expand(o.getShape()); }
  default Tensor viewAs(Tensor o) { return view(o.getShape().toArray()); }
  default Tensor reshapeAs(Tensor o) { return reshape(o.getShape()); }
  /** Of o's type. */
  default Tensor typeAs(Tensor o) { return to(o.getDtype()); }
  /** Adds value around: pairs of (before, after) from the last dim on, as PyTorch's F.pad. */
  default Tensor pad(int[] widths, double value) { return Shapes.pad(self(), widths, value); }
}
