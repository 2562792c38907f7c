package io.ktrain.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ktrain.tensor.DeviceError;
import io.ktrain.tensor.Devices;
import io.ktrain.tensor.OutOfMemory;
import io.ktrain.tensor.Tensor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a process is told that cannot use a GPU, and that it computes all the same. */
class VerdictTest {
  @TempDir
  private Path folder;

  /** Asks all that a process may ask about a GPU, and computes on what {@code auto} gives. */
  static final class Asking {
    public static void main(String[] arguments) {
      System.out.println(Devices.whyNoGpu());
      System.out.println(Devices.named("auto"));
      System.out.println(Tensor.ones(3).to(Devices.named("auto")).sum().item());
      try {
        System.out.println(Devices.named("cuda"));
      } catch (DeviceError e) {
        System.out.println(e.getMessage());
      }
      System.out.println(Devices.whyNoGpu());
    }
  }

  private static void refused(String reason, Map<String, String> environment) throws Exception {
    Child c = Child.run(environment, Asking.class);
    assertEquals(0, c.exit(), c.toString());
    String error = "device: there is no cuda:0: " + reason + ". Fix: --device cpu.";
    assertEquals(List.of(reason, "cpu", "3.0", error, reason), c.out().lines().toList(), c.toString());
  }

  @Test
  void aDriverThatWorks() throws Exception {
    Child.requireStandin();
    Child c = Child.run(Map.of(), Asking.class);
    assertEquals(List.of("null", "cuda:0", "3.0", "cuda:0", "null"), c.out().lines().toList(), c.toString());
  }

  @Test
  void aDriverThatDoesNotStart() throws Exception {
    Child.requireStandin();
    String start = "the NVIDIA driver does not start: cuInit gives ";
    refused(start + "CUDA_ERROR_NO_DEVICE (100): no GPU is visible to this process", Map.of("STANDIN_INIT", "100"));
    refused(start + "CUDA_ERROR_UNKNOWN (999): the kernel module is not loaded, or this process may not use it",
        Map.of("STANDIN_INIT", "999"));
    refused(start + "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH (803): libcuda and the kernel module are of different versions",
        Map.of("STANDIN_INIT", "803"));
    refused(start + "CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE (804): this forward-compatible libcuda is not for this"
        + " GPU", Map.of("STANDIN_INIT", "804"));
  }

  @Test
  void aDriverThatIsTooOldOrHasNoDevice() throws Exception {
    Child.requireStandin();
    refused("the NVIDIA driver is too old: it serves CUDA 11.8, ktrain needs 12.0", Map.of("STANDIN_VERSION", "11080"));
    refused("the NVIDIA driver finds no device. Is CUDA_VISIBLE_DEVICES empty?", Map.of("STANDIN_DEVICES", "0"));
  }

  @Test
  void cudaTurnedOff() throws Exception {
    refused("KTRAIN_CUDA=off", Map.of("KTRAIN_CUDA", "off"));
  }

  @Test
  void noDriver() {
    Verdict v = Verdict.reach(new CudaLibraries(List.of(folder)), Map.of());
    assertEquals("there is no NVIDIA driver: libcuda.so.1 was not found", v.reason());
    assertNull(v.driver());
  }

  @Test
  void aDriverThatIsNoLibrary() throws Exception {
    Path file = Files.writeString(folder.resolve(Verdict.LIBRARY), "no library at all");
    Child c = Child.run(Map.of("KTRAIN_CUDA_LIBRARIES", folder.toString()), Asking.class);
    List<String> lines = c.out().lines().toList();
    assertEquals(5, lines.size(), c.toString());
    assertTrue(lines.get(0).startsWith("the NVIDIA driver " + file + " could not be loaded: "), c.toString());
    String error = "device: there is no cuda:0: " + lines.get(0) + ". Fix: --device cpu.";
    assertEquals(List.of("cpu", "3.0", error, lines.get(0)), lines.subList(1, 5));
  }

  /** A driver that can be used, and a compiler that cannot: told by the first operation that needs it. */
  static final class Compiling {
    public static void main(String[] arguments) {
      System.out.println(Devices.whyNoGpu());
      try {
        System.out.println(Tensor.ones(3).to(Devices.named("cuda")).exp().sum().item());
      } catch (DeviceError e) {
        System.out.println(e.getMessage());
      }
    }
  }

  @Test
  void aCompilerThatIsNoLibrary() throws Exception {
    Child.requireStandin();
    Files.copy(Path.of(System.getenv("KTRAIN_CUDA_LIBRARIES"), Verdict.LIBRARY), folder.resolve(Verdict.LIBRARY));
    Path compiler = Files.writeString(folder.resolve("libnvrtc.so.13"), "no library at all");
    Child c = Child.run(Map.of("KTRAIN_CUDA_LIBRARIES", folder.toString()), Compiling.class);
    List<String> lines = c.out().lines().toList();
    assertEquals("null", lines.get(0), c.toString());
    assertTrue(lines.get(1).startsWith("cuda: " + compiler + " is no NVRTC that can be used: "), c.toString());
    assertEquals(2, lines.size(), c.toString());
  }

  /** Fills a device and then goes on. */
  static final class Hungry {
    public static void main(String[] arguments) {
      var cuda = Devices.named("cuda");
      Tensor a = Tensor.ones(6, 1024, 1024).to(cuda), b = a.relu();
      try {
        a.add(b);
      } catch (OutOfMemory e) {
        System.out.println(e.getMessage());
      }
      System.out.println("still works: " + b.narrow(0, 0, 1).sum().item());
    }
  }

  @Test
  void runningOutNamesWhatHoldsTheDevicesMemory() throws Exception {
    Child.requireStandin();
    Child c = Child.run(Map.of("STANDIN_MEMORY", "" + (64 << 20), "STANDIN_DEVICES", "1"), Hungry.class);
    assertEquals(0, c.exit(), c.toString());
    assertTrue(c.out().startsWith("add: no room for f32[6,1024,1024] (24.0 MB) on cuda:0: "), c.toString());
    assertTrue(c.out().contains("The biggest:\n  24.0 MB  f32[6,1024,1024] made by relu\n"), c.toString());
    assertTrue(c.out().contains("still works: 1048576.0"), c.toString());
  }
}
