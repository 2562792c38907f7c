package io.ktrain.format;

import io.ktrain.tensor.DType;
import io.ktrain.tensor.FormatError;
import io.ktrain.tensor.Shape;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What stands before the data of a safetensors file: eight bytes of length, then JSON that gives each tensor's type,
 * shape and place. Every length is held against what the file has before anything is made of it.
 *
 * @param entries in the order of their data
 * @param data where the data begins, in bytes
 */
record SafetensorsHeader(List<Entry> entries, Map<String, String> metadata, long data) {
  /** The most bytes of JSON a header may have, as the format's own reader has it. */
  private static final long LIMIT = 100_000_000;

  private static final Map<String, DType> TYPES = new HashMap<>();

  static {
    for (DType d : DType.values()) TYPES.put(name(d), d);
  }

  /** Bytes {@code begin} until {@code end} of the data. */
  record Entry(String name, DType dtype, Shape shape, long begin, long end) {}

  static String name(DType d) {
    return d == DType.bool ? "BOOL" : d.name().toUpperCase(java.util.Locale.ROOT);
  }

  static SafetensorsHeader read(Path path, MemorySegment file) {
    if (file.byteSize() < 8)
      throw bad(path, "a file of " + file.byteSize() + " bytes has no room for the header's length, which takes 8.");
    long length = file.get(ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN), 0);
    long room = file.byteSize() - 8;
    if (length < 0 || length > Math.min(room, LIMIT))
      throw bad(path, "the header says it has " + Long.toUnsignedString(length) + " bytes; at most "
          + Math.min(room, LIMIT) + " are possible here.");
    String text;
    try {
      byte[] bytes = file.asSlice(8, length).toArray(ValueLayout.JAVA_BYTE);
      text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw new FormatError("safetensors: " + path + ": the header is not UTF-8." + FIX, e);
    }
    return new Parser(path, text, room - length).header(8 + length);
  }

  private static final String FIX = " Fix: the file is damaged or was cut off; get or write it again.";

  static FormatError bad(Path path, String what) {
    return new FormatError("safetensors: " + path + ": " + what + FIX);
  }

  private static final class Parser {
    private final Path path;
    private final String text;
    private final long dataBytes;
    private final JsonCursor json;
    private final Map<String, String> metadata = new LinkedHashMap<>();
    private final ArrayList<Entry> entries = new ArrayList<>();

    Parser(Path path, String text, long dataBytes) {
      this.path = path;
      this.text = text;
      this.dataBytes = dataBytes;
      this.json = new JsonCursor(text, what -> bad(path, what));
    }

    SafetensorsHeader header(long data) {
      if (!text.startsWith("{")) throw json.wrong("'{'");
      var names = new HashSet<String>();
      json.object(name -> {
        if (!names.add(name)) throw bad(path, "\"" + name + "\" stands twice in the header.");
        if (name.equals("__metadata__")) json.object(this::meta);
        else entries.add(entry(name));
      });
      json.end();
      entries.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
      long end = 0;
      for (Entry e : entries) {
        if (e.begin != end)
          throw bad(path, "tensor \"" + e.name + "\" has bytes " + e.begin + " to " + e.end
              + " of the data, but the one before ends at " + end + ".");
        end = e.end;
      }
      if (end != dataBytes)
        throw bad(path, "the tensors take " + end + " bytes, the file has " + dataBytes + " after the header.");
      return new SafetensorsHeader(List.copyOf(entries), metadata, data);
    }

    private void meta(String key) {
      if (metadata.put(key, json.string()) != null)
        throw bad(path, "\"" + key + "\" stands twice in __metadata__.");
    }

    private Entry entry(String name) {
      var fields = new HashMap<String, Object>();
      json.object(field -> {
        Object value = switch (field) {
          case "dtype" -> json.string();
          case "shape", "data_offsets" -> json.wholeNumbers();
          default -> throw bad(path, "tensor \"" + name + "\" has a field \"" + field
              + "\"; expected dtype, shape and data_offsets.");
        };
        if (fields.put(field, value) != null) throw bad(path, "tensor \"" + name + "\" has " + field + " twice.");
      });
      for (String field : List.of("dtype", "shape", "data_offsets"))
        if (!fields.containsKey(field)) throw bad(path, "tensor \"" + name + "\" has no " + field + ".");
      String type = (String) fields.get("dtype");
      DType dtype = TYPES.get(type);
      if (dtype == null)
        throw new FormatError("safetensors: " + path + ": tensor \"" + name + "\" is of type " + type
            + "; ktrain has F64 F32 F16 BF16 I64 I32 I16 I8 U8 BOOL. Fix: convert it where it was written.");
      return placed(name, dtype, (long[]) fields.get("shape"), (long[]) fields.get("data_offsets"));
    }

    private Entry placed(String name, DType dtype, long[] shape, long[] offsets) {
      if (offsets.length != 2 || offsets[0] > offsets[1] || offsets[1] > dataBytes)
        throw bad(path, "tensor \"" + name + "\" has data_offsets " + Arrays.toString(offsets) + "; the data has "
            + dataBytes + " bytes.");
      String described = name(dtype) + Arrays.toString(shape);
      int[] sizes = new int[shape.length];
      long bytes = dtype.bytes();
      try {
        for (int i = 0; i < sizes.length; i++) sizes[i] = Math.toIntExact(shape[i]);
        for (int size : sizes) bytes = Math.multiplyExact(bytes, (long) size);
      } catch (ArithmeticException e) {
        throw new FormatError("safetensors: " + path + ": tensor \"" + name + "\" says it is " + described
            + ", which no tensor can be." + FIX, e);
      }
      if (bytes != offsets[1] - offsets[0])
        throw bad(path, "tensor \"" + name + "\" is " + described + " and needs " + bytes
            + " bytes, but its data_offsets " + Arrays.toString(offsets) + " hold " + (offsets[1] - offsets[0]) + ".");
      return new Entry(name, dtype, Shape.of(sizes), offsets[0], offsets[1]);
    }
  }
}
