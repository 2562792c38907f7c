package io.ktrain.cuda;

import java.io.File;
import java.io.IOException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Where NVIDIA's libraries lie: {@code KTRAIN_CUDA_LIBRARIES} first (folders, as in a path), then the system's usual
 * places. They are looked up as files, so that a process without a GPU pays for nothing more.
 */
final class CudaLibraries {
  private static final List<String> USUAL = List.of("/usr/local/nvidia/lib64", "/usr/local/nvidia/lib",
      "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib", "/usr/lib/wsl/lib",
      "/usr/local/cuda/lib64", "/usr/local/cuda/targets/x86_64-linux/lib", "/opt/cuda/lib64");

  private final List<Path> folders = new ArrayList<>();

  CudaLibraries(Map<String, String> environment) {
    for (String variable : List.of("KTRAIN_CUDA_LIBRARIES", "LD_LIBRARY_PATH"))
      for (String folder : environment.getOrDefault(variable, "").split(File.pathSeparator))
        if (!folder.isBlank()) folders.add(Path.of(folder));
    for (String folder : USUAL) folders.add(Path.of(folder));
  }

  /** Libraries in these folders alone. */
  CudaLibraries(List<Path> folders) {
    this.folders.addAll(folders);
  }

  /** The first file of these names, best name first, or null. */
  Path find(String... names) {
    for (String name : names)
      for (Path folder : folders) {
        Path file = folder.resolve(name);
        if (Files.exists(file)) return file.toAbsolutePath();
      }
    return null;
  }

  /** Where a library was found, under the name that has its version; or which names were looked for. */
  String described(String what, String... names) {
    Path file = find(names);
    if (file == null) return what + ": not found (" + String.join(", ", names) + ")";
    try {
      return what + ": " + file.toRealPath();
    } catch (IOException e) {
      return what + ": " + file + " (" + e + ")";
    }
  }

  /** The files beside a library, links followed, that fit a pattern of names. */
  static List<Path> beside(Path library, String pattern) {
    var found = new ArrayList<Path>();
    try (DirectoryStream<Path> all = Files.newDirectoryStream(library.toRealPath().getParent(), pattern)) {
      all.forEach(found::add);
    } catch (IOException e) {
      throw new IllegalArgumentException("the folder of " + library + " cannot be read", e);
    }
    return found;
  }
}
