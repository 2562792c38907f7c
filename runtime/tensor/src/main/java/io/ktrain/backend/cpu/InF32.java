package io.ktrain.backend.cpu;

import io.ktrain.backend.Kernel;
import io.ktrain.memory.Scope;
import io.ktrain.op.Call;
import io.ktrain.op.Dispatch;
import io.ktrain.op.Spec;
import io.ktrain.tensor.Context;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.Layout;
import io.ktrain.tensor.Tensor;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * A bf16 or f16 call computed by the operation's f32 kernel: the operands are widened and each result is rounded once.
 *
 * @param isThere whether that kernel can be used here
 * @param of the kernel whose layout of results is wanted; null for row-major
 */
record InF32<A>(BooleanSupplier isThere, Kernel<A> of) implements Kernel<A> {
  @Override
  public boolean takes(Call<A> call) {
    DType type = call.in(0).getDtype();
    return (type == DType.bf16 || type == DType.f16) && isThere.getAsBoolean();
  }

  @Override
  public Layout layout(Call<A> call, List<Spec> specs, int i) {
    return of == null ? null : of.layout(call, specs, i);
  }

  @Override
  public void run(Call<A> call) {
    Context context = Context.current();
    Scope scope = context.open("a kernel");
    try {
      Tensor[] out = context.withGrad(false, () -> context.withAutocast(null, () -> context.withAnomaly(null, () -> {
        Tensor[] in = new Tensor[call.inputs()];
        for (int i = 0; i < in.length; i++) in[i] = widened(call.in(i));
        return Dispatch.all(call.op(), call.attributes(), in);
      })));
      for (int i = 0; i < out.length; i++) CopyKernels.copy(out[i], call.out(i));
    } finally {
      context.close(scope);
    }
  }

  /** As f32, in the order in which its elements lie. */
  private static Tensor widened(Tensor t) {
    if (t == null || !t.getDtype().isFloating() || t.getDtype() == DType.f32) return t;
    var spec = new Spec(t.getShape(), DType.f32);
    boolean dense = t.layout().isDense(t.getShape());
    Tensor wide = Dispatch.allocate("a temporary", spec, t.getDevice(), dense ? Layout.permuted(t.getShape(), t.layout().order()) : Layout.contiguous(t.getShape()));
    CopyKernels.copy(t, wide);
    return wide;
  }
}
