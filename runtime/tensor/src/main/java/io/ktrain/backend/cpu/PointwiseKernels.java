package io.ktrain.backend.cpu;

import io.ktrain.backend.Kernel;
import io.ktrain.backend.Strides;
import io.ktrain.op.Call;
import io.ktrain.op.Dispatch;
import io.ktrain.op.Expr;
import io.ktrain.op.Spec;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.Layout;
import io.ktrain.tensor.Tensor;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Runs any pointwise operation from its expression: compiled to vector code where operands are f32 and lie in rows, else
 * interpreted in tiles. Which of the two depends on shapes and types alone.
 */
final class PointwiseKernels implements Kernel<double[]> {
  static final PointwiseKernels KERNEL = new PointwiseKernels();

  /** Below this many elements starting a compiled kernel costs more than it saves, above all in a young process. */
  private static final int COMPILED_FROM = 1024;

  /** Elements of one tile: 128 KiB of f32, half a typical level-2 cache. */
  private static final int TILE = 32 * 1024;

  /** An expression whose operands in {@code constants} are numbers of the call. */
  private record Bound(int identity, Expr expr, long constants) {
    @Override
    public boolean equals(Object o) {
      return o instanceof Bound b && b.expr == expr && b.constants == constants;
    }

    @Override
    public int hashCode() {
      return identity * 31 + Long.hashCode(constants);
    }
  }

  private final ConcurrentHashMap<Bound, Expr> bound = new ConcurrentHashMap<>();

  private PointwiseKernels() {}

  @Override
  public Layout layout(Call<double[]> call, List<Spec> specs, int output) {
    return call.op().pointwise().layout(call, specs.get(0));
  }

  @Override
  public void run(Call<double[]> call) {
    Tensor[] in = new Tensor[call.inputs()];
    for (int i = 0; i < in.length; i++) in[i] = call.in(i);
    run(call.op().pointwise().expr(), call.op().pointwise().compute(call), call.attributes(), call.out(0), in);
  }

  /** out = expr(in), computed in {@code compute}. */
  void run(Expr expr, DType compute, double[] params, Tensor out, Tensor... in) {
    if (out.numel() >= COMPILED_FROM && Vectors.available()) {
      if (compute == DType.f32 && compiled(expr, params, out, in)) return;
      if ((compute == DType.f32 || compute == DType.bf16) && widened(expr, params, out, in)) return;
    }
    TileInterpreter.run(expr, compute, params, out, in);
  }

  /** With bf16 among the types: in f32, the result rounded once, as the interpreter does it. */
  private boolean widened(Expr expr, double[] params, Tensor out, Tensor[] in) {
    boolean any = out.getDtype() == DType.bf16;
    for (Tensor t : in) {
      any |= t.getDtype() == DType.bf16;
      if (!t.isConstant() && t.getDtype() != DType.bf16 && t.getDtype() != DType.f32 && t.getDtype() != DType.bool) return false;
    }
    if (!any || expr instanceof Expr.Input) return false; // a copy is what this is made of
    Tensor[] wide = new Tensor[in.length];
    for (int i = 0; i < in.length; i++) {
      wide[i] = in[i].getDtype() == DType.bf16 ? inF32(in[i]) : in[i];
      if (wide[i] != in[i]) CopyKernels.copy(in[i], wide[i]);
    }
    Tensor result = out.getDtype() == DType.bf16 ? inF32(out) : out;
    run(expr, DType.f32, params, result, wide);
    if (result != out) {
      CopyKernels.copy(result, out);
      Temporary.free(result);
    }
    for (int i = 0; i < in.length; i++) if (wide[i] != in[i]) Temporary.free(wide[i]);
    return true;
  }

  /** Memory for as much in f32, in the same order. */
  private static Tensor inF32(Tensor t) {
    Layout layout = t.layout().isDense(t.getShape()) ? Layout.permuted(t.getShape(), t.layout().order()) : Layout.contiguous(t.getShape());
    return Dispatch.allocate("a temporary", new Spec(t.getShape(), DType.f32), t.getDevice(), layout);
  }

  private boolean compiled(Expr expr, double[] params, Tensor out, Tensor[] in) {
    boolean bool = out.getDtype() == DType.bool;
    if (!bool && out.getDtype() != DType.f32) return false;
    int constants = 0;
    long which = 0;
    for (int i = 0; i < in.length; i++) {
      if (in[i].isConstant()) {
        which |= 1L << i;
        constants++;
      } else if (in[i].getDtype() != DType.f32 && in[i].getDtype() != DType.bool) return false;
    }
    Tensor[] operands = new Tensor[in.length - constants + 1];
    operands[0] = out;
    float[] numbers = new float[params.length + constants];
    for (int i = 0; i < params.length; i++) numbers[i] = (float) params[i];
    for (int i = 0, k = 1, c = params.length; i < in.length; i++) {
      if (in[i].isConstant()) numbers[c++] = in[i].constantValue().floatValue();
      else operands[k++] = in[i];
    }
    Strides s = Strides.of(operands);
    if (s.dims() > 2 || s.inner(0) != 1) return false;
    long columns = 0, bools = 0;
    for (int k = 1; k < operands.length; k++) {
      long inner = s.inner(k);
      if (operands[k].getDtype() == DType.bool) bools |= 1L << (k - 1);
      if (inner == 0) columns |= 1L << (k - 1);
      else if (inner != 1) return false;
    }
    Expr e = constants == 0 ? expr : bind(expr, which, params.length);
    PointwiseKernel kernel = bool ? PointwiseCompiler.boolKernel(e, columns, bools) : PointwiseCompiler.kernel(e, columns, bools);
    if (kernel == null) return false;

    int rows = s.rows(), cols = s.columns();
    long[] start = new long[operands.length - 1], stride = new long[operands.length - 1];
    for (int k = 0; k < start.length; k++) {
      start[k] = operands[k + 1].storage().address() + bytes(bools, k) * s.offsets[k + 1];
      stride[k] = s.dims() == 2 ? s.strides[k + 1][0] : 0;
    }
    int size = bool ? 1 : 4;
    long to = out.storage().address() + size * s.offsets[0], toStride = s.dims() == 2 ? s.strides[0][0] : cols;
    if ((long) rows * cols <= TILE) {
      kernel.run(start, stride, numbers, to, toStride, rows, cols);
      return true;
    }
    int width = Math.min(cols, TILE), across = (cols + width - 1) / width, height = Math.max(1, TILE / cols), down = (rows + height - 1) / height;
    long once = columns, small = bools;
    ThreadPool.run(across * down, tile -> {
      int column = tile % across * width, row = tile / across * height;
      long[] from = new long[start.length];
      for (int k = 0; k < from.length; k++) from[k] = start[k] + bytes(small, k) * (row * stride[k] + ((once >> k & 1) == 1 ? 0 : column));
      kernel.run(from, stride, numbers, to + size * (row * toStride + column), toStride, Math.min(height, rows - row), Math.min(width, cols - column));
    });
    return true;
  }

  private static long bytes(long bools, int operand) {
    return (bools >> operand & 1) == 1 ? 1 : 4;
  }

  private Expr bind(Expr expr, long constants, int params) {
    return bound.computeIfAbsent(new Bound(System.identityHashCode(expr), expr, constants), k -> expr.replaceInputs(i -> {
      int before = Long.bitCount(constants & (1L << i) - 1);
      return (constants >> i & 1) == 1 ? new Expr.Param(params + before) : new Expr.Input(i - before);
    }));
  }
}
