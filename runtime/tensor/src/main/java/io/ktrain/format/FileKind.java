package io.ktrain.format;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** What a file is by its first bytes. */
enum FileKind {
  ZIP,
  PICKLE,
  TAR,
  SAFETENSORS,
  UNKNOWN;

  private static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  static FileKind of(MemorySegment file) {
    long size = file.byteSize();
    if (size > 4 && text(file, 0, "PK\3\4")) return ZIP;
    if (size > 2 && file.get(ValueLayout.JAVA_BYTE, 0) == (byte) 0x80 && between(file, 1, 2, 5)) return PICKLE;
    if (size > 8 && file.get(U64, 0) > 0 && file.get(U64, 0) <= size - 8 && text(file, 8, "{")) return SAFETENSORS;
    return size > 262 && text(file, 257, "ustar") ? TAR : UNKNOWN;
  }

  private static boolean between(MemorySegment file, long at, int low, int high) {
    byte b = file.get(ValueLayout.JAVA_BYTE, at);
    return b >= low && b <= high;
  }

  private static boolean text(MemorySegment file, long at, String text) {
    for (int i = 0; i < text.length(); i++)
      if (at + i >= file.byteSize() || file.get(ValueLayout.JAVA_BYTE, at + i) != text.charAt(i)) return false;
    return true;
  }
}
