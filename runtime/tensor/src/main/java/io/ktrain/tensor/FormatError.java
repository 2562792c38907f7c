package io.ktrain.tensor;

/** A file that is not what it says it is. */
public final class FormatError extends KtrainException {
  public FormatError(String message) {
    super(message);
  }

  public FormatError(String message, Throwable cause) {
    super(message, cause);
  }
}
