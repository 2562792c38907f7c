package io.ktrain.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.TreeMap;

/** The blocks of memory that {@link FakeDriver} has given out. */
final class FakeMemory {
  private record Block(long context, MemorySegment memory, Arena arena) {}

  private final String kind;
  private final boolean readable;
  private final TreeMap<Long, Block> blocks = new TreeMap<>();
  private long next = 0x7000_0000_0000L;

  /** @param readable whether its addresses are the host's own; others are never given twice, so that late use shows */
  FakeMemory(String kind, boolean readable) {
    this.kind = kind;
    this.readable = readable;
  }

  /** A new block, of bytes that nobody means. */
  long add(long context, long bytes) {
    Arena arena = Arena.ofShared();
    MemorySegment memory = arena.allocate(bytes, 512);
    memory.fill((byte) 0xCB);
    long address = readable ? memory.address() : next;
    next += (bytes + 1023) & -512;
    blocks.put(address, new Block(context, memory, arena));
    return address;
  }

  void remove(long context, long address) {
    Block b = blocks.get(address);
    if (b == null) throw FakeDriver.misuse("free of no " + kind + " block, at 0x" + Long.toHexString(address));
    if (b.context != context) throw FakeDriver.misuse("free in another context");
    blocks.remove(address);
    b.arena.close();
  }

  private Map.Entry<Long, Block> holding(long address) {
    Map.Entry<Long, Block> e = blocks.floorEntry(address);
    if (e == null || address - e.getKey() >= e.getValue().memory.byteSize())
      throw FakeDriver.misuse("no " + kind + " block at 0x" + Long.toHexString(address));
    return e;
  }

  /** A stretch of one block. */
  MemorySegment at(long address, long bytes) {
    Map.Entry<Long, Block> e = holding(address);
    MemorySegment memory = e.getValue().memory;
    long offset = address - e.getKey();
    if (offset + bytes > memory.byteSize())
      throw FakeDriver.misuse(bytes + " bytes at " + offset + " of a " + kind + " block of " + memory.byteSize());
    return memory.asSlice(offset, bytes);
  }

  long context(long address) {
    return holding(address).getValue().context;
  }

  int blocks() {
    return blocks.size();
  }

  long bytes() {
    return blocks.values().stream().mapToLong(b -> b.memory.byteSize()).sum();
  }

  long bytes(long context) {
    return blocks.values().stream().filter(b -> b.context == context).mapToLong(b -> b.memory.byteSize()).sum();
  }
}
