package io.ktrain.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** What the fake driver notices, on which the other tests rely. */
class FakeDriverTest {
  private final FakeDriver driver = new FakeDriver(2, 10_000);
  private long stream;
  private long other;
  private long block;

  @BeforeEach
  void open() {
    driver.makeCurrent(driver.retain(0));
    stream = driver.createStream();
    other = driver.createStream();
    block = driver.allocate(64);
  }

  private static void refused(String why, Executable call) {
    String message = assertThrows(IllegalStateException.class, call).getMessage();
    assertTrue(message.contains(why), message);
  }

  private long value() {
    return driver.at(block, 8).get(ValueLayout.JAVA_LONG, 0);
  }

  @Test
  void misuseOfMemory() {
    refused("8 bytes at 60", () -> driver.fill(block + 60, (byte) 0, 8, stream));
    refused("no device block", () -> driver.fill(block - 8, (byte) 0, 8, stream));
    refused("no host block", () -> driver.toHost(block, block, 8, stream));
    driver.free(block);
    refused("no device block", () -> driver.fill(block, (byte) 0, 8, stream));
    refused("free of no device block", () -> driver.free(block));
    assertEquals(0, driver.deviceBlocks());
  }

  @Test
  void memoryFreedUnderAKernelIsNoticedWhenItRuns() {
    long host = driver.allocateHost(64);
    driver.toDevice(block, host, 64, stream);
    driver.freeHost(host);
    refused("no host block", () -> driver.synchronize(stream));
  }

  @Test
  void aThreadNeedsAContext() throws Exception {
    Throwable[] seen = new Throwable[1];
    Thread t = Thread.ofPlatform().start(() ->
        seen[0] = assertThrows(IllegalStateException.class, () -> driver.fill(block, (byte) 0, 8, stream)));
    t.join();
    assertTrue(seen[0].getMessage().contains("no context"), seen[0].getMessage());
    driver.makeCurrent(driver.retain(1));
    refused("another context", () -> driver.fill(block, (byte) 0, 8, stream));
  }

  @Test
  void memoryRunsOut() {
    assertEquals(0, driver.allocate(9_937));
    assertTrue(driver.allocate(9_936) != 0);
  }

  @Test
  void commandsRunAsLateAsTheyMay() {
    driver.fill(block, (byte) 0, 64, stream);
    assertTrue(value() != 0);
    driver.synchronize(other);
    assertTrue(value() != 0);
    driver.synchronize(stream);
    assertEquals(0, value());
  }

  @Test
  void orAsEarlyAsTheyMay() {
    driver.runAhead(1);
    long event = driver.createEvent();
    driver.fill(block, (byte) 0, 64, stream);
    driver.record(event, stream);
    driver.await(other, event);
    driver.fill(block, (byte) 1, 64, other);
    assertFalse(driver.isDone(event));
    assertTrue((byte) value() != 1);
    driver.synchronize(stream);
    driver.fill(block + 8, (byte) 2, 8, other);
    assertEquals(0x0101010101010101L, value());
  }

  @Test
  void anEventMakesAStreamWait() {
    long event = driver.createEvent();
    driver.await(other, event); // never recorded: nothing to wait for
    driver.fill(block, (byte) 3, 64, stream);
    driver.record(event, stream);
    driver.fill(block, (byte) 4, 64, stream);
    driver.await(other, event);
    driver.synchronize(other);
    assertEquals(0x0303030303030303L, value());
    driver.destroyEvent(event);
    refused("no event", () -> driver.await(other, event));
    refused("no event", () -> driver.destroyEvent(event));
  }

  @Test
  void parametersAreReadAtTheLaunch() {
    MemorySegment slots = MemorySegment.ofAddress(driver.allocateHost(64)).reinterpret(64);
    slots.setAtIndex(ValueLayout.JAVA_LONG, 0, block);
    slots.setAtIndex(ValueLayout.JAVA_LONG, 1, slots.address());
    driver.fill(block, (byte) 0, 64, stream);
    driver.launch(driver.function(driver.load(new byte[0]), "increment"), 1, 1, 1, 1, 1, 1, 0, stream,
        slots.address() + 8);
    slots.setAtIndex(ValueLayout.JAVA_LONG, 0, 0);
    driver.synchronize(stream);
    assertEquals(1, value());
    refused("no kernel", () -> driver.function(driver.load(new byte[0]), "none"));
  }
}
