package io.ktrain.cuda;

import io.ktrain.tensor.DeviceError;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Turns kernels into what a device loads: the fatbin that the build put beside a file of kernels where it had nvcc, else
 * machine code by NVRTC, kept on disk for the next process.
 */
final class KernelCompiler {
  /** Bytes of the SHA-256 with which a kept file begins: a driver that is given half a file may do anything. */
  private static final int CHECK = 32;

  private final CudaLibraries libraries;
  private final @Nullable Path cache;
  private final List<String> headers = List.of("ktrain.cuh", Kernels.resource("ktrain.cuh"), "math.cuh", Kernels.resource("math.cuh"),
      "rows.cuh", Kernels.resource("rows.cuh"), "tensors.cuh", Kernels.resource("tensors.cuh"));

  private @Nullable Nvrtc nvrtc;

  /**
   * @param libraries where NVRTC is looked for once something has to be compiled
   * @param cache the folder for machine code, or null to keep none
   */
  KernelCompiler(CudaLibraries libraries, @Nullable Path cache) {
    this.libraries = libraries;
    this.cache = cache;
  }

  /** What compiles here, for people. */
  String status() {
    try {
      Nvrtc found = nvrtc();
      return found == null ? "no NVRTC: only the kernels built into this jar"
          : "NVRTC " + Verdict.release(found.version()) + " (" + found + ")";
    } catch (DeviceError e) {
      return e.getMessage();
    }
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
    Nvrtc nvrtc = nvrtc();
    if (nvrtc == null)
      throw new DeviceError("cuda: the kernels " + kernels.name() + " have to be compiled, and there is no NVRTC. Fix:"
          + " install libnvrtc (CUDA toolkit or the nvidia-cuda-nvrtc package) and name its folder in KTRAIN_CUDA_LIBRARIES.");
    Path kept = cache == null ? null : cache.resolve(key(nvrtc, kernels, device) + ".cubin");
    byte[] code = kept == null ? null : read(kept);
    if (code != null) return code;
    code = nvrtc.cubin(kernels, device.architecture(), headers);
    if (kept != null) keep(kept, code);
    return code;
  }

  synchronized @Nullable Nvrtc nvrtc() {
    if (nvrtc == null) nvrtc = Nvrtc.find(libraries);
    return nvrtc;
  }

  private String key(Nvrtc nvrtc, Kernels kernels, DeviceProperties device) {
    var all = new StringBuilder();
    String version = nvrtc.version() + " " + nvrtc;
    for (String part : List.of(headers.toString(), kernels.text(), device.architecture(), version))
      all.append(part).append('\0');
    return HexFormat.of().formatHex(sha256(all.toString().getBytes(StandardCharsets.UTF_8)), 0, 16);
  }

  private static byte[] sha256(byte[] data) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(data);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** What was kept, or null where nothing whole is there: then it is compiled again. */
  private static byte @Nullable [] read(Path file) {
    try {
      if (!Files.exists(file)) return null;
      byte[] all = Files.readAllBytes(file);
      if (all.length <= CHECK) return null;
      byte[] code = Arrays.copyOfRange(all, CHECK, all.length);
      return Arrays.equals(all, 0, CHECK, sha256(code), 0, CHECK) ? code : null;
    } catch (IOException e) {
      return null; // unreadable, or a folder
    }
  }

  /** Moved into place whole, so that no process reads half a file; a cache that cannot be written is only slower. */
  private static void keep(Path file, byte[] code) {
    try {
      Files.createDirectories(file.getParent());
      Path part = Files.createTempFile(file.getParent(), "kernel", ".part");
      try {
        try (OutputStream out = Files.newOutputStream(part)) {
          out.write(sha256(code));
          out.write(code);
        }
        Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      } finally {
        Files.deleteIfExists(part);
      }
    } catch (FileAlreadyExistsException e) {
      // another process was first, with the same code
    } catch (IOException e) {
      System.getLogger(KernelCompiler.class.getName()).log(System.Logger.Level.DEBUG, "kernel cache " + file, e);
    }
  }
}
