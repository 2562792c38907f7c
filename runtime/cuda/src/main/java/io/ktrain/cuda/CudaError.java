package io.ktrain.cuda;

import io.ktrain.tensor.DeviceError;

/** What is said of a call of the driver or of one of NVIDIA's libraries that failed. */
final class CudaError {
  private CudaError() {}

  static DeviceError of(String call, int code, String name) {
    return new DeviceError("cuda: " + call + " failed with " + name + " (" + code + ")." + advice(name));
  }

  private static String advice(String name) {
    return switch (name) {
      case "CUDA_ERROR_ILLEGAL_ADDRESS", "CUDA_ERROR_LAUNCH_FAILED", "CUDA_ERROR_MISALIGNED_ADDRESS" ->
          " The process cannot use the device any more. Fix: KTRAIN_CUDA_CACHING=off under compute-sanitizer shows the kernel.";
      case "CUDA_ERROR_NO_BINARY_FOR_GPU" -> " Fix: install NVRTC (libnvrtc), which compiles for this device.";
      case "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH", "CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE" -> " Fix: the driver's own libcuda.so.1 comes first.";
      default -> "";
    };
  }
}
