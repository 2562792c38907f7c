package io.ktrain.backend.cpu;

import io.ktrain.backend.Kernel;
import io.ktrain.op.Call;
import io.ktrain.op.Conv2dOptions;
import io.ktrain.op.Convolutions;
import io.ktrain.op.Convolutions.Conv2dGrad;
import io.ktrain.op.Op;
import io.ktrain.op.Pool2dOptions;
import io.ktrain.op.Pooling;
import io.ktrain.op.Pooling.PoolGrad;
import io.ktrain.op.SparseMatrix;
import io.ktrain.op.Spec;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.Layout;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.Tensor;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * Which kernel runs which sliding-window operation. The native ones keep pictures channels-last in memory, so that a
 * chain of them converts nothing.
 */
final class ConvolutionKernels {
  private ConvolutionKernels() {}

  static void register(CpuBackend cpu) {
    addWide(cpu, NativeLibrary::available, Convolutions.CONV2D, new Native<Conv2dOptions>() {
      @Override
      public void run(Call<Conv2dOptions> call) {
        try (Picture x = Picture.of(call.in(0)); Packed w = Packed.of(call.in(1)); Packed b = Packed.of(call.in(2))) {
          NativeConvolution.forward(shape(call.in(0).getShape(), call.in(1).getShape(), call.attributes()), true, x.address(), w.address(), b.address(), address(call.out(0)));
        }
      }
    });
    addWide(cpu, NativeLibrary::available, Convolutions.CONV2D_INPUT_GRAD, new Native<Conv2dGrad>() {
      @Override
      public void run(Call<Conv2dGrad> call) {
        try (Picture g = Picture.of(call.in(0)); Packed w = Packed.of(call.in(1))) {
          NativeConvolution.backwardData(shape(call.attributes().of(), call.in(1).getShape(), call.attributes().options()), true, g.address(), w.address(), address(call.out(0)));
        }
      }
    });
    addWide(cpu, NativeLibrary::available, Convolutions.CONV2D_WEIGHT_GRAD, new Native<Conv2dGrad>() {
      @Override
      public Layout layout(Call<Conv2dGrad> call, List<Spec> specs, int i) {
        return null;
      }

      @Override
      public void run(Call<Conv2dGrad> call) {
        try (Picture g = Picture.of(call.in(0)); Picture x = Picture.of(call.in(1))) {
          NativeConvolution.backwardWeights(shape(call.in(1).getShape(), call.attributes().of(), call.attributes().options()), true, x.address(), g.address(), address(call.out(0)), address(call.out(1)));
        }
      }
    });
    cpu.add(Convolutions.CONV2D, PlainConvolution::forward);
    cpu.add(Convolutions.CONV2D_INPUT_GRAD, PlainConvolution::inputGrad);
    cpu.add(Convolutions.CONV2D_WEIGHT_GRAD, PlainConvolution::weightGrad);
    addWide(cpu, Vectors::available, Pooling.MAX_POOL2D, new ChannelsLast<Pool2dOptions>() {
      @Override
      public void run(Call<Pool2dOptions> call) {
        Tensor x = call.in(0);
        PoolShape s = shape(x.getShape(), call.out(0).getShape(), call.attributes());
        long from = address(x), to = address(call.out(0)), places = address(call.out(1));
        ThreadPool.run(s.n(), i -> VectorPooling.max(s, from + 4 * i * s.inSize(), to + 4 * i * s.outSize(), places + 4 * i * s.outSize()));
      }
    });
    addWide(cpu, Vectors::available, Pooling.MAX_POOL2D_GRAD, new ChannelsLast<PoolGrad>() {
      @Override
      public boolean takes(Call<PoolGrad> call) {
        return Picture.isChannelsLast(call.in(1)) && call.in(1).getDtype() == DType.i32 && call.in(0).getDtype() == DType.f32 && Vectors.available();
      }

      @Override
      public void run(Call<PoolGrad> call) {
        PoolShape s = shape(call.attributes().of(), call.in(0).getShape(), call.attributes().options());
        try (Picture g = Picture.of(call.in(0))) {
          long from = g.address(), places = address(call.in(1)), to = address(call.out(0));
          ThreadPool.run(s.n(), i -> VectorPooling.unpool(s, from + 4 * i * s.outSize(), places + 4 * i * s.outSize(), to + 4 * i * s.inSize()));
        }
      }
    });
    cpu.add(Pooling.MAX_POOL2D, PlainPooling::max);
    cpu.add(Pooling.MAX_POOL2D_GRAD, PlainPooling::unpool);
    cpu.add(Pooling.AVG_POOL2D, new Averages<>() {
      @Override
      public void run(Call<Pool2dOptions> call) {
        Tensor x = call.in(0);
        means(x, call.attributes(), x.getShape(), call.out(0), false);
      }
    });
    cpu.add(Pooling.AVG_POOL2D_GRAD, new Averages<>() {
      @Override
      public void run(Call<PoolGrad> call) {
        means(call.in(0), call.attributes().options(), call.attributes().of(), call.out(0), true);
      }
    });
    cpu.add(Pooling.AVG_POOL2D, PlainPooling::average);
    cpu.add(Pooling.AVG_POOL2D_GRAD, PlainPooling::averageGrad);
  }

