package io.ktrain.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ktrain.memory.Pool;
import io.ktrain.memory.Storage;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** A device's memory and the order of what it does, on a driver that runs everything as late as it may. */
class CudaDeviceTest extends OnFakeDevice {
  /** Streams in the order in which a device makes them. */
  private static final int COMPUTE = 0;
  private static final int COPIES = 1;

  // ---- memory

  @Test
  void everyBlockIsGivenBack() {
    var random = new Random(3);
    long before = driver.deviceBytes(), blocks = driver.deviceBlocks();
    var held = new ArrayList<Storage>();
    for (int i = 0; i < 300; i++) {
      Storage s = device.pool().allocate(1 + random.nextInt(i % 3 == 0 ? 2_000_000 : 3000), "test");
      fill(device, s, i);
      held.add(s);
      if (held.size() > 12) held.remove(random.nextInt(12)).free("test");
    }
    for (Storage s : held) s.free("test");
    assertEquals(0, device.pool().live());
    assertEquals(device.pool().reserved(), driver.deviceBytes() - before);
    device.pool().allocate(80 * MB, "too much to stand beside what waits").free("test");
    device.synchronize();
    assertTrue(driver.deviceBlocks() - blocks <= 4, "the large block, and slabs of small ones, which stay: "
        + driver.deviceBlocks());
  }

  @Test
  void withoutCachingEachTensorHasABlockOfItsOwn() {
    CudaDevice plain = device(1, false);
    long before = driver.deviceBytes();
    Storage a = plain.pool().allocate(100, "a"), b = plain.pool().allocate(3, "b");
    assertEquals(103, driver.deviceBytes() - before);
    a.free("test");
    plain.synchronize();
    assertEquals(3, driver.deviceBytes() - before);
    b.free("test");
    plain.synchronize();
    assertEquals(before, driver.deviceBytes());
    assertEquals(0, plain.pool().reserved());
  }

  @Test
  void roomIsMadeOfWhatWaits() {
    device.pool().allocate(60 * MB, "first").free("test");
    Storage second = device.pool().allocate(80 * MB, "second");
    assertEquals(80 * MB, device.pool().live());
    second.free("test");
  }

  /** Another process took what this one counted on. */
  @Test
  void roomIsMadeWhenTheDriverHasLessThanThought() {
    device.pool().allocate(30 * MB, "first").free("test");
    driver.capacity(45 * MB);
    Storage second = device.pool().allocate(40 * MB, "second");
    fill(device, second, 1);
    device.synchronize();
  }

  @Test
  void whatFillsADeviceIsNamed() {
    Storage[] held = {device.pool().allocate(20 * MB, "the small one"), device.pool().allocate(50 * MB, "the big one")};
    Pool.Exhausted e = assertThrows(Pool.Exhausted.class, () -> device.pool().allocate(40 * MB, "one more"));
    assertEquals(List.of("the big one", "the small one"), e.biggest.stream().map(Pool.Live::origin).toList());
    assertEquals(device.pool().live(), e.live);
    for (Storage s : held) s.free("test");
    assertTrue(e.limit <= 95 * MB, "what the device itself needs is not counted on: " + e.limit);
  }

  @Test
  void useAfterFreeIsNoticed() {
    CudaDevice plain = device(1, false);
    Storage s = plain.pool().allocate(64, "test");
    s.free("test");
    fill(plain, s, 1);
    assertTrue(assertThrows(IllegalStateException.class, plain::synchronize).getMessage().contains("no device block"));
  }

  // ---- order

  @Test
  void aBlockIsUsedAgainInTheOrderOfKernels() {
    Storage a = device.pool().allocate(4096, "a"), seen = device.pool().allocate(4096, "seen");
    fill(device, a, 1);
    copy(device, a, seen);
    long address = a.address();
    a.free("test");
    Storage b = device.pool().allocate(4096, "b");
    assertEquals(address, b.address());
    fill(device, b, 2);
    assertArrayEquals(all(1, 4096), read(device, seen));
    assertArrayEquals(all(2, 4096), read(device, b));
  }

