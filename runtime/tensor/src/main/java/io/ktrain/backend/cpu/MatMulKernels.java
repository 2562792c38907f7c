package io.ktrain.backend.cpu;

import io.ktrain.backend.Kernel;
import io.ktrain.op.Call;
import io.ktrain.op.MatMuls;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.Layout;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.Tensor;

/** Matrix products: f32 by {@link NativeGemm} where addresses may be used, everything else over Java arrays. */
final class MatMulKernels {
  private MatMulKernels() {}

  static void register(CpuBackend cpu) {
    bf16(cpu);
    cpu.addInF32(MatMuls.MM, MatMuls.BMM, MatMuls.LINEAR);
    cpu.add(MatMuls.MM, (InF32) call -> product(call.in(0), call.in(1), call.out(0), 0));
    cpu.add(MatMuls.MM, call -> PlainMatMul.product(call.in(0), call.in(1), call.out(0)));
    cpu.add(MatMuls.BMM, (InF32) call -> batched(call.in(0), call.in(1), call.out(0)));
    cpu.add(MatMuls.BMM, call -> {
      for (int i = 0; i < call.in(0).size(0); i++) PlainMatMul.product(matrix(call.in(0), i), matrix(call.in(1), i), matrix(call.out(0), i));
    });
    cpu.add(MatMuls.LINEAR, (InF32) MatMulKernels::linear);
  }

  /** f32 by {@link NativeGemm}, which is at home without the library too. */
  private interface InF32 extends Kernel<Void> {
    @Override
    default Library library() {
      return Library.IF_THERE;
    }

    @Override
    default boolean takes(Call<Void> call) {
      return Vectors.addresses() && call.in(0).getDtype() == DType.f32;
    }
  }

  /** bf16 by the processor's own instructions. */
  private interface InBf16 extends Kernel<Void> {
    @Override
    default Library library() {
      return Library.REQUIRED;
    }

    @Override
    default boolean takes(Call<Void> call) {
      return call.in(0).getDtype() == DType.bf16 && call.in(0).numel() > 0 && call.in(1).numel() > 0 && Bf16Gemm.available();
    }
  }

  private static void bf16(CpuBackend cpu) {
    cpu.add(MatMuls.MM, (InBf16) call -> bf16(call.in(0), call.in(1), 0, call.out(0)));
    cpu.add(MatMuls.BMM, (InBf16) call -> {
      Tensor c = call.out(0), x = stackable(call.in(0)), y = stackable(call.in(1));
      Operand p = Operand.of(matrix(x, 0)), q = Operand.of(matrix(y, 0));
      Bf16Gemm.batched(c.size(0), p.transposed, q.transposed, c.size(1), c.size(2), x.size(2), p.address, p.ld, x.layout().stride(0), q.address, q.ld, y.layout().stride(0),
          address(c), c.size(2), (long) c.size(1) * c.size(2));
      if (x != call.in(0)) Temporary.free(x);
      if (y != call.in(1)) Temporary.free(y);
    });
    cpu.add(MatMuls.LINEAR, (InBf16) call -> {
      try (var x = ConvolutionKernels.Packed.of(call.in(0)); var b = ConvolutionKernels.Packed.of(call.in(2))) {
        bf16(rows(x.tensor()), transposed(call.in(1)), b.address(), rows(call.out(0)));
      }
    });
  }

  private static void bf16(Tensor a, Tensor b, long bias, Tensor c) {
    Operand x = Operand.of(a), y = Operand.of(b);
    Bf16Gemm.gemm(x.transposed, y.transposed, c.size(0), c.size(1), a.size(1), x.address, x.ld, y.address, y.ld, bias, address(c), c.size(1));
    x.free();
    y.free();
  }

  /** A row-major tensor as [rows, last dim]. */
  private static Tensor rows(Tensor t) {
    int columns = t.size(-1), rows = Math.toIntExact(t.numel() / Math.max(1, columns));
    return CopyKernels.window(t, Shape.of(rows, columns), new Layout(new long[] {columns, 1}, t.layout().offset()));
  }

