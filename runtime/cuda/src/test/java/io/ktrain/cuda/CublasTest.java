package io.ktrain.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.ktrain.backend.Backends;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.Device;
import io.ktrain.tensor.DeviceError;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What is said when cuBLAS refuses a call, and where there is none. */
class CublasTest {
  private static final long SOMEWHERE = 1 << 20;

  /** By a stream and addresses that are none: NVIDIA's own library would crash. */
  @Test
  @Tag("standin")
  void failuresNameTheCallAndTheStatus() {
    var backend = (CudaBackend) Backends.named("cuda");
    Assumptions.assumeTrue(backend.isUsable(), backend.status());
    Cublas cublas = Cublas.find(new CudaLibraries(System.getenv()), false);
    Assumptions.assumeTrue(cublas != null, "no cuBLAS");
    CudaDevice device = backend.device(Device.of("cuda"));
    var e = assertThrows(DeviceError.class, () -> device.call(driver -> {
      long handle = cublas.open(device.libraryStream(), SOMEWHERE);
      cublas.multiply(handle, DType.f32, DType.f32, false, false, 4, 3, 2, SOMEWHERE, 1, 0, SOMEWHERE, 2, 0, false, SOMEWHERE, 4, 0, 1);
      return null;
    }));
    assertEquals("cuda: cublasGemmEx of 1 times f32 4x3x2 failed with CUBLAS_STATUS_INVALID_VALUE (7).", e.getMessage());
  }

  @Test
  void withoutTheLibraryThereIsNone() {
    var nowhere = new CudaLibraries(Map.of("KTRAIN_CUDA_LIBRARIES", "/nowhere"));
    Assumptions.assumeTrue(nowhere.find("libcublas.so.13", "libcublas.so.12") == null, "this machine has cuBLAS");
    assertNull(Cublas.find(nowhere, false));
  }
}
