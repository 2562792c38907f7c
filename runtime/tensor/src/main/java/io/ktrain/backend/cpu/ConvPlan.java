package io.ktrain.backend.cpu;

import io.ktrain.tensor.KtrainException;

/** How one convolution problem is computed: its tiles of images, a primitive for each size of tile, weight layouts. */
final class ConvPlan {
  enum Kind { FORWARD, BACKWARD_DATA, BACKWARD_WEIGHTS }

  record Problem(ConvShape shape, boolean channelsLast, boolean bias, Kind kind) {}

  private static final PlanCache<Problem, ConvPlan> PLANS = new PlanCache<>(ConvPlan::new);

  /** Multiply-adds of a tile, about 17 us of one core. */
  private static final long TILE = 2_000_000;
  private static final int MOST_TILES = 32;
  private static final int MOST_PARTIALS = 32;
  private static final long PARTIAL_BYTES = 32L << 20;

  final ImageTiles tiles;
  /** Into the primitive's layout; for weight gradients out of it. */
  final WeightLayout weights;
  /** Of the tiles' weight gradients; null if there is but one tile. */
  final PartialSums sums;

  private final Primitive smaller;
  private final Primitive larger;

  private ConvPlan(Problem problem) {
    ConvShape s = problem.shape;
    boolean gradient = problem.kind == Kind.BACKWARD_WEIGHTS;
    tiles = new ImageTiles(s.n(), gradient ? partials(s) : tiles(s));
    long[] descs = descs(problem, tiles.small(), 0);
    long pd = create(problem, descs);
    // Tiles of both sizes share the weights, so the second primitive must take the layout that the first chose.
    long blocked = OneDnn.queryDesc(pd, gradient ? OneDnn.DIFF_WEIGHTS_DESC : OneDnn.WEIGHTS_DESC);
    weights = gradient ? WeightLayout.unpack(s, blocked) : WeightLayout.pack(s, blocked);
    sums = gradient && tiles.tiles() > 1 ? new PartialSums(tiles.tiles(), weights.bytes() / 4) : null;
    long kept = OneDnn.copyOf(blocked);
    smaller = primitive(problem, pd, descs, kept);
    destroy(descs);
    if (tiles.even()) {
      larger = smaller;
    } else {
      descs = descs(problem, tiles.small() + 1, kept);
      larger = primitive(problem, create(problem, descs), descs, kept);
      destroy(descs);
    }
    OneDnn.destroyDesc(kept);
  }

  /** The plan of this problem, made the first time it is met. */
  static ConvPlan of(Problem problem) {
    return PLANS.of(problem);
  }

  Primitive primitive(int tile) {
    return tiles.isSmall(tile) ? smaller : larger;
  }

  private static int tiles(ConvShape s) {
    long together = Math.max(1, TILE / Math.max(1, s.work()));
    return (int) Math.min(MOST_TILES, (s.n() + together - 1) / together);
  }

  /** More partial sums keep more threads busy, but each is written once and read once more, whatever it cost. */
  private static int partials(ConvShape s) {
    long bytes = 4 * s.weightSize();
    long most = Math.clamp(PARTIAL_BYTES / bytes, 1, MOST_PARTIALS);
    int parts = Integer.highestOneBit((int) Math.min(most, s.n()));
    while (parts > 2 && s.n() * s.work() / parts < Math.max(TILE, 32 * bytes)) parts /= 2;
    return s.n() * s.work() < TILE ? 1 : parts;
  }

  /** Source, weights, bias, destination; {@code weights} 0 leaves their layout to oneDNN. */
  private static long[] descs(Problem problem, int images, long weights) {
    ConvShape s = problem.shape;
    int tag = problem.channelsLast ? OneDnn.NHWC : OneDnn.NCHW;
    return new long[] {
      OneDnn.desc(tag, images, s.c(), s.h(), s.w()),
      weights == 0 ? WeightLayout.desc(s, false) : OneDnn.copyOf(weights),
      problem.bias ? OneDnn.desc(OneDnn.VECTOR, s.o()) : 0,
      OneDnn.desc(tag, images, s.o(), s.outH(), s.outW()),
    };
  }

  private static void destroy(long[] descs) {
    for (long desc : descs) if (desc != 0) OneDnn.destroyDesc(desc);
  }

  private static long create(Problem problem, long[] descs) {
    ConvShape s = problem.shape;
    var window = new OneDnn.Window(
        s.sh(), s.sw(), s.dh() - 1, s.dw() - 1, s.ph(), s.pw(), s.phEnd(), s.pwEnd());
    boolean forward = problem.kind == Kind.FORWARD;
    // A backward primitive asks for the forward one as a hint; its weights may lie otherwise.
    long any = forward ? 0 : WeightLayout.desc(s, false);
    long pd = OneDnn.convolutionForward(descs[0], forward ? descs[1] : any, forward ? descs[2] : 0, descs[3], window);
    if (forward) return found(pd, s);
    long backward = problem.kind == Kind.BACKWARD_DATA
        ? OneDnn.convolutionBackwardData(descs[0], descs[1], descs[3], window, pd)
        : OneDnn.convolutionBackwardWeights(descs[0], descs[1], descs[2], descs[3], window, pd);
    if (pd != 0) OneDnn.destroyPrimitiveDesc(pd);
    OneDnn.destroyDesc(any);
    return found(backward, s);
  }

  private static long found(long primitiveDesc, ConvShape s) {
    if (primitiveDesc == 0)
      throw new KtrainException("conv2d: oneDNN computes no convolution like " + s
          + ". Fix: KTRAIN_NATIVE=off runs without oneDNN, slower.");
    return primitiveDesc;
  }

  /** Operands in the order of {@code NativeConvolution}: what is read, then weights, then what is written. */
  private static Primitive primitive(Problem problem, long pd, long[] descs, long weights) {
    long bias = descs[2];
    return switch (problem.kind) {
      case FORWARD -> bias == 0
          ? new Primitive(pd, new int[] {OneDnn.SRC, OneDnn.WEIGHTS, OneDnn.DST},
              new long[] {descs[0], weights, descs[3]})
          : new Primitive(pd, new int[] {OneDnn.SRC, OneDnn.WEIGHTS, OneDnn.DST, OneDnn.BIAS},
              new long[] {descs[0], weights, descs[3], bias});
      case BACKWARD_DATA -> new Primitive(pd, new int[] {OneDnn.DIFF_DST, OneDnn.WEIGHTS, OneDnn.DIFF_SRC},
          new long[] {descs[3], weights, descs[0]});
      case BACKWARD_WEIGHTS -> bias == 0
          ? new Primitive(pd, new int[] {OneDnn.SRC, OneDnn.DIFF_DST, OneDnn.DIFF_WEIGHTS},
              new long[] {descs[0], descs[3], weights})
          : new Primitive(pd, new int[] {OneDnn.SRC, OneDnn.DIFF_DST, OneDnn.DIFF_WEIGHTS, OneDnn.DIFF_BIAS},
              new long[] {descs[0], descs[3], weights, bias});
    };
  }
}
