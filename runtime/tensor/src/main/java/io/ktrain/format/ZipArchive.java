package io.ktrain.format;

import io.ktrain.tensor.FormatError;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * The entries of a zip file, zip64 too, by name. Every length is held against the file before it is used; entries of one
 * name, entries that overlap, and contents that do not have their CRC-32 are refused.
 */
final class ZipArchive {
  private static final ValueLayout.OfShort U16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final int END = 22, LOCATOR = 20, END64 = 56, CENTRAL = 46, LOCAL = 30;
  private static final long WIDE = 0xFFFF_FFFFL;

  /** No deflate stream is larger than so many times its bytes. */
  private static final long RATIO = 1032;

  private static final long SLICE = 1 << 30;

  /**
   * Bytes {@code at} until {@code at + packed} of the file, {@code size} once they are inflated.
   *
   * @param header where its local header begins
   */
  record Entry(String name, boolean deflated, long crc, long packed, long size, long header, long at) {}

  /** Takes a stretch of an entry's contents, which begins at byte {@code at} of them. */
  interface Sink {
    void accept(MemorySegment bytes, long at);
  }

  private final MemorySegment file;
  private final Function<String, FormatError> error;
  private final Map<String, Entry> entries = new LinkedHashMap<>();

  ZipArchive(MemorySegment file, Function<String, FormatError> error) {
    this.file = file;
    this.error = error;
    readDirectory();
  }

  /** In the order of the file's directory. */
  Map<String, Entry> entries() {
    return entries;
  }

  private void readDirectory() {
    long end = endRecord(), count = u16(end + 10), size = u32(end + 12), at = u32(end + 16), after = end;
    if (end >= LOCATOR && u32(end - LOCATOR) == 0x07064b50L) {
      long wide = u64(end - LOCATOR + 8);
      if (wide < 0 || wide > end - LOCATOR - END64 || u32(wide) != 0x06064b50L)
        throw error.apply("the zip64 record it points to, at byte " + wide + ", is not there.");
      count = u64(wide + 32);
      size = u64(wide + 40);
      at = u64(wide + 48);
      after = wide;
    }
    if (size < 0 || at < 0 || size > after || at != after - size)
      throw error.apply("its zip directory should have " + size + " bytes from byte " + at + " up to byte " + after + ".");
    if (count < 0 || count > size / CENTRAL)
      throw error.apply("its zip directory of " + size + " bytes cannot have " + count + " entries.");
    long next = at;
    for (long i = 0; i < count; i++) next = readEntry(next, after, at);
    if (next != after) throw error.apply("its zip directory goes on after its last entry, at byte " + next + ".");
    long free = 0;
    for (Entry e : entries.values().stream().sorted(Comparator.comparingLong(Entry::header)).toList()) {
      if (e.header < free) throw error.apply("zip entry " + e.name + " overlaps the one before it.");
      free = e.at + e.packed;
    }
  }

  private long endRecord() {
    long size = file.byteSize();
    for (long at = size - END; at >= Math.max(0, size - END - 0xFFFF); at--)
      if (u32(at) == 0x06054b50L && u16(at + 20) == size - END - at) return at;
    throw error.apply("it begins as a zip file but has no zip directory at its end: it was cut off.");
  }

  private long readEntry(long at, long end, long dataEnd) {
    if (end - at < CENTRAL || u32(at) != 0x02014b50L) throw error.apply("no zip directory entry at byte " + at + ".");
    int flags = u16(at + 8), method = u16(at + 10);
    long crc = u32(at + 16), packed = u32(at + 20), size = u32(at + 24), header = u32(at + 42);
    long name = at + CENTRAL, extra = name + u16(at + 28), next = extra + u16(at + 30) + u16(at + 32);
    if (next > end) throw error.apply("the zip directory entry at byte " + at + " reaches beyond the directory.");
    String called = text(name, extra - name);
    long wide = wideFields(extra, extra + u16(at + 30));
    if (size == WIDE) {
      size = wideField(wide, extra, at);
      wide += 8;
    }
    if (packed == WIDE) {
      packed = wideField(wide, extra, at);
      wide += 8;
    }
    if (header == WIDE) header = wideField(wide, extra, at);
    String entry = "zip entry " + called;
    if ((flags & 1) != 0) throw error.apply(entry + " is encrypted.");
    if (method != 0 && method != 8)
      throw error.apply(entry + " is compressed by zip method " + method + "; stored (0) and deflated (8) can be read.");
    if (header < 0 || header > dataEnd - LOCAL || u32(header) != 0x04034b50L)
      throw error.apply(entry + " should begin at byte " + header + ", where no entry begins.");
    long data = header + LOCAL + u16(header + 26) + u16(header + 28);
    if (packed < 0 || size < 0 || data > dataEnd || packed > dataEnd - data)
      throw error.apply(entry + " says it has " + packed + " bytes from byte " + data + "; there are "
          + Math.max(0, dataEnd - data) + ".");
    if (u16(header + 26) != extra - name || !called.equals(text(header + LOCAL, extra - name)) || u16(header + 8) != method)
      throw error.apply(entry + " is another one where it begins, at byte " + header + ".");
    if (method == 0 ? size != packed : size / RATIO > packed + 1)
      throw error.apply(entry + " says that its " + packed + " bytes are " + size + " unpacked, which cannot be.");
    if (entries.put(called, new Entry(called, method == 8, crc, packed, size, header, data)) != null)
      throw error.apply("there are two zip entries named " + called + ".");
    return next;
  }

