package io.ktrain.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.ktrain.tensor.DeviceError;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.NoSuchElementException;

/** NVIDIA's run-time compiler from CUDA C to machine code: libnvrtc of CUDA 12 or 13. */
final class Nvrtc {
  static final String[] NAMES = {"libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so"};

  private static final Linker LINKER = Linker.nativeLinker();

  private final Path library;
  private final int version;
  private final MethodHandle create;
  private final MethodHandle compile;
  private final MethodHandle logSize;
  private final MethodHandle log;
  private final MethodHandle size;
  private final MethodHandle code;
  private final MethodHandle destroy;

  private Nvrtc(Path library) {
    this.library = library;
    // It looks for this one by name where the dynamic linker does, and it lies beside it.
    for (Path builtins : CudaLibraries.beside(library, "libnvrtc-builtins.so*")) SymbolLookup.libraryLookup(builtins, Arena.global());
    SymbolLookup symbols = SymbolLookup.libraryLookup(library, Arena.global());
    create = handle(symbols, "nvrtcCreateProgram", ADDRESS, ADDRESS, ADDRESS, JAVA_INT, ADDRESS, ADDRESS);
    compile = handle(symbols, "nvrtcCompileProgram", JAVA_LONG, JAVA_INT, ADDRESS);
    logSize = handle(symbols, "nvrtcGetProgramLogSize", JAVA_LONG, ADDRESS);
    log = handle(symbols, "nvrtcGetProgramLog", JAVA_LONG, ADDRESS);
    size = handle(symbols, "nvrtcGetCUBINSize", JAVA_LONG, ADDRESS);
    code = handle(symbols, "nvrtcGetCUBIN", JAVA_LONG, ADDRESS);
    destroy = handle(symbols, "nvrtcDestroyProgram", ADDRESS);
    MethodHandle versions = handle(symbols, "nvrtcVersion", ADDRESS, ADDRESS);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment major = arena.allocate(JAVA_INT), minor = arena.allocate(JAVA_INT);
      require("nvrtcVersion", call(versions, major, minor));
      version = major.get(JAVA_INT, 0) * 1000 + minor.get(JAVA_INT, 0) * 10;
    }
  }

  /** The compiler found among the libraries, or null. */
  static Nvrtc find(CudaLibraries libraries) {
    Path file = libraries.find(NAMES);
    if (file == null) return null;
    try {
      return new Nvrtc(file.toRealPath()); // kept kernels are told apart by it
    } catch (IllegalArgumentException | NoSuchElementException | IOException e) {
      throw new DeviceError("cuda: " + file + " is no NVRTC that can be used: " + e.getMessage());
    }
  }

  private static MethodHandle handle(SymbolLookup symbols, String name, ValueLayout... parameters) {
    return LINKER.downcallHandle(symbols.findOrThrow(name), FunctionDescriptor.of(JAVA_INT, parameters));
  }

  /** 13000 for 13.0. */
  int version() {
    return version;
  }

  /**
   * Machine code for one architecture.
   *
   * @param headers pairs of a name as it is included and its text
   */
  byte[] cubin(Kernels kernels, String architecture, List<String> headers) {
    try (Arena arena = Arena.ofConfined()) {
      int n = headers.size() / 2;
      MemorySegment names = arena.allocate(ADDRESS, Math.max(1, n)), texts = arena.allocate(ADDRESS, Math.max(1, n)), made = arena.allocate(JAVA_LONG);
      for (int i = 0; i < n; i++) {
        names.setAtIndex(ADDRESS, i, arena.allocateFrom(headers.get(2 * i)));
        texts.setAtIndex(ADDRESS, i, arena.allocateFrom(headers.get(2 * i + 1)));
      }
      require("nvrtcCreateProgram", call(create, made, arena.allocateFrom(kernels.text()), arena.allocateFrom(kernels.name() + ".cu"), n, texts, names));
      long program = made.get(JAVA_LONG, 0);
      try {
        return compiled(arena, kernels, program, List.of("--gpu-architecture=" + architecture, "--std=c++17", "--extra-device-vectorization"));
      } finally {
        require("nvrtcDestroyProgram", call(destroy, made));
      }
    }
  }

  private byte[] compiled(Arena arena, Kernels kernels, long program, List<String> flags) {
    MemorySegment options = arena.allocate(ADDRESS, flags.size()), length = arena.allocate(JAVA_LONG);
    for (int i = 0; i < flags.size(); i++) options.setAtIndex(ADDRESS, i, arena.allocateFrom(flags.get(i)));
    if (call(compile, program, flags.size(), options) != 0) {
      require("nvrtcGetProgramLogSize", call(logSize, program, length));
      MemorySegment text = arena.allocate(length.get(JAVA_LONG, 0) + 1);
      require("nvrtcGetProgramLog", call(log, program, text));
      throw new DeviceError("cuda: " + library + " could not compile the kernels " + kernels.name() + ":\n" + text.getString(0, StandardCharsets.UTF_8));
    }
    require("nvrtcGetCUBINSize", call(size, program, length));
    MemorySegment image = arena.allocate(length.get(JAVA_LONG, 0), 16);
    require("nvrtcGetCUBIN", call(code, program, image));
    return image.toArray(JAVA_BYTE);
  }

  private static int call(MethodHandle function, Object... arguments) {
    try {
      return (int) function.invokeWithArguments(arguments);
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  private static void require(String call, int code) {
    if (code != 0) throw CudaError.of(call, code, "an NVRTC error");
  }

  @Override
  public String toString() {
    return library.toString();
  }
}
