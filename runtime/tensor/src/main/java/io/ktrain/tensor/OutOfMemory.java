package io.ktrain.tensor;

/** A device has no room left; the message lists the biggest live tensors. */
public final class OutOfMemory extends KtrainException {
  public OutOfMemory(String message) {
    super(message);
  }

  public OutOfMemory(String message, Throwable cause) {
    super(message, cause);
  }
}
