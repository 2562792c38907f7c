package io.ktrain.nn;

import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.Tensor;
import java.lang.reflect.Array;
import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.InaccessibleObjectException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Looks into the fields of modules: for layers that would be lost, to replace a child, and to copy a whole module. */
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

  /**
   * Puts {@code now} into the fields that hold the child {@code name}; where that stands under several names, into the
   * field of this name alone.
   */
  static void replace(Module owner, String name, Module now) {
    Module old = owner.children().get(name);
    boolean once = Collections.frequency(owner.children().values(), old) == 1;
    var holding = new ArrayList<Field>();
    for (Class<?> c = owner.getClass(); c != Module.class; c = c.getSuperclass())
      for (Field f : c.getDeclaredFields())
        if (isState(f) && (once || f.getName().equals(name)) && read(f, owner) == old) holding.add(f);
    for (Field f : holding)
      if (!f.getType().isInstance(now))
        throw new KtrainException("setSubmodule: " + owner.typeName() + "." + f.getName() + " is a " + f.getType().getSimpleName()
            + ", it cannot hold a " + now.typeName() + ". Fix: another " + f.getType().getSimpleName() + ".");
    for (Field f : holding) write(f, owner, now);
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
      case LazyBuffer b when !b.isSized() -> kept(b, b.twin());
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
      case Optional<?> o -> kept(o, o.map(this::copied));
      default -> kept(value, rebuilt(value));
    };
  }

  /** Another object of copied components, if one of them has state; else {@code value} itself, if it has none either. */
  private Object rebuilt(Object value) {
    if (value.getClass().isArray()) return primitives(value);
    if (!holdsState(value, Collections.newSetFromMap(new IdentityHashMap<>()))) return value;
    List<Method> components = components(value.getClass());
    if (components.isEmpty()) throw uncopied(value, null);
    try {
      Constructor<?> canonical = value.getClass()
          .getDeclaredConstructor(components.stream().map(Method::getReturnType).toArray(Class<?>[]::new));
      canonical.setAccessible(true);
      var copies = new Object[components.size()];
      for (int i = 0; i < copies.length; i++) {
        components.get(i).setAccessible(true);
        copies[i] = copied(components.get(i).invoke(value));
      }
      return canonical.newInstance(copies);
    } catch (ReflectiveOperationException | IllegalArgumentException | InaccessibleObjectException e) {
      throw uncopied(value, e);
    }
  }

  private static Object primitives(Object array) {
    int length = Array.getLength(array);
    Object copy = Array.newInstance(array.getClass().getComponentType(), length);
    System.arraycopy(array, 0, copy, 0, length);
    return copy;
  }

  private static KtrainException uncopied(Object value, @Nullable Throwable cause) {
    return new KtrainException("copy: a " + value.getClass().getName() + " holds a layer or a tensor, and it cannot be made again of"
        + " copies. Fix: keep them in a List, Set, Map, record, data class or module.", cause);
  }

  /** What a record's canonical constructor takes, or a Kotlin data class's, as Pair's: there they are component1() and on. */
  private static List<Method> components(Class<?> type) {
    if (type.isRecord()) return Arrays.stream(type.getRecordComponents()).map(RecordComponent::getAccessor).toList();
    return Arrays.stream(type.getMethods())
        .filter(m -> m.getName().matches("component\\d+") && m.getParameterCount() == 0)
        .sorted(Comparator.comparingInt(m -> Integer.parseInt(m.getName().substring("component".length())))).toList();
  }

  /** Whether a layer or a tensor is reached from it, other than by a function, which goes on referring to the original. */
  private static boolean holdsState(@Nullable Object value, Set<Object> seen) {
    if (value == null || !seen.add(value)) return false;
    Class<?> type = value.getClass();
    return switch (value) {
      case Module m -> true;
      case Tensor t -> true;
      case Collection<?> c -> c.stream().anyMatch(v -> holdsState(v, seen));
      case Map<?, ?> m -> holdsState(m.values(), seen);
      case Object[] a -> Arrays.stream(a).anyMatch(v -> holdsState(v, seen));
      case Optional<?> o -> holdsState(o.orElse(null), seen);
      case Enum<?> e -> false;
      default -> {
        if (type.isSynthetic() || isKotlinFunction(type) || type.getClassLoader() == null) yield false;
        for (Class<?> c = type; c != Object.class; c = c.getSuperclass())
          for (Field f : c.getDeclaredFields())
            if (isState(f) && !f.getType().isPrimitive() && holdsState(read(f, value), seen)) yield true;
        yield false;
      }
    };
  }

  private static boolean isKotlinFunction(@Nullable Class<?> type) {
    if (type == null || type.getName().equals("kotlin.Function")) return type != null;
    return isKotlinFunction(type.getSuperclass()) || Arrays.stream(type.getInterfaces()).anyMatch(Fields::isKotlinFunction);
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
