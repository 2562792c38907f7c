package io.ktrain.backend.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;

/**
 * Convolution as one matrix product over a matrix of patches: one row for each output pixel of the batch, its columns
 * in the order of the plain weights {@code [c, kh, kw]}. For few pixels and many weights, as in the last layers of an
 * image classifier, this is up to four times as fast as a blocked convolution: the weights, by far the most there is to
 * read and write, are used as they lie, and their gradient needs no partial sums.
 */
final class GemmConvolution {
  private static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
  /** Patch elements of a tile, some 20 us of one core. */
  private static final long TILE = 32 << 10;

  private GemmConvolution() {}

  /** Packing weights costs the same for any number of pixels, patches grow with it; measured, they cross here. */
  static boolean suits(ConvShape s, boolean channelsLast, ConvPlan.Kind kind) {
    if (!channelsLast || s.groups() > 1) return false;
    long pixels = (long) s.n() * s.outH() * s.outW();
    return kind == ConvPlan.Kind.BACKWARD_WEIGHTS ? pixels <= s.o() : 4 * pixels <= s.o();
  }

  static void forward(ConvShape s, long x, long w, long bias, long y) {
    int pixels = s.n() * s.outH() * s.outW();
    int columns = s.c() * s.kh() * s.kw();
    if (bias != 0)
      for (int p = 0; p < pixels; p++) MemorySegment.copy(ALL, bias, ALL, y + 4L * p * s.o(), 4L * s.o());
    try (Scratch patches = Scratch.take(4L * pixels * columns)) {
      gather(s, x, patches.address());
      NativeGemm.sgemm(false, true, pixels, s.o(), columns, 1f, patches.address(), columns, w, columns,
          bias == 0 ? 0f : 1f, y, s.o());
    }
  }

  static void backwardData(ConvShape s, long dy, long w, long dx) {
    int pixels = s.n() * s.outH() * s.outW();
    int columns = s.c() * s.kh() * s.kw();
    try (Scratch patches = Scratch.take(4L * pixels * columns)) {
      NativeGemm.sgemm(
          false, false, pixels, columns, s.o(), 1f, dy, s.o(), w, columns, 0f, patches.address(), columns);
      forImages(s, image -> scatter(s, image, patches.address(), dx));
    }
  }

  static void backwardWeights(ConvShape s, long x, long dy, long dw, long dbias) {
    int pixels = s.n() * s.outH() * s.outW();
    int columns = s.c() * s.kh() * s.kw();
    try (Scratch patches = Scratch.take(4L * pixels * columns)) {
      gather(s, x, patches.address());
      NativeGemm.sgemm(
          true, false, s.o(), columns, pixels, 1f, dy, s.o(), patches.address(), columns, 0f, dw, columns);
    }
    if (dbias == 0) return;
    for (int o = 0; o < s.o(); o++) {
      float sum = 0;
      for (int p = 0; p < pixels; p++) sum += ALL.get(JAVA_FLOAT, dy + 4 * ((long) p * s.o() + o));
      ALL.set(JAVA_FLOAT, dbias + 4L * o, sum);
    }
  }

  private static void forImages(ConvShape s, ThreadPool.Tiles body) {
    long elements = (long) s.outH() * s.outW() * s.c() * s.kh() * s.kw();
    int together = (int) Math.max(1, TILE / elements);
    ThreadPool.run((s.n() + together - 1) / together, t -> {
      for (int i = t * together, end = Math.min(s.n(), i + together); i < end; i++) body.run(i);
    });
  }

  private static void gather(ConvShape s, long x, long patches) {
    forImages(s, image -> {
      long from = x + 4 * image * s.inSize();
      long to = patches + 4L * image * s.outH() * s.outW() * s.c() * s.kh() * s.kw();
      for (int row = 0; row < s.outH(); row++)
        for (int column = 0; column < s.outW(); column++, to += 4L * s.c() * s.kh() * s.kw())
          gatherOne(s, from, row * s.sh() - s.ph(), column * s.sw() - s.pw(), to);
    });
  }

  /** The patch whose upper left corner is this pixel, which may lie in the padding. */
  private static void gatherOne(ConvShape s, long image, int top, int left, long to) {
    int kernel = s.kh() * s.kw();
    for (int kr = 0, k = 0; kr < s.kh(); kr++)
      for (int kc = 0; kc < s.kw(); kc++, k++) {
        int row = top + kr * s.dh();
        int column = left + kc * s.dw();
        long target = to + 4L * k;
        if (row < 0 || row >= s.h() || column < 0 || column >= s.w()) {
          for (int c = 0; c < s.c(); c++) ALL.set(JAVA_FLOAT, target + 4L * c * kernel, 0f);
        } else {
          long pixel = image + 4L * (row * s.w() + column) * s.c();
          for (int c = 0; c < s.c(); c++)
            ALL.set(JAVA_FLOAT, target + 4L * c * kernel, ALL.get(JAVA_FLOAT, pixel + 4L * c));
        }
      }
  }

  /** Adds the patches of one image up where they came from, in the order of the patches. */
  private static void scatter(ConvShape s, int image, long patches, long dx) {
    long to = dx + 4 * image * s.inSize();
    ALL.asSlice(to, 4 * s.inSize()).fill((byte) 0);
    int kernel = s.kh() * s.kw();
    long from = patches + 4L * image * s.outH() * s.outW() * s.c() * kernel;
    for (int row = 0; row < s.outH(); row++)
      for (int column = 0; column < s.outW(); column++, from += 4L * s.c() * kernel)
        for (int kr = 0, k = 0; kr < s.kh(); kr++)
          for (int kc = 0; kc < s.kw(); kc++, k++) {
            int inRow = row * s.sh() - s.ph() + kr * s.dh();
            int inColumn = column * s.sw() - s.pw() + kc * s.dw();
            if (inRow < 0 || inRow >= s.h() || inColumn < 0 || inColumn >= s.w()) continue;
            long pixel = to + 4L * (inRow * s.w() + inColumn) * s.c();
            addTo(pixel, from + 4L * k, 4L * kernel, s.c());
          }
  }

  private static void addTo(long target, long source, long step, int count) {
    for (int c = 0; c < count; c++, target += 4, source += step)
      ALL.set(JAVA_FLOAT, target, ALL.get(JAVA_FLOAT, target) + ALL.get(JAVA_FLOAT, source));
  }
}
