package io.ktrain.cuda;

import java.util.HashMap;
import java.util.Map;

/**
 * Memory for what is copied to a device beside its kernels. The copy does not run in their order, so a block that was
 * given back waits, when it is to be written again, for the kernels that were given before that moment.
 */
final class ArrivalsPool extends CudaPool {
  private final CudaDevice device;

  /** By block, what its last readers end with; only the device's thread touches it. */
  private final Map<Long, Long> readers = new HashMap<>();

  ArrivalsPool(CudaDevice device, long limit, boolean caching) {
    super(device, limit, caching);
    this.device = device;
  }

  /** The block that was just given back is read by the step before: its successor would wait for all of that. */
  @Override
  protected int resting() {
    return 1;
  }

  @Override
  protected void retired(long address) {
    device.submitAlways(driver -> {
      long event = readers.computeIfAbsent(address, a -> driver.createEvent());
      driver.record(event, device.stream());
    });
  }

  @Override
  void release(GpuDriver driver, long address) {
    Long event = readers.remove(address);
    if (event != null) driver.destroyEvent(event);
    super.release(driver, address);
  }

  /** Lets the stream wait until nothing reads what the block held before. On the device's thread. */
  void awaitReaders(GpuDriver driver, long stream, long address) {
    Long event = readers.get(address);
    if (event != null) driver.await(stream, event);
  }
}
