package io.ktrain.cuda;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;

/** A process of its own, for what a process can do once: ask a driver, load a library, break a device. */
record Child(int exit, String out, String err) {
  /** Runs a class's main with variables beside this process's own. */
  static Child run(Map<String, String> environment, Class<?> main, String... arguments)
      throws IOException, InterruptedException {
    var command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "--enable-native-access=ALL-UNNAMED",
        "-cp", System.getProperty("java.class.path"), main.getName()));
    Collections.addAll(command, arguments);
    Path err = Files.createTempFile("child", ".err");
    try {
      var builder = new ProcessBuilder(command).redirectError(err.toFile());
      builder.environment().putAll(environment);
      Process p = builder.start();
      String out = new String(p.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      return new Child(p.waitFor(), out, Files.readString(err));
    } finally {
      Files.delete(err);
    }
  }

  /** Skips the test, aloud, where there is no stand-in driver to be given settings. */
  static void requireStandin() {
    Path folder = Path.of(System.getenv().getOrDefault("KTRAIN_CUDA_LIBRARIES", "none"));
    boolean there = Files.exists(folder.resolve(Verdict.LIBRARY));
    if (!there) System.out.println("SKIPPED: there is no stand-in driver in KTRAIN_CUDA_LIBRARIES");
    Assumptions.assumeTrue(there, "no stand-in driver");
  }

  @Override
  public String toString() {
    return "exit " + exit + "\n" + out + err;
  }
}
