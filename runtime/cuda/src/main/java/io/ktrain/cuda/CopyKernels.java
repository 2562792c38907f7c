package io.ktrain.cuda;

import io.ktrain.backend.Strides;
import io.ktrain.op.Call;
import io.ktrain.op.Dispatch;
import io.ktrain.op.Expr;
import io.ktrain.op.Shapes;
import io.ktrain.op.Spec;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.Layout;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.Tensor;

/** Copies, conversions, joining, padding: everything that moves elements without computing. */
final class CopyKernels {
  private static final Expr SAME = new Expr.Input(0);
  private static final double[] NONE = {};

  private static final Kernels COPY = Kernels.file("copy");

  /** Elements of a transposed copy's tile, a side. */
  private static final int TILE = 32;

  /** Where fewer rows or columns are, most of each tile would be empty. */
  private static final int NARROW = 8;

  /** Fewer elements are copied as they come. */
  private static final int TRANSPOSED_FROM = 4096;

  private final CudaBackend cuda;

  CopyKernels(CudaBackend cuda) {
    this.cuda = cuda;
  }

  void register() {
    cuda.add(Shapes.CAST, (device, call) -> copy(device, call.in(0), call.out(0)));
    cuda.add(Shapes.WRITE, (device, call) -> copy(device, call.in(1), call.in(0)));
    cuda.add(Shapes.CAT, this::cat);
    cuda.add(Shapes.PAD, this::pad);
    cuda.add(Shapes.FLIP, this::flip);
    cuda.add(Shapes.UNSLICE, this::unslice);
    cuda.add(Shapes.SLICE_ASSIGN, (device, call) -> {
      copy(device, call.in(0), call.out(0));
      copy(device, call.in(1), window(call.out(0), call.attributes().shape(), call.attributes().layout()));
    });
  }

  /** Copies all elements, converting; {@code to} may be any view, {@code from} may broadcast. */
  void copy(CudaDevice device, Tensor from, Tensor to) {
    DType a = from.getDtype(), b = to.getDtype();
    if (a == b && !from.isConstant() && from.getShape().equals(to.getShape()) && from.isContiguous() && to.isContiguous()) {
      if (to.numel() > 0) device.copy(Args.address(from), Args.address(to), to.numel() * a.bytes());
      return;
    }
    if (a == b && !from.isConstant() && to.numel() >= TRANSPOSED_FROM && transpose(device, from, to)) return;
    DType compute = !a.isFloating() ? DType.i64 : a == DType.f64 || b == DType.f64 || !b.isFloating() ? DType.f64 : DType.f32;
    cuda.pointwise().run(device, SAME, compute, NONE, to, from);
  }

  /** Copies by tiles where the source runs along another dim than the target; false where it does not. */
  private boolean transpose(CudaDevice device, Tensor from, Tensor to) {
    Strides s = Strides.of(to, from);
    int d = s.dims();
    if (d < 2 || d > 3 || s.inner(0) != 1 || s.inner(1) == 1 || s.strides[1][d - 2] != 1) return false;
    int batch = d == 3 ? s.sizes[0] : 1, rows = s.sizes[d - 2], columns = s.sizes[d - 1];
    if (batch > 65535 || Math.min(rows, columns) < NARROW) return false;
    int tiles = Math.ceilDiv(rows, TILE) * Math.ceilDiv(columns, TILE);
    var args = new Args().tensor(from).tensor(to).i32(rows).i32(columns).i64(s.inner(1)).i64(s.strides[0][d - 2])
        .i64(d == 3 ? s.strides[1][0] : 0).i64(d == 3 ? s.strides[0][0] : 0);
    device.launch(COPY, "transpose_" + from.getDtype().bytes(), tiles, 1, batch, 256, 0, args);
    return true;
  }

  /** The tensor itself where it is row-major, else a copy that is; free that when its readers are launched. */
  Tensor dense(CudaDevice device, Tensor t) {
    if (t.isContiguous()) return t;
    Tensor copy = temporary(t.getShape(), t.getDtype(), t);
    copy(device, t, copy);
    return copy;
  }

  /** Memory for a kernel's own use on the device of {@code like}: free it when what uses it is launched. */
  static Tensor temporary(Shape shape, DType dtype, Tensor like) {
    return Dispatch.allocate("cuda", new Spec(shape, dtype), like.getDevice(), Layout.contiguous(shape));
  }

  /** Frees what {@link #dense} made of {@code t}, if it made anything. */
  static void free(Tensor dense, Tensor t) {
    if (dense != t) dense.storage().free("its operation");
  }

  void fill(CudaDevice device, Tensor t, Number value) {
    DType compute = t.getDtype() == DType.f64 ? DType.f64 : t.getDtype().isFloating() ? DType.f32 : DType.i64;
    Number stored = t.getDtype() == DType.bool ? value.doubleValue() != 0 ? 1 : 0 : value;
    cuda.pointwise().run(device, SAME, compute, NONE, t, Tensor.constant(stored));
  }

  static Tensor window(Tensor of, Shape shape, Layout layout) {
    return Tensor.of(shape, of.getDtype(), of.getDevice(), layout, of.storage());
  }

  /** {@code length} elements of a dim from {@code start}, every {@code step}-th. */
  static Tensor cut(Tensor of, int dim, int start, int length, int step) {
    return window(of, of.getShape().with(dim, length), of.layout().cut(dim, start, step));
  }

  private void cat(CudaDevice device, Call<Shapes.Dim> call) {
    int dim = call.attributes().dim(), at = 0;
    for (int i = 0; i < call.inputs(); i++) {
      Tensor t = call.in(i);
      copy(device, t, cut(call.out(0), dim, at, t.size(dim), 1));
      at += t.size(dim);
    }
  }

  private void pad(CudaDevice device, Call<Shapes.Padding> call) {
    Tensor from = call.in(0), to = call.out(0);
    fill(device, to, call.attributes().value());
    for (int d = 0; d < from.getNdim(); d++) {
      int before = call.attributes().before()[d], after = call.attributes().after()[d];
      from = cut(from, d, Math.max(0, -before), Math.max(0, from.size(d) - Math.max(0, -before) - Math.max(0, -after)), 1);
      to = cut(to, d, Math.max(0, before), Math.max(0, to.size(d) - Math.max(0, before) - Math.max(0, after)), 1);
    }
    copy(device, from, to);
  }

  private void flip(CudaDevice device, Call<Shapes.Dim> call) {
    Tensor x = call.in(0);
    if (x.numel() == 0) return;
    int dim = call.attributes().dim();
    if (x.getNdim() == 0) {
      copy(device, x, call.out(0));
      return;
    }
    long[] strides = x.layout().strides();
    long last = x.layout().offset() + (x.size(dim) - 1) * strides[dim];
    strides[dim] = -strides[dim];
    copy(device, window(x, x.getShape(), new Layout(strides, last)), call.out(0));
  }

  private void unslice(CudaDevice device, Call<Shapes.Uncut> call) {
    Shapes.Cut cut = call.attributes().cut();
    fill(device, call.out(0), 0);
    copy(device, call.in(0), cut(call.out(0), cut.dim(), cut.start(), cut.length(), cut.step()));
  }
}
