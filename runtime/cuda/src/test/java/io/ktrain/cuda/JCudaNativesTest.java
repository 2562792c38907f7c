package io.ktrain.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where JCuda's library is unpacked to, and that nobody else's is loaded. */
class JCudaNativesTest {
  private static final String FILE = "libJCudaDriver-12.6.0-linux-x86_64.so";

  @TempDir
  private Path home;

  @BeforeAll
  static void there() {
    Child.requireStandin();
  }

  static final class Loading {
    public static void main(String[] arguments) {
      String before = System.getProperty("java.io.tmpdir");
      System.out.println(Verdict.reach(new CudaLibraries(System.getenv()), System.getenv()).reason());
      System.out.println(before.equals(System.getProperty("java.io.tmpdir")));
    }
  }

  private void load() throws Exception {
    Child c = Child.run(Map.of("XDG_CACHE_HOME", home.toString()), Loading.class);
    assertEquals(List.of("null", "true"), c.out().lines().toList(), c.toString());
  }

  private static byte[] library() throws Exception {
    try (InputStream in = JCudaNatives.class.getResourceAsStream("/lib/" + FILE)) {
      return in.readAllBytes();
    }
  }

  @Test
  void itIsUnpackedForTheUserAlone() throws Exception {
    load();
    Path folder = home.resolve("ktrain/jcuda-12.6.0");
    assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(folder)));
    assertArrayEquals(library(), Files.readAllBytes(folder.resolve(FILE)));
    try (var all = Files.list(folder)) {
      assertEquals(List.of(folder.resolve(FILE)), all.toList());
    }
  }

  @Test
  void anotherFileInItsPlaceIsReplaced() throws Exception {
    Path folder = Files.createDirectories(home.resolve("ktrain/jcuda-12.6.0"));
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));
    byte[] wrong = library();
    wrong[wrong.length / 2] ^= 1;
    Files.write(folder.resolve(FILE), wrong);
    load();
    assertArrayEquals(library(), Files.readAllBytes(folder.resolve(FILE)));
    assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(folder)));
  }

  /** A home that cannot be written, as in many containers. */
  @Test
  void withoutAFolderOfTheUsersItStillLoads() throws Exception {
    home = Files.writeString(home.resolve("file"), "no folder");
    load();
  }
}
