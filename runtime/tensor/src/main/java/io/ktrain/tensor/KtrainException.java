package io.ktrain.tensor;

import java.util.ArrayList;
import java.util.List;

/**
 * The one unchecked family of ktrain's own errors. The message says what is wrong, where, with the values seen, and how
 * to mend it; it is meant to be read by the person who wrote the script, without a stack trace.
 */
public class KtrainException extends RuntimeException {
  private final List<Object> layers = new ArrayList<>();

  public KtrainException(String message) {
    super(message);
  }

  public KtrainException(String message, Throwable cause) {
    super(message, cause);
  }

  /** The layers that were being called, innermost first; each {@code Module.invoke} adds its own on the way out. */
  public final List<Object> layers() {
    return layers;
  }
}
