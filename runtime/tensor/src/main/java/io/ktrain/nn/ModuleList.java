package io.ktrain.nn;

import java.util.Iterator;
import java.util.List;

/** Modules in a list, each called by your own forward; keys are "0", "1", ... PyTorch's ModuleList. */
public final class ModuleList<M extends Module> extends Module implements Iterable<M> {
  private final List<M> modules;

  public ModuleList(List<? extends M> modules) {
    this.modules = List.copyOf(modules);
    for (int i = 0; i < modules.size(); i++) register(Integer.toString(i), modules.get(i));
  }

  @Override
  public Iterator<M> iterator() {
    return modules.iterator();
  }
}
