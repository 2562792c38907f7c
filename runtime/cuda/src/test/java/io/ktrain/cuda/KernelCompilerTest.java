package io.ktrain.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ktrain.tensor.DeviceError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Compiling, and what is kept of it. With NVRTC, or what stands in for it. */
class KernelCompilerTest {
  private static final DeviceProperties HOPPER = new DeviceProperties("a device", 9, 0, 1, 1, 1);
  private static final DeviceProperties AMPERE = new DeviceProperties("a device", 8, 0, 1, 1, 1);
  private static final Kernels GOOD = new Kernels("good",
      "#include \"ktrain.cuh\"\nKERNEL(good, float* x) { x[0] = 1; }\n");

  @TempDir
  private Path cache;

  private KernelCompiler compiler(Path cache) {
    var libraries = new CudaLibraries(System.getenv());
    boolean there = libraries.find(Nvrtc.NAMES) != null;
    if (!there) System.out.println("SKIPPED: there is no NVRTC to compile with");
    Assumptions.assumeTrue(there, "no NVRTC");
    return new KernelCompiler(libraries, cache);
  }

  private List<Path> kept() throws IOException {
    try (var all = Files.list(cache)) {
      return all.toList();
    }
  }

  @Test
  void machineCodeIsKept() throws IOException {
    byte[] code = compiler(cache).compiled(GOOD, HOPPER);
    assertEquals(1, kept().size());
    Path file = kept().getFirst();
    var before = Files.getLastModifiedTime(file);
    assertArrayEquals(code, compiler(cache).compiled(GOOD, HOPPER));
    assertEquals(before, Files.getLastModifiedTime(file));
    assertEquals(1, kept().size());
  }

  @Test
  void otherTextAndOtherDevicesHaveCodeOfTheirOwn() throws IOException {
    KernelCompiler c = compiler(cache);
    c.compiled(GOOD, HOPPER);
    c.compiled(GOOD, AMPERE);
    c.compiled(new Kernels("good", GOOD.text() + "// another"), HOPPER);
    assertEquals(3, kept().size());
  }

  @Test
  void aDamagedFileIsMadeAgain() throws IOException {
    byte[] code = compiler(cache).compiled(GOOD, HOPPER);
    Path file = kept().getFirst();
    byte[] whole = Files.readAllBytes(file), half = Arrays.copyOf(whole, whole.length / 2), wrong = whole.clone();
    wrong[whole.length - 5] ^= 1;
    for (byte[] damaged : List.of(new byte[0], half, wrong)) {
      Files.write(file, damaged);
      assertEquals(code.length, compiler(cache).compiled(GOOD, HOPPER).length);
      assertEquals(whole.length, Files.size(file));
    }
  }

  @Test
  void withoutACacheItCompiles() throws IOException {
    assertTrue(compiler(null).compiled(GOOD, HOPPER).length > 0);
    assertTrue(compiler(Files.writeString(cache.resolve("file"), "")).compiled(GOOD, HOPPER).length > 0);
    compiler(cache).compiled(GOOD, HOPPER);
    Path inTheWay = kept().stream().filter(f -> f.toString().endsWith(".cubin")).findFirst().orElseThrow();
    Files.delete(inTheWay);
    Files.createDirectories(inTheWay.resolve("and not empty"));
    assertTrue(compiler(cache).compiled(GOOD, HOPPER).length > 0);
    assertFalse(kept().stream().anyMatch(f -> f.toString().endsWith(".part")));
  }

  @Test
  void whatIsWrongWithKernelsIsTold() {
    var bad = new Kernels("bad", "#include \"ktrain.cuh\"\nKERNEL(bad, float* x) { x[0] = nonesuch; }\n");
    String message = assertThrows(DeviceError.class, () -> compiler(cache).compiled(bad, HOPPER)).getMessage();
    assertTrue(message.contains("could not compile the kernels bad:\n") && message.contains("nonesuch"), message);
  }

  @Test
  void withoutACompilerOneErrorSaysWhatIsMissing() {
    var none = new KernelCompiler(new CudaLibraries(List.of(cache)), cache);
    String message = assertThrows(DeviceError.class, () -> none.compiled(GOOD, HOPPER)).getMessage();
    assertEquals("cuda: the kernels good have to be compiled, and there is no NVRTC. Fix: install libnvrtc (CUDA"
        + " toolkit or the nvidia-cuda-nvrtc package) and name its folder in KTRAIN_CUDA_LIBRARIES.", message);
  }
}