  /** Copies that run as soon as they may overwrite nothing that a kernel, which runs as late as it may, is to read. */
  @Test
  void anUploadWaitsForWhoReadsTheBlock() {
    for (boolean ahead : new boolean[] {false, true}) {
      if (ahead) driver.runAhead(COPIES);
      CudaDevice device = device(0, true);
      var pool = new PinnedPool(device);
      Storage first = device.arrivals().allocate(4096, "first"), other = device.arrivals().allocate(4096, "other"), seen = device.pool().allocate(4096, "seen"),
          later = device.pool().allocate(4096, "later");
      device.upload(pool, pinned(pool, 1), 0, first.address(), 4096);
      copy(device, first, seen);
      long address = first.address();
      first.free("test");
      other.free("test");
      Storage second = device.arrivals().allocate(4096, "second");
      assertEquals(address, second.address());
      device.upload(pool, pinned(pool, 2), 0, second.address(), 4096);
      copy(device, second, later);
      assertArrayEquals(all(1, 4096), read(device, seen));
      assertArrayEquals(all(2, 4096), read(device, later));
      second.free("test");
    }
  }

  /** Kernels that run as soon as they may still come after the copy that was given before them. */
  @Test
  void aKernelSeesTheUploadGivenBeforeIt() {
    driver.runAhead(COMPUTE);
    var pool = new PinnedPool(device);
    Storage there = device.arrivals().allocate(4096, "there"), seen = device.pool().allocate(4096, "seen");
    device.upload(pool, pinned(pool, 3), 0, there.address(), 4096);
    copy(device, there, seen);
    assertArrayEquals(all(3, 4096), read(device, seen));
  }

  /** It would have its copy wait for all kernels of the step that is over. */
  @Test
  void aBlockForUploadsRestsBeforeItIsUsedAgain() {
    Storage first = device.arrivals().allocate(4096, "first");
    long address = first.address();
    first.free("test");
    assertNotEquals(address, device.arrivals().allocate(4096, "second").address());
  }

  @Test
  void aPinnedBlockIsNotHandedOutWhileACopyReadsIt() {
    CudaDevice other = device(1, true);
    for (CudaDevice to : List.of(device, other)) {
      var pool = new PinnedPool(device);
      Storage from = pinned(pool, 4), next = pinned(pool, 6), there = to.arrivals().allocate(4096, "there"),
          twice = to.arrivals().allocate(4096, "twice");
      to.upload(pool, from, 0, there.address(), 4096);
      to.upload(pool, from, 0, twice.address(), 4096);
      long address = from.address();
      from.free("test");
      next.free("test");
      Storage again = pinned(pool, 5);
      assertEquals(address, again.address());
      assertArrayEquals(all(4, 4096), read(to, there));
      assertArrayEquals(all(4, 4096), read(to, twice));
    }
  }

  /** The pool of page-locked memory belongs to the first device, the copy to the second. */
  @Test
  void aBlockReadByTwoDevicesWaitsForBoth() {
    CudaDevice other = device(1, true);
    var pool = new PinnedPool(device);
    Storage from = pinned(pool, 6), here = device.arrivals().allocate(4096, "here"),
        there = other.arrivals().allocate(4096, "there");
    device.upload(pool, from, 0, here.address(), 4096);
    other.upload(pool, from, 0, there.address(), 4096);
    from.free("test");
    pinned(pool, 7);
    assertArrayEquals(all(6, 4096), read(device, here));
    assertArrayEquals(all(6, 4096), read(other, there));
  }

