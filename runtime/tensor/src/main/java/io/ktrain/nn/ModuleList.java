package io.ktrain.nn;

import java.util.List;

/** Modules in a list, each called by your own forward; keys are "0", "1", ... PyTorch's ModuleList. */
public final class ModuleList<M extends Module> extends IndexedModules<M> {
  public ModuleList(List<? extends M> modules) {
    super(modules);
  }

  /** Adds them all at the end. */
  public void extend(List<? extends M> more) {
    more.forEach(this::append);
  }
}
