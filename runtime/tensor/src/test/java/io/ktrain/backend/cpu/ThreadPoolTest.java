package io.ktrain.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ThreadPoolTest {
  private final int before = ThreadPool.threads();

  @AfterEach
  void restore() {
    ThreadPool.setThreads(before);
  }

  @Test
  void everyTileRunsExactlyOnce() {
    for (int threads : new int[] {1, 2, 3, 7, 2}) {
      ThreadPool.setThreads(threads);
      for (int tiles : new int[] {0, 1, 2, 3, 17, 1000}) {
        for (int round = 0; round < 200; round++) {
          var seen = new AtomicIntegerArray(tiles);
          ThreadPool.run(tiles, seen::getAndIncrement);
          for (int i = 0; i < tiles; i++) assertEquals(1, seen.get(i), threads + " threads, " + tiles + " tiles: " + i);
        }
      }
    }
  }

  @Test
  void workIsSharedWithWorkersAndWritesAreVisible() {
    ThreadPool.setThreads(2);
    Set<Thread> ran = ConcurrentHashMap.newKeySet();
    var met = new CountDownLatch(2);
    int[] plain = new int[2];
    ThreadPool.run(2, tile -> {
      ran.add(Thread.currentThread());
      met.countDown();
      await(met); // only two threads at once can pass
      plain[tile] = tile + 1;
    });
    assertEquals(2, ran.size());
    assertTrue(ran.contains(Thread.currentThread()), "the calling thread works too");
    assertEquals("[1, 2]", Arrays.toString(plain));
    for (Thread t : ran) if (t != Thread.currentThread()) assertTrue(t.isDaemon(), t.getName());
  }

  @Test
  void parkedWorkersWakeAgain() throws InterruptedException {
    ThreadPool.setThreads(2);
    workIsSharedWithWorkersAndWritesAreVisible();
    Thread worker = Thread.getAllStackTraces().keySet().stream()
        .filter(t -> t.getName().startsWith("ktrain-kernel-")).findFirst().orElseThrow();
    while (worker.getState() == Thread.State.RUNNABLE) Thread.onSpinWait();
    workIsSharedWithWorkersAndWritesAreVisible();
  }

  @Test
  void aNestedCallRunsInline() {
    ThreadPool.setThreads(3);
    var inner = new AtomicInteger();
    ThreadPool.run(8, outer -> {
      Thread me = Thread.currentThread();
      ThreadPool.run(5, tile -> {
        assertSame(me, Thread.currentThread());
        inner.getAndIncrement();
      });
    });
    assertEquals(40, inner.get());
  }

  @Test
  void aSecondCallerRunsItsTilesItself() throws InterruptedException {
    ThreadPool.setThreads(2);
    var inside = new CountDownLatch(2);
    var release = new CountDownLatch(1);
    var first = new Thread(() -> ThreadPool.run(2, tile -> {
      inside.countDown();
      await(release);
    }));
    first.start();
    inside.await();
    Thread me = Thread.currentThread();
    var count = new AtomicInteger();
    ThreadPool.run(4, tile -> {
      assertSame(me, Thread.currentThread());
      count.getAndIncrement();
    });
    release.countDown();
    first.join();
    assertEquals(4, count.get());
  }

  @Test
  void manyCallersAtOnce() throws InterruptedException {
    ThreadPool.setThreads(3);
    var failure = new AtomicReference<Throwable>();
    Thread[] callers = new Thread[4];
    for (int c = 0; c < callers.length; c++) {
      callers[c] = new Thread(() -> {
        for (int round = 0; round < 5000; round++) {
          int[] sums = new int[5];
          ThreadPool.run(5, tile -> sums[tile] += tile);
          if (!Arrays.equals(sums, new int[] {0, 1, 2, 3, 4})) failure.set(new AssertionError(Arrays.toString(sums)));
        }
      });
      callers[c].start();
    }
    for (Thread t : callers) t.join();
    if (failure.get() != null) throw new AssertionError(failure.get());
  }

  @Test
  void anExceptionReachesTheCallerAndThePoolGoesOn() {
    for (int threads : new int[] {1, 2, 3}) {
      ThreadPool.setThreads(threads);
      var running = new AtomicInteger();
      var error = assertThrows(IllegalStateException.class, () -> ThreadPool.run(100, tile -> {
        running.getAndIncrement();
        try {
          if (tile == 3) throw new IllegalStateException("tile 3");
        } finally {
          running.getAndDecrement();
        }
      }));
      assertEquals("tile 3", error.getMessage());
      assertEquals(0, running.get(), "no tile runs after the exception is thrown");
      var done = new AtomicInteger();
      ThreadPool.run(10, tile -> done.getAndIncrement());
      assertEquals(10, done.get());
    }
  }

  @Test
  void threadCountsBelowOneAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> ThreadPool.setThreads(0));
    assertNotEquals(0, ThreadPool.threads());
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