  @Test
  void uploadsLeaveNoEventsBehind() {
    var pool = new PinnedPool(device);
    Storage from = pinned(pool, 1), there = device.arrivals().allocate(4096, "there");
    long before = driver.liveEvents();
    for (int i = 0; i < 100; i++) device.upload(pool, from, 0, there.address(), 4096);
    device.synchronize();
    assertEquals(before, driver.liveEvents());

    CudaDevice plain = device(1, false);
    long events = driver.liveEvents();
    for (int i = 0; i < 10; i++) {
      Storage s = plain.arrivals().allocate(4096, "there");
      plain.upload(pool, from, 0, s.address(), 4096);
      s.free("test");
    }
    plain.synchronize();
    assertEquals(events, driver.liveEvents());
  }

  @Test
  void whatIsWrittenMayChangeOnceItWasGiven() {
    Storage[] to = new Storage[40];
    byte[] source = new byte[700_000]; // of several parts of the stage, so that all of them are used again
    for (int i = 0; i < to.length; i++) {
      to[i] = device.pool().allocate(source.length, "to");
      Arrays.fill(source, (byte) i);
      device.write(MemorySegment.ofArray(source), to[i].address());
    }
    Arrays.fill(source, (byte) -1);
    for (int i = 0; i < to.length; i++) assertArrayEquals(all(i, source.length), read(device, to[i]));
  }

  @Test
  void aWriteWaitsForNoKernel() {
    Storage s = device.pool().allocate(4096, "s");
    device.synchronize();
    driver.calls.clear();
    device.write(MemorySegment.ofArray(new byte[4096]), s.address());
    assertEquals(List.of("toDevice 4096", "record"), driver.calls);
  }

  @Test
  void memoryOfOneThreadIsReadAndWritten() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment mine = arena.allocate(8, 8);
      mine.set(ValueLayout.JAVA_LONG, 0, 42);
      Storage s = device.pool().allocate(8, "s");
      device.write(mine, s.address());
      mine.set(ValueLayout.JAVA_LONG, 0, 0);
      device.read(s.address(), mine);
      assertEquals(42, mine.get(ValueLayout.JAVA_LONG, 0));
    }
  }

  @Test
  void readsAndWritesAreLongerThanTheStage() {
    byte[] values = new byte[9_000_001], got = new byte[values.length];
    new Random(1).nextBytes(values);
    Storage s = device.pool().allocate(values.length, "s");
    device.write(MemorySegment.ofArray(values), s.address());
    device.read(s.address(), MemorySegment.ofArray(got));
    assertArrayEquals(values, got);
  }

  @Test
  void devicesCopyFromEachOther() {
    CudaDevice other = device(1, true);
    Storage here = device.pool().allocate(4096, "here"), there = other.pool().allocate(4096, "there"),
        back = device.pool().allocate(4096, "back");
    fill(device, here, 8);
    other.copyFrom(device, here.address(), there.address(), 4096);
    fill(device, here, 9);
    device.copyFrom(other, there.address(), back.address(), 4096);
    fill(other, there, 10);
    assertArrayEquals(all(8, 4096), read(device, back));
    assertArrayEquals(all(10, 4096), read(other, there));
  }

  /** Each thread's launches keep their order and their parameters, whatever others give between them. */
  @Test
  void manyThreadsUseADevice() throws Exception {
    int threads = 8, rounds = 300;
    try (var pool = Executors.newFixedThreadPool(threads)) {
      var results = new ArrayList<Future<Long>>();
      for (int t = 0; t < threads; t++)
        results.add(pool.submit(() -> {
          Storage s = device.pool().allocate(8, "counter");
          fill(device, s, 0);
          for (int i = 0; i < rounds; i++) {
            device.launch(FakeDriver.FILE, "increment", 1, 32, new Args().i64(s.address()));
            if (i % 50 == 0) device.pool().allocate(100 + i, "other").free("test");
          }
          return MemorySegment.ofArray(read(device, s)).get(ValueLayout.JAVA_LONG_UNALIGNED, 0);
        }));
      for (Future<Long> r : results) assertEquals(rounds, r.get());
    }
  }
}
