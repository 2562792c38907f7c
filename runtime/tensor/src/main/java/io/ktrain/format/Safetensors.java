package io.ktrain.format;

import io.ktrain.tensor.Check;
import io.ktrain.tensor.Context;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
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

  private Safetensors() {}

  /** All tensors of a file, copied to the current device, in the order of their data. */
  public static Map<String, Tensor> read(Path path) {
    Map<String, ?> promised = WholeFile.promised(path);
    return promised != null ? StateDictFile.tensors("safetensors: " + path, promised) : read(path, Check.active());
  }

  /** {@code shapesOnly}: the tensors have no elements, and of the file none are read. */
  static Map<String, Tensor> read(Path path, boolean shapesOnly) {
    return WholeFile.map("safetensors", path, file -> read(path, file, shapesOnly));
  }

  static Map<String, Tensor> read(Path path, MemorySegment file, boolean shapesOnly) {
    SafetensorsHeader header = SafetensorsHeader.read(path, file);
    var tensors = new LinkedHashMap<String, Tensor>();
    for (SafetensorsHeader.Entry e : header.entries()) {
      MemorySegment data = file.asSlice(header.data() + e.begin(), e.end() - e.begin());
      tensors.put(e.name(), shapesOnly ? Tensor.shapeOnly(e.shape(), e.dtype(), Context.current().device())
          : Tensor.of(data, e.dtype(), e.shape().toArray()));
    }
    return tensors;
  }

  /** How many elements each tensor of a file has. */
  static List<Long> sizes(Path path) {
    return WholeFile.map("safetensors", path,
        file -> SafetensorsHeader.read(path, file).entries().stream().map(e -> e.shape().numel()).toList());
  }

  /** The free text a file carries, by key; empty where it has none. */
  public static Map<String, String> metadata(Path path) {
    return WholeFile.map("safetensors", path, file -> SafetensorsHeader.read(path, file).metadata());
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
      WholeFile.promise(path, tensors);
      return;
    }
    tensors.forEach(TensorBytes::requireValues);
    var entries = new ArrayList<>(tensors.entrySet());
    entries.sort(Comparator.comparingInt((Map.Entry<String, Tensor> e) -> ORDER.indexOf(e.getValue().getDtype()))
        .thenComparing(Map.Entry::getKey, BY_BYTES));
    byte[] header = header(entries, metadata);
    WholeFile.write("safetensors", path, out -> {
      WholeFile.writeAll(out, ByteBuffer.wrap(header));
      for (var e : entries) TensorBytes.write(e.getValue(), bytes -> WholeFile.writeAll(out, bytes));
    });
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
      long end = at + TensorBytes.size(t);
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

  static StringBuilder comma(StringBuilder json) {
    return json.charAt(json.length() - 1) == '{' ? json : json.append(',');
  }
}
