package io.ktrain.backend;

import io.ktrain.memory.Pool;
import io.ktrain.memory.Storage;
import io.ktrain.op.Call;
import io.ktrain.op.Op;
import io.ktrain.tensor.Device;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Set;

/**
 * What computes: memory, copies to and from the host, and a kernel for operations. Found by ServiceLoader; one object a
 * kind of device. A backend that lacks a kernel still runs an operation that is made of others.
 */
public interface Backend {
  /** The first part of its devices' names: "cpu", "cuda". */
  String type();

  /** Whether this process can compute with it. Where not, {@link #status} says why; never throws. */
  default boolean isUsable() {
    return true;
  }

  /** What it computes with, or in one sentence why it cannot; never throws. */
  String status();

  /** Whatever else there is to say of it, a line each: its devices, the libraries that it found or lacks. Never throws. */
  default List<String> details() {
    return List.of();
  }

  /** The memory of one of its devices; throws DeviceError where there is no such device. */
  Pool pool(Device device);

  /** The kernel for a call, or null. */
  <A> Kernel<A> kernel(Call<A> call);

  /** Whether it has a kernel of its own for the operation, for some calls at least. Asks no device. */
  boolean runs(Op<?> op);

  /** What its kernels for the operation have to do with a native math library, whether or not that is there. */
  default Set<Kernel.Library> libraries(Op<?> op) {
    return runs(op) ? Set.of(Kernel.Library.NONE) : Set.of();
  }

  /** How many of the host's threads its kernels use at most; 1 where they run elsewhere. */
  default int threads() {
    return 1;
  }

  /** Asks for that many; no matter where kernels do not run on the host. */
  default void setThreads(int count) {}

  /** Copies bytes from a storage to host memory, once everything that writes it is done. */
  void read(Storage from, long byteOffset, MemorySegment to);

  /** Copies bytes from host memory to a storage; {@code from} may change once this returns. */
  void write(MemorySegment from, Storage to, long byteOffset);

  /**
   * Copies a stretch of a storage that the host can read, or of another device of this backend, to the beginning of one
   * of this backend's. From {@link #pinned} memory the copy may still be under way when this returns; the block is not given out again before.
   */
  default void upload(Storage from, long byteOffset, Storage to, long bytes) {
    write(from.host().asSlice(byteOffset, bytes), to, 0);
  }

  /** The memory of a device for what {@link #upload} brings there from a storage. */
  default Pool arrivals(Device device, Storage from) {
    return pool(device);
  }

  /** Waits until all that was given to its devices has run, and throws what was found wrong with it. */
  default void synchronize() {}

  /** A training step is over: work that was held back to be given to a device at once goes there now. */
  default void stepDone() {}

  /** Host memory from which copies to this backend's devices are quickest, or null where all of it is alike. */
  default Pool pinned() {
    return null;
  }
}
