package io.ktrain.format;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32;

/** Writes stored entries, each beginning at a multiple of 64 bytes so that it can be mapped; zip64 where sizes need it. */
final class ZipWriter {
  private static final int ALIGNMENT = 64;

  private record Entry(byte[] name, long size, long header, long crc) {}

  /** What writes an entry's contents. */
  interface Contents {
    void writeTo(TensorBytes.Sink sink) throws IOException;
  }

  private final FileChannel out;
  private final long widest;
  private final List<Entry> entries = new ArrayList<>();

  ZipWriter(FileChannel out) {
    this(out, 0xFFFF_FFFEL);
  }

  /** {@code widest}: what is larger is written in 64 bits. */
  ZipWriter(FileChannel out, long widest) {
    this.out = out;
    this.widest = widest;
  }

  /** The CRC is known only after the contents, so the header is written twice. */
  void entry(String name, long size, Contents contents) throws IOException {
    byte[] utf8 = name.getBytes(StandardCharsets.UTF_8);
    long header = out.position();
    WholeFile.writeAll(out, local(utf8, size, header, 0));
    var crc = new CRC32();
    contents.writeTo(bytes -> {
      crc.update(bytes.duplicate());
      WholeFile.writeAll(out, bytes);
    });
    long end = out.position();
    out.position(header);
    WholeFile.writeAll(out, local(utf8, size, header, crc.getValue()));
    if (end - out.position() != size) throw new IOException(name + " has " + (end - out.position()) + " bytes, not " + size);
    out.position(end);
    entries.add(new Entry(utf8, size, header, crc.getValue()));
  }

  private ByteBuffer local(byte[] name, long size, long header, long crc) {
    boolean wide = size > widest;
    int fixed = 30 + name.length + (wide ? 20 : 0) + 4;
    int padding = (int) (-(header + fixed) & ALIGNMENT - 1);
    ByteBuffer b = little(fixed + padding);
    b.putInt(0x04034b50);
    common(b, wide, crc, size, size).putShort((short) name.length).putShort((short) ((wide ? 20 : 0) + 4 + padding)).put(name);
    if (wide) b.putShort((short) 1).putShort((short) 16).putLong(size).putLong(size);
    return b.putShort((short) 0x4246).putShort((short) padding).rewind();
  }

  /** What local and central headers have in common: version, UTF-8 name, stored, 1980-01-01, CRC and sizes. */
  private ByteBuffer common(ByteBuffer b, boolean wide, long crc, long packed, long size) {
    return b.putShort((short) (wide ? 45 : 20)).putShort((short) 0x800).putShort((short) 0).putShort((short) 0).putShort((short) 33)
        .putInt((int) crc).putInt(wide ? -1 : (int) packed).putInt(wide ? -1 : (int) size);
  }

  /** The directory; nothing comes after it. */
  void finish() throws IOException {
    long directory = out.position();
    for (Entry e : entries) {
      boolean wide = e.size > widest, far = e.header > widest;
      int extra = (wide ? 16 : 0) + (far ? 8 : 0);
      ByteBuffer b = little(46 + e.name.length + (extra > 0 ? 4 + extra : 0));
      b.putInt(0x02014b50).putShort((short) 45);
      common(b, wide, e.crc, e.size, e.size).putShort((short) e.name.length).putShort((short) (extra > 0 ? 4 + extra : 0))
          .putShort((short) 0).putShort((short) 0).putShort((short) 0).putInt(0).putInt(far ? -1 : (int) e.header).put(e.name);
      if (extra > 0) b.putShort((short) 1).putShort((short) extra);
      if (wide) b.putLong(e.size).putLong(e.size);
      if (far) b.putLong(e.header);
      WholeFile.writeAll(out, b.rewind());
    }
    long end = out.position(), size = end - directory;
    int count = entries.size();
    boolean wide = count > Math.min(widest, 0xFFFE) || directory > widest || size > widest;
    ByteBuffer b = little(98);
    if (wide) {
      b.putInt(0x06064b50).putLong(44).putShort((short) 45).putShort((short) 45).putInt(0).putInt(0)
          .putLong(count).putLong(count).putLong(size).putLong(directory);
      b.putInt(0x07064b50).putInt(0).putLong(end).putInt(1);
    }
    b.putInt(0x06054b50).putShort((short) 0).putShort((short) 0)
        .putShort((short) (wide ? -1 : count)).putShort((short) (wide ? -1 : count))
        .putInt(wide ? -1 : (int) size).putInt(wide ? -1 : (int) directory).putShort((short) 0);
    WholeFile.writeAll(out, b.flip());
  }

  private static ByteBuffer little(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
