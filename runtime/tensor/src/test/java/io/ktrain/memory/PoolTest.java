package io.ktrain.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;

class PoolTest {
  private static final long MB = 1 << 20;

  /** A pool that counts what it takes from and gives back to the system. */
  private static final class Small extends Pool {
    final long limit;
    int released;

    Small(long limit) {
      this.limit = limit;
    }

    @Override
    protected Slab reserve(long bytes) {
      var arena = Arena.ofShared();
      MemorySegment m = arena.allocate(bytes, 64);
      return new Slab(m.address(), bytes, m, () -> {
        released++;
        arena.close();
      });
    }

    @Override
    protected long limit() {
      return limit;
    }
  }

  @Test
  void sizesFallIntoFewClassesWithLittleWaste() {
    assertEquals(64, Pool.sizeClass(0));
    assertEquals(64, Pool.sizeClass(64));
    assertEquals(128, Pool.sizeClass(65));
    assertEquals(1024, Pool.sizeClass(1000));
    for (long n = 1; n < 1L << 40; n += 1 + n / 3) {
      long size = Pool.sizeClass(n);
      assertTrue(size >= n && size % 64 == 0, n + " " + size);
      assertTrue(size <= Math.max(64, n + Math.max(63, n / 8 + 1)), n + " " + size);
      assertEquals(size, Pool.sizeClass(size));
    }
  }

  @Test
  void freedBlocksAreHandedOutAgain() {
    var pool = new Small(Long.MAX_VALUE);
    Storage a = pool.allocate(1000, "a"), b = pool.allocate(5 * MB, "b");
    assertEquals(0, a.address() % 64);
    a.free("test");
    b.free("test");
    assertEquals(0, pool.live());
    assertEquals(a.address(), pool.allocate(990, "c").address());
    assertEquals(b.address(), pool.allocate(5 * MB - 7, "d").address());
    assertTrue(pool.peak() >= 5 * MB);
  }

  @Test
  void aLargerWaitingBlockServesAndIsCountedAsWhatItIs() {
    var pool = new Small(Long.MAX_VALUE);
    Storage large = pool.allocate(10 * MB, "large");
    large.free("test");
    Storage smaller = pool.allocate(9 * MB, "smaller");
    assertEquals(large.address(), smaller.address());
    assertEquals(10 * MB, pool.live());
    smaller.free("test");
    assertEquals(0, pool.live());
  }

  @Test
  void freeingTwiceFreesOnce() {
    var pool = new Small(Long.MAX_VALUE);
    Storage a = pool.allocate(100, "a");
    a.free("step 1");
    a.free("step 2");
    assertEquals("step 1", a.freedBy());
    assertNotEquals(pool.allocate(100, "b").address(), pool.allocate(100, "c").address());
  }

  @Test
  void droppedStorageComesBackAfterACollection() {
    var pool = new Small(Long.MAX_VALUE);
    for (int i = 0; i < 100; i++) pool.allocate(1000, "dropped");
    Storage held = pool.allocate(1000, "held");
    pool.collect();
    assertEquals(Pool.sizeClass(1000), pool.live());
    assertNull(held.freedBy());
  }

  @Test
  void whatIsDroppedStaysWithinThePressureBound() {
    var pool = new Small(Long.MAX_VALUE);
    long most = 0;
    for (int i = 0; i < 500; i++) {
      pool.allocate(3 * MB, "dropped");
      most = Math.max(most, pool.live());
    }
    assertTrue(most <= 2 * Pool.PRESSURE, most / MB + " MB");
  }

  @Test
  void whenRoomRunsOutTheBiggestAreListed() {
    var pool = new Small(64 * MB);
    var held = new ArrayList<Storage>();
    for (int i = 1; i <= 9; i++) held.add(pool.allocate(i * MB, "block " + i));
    var e = assertThrows(Pool.Exhausted.class, () -> pool.allocate(30 * MB, "too much"));
    assertEquals(List.of("block 9", "block 8", "block 7", "block 6", "block 5", "block 4", "block 3", "block 2"),
        e.biggest.stream().map(l -> l.origin()).toList());
    assertEquals(64 * MB, e.limit);
    assertTrue(e.live >= 45 * MB && e.live < 50 * MB);
    assertNotNull(held);
  }

  @Test
  void waitingBlocksGoBackBeforeRoomRunsOut() {
    var pool = new Small(64 * MB);
    for (int i = 0; i < 5; i++) pool.allocate(10 * MB, "dropped");
    Storage big = pool.allocate(40 * MB, "big");
    assertTrue(pool.released >= 3, pool.released + " released");
    assertNull(big.freedBy());
    assertTrue(pool.reserved() <= 64 * MB);
  }

  @Test
  void aScopeFreesWhatWasNeitherKeptNorMovedOut() {
    var pool = new Small(Long.MAX_VALUE);
    var outer = new Scope("outer", null);
    var inner = new Scope("inner", outer);
    Storage temporary = pool.allocate(64, ""), kept = pool.allocate(64, ""), moved = pool.allocate(64, "");
    inner.add(temporary);
    inner.add(kept);
    inner.add(moved);
    kept.keep();
    inner.release(moved);
    inner.close();
    assertEquals("inner", temporary.freedBy());
    assertNull(moved.freedBy());
    outer.close();
    assertEquals("outer", moved.freedBy());
    assertNull(kept.freedBy());
  }

  @Test
  void manyThreadsNeverShareABlock() throws Exception {
    var pool = new Small(Long.MAX_VALUE);
    try (var threads = Executors.newFixedThreadPool(4)) {
      var all = new ArrayList<Callable<Boolean>>();
      for (int t = 0; t < 4; t++) {
        int id = t + 1;
        all.add(() -> churn(pool, id));
      }
      for (var f : threads.invokeAll(all)) assertTrue(f.get());
    }
    assertEquals(0, pool.live());
  }

  private static boolean churn(Pool pool, int id) {
    var random = new Random(id);
    var mine = new ArrayList<Storage>();
    for (int i = 0; i < 20_000; i++) {
      if (mine.size() < 20 && random.nextBoolean()) {
        Storage s = pool.allocate(8 + random.nextInt(3000), id);
        s.host().fill((byte) id);
        mine.add(s);
      } else if (!mine.isEmpty()) {
        Storage s = mine.remove(random.nextInt(mine.size()));
        for (long k = 0; k < s.bytes(); k += 61) if (s.host().get(ValueLayout.JAVA_BYTE, k) != id) return false;
        s.free("churn");
      }
    }
    for (Storage s : mine) s.free("churn");
    return true;
  }

  @Test
  void sizesOfMemoryAreReadWithTheirUnits() {
    assertEquals(2L << 30, HostPool.parse("2g"));
    assertEquals(512 * MB, HostPool.parse(" 512M "));
    assertEquals(1 << 10, HostPool.parse("1k"));
    assertEquals(100, HostPool.parse("100"));
    for (String wrong : new String[] {"", "g", "2 apples", "99999999999999g"})
      assertThrows(IllegalArgumentException.class, () -> HostPool.parse(wrong));
  }
}
