package io.ktrain.tensor;

/** Saved names or shapes that are not the model's. */
public final class StateDictError extends KtrainException {
  public StateDictError(String message) {
    super(message);
  }

  public StateDictError(String message, Throwable cause) {
    super(message, cause);
  }
}
