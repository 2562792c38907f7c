package io.ktrain.cuda;

import io.ktrain.backend.Kernel;
import io.ktrain.op.Call;
import io.ktrain.op.Conv2dOptions;
import io.ktrain.op.Convolutions;
import io.ktrain.op.Convolutions.Conv2dGrad;
import io.ktrain.op.Spec;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.DeviceError;
import io.ktrain.tensor.Layout;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Convolution by cuDNN where it is and has a way, else by this jar's kernels. Results lie as the pictures they are made
 * of.
 */
final class ConvolutionKernels {
  private record Key(int device, GpuDnn.Pass pass, Convolution convolution) {}

  private final CudaBackend cuda;
  private final CopyKernels copies;
  private final ColumnConvolution columns;
  private final ConcurrentHashMap<CudaDevice, Long> handles = new ConcurrentHashMap<>();
  private final Set<CudaDevice> without = ConcurrentHashMap.newKeySet();
  private final ConcurrentHashMap<Key, Optional<GpuDnn.Plan>> plans = new ConcurrentHashMap<>();

  private ConvolutionKernels(CudaBackend cuda) {
    this.cuda = cuda;
    copies = cuda.copies();
    columns = new ColumnConvolution(cuda);
  }

  static void register(CudaBackend cuda) {
    var c = new ConvolutionKernels(cuda);
    cuda.add(Convolutions.CONV2D, new Kernel<Conv2dOptions>() {
      @Override
      public Layout layout(Call<Conv2dOptions> call, List<Spec> specs, int i) {
        return Pictures.like(call.in(0), specs.get(i).shape());
      }

      @Override
      public void run(Call<Conv2dOptions> call) {
        c.forward(cuda.device(call), call);
      }
    });
    cuda.add(Convolutions.CONV2D_INPUT_GRAD, new Kernel<Conv2dGrad>() {
      @Override
      public Layout layout(Call<Conv2dGrad> call, List<Spec> specs, int i) {
        return Pictures.like(call.in(0), specs.get(i).shape());
      }

      @Override
      public void run(Call<Conv2dGrad> call) {
        c.inputGrad(cuda.device(call), call);
      }
    });
    cuda.add(Convolutions.CONV2D_WEIGHT_GRAD, c::weightGrad);
  }

  private void forward(CudaDevice device, Call<Conv2dOptions> call) {
    Tensor x = call.in(0), weight = call.in(1), bias = call.in(2), y = call.out(0);
    if (y.numel() == 0) return;
    var s = Convolution.of(y.getDtype(), x.getShape(), weight.getShape(), y.getShape(), call.attributes(),
        Pictures.isChannelsLast(x));
    GpuDnn.Plan plan = plan(device, GpuDnn.Pass.FORWARD, s);
    if (plan == null) {
      columns.forward(device, s, x, weight, bias, y);
      return;
    }
    Tensor in = columns.laid(device, s, x), w = columns.laid(device, s, weight), work = workspace(plan, y);
    long from = Args.address(in), by = Args.address(w), to = Args.address(y), at = address(work),
        handle = handles.get(device);
    device.put(driver -> cuda.dnn().forward(handle, plan, from, by, to, at));
    if (bias != null) columns.addBias(device, s, y, bias);
    ColumnConvolution.free(in, x);
    ColumnConvolution.free(w, weight);
    free(work);
  }

  private void inputGrad(CudaDevice device, Call<Conv2dGrad> call) {
    Tensor g = call.in(0), weight = call.in(1), x = call.out(0);
    if (x.numel() == 0) return;
    var s = Convolution.of(x.getDtype(), x.getShape(), weight.getShape(), g.getShape(), call.attributes().options(),
        Pictures.isChannelsLast(g));
    GpuDnn.Plan plan = plan(device, GpuDnn.Pass.INPUT_GRAD, s);
    if (plan == null) {
      columns.inputGrad(device, s, g, weight, x);
      return;
    }
    Tensor up = columns.laid(device, s, g), w = columns.laid(device, s, weight), work = workspace(plan, x);
    long from = Args.address(up), by = Args.address(w), to = Args.address(x), at = address(work),
        handle = handles.get(device);
    device.put(driver -> cuda.dnn().inputGrad(handle, plan, from, by, to, at));
    ColumnConvolution.free(up, g);
    ColumnConvolution.free(w, weight);
    free(work);
  }

