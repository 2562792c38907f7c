package io.ktrain.cuda;

import io.ktrain.memory.Storage;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;

/** A device of a fake driver with room for 100 MB, and a second one for who asks; what tests do with them. */
abstract class OnFakeDevice {
  static final long MB = 1 << 20;

  final FakeDriver driver = new FakeDriver(2, 100 * MB);
  final CudaDevice device = device(0, true);

  CudaDevice device(int index, boolean caching) {
    return new CudaDevice(index, driver, new KernelCompiler(new CudaLibraries(List.of()), null), caching, false);
  }

  static void fill(CudaDevice device, Storage s, int value) {
    device.launch(FakeDriver.FILE, "fill", 1, 32, new Args().i64(s.address()).i64(s.bytes()).i64(value));
  }

  static void copy(CudaDevice device, Storage from, Storage to) {
    device.launch(FakeDriver.FILE, "copy", 1, 32, new Args().i64(from.address()).i64(to.address()).i64(to.bytes()));
  }

  static byte[] read(CudaDevice device, Storage s) {
    byte[] values = new byte[(int) s.bytes()];
    device.read(s.address(), MemorySegment.ofArray(values));
    return values;
  }

  static byte[] all(int value, long bytes) {
    byte[] expected = new byte[(int) bytes];
    Arrays.fill(expected, (byte) value);
    return expected;
  }

  static Storage pinned(PinnedPool pool, int value) {
    Storage s = pool.allocate(4096, "pinned");
    s.host().fill((byte) value);
    return s;
  }
}
