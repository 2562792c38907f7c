package io.ktrain.cuda;

import io.ktrain.backend.Kernel;
import io.ktrain.backend.Strides;
import io.ktrain.cuda.PointwiseSource.Kind;
import io.ktrain.op.Call;
import io.ktrain.op.Expr;
import io.ktrain.op.Spec;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.Layout;
import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;

/** Runs pointwise operations: the expression of the op table, compiled for the operands at hand. */
final class PointwiseKernels implements Kernel<double[]> {
  private static final int THREADS = 256;

  /** Bytes that a thread reads at once. */
  private static final int VECTOR = 16;

  /**
   * An expression for operands of some kind. Expressions are told apart as objects: the table has each once.
   *
   * @param operands the output's type, then each input's type and kind; of the strided form which inputs are numbers
   * @param width elements of a pack, 0 for the strided form
   * @param walks whether operands lie in rows
   */
  private record Form(int identity, Expr expr, DType compute, long operands, int width, boolean walks) {
    @Override
    public boolean equals(Object o) {
      return o instanceof Form f && f.expr == expr && f.compute == compute && f.operands == operands && f.width == width
          && f.walks == walks;
    }

    @Override
    public int hashCode() {
      return (identity * 31 + Long.hashCode(operands)) * 31 + width * 16 + compute.ordinal() * 2 + (walks ? 1 : 0);
    }
  }

  private final CudaBackend cuda;
  private final ConcurrentHashMap<Form, Kernels> forms = new ConcurrentHashMap<>();

  PointwiseKernels(CudaBackend cuda) {
    this.cuda = cuda;
  }

  @Override
  public Layout layout(Call<double[]> call, List<Spec> specs, int output) {
    return call.op().pointwise().layout(call, specs.get(0));
  }

  @Override
  public void run(Call<double[]> call) {
    Tensor[] in = new Tensor[call.inputs()];
    for (int i = 0; i < in.length; i++) in[i] = call.in(i);
    run(cuda.device(call), call.op().pointwise().expr(), call.op().pointwise().compute(call), call.attributes(), call.out(0), in);
  }

  /** out = expr(in), computed in {@code compute}. */
  void run(CudaDevice device, Expr expr, DType compute, double[] params, Tensor out, Tensor... in) {
    long n = out.numel();
    if (n == 0) return;
    int tensors = 1;
    for (Tensor t : in) if (!t.isConstant()) tensors++;
    if (tensors > Args.OPERANDS) throw new KtrainException("cuda: a pointwise operation takes at most " + (Args.OPERANDS - 1) + " tensors, got " + (tensors - 1) + ".");
    Tensor[] operands = new Tensor[tensors];
    operands[0] = out;
    for (int i = 0, k = 1; i < in.length; i++) if (!in[i].isConstant()) operands[k++] = in[i];
    Strides s = Strides.of(operands);
    if (isFast(operands) && isRows(s)) packed(device, expr, compute, params, n, s, out, in);
    else strided(device, expr, compute, params, n, s, out, in);
  }

  /** Kernels for the types that training is spent on; the others share one, which looks at the type as it runs. */
  private static boolean isFast(Tensor[] operands) {
    for (Tensor t : operands) if (!t.getDtype().isFloating() && t.getDtype() != DType.bool) return false;
    return true;
  }

  /** Whether the output lies in rows, along which each operand runs or stays. */
  private static boolean isRows(Strides s) {
    if (s.dims() > Args.DIMS || s.columns() > 1 && s.inner(0) != 1) return false;
    for (int k = 1; k < s.strides.length; k++) if (s.inner(k) != 1 && s.inner(k) != 0) return false;
    return true;
  }

