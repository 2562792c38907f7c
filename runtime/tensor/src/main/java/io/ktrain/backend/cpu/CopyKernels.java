package io.ktrain.backend.cpu;

import io.ktrain.backend.Kernel;
import io.ktrain.backend.Strides;
import io.ktrain.op.Call;
import io.ktrain.op.Expr;
import io.ktrain.op.Shapes;
import io.ktrain.op.Spec;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.Layout;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.Tensor;
import java.util.List;

/** Copies, conversions, joining, padding: everything that moves elements without computing. */
final class CopyKernels {
  private static final Expr SAME = new Expr.Input(0);
  private static final double[] NONE = {};

  /** Elements of one tile of a blockwise copy. */
  private static final int BLOCK = 32 * 1024;

  /** Elements of one tile of a conversion. */
  private static final int CAST = 16 * 1024;

  private CopyKernels() {}

  static void register(CpuBackend cpu) {
    cpu.add(Shapes.CAST, new Kernel<Shapes.Type>() {
      /** Another type in the order in which the elements lie; the same type is how copies are made row-major. */
      @Override
      public Layout layout(Call<Shapes.Type> call, List<Spec> specs, int i) {
        Tensor x = call.in(0);
        boolean keep = x.getDtype() != call.attributes().dtype() && !x.isContiguous() && x.layout().isDense(x.getShape());
        return keep ? Layout.permuted(x.getShape(), x.layout().order()) : null;
      }

      @Override
      public void run(Call<Shapes.Type> call) {
        copy(call.in(0), call.out(0));
      }
    });
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
    if (a == DType.f32 && b == DType.f32 && to.numel() >= 1024 && Vectors.available() && blocks(from, to)) return;
    if (rounds(a, b) && to.numel() >= 1024 && Vectors.available() && cast(from, to)) return;
    DType compute = !a.isFloating() ? DType.i64 : a == DType.f64 || b == DType.f64 || !b.isFloating() ? DType.f64 : DType.f32;
    PointwiseKernels.KERNEL.run(SAME, compute, NONE, to, from);
  }

  private static boolean rounds(DType a, DType b) {
    return a == DType.f32 && b == DType.bf16 || a == DType.bf16 && b == DType.f32;
  }

  /** Between f32 and bf16, along runs that lie together in both; false where they do not. */
  private static boolean cast(Tensor from, Tensor to) {
    Strides s = Strides.of(to, from);
    if (s.inner(0) != 1 || s.inner(1) != 1) return false;
    boolean widen = to.getDtype() == DType.f32;
    int columns = s.columns(), perRow = (columns + CAST - 1) / CAST, rowsEach = Math.max(1, CAST / columns), rows = s.rows();
    long source = from.storage().address(), target = to.storage().address(), in = widen ? 2 : 4, out = widen ? 4 : 2;
    ThreadPool.run((rows + rowsEach - 1) / rowsEach * perRow, t -> {
      int first = t % perRow * CAST, n = Math.min(CAST, columns - first);
      for (int row = t / perRow * rowsEach, end = Math.min(rows, row + rowsEach); row < end; row++) {
        long a = source + in * (s.start(1, row) + first), b = target + out * (s.start(0, row) + first);
        if (widen) VectorCast.widen(a, b, n);
        else VectorCast.narrow(a, b, n);
      }
    });
    return true;
  }

  /** Copies by blocks of rows and columns, transposing where the source runs the other way; false where it is simpler as it lies. */
  private static boolean blocks(Tensor from, Tensor to) {
    Strides s = Strides.of(to, from);
    int d = s.dims();
    if (d < 2 || s.inner(0) != 1 || s.inner(1) == 0) return false;
    int rows = s.sizes[d - 2], cols = s.sizes[d - 1], each = Math.max(16, BLOCK / cols & -16), down = (rows + each - 1) / each;
    long rowStep = s.strides[1][d - 2], columnStep = s.inner(1), outStep = s.strides[0][d - 2];
    long source = from.storage().address(), target = to.storage().address();
    ThreadPool.run(s.rows() / rows * down, t -> {
      int outer = t / down * rows, row = t % down * each;
      VectorCopy.copy(source + 4 * (s.start(1, outer) + row * rowStep), rowStep, columnStep, target + 4 * (s.start(0, outer) + row * outStep), outStep, Math.min(each, rows - row), cols);
    });
    return true;
  }

  static Tensor window(Tensor of, Shape shape, Layout layout) {
    return Tensor.of(shape, of.getDtype(), of.getDevice(), layout, of.storage());
  }

  /** {@code length} elements of a dim from {@code start}, every {@code step}-th. */
  static Tensor cut(Tensor of, int dim, int start, int length, int step) {
    return window(of, of.getShape().with(dim, length), of.layout().cut(dim, start, step));
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
