package io.ktrain.op;

import io.ktrain.tensor.DType;
import io.ktrain.tensor.Host;
import io.ktrain.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * Makes what the samples of the op table ask for: values in double, and tensors that hold them in any type and layout.
 */
final class Operands {
  /** What lies between the elements of a strided operand: reading it shows in every result. */
  private static final double JUNK = 77;

  private Operands() {}

  /** The values of a sample's inputs, the same on every run; null for an input that is not given. */
  static List<NdArray> values(Op<?> op, OpTests.Sample<?> sample, int number, boolean whole) {
    var random = new Random(op.name().hashCode() * 31L + number);
    var all = new ArrayList<NdArray>();
    for (OpTests.Input in : sample.inputs()) all.add(in.shape() == null ? null : values(in, random, whole));
    return all;
  }

  private static NdArray values(OpTests.Input in, Random random, boolean whole) {
    NdArray x = NdArray.zeros(in.shape());
    double[] v = x.data();
    for (int i = 0; i < v.length; i++)
      v[i] = switch (in.values()) {
        case ANY -> whole ? random.nextInt(7) - 3 : real(random, -2.5, 2.5);
        case POSITIVE -> whole ? 1 + random.nextInt(4) : real(random, 0.2, 2);
        case SMALL -> whole ? random.nextInt(2) : real(random, -0.8, 0.8);
        case LARGE -> whole ? 2 + random.nextInt(5) : real(random, 1.1, 4);
        case DISTINCT -> (i - v.length / 2) * (whole ? 1 : 4.0 / v.length);
        case SORTED -> (i % Math.max(1, x.shape()[x.shape().length - 1]) - 2) * (whole ? 1 : 0.7);
        case INDEX -> random.nextInt(in.bound());
        case BOOL -> random.nextInt(2);
        case PROBABILITY -> whole ? random.nextInt(2) : real(random, 0.1, 0.9);
        case SIGN -> random.nextBoolean() ? 1 : -1;
        case REGULAR -> regular(i, in.shape(), whole ? 0 : real(random, -0.4, 0.4));
      };
    if (in.values() == OpTests.Values.DISTINCT)
      for (int i = v.length - 1; i > 0; i--) {
        int j = random.nextInt(i + 1);
        double t = v[i];
        v[i] = v[j];
        v[j] = t;
      }
    return x;
  }

  /** Off the diagonal a small number, on it a large one, so that each matrix is dominated by its diagonal. */
  private static double regular(int i, int[] shape, double small) {
    int columns = shape[shape.length - 1], row = i / columns % shape[shape.length - 2];
    return row == i % columns ? 3 + 2 * row + small : small;
  }

  /** Never within 0.02 of a multiple of 0.1: that is where functions have their corners and steps. */
  private static double real(Random random, double low, double high) {
    double cell = Math.floor(low * 10 + random.nextDouble() * Math.round((high - low) * 10));
    return (cell + 0.2 + 0.6 * random.nextDouble()) / 10;
  }

  /** The type an input has when the operation is to run in {@code dtype}. */
  static DType type(OpTests.Input in, DType dtype) {
    return switch (in.values()) {
      case INDEX, SIGN -> DType.i64;
      case BOOL -> DType.bool;
      default -> dtype;
    };
  }

  static Tensor[] tensors(OpTests.Sample<?> sample, List<NdArray> values, DType dtype) {
    Tensor[] all = new Tensor[values.size()];
    for (int i = 0; i < all.length; i++) {
      OpTests.Input in = sample.inputs().get(i);
      if (values.get(i) != null) all[i] = tensor(values.get(i), type(in, dtype), in.strided());
    }
    return all;
  }

  /** A leaf that holds {@code values}; strided: every second element of each dim of a larger transposed tensor. */
  static Tensor tensor(NdArray values, DType dtype, boolean strided) {
    int[] shape = values.shape();
    if (!strided) return of(values.data(), dtype, shape);
    int n = shape.length;
    int[] large = new int[n], order = new int[n];
    for (int d = 0; d < n; d++) {
      large[d] = 2 * shape[n - 1 - d];
      order[d] = n - 1 - d;
    }
    NdArray base = NdArray.zeros(large);
    Arrays.fill(base.data(), JUNK);
    values.each((index, value) -> {
      int[] at = new int[n];
      for (int d = 0; d < n; d++) at[n - 1 - d] = 2 * index[d];
      base.set(value, at);
    });
    Tensor t = of(base.data(), dtype, large).permute(order);
    for (int d = 0; d < n; d++) t = t.slice(d, 0, shape[d], 2);
    return t.detach();
  }

  private static Tensor of(double[] values, DType dtype, int... shape) {
    byte[] bytes = new byte[values.length * dtype.bytes()];
    MemorySegment m = MemorySegment.ofArray(bytes);
    for (int i = 0; i < values.length; i++) {
      double v = values[i];
      switch (dtype) {
        case f64 -> m.setAtIndex(ValueLayout.JAVA_DOUBLE_UNALIGNED, i, v);
        case f32 -> m.setAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, i, (float) v);
        case f16 -> m.setAtIndex(ValueLayout.JAVA_SHORT_UNALIGNED, i, Float.floatToFloat16((float) v));
        case bf16 -> m.setAtIndex(ValueLayout.JAVA_SHORT_UNALIGNED, i, Host.bf16((float) v));
        case i64 -> m.setAtIndex(ValueLayout.JAVA_LONG_UNALIGNED, i, (long) v);
        case i32 -> m.setAtIndex(ValueLayout.JAVA_INT_UNALIGNED, i, (int) v);
        case i16 -> m.setAtIndex(ValueLayout.JAVA_SHORT_UNALIGNED, i, (short) v);
        case i8, u8 -> bytes[i] = (byte) v;
        case bool -> bytes[i] = (byte) (v != 0 ? 1 : 0);
      }
    }
    return Tensor.of(m, dtype, shape);
  }

  /** What a tensor holds. */
  static NdArray read(Tensor t) {
    return new NdArray(t.getShape().toArray(), t.toDoubleArray());
  }
}
