package io.ktrain.cuda;

import io.ktrain.tensor.KtrainException;
import java.util.function.LongFunction;

/**
 * What kernels find wrong with values, which the host learns when it next reads from the device: the first index out of
 * range, say. A kernel writes the number of its call and one value; here is kept what to say of it.
 */
final class Faults {
  /** Bytes on the device: the call's number plus 1, and the value. */
  static final long BYTES = 16;

  private static final int REMEMBERED = 1 << 12;

  private final LongFunction<RuntimeException>[] errors;
  private long calls;

  @SuppressWarnings({"unchecked", "rawtypes"})
  Faults() {
    errors = new LongFunction[REMEMBERED];
  }

  /** The number of a call whose kernel may find a fault. */
  synchronized long watch(LongFunction<RuntimeException> error) {
    errors[(int) (calls % REMEMBERED)] = error;
    return calls++;
  }

  /** What to throw for a call's fault. */
  synchronized RuntimeException error(long call, long value) {
    if (call < calls - REMEMBERED) return new KtrainException("cuda: an earlier operation found value " + value + " out of range.");
    return errors[(int) (call % REMEMBERED)].apply(value);
  }
}
