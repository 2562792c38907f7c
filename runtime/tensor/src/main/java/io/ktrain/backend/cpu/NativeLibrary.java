package io.ktrain.backend.cpu;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.net.URI;
import java.net.URL;
import java.nio.file.Path;
import java.util.Locale;

/**
 * oneDNN's shared library, taken from the JavaCPP preset's platform jar when the jar is on the class path. Loaded on
 * first use. ktrain also runs without it, on slower Java kernels, so a library that is missing is a verdict to be told,
 * never an exception.
 */
public final class NativeLibrary {
  static final String FOLDER = "org/bytedeco/dnnl/linux-x86_64/";
  static final String LIBRARY = "libdnnl.so.3";
  /** Found by libdnnl itself: its run path is the folder it lies in. */
  static final String OPENMP = "libgomp.so.1";

  private static final FunctionDescriptor WORDS = FunctionDescriptor.of(
      JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);

  private NativeLibrary() {}

  private record Verdict(SymbolLookup symbols, String text) {
    static Verdict no(String reason) {
      return new Verdict(null, "not in use: " + reason);
    }
  }

  private static final class Loaded {
    static final Verdict VERDICT = load();
  }

  /** True if the library is loaded. The first call loads it: 60 to 100 ms; on a machine's first run, a second. */
  public static boolean available() {
    return Loaded.VERDICT.symbols != null;
  }

  /** One line for people: in use and from where, or why not and what to do. */
  public static String status() {
    return "oneDNN: " + Loaded.VERDICT.text;
  }

  /**
   * A function of the library that takes at most six integers or pointers, as a handle of type {@code (long x 6)long};
   * surplus arguments are 0, an {@code int} result is the low half. In the calling conventions of the platforms we load
   * on, words travel in registers and a function does not see those it has no parameter for, so all such functions can
   * share one descriptor. That matters: the JVM takes some 5 ms to link a descriptor it has not met.
   */
  static MethodHandle function(String name) {
    return function(name, WORDS);
  }

  static MethodHandle function(String name, FunctionDescriptor type) {
    return Linker.nativeLinker().downcallHandle(Loaded.VERDICT.symbols.findOrThrow(name), type);
  }

  private static Verdict load() {
    String setting = System.getProperty("ktrain.native");
    if (setting != null && isOff(setting)) return Verdict.no("switched off by -Dktrain.native=" + setting);
    setting = System.getenv("KTRAIN_NATIVE");
    if (setting != null && isOff(setting)) return Verdict.no("switched off by KTRAIN_NATIVE=" + setting);
    String os = System.getProperty("os.name");
    String arch = System.getProperty("os.arch");
    if (!os.equals("Linux") || !arch.equals("amd64")) return Verdict.no("no library for " + os + " on " + arch);
    if (!NativeLibrary.class.getModule().isNativeAccessEnabled())
      return Verdict.no("native access is not enabled. Fix: java --enable-native-access=ALL-UNNAMED");
    URL url = NativeLibrary.class.getClassLoader().getResource(FOLDER + LIBRARY);
    if (url == null)
      return Verdict.no("no jar on the class path holds " + FOLDER + LIBRARY
          + ". Fix: add org.bytedeco:dnnl with classifier linux-x86_64");
    try {
      Path file = NativeCache.inUserCache().file(jarOf(url));
      SymbolLookup symbols = open(file);
      int threads = openMpThreads(symbols);
      if (threads == 1) return new Verdict(symbols, "in use, ".concat(file.toString()));
      return Verdict.no("something else in this process loaded OpenMP first, with " + threads
          + " threads, which would fight with ktrain's own. Fix: set OMP_NUM_THREADS=1 before the start");
    } catch (IOException | RuntimeException | UnsatisfiedLinkError e) {
      return Verdict.no(e.getMessage() + " (" + e.getClass().getSimpleName() + ")");
    }
  }

  private static int openMpThreads(SymbolLookup symbols) {
    MethodHandle function = Linker.nativeLinker().downcallHandle(symbols.findOrThrow("omp_get_max_threads"), WORDS);
    try {
      return (int) (long) function.invokeExact(0L, 0L, 0L, 0L, 0L, 0L);
    } catch (Error | RuntimeException e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  private static boolean isOff(String setting) {
    return switch (setting.trim().toLowerCase(Locale.ROOT)) {
      case "off", "false", "0", "no" -> true;
      default -> false;
    };
  }

  private static Path jarOf(URL url) throws IOException {
    String text = url.toString();
    int end = text.indexOf("!/");
    if (!text.startsWith("jar:file:") || end < 0)
      throw new IOException("the library lies in " + text + ", which is not a jar file of its own");
    return Path.of(URI.create(text.substring("jar:".length(), end)));
  }

  /**
   * One OpenMP thread: tiles of our own pool do the sharing. libgomp reads the environment once, as it is loaded, so
   * the variable is set for that moment only and no other library in the process sees it.
   */
  private static SymbolLookup open(Path file) {
    String name = "OMP_NUM_THREADS";
    String before = System.getenv(name);
    environment(name, "1");
    try {
      return SymbolLookup.libraryLookup(file, Arena.global());
    } catch (IllegalArgumentException e) {
      throw new UnsatisfiedLinkError(file + " cannot be loaded; is its folder mounted noexec? " + e.getMessage());
    } finally {
      environment(name, before);
    }
  }

  private static void environment(String name, String valueOrNull) {
    Linker linker = Linker.nativeLinker();
    var libc = linker.defaultLookup();
    try (var arena = Arena.ofConfined()) {
      long key = arena.allocateFrom(name).address();
      long value = valueOrNull == null ? 0 : arena.allocateFrom(valueOrNull).address();
      var symbol = libc.findOrThrow(valueOrNull == null ? "unsetenv" : "setenv");
      int status = (int) (long) linker.downcallHandle(symbol, WORDS).invokeExact(key, value, 1L, 0L, 0L, 0L);
      if (status != 0) throw new UnsatisfiedLinkError(name.concat(" cannot be set in the environment"));
    } catch (Error | RuntimeException e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }
}
