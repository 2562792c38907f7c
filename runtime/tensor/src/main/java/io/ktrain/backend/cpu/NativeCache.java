package io.ktrain.backend.cpu;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * The user's private folder of libraries taken out of jars, one sub-folder for each version of the library.
 *
 * <p>A cached file is loaded only if it is still what was extracted. Its SHA-256 is kept beside it, with its size,
 * inode and change time. The kernel moves the change time at every write and no program can set it back, so while these three
 * agree the 90 MB need not be read again, which would take longer than everything else at start-up; when they do not,
 * the hash decides, and a file that fails it is extracted anew.
 */
final class NativeCache {
  private static final String[] FILES = {NativeLibrary.OPENMP, NativeLibrary.LIBRARY};

  private final Path root;

  NativeCache(Path root) {
    this.root = root;
  }

  static NativeCache inUserCache() {
    String xdg = System.getenv("XDG_CACHE_HOME");
    boolean given = xdg != null && xdg.startsWith("/");
    Path caches = given ? Path.of(xdg) : Path.of(System.getProperty("user.home"), ".cache");
    return new NativeCache(caches.resolve("ktrain").resolve("native"));
  }

  /** The library of this jar as a file that can be loaded, extracted if it is not there yet. */
  Path file(Path jar) throws IOException {
    try (var zip = new ZipFile(jar.toFile())) {
      ZipEntry library = entry(zip, NativeLibrary.LIBRARY);
      Path folder = root.resolve("dnnl-" + HexFormat.of().toHexDigits((int) library.getCrc()));
      createPrivate(folder);
      for (String name : FILES) {
        if (!isIntact(folder, name)) extract(zip, entry(zip, name), folder, name);
      }
      return folder.resolve(NativeLibrary.LIBRARY);
    }
  }

  private static ZipEntry entry(ZipFile zip, String name) throws IOException {
    ZipEntry entry = zip.getEntry(NativeLibrary.FOLDER + name);
    if (entry == null) throw new IOException(zip.getName() + " holds no " + NativeLibrary.FOLDER + name);
    return entry;
  }

  /** Code is loaded from here, so nobody else may be able to write in it. */
  private static void createPrivate(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      var owner = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
      Files.createDirectories(folder, owner);
    }
    Map<String, Object> is = Files.readAttributes(folder, "unix:mode,uid");
    boolean shared = ((int) is.get("mode") & 0077) != 0;
    boolean foreign = !is.get("uid").equals(Files.getAttribute(Path.of("/proc/self"), "unix:uid"));
    if (foreign) throw new IOException(folder + " belongs to another user. Fix: set XDG_CACHE_HOME to your own");
    if (shared) throw new IOException(folder + " is open to other users. Fix: chmod 700 " + folder);
  }

  private static boolean isIntact(Path folder, String name) throws IOException {
    String[] kept;
    try {
      kept = Files.readString(stampOf(folder, name)).split("\n");
    } catch (NoSuchFileException e) {
      return false;
    }
    Path file = folder.resolve(name);
    if (kept.length != 2 || !Files.exists(file)) return false;
    if (kept[1].equals(identity(file))) return true;
    MessageDigest sha = sha256();
    try (InputStream in = Files.newInputStream(file)) {
      byte[] buffer = new byte[1 << 16];
      for (int n; (n = in.read(buffer)) > 0;) sha.update(buffer, 0, n);
    }
    if (!HexFormat.of().formatHex(sha.digest()).equals(kept[0])) return false;
    stamp(folder, name, kept[0]);
    return true;
  }

  private static void extract(ZipFile zip, ZipEntry entry, Path folder, String name) throws IOException {
    MessageDigest sha = sha256();
    var crc = new CRC32();
    Path part = Files.createTempFile(folder, name, ".part");
    try {
      try (InputStream in = zip.getInputStream(entry); OutputStream out = Files.newOutputStream(part)) {
        byte[] buffer = new byte[1 << 16];
        for (int n; (n = in.read(buffer)) > 0;) {
          out.write(buffer, 0, n);
          sha.update(buffer, 0, n);
          crc.update(buffer, 0, n);
        }
      }
      if (crc.getValue() != entry.getCrc()) throw new IOException(zip.getName() + " is damaged at " + entry.getName());
      Files.move(part, folder.resolve(name), StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(part);
    }
    stamp(folder, name, HexFormat.of().formatHex(sha.digest()));
  }

  /** If two processes extract at once, one's file may stand with the other's stamp; the hash agrees, and heals it. */
  private static void stamp(Path folder, String name, String hash) throws IOException {
    Path part = Files.createTempFile(folder, name, ".part");
    try {
      Files.writeString(part, hash + "\n" + identity(folder.resolve(name)));
      Files.move(part, stampOf(folder, name), StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(part);
    }
  }

  private static Path stampOf(Path folder, String name) {
    return folder.resolve(name + ".sha256");
  }

  private static String identity(Path file) throws IOException {
    Map<String, Object> is = Files.readAttributes(file, "unix:size,ino,ctime");
    long changed = ((FileTime) is.get("ctime")).to(TimeUnit.NANOSECONDS);
    return String.join(" ", is.get("size").toString(), is.get("ino").toString(), Long.toString(changed));
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }
}
