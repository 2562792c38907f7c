package io.ktrain.cuda;

import io.ktrain.memory.Pool;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;

/** Page-locked host memory: what copies to a device read without a copy in between. */
final class PinnedPool extends Pool {
  private final CudaDevice device;
  private final ConcurrentHashMap<Long, Reader> readers = new ConcurrentHashMap<>();

  /** A device that reads a block until the copy is done, and who read it before. */
  private record Reader(CudaDevice device, Future<Void> copy, Reader before) {}

  PinnedPool(CudaDevice device) {
    this.device = device;
  }

  @Override
  protected Slab reserve(long bytes) {
    long address = device.call(driver -> driver.allocateHost(bytes));
    if (address == 0) return null;
    MemorySegment host = MemorySegment.ofAddress(address).reinterpret(bytes);
    return new Slab(address, bytes, host, () -> {
      settle(address);
      device.submitAlways(driver -> driver.freeHost(address));
    });
  }

  @Override
  protected long limit() {
    return Long.MAX_VALUE;
  }

  /** Batches come and go by their loader's hand: the collector would stop all threads for nothing. */
  @Override
  protected long pressure() {
    return 2L << 30;
  }

  @Override
  protected int resting() {
    return 1;
  }

  /** The device reads the block until the copy is done. */
  void lend(long address, CudaDevice to, Future<Void> copy) {
    readers.compute(address, (a, before) -> new Reader(to, copy, stillReading(before)));
  }

  private static Reader stillReading(Reader r) {
    while (r != null && r.copy.isDone()) r = r.before;
    return r;
  }

  @Override
  protected void settle(long address) {
    for (Reader r = readers.remove(address); r != null; r = r.before)
      if (!r.copy.isDone()) r.device.settleUpload(r.copy);
  }
}
