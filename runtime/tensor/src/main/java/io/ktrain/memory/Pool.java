package io.ktrain.memory;

import java.lang.foreign.MemorySegment;
import java.lang.ref.PhantomReference;
import java.lang.ref.ReferenceQueue;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.TreeMap;

/**
 * One device's memory: a caching allocator over large slabs. Freed blocks wait in a list per size class and are handed
 * out again; nothing goes back to the system unless room runs out.
 *
 * <p>A block comes back in one of two ways: {@link Storage#free} (scopes and the library itself), or, for storage the
 * user merely dropped, when the garbage collector finds it unreachable. Since the collector does not see native bytes,
 * allocation asks it to run once {@link #pressure} bytes more are live than after its last run.
 */
public abstract class Pool {
  static final long PRESSURE = 128L << 20;

  private static final long SLAB = 4L << 20;
  private static final long LARGE = 512L << 10;

  /** A piece of the device's memory; {@code host} is null where host code cannot read it. */
  public record Slab(long address, long bytes, MemorySegment host, Runnable release) {}

  private record Block(long address, long bytes, MemorySegment host, Slab whole) {}

  /** What is told of a live block when room runs out. */
  public record Live(long bytes, Object origin) {}

  /** Room ran out, with the biggest blocks that were live. */
  public static final class Exhausted extends RuntimeException {
    public final transient List<Live> biggest;
    public final long live;
    public final long limit;

    Exhausted(String message, List<Live> biggest, long live, long limit) {
      super(message);
      this.biggest = biggest;
      this.live = live;
      this.limit = limit;
    }
  }

  /** Stands for one storage in the pool's books; outlives it just long enough to give its block back. */
  static final class Lease extends PhantomReference<Storage> {
    private final Block block;
    private final Object origin;
    private boolean returned;
    private Lease previous;
    private Lease next;

    private Lease(Storage storage, Block block, Object origin, ReferenceQueue<Storage> queue) {
      super(storage, queue);
      this.block = block;
      this.origin = origin;
    }
  }

  private final ReferenceQueue<Storage> unreachable = new ReferenceQueue<>();
  private final TreeMap<Long, ArrayList<Block>> free = new TreeMap<>();
  private Lease first;
  private Slab carving;
  private long carved;
  private long live;
  private long reserved;
  private long liveAfterCollection;
  private long peak;

  /** Takes memory from the device, or returns null when it has none left. */
  protected abstract Slab reserve(long bytes);

  /** The most this pool may hold, in bytes. */
  protected abstract long limit();

  /** Live bytes may grow by this much before the collector is asked which storage is unreachable. */
  protected long pressure() {
    return PRESSURE;
  }

  /** Whether freed blocks wait to be handed out again; where not, each goes back to the device at once. */
  protected boolean isCaching() {
    return true;
  }

  /** How many blocks of a size are left to rest, so that one is not handed out again right after it was given back. */
  protected int resting() {
    return 0;
  }

  /** Called with the address of a block that nobody holds any more. */
  protected void retired(long address) {}

  /** Called with the address of a block that is about to be handed out: the place to wait for what still uses it. */
  protected void settle(long address) {}

  /** Bytes in use now. */
  public final synchronized long live() {
    drain();
    return live;
  }

  /** The most bytes that were in use at once. */
  public final synchronized long peak() {
    return peak;
  }

  /** Bytes held from the device, in use or waiting. */
  public final synchronized long reserved() {
    return reserved;
  }

  /**
   * A block of at least that many bytes, 64-byte aligned, its contents undefined.
   *
   * @param origin what made it, for the list that is printed when room runs out
   */
  public final Storage allocate(long bytes, Object origin) {
    long size = isCaching() ? sizeClass(bytes) : Math.max(1, bytes);
    synchronized (this) {
      if (live + size - liveAfterCollection > pressure()) collectOnce();
      Block block = take(size);
      if (block == null) {
        collect();
        block = take(size);
      }
      if (block == null) {
        trim();
        block = take(size);
      }
      if (block == null) throw exhausted(bytes);
      settle(block.address);
      live += block.bytes;
      peak = Math.max(peak, live);
      var storage = new Storage(this, block.address, bytes, block.host);
      var lease = new Lease(storage, block, origin, unreachable);
      storage.lease = lease;
      lease.next = first;
      if (first != null) first.previous = lease;
      first = lease;
      return storage;
    }
  }

