package io.ktrain.memory;

import java.lang.foreign.MemorySegment;

/** A block of a device's memory, shared by a tensor and its views. Counts the writes made through any of them. */
public final class Storage {
  private final Pool pool;
  private final long address;
  private final long bytes;
  private final MemorySegment host;
  Pool.Lease lease;
  Scope owner;
  private int version;
  private String freedBy;
  private boolean shared;
  private boolean kept;

  Storage(Pool pool, long address, long bytes, MemorySegment host) {
    this.pool = pool;
    this.address = address;
    this.bytes = bytes;
    this.host = host;
  }

  /** Memory that belongs to somebody else: never freed here, kept reachable by the segment. */
  public static Storage wrap(MemorySegment memory) {
    return new Storage(null, memory.isNative() ? memory.address() : 0, memory.byteSize(), memory);
  }

  public long address() {
    return address;
  }

  public long bytes() {
    return bytes;
  }

  /** Whether it is a block of that pool. */
  public boolean isFrom(Pool pool) {
    return this.pool == pool && pool != null;
  }

  /** The block as host code reads it, or null on a device whose memory the host cannot read. */
  public MemorySegment host() {
    return host;
  }

  /** Whether it wraps memory that must not be written. */
  public boolean isReadOnly() {
    return host != null && host.isReadOnly();
  }

  /** How often the contents were written after they were made. */
  public int version() {
    return version;
  }

  public void written() {
    version++;
  }

  /** Null while alive; else what freed it. */
  public String freedBy() {
    return freedBy;
  }

  /** Leaves its scope: from now on it lives as long as something refers to it. */
  public void keep() {
    owner = null;
    kept = true;
  }

  /** Whether somebody asked for it to live on, so that a loader must not take its batch's memory back. */
  public boolean isKept() {
    return kept;
  }

  /** The user has a handle that the library cannot follow, so only the collector may free it. */
  public void share() {
    shared = true;
  }

  public boolean isShared() {
    return shared;
  }

  /** Gives the block back now; any later use is an error that names {@code by}. */
  public void free(String by) {
    if (freedBy != null || pool == null) return;
    freedBy = by;
    pool.free(lease);
  }
}
