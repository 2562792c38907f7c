package io.ktrain.format;

import io.ktrain.tensor.DType;
import io.ktrain.tensor.Device;
import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.Tensor;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/** Dicts, lists, tuples and sets in each other, as pickles have them. */
final class Values {
  /** So deep may containers stand in each other. */
  static final int DEPTH = 200;

  private Values() {}

  /** In Python's words, for messages. */
  static String kind(Object o) {
    return switch (o) {
      case null -> "None";
      case Boolean b -> "a bool";
      case Long n -> "the integer " + n;
      case Number n when n instanceof java.math.BigInteger -> "an integer";
      case Number n -> "a float";
      case String s -> "the text \"" + (s.length() > 40 ? s.substring(0, 40) + "..." : s) + "\"";
      case byte[] b -> "bytes";
      case Map<?, ?> m -> "a dict";
      case Tuple t -> "a tuple of " + t.size();
      case List<?> l -> "a list";
      case Set<?> s -> "a set";
      case TensorRecord t -> "a tensor";
      case Tensor t -> "a tensor";
      case StorageRecord s -> "a storage";
      case Shape s -> "a torch.Size";
      case DType d -> "a dtype";
      case Device d -> "a device";
      case Unpickler.Foreign f -> f.name();
      default -> "a class";
    };
  }

  static String kinds(List<?> objects) {
    var all = new ArrayList<String>();
    for (Object o : objects) all.add(kind(o));
    return String.join(" and ", all);
  }

  /** Where in the dicts that are being filled the next object goes: {@code ["model"]["fc.weight"]}, or nothing. */
  static String place(List<Object> stack, List<Integer> marks) {
    var place = new StringBuilder();
    for (int f = 0; f <= marks.size() && place.length() < 200; f++) {
      int from = f == 0 ? 0 : marks.get(f - 1), to = f == marks.size() ? stack.size() : marks.get(f);
      boolean items = from > 0 && stack.get(from - 1) instanceof Map;
      if (items && to > from) {
        place(stack.get(from + (to - from - 1) / 2 * 2), place);
      } else {
        // One item alone has no mark: the dict, its key, and perhaps a container that is the key's value.
        for (int i = Math.max(from, to - 3); i + 1 < to; i++)
          if (stack.get(i) instanceof Map) place(stack.get(i + 1), place);
      }
    }
    return place.toString();
  }

  private static void place(Object key, StringBuilder out) {
    if (key instanceof String s) out.append("[\"").append(s).append("\"]");
    else if (key instanceof Long n) out.append('[').append(n).append(']');
  }

  private static final class Visit {
    final Object container;
    final Iterator<?> rest;
    long items = 1;

    Visit(Object container) {
      this.container = container;
      rest = items(container).iterator();
    }
  }

  private static Collection<?> items(Object container) {
    return container instanceof Map<?, ?> m ? m.values() : (Collection<?>) container;
  }

  /** Nothing may hold itself or stand too deep, and what is shared may not count up to more than {@code most} items. */
  static void requireFinite(Object root, long most, Function<String, ? extends KtrainException> wrong) {
    if (!isContainer(root)) return;
    var counted = new IdentityHashMap<Object, Long>();
    var path = new ArrayDeque<Visit>();
    path.push(new Visit(root));
    counted.put(root, -1L);
    while (true) {
      Visit top = path.peek();
      if (top.rest.hasNext()) {
        Object item = top.rest.next();
        Long known = isContainer(item) ? counted.get(item) : Long.valueOf(1);
        if (known == null) {
          if (path.size() == DEPTH) throw wrong.apply("containers stand in each other more than " + DEPTH + " deep.");
          counted.put(item, -1L);
          path.push(new Visit(item));
          continue;
        }
        if (known < 0) throw wrong.apply("a container holds itself.");
        top.items += known;
        if (top.items > most)
          throw wrong.apply("what is shared in it would be more than " + most + " values one by one.");
      } else {
        path.pop();
        counted.put(top.container, top.items);
        if (path.isEmpty()) return;
        path.peek().items += top.items;
        if (path.peek().items > most)
          throw wrong.apply("what is shared in it would be more than " + most + " values one by one.");
      }
    }
  }

  private static boolean isContainer(Object o) {
    return o instanceof Map || o instanceof Collection;
  }

  /** The same containers with other leaves; what was shared stays shared. */
  static Object map(Object value, UnaryOperator<Object> leaf) {
    return map(value, leaf, new IdentityHashMap<>());
  }

  private static Object map(Object value, UnaryOperator<Object> leaf, Map<Object, Object> done) {
    if (!isContainer(value)) return leaf.apply(value);
    Object known = done.get(value);
    if (known != null) return known;
    Object copy = switch (value) {
      case Map<?, ?> m -> {
        var to = new LinkedHashMap<Object, Object>();
        m.forEach((key, item) -> to.put(key, map(item, leaf, done)));
        yield to;
      }
      case Set<?> s -> new LinkedHashSet<Object>(s);
      case Tuple t -> Tuple.copyOf(mapped(t, leaf, done));
      default -> mapped((Collection<?>) value, leaf, done);
    };
    done.put(value, copy);
    return copy;
  }

  private static List<Object> mapped(Collection<?> items, UnaryOperator<Object> leaf, Map<Object, Object> done) {
    var to = new ArrayList<>(items.size());
    for (Object item : items) to.add(map(item, leaf, done));
    return to;
  }

  @SuppressWarnings("unchecked") // containers of a pickle hold anything
  static <T> T unchecked(Object o) {
    return (T) o;
  }
}
