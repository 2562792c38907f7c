package io.ktrain.tensor;

/** Element types that do not fit, found before any kernel runs. */
public final class DTypeError extends KtrainException {
  public DTypeError(String message) {
    super(message);
  }

  public DTypeError(String message, Throwable cause) {
    super(message, cause);
  }
}
