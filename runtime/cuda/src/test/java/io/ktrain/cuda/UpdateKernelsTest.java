package io.ktrain.cuda;

import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.ktrain.op.Dispatch;
import io.ktrain.op.Expr;
import io.ktrain.op.Op;
import io.ktrain.op.OpTable;
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
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

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

  /**
   * {@code lists} tensors for each size; the first of each list begins in the middle of its memory. States are not
   * negative.
   */
  private static Tensor[] tensors(DType dtype, int lists, int... sizes) {
    var random = new Random(7);
    Tensor[] all = new Tensor[lists * sizes.length];
    for (int i = 0; i < all.length; i++) {
      int n = sizes[i % sizes.length], list = i / sizes.length;
      boolean inside = i % sizes.length == 5;
      double[] v = new double[inside ? n + 1 : n];
      for (int k = 0; k < v.length; k++) v[k] = list >= 2 ? random.nextDouble() : random.nextDouble() - 0.5;
      // it must show, and a denormal state be flushed
      if (n == 8) v[3] = list == 1 ? Double.NaN : list >= 2 ? 1e-39 : v[3];
      DType type = list >= 2 && dtype != DType.f64 ? DType.f32 : dtype;
      Tensor t = Tensor.of(v, v.length).to(type).to(Context.current().device());
      all[i] = inside ? t.narrow(0, 1, n) : t;
    }
    return all;
  }

  private static Tensor[] stepped(Device device, Op<double[]> op, DType dtype, int... sizes) {
    return Cuda.on(device, () -> {
      Tensor[] all = tensors(dtype, op.update().size() + 1, sizes);
      for (int step = 0; step < 2; step++) Dispatch.all(op, numbers(op), all);
      return all;
    });
  }

  /** A sign, a weight decay, and for the rest numbers between 0 and 1. */
  static double[] numbers(Op<double[]> op) {
    double[] numbers = new double[op.update().stream().mapToInt(UpdateKernelsTest::count).max().orElseThrow()];
    for (int i = 0; i < numbers.length; i++) numbers[i] = 0.95 - 0.07 * i;
    if (numbers.length > 1) {
      numbers[0] = -1;
      numbers[1] = 0.2;
    }
    return numbers;
  }

  private static int count(Expr e) {
    return switch (e) {
      case Expr.Param p -> p.index() + 1;
      case Expr.Input i -> 0;
      case Expr.Constant c -> 0;
      case Expr.Unary u -> count(u.x());
      case Expr.Binary b -> Math.max(count(b.a()), count(b.b()));
      case Expr.Fma f -> Math.max(count(f.a()), Math.max(count(f.b()), count(f.c())));
      case Expr.Select s -> Math.max(count(s.condition()), Math.max(count(s.yes()), count(s.no())));
    };
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

  @SuppressWarnings("unchecked")
  static Stream<Op<double[]>> updates() {
    return OpTable.all().stream().filter(op -> op.update() != null).map(op -> (Op<double[]>) op);
  }

  /** To the bit: no sum in the expressions leaves a compiler a choice. One of them in every type. */
  @TestFactory
  Stream<DynamicTest> everyUpdateIsTheCpus() {
    return updates().flatMap(op -> {
      List<DType> types = op == Updates.ADAM ? FLOATING : List.of(DType.f32);
      return types.stream().map(dtype -> dynamicTest(op + " " + dtype, () -> {
        Tensor[] expected = stepped(Device.CPU, op, dtype, SIZES), got = stepped(Cuda.DEVICE, op, dtype, SIZES);
        for (int i = 0; i < expected.length; i++) Cuda.close(op + ", tensor " + i, 0, expected[i], got[i]);
      }));
    });
  }

  @Test
  void theGradientStaysAsItIs() {
    updates().forEach(op -> Cuda.on(Cuda.DEVICE, () -> {
      Tensor[] all = tensors(DType.f32, op.update().size() + 1, 9, 100);
      double[] before = all[3].toDoubleArray();
      Dispatch.all(op, numbers(op), all);
      Cuda.close(op + ", gradient", 0, Tensor.of(before), all[3]);
      return null;
    }));
  }

  /** Any of the lists may hold a transposed view. */
  @Test
  void stridedTensorsAreStepped() {
    for (int strided : new int[] {0, 1, 2}) {
      Tensor[] results = new Tensor[2];
      for (Device device : List.of(Device.CPU, Cuda.DEVICE))
        results[device == Device.CPU ? 0 : 1] = Cuda.on(device, () -> {
          Tensor[] all = tensors(DType.f32, 3, 12);
          for (int i = 0; i < 3; i++)
            all[i] = i == strided ? all[i].reshape(3, 4).transpose(0, 1) : all[i].reshape(4, 3);
          Dispatch.all(Updates.SGD_MOMENTUM, numbers(Updates.SGD_MOMENTUM), all);
          return all[0].add(all[2].mul(2));
        });
      Cuda.close("list " + strided, 5e-7, results[0], results[1]);
    }
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
