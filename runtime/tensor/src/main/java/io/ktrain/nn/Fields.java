package io.ktrain.nn;

import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.Tensor;
import java.lang.reflect.Array;
import java.lang.reflect.Field;
import java.lang.reflect.InaccessibleObjectException;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Collection;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Looks into the fields of modules: for layers that would be lost, and to copy a whole module. */
final class Fields {
  private final Map<Object, Object> copies = new IdentityHashMap<>();

  private Fields() {}

  /** Every layer and parameter in a field of the user's class must be among the registered ones. */
  static void requireRegistered(Module module, Collection<Module> children, Collection<Parameter> parameters) {
    for (Class<?> c = module.getClass(); !isOurs(c); c = c.getSuperclass())
      for (Field f : c.getDeclaredFields()) {
        Object value = isState(f) ? read(f, module) : null;
        boolean lost = value instanceof Module && !children.contains(value)
            || value instanceof Parameter && !parameters.contains(value)
            || value instanceof Collection<?> all && all.stream().anyMatch(
                v -> v instanceof Module && !children.contains(v) || v instanceof Parameter && !parameters.contains(v));
        if (lost)
          throw new KtrainException(module.typeName() + "." + f.getName() + " holds a layer that was never registered,"
              + " so it would not be trained. Fix: val " + f.getName() + " by ..., or register(\"" + f.getName()
              + "\", ...) in Java.");
      }
  }

  /** A module of its own with the same values; what was shared inside {@code module} is shared inside the copy. */
  static <M extends Module> M copy(M module) {
    @SuppressWarnings("unchecked") // a copy has its original's class
    M copy = (M) new Fields().copied(module);
    return copy;
  }

  private Object copied(Object value) {
    if (value == null) return null;
    Object before = copies.get(value);
    if (before != null) return before;
    return switch (value) {
      case Module m -> copied(m);
      case Hooks h -> kept(h, h.copy());
      case Parameter p -> kept(p, p.twin());
      case Tensor t -> kept(t, t.detach().copy().keep());
      case List<?> l -> kept(l, all(l, new ArrayList<>()));
      case Set<?> s -> kept(s, all(s, new LinkedHashSet<>()));
      case Map<?, ?> m -> {
        var map = new LinkedHashMap<Object, Object>();
        m.forEach((k, v) -> map.put(k, copied(v)));
        yield kept(m, map);
      }
      case Object[] a -> {
        var array = (Object[]) Array.newInstance(a.getClass().getComponentType(), a.length);
        for (int i = 0; i < a.length; i++) array[i] = copied(a[i]);
        yield kept(a, array);
      }
      default -> value;
    };
  }

  private Object all(Collection<?> values, Collection<Object> copies) {
    for (Object v : values) copies.add(copied(v));
    return copies;
  }

  private Object kept(Object value, Object copy) {
    copies.put(value, copy);
    return copy;
  }

  private Module copied(Module module) {
    Module copy = module.shallow();
    copies.put(module, copy);
    for (Class<?> c = module.getClass(); c != Object.class; c = c.getSuperclass())
      for (Field f : c.getDeclaredFields()) {
        if (!isState(f) || f.getType().isPrimitive()) continue;
        Object value = read(f, module), other = copied(value);
        if (other != value) write(f, copy, other);
      }
    return copy;
  }

  private static boolean isOurs(Class<?> type) {
    return type == Module.class || type.getName().startsWith("io.ktrain.nn.");
  }

  private static boolean isState(Field f) {
    return !Modifier.isStatic(f.getModifiers()) && !f.isSynthetic();
  }

  /** A field's value; null where it lies in a sealed-off module of someone else, which cannot be looked into. */
  private static Object read(Field field, Object of) {
    try {
      field.setAccessible(true);
      return field.get(of);
    } catch (IllegalAccessException | InaccessibleObjectException e) {
      return null;
    }
  }

  private static void write(Field field, Module to, Object value) {
    try {
      field.set(to, value);
    } catch (IllegalAccessException | IllegalArgumentException e) {
      throw new KtrainException("copy: " + to.typeName() + "." + field.getName() + ", a "
          + field.getType().getSimpleName() + ", cannot hold a copy of its value. Fix: declare it as List, Set, Map or a module.", e);
    }
  }
}
