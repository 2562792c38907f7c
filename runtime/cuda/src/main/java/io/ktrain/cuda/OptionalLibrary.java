package io.ktrain.cuda;

import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One of NVIDIA's libraries that ktrain does without where it is missing. Looked for when first asked for, since it
 * takes a while to load.
 */
final class OptionalLibrary<T> {
  private final String name;
  private final Supplier<@Nullable T> find;
  private boolean looked;
  private @Nullable T found;
  private String status;

  /** @param find gives null where there is none, throws IllegalArgumentException where it does not load */
  OptionalLibrary(String name, Supplier<@Nullable T> find) {
    this.name = name;
    this.find = find;
  }

  /** The library, or null. One that is there and does not load is told of, once. */
  synchronized @Nullable T get() {
    if (looked) return found;
    looked = true;
    try {
      found = find.get();
      status = found == null ? name + ": not found; ktrain's own kernels, which are slower" : found.toString();
    } catch (IllegalArgumentException e) {
      status = name + " does not load, and ktrain's own kernels, which are slower, run instead: " + e.getMessage();
      System.getLogger(OptionalLibrary.class.getName()).log(System.Logger.Level.WARNING, status);
    }
    return found;
  }

  /** What computes, for people. */
  synchronized String status() {
    get();
    return status;
  }
}
