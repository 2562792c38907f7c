package io.ktrain.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;

/**
 * JCuda's native library, unpacked to a folder of the user's own. Left alone, JCuda unpacks to a fixed name in the
 * shared temporary folder and loads whatever lies there.
 */
final class JCudaNatives {
  private static final String FILE = "libJCudaDriver-12.6.0-linux-x86_64.so";

  private JCudaNatives() {}

  /** Loads the driver's library, then JCuda's, which refers to it by name. */
  static void load(Path driver) throws IOException {
    System.load(driver.toString());
    Path folder = Cache.folder(System.getenv(), "jcuda-12.6.0");
    if (folder == null || !Files.isWritable(folder)) folder = Files.createTempDirectory("ktrain-jcuda");
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
    unpack(folder.resolve(FILE));
    // JCuda looks for its library here, and finds ours.
    String before = System.getProperty("java.io.tmpdir");
    System.setProperty("java.io.tmpdir", folder.toString());
    try {
      jcuda.driver.JCudaDriver.setExceptionsEnabled(false);
    } finally {
      System.setProperty("java.io.tmpdir", before);
    }
  }

  private static void unpack(Path file) throws IOException {
    try (InputStream in = JCudaNatives.class.getResourceAsStream("/lib/" + FILE)) {
      if (in == null) throw new IOException(FILE + " is not on the class path");
      byte[] library = in.readAllBytes();
      if (Files.exists(file) && Arrays.equals(Files.readAllBytes(file), library)) return;
      Path part = Files.createTempFile(file.getParent(), "jcuda", ".part");
      Files.write(part, library);
      Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }
  }
}
