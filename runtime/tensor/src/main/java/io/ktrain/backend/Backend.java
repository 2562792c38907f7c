package io.ktrain.backend;

import io.ktrain.memory.Pool;
import io.ktrain.memory.Storage;
import io.ktrain.op.Call;
import io.ktrain.tensor.Device;
import java.lang.foreign.MemorySegment;

/**
 * What computes: memory, copies to and from the host, and a kernel for operations. Found by ServiceLoader; one object a
 * kind of device. A backend that lacks a kernel still runs an operation that is made of others.
 */
public interface Backend {
  /** The first part of its devices' names: "cpu", "cuda". */
  String type();

  /** Whether it can be used at all, and why not; never throws. */
  String status();

  /** The memory of one of its devices; throws DeviceError where there is no such device. */
  Pool pool(Device device);

  /** The kernel for a call, or null. */
  <A> Kernel<A> kernel(Call<A> call);

  /** How many of the host's threads its kernels use at most; 1 where they run elsewhere. */
  default int threads() {
    return 1;
  }

  /** Asks for that many; no matter where kernels do not run on the host. */
  default void setThreads(int count) {}

  /** Copies bytes from a storage to host memory, once everything that writes it is done. */
  void read(Storage from, long byteOffset, MemorySegment to);

  /** Copies bytes from host memory to a storage. */
  void write(MemorySegment from, Storage to, long byteOffset);
}
