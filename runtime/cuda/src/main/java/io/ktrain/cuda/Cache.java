package io.ktrain.cuda;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Where this backend keeps files between processes. */
final class Cache {
  private Cache() {}

  /** The folder for what ktrain keeps between processes, or null where the user has none that can be written. */
  static @Nullable Path folder(Map<String, String> environment, String name) {
    String xdg = environment.getOrDefault("XDG_CACHE_HOME", ""), home = System.getProperty("user.home", "");
    if (xdg.isBlank() && home.isBlank()) return null;
    Path folder = (xdg.isBlank() ? Path.of(home, ".cache") : Path.of(xdg)).resolve("ktrain").resolve(name);
    try {
      Files.createDirectories(folder);
      return folder;
    } catch (IOException e) {
      return null;
    }
  }
}
