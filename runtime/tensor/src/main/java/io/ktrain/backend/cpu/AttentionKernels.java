package io.ktrain.backend.cpu;

import static io.ktrain.backend.cpu.MatMulKernels.address;

import io.ktrain.backend.Kernel;
import io.ktrain.op.Attention;
import io.ktrain.op.Call;
import io.ktrain.op.Spec;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.Layout;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/**
 * Attention over f32 heads. A block of queries is scored, weighed and summed while its scores are in the cache;
 * backward makes the weights again, so that no tensor of [..., t, s] is kept. Keys after a causal block are never
 * looked at.
 */
final class AttentionKernels {
  /** Queries of a block; fewer where keys are many, so that its scores stay in the second-level cache. */
  private static final int ROWS = 64;
  private static final int FEWEST_ROWS = 16;
  private static final int SCORES = 128 * 1024;

  private static final VectorScratch SCRATCH = new VectorScratch();

  private AttentionKernels() {}

  static void register(CpuBackend cpu) {
    cpu.add(Attention.SCALED_DOT_PRODUCT_ATTENTION, new Forward());
    cpu.add(Attention.SCALED_DOT_PRODUCT_ATTENTION_GRAD, new Backward());
    cpu.addInF32(Attention.SCALED_DOT_PRODUCT_ATTENTION, Attention.SCALED_DOT_PRODUCT_ATTENTION_GRAD);
  }

  private static boolean takes(Call<Attention.Options> call, int query) {
    if (!Vectors.available() || call.attributes().dropout() != 0) return false;
    for (int i = 0; i < call.inputs(); i++)
      if (call.in(i) != null && (call.in(i).getDtype() != DType.f32 || call.in(i).numel() == 0)) return false;
    Tensor mask = call.in(query + 3);
    return mask == null || mask.layout().stride(mask.getNdim() - 1) == 1;
  }

  /**
   * In the order in which the dims of {@code like} lie, rows whole: heads cut out of rows of features go back there.
   */
  private static Layout as(Tensor like, Shape shape) {
    int last = shape.ndim() - 1, n = 0;
    int[] order = new int[last + 1];
    for (int d : like.layout().order()) if (d != last) order[n++] = d;
    order[last] = last;
    return Layout.permuted(shape, order);
  }

  /** The matrices of a stack: where each begins, and the distance between rows, in floats. */
  private record Stack(Tensor of, long[] at, int ld, boolean copied) {
    static Stack of(Tensor t) {
      int n = t.getNdim();
      boolean rows = (t.layout().stride(n - 1) == 1 || t.size(-1) == 1)
          && (t.layout().stride(n - 2) >= t.size(-1) || t.size(-2) == 1);
      if (rows) return new Stack(t, starts(t), (int) Math.max(t.size(-1), t.layout().stride(n - 2)), false);
      Tensor copy = Temporary.like(t);
      CopyKernels.copy(t, copy);
      return new Stack(copy, starts(copy), t.size(-1), true);
    }

    static long[] starts(Tensor t) {
      int n = t.getNdim() - 2;
      long[] at = {address(t)};
      for (int d = 0; d < n; d++) {
        long[] next = new long[at.length * t.size(d)];
        for (int i = 0; i < next.length; i++) next[i] = at[i / t.size(d)] + 4 * (i % t.size(d)) * t.layout().stride(d);
        at = next;
      }
      return at;
    }

    void free() {
      if (copied) Temporary.free(of);
    }
  }

  /** How many of what there are; blocks are cut by these alone. */
  private record Sizes(int heads, int queries, int keys, int width, int values, boolean causal, float scale) {
    static Sizes of(Tensor q, Tensor k, Tensor v, Attention.Options o) {
      int heads = Math.toIntExact(q.numel() / q.size(-1) / q.size(-2));
      return new Sizes(heads, q.size(-2), k.size(-2), q.size(-1), v.size(-1), o.causal(), (float) o.scale());
    }

    int rows() {
      return Math.min(queries, Math.clamp(SCORES / keys, FEWEST_ROWS, ROWS));
    }

    int blocks() {
      return (queries + rows() - 1) / rows();
    }

    /** How many keys the queries before {@code end} look at. */
    int seen(int end) {
      return causal ? Math.min(end, keys) : keys;
    }
  }

  /** Where the mask of a query begins, or 0 without a mask. */
  private record Mask(long[] at, long row) {
    static Mask of(Tensor mask) {
      return mask == null ? null : new Mask(Stack.starts(mask), 4 * mask.layout().stride(mask.getNdim() - 2));
    }
  }