  final synchronized void free(Lease lease) {
    lease.clear();
    giveBack(lease);
  }

  /** Once: a storage may become unreachable, and be found so, while it is on its way to be freed. */
  private void giveBack(Lease lease) {
    if (lease.returned) return;
    lease.returned = true;
    if (lease.previous != null) lease.previous.next = lease.next;
    else if (first == lease) first = lease.next;
    if (lease.next != null) lease.next.previous = lease.previous;
    live -= lease.block.bytes;
    retired(lease.block.address);
    if (lease.block.whole == null || isCaching()) free.computeIfAbsent(lease.block.bytes, k -> new ArrayList<>()).add(lease.block);
    else release(lease.block);
  }

  private void release(Block block) {
    block.whole.release.run();
    reserved -= block.bytes;
  }

  private void drain() {
    for (Lease l; (l = (Lease) unreachable.poll()) != null; ) giveBack(l);
  }

  /** Takes back all that is unreachable now: what one collection finds is queued before anything the next one finds. */
  final synchronized void collect() {
    collectOnce();
    collectOnce();
  }

  /** Runs the garbage collector and takes back most of what it found: of one collection the order is not known. */
  private void collectOnce() {
    var queue = new ReferenceQueue<Object>();
    var marker = new PhantomReference<>(new Object(), queue);
    System.gc();
    try {
      // Seconds only on a machine under heavy load; to give up early would be to run out of memory that is free.
      for (int tries = 0; tries < 500 && queue.remove(10) != marker; tries++) drain();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    drain();
    liveAfterCollection = live;
  }

  private Block take(long size) {
    drain();
    Block block = rested(free.get(size));
    if (block == null) block = another(size);
    return block == null ? first(free.get(size)) : block;
  }

  private Block rested(List<Block> waiting) {
    if (waiting == null || waiting.size() <= resting()) return null;
    return resting() == 0 ? waiting.removeLast() : waiting.removeFirst();
  }

  private static Block first(List<Block> waiting) {
    return waiting == null || waiting.isEmpty() ? null : waiting.removeFirst();
  }

  /** A somewhat larger waiting block, or one that was not in use yet; null where there is none. */
  private Block another(long size) {
    if (size >= LARGE || !isCaching()) {
      // Better than fresh pages, and bounded waste.
      for (var list : free.subMap(size, false, size + size / 4, true).values()) {
        Block near = rested(list);
        if (near != null) return near;
      }
      Slab slab = fresh(size);
      return slab == null ? null : new Block(slab.address, size, slab.host, slab);
    }
    if (carving == null || carved + size > carving.bytes) {
      Slab slab = fresh(SLAB);
      if (slab == null) return null;
      carving = slab;
      carved = 0;
    }
    var host = carving.host == null ? null : carving.host.asSlice(carved, size);
    var block = new Block(carving.address + carved, size, host, null);
    carved += size;
    return block;
  }

  private Slab fresh(long bytes) {
    if (reserved + bytes > limit()) return null;
    Slab slab = reserve(bytes);
    if (slab != null) reserved += bytes;
    return slab;
  }

  /** Gives waiting large blocks back to the device. */
  private void trim() {
    for (var list : free.values())
      list.removeIf(b -> {
        if (b.whole == null) return false;
        release(b);
        return true;
      });
  }

  private Exhausted exhausted(long bytes) {
    var all = new ArrayList<Live>();
    for (Lease l = first; l != null; l = l.next) all.add(new Live(l.block.bytes, l.origin));
    all.sort(Comparator.comparingLong(Live::bytes).reversed());
    return new Exhausted("no room for " + bytes + " bytes", List.copyOf(all.subList(0, Math.min(8, all.size()))), live, limit());
  }

  /** Multiples of 64 up to 1 KiB, then eight sizes a power of two: at most an eighth is wasted. */
  static long sizeClass(long bytes) {
    if (bytes <= 1024) return Math.max(64, (bytes + 63) & -64);
    long step = Long.highestOneBit(bytes - 1) >> 3;
    return (bytes + step - 1) & -step;
  }
}