  private static Tensor transposed(Tensor t) {
    return CopyKernels.window(t, Shape.of(t.size(1), t.size(0)), new Layout(new long[] {t.layout().stride(1), t.layout().stride(0)}, t.layout().offset()));
  }

  private static Tensor matrix(Tensor stack, int i) {
    Layout l = stack.layout();
    return CopyKernels.window(stack, Shape.of(stack.size(1), stack.size(2)), new Layout(new long[] {l.stride(1), l.stride(2)}, l.offset() + i * l.stride(0)));
  }

  static long address(Tensor t) {
    return t.storage().address() + t.layout().offset() * t.getDtype().bytes();
  }

  /** Whether the rows (or, transposed, the columns) lie as BLAS wants them. */
  private static boolean fits(long row, long column, int rows, int columns) {
    return (column == 1 || columns == 1) && (row >= Math.max(1, columns) || rows == 1);
  }

  /** A matrix as BLAS reads it; copied where its elements lie apart in both directions. */
  private record Operand(long address, int ld, boolean transposed, Tensor copy) {
    static Operand of(Tensor t) {
      int rows = t.size(0), columns = t.size(1);
      long row = t.layout().stride(0), column = t.layout().stride(1);
      if (fits(row, column, rows, columns)) return new Operand(MatMulKernels.address(t), (int) (rows == 1 ? Math.max(1, columns) : row), false, null);
      if (fits(column, row, columns, rows)) return new Operand(MatMulKernels.address(t), (int) (columns == 1 ? Math.max(1, rows) : column), true, null);
      Tensor copy = Temporary.like(t);
      CopyKernels.copy(t, copy);
      return new Operand(MatMulKernels.address(copy), columns, false, copy);
    }

    void free() {
      if (copy != null) Temporary.free(copy);
    }
  }

  private static void product(Tensor a, Tensor b, Tensor c, float beta) {
    if (c.numel() == 0) return;
    if (a.size(1) == 0) {
      if (beta == 0) CopyKernels.fill(c, 0); // else nothing is added to what is there
      return;
    }
    Operand x = Operand.of(a), y = Operand.of(b);
    NativeGemm.sgemm(x.transposed, y.transposed, c.size(0), c.size(1), a.size(1), 1, x.address, x.ld, y.address, y.ld, beta, address(c), c.size(1));
    x.free();
    y.free();
  }

  private static void batched(Tensor a, Tensor b, Tensor c) {
    if (c.numel() == 0) return;
    if (a.size(2) == 0) {
      CopyKernels.fill(c, 0);
      return;
    }
    Tensor x = stackable(a), y = stackable(b);
    Operand p = Operand.of(matrix(x, 0)), q = Operand.of(matrix(y, 0));
    NativeGemm.sgemmBatched(c.size(0), p.transposed, q.transposed, c.size(1), c.size(2), a.size(2), 1, p.address, p.ld, x.layout().stride(0), q.address, q.ld, y.layout().stride(0),
        0, address(c), c.size(2), (long) c.size(1) * c.size(2));
    if (x != a) Temporary.free(x);
    if (y != b) Temporary.free(y);
  }

  private static Tensor stackable(Tensor t) {
    long row = t.layout().stride(1), column = t.layout().stride(2);
    if (fits(row, column, t.size(1), t.size(2)) || fits(column, row, t.size(2), t.size(1))) return t;
    Tensor copy = Temporary.like(t);
    CopyKernels.copy(t, copy);
    return copy;
  }

  /** The bias is laid out first and the product added to it, so that the output is touched once. */
  private static void linear(Call<Void> call) {
    Tensor x = call.in(0), w = call.in(1), b = call.in(2), y = call.out(0);
    if (y.numel() == 0) return;
    Tensor dense = x.isContiguous() ? x : Temporary.like(x);
    if (dense != x) CopyKernels.copy(x, dense);
    Tensor y2 = rows(y);
    if (b != null) CopyKernels.copy(b, y2);
    product(rows(dense), transposed(w), y2, b == null ? 0 : 1);
    if (dense != x) Temporary.free(dense);
  }
}
