package io.ktrain.format;

import java.util.AbstractList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A Python tuple: a list that cannot be changed, written as a tuple again. Its items may be null. Of texts, numbers and
 * such tuples it may be a key.
 */
public final class Tuple extends AbstractList<Object> implements Comparable<Tuple> {
  private final Object[] items;

  private Tuple(Object[] items) {
    this.items = items;
  }

  public static Tuple of(@Nullable Object... items) {
    return new Tuple(items.clone());
  }

  public static Tuple copyOf(List<?> items) {
    return new Tuple(items.toArray());
  }

  @Override
  public @Nullable Object get(int index) {
    return items[index];
  }

  @Override
  public int size() {
    return items.length;
  }

  /** By the first items that differ: by their classes' names, then by their own order where they have one. */
  @Override
  public int compareTo(Tuple other) {
    for (int i = 0; i < Math.min(items.length, other.items.length); i++) {
      int order = compare(items[i], other.items[i]);
      if (order != 0) return order;
    }
    return Integer.compare(items.length, other.items.length);
  }

  private static int compare(@Nullable Object a, @Nullable Object b) {
    if (a == null || b == null) return Boolean.compare(a != null, b != null);
    if (a.getClass() != b.getClass()) return a.getClass().getName().compareTo(b.getClass().getName());
    return a instanceof Comparable<?> c ? Values.<Comparable<Object>>unchecked(c).compareTo(b) : 0;
  }

  @Override
  public String toString() {
    String text = Arrays.toString(items);
    return "(" + text.substring(1, text.length() - 1) + (items.length == 1 ? ",)" : ")");
  }
}