  /** Where the 64-bit sizes stand among the extra fields, or -1. */
  private long wideFields(long at, long end) {
    while (end - at >= 4) {
      int id = u16(at), size = u16(at + 2);
      if (size > end - at - 4) return -1;
      if (id == 1) return at + 4;
      at += 4 + size;
    }
    return -1;
  }

  private long wideField(long at, long extra, long entry) {
    if (at < extra || at + 8 > extra + u16(entry + 30))
      throw error.apply("the zip directory entry at byte " + entry + " lacks a 64-bit size.");
    return u64(at);
  }

  /** Gives an entry's contents in stretches, and throws after the last one if their CRC-32 is wrong. */
  void read(Entry e, Sink sink) {
    MemorySegment packed = file.asSlice(e.at, e.packed);
    var crc = new CRC32();
    if (e.deflated) {
      inflate(e, packed, crc, sink);
    } else {
      for (long at = 0; at < e.size; at += SLICE)
        crc.update(packed.asSlice(at, Math.min(SLICE, e.size - at)).asByteBuffer());
      requireCrc(e, crc);
      sink.accept(packed, 0);
    }
  }

  private void inflate(Entry e, MemorySegment packed, CRC32 crc, Sink sink) {
    byte[] chunk = new byte[(int) Math.min(1 << 20, Math.max(1, e.size))];
    long given = 0, at = 0;
    try (var inflater = new Inflater(true)) {
      while (!inflater.finished()) {
        if (inflater.needsInput()) {
          if (given == e.packed) throw error.apply("zip entry " + e.name + " ends within its deflated data.");
          long n = Math.min(SLICE, e.packed - given);
          inflater.setInput(packed.asSlice(given, n).asByteBuffer());
          given += n;
        }
        int n = inflater.inflate(chunk);
        if (inflater.needsDictionary() || at + n > e.size)
          throw error.apply("zip entry " + e.name + " inflates to more than the " + e.size + " bytes it says it has.");
        crc.update(chunk, 0, n);
        if (n > 0) sink.accept(MemorySegment.ofArray(chunk).asSlice(0, n), at);
        at += n;
      }
      if (at != e.size || inflater.getRemaining() > 0 || given < e.packed)
        throw error.apply("zip entry " + e.name + " inflates to " + at + " bytes, not to the " + e.size + " it says.");
    } catch (DataFormatException x) {
      throw error.apply("zip entry " + e.name + " cannot be inflated: " + x.getMessage() + ".");
    }
    requireCrc(e, crc);
  }

  private void requireCrc(Entry e, CRC32 crc) {
    if (crc.getValue() != e.crc)
      throw error.apply("zip entry " + e.name + " has CRC-32 %08x, expected %08x.".formatted(crc.getValue(), e.crc));
  }

  private String text(long at, long length) {
    try {
      byte[] bytes = file.asSlice(at, length).toArray(ValueLayout.JAVA_BYTE);
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException | IndexOutOfBoundsException e) {
      throw error.apply("the name of a zip entry, at byte " + at + ", is not UTF-8.");
    }
  }

  private int u16(long at) {
    return Short.toUnsignedInt(file.get(U16, at));
  }

  private long u32(long at) {
    return Integer.toUnsignedLong(file.get(U32, at));
  }

  private long u64(long at) {
    return file.get(U64, at);
  }
}
