package io.ktrain.backend.cpu;

import io.ktrain.backend.Kernel;
import io.ktrain.op.Call;
import io.ktrain.op.Op;
import io.ktrain.op.Updates;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Runs any update of lists of tensors from its expressions: all f32 rows in one run of the pool, compiled to vector
 * code that goes over the memory once; the rest interpreted. Which of the two depends on shapes and types alone, and
 * the bits do not depend on it.
 */
final class UpdateKernels implements Kernel<double[]> {
  static final UpdateKernels KERNEL = new UpdateKernels();

  /** Elements of one tile. */
  private static final int TILE = 32 * 1024;

  /** Below this many elements in all, interpreting is quicker and spares a young process the vector classes. */
  private static final int VECTORS_FROM = 4096;

  private final ConcurrentHashMap<Op<?>, Optional<PointwiseKernel>> compiled = new ConcurrentHashMap<>();

  private UpdateKernels() {}

  static void register(CpuBackend cpu) {
    cpu.add(Updates.TOTAL_NORM, new Kernel<Void>() {
      @Override
      public boolean takes(Call<Void> call) {
        return Vectors.available() && elements(call) >= VECTORS_FROM && isFlat(call, 0, 1, call.inputs());
      }

      @Override
      public void run(Call<Void> call) {
        totalNorm(call);
      }
    });
  }

  @Override
  public void run(Call<double[]> call) {
    int lists = call.op().update().size() + 1, n = call.inputs() / lists;
    PointwiseKernel kernel = Vectors.available() && elements(call) >= VECTORS_FROM ? kernel(call.op()) : null;
    int[] first = new int[n + 1]; // the tile with which each tensor begins; interpreted ones have none
    var singles = new ArrayList<Tensor[]>();
    var doubles = new ArrayList<Tensor[]>();
    for (int i = 0; i < n; i++) {
      boolean flat = kernel != null && isFlat(call, i, n, lists);
      if (!flat) (call.in(i).getDtype() == DType.f64 ? doubles : singles).add(tuple(call, i, n, lists));
      first[i + 1] = first[i] + (flat ? tiles(call.in(i)) : 0);
    }
    interpret(call, DType.f32, singles);
    interpret(call, DType.f64, doubles);
    if (first[n] == 0) return;
    float[] numbers = new float[call.attributes().length];
    for (int i = 0; i < numbers.length; i++) numbers[i] = (float) call.attributes()[i];
    long[] strides = new long[lists];
    ThreadPool.run(first[n], tile -> {
      int i = tensor(first, tile);
      long from = (long) (tile - first[i]) * TILE;
      long[] at = new long[lists];
      for (int k = 0; k < lists; k++) at[k] = MatMulKernels.address(call.in(k * n + i)) + 4 * from;
      kernel.run(at, strides, numbers, 0, 0, 1, (int) Math.min(TILE, call.in(i).numel() - from));
    });
  }

  private PointwiseKernel kernel(Op<?> op) {
    Optional<PointwiseKernel> known = compiled.get(op);
    if (known == null)
      known = compiled.computeIfAbsent(op, o -> Optional.ofNullable(PointwiseCompiler.inPlace(o.update(), written(o))));
    return known.orElse(null);
  }

  /** Every list but the gradients'. */
  private static int[] written(Op<?> op) {
    int[] lists = new int[op.update().size()];
    for (int i = 1; i < lists.length; i++) lists[i] = i + 1;
    return lists;
  }

  private static Tensor[] tuple(Call<double[]> call, int i, int n, int lists) {
    Tensor[] in = new Tensor[lists];
    for (int k = 0; k < lists; k++) in[k] = call.in(k * n + i);
    return in;
  }

  private static void interpret(Call<double[]> call, DType compute, List<Tensor[]> tuples) {
    if (!tuples.isEmpty())
      TileInterpreter.inPlace(call.op().update(), compute, call.attributes(), tuples, written(call.op()));
  }

  private static long elements(Call<?> call) {
    long all = 0;
    for (int i = 0; i < call.inputs(); i++) all += call.in(i).numel();
    return all;
  }

  private static boolean isFlat(Call<?> call, int i, int n, int lists) {
    for (int k = 0; k < lists; k++) {
      Tensor t = call.in(k * n + i);
      if (t.getDtype() != DType.f32 || !t.isContiguous()) return false;
    }
    return true;
  }

  private static int tiles(Tensor t) {
    return Math.toIntExact((t.numel() + TILE - 1) / TILE);
  }

  /** Which tensor a tile belongs to, by the tiles with which they begin. */
  private static int tensor(int[] first, int tile) {
    int i = 0;
    while (first[i + 1] <= tile) i++;
    return i;
  }

  /** Squares of fixed ranges, added in order in double. */
  private static void totalNorm(Call<Void> call) {
    int n = call.inputs();
    int[] first = new int[n + 1];
    for (int i = 0; i < n; i++) first[i + 1] = first[i] + tiles(call.in(i));
    float[] squares = new float[first[n]];
    ThreadPool.run(first[n], t -> {
      int i = tensor(first, t);
      Tensor x = call.in(i);
      long from = (long) (t - first[i]) * TILE;
      squares[t] = VectorReductions.sumSquares(MatMulKernels.address(x) + 4 * from,
          (int) Math.min(TILE, x.numel() - from));
    });
    double sum = 0;
    for (float s : squares) sum += s;
    Elements.real(call.out(0).storage().host(), DType.f32, 0, Math.sqrt(sum));
  }
}
