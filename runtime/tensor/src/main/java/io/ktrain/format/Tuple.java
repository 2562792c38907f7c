package io.ktrain.format;

import java.util.AbstractList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A Python tuple: a list that cannot be changed, written as a tuple again. Its items may be null. */
public final class Tuple extends AbstractList<Object> {
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

  @Override
  public String toString() {
    String text = Arrays.toString(items);
    return "(" + text.substring(1, text.length() - 1) + (items.length == 1 ? ",)" : ")");
  }
}
