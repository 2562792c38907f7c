package io.ktrain.cuda;

import io.ktrain.memory.Pool;

/**
 * A device's memory. Kernels run in the order in which they were given, so a freed block may be handed out while the
 * last kernel that reads it has yet to run.
 */
class CudaPool extends Pool {
  private final CudaDevice device;
  private final long limit;
  private final boolean caching;

  /** @param caching false gives every tensor a block of its own, so that tools see where it ends */
  CudaPool(CudaDevice device, long limit, boolean caching) {
    this.device = device;
    this.limit = limit;
    this.caching = caching;
  }

  @Override
  protected Slab reserve(long bytes) {
    long address = device.call(driver -> driver.allocate(bytes));
    return address == 0 ? null : new Slab(address, bytes, null, () -> device.submitAlways(driver -> release(driver, address)));
  }

  /** On the device's thread. */
  void release(GpuDriver driver, long address) {
    driver.free(address);
  }

  @Override
  protected long limit() {
    return limit;
  }

  /** The collector frees nothing of the host's by running, so it is asked seldom: it stops all threads. */
  @Override
  protected long pressure() {
    return Math.max(super.pressure(), limit / 8);
  }

  @Override
  protected boolean isCaching() {
    return caching;
  }
}
