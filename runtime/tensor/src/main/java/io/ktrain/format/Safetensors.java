package io.ktrain.format;

import io.ktrain.tensor.Check;
import io.ktrain.tensor.Context;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.Device;
import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.Tensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Tensors by name in one file that can run no code: Hugging Face's safetensors format. Reading holds every size in the
 * file against the file itself and throws FormatError on the first that lies; writing leaves either the whole new file
 * or the old one.
 */
public final class Safetensors {
  /** Widest first, so that every tensor of a file is aligned; the order in which Python's writer has them. */
  private static final List<DType> ORDER = List.of(
      DType.i64, DType.f64, DType.f32, DType.i32, DType.bf16, DType.f16, DType.i16, DType.i8, DType.u8, DType.bool);

  private static final Comparator<String> BY_BYTES =
      (a, b) -> Arrays.compareUnsigned(a.getBytes(StandardCharsets.UTF_8), b.getBytes(StandardCharsets.UTF_8));

  private static final int CHUNK = 1 << 26;

  private Safetensors() {}

  /** All tensors of a file, copied to the current device, in the order of their data. */
  public static Map<String, Tensor> read(Path path) {
    if (Check.active()) {
      var promised = Check.current().written.get(key(path));
      if (promised != null) return new LinkedHashMap<>(promised);
    }
    return withFile(path, file -> {
      SafetensorsHeader header = SafetensorsHeader.read(path, file);
      var tensors = new LinkedHashMap<String, Tensor>();
      for (SafetensorsHeader.Entry e : header.entries()) {
        MemorySegment data = file.asSlice(header.data() + e.begin(), e.end() - e.begin());
        tensors.put(e.name(), Tensor.of(data, e.dtype(), e.shape().toArray()));
      }
      return tensors;
    });
  }

  /** The free text a file carries, by key; empty where it has none. */
  public static Map<String, String> metadata(Path path) {
    return withFile(path, file -> SafetensorsHeader.read(path, file).metadata());
  }

  private static <T> T withFile(Path path, java.util.function.Function<MemorySegment, T> body) {
    if (!Files.isRegularFile(path))
      throw new KtrainException("safetensors: there is no file " + path.toAbsolutePath() + ".");
    try (var channel = FileChannel.open(path); var arena = Arena.ofConfined()) {
      return body.apply(channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena));
    } catch (IOException e) {
      throw new KtrainException("safetensors: cannot read " + path + ": " + e.getMessage(), e);
    }
  }

  public static void write(Path path, Map<String, Tensor> tensors) {
    write(path, tensors, Map.of());
  }

  /**
   * Writes tensors of any device and layout, row-major; those that share memory are written each in full. The same
   * tensors give the same bytes. While checking nothing is written, but {@link #read} gives these shapes.
   */
  public static void write(Path path, Map<String, Tensor> tensors, Map<String, String> metadata) {
    if (tensors.containsKey("__metadata__"))
      throw new KtrainException(
          "safetensors: no tensor can be named __metadata__, where the file keeps its text. Fix: another name.");
    if (Check.active()) {
      var shapes = new LinkedHashMap<String, Tensor>();
      tensors.forEach((name, t) -> shapes.put(name, Tensor.shapeOnly(t.getShape(), t.getDtype(), t.getDevice())));
      Check.current().written.put(key(path), shapes);
      return;
    }
    var entries = new ArrayList<>(tensors.entrySet());
    entries.sort(Comparator.comparingInt((Map.Entry<String, Tensor> e) -> ORDER.indexOf(e.getValue().getDtype()))
        .thenComparing(Map.Entry::getKey, BY_BYTES));
    byte[] header = header(entries, metadata);
    Path whole = path.toAbsolutePath();
    Path part = whole.resolveSibling(whole.getFileName() + "." + ProcessHandle.current().pid() + ".part");
    try {
      try (var out = FileChannel.open(
          part, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
        writeAll(out, ByteBuffer.wrap(header));
        for (var e : entries) write(out, e.getValue());
        out.force(true);
      }
      move(part, whole);
    } catch (IOException e) {
      throw new KtrainException("safetensors: cannot write " + whole + ": " + reason(e) + ". Fix: a folder that exists and can be written.", e);
    } finally {
      delete(part);
    }
  }

  /** The length and the JSON, padded so that the data begins at a multiple of 8. */
  private static byte[] header(List<Map.Entry<String, Tensor>> entries, Map<String, String> metadata) {
    var json = new StringBuilder("{");
    if (!metadata.isEmpty()) {
      json.append("\"__metadata__\":{");
      new TreeMap<>(metadata).forEach((key, value) -> {
        JsonCursor.quote(key, comma(json));
        JsonCursor.quote(value, json.append(':'));
      });
      json.append('}');
    }
    long at = 0;
    for (var e : entries) {
      Tensor t = e.getValue();
      long end = at + t.numel() * t.getDtype().bytes();
      JsonCursor.quote(e.getKey(), comma(json));
      json.append(":{\"dtype\":\"").append(SafetensorsHeader.name(t.getDtype()))
          .append("\",\"shape\":").append(t.getShape())
          .append(",\"data_offsets\":[").append(at).append(',').append(end).append("]}");
      at = end;
    }
    byte[] text = json.append('}').toString().getBytes(StandardCharsets.UTF_8);
    int padded = text.length + 7 & -8;
    var out = ByteBuffer.allocate(8 + padded).order(ByteOrder.LITTLE_ENDIAN).putLong(padded).put(text);
    while (out.hasRemaining()) out.put((byte) ' ');
    return out.array();
  }

  private static StringBuilder comma(StringBuilder json) {
    return json.charAt(json.length() - 1) == '{' ? json : json.append(',');
  }

  private static void write(FileChannel out, Tensor t) throws IOException {
    long bytes = t.numel() * t.getDtype().bytes();
    if (bytes == 0) return;
    Tensor dense = Context.current().withGrad(false, () -> t.to(Device.CPU).contiguous());
    MemorySegment data = dense.storage().host().asSlice(dense.layout().offset() * t.getDtype().bytes(), bytes);
    for (long at = 0; at < bytes; at += CHUNK)
      writeAll(out, data.asSlice(at, Math.min(CHUNK, bytes - at)).asByteBuffer());
    Reference.reachabilityFence(dense);
    if (!dense.sharesStorage(t)) dense.storage().free("safetensors");
  }

  private static void writeAll(FileChannel out, ByteBuffer bytes) throws IOException {
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

  private static Path key(Path path) {
    return path.toAbsolutePath().normalize();
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