  private void packed(CudaDevice device, Expr expr, DType compute, double[] params, long n, Strides s, Tensor out, Tensor[] in) {
    boolean walks = s.dims() > 1;
    Kind[] kinds = new Kind[in.length];
    DType[] types = new DType[in.length + 1];
    types[0] = out.getDtype();
    long form = types[0].ordinal(), bytes = Args.address(out);
    int widest = types[0].bytes();
    for (int i = 0, k = 1; i < in.length; i++) {
      Tensor t = in[i];
      kinds[i] = t.isConstant() ? Kind.NUMBER : s.inner(k++) == 0 && s.columns() > 1 ? Kind.SINGLE : Kind.DENSE;
      types[i + 1] = t.isConstant() ? types[0] : t.getDtype();
      form |= (long) (types[i + 1].ordinal() << 2 | kinds[i].ordinal()) << 4 + 6 * i;
      if (kinds[i] != Kind.DENSE) continue;
      widest = Math.max(widest, types[i + 1].bytes());
      bytes |= Args.address(t);
    }
    int wide = VECTOR / widest, width = (bytes & VECTOR - 1) == 0 && (!walks || isInPacks(s, wide)) ? wide : 1;
    var key = new Form(System.identityHashCode(expr), expr, compute, form, width, walks);
    Kernels kernels = forms.get(key);
    if (kernels == null)
      kernels = forms.computeIfAbsent(key, x -> PointwiseSource.packed(expr, compute, params.length, types, kinds, width, walks));
    var args = new Args().i64(n);
    if (walks) packs(args, s, width);
    args.tensor(out);
    for (Tensor t : in) if (t.isConstant()) number(args, compute, t.constantValue()); else args.tensor(t);
    launch(device, kernels, expr, compute, params, (n + width - 1) / width, args);
  }

  /** Whether the rows of all operands that run along them begin at packs and end with one. */
  private static boolean isInPacks(Strides s, int width) {
    if (s.columns() % width != 0) return false;
    for (int k = 0; k < s.strides.length; k++)
      for (int d = 0; d < s.dims() - 1; d++) if (s.inner(k) == 1 && s.strides[k][d] % width != 0) return false;
    return true;
  }

  /** A walk over packs: those that run along rows are counted in packs, those that stay in elements. */
  private static void packs(Args args, Strides s, int width) {
    int[] sizes = s.sizes.clone();
    sizes[s.dims() - 1] /= width;
    long[][] strides = new long[s.strides.length][];
    for (int k = 0; k < strides.length; k++) {
      strides[k] = s.strides[k].clone();
      if (s.inner(k) == 1) for (int d = 0; d < s.dims() - 1; d++) strides[k][d] /= width;
    }
    args.walk(sizes, strides);
  }

  private void strided(CudaDevice device, Expr expr, DType compute, double[] params, long n, Strides s, Tensor out, Tensor[] in) {
    if (s.dims() > Args.DIMS)
      throw new ShapeError("cuda: operands that lie in " + s.dims() + " separate dims are too many, at most " + Args.DIMS + ": " + out.describe() + ". Fix: contiguous() first.");
    boolean[] numbers = new boolean[in.length];
    long form = 0;
    for (int i = 0; i < in.length; i++) {
      numbers[i] = in[i].isConstant();
      if (numbers[i]) form |= 1L << i;
    }
    var key = new Form(System.identityHashCode(expr), expr, compute, form, 0, true);
    Kernels kernels = forms.computeIfAbsent(key, k -> PointwiseSource.strided(expr, compute, params.length, numbers));
    var args = new Args().i64(n).walk(s).tensor(out).type(out);
    for (Tensor t : in) if (t.isConstant()) number(args, compute, t.constantValue()); else args.tensor(t).type(t);
    launch(device, kernels, expr, compute, params, n, args);
  }

  private static void launch(CudaDevice device, Kernels kernels, Expr expr, DType compute, double[] params, long threads, Args args) {
    for (double p : params) number(args, compute, p);
    if (PointwiseSource.isFaulty(expr, compute)) device.watched(args, PointwiseKernels::wrong);
    device.launch(kernels, "pointwise", device.blocks(threads, THREADS), THREADS, args);
  }

  private static void number(Args args, DType compute, Number value) {
    if (compute == DType.f64) args.f64(value.doubleValue());
    else if (compute.isFloating()) args.f32(value.floatValue());
    else args.i64(value.longValue());
  }

  private static RuntimeException wrong(long exponent) {
    return new KtrainException(exponent == 0 ? "division of whole numbers by zero. Fix: to(f32) first, or where(b.ne(0), ...)."
        : "pow: a whole number to a negative power (" + exponent + ") is not a whole number. Fix: to(f32) first.");
  }
}
