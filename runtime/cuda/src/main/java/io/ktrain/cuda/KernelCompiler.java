package io.ktrain.cuda;

import io.ktrain.tensor.DeviceError;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Turns kernels into what a device loads: the fatbin that the build put beside a file of kernels where it had nvcc, else
 * machine code by NVRTC, kept on disk for the next process.
 */
final class KernelCompiler {

  private final @Nullable Nvrtc nvrtc;
  private final @Nullable Path cache;
  private final List<String> headers = List.of("ktrain.cuh", Kernels.resource("ktrain.cuh"), "math.cuh", Kernels.resource("math.cuh"),
      "rows.cuh", Kernels.resource("rows.cuh"));

  /** @param cache the folder for machine code, or null to keep none */
  KernelCompiler(@Nullable Nvrtc nvrtc, @Nullable Path cache) {
    this.nvrtc = nvrtc;
    this.cache = cache;
  }

  /** What compiles here, for people. */
  String status() {
    return nvrtc == null ? "no NVRTC: only the kernels built into this jar" : "NVRTC " + Verdict.release(nvrtc.version()) + " (" + nvrtc + ")";
  }

  /** What the build put into the jar, or null; it may hold nothing for a device of another generation. */
  byte @Nullable [] built(Kernels kernels) {
    try (InputStream in = KernelCompiler.class.getResourceAsStream("kernels/" + kernels.name() + ".fatbin")) {
      return in == null ? null : in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Machine code for the device, compiled now or by an earlier process. */
  byte[] compiled(Kernels kernels, DeviceProperties device) {
    if (nvrtc == null)
      throw new DeviceError("cuda: the kernels " + kernels.name() + " have to be compiled, and there is no NVRTC. Fix: install libnvrtc"
          + " (CUDA toolkit or the nvidia-cuda-nvrtc package) and name its folder in KTRAIN_CUDA_LIBRARIES.");
    Path kept = cache == null ? null : cache.resolve(key(kernels, device) + ".cubin");
    byte[] code = kept == null ? null : read(kept);
    if (code != null) return code;
    code = nvrtc.cubin(kernels, device.architecture(), headers);
    if (kept != null) keep(kept, code);
    return code;
  }

  private String key(Kernels kernels, DeviceProperties device) {
    try {
      var digest = MessageDigest.getInstance("SHA-256");
      for (String part : List.of(headers.toString(), kernels.text(), device.architecture(), Integer.toString(nvrtc.version()), nvrtc.toString())) {
        digest.update(part.getBytes(StandardCharsets.UTF_8));
        digest.update((byte) 0);
      }
      return HexFormat.of().formatHex(digest.digest(), 0, 16);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static byte @Nullable [] read(Path file) {
    try {
      return Files.exists(file) ? Files.readAllBytes(file) : null;
    } catch (IOException e) {
      return null; // unreadable: compiled again
    }
  }

  /** Moved into place whole, so that no process reads half a file; a cache that cannot be written is only slower. */
  private static void keep(Path file, byte[] code) {
    try {
      Files.createDirectories(file.getParent());
      Path part = Files.createTempFile(file.getParent(), "kernel", ".part");
      Files.write(part, code);
      Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (FileAlreadyExistsException e) {
      // another process was first, with the same code
    } catch (IOException e) {
      System.getLogger(KernelCompiler.class.getName()).log(System.Logger.Level.DEBUG, "kernel cache " + file, e);
    }
  }
}
