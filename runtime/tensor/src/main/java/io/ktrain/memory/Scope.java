package io.ktrain.memory;

import java.util.ArrayList;

/**
 * A stretch of work whose temporaries are given back the moment it ends. Storage made while a scope is open belongs to
 * it, unless it is kept or moved out.
 */
public final class Scope {
  private final String name;
  private final Scope parent;
  private final ArrayList<Storage> made = new ArrayList<>();

  public Scope(String name, Scope parent) {
    this.name = name;
    this.parent = parent;
  }

  public Scope parent() {
    return parent;
  }

  public void add(Storage storage) {
    storage.owner = this;
    made.add(storage);
  }

  /** Lets a storage of this scope live on in the scope around it, or as long as it is reachable. */
  public void release(Storage storage) {
    if (storage.owner != this) return;
    storage.owner = null;
    if (parent != null) parent.add(storage);
  }

  public boolean owns(Storage storage) {
    return storage.owner == this;
  }

  public void close() {
    for (Storage s : made) if (s.owner == this) s.free(name);
    made.clear();
  }
}
