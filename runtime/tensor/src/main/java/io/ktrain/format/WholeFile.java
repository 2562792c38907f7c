package io.ktrain.format;

import io.ktrain.tensor.Check;
import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.Tensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Files as every format here has them: read by mapping, written whole or not at all. */
final class WholeFile {
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

  /** Leaves either the whole new file or the old one. */
  static void write(String format, Path path, Body body) {
    Path whole = path.toAbsolutePath();
    Path part = whole.resolveSibling(whole.getFileName() + "." + ProcessHandle.current().pid() + ".part");
    try {
      try (var out = FileChannel.open(
          part, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
        body.writeTo(out);
        out.force(true);
      }
      move(part, whole);
    } catch (IOException e) {
      throw new KtrainException(format + ": cannot write " + whole + ": " + reason(e)
          + ". Fix: a folder that exists and can be written.", e);
    } finally {
      delete(part);
    }
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

  /** After a failed write; what cannot even be deleted changes nothing about the error that is being reported. */
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
      case java.nio.file.NoSuchFileException x -> "the folder does not exist";
      case java.nio.file.AccessDeniedException x -> "access is denied";
      case java.nio.file.FileSystemException x when x.getReason() != null -> x.getReason();
      default -> String.valueOf(e.getMessage());
    };
  }
}
