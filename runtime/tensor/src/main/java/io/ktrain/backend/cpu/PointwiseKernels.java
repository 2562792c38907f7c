package io.ktrain.backend.cpu;

import io.ktrain.backend.Kernel;
import io.ktrain.op.Call;
import io.ktrain.op.Spec;
import io.ktrain.tensor.Layout;
import io.ktrain.tensor.Tensor;
import java.util.List;

/** Runs any pointwise operation from its expression. */
final class PointwiseKernels implements Kernel<double[]> {
  static final PointwiseKernels KERNEL = new PointwiseKernels();

  private PointwiseKernels() {}

  /** The result lies as the first input of its shape does, so that channels-last stays so. */
  @Override
  public Layout layout(Call<double[]> call, List<Spec> specs, int output) {
    for (int i = 0; i < call.inputs(); i++) {
      Tensor t = call.in(i);
      if (t.isConstant() || !t.getShape().equals(specs.get(0).shape())) continue;
      if (t.isContiguous()) return null;
      if (t.layout().isDense(t.getShape())) return Layout.permuted(t.getShape(), t.layout().order());
    }
    return null;
  }

  @Override
  public void run(Call<double[]> call) {
    Tensor[] in = new Tensor[call.inputs()];
    for (int i = 0; i < in.length; i++) in[i] = call.in(i);
    TileInterpreter.run(call.op().pointwise().expr(), call.op().pointwise().compute(call), call.attributes(), call.out(0), in);
  }
}
