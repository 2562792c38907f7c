package io.ktrain.backend.cpu;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.util.ArrayDeque;
import java.util.Arrays;

/**
 * A oneDNN primitive that several threads may run at once. Each run borrows a set of memory objects, since those hold
 * the addresses, and a scratchpad. Freed when it is no longer reachable.
 */
final class Primitive {
  private static final Cleaner CLEANER =
      Cleaner.create(Thread.ofPlatform().daemon().name("ktrain-primitives").factory());

  private final Handles handles;
  private final String implementation;
  private final long scratchBytes;

  /**
   * Takes over the primitive descriptor. {@code kinds} and {@code descs} name its operands in the order
   * {@link #run} takes their addresses; the descriptors stay the caller's.
   */
  Primitive(long primitiveDesc, int[] kinds, long[] descs) {
    long scratchpad = OneDnn.queryDesc(primitiveDesc, OneDnn.SCRATCHPAD_DESC);
    scratchBytes = scratchpad == 0 ? 0 : OneDnn.size(scratchpad);
    implementation = OneDnn.implementation(primitiveDesc);
    handles = new Handles(primitiveDesc, scratchBytes == 0 ? 0 : scratchpad, kinds, descs);
    OneDnn.destroyPrimitiveDesc(primitiveDesc);
    CLEANER.register(this, handles);
  }

  String implementation() {
    return implementation;
  }

  /** On the calling thread. */
  void run(long... addresses) {
    Operands operands = handles.take();
    for (int i = 0; i < addresses.length; i++) OneDnn.setData(operands.memories[i], addresses[i]);
    if (scratchBytes == 0) {
      operands.execute();
    } else {
      try (Scratch scratch = Scratch.take(scratchBytes)) {
        OneDnn.setData(operands.memories[addresses.length], scratch.address());
        operands.execute();
      }
    }
    handles.give(operands);
    Reference.reachabilityFence(this);
  }

  private record Operands(long primitive, long[] memories, long arguments) {
    void execute() {
      OneDnn.execute(primitive, memories.length, arguments);
    }
  }

  /** What the cleaner frees; knows nothing of its owner. */
  private static final class Handles implements Runnable {
    private final Arena arena = Arena.ofShared();
    private final long primitive;
    private final int[] kinds;
    private final long[] descs;
    private final ArrayDeque<Operands> idle = new ArrayDeque<>();

    Handles(long primitiveDesc, long scratchpad, int[] kinds, long[] descs) {
      int count = descs.length + (scratchpad == 0 ? 0 : 1);
      this.kinds = Arrays.copyOf(kinds, count);
      this.descs = new long[count];
      for (int i = 0; i < descs.length; i++) this.descs[i] = OneDnn.copyOf(descs[i]);
      if (scratchpad != 0) {
        this.kinds[count - 1] = OneDnn.SCRATCHPAD;
        this.descs[count - 1] = OneDnn.copyOf(scratchpad);
      }
      primitive = OneDnn.primitive(primitiveDesc);
    }

    Operands take() {
      synchronized (idle) {
        Operands operands = idle.poll();
        if (operands != null) return operands;
      }
      long[] memories = new long[descs.length];
      MemorySegment arguments = arena.allocate(16L * descs.length, 8);
      for (int i = 0; i < descs.length; i++) {
        memories[i] = OneDnn.memory(descs[i]);
        arguments.set(JAVA_INT, 16L * i, kinds[i]);
        arguments.set(JAVA_LONG, 16L * i + 8, memories[i]);
      }
      return new Operands(primitive, memories, arguments.address());
    }

    void give(Operands operands) {
      synchronized (idle) {
        idle.push(operands);
      }
    }

    @Override
    public void run() {
      for (Operands operands : idle) for (long memory : operands.memories) OneDnn.destroyMemory(memory);
      for (long desc : descs) OneDnn.destroyDesc(desc);
      OneDnn.destroyPrimitive(primitive);
      arena.close();
    }
  }
}
