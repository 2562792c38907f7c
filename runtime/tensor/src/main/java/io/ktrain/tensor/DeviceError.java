package io.ktrain.tensor;

/** Tensors on different devices, or a device that is not there. */
public final class DeviceError extends KtrainException {
  public DeviceError(String message) {
    super(message);
  }

  public DeviceError(String message, Throwable cause) {
    super(message, cause);
  }
}
