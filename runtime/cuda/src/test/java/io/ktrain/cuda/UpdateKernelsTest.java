package io.ktrain.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ktrain.op.Dispatch;
import io.ktrain.op.Op;
import io.ktrain.op.Updates;
import io.ktrain.tensor.Context;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.Device;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Optimizer steps on CUDA against the CPU's. */
class UpdateKernelsTest {
  /** Empty, less than a pack, more than a chunk; more tensors than one launch takes. */
  private static final int[] SIZES = new int[140];

  static {
    Arrays.setAll(SIZES, i -> i % 9);
    SIZES[3] = 16384;
    SIZES[70] = 20_001;
    SIZES[139] = 0;
  }

  @BeforeAll
  static void there() {
    Cuda.require();
  }

  /** {@code lists} tensors for each size; the first of each list begins in the middle of its memory. */
  private static Tensor[] tensors(DType dtype, int lists, int... sizes) {
    var random = new Random(7);
    Tensor[] all = new Tensor[lists * sizes.length];
    for (int i = 0; i < all.length; i++) {
      int n = sizes[i % sizes.length], list = i / sizes.length;
      boolean inside = i % sizes.length == 5;
      double[] v = new double[inside ? n + 1 : n];
      for (int k = 0; k < v.length; k++) v[k] = list >= 3 ? random.nextDouble() : random.nextDouble() - 0.5;
      Tensor t = Tensor.of(v, v.length).to(dtype).to(Context.current().device());
      all[i] = inside ? t.narrow(0, 1, n) : t;
    }
    return all;
  }

  private static <A> void same(String what, Op<A> op, A attributes, DType dtype, int lists) {
    // The CPU fuses steps of f32 alone, in the same arithmetic.
    double tolerance = dtype == DType.f32 ? 0 : tolerance(dtype);
    Tensor[] expected = stepped(Device.CPU, op, attributes, dtype, lists),
        got = stepped(Cuda.DEVICE, op, attributes, dtype, lists);
    for (int i = 0; i < expected.length; i++) Cuda.close(what + ", tensor " + i, tolerance, expected[i], got[i]);
  }

  private static <A> Tensor[] stepped(Device device, Op<A> op, A attributes, DType dtype, int lists) {
    return Cuda.on(device, () -> {
      Tensor[] all = tensors(dtype, lists, SIZES);
      for (int step = 0; step < 2; step++) Dispatch.all(op, attributes, all);
      return all;
    });
  }

  private static double tolerance(DType dtype) {
    return switch (dtype) {
      case f64 -> 1e-14;
      case f32 -> 5e-7;
      case f16 -> 2e-3;
      default -> 2e-2;
    };
  }

  private static final List<DType> FLOATING = Arrays.stream(DType.values()).filter(DType::isFloating).toList();

  @Test
  void sgd() {
    for (DType dtype : FLOATING) {
      same("plain " + dtype, Updates.SGD, new Updates.Sgd(0.1, 0, 0, 0, false, true), dtype, 2);
      same("decay " + dtype, Updates.SGD, new Updates.Sgd(0.1, 0, 0, 0.2, false, true), dtype, 2);
      same("first " + dtype, Updates.SGD, new Updates.Sgd(0.1, 0.9, 0.3, 0.2, false, true), dtype, 3);
      same("momentum " + dtype, Updates.SGD, new Updates.Sgd(0.1, 0.9, 0.3, 0.2, false, false), dtype, 3);
      same("nesterov " + dtype, Updates.SGD, new Updates.Sgd(0.1, 0.9, 0, 0.2, true, false), dtype, 3);
    }
  }

  @Test
  void adam() {
    for (DType dtype : FLOATING)
      for (boolean decoupled : new boolean[] {false, true})
        for (boolean amsgrad : new boolean[] {false, true}) {
          var a = new Updates.Adam(0.01, 0.9, 0.99, 1e-4, 0.1, decoupled, amsgrad, 3);
          same((amsgrad ? "amsgrad " : "adam ") + dtype + (decoupled ? " decoupled" : ""), Updates.ADAM, a, dtype,
              amsgrad ? 5 : 4);
        }
  }

  @Test
  void theGradientStaysAsItIs() {
    Cuda.on(Cuda.DEVICE, () -> {
      Tensor[] all = tensors(DType.f32, 4, 9, 100);
      double[] before = all[3].toDoubleArray();
      Dispatch.all(Updates.ADAM, new Updates.Adam(0.01, 0.9, 0.99, 1e-4, 0.1, false, false, 3), all);
      Cuda.close("gradient", 0, Tensor.of(before), all[3]);
      return null;
    });
  }

