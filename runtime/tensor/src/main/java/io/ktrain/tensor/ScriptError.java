package io.ktrain.tensor;

/** A script or its parameters are wrong. */
public final class ScriptError extends KtrainException {
  public ScriptError(String message) {
    super(message);
  }

  public ScriptError(String message, Throwable cause) {
    super(message, cause);
  }
}