  private void weightGrad(CudaDevice device, Call<Conv2dGrad> call) {
    Tensor g = call.in(0), x = call.in(1), weight = call.out(0), bias = call.out(1);
    if (g.numel() == 0) {
      copies.fill(device, weight, 0);
      copies.fill(device, bias, 0);
      return;
    }
    var s = Convolution.of(weight.getDtype(), x.getShape(), weight.getShape(), g.getShape(),
        call.attributes().options(), Pictures.isChannelsLast(x));
    ColumnConvolution.biasGrad(device, g, bias);
    GpuDnn.Plan plan = weight.numel() == 0 ? null : plan(device, GpuDnn.Pass.WEIGHT_GRAD, s);
    if (plan == null) {
      columns.weightGrad(device, s, g, x, weight);
      return;
    }
    Tensor up = columns.laid(device, s, g), in = columns.laid(device, s, x), work = workspace(plan, weight);
    Layout layout = s.channelsLast() ? Pictures.channelsLast(weight.getShape()) : Layout.contiguous(weight.getShape());
    Tensor w = !s.channelsLast() ? weight
        : CopyKernels.window(CopyKernels.temporary(weight.getShape(), s.type(), weight), weight.getShape(), layout);
    long from = Args.address(up), by = Args.address(in), to = Args.address(w), at = address(work),
        handle = handles.get(device);
    device.put(driver -> cuda.dnn().weightGrad(handle, plan, from, by, to, at));
    if (w != weight) copies.copy(device, w, weight);
    ColumnConvolution.free(w, weight);
    ColumnConvolution.free(up, g);
    ColumnConvolution.free(in, x);
    free(work);
  }

  /** How cuDNN computes it, or null where it does not. */
  private GpuDnn.Plan plan(CudaDevice device, GpuDnn.Pass pass, Convolution s) {
    GpuDnn dnn = cuda.dnn();
    if (dnn == null) return null;
    // Its strides are of 32 bits.
    if (s.n() * Math.max((long) s.c() * s.h() * s.w(), (long) s.o() * s.oh() * s.ow()) > Integer.MAX_VALUE) return null;
    var key = new Key(device.index, pass, s);
    Optional<GpuDnn.Plan> known = plans.get(key);
    if (known == null) {
      known = plans.computeIfAbsent(key,
          k -> Optional.ofNullable(device.call(driver -> planned(device, dnn, pass, s))));
    }
    return known.orElse(null);
  }

  /**
   * On the device's thread. A library that loads may still not start: its parts, which it loads itself, may be missing
   * or of other releases.
   */
  private GpuDnn.@Nullable Plan planned(CudaDevice device, GpuDnn dnn, GpuDnn.Pass pass, Convolution s) {
    if (without.contains(device)) return null;
    try {
      Long handle = handles.get(device);
      if (handle == null) handles.put(device, handle = dnn.open(device.libraryStream()));
      return dnn.plan(handle, pass, s);
    } catch (DeviceError e) {
      without.add(device);
      System.getLogger(ConvolutionKernels.class.getName()).log(System.Logger.Level.WARNING,
          "cuDNN does not start on cuda:" + device.index + ", and ktrain's own kernels, which are slower, run instead: " + e.getMessage());
      return null;
    }
  }

  private static Tensor workspace(GpuDnn.Plan plan, Tensor like) {
    if (plan.workspace() == 0) return null;
    return CopyKernels.temporary(Shape.of(Math.toIntExact(plan.workspace())), DType.u8, like);
  }

  private static long address(Tensor workspace) {
    return workspace == null ? 0 : Args.address(workspace);
  }

  private static void free(Tensor workspace) {
    if (workspace != null) workspace.storage().free("its operation");
  }
}
