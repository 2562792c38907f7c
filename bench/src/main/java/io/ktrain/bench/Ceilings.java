package io.ktrain.bench;

import io.ktrain.memory.Scope;
import io.ktrain.nn.Parameter;
import io.ktrain.optim.AdamW;
import io.ktrain.tensor.Context;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.Device;
import io.ktrain.tensor.Devices;
import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.Tensor;
import io.ktrain.train.Steps;
import java.util.Arrays;
import java.util.List;

/**
 * What one operation reaches of what the device can do: {@code Ceilings [--device cuda] NAME...}, with the names of
 * {@link #measure}. Matrix products in tf32 are those in f32 where KTRAIN_TF32=on.
 */
public final class Ceilings {
  private static final int ELEMENTS = Training.SMALL ? 1 << 12 : 1 << 26;
  private static final int SIDE = Training.SMALL ? 64 : 8192;
  private static final int ROWS = Training.SMALL ? 8 : 8192;
  private static final int COLUMNS = Training.SMALL ? 64 : 4096;
  private static final int BLOCKS = Training.SMALL ? 1 : 7;
  private static final double BLOCK_SECONDS = Training.SMALL ? 0.001 : 0.2;

  private final Device device;

  private Ceilings(Device device) {
    this.device = device;
  }

  public static void main(String[] args) {
    var a = new Arguments(args).only("--device");
    var ceilings = new Ceilings(Devices.named(a.text("--device", "cuda")));
    Context context = Context.current();
    context.setDevice(ceilings.device);
    for (String name : a.words())
      context.withGrad(false, () -> {
        Scope scope = context.open(name);
        try {
          ceilings.measure(name);
        } catch (KtrainException e) { // the next one may well work
          Report.check(name, e.getMessage().lines().findFirst().orElse(""), "-", false);
        }
        context.close(scope);
        return null;
      });
  }

  private void measure(String name) {
    switch (name) {
      case "copy.f32" -> {
        Tensor x = randn(DType.f32, ELEMENTS), y = randn(DType.f32, ELEMENTS);
        bandwidth(name, 8.0 * ELEMENTS, () -> y.copy_(x));
      }
      case "add.f32", "add.bf16" -> {
        DType dtype = type(name);
        Tensor x = randn(dtype, ELEMENTS), y = randn(dtype, ELEMENTS);
        bandwidth(name, 3.0 * dtype.bytes() * ELEMENTS, () -> x.add(y));
      }
      case "gelu.f32", "gelu.bf16" -> {
        Tensor x = randn(type(name), ELEMENTS);
        bandwidth(name, 2.0 * type(name).bytes() * ELEMENTS, x::gelu);
      }
      case "sum.f32" -> {
        Tensor x = randn(DType.f32, ELEMENTS);
        bandwidth(name, 4.0 * ELEMENTS, x::sum);
      }
      case "softmax.f32" -> {
        Tensor x = randn(DType.f32, ROWS, COLUMNS);
        bandwidth(name, 8.0 * ROWS * COLUMNS, () -> x.softmax(1));
      }
      case "layerNorm.f32" -> {
        Tensor x = randn(DType.f32, ROWS, COLUMNS);
        Tensor weight = randn(DType.f32, COLUMNS), bias = randn(DType.f32, COLUMNS);
        bandwidth(name, 8.0 * ROWS * COLUMNS, () -> x.layerNorm(1, weight, bias, 1e-5));
      }
      case "adamw.f32" -> {
        var p = new Parameter(randn(DType.f32, ELEMENTS));
        p.setGrad(randn(DType.f32, ELEMENTS));
        var optimizer = new AdamW(List.of(p), 1e-3);
        bandwidth(name, 28.0 * ELEMENTS, () -> { // reads 4 numbers an element, writes 3
          optimizer.step();
          return p;
        });
      }
      case "gemm.f32", "gemm.tf32", "gemm.bf16" -> {
        DType dtype = name.endsWith("bf16") ? DType.bf16 : DType.f32;
        Tensor x = randn(dtype, SIDE, SIDE), y = randn(dtype, SIDE, SIDE);
        Report.figure(name, 2.0 * SIDE * SIDE * SIDE / seconds(() -> x.mm(y)) / 1e12, "TFLOP/s");
      }
      case "launch.inPlace" -> {
        Tensor x = randn(DType.f32, 32);
        Report.figure(name, 1e6 * seconds(() -> x.add_(1)), "us");
      }
      case "launch.new" -> {
        Tensor x = randn(DType.f32, 32), y = randn(DType.f32, 32);
        Report.figure(name, 1e6 * seconds(() -> x.add(y)), "us");
      }
      case "launches200.eager", "launches200.graph" -> { // the latter where KTRAIN_CUDA_GRAPHS=on
        Tensor x = randn(DType.f32, 32);
        Report.figure(name, 1e6 * seconds(() -> Steps.step(() -> {
          for (int i = 0; i < 200; i++) x.add_(1);
          return x;
        })), "us");
      }
      case "read.scalar" -> {
        Tensor x = randn(DType.f32, 1);
        Report.figure(name, 1e6 * seconds(() -> {
          x.item();
          return x;
        }), "us");
      }
      case "upload.pinned" -> {
        Tensor x = Tensor.randn(ELEMENTS).to(Device.CPU).pinMemory();
        Report.figure(name, 4.0 * ELEMENTS / seconds(() -> x.to(device)) / 1e9, "GB/s");
      }
      default -> throw new IllegalArgumentException("bench: no ceiling " + name + ".");
    }
  }

  private Tensor randn(DType dtype, int... sizes) {
    return Tensor.randn(sizes).to(dtype);
  }

  private static DType type(String name) {
    return DType.valueOf(name.substring(name.indexOf('.') + 1));
  }

  private static void bandwidth(String name, double bytes, Body body) {
    Report.figure(name, bytes / seconds(body) / 1e9, "GB/s");
  }

  private interface Body {
    Tensor run();
  }

  /** Median seconds of a call, in blocks of as many as fill one; each block ends when the device is done. */
  private static double seconds(Body body) {
    double once = 0;
    for (int i = 0; i < 5; i++) once = block(body, 1);
    int calls = (int) Math.clamp(BLOCK_SECONDS / once, 1, 20_000);
    block(body, calls); // a short call's own cost shows only here
    calls = (int) Math.clamp(BLOCK_SECONDS / (block(body, calls) / calls), 1, 20_000);
    double[] seconds = new double[BLOCKS];
    for (int b = 0; b < BLOCKS; b++) seconds[b] = block(body, calls) / calls;
    Arrays.sort(seconds);
    return seconds[BLOCKS / 2];
  }

  private static double block(Body body, int calls) {
    long start = System.nanoTime();
    for (int i = 0; i < calls; i++) {
      Context context = Context.current();
      Scope scope = context.open("a call");
      Tensor y = body.run();
      if (i == calls - 1) y.flatten().narrow(0, 0, 1).toDoubleArray(); // waits for the device
      context.close(scope);
    }
    return (System.nanoTime() - start) / 1e9;
  }
}
