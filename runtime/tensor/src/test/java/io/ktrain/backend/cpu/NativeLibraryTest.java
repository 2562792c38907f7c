package io.ktrain.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeLibraryTest {
  @TempDir Path temp;

  @Test
  void theVerdictIsOneLine() {
    String text = NativeLibrary.status();
    assertFalse(text.contains("\n"), text);
    assertTrue(text.startsWith(NativeLibrary.available() ? "oneDNN: in use" : "oneDNN: not in use: "), text);
  }

  @Test
  void nativeCodeUsesOneThread() throws Throwable {
    Floats.needsLibrary();
    assertEquals(
        1, (int) (long) NativeLibrary.function("omp_get_max_threads").invokeExact(0L, 0L, 0L, 0L, 0L, 0L));
  }

  @Test
  void filesAreExtractedOnceForTheirOwnerOnly() throws IOException {
    var cache = new NativeCache(temp.resolve("cache"));
    Path file = cache.file(jar("code"));
    assertEquals("code", Files.readString(file));
    assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file.getParent())));
    Object inode = Files.getAttribute(file, "unix:ino");
    assertEquals(file, cache.file(jar("code")));
    assertEquals(inode, Files.getAttribute(file, "unix:ino"), "an intact file is left alone");
    try (var all = Files.list(file.getParent())) {
      assertEquals(4, all.count(), "two libraries, their two hashes, no leftovers");
    }
  }

  @Test
  void anotherVersionLiesInAnotherFolder() throws IOException {
    var cache = new NativeCache(temp.resolve("cache"));
    assertNotEquals(cache.file(jar("one")), cache.file(jar("two")));
  }

  @Test
  void aChangedFileIsReplacedEvenIfItsTimesAreSetBack() throws IOException {
    var cache = new NativeCache(temp.resolve("cache"));
    Path file = cache.file(jar("code"));
    var modified = Files.getLastModifiedTime(file);
    Object changed = Files.getAttribute(file, "unix:ctime");
    do Files.writeString(file, "evil"); while (changed.equals(Files.getAttribute(file, "unix:ctime")));
    Files.setLastModifiedTime(file, modified);
    cache.file(jar("code"));
    assertEquals("code", Files.readString(file));
  }

  @Test
  void aTouchedButEqualFileIsKept() throws IOException {
    var cache = new NativeCache(temp.resolve("cache"));
    Path file = cache.file(jar("code"));
    Files.writeString(file, "code");
    Object inode = Files.getAttribute(file, "unix:ino");
    cache.file(jar("code"));
    assertEquals(inode, Files.getAttribute(file, "unix:ino"));
    Path stamp = file.resolveSibling("libdnnl.so.3.sha256");
    long size = Files.size(file);
    assertTrue(Files.readString(stamp).contains("\n" + size + " " + inode + " "), "the stamp is up to date again");
  }

  @Test
  void aFolderOpenToOthersIsRefused() throws IOException {
    var cache = new NativeCache(temp.resolve("cache"));
    Path folder = cache.file(jar("code")).getParent();
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));
    var error = assertThrows(IOException.class, () -> cache.file(jar("code")));
    assertTrue(error.getMessage().contains("Fix: chmod 700"), error.getMessage());
  }

  @Test
  void aJarWithoutTheLibraryIsNamed() throws IOException {
    Path jar = temp.resolve("empty.jar");
    try (OutputStream out = Files.newOutputStream(jar); var zip = new ZipOutputStream(out)) {
      zip.putNextEntry(new ZipEntry("other"));
    }
    var error = assertThrows(IOException.class, () -> new NativeCache(temp.resolve("cache")).file(jar));
    assertTrue(error.getMessage().contains("libdnnl.so.3"), error.getMessage());
  }

  private Path jar(String content) throws IOException {
    Path jar = temp.resolve(content + ".jar");
    try (OutputStream out = Files.newOutputStream(jar); var zip = new ZipOutputStream(out)) {
      for (String name : new String[] {NativeLibrary.LIBRARY, NativeLibrary.OPENMP}) {
        zip.putNextEntry(new ZipEntry(NativeLibrary.FOLDER + name));
        zip.write(content.getBytes());
      }
    }
    return jar;
  }
}
