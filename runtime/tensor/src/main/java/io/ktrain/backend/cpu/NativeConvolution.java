package io.ktrain.backend.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;

/**
 * f32 2-D convolution and its gradients by oneDNN, on raw addresses; only if {@link NativeLibrary#available()}. Images
 * are dense, channels last (n, h, w, c in memory) or not (n, c, h, w); weights are always plain {@code [o, c / groups,
 * kh, kw]}. Work is cut into tiles of images by shape alone, each one single-threaded call; weight gradients are
 * partial sums over fixed runs of images, added in order. So the bits do not depend on the number of threads.
 *
 * <p>Channels last is the faster layout, by 5 to 20 % (twice as fast with few channels).
 */
public final class NativeConvolution {
  private static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

  private NativeConvolution() {}

  /** {@code y = conv(x, w) + bias}; {@code bias} 0 for none. Overwrites y. */
  public static void forward(ConvShape s, boolean channelsLast, long x, long w, long bias, long y) {
    if (s.n() == 0) return;
    if (GemmConvolution.suits(s, channelsLast, ConvPlan.Kind.FORWARD)) {
      GemmConvolution.forward(s, x, w, bias, y);
      return;
    }
    ConvPlan plan = plan(s, channelsLast, bias != 0, ConvPlan.Kind.FORWARD);
    long in = 4 * s.inSize();
    long out = 4 * s.outSize();
    try (Scratch packed = Scratch.take(plan.weights.bytes())) {
      plan.weights.run(w, packed.address());
      ThreadPool.run(plan.tiles.tiles(), tile -> {
        int image = plan.tiles.start(tile);
        Primitive primitive = plan.primitive(tile);
        if (bias == 0) primitive.run(x + image * in, packed.address(), y + image * out);
        else primitive.run(x + image * in, packed.address(), y + image * out, bias);
      });
    }
  }

  /** The gradient of x, given that of y. Overwrites dx. */
  public static void backwardData(ConvShape s, boolean channelsLast, long dy, long w, long dx) {
    if (s.n() == 0) return;
    if (GemmConvolution.suits(s, channelsLast, ConvPlan.Kind.BACKWARD_DATA)) {
      GemmConvolution.backwardData(s, dy, w, dx);
      return;
    }
    ConvPlan plan = plan(s, channelsLast, false, ConvPlan.Kind.BACKWARD_DATA);
    long in = 4 * s.inSize();
    long out = 4 * s.outSize();
    try (Scratch packed = Scratch.take(plan.weights.bytes())) {
      plan.weights.run(w, packed.address());
      ThreadPool.run(plan.tiles.tiles(), tile -> {
        int image = plan.tiles.start(tile);
        plan.primitive(tile).run(dy + image * out, packed.address(), dx + image * in);
      });
    }
  }

  /** The gradients of w and, unless {@code dbias} is 0, of the bias, given that of y. Overwrites both. */
  public static void backwardWeights(ConvShape s, boolean channelsLast, long x, long dy, long dw, long dbias) {
    if (s.n() == 0) {
      ALL.asSlice(dw, 4 * s.weightSize()).fill((byte) 0);
      if (dbias != 0) ALL.asSlice(dbias, 4L * s.o()).fill((byte) 0);
      return;
    }
    if (GemmConvolution.suits(s, channelsLast, ConvPlan.Kind.BACKWARD_WEIGHTS)) {
      GemmConvolution.backwardWeights(s, x, dy, dw, dbias);
      return;
    }
    ConvPlan plan = plan(s, channelsLast, dbias != 0, ConvPlan.Kind.BACKWARD_WEIGHTS);
    long in = 4 * s.inSize();
    long out = 4 * s.outSize();
    long weightBytes = aligned(plan.weights.bytes());
    long partBytes = weightBytes + (dbias == 0 ? 0 : aligned(4L * s.o()));
    try (Scratch parts = Scratch.take(partBytes * plan.tiles.tiles())) {
      ThreadPool.run(plan.tiles.tiles(), tile -> {
        int image = plan.tiles.start(tile);
        long part = parts.address() + tile * partBytes;
        Primitive primitive = plan.primitive(tile);
        if (dbias == 0) primitive.run(x + image * in, dy + image * out, part);
        else primitive.run(x + image * in, dy + image * out, part, part + weightBytes);
      });
      if (plan.sums != null) plan.sums.run(parts.address(), partBytes);
      plan.weights.run(parts.address(), dw);
      if (dbias != 0) sum(parts.address() + weightBytes, partBytes, plan.tiles.tiles(), s.o(), dbias);
    }
  }

  private static ConvPlan plan(ConvShape s, boolean channelsLast, boolean bias, ConvPlan.Kind kind) {
    return ConvPlan.of(new ConvPlan.Problem(s, channelsLast, bias, kind));
  }

  private static void sum(long parts, long distance, int count, int length, long to) {
    for (int i = 0; i < length; i++) {
      float sum = 0;
      for (int p = 0; p < count; p++) sum += ALL.get(JAVA_FLOAT, parts + p * distance + 4L * i);
      ALL.set(JAVA_FLOAT, to + 4L * i, sum);
    }
  }

  private static long aligned(long bytes) {
    return (bytes + 63) & -64;
  }
}
