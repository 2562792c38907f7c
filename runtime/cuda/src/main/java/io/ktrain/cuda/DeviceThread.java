package io.ktrain.cuda;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/**
 * The one thread that talks to a device, since a CUDA context belongs to an operating-system thread and callers' may
 * change under a coroutine. Commands run in the order in which they were given, so that a block freed by one caller may
 * be handed to another at once. The caller does not wait: while the thread makes one launch, the next is prepared.
 */
final class DeviceThread {
  /** How long an idle thread looks for work before it sleeps: waking it costs more than most launches. */
  private static final long SPIN_NANOS = 100_000;

  private final ConcurrentLinkedQueue<Runnable> commands = new ConcurrentLinkedQueue<>();
  private final Thread thread;
  private volatile boolean asleep;
  private final AtomicReference<RuntimeException> failure = new AtomicReference<>();

  DeviceThread(String name) {
    thread = Thread.ofPlatform().name(name).daemon().unstarted(this::loop);
    thread.start();
  }

  /** Runs the command after all given before. What it throws is thrown, once, by the next call of this or of call. */
  void submit(Runnable command) {
    RuntimeException e = failure.getAndSet(null);
    if (e != null) throw here(e);
    submitAlways(command);
  }

  /** As {@link #submit}, for giving things back: must happen after a failure too, and tells of none. */
  void submitAlways(Runnable command) {
    commands.add(command);
    if (asleep) LockSupport.unpark(thread);
  }

  /**
   * Runs the command after all given before and waits for its result. Where one of those failed, that is thrown and the
   * command is not run: what it made would be lost.
   */
  <T> T call(Supplier<T> command) {
    if (Thread.currentThread() == thread) return command.get();
    var result = new CompletableFuture<T>();
    submitAlways(() -> {
      try {
        RuntimeException before = failure.getAndSet(null);
        if (before != null) throw before;
        result.complete(command.get());
      } catch (Throwable e) {
        result.completeExceptionally(e);
      }
    });
    return await(result);
  }

  private static <T> T await(Future<T> result) {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return result.get();
        } catch (InterruptedException e) {
          interrupted = true; // a copy under way must not lose its memory
        } catch (ExecutionException e) {
          if (e.getCause() instanceof RuntimeException r) throw here(r);
          if (e.getCause() instanceof Error r) throw r;
          throw new IllegalStateException(e.getCause());
        }
      }
    } finally {
      if (interrupted) Thread.currentThread().interrupt();
    }
  }

  /** A failure is of use where the device was asked, not on its own thread. */
  private static RuntimeException here(RuntimeException e) {
    e.fillInStackTrace();
    return e;
  }

  private void loop() {
    while (true) {
      Runnable next = commands.poll();
      if (next == null) next = waitForOne();
      try {
        next.run();
      } catch (RuntimeException e) {
        failure.compareAndSet(null, e);
      } catch (Error e) {
        failure.compareAndSet(null, new IllegalStateException(e));
      }
    }
  }

  private Runnable waitForOne() {
    long until = System.nanoTime() + SPIN_NANOS;
    while (true) {
      Runnable next = commands.poll();
      if (next != null) return next;
      if (System.nanoTime() < until) {
        Thread.onSpinWait();
        continue;
      }
      asleep = true;
      while ((next = commands.poll()) == null) LockSupport.park(this);
      asleep = false;
      return next;
    }
  }
}