  /** A kernel of f32, which serves bf16 and f16 too. */
  private static <A> void addWide(CpuBackend cpu, BooleanSupplier isThere, Op<A> op, Kernel<A> kernel) {
    cpu.add(op, kernel);
    cpu.add(op, new InF32<>(isThere, kernel));
  }

  /** A kernel of the native library: f32, its picture channels-last. */
  private interface Native<A> extends Kernel<A> {
    @Override
    default Library library() {
      return Library.REQUIRED;
    }

    @Override
    default boolean takes(Call<A> call) {
      return call.in(0).getDtype() == DType.f32 && call.in(0).numel() > 0 && NativeLibrary.available();
    }

    @Override
    default Layout layout(Call<A> call, List<Spec> specs, int i) {
      return Layout.permuted(specs.get(i).shape(), 0, 2, 3, 1);
    }
  }

  /** A vector kernel over the channels of an f32 picture that is channels-last already. */
  private interface ChannelsLast<A> extends Kernel<A> {
    @Override
    default boolean takes(Call<A> call) {
      return call.in(0).getDtype() == DType.f32 && Picture.isChannelsLast(call.in(0)) && Vectors.available();
    }

    @Override
    default Layout layout(Call<A> call, List<Spec> specs, int i) {
      return Layout.permuted(specs.get(i).shape(), 0, 2, 3, 1);
    }
  }

  /** f32 averages, of columns and then of rows; they lie as their input does. */
  private interface Averages<A> extends Kernel<A> {
    @Override
    default boolean takes(Call<A> call) {
      return call.in(0).getDtype() == DType.f32;
    }

    @Override
    default Layout layout(Call<A> call, List<Spec> specs, int i) {
      return ResamplingKernels.layout(call.in(0), specs.get(0).shape());
    }
  }

  private static void means(Tensor from, Pool2dOptions o, Shape x, Tensor to, boolean back) {
    SparseMatrix rows = Pooling.means(x.get(2), o.kernelH(), o.strideH(), o.paddingH(), o.ceilMode(),
        o.countIncludePad(), 0);
    SparseMatrix columns = Pooling.means(x.get(3), o.kernelW(), o.strideW(), o.paddingW(), o.ceilMode(),
        o.countIncludePad(), 0);
    Shape between = from.getShape().with(3, to.size(3));
    Layout layout = ResamplingKernels.layout(from, between);
    Tensor half = Temporary.of(from, between, layout == null ? Layout.contiguous(between) : layout);
    ResamplingKernels.resample(from, 3, back ? columns.transposed() : columns, half);
    ResamplingKernels.resample(half, 2, back ? rows.transposed() : rows, to);
    Temporary.free(half);
  }

  private static PoolShape shape(Shape x, Shape y, Pool2dOptions o) {
    int below = (y.get(2) - 1) * o.strideH() + o.kernelH() - x.get(2) - o.paddingH(), right = (y.get(3) - 1) * o.strideW() + o.kernelW() - x.get(3) - o.paddingW();
    return new PoolShape(x.get(0), x.get(1), x.get(2), x.get(3), o.kernelH(), o.kernelW(), o.strideH(), o.strideW(), o.paddingH(), o.paddingW(), below, right, 1, 1);
  }

  private static long address(Tensor t) {
    return MatMulKernels.address(t);
  }

  private static ConvShape shape(Shape x, Shape w, Conv2dOptions o) {
    return new ConvShape(x.get(0), x.get(1), x.get(2), x.get(3), w.get(0), w.get(2), w.get(3), o.strideH(), o.strideW(), o.paddingH(), o.paddingW(), o.paddingH(), o.paddingW(),
        o.dilationH(), o.dilationW(), o.groups());
  }

  /** A picture whose memory is channels-last; copied where it was not. */
  record Picture(Tensor tensor, boolean temporary) implements AutoCloseable {
    static Picture of(Tensor t) {
      if (isChannelsLast(t)) return new Picture(t, false);
      Tensor copy = Temporary.of(t, Layout.permuted(t.getShape(), 0, 2, 3, 1));
      CopyKernels.copy(t, copy);
      return new Picture(copy, true);
    }

    static boolean isChannelsLast(Tensor t) {
      Layout wanted = Layout.permuted(t.getShape(), 0, 2, 3, 1);
      for (int d = 0; d < 4; d++) if (t.size(d) != 1 && t.layout().stride(d) != wanted.stride(d)) return false;
      return true;
    }

    long address() {
      return MatMulKernels.address(tensor);
    }

    @Override
    public void close() {
      if (temporary) Temporary.free(tensor);
    }
  }

  /** A row-major operand; absent ones have address 0. */
  record Packed(Tensor tensor, boolean temporary) implements AutoCloseable {
    static Packed of(Tensor t) {
      if (t == null || t.isContiguous()) return new Packed(t, false);
      Tensor copy = Temporary.like(t);
      CopyKernels.copy(t, copy);
      return new Packed(copy, true);
    }

    long address() {
      return tensor == null ? 0 : MatMulKernels.address(tensor);
    }

    @Override
    public void close() {
      if (temporary) Temporary.free(tensor);
    }
  }
}
