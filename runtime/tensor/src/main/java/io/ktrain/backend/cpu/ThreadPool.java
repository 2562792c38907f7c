package io.ktrain.backend.cpu;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * The one pool every CPU kernel runs on. Work is cut into tiles by its shape alone, never by the number of threads, so
 * results are the same bits with any number of threads. The calling thread works too and counts as one.
 *
 * <p>Workers spin for a short while between runs and then park: a hand-off to a spinning worker takes about 0.2 us,
 * against several for an executor, and an idle process costs nothing.
 */
public final class ThreadPool {
  /** Long enough to bridge the gap between two ops of a training step, short enough not to heat an idle machine. */
  private static final long SPIN_NANOS = 80_000;

  private static final AtomicBoolean busy = new AtomicBoolean();
  private static volatile int threads = Runtime.getRuntime().availableProcessors();
  private static volatile Job current;
  /** Guarded by {@link #busy}. */
  private static Worker[] workers = {};

  private ThreadPool() {}

  /** One piece of a kernel; tiles of one run write to memory that does not overlap. */
  @FunctionalInterface
  public interface Tiles {
    void run(int tile);
  }

  /**
   * Runs {@code body} once for each tile from 0 until {@code tiles}, in no fixed order, and returns when all are done.
   * A single tile, a call from inside a tile, and a call that finds the pool at work for another thread run on the
   * calling thread, in order. If a tile throws, tiles not yet begun are skipped, and the first exception is thrown here
   * once no tile is running any more.
   */
  public static void run(int tiles, Tiles body) {
    if (tiles > 1 && threads > 1 && busy.compareAndSet(false, true)) {
      try {
        share(new Job(tiles, body));
      } finally {
        current = null;
        busy.set(false);
      }
    } else {
      for (int tile = 0; tile < tiles; tile++) body.run(tile);
    }
  }

  /** How many threads a run uses at most, the calling one included. */
  public static int threads() {
    return threads;
  }

  /** Takes effect from the next run on. Changes how fast kernels are, never what they compute. */
  public static void setThreads(int count) {
    if (count < 1)
      throw new IllegalArgumentException(
          "setThreads: " + count + " threads; expected at least 1, the calling thread. Fix: setThreads(1).");
    threads = count;
  }

  private static void share(Job job) {
    Worker[] team = team(threads - 1);
    current = job;
    for (int i = 0, wanted = Math.min(team.length, job.tiles - 1); i < wanted; i++) team[i].wake();
    job.work();
    job.await();
  }

  /** Workers are started by the first run that needs them, so a process that only reads a file has none. */
  private static Worker[] team(int size) {
    Worker[] old = workers;
    if (old.length == size) return old;
    Worker[] team = new Worker[size];
    for (int i = 0; i < size; i++) team[i] = i < old.length ? old[i] : new Worker(i + 1);
    for (int i = size; i < old.length; i++) old[i].retire();
    return workers = team;
  }

  private static final class Job {
    final int tiles;
    final AtomicInteger next = new AtomicInteger();
    final AtomicInteger finished = new AtomicInteger();
    private volatile Throwable error;
    private volatile Thread waiting;
    private Tiles body;

    Job(int tiles, Tiles body) {
      this.tiles = tiles;
      this.body = body;
    }

    void work() {
      int mine = 0;
      for (int tile; (tile = next.getAndIncrement()) < tiles; mine++) {
        if (error != null) continue;
        try {
          body.run(tile);
        } catch (Throwable e) {
          fail(e);
        }
      }
      if (mine > 0 && finished.addAndGet(mine) == tiles) LockSupport.unpark(waiting);
    }

    private synchronized void fail(Throwable e) {
      if (error == null) error = e;
    }

    void await() {
      long deadline = 0;
      while (finished.get() != tiles) {
        for (int i = 0; i < 32 && finished.get() != tiles; i++) Thread.onSpinWait();
        long now = System.nanoTime();
        if (deadline == 0) deadline = now + SPIN_NANOS;
        if (now - deadline < 0) continue;
        waiting = Thread.currentThread();
        if (finished.get() != tiles) LockSupport.park(this);
      }
      body = null; // a worker may remember this job until the next one; what the body holds must not live that long
      if (error != null) throw ThreadPool.<RuntimeException>unchecked(error);
    }
  }

  private static final class Worker implements Runnable {
    private final Thread thread;
    private volatile boolean parked;
    private volatile boolean retired;

    Worker(int index) {
      thread = Thread.ofPlatform().daemon().name("ktrain-kernel-" + index).inheritInheritableThreadLocals(false)
          .unstarted(this);
      thread.setContextClassLoader(null); // else an application server could never unload who started the pool
      thread.start();
    }

    void wake() {
      if (parked) LockSupport.unpark(thread);
    }

    void retire() {
      retired = true;
      LockSupport.unpark(thread);
    }

    @Override
    public void run() {
      Job last = null;
      while (!retired) {
        Job job = current;
        if (job != null && job != last) {
          job.work();
          last = job;
        } else {
          idle(last);
        }
      }
    }

    private boolean nothingFor(Job last) {
      Job job = current;
      return job == null || job == last;
    }

    private void idle(Job last) {
      long deadline = System.nanoTime() + SPIN_NANOS;
      do {
        for (int i = 0; i < 32; i++) {
          if (!nothingFor(last)) return;
          Thread.onSpinWait();
        }
      } while (System.nanoTime() - deadline < 0);
      parked = true;
      if (nothingFor(last) && !retired) LockSupport.park(this);
      parked = false;
    }
  }

  @SuppressWarnings("unchecked")
  private static <E extends Throwable> RuntimeException unchecked(Throwable e) throws E {
    throw (E) e;
  }
}
