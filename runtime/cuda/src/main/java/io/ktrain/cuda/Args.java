package io.ktrain.cuda;

import io.ktrain.backend.Strides;
import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;
import java.util.Arrays;

/**
 * The parameters of one launch, in the kernel's order: slots of eight bytes, of which a small value fills one and a
 * struct several. Written where the call is made, read on the device's thread.
 */
final class Args {
  /** As many dims and operands as the kernels' {@code Walk} holds; see ktrain.cuh. */
  static final int DIMS = 8;
  static final int OPERANDS = 6;

  private long[] slots = new long[24];
  private int used;
  private int[] starts = new int[16];
  private int count;

  /** The address of a tensor's first element; 0 for one that was not given. */
  Args tensor(Tensor t) {
    return t == null ? i64(0) : i64(address(t));
  }

  static long address(Tensor t) {
    return t.storage().address() + t.layout().offset() * t.getDtype().bytes();
  }

  Args i64(long value) {
    begin(1);
    slots[used++] = value;
    return this;
  }

  Args i32(int value) {
    return i64(value & 0xFFFFFFFFL);
  }

  Args f32(float value) {
    return i32(Float.floatToRawIntBits(value));
  }

  Args f64(double value) {
    return i64(Double.doubleToRawLongBits(value));
  }

  /** The type of a tensor's elements, for kernels that take any. */
  Args type(Tensor t) {
    return i32(t.getDtype().ordinal());
  }

  /** A struct {@code Walk}: sizes, and each operand's strides in elements. Offsets belong to {@link #tensor}. */
  Args walk(Strides s) {
    return walk(s.sizes, s.strides);
  }

  /** As {@link #walk(Strides)}; {@code strides[operand][dim]}. */
  Args walk(int[] sizes, long[]... strides) {
    if (sizes.length > DIMS)
      throw new ShapeError("cuda: operands that lie in " + sizes.length + " separate dims are too many, at most " + DIMS
          + ". Fix: contiguous() first, or fewer dims at once.");
    begin(1 + DIMS + OPERANDS * DIMS);
    slots[used] = sizes.length;
    for (int d = 0; d < sizes.length; d++) {
      slots[used + 1 + d] = sizes[d];
      for (int k = 0; k < strides.length; k++) slots[used + 1 + DIMS + k * DIMS + d] = strides[k][d];
    }
    used += 1 + DIMS + OPERANDS * DIMS;
    return this;
  }

  /** A struct of that many eight-byte fields. */
  Args struct(long... fields) {
    begin(fields.length);
    System.arraycopy(fields, 0, slots, used, fields.length);
    used += fields.length;
    return this;
  }

  private void begin(int size) {
    if (used + size > slots.length) slots = Arrays.copyOf(slots, Math.max(used + size, 2 * slots.length));
    if (count == starts.length) starts = Arrays.copyOf(starts, 2 * count);
    starts[count++] = used;
  }

  int count() {
    return count;
  }

  int slots() {
    return used;
  }

  long slot(int i) {
    return slots[i];
  }

  /** The slot at which parameter {@code i} starts. */
  int start(int i) {
    return starts[i];
  }
}
