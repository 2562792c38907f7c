package io.ktrain.cuda;

import io.ktrain.memory.Pool;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

/** Page-locked host memory: what copies to a device read without a copy in between. */
final class PinnedPool extends Pool {
  private final CudaDevice device;
  private final ConcurrentHashMap<Long, CompletableFuture<Void>> reading = new ConcurrentHashMap<>();

  PinnedPool(CudaDevice device) {
    this.device = device;
  }

  @Override
  protected Slab reserve(long bytes) {
    long address = device.call(driver -> driver.allocateHost(bytes));
    if (address == 0) return null;
    MemorySegment host = MemorySegment.ofAddress(address).reinterpret(bytes);
    return new Slab(address, bytes, host, () -> device.submit(driver -> driver.freeHost(address)));
  }

  @Override
  protected long limit() {
    return Long.MAX_VALUE;
  }

  /** A device reads the block until {@code done}. */
  void lend(long address, CompletableFuture<Void> done) {
    reading.merge(address, done, (a, b) -> CompletableFuture.allOf(a, b));
  }

  @Override
  protected void settle(long address) {
    CompletableFuture<Void> done = reading.remove(address);
    if (done != null && !done.isDone()) device.settleUploads();
  }
}