  /**
   * The weights of the queries from {@code first} until {@code end} over the first {@code seen} keys, in rows of that
   * length.
   */
  private static void weights(Sizes s, long query, int ldq, long key, int ldk, Mask mask, int head, int first, int end,
      long weights) {
    int rows = end - first, seen = s.seen(end);
    NativeGemm.tile(false, true, rows, seen, s.width, s.scale, query + 4L * first * ldq, ldq, key, ldk, 0, weights,
        seen);
    for (int r = 0; r < rows; r++) {
      long row = weights + 4L * r * seen;
      if (mask != null) VectorReductions.add(mask.at[head] + mask.row * (first + r), seen, row);
      int own = s.seen(first + r + 1);
      VectorSoftmax.softmax(row, row, 1, own);
      if (own < seen) VectorReductions.fill(row + 4L * own, seen - own, 0f);
    }
  }

  private static final class Forward implements Kernel<Attention.Options> {
    @Override
    public boolean takes(Call<Attention.Options> call) {
      return AttentionKernels.takes(call, 0);
    }

    @Override
    public Layout layout(Call<Attention.Options> call, List<Spec> specs, int i) {
      return as(call.in(0), specs.get(i).shape());
    }

    @Override
    public void run(Call<Attention.Options> call) {
      Stack q = Stack.of(call.in(0)), k = Stack.of(call.in(1)), v = Stack.of(call.in(2)), y = Stack.of(call.out(0));
      Mask mask = Mask.of(call.in(3));
      Sizes s = Sizes.of(q.of, k.of, v.of, call.attributes());
      int rows = s.rows(), blocks = s.blocks();
      ThreadPool.run(s.heads * blocks, tile -> {
        int head = tile / blocks, first = tile % blocks * rows;
        int end = Math.min(s.queries, first + rows), seen = s.seen(end);
        long weights = SCRATCH.address(4L * rows * s.keys);
        weights(s, q.at[head], q.ld, k.at[head], k.ld, mask, head, first, end, weights);
        long to = y.at[head] + 4L * first * y.ld;
        NativeGemm.tile(false, false, end - first, s.values, seen, 1, weights, seen, v.at[head], v.ld, 0, to, y.ld);
      });
      q.free();
      k.free();
      v.free();
    }
  }

  private static final class Backward implements Kernel<Attention.Options> {
    @Override
    public boolean takes(Call<Attention.Options> call) {
      return AttentionKernels.takes(call, 1);
    }

    @Override
    public Layout layout(Call<Attention.Options> call, List<Spec> specs, int i) {
      return as(call.in(i + 1), specs.get(i).shape());
    }

    @Override
    public void run(Call<Attention.Options> call) {
      Stack g = Stack.of(call.in(0)), q = Stack.of(call.in(1)), k = Stack.of(call.in(2)), v = Stack.of(call.in(3));
      Stack dq = Stack.of(call.out(0)), dk = Stack.of(call.out(1)), dv = Stack.of(call.out(2));
      Mask mask = Mask.of(call.in(4));
      Sizes s = Sizes.of(q.of, k.of, v.of, call.attributes());
      ThreadPool.run(s.heads, head -> head(s, head, g, q, k, v, dq, dk, dv, mask));
      for (Stack t : Arrays.asList(g, q, k, v)) t.free();
    }

    /**
     * The blocks of a head from the last, which sees the most keys, so that the first product into dk and dv need not
     * add.
     */
    private static void head(Sizes s, int head, Stack g, Stack q, Stack k, Stack v, Stack dq, Stack dk, Stack dv,
        Mask mask) {
      int rows = s.rows(), most = s.seen(s.queries);
      long weights = SCRATCH.address(8L * rows * s.keys), up = weights + 4L * rows * s.keys;
      for (int row = most; row < s.keys; row++) {
        VectorReductions.fill(dk.at[head] + 4L * row * dk.ld, s.width, 0f);
        VectorReductions.fill(dv.at[head] + 4L * row * dv.ld, s.values, 0f);
      }
      for (int block = s.blocks() - 1; block >= 0; block--) {
        int first = block * rows, end = Math.min(s.queries, first + rows), n = end - first, seen = s.seen(end);
        float keep = end == s.queries ? 0 : 1;
        long query = q.at[head] + 4L * first * q.ld, from = g.at[head] + 4L * first * g.ld;
        weights(s, q.at[head], q.ld, k.at[head], k.ld, mask, head, first, end, weights);
        NativeGemm.tile(true, false, seen, s.values, n, 1, weights, seen, from, g.ld, keep, dv.at[head], dv.ld);
        NativeGemm.tile(false, true, n, seen, s.values, 1, from, g.ld, v.at[head], v.ld, 0, up, seen);
        VectorSoftmax.softmaxBackward(weights, up, up, n, seen);
        long to = dq.at[head] + 4L * first * dq.ld;
        NativeGemm.tile(false, false, n, s.width, seen, s.scale, up, seen, k.at[head], k.ld, 0, to, dq.ld);
        NativeGemm.tile(true, false, seen, s.width, n, s.scale, up, seen, query, q.ld, keep, dk.at[head], dk.ld);
      }
    }
  }
}
