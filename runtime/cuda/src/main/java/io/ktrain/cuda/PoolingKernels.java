package io.ktrain.cuda;

import io.ktrain.backend.Kernel;
import io.ktrain.op.Call;
import io.ktrain.op.Op;
import io.ktrain.op.Pool2dOptions;
import io.ktrain.op.Pooling;
import io.ktrain.op.Spec;
import io.ktrain.tensor.Layout;
import io.ktrain.tensor.Tensor;
import java.util.List;

/** Pooling of pictures, which stay row-major or channels-last as they come. */
final class PoolingKernels {
  private static final Kernels POOLING = Kernels.file("pooling");
  private static final int THREADS = 256;

  private PoolingKernels() {}

  static void register(CudaBackend cuda) {
    add(cuda, Pooling.MAX_POOL2D, (device, call) -> {
      Tensor x = call.in(0), y = call.out(0), places = call.out(1);
      launch(device, "max_pool_", y, new Args().tensor(x).tensor(y).tensor(places), call.attributes(), x, y, places);
    });
    add(cuda, Pooling.MAX_POOL2D_GRAD, (device, call) -> {
      Tensor g = call.in(0), places = call.in(1), x = call.out(0);
      launch(device, "max_unpool_", x, new Args().tensor(g).tensor(places).tensor(x), call.attributes().options(), x, g,
          places);
    });
    add(cuda, Pooling.AVG_POOL2D, (device, call) -> {
      Tensor x = call.in(0), y = call.out(0);
      launch(device, "average_pool_", y, new Args().tensor(x).tensor(y), call.attributes(), x, y, null);
    });
    add(cuda, Pooling.AVG_POOL2D_GRAD, (device, call) -> {
      Tensor g = call.in(0), x = call.out(0);
      launch(device, "average_pool_grad_", x, new Args().tensor(g).tensor(x), call.attributes().options(), x, g, null);
    });
  }

  private static <A> void add(CudaBackend cuda, Op<A> op, CudaBackend.Launcher<A> launcher) {
    cuda.add(op, new Kernel<A>() {
      @Override
      public Layout layout(Call<A> call, List<Spec> specs, int i) {
        return Pictures.like(call.in(0), specs.get(i).shape());
      }

      @Override
      public void run(Call<A> call) {
        launcher.run(cuda.device(call), call);
      }
    });
  }

  /** With the struct {@code Pool} of pooling.cu behind {@code args}. */
  private static void launch(CudaDevice device, String name, Tensor result, Args args, Pool2dOptions o, Tensor x,
      Tensor y, Tensor places) {
    long[] fields = new long[26];
    long[] sizes = {x.size(0), x.size(1), x.size(2), x.size(3), y.size(2), y.size(3), o.kernelH(), o.kernelW(),
      o.strideH(), o.strideW(), o.paddingH(), o.paddingW(),
      o.countIncludePad() ? 1 : 0, Pictures.isChannelsLast(result) ? 1 : 0};
    System.arraycopy(sizes, 0, fields, 0, sizes.length);
    Pictures.strides(x, fields, 14);
    Pictures.strides(y, fields, 18);
    Pictures.strides(places, fields, 22);
    device.launch(POOLING, name + result.getDtype(), device.blocks(result.numel(), THREADS), THREADS,
        args.struct(fields));
  }
}
