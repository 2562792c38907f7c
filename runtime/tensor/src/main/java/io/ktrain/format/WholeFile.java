package io.ktrain.format;

import io.ktrain.tensor.Check;
import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.Tensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Files as every format here has them: read by mapping, written whole or not at all. */
final class WholeFile {
  /** As many as Linux follows. */
  private static final int MOST_LINKS = 40;

  private WholeFile() {}

  /** What writes a file's contents. */
  interface Body {
    void writeTo(FileChannel out) throws IOException;
  }

  /** {@code body} of the file's bytes, which are gone once it returns. {@code format} begins the messages. */
  static <T> T map(String format, Path path, Function<MemorySegment, T> body) {
    if (!Files.isRegularFile(path))
      throw new KtrainException(format + ": there is no file " + path.toAbsolutePath() + ".");
    try (var channel = FileChannel.open(path); var arena = Arena.ofConfined()) {
      return body.apply(channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena));
    } catch (IOException e) {
      throw new KtrainException(format + ": cannot read " + path + ": " + e.getMessage(), e);
    }
  }

  /**
   * Leaves either the whole new file or the old one. Where several write one file at once, each leaves a whole one and
   * the last stays. A symbolic link is followed.
   */
  static void write(String format, Path path, Body body) {
    try {
      Path whole = target(path.toAbsolutePath());
      if (Files.exists(whole) && !Files.isRegularFile(whole))
        throw new FileSystemException(null, null, "it is not a file");
      // a name of its own: other threads and processes may be writing the same file
      Path part = whole.resolveSibling(
          whole.getFileName() + "." + Long.toString(ThreadLocalRandom.current().nextLong(Long.MAX_VALUE), 36) + ".part");
      try {
        try (var out = FileChannel.open(part, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
          body.writeTo(out);
          out.force(true);
        }
        move(part, whole);
      } finally {
        delete(part);
      }
    } catch (IOException e) {
      throw new KtrainException(
          format + ": cannot write " + path.toAbsolutePath() + ": " + reason(e) + ". Fix: " + fix(e) + ".", e);
    }
  }

  /** Where writing through symbolic links ends. */
  private static Path target(Path path) throws IOException {
    for (int links = 0; Files.isSymbolicLink(path); links++) {
      if (links == MOST_LINKS) throw new FileSystemException(null, null, "its symbolic links lead to no file");
      path = path.resolveSibling(Files.readSymbolicLink(path));
    }
    return path;
  }

  /** What the script that is being checked would have written there; null where it has not, or nothing is being checked. */
  static @Nullable Map<String, ?> promised(Path path) {
    return Check.active() ? Check.current().written.get(path.toAbsolutePath().normalize()) : null;
  }

  /** While checking nothing is written, but reading the file gives these values, with the tensors' shapes. */
  static void promise(Path path, Map<String, ?> values) {
    Object shapes = Values.map(values, leaf ->
        leaf instanceof Tensor t ? Tensor.shapeOnly(t.getShape(), t.getDtype(), t.getDevice()) : leaf);
    Check.current().written.put(path.toAbsolutePath().normalize(), Values.unchecked(shapes));
  }

  static void writeAll(FileChannel out, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) out.write(bytes);
  }

  private static void move(Path part, Path whole) throws IOException {
    try {
      Files.move(part, whole, StandardCopyOption.ATOMIC_MOVE);
    } catch (AtomicMoveNotSupportedException e) {
      Files.move(part, whole, StandardCopyOption.REPLACE_EXISTING);
    }
  }

  /** There is one after a failed write only; one that cannot even be deleted does not change the error that is told. */
  private static void delete(Path part) {
    try {
      Files.deleteIfExists(part);
    } catch (IOException e) {
      System.getLogger("io.ktrain").log(System.Logger.Level.WARNING, "cannot delete " + part, e);
    }
  }

  /** What the system said, without the name of the temporary file. */
  private static String reason(IOException e) {
    return switch (e) {
      case NoSuchFileException x -> "the folder does not exist";
      case AccessDeniedException x -> "access is denied";
      case ClosedByInterruptException x -> "the thread was interrupted";
      case FileSystemException x when x.getReason() != null -> x.getReason();
      default -> String.valueOf(e.getMessage());
    };
  }

  /** Only the system's words tell these apart; where it has others, the advice names all that writing needs. */
  private static String fix(IOException e) {
    if (e instanceof ClosedByInterruptException) return "save from a thread that nobody interrupts";
    String reason = reason(e);
    if (reason.contains("No space left") || reason.contains("quota"))
      return "make room there, also for the old file, which stays until the new one is whole";
    if (reason.contains("File too large"))
      return "a file system, and a limit (ulimit -f), that allow a file of this size";
    if (reason.contains("not a file") || reason.contains("no file")) return "the name of a file";
    return "a folder that exists, can be written and has room";
  }
}
