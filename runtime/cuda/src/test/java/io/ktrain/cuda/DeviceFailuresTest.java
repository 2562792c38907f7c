package io.ktrain.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ktrain.memory.Storage;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** What is told of commands that failed and of values that kernels found wrong: once, in order, and nothing is lost. */
class DeviceFailuresTest extends OnFakeDevice {
  @Test
  void aFailureOfALaunchIsToldOnceAndByItself() {
    Storage s = device.pool().allocate(64, "s");
    fill(device, s, 1);
    device.synchronize();
    var broken = new IllegalArgumentException("broken");
    driver.failNext(broken);
    fill(device, s, 2);
    assertSame(broken, assertThrows(IllegalArgumentException.class, () -> read(device, s)));
    assertArrayEquals(all(1, 64), read(device, s));
  }

  /** The stack that a user sees is his own, not that of the device's thread. */
  @Test
  void aFailureShowsWhereTheDeviceWasAsked() {
    driver.failNext(new IllegalArgumentException("broken"));
    device.submit(d -> d.fill(0, (byte) 0, 0, 0));
    var e = assertThrows(RuntimeException.class, device::synchronize);
    assertTrue(Arrays.stream(e.getStackTrace())
        .anyMatch(f -> f.getMethodName().equals("aFailureShowsWhereTheDeviceWasAsked")));
  }

  @Test
  void aBlockIsGivenBackAfterAFailure() {
    CudaDevice plain = device(1, false);
    long before = driver.deviceBlocks();
    Storage s = plain.pool().allocate(64, "s");
    fill(plain, s, 1);
    plain.synchronize();
    driver.failNext(new IllegalArgumentException("broken"));
    fill(plain, s, 2);
    s.free("test");
    assertThrows(IllegalArgumentException.class, plain::synchronize);
    plain.synchronize();
    assertEquals(before, driver.deviceBlocks());
  }

  /** The memory that an allocation got must not be lost to a failure of what was given before it. */
  @Test
  void anAllocationIsNotLostToAnEarlierFailure() {
    CudaDevice plain = device(1, false);
    Storage s = plain.pool().allocate(64, "s");
    fill(plain, s, 1);
    plain.synchronize();
    long before = driver.deviceBlocks();
    driver.failNext(new IllegalArgumentException("broken"));
    fill(plain, s, 2);
    assertThrows(IllegalArgumentException.class, () -> plain.pool().allocate(64, "t"));
    assertEquals(before, driver.deviceBlocks());
    assertEquals(64, plain.pool().live());
  }

  @Test
  void anUploadThatFailsKeepsNobodyWaiting() {
    var pool = new PinnedPool(device);
    Storage from = pinned(pool, 1), there = device.arrivals().allocate(4096, "there");
    driver.failNext(new IllegalArgumentException("broken"));
    device.upload(pool, from, 0, there.address(), 4096);
    from.free("test");
    pinned(pool, 2);
    assertThrows(IllegalArgumentException.class, device::synchronize);
    device.synchronize();
  }

  @Test
  void anInterruptLosesNoCopy() {
    Storage s = device.pool().allocate(4096, "s");
    fill(device, s, 7);
    Thread.currentThread().interrupt();
    assertArrayEquals(all(7, 4096), read(device, s));
    assertTrue(Thread.interrupted(), "and the interrupt itself is not lost");
  }

  // ---- values that are wrong

  private void report(String text, long value) {
    Args args = device.watched(new Args(), v -> new IllegalArgumentException(text + v)).i64(value);
    device.launch(FakeDriver.FILE, "report", 1, 32, args);
  }

  @Test
  void theFirstWrongValueIsToldAtTheNextReadAndThenForgotten() {
    Storage s = device.pool().allocate(64, "s");
    fill(device, s, 1);
    report("first ", 5);
    report("second ", 6);
    assertEquals("first 5", assertThrows(IllegalArgumentException.class, () -> read(device, s)).getMessage());
    assertArrayEquals(all(1, 64), read(device, s));
    report("third ", 7);
    assertEquals("third 7", assertThrows(IllegalArgumentException.class, device::synchronize).getMessage());
    device.synchronize();
  }

  @Test
  void aWrongValueOfLongAgoIsToldInFewWords() {
    report("first ", 5);
    for (int i = 0; i < 5000; i++) device.watched(new Args(), v -> new IllegalArgumentException("not this one"));
    assertEquals("cuda: an earlier operation found value 5 out of range.",
        assertThrows(RuntimeException.class, device::synchronize).getMessage());
  }

  @Test
  void theOldestCallThatIsRememberedIsToldInFull() {
    report("first ", 5);
    for (int i = 1; i < 1 << 12; i++) device.watched(new Args(), v -> new IllegalArgumentException("not this one"));
    assertEquals("first 5", assertThrows(RuntimeException.class, device::synchronize).getMessage());
  }
}
