package io.ktrain.nn;

import java.util.List;
import java.util.Map;
import java.util.Set;

/** Modules by names of your own, each called by your own forward. PyTorch's ModuleDict. */
public final class ModuleDict<M extends Module> extends Module {
  public ModuleDict(Map<String, ? extends M> modules) {
    modules.forEach(this::register);
  }

  /** The module of that name; an unknown name is an error that lists the known ones. */
  @SuppressWarnings("unchecked") // nothing else can be put in
  public M get(String name) {
    return (M) getSubmodule(name);
  }

  /** Adds one, or puts it in another's place. */
  public void set(String name, M module) {
    if (contains(name)) replace(name, module);
    else register(name, module);
  }

  public boolean contains(String name) {
    return children().containsKey(name);
  }

  public Set<String> keys() {
    return children().keySet();
  }

  public int size() {
    return children().size();
  }

  @Override
  public List<Object> arguments() {
    return List.of(children());
  }
}
