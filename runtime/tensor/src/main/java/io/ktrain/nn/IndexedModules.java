package io.ktrain.nn;

import io.ktrain.tensor.KtrainException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Modules in a row, by place and by name: names are "0", "1", ... unless others were given. Places may be negative. */
public abstract sealed class IndexedModules<M extends Module> extends Module implements Iterable<M>
    permits Sequential, ModuleList {
  private final List<M> modules = new ArrayList<>();

  IndexedModules(List<? extends M> modules) {
    modules.forEach(this::append);
  }

  IndexedModules(Map<String, ? extends M> named) {
    modules.addAll(named.values());
    rearrange(named);
  }

  /** The module at a place; -1 is the last. */
  public final M get(int index) {
    return modules.get(place(index, modules.size()));
  }

  /** Puts {@code module} in another's place, under its name: {@code classifier[6] = Linear(4096, 10)} in Kotlin. */
  public final void set(int index, M module) {
    int i = place(index, modules.size());
    put(i, module);
  }

  private void put(int i, M module) {
    modules.set(i, module);
    super.replace(List.copyOf(children().keySet()).get(i), module);
  }

  @Override
  final void replace(String name, Module module) {
    @SuppressWarnings("unchecked") // as a list of these would: it shows where the module is used as what it is not
    M mine = (M) module;
    put(List.copyOf(children().keySet()).indexOf(name), mine);
  }

  /** Adds one at the end; its name is its place. */
  public final void append(M module) {
    register(Integer.toString(modules.size()), module);
    modules.add(module);
  }

  /** Adds one before the place {@code index}; from there on names are places again. */
  public final void insert(int index, M module) {
    int at = place(index, modules.size() + 1);
    var names = new ArrayList<>(children().keySet());
    modules.add(at, module);
    names.add(Integer.toString(names.size()));
    for (int i = at; i < names.size(); i++) names.set(i, Integer.toString(i));
    rename(names);
  }

  /** Takes one out and gives it back; all names are places then. */
  public final M removeAt(int index) {
    M removed = modules.remove(place(index, modules.size()));
    var names = new ArrayList<String>();
    for (int i = 0; i < modules.size(); i++) names.add(Integer.toString(i));
    rename(names);
    return removed;
  }

  private void rename(List<String> names) {
    var now = new LinkedHashMap<String, M>();
    for (int i = 0; i < names.size(); i++) now.put(names.get(i), modules.get(i));
    rearrange(now);
  }

  private int place(int index, int size) {
    int i = index < 0 ? index + size : index;
    if (i < 0 || i >= size)
      throw new KtrainException(typeName() + ": there is no place " + index + " among " + size + ".");
    return i;
  }

  @Override
  public final List<Object> arguments() {
    boolean numbered = true;
    int i = 0;
    for (String name : children().keySet()) numbered &= name.equals(Integer.toString(i++));
    return List.of(numbered ? List.copyOf(modules) : children());
  }

  /** How many there are. */
  public final int size() {
    return modules.size();
  }

  /** In their order; they cannot be changed by it. */
  @Override
  public final Iterator<M> iterator() {
    return Collections.unmodifiableList(modules).iterator();
  }
}
