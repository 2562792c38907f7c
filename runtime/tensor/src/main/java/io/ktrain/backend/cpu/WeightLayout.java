package io.ktrain.backend.cpu;

import java.util.ArrayList;
import java.util.List;

/**
 * Moves weights between plain {@code [o, i, kh, kw]} memory and the blocked layout a primitive wants, in pieces that
 * threads share.
 */
final class WeightLayout {
  private static final long PIECE_BYTES = 256 << 10;
  /** A multiple of every block oneDNN cuts channels into. */
  private static final int CHANNEL_UNIT = 64;

  private final long bytes;
  private final List<Primitive> pieces;

  private WeightLayout(long bytes, List<Primitive> pieces) {
    this.bytes = bytes;
    this.pieces = pieces;
  }

  /** From plain memory to the layout of {@code blocked}. */
  static WeightLayout pack(ConvShape s, long blocked) {
    return between(s, blocked, false);
  }

  /** From the layout of {@code blocked} back to plain memory. */
  static WeightLayout unpack(ConvShape s, long blocked) {
    return between(s, blocked, true);
  }

  /** A new descriptor of the weights; plain, or in whichever layout a primitive likes best. */
  static long desc(ConvShape s, boolean plain) {
    return s.groups() == 1
        ? OneDnn.desc(plain ? OneDnn.OIHW : OneDnn.ANY, s.o(), s.c(), s.kh(), s.kw())
        : OneDnn.desc(plain ? OneDnn.GOIHW : OneDnn.ANY, s.groups(), s.o() / s.groups(), s.c() / s.groups(), s.kh(),
            s.kw());
  }

  /** Bytes in the blocked layout. */
  long bytes() {
    return bytes;
  }

  void run(long from, long to) {
    if (pieces.size() == 1) pieces.getFirst().run(from, to);
    else ThreadPool.run(pieces.size(), i -> pieces.get(i).run(from, to));
  }

  private static WeightLayout between(ConvShape s, long blocked, boolean toPlain) {
    long bytes = OneDnn.size(blocked);
    long plain = desc(s, true);
    // Blocks with padding are moved whole: the library fills the padding with zeros only for a whole tensor.
    boolean dense = s.groups() == 1 && s.o() % CHANNEL_UNIT == 0 && bytes == 4 * s.weightSize();
    List<Primitive> pieces = dense ? pieces(s, plain, blocked, toPlain) : List.of();
    if (pieces.isEmpty()) pieces = List.of(reorder(plain, blocked, toPlain));
    OneDnn.destroyDesc(plain);
    return new WeightLayout(bytes, pieces);
  }

  /** Empty if the layout cannot be cut between output channels. */
  private static List<Primitive> pieces(ConvShape s, long plain, long blocked, boolean toPlain) {
    List<Primitive> pieces = new ArrayList<>();
    int step = channelsOfPiece(s.o(), OneDnn.size(blocked));
    for (int from = 0; from < s.o(); from += step) {
      long[] dims = {Math.min(step, s.o() - from), s.c(), s.kh(), s.kw()};
      long[] offsets = {from, 0, 0, 0};
      long plainPart = OneDnn.part(plain, dims, offsets);
      long blockedPart = OneDnn.part(blocked, dims, offsets);
      boolean cut = plainPart != 0 && blockedPart != 0;
      if (cut) pieces.add(reorder(plainPart, blockedPart, toPlain));
      if (plainPart != 0) OneDnn.destroyDesc(plainPart);
      if (blockedPart != 0) OneDnn.destroyDesc(blockedPart);
      if (!cut) return List.of();
    }
    return pieces;
  }

  private static Primitive reorder(long plain, long blocked, boolean toPlain) {
    long from = toPlain ? blocked : plain;
    long to = toPlain ? plain : blocked;
    return new Primitive(OneDnn.reorder(from, to), new int[] {OneDnn.SRC, OneDnn.DST}, new long[] {from, to});
  }

  private static int channelsOfPiece(int channels, long bytes) {
    long pieces = Math.clamp(bytes / PIECE_BYTES, 1, 16);
    int units = channels / CHANNEL_UNIT;
    return (int) ((units + pieces - 1) / pieces) * CHANNEL_UNIT;
  }
}
