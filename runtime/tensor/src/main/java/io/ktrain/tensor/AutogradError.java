package io.ktrain.tensor;

/** A backward pass that cannot be taken. */
public final class AutogradError extends KtrainException {
  public AutogradError(String message) {
    super(message);
  }

  public AutogradError(String message, Throwable cause) {
    super(message, cause);
  }
}
