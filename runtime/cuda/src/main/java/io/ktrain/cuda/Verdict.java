package io.ktrain.cuda;

import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Whether this process can use a GPU, found once: a driver whose cuInit failed fails in stranger ways when it is asked
 * again.
 *
 * @param driver null where there is none to use
 * @param reason why there is none, as one clause; null where there is one
 */
record Verdict(@Nullable GpuDriver driver, @Nullable String reason) {
  static final String LIBRARY = "libcuda.so.1";

  /** The arithmetic of pointwise operations is compiled when it is first needed, also where the jar holds other kernels. */
  private static final String NO_COMPILER = "there is a driver, but no NVRTC to compile kernels with: libnvrtc.so.13 or libnvrtc.so.12"
      + " was not found in the system's folders nor in those of KTRAIN_CUDA_LIBRARIES";

  /** The oldest CUDA whose drivers have all the functions that JCuda's library is linked with. */
  private static final int OLDEST = 12000;

  static Verdict reach(CudaLibraries libraries, Map<String, String> environment) {
    if (environment.getOrDefault("KTRAIN_CUDA", "").equals("off")) return no("KTRAIN_CUDA=off");
    String os = System.getProperty("os.name"), architecture = System.getProperty("os.arch");
    if (!os.equals("Linux") || !architecture.equals("amd64"))
      return no("JCuda's library is for Linux on x86-64, and this is " + os + " on " + architecture);
    Path library = libraries.find(LIBRARY);
    if (library == null) return no("there is no NVIDIA driver: " + LIBRARY + " was not found");
    try {
      JCudaNatives.load(library);
      Verdict driver = of(new JCudaGpuDriver(library));
      return driver.driver == null || libraries.find(Nvrtc.NAMES) != null ? driver : no(NO_COMPILER);
    } catch (LinkageError | RuntimeException | java.io.IOException e) {
      return no("the NVIDIA driver " + library + " could not be loaded: " + firstLine(e));
    }
  }

  /** Asks a driver that is loaded. */
  static Verdict of(GpuDriver driver) {
    int code = driver.init();
    if (code != 0) return no("the NVIDIA driver does not start: cuInit gives " + driver.name(code) + " (" + code + ")" + advice(code));
    int version = driver.version();
    if (version < OLDEST) return no("the NVIDIA driver is too old: it serves CUDA " + release(version) + ", ktrain needs " + release(OLDEST));
    if (driver.devices() == 0) return no("the NVIDIA driver finds no device. Is CUDA_VISIBLE_DEVICES empty?");
    return new Verdict(driver, null);
  }

  private static Verdict no(String reason) {
    return new Verdict(null, reason);
  }

  private static String advice(int code) {
    return switch (code) {
      case 100 -> ": no GPU is visible to this process";
      case 999 -> ": the kernel module is not loaded, or this process may not use it";
      case 803 -> ": libcuda and the kernel module are of different versions";
      case 804 -> ": this forward-compatible libcuda is not for this GPU";
      case 802 -> ": the devices are not initialised yet (is the fabric manager running?)";
      default -> "";
    };
  }

  static String release(int version) {
    return version / 1000 + "." + version % 1000 / 10;
  }

  private static String firstLine(Throwable e) {
    String text = e.getMessage() == null ? e.toString() : e.getMessage();
    return text.lines().findFirst().orElse("").strip();
  }
}
