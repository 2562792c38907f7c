package io.ktrain.backend.cpu;

import io.ktrain.op.Call;
import io.ktrain.op.Expr;
import io.ktrain.op.Shapes;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.Layout;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.Tensor;

/** Copies, conversions, joining, padding: everything that moves elements without computing. */
final class CopyKernels {
  private static final Expr SAME = new Expr.Input(0);
  private static final double[] NONE = {};

  private CopyKernels() {}

  static void register(CpuBackend cpu) {
    cpu.add(Shapes.CAST, call -> copy(call.in(0), call.out(0)));
    cpu.add(Shapes.WRITE, call -> copy(call.in(1), call.in(0)));
    cpu.add(Shapes.CAT, CopyKernels::cat);
    cpu.add(Shapes.PAD, CopyKernels::pad);
    cpu.add(Shapes.FLIP, CopyKernels::flip);
    cpu.add(Shapes.UNSLICE, CopyKernels::unslice);
    cpu.add(Shapes.SLICE_ASSIGN, call -> {
      copy(call.in(0), call.out(0));
      copy(call.in(1), window(call.out(0), call.attributes().shape(), call.attributes().layout()));
    });
  }

  /** Copies all elements, converting; {@code to} may be any view, {@code from} may broadcast. */
  static void copy(Tensor from, Tensor to) {
    DType a = from.getDtype(), b = to.getDtype();
    DType compute = !a.isFloating() ? DType.i64 : a == DType.f64 || b == DType.f64 || !b.isFloating() ? DType.f64 : DType.f32;
    PointwiseKernels.KERNEL.run(SAME, compute, NONE, to, from);
  }

  static Tensor window(Tensor of, Shape shape, Layout layout) {
    return Tensor.of(shape, of.getDtype(), of.getDevice(), layout, of.storage());
  }

  /** {@code length} elements of a dim from {@code start}, every {@code step}-th. */
  static Tensor cut(Tensor of, int dim, int start, int length, int step) {
    long[] strides = of.layout().strides();
    long offset = of.layout().offset() + start * strides[dim];
    strides[dim] *= step;
    return window(of, of.getShape().with(dim, length), new Layout(strides, offset));
  }

  static void fill(Tensor t, Number value) {
    DType compute = t.getDtype() == DType.f64 ? DType.f64 : t.getDtype().isFloating() ? DType.f32 : DType.i64;
    Number stored = t.getDtype() == DType.bool ? value.doubleValue() != 0 ? 1 : 0 : value;
    PointwiseKernels.KERNEL.run(SAME, compute, NONE, t, Tensor.constant(stored));
  }

  private static void cat(Call<Shapes.Dim> call) {
    int dim = call.attributes().dim(), at = 0;
    for (int i = 0; i < call.inputs(); i++) {
      Tensor t = call.in(i);
      copy(t, cut(call.out(0), dim, at, t.size(dim), 1));
      at += t.size(dim);
    }
  }

  private static void pad(Call<Shapes.Padding> call) {
    Tensor from = call.in(0), to = call.out(0);
    fill(to, call.attributes().value());
    for (int d = 0; d < from.getNdim(); d++) {
      int before = call.attributes().before()[d], after = call.attributes().after()[d];
      from = cut(from, d, Math.max(0, -before), Math.max(0, from.size(d) - Math.max(0, -before) - Math.max(0, -after)), 1);
      to = cut(to, d, Math.max(0, before), Math.max(0, to.size(d) - Math.max(0, before) - Math.max(0, after)), 1);
    }
    copy(from, to);
  }

  private static void flip(Call<Shapes.Dim> call) {
    Tensor x = call.in(0);
    if (x.numel() == 0) return;
    int dim = call.attributes().dim();
    if (x.getNdim() == 0) {
      copy(x, call.out(0));
      return;
    }
    long[] strides = x.layout().strides();
    long last = x.layout().offset() + (x.size(dim) - 1) * strides[dim];
    strides[dim] = -strides[dim];
    copy(window(x, x.getShape(), new Layout(strides, last)), call.out(0));
  }

  private static void unslice(Call<Shapes.Uncut> call) {
    Shapes.Cut cut = call.attributes().cut();
    fill(call.out(0), 0);
    copy(call.in(0), cut(call.out(0), cut.dim(), cut.start(), cut.length(), cut.step()));
  }
}
