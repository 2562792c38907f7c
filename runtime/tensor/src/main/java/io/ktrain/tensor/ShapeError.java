package io.ktrain.tensor;

/** Shapes that do not fit, found before any kernel runs. */
public final class ShapeError extends KtrainException {
  public ShapeError(String message) {
    super(message);
  }

  public ShapeError(String message, Throwable cause) {
    super(message, cause);
  }
}