  /** A gradient may be a transposed view; a parameter that is one takes its step in parts. */
  @Test
  void stridedTensorsAreStepped() {
    for (int strided : new int[] {0, 1, 2}) {
      Tensor[] results = new Tensor[2];
      for (Device device : List.of(Device.CPU, Cuda.DEVICE))
        results[device == Device.CPU ? 0 : 1] = Cuda.on(device, () -> {
          Tensor[] all = tensors(DType.f32, 3, 12);
          for (int i = 0; i < 3; i++)
            all[i] = i == strided ? all[i].reshape(3, 4).transpose(0, 1) : all[i].reshape(4, 3);
          Dispatch.all(Updates.SGD, new Updates.Sgd(0.1, 0.9, 0.3, 0.2, false, false), all);
          return all[0];
        });
      Cuda.close("list " + strided, 5e-7, results[0], results[1]);
    }
  }

  @Test
  void statesNeverBecomeDenormal() {
    Cuda.on(Cuda.DEVICE, () -> {
      float[] tiny = new float[33];
      Arrays.fill(tiny, 1.2e-38f);
      Tensor p = Tensor.ones(33), g = Tensor.zeros(33), m = Tensor.of(tiny).to(Cuda.DEVICE),
          v = Tensor.of(tiny).to(Cuda.DEVICE), b = Tensor.of(tiny).to(Cuda.DEVICE);
      Dispatch.all(Updates.ADAM, new Updates.Adam(0.01, 0.9, 0.9, 1e-8, 0, false, false, 100), p, g, m, v);
      Dispatch.all(Updates.SGD, new Updates.Sgd(0.01, 0.9, 0, 0, false, false), p, g, b);
      for (Tensor t : List.of(m, v, b)) for (float x : t.toFloatArray()) assertEquals(0f, x);
      return null;
    });
  }

  @Test
  void aNanGradientShows() {
    Cuda.on(Cuda.DEVICE, () -> {
      Tensor p = Tensor.ones(3), g = Tensor.of(new float[] {0, Float.NaN, 0}).to(Cuda.DEVICE), m = Tensor.zeros(3),
          v = Tensor.zeros(3), most = Tensor.zeros(3);
      Dispatch.all(Updates.ADAM, new Updates.Adam(0.01, 0.9, 0.9, 1e-8, 0, false, true, 1), p, g, m, v, most);
      for (Tensor t : List.of(p, m, v, most)) {
        float[] values = t.toFloatArray();
        assertTrue(Float.isNaN(values[1]) && !Float.isNaN(values[0]) && !Float.isNaN(values[2]),
            Arrays.toString(values));
      }
      return null;
    });
  }

  @Test
  void totalNorm() {
    for (DType dtype : FLOATING) {
      Cuda.same("norm " + dtype, 2 * tolerance(dtype), () ->
          Dispatch.call(Updates.TOTAL_NORM, null, tensors(dtype, 1, 0, 3, 7, 300, 2, 9)));
      Cuda.same("strided " + dtype, 2 * tolerance(dtype), () ->
          Dispatch.call(Updates.TOTAL_NORM, null, tensors(dtype, 1, 12)[0].reshape(3, 4).transpose(0, 1)));
    }
    Cuda.same("many", 2e-6, () -> Dispatch.call(Updates.TOTAL_NORM, null, tensors(DType.f32, 1, SIZES)));
    Cuda.same("nothing", 0, () -> Dispatch.call(Updates.TOTAL_NORM, null, Tensor.zeros(0)));
  }

  @Test
  void scale() {
    for (DType dtype : FLOATING)
      for (double factor : new double[] {0.3, 1, Double.NaN}) {
        var results = new ArrayList<Tensor[]>();
        for (Device device : List.of(Device.CPU, Cuda.DEVICE))
          results.add(Cuda.on(device, () -> {
            Tensor[] all = tensors(dtype, 1, 6, 3, 300, 1, 2, 9);
            Tensor[] operands = new Tensor[all.length + 1];
            operands[0] = Tensor.full(Shape.SCALAR, factor, dtype);
            System.arraycopy(all, 0, operands, 1, all.length);
            Dispatch.all(Updates.SCALE, null, operands);
            return all;
          }));
        for (int i = 0; i < 6; i++)
          Cuda.close(dtype + " by " + factor, tolerance(dtype), results.get(0)[i], results.get(1)[i]);
      }
  }
}
