package io.ktrain.backend.cpu;

import io.ktrain.tensor.KtrainException;

/**
 * f32 2-D pooling and its gradients by oneDNN, on raw addresses; only if {@link NativeLibrary#available()}. Images are
 * dense, channels last (n, h, w, c in memory) or not. Tiles are runs of images, cut by shape alone. Measured on 2x2
 * windows, channels last: 0.20 ms where a Vector loop with indices took 1.5 and a plain one 6.8; channels first costs
 * three times as much.
 *
 * <p>Of equal values the first counts as the greatest. NaN is passed over, unlike in PyTorch, and where a window holds
 * nothing but NaN or negative infinity its maximum is the least finite float.
 */
public final class NativePooling {
  private static final PlanCache<Problem, Plan> PLANS = new PlanCache<>(Plan::new);
  /** Floats read and written by a tile, about 10 us of one core. */
  private static final long TILE = 128 << 10;
  private static final int MOST_TILES = 32;

  private NativePooling() {}

  /** Bytes that {@link #maxForward} leaves for {@link #maxBackward}: which element of each window was the greatest. */
  public static long workspaceBytes(PoolShape s, boolean channelsLast) {
    return s.n() == 0 ? 0 : s.n() * plan(s, channelsLast, OneDnn.MAX).workspace;
  }

  /** {@code workspace}: {@link #workspaceBytes} that only maxBackward of the same shape and layout understands. */
  public static void maxForward(PoolShape s, boolean channelsLast, long x, long y, long workspace) {
    forward(s, channelsLast, OneDnn.MAX, x, y, workspace);
  }

  /** The gradient of x, given that of y and the workspace of the forward pass. Overwrites dx. */
  public static void maxBackward(PoolShape s, boolean channelsLast, long dy, long workspace, long dx) {
    backward(s, channelsLast, OneDnn.MAX, dy, workspace, dx);
  }

  /** {@code countPadding}: divide by the size of the window, else by the number of its pixels inside the image. */
  public static void averageForward(PoolShape s, boolean channelsLast, boolean countPadding, long x, long y) {
    forward(s, channelsLast, countPadding ? OneDnn.AVERAGE_WITH_PADDING : OneDnn.AVERAGE, x, y, 0);
  }

  /** The gradient of x, given that of y. Overwrites dx. */
  public static void averageBackward(PoolShape s, boolean channelsLast, boolean countPadding, long dy, long dx) {
    backward(s, channelsLast, countPadding ? OneDnn.AVERAGE_WITH_PADDING : OneDnn.AVERAGE, dy, 0, dx);
  }

  private static void forward(PoolShape s, boolean channelsLast, int kind, long x, long y, long workspace) {
    if (s.n() == 0) return;
    Plan plan = plan(s, channelsLast, kind);
    ThreadPool.run(plan.tiles.tiles(), tile -> {
      int image = plan.tiles.start(tile);
      long from = x + 4 * image * s.inSize();
      long to = y + 4 * image * s.outSize();
      Primitive primitive = plan.tiles.isSmall(tile) ? plan.smallForward : plan.largeForward;
      if (kind == OneDnn.MAX) primitive.run(from, to, workspace + image * plan.workspace);
      else primitive.run(from, to);
    });
  }

  private static void backward(PoolShape s, boolean channelsLast, int kind, long dy, long workspace, long dx) {
    if (s.n() == 0) return;
    Plan plan = plan(s, channelsLast, kind);
    ThreadPool.run(plan.tiles.tiles(), tile -> {
      int image = plan.tiles.start(tile);
      long from = dy + 4 * image * s.outSize();
      long to = dx + 4 * image * s.inSize();
      Primitive primitive = plan.tiles.isSmall(tile) ? plan.smallBackward : plan.largeBackward;
      if (kind == OneDnn.MAX) primitive.run(to, from, workspace + image * plan.workspace);
      else primitive.run(to, from);
    });
  }

  private static Plan plan(PoolShape s, boolean channelsLast, int kind) {
    return PLANS.of(new Problem(s, channelsLast, kind));
  }

  private record Problem(PoolShape shape, boolean channelsLast, int kind) {}

  private static final class Plan {
    final ImageTiles tiles;
    /** Bytes for one image. */
    final long workspace;
    final Primitive smallForward;
    final Primitive smallBackward;
    final Primitive largeForward;
    final Primitive largeBackward;

    Plan(Problem problem) {
      PoolShape s = problem.shape;
      long together = Math.max(1, TILE / Math.max(1, s.inSize() + s.outSize()));
      tiles = new ImageTiles(s.n(), (int) Math.min(MOST_TILES, (s.n() + together - 1) / together));
      Pair small = new Pair(problem, tiles.small());
      Pair large = tiles.even() ? small : new Pair(problem, tiles.small() + 1);
      workspace = small.workspace;
      smallForward = small.forward;
      smallBackward = small.backward;
      largeForward = large.forward;
      largeBackward = large.backward;
    }
  }

  /** Both directions for one number of images; the backward one needs the forward one's description. */
  private static final class Pair {
    /** The workspace comes last, since averages have none. */
    private static final int[] FORWARD = {OneDnn.SRC, OneDnn.DST, OneDnn.WORKSPACE};
    private static final int[] BACKWARD = {OneDnn.DIFF_SRC, OneDnn.DIFF_DST, OneDnn.WORKSPACE};

    final Primitive forward;
    final Primitive backward;
    final long workspace;

    Pair(Problem problem, int images) {
      PoolShape s = problem.shape;
      int tag = problem.channelsLast ? OneDnn.NHWC : OneDnn.NCHW;
      long src = OneDnn.desc(tag, images, s.c(), s.h(), s.w());
      long dst = OneDnn.desc(tag, images, s.c(), s.outH(), s.outW());
      var window = new OneDnn.Window(
          s.sh(), s.sw(), s.dh() - 1, s.dw() - 1, s.ph(), s.pw(), s.phEnd(), s.pwEnd());
      long pd = OneDnn.poolingForward(problem.kind, src, dst, s.kh(), s.kw(), window);
      long pdBack = pd == 0 ? 0 : OneDnn.poolingBackward(problem.kind, src, dst, s.kh(), s.kw(), window, pd);
      if (pdBack == 0)
        throw new KtrainException("pool2d: oneDNN computes no pooling like " + s
            + ". Fix: KTRAIN_NATIVE=off runs without oneDNN, slower.");
      boolean max = problem.kind == OneDnn.MAX;
      long indices = max ? OneDnn.copyOf(OneDnn.queryDesc(pd, OneDnn.WORKSPACE_DESC)) : 0;
      long[] descs = max ? new long[] {src, dst, indices} : new long[] {src, dst};
      workspace = max ? OneDnn.size(indices) / images : 0;
      forward = new Primitive(pd, FORWARD, descs);
      backward = new Primitive(pdBack, BACKWARD, descs);
      for (long desc : descs) OneDnn.destroyDesc(desc);
    }
  }
}
