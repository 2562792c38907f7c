package io.ktrain.backend.cpu;

import io.ktrain.backend.Strides;
import io.ktrain.op.Call;
import io.ktrain.op.Indexing;
import io.ktrain.op.Indexing.Dim;
import io.ktrain.op.Indexing.Padding;
import io.ktrain.op.Scatters;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.Host;
import io.ktrain.tensor.Layout;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.function.Consumer;

/** Reading and adding at places named by indices. Additions to one place happen in the order of the indices. */
final class IndexingKernels {
  private IndexingKernels() {}

  static void register(CpuBackend cpu) {
    cpu.add(Indexing.GATHER, IndexingKernels::gather);
    cpu.add(Indexing.SCATTER_ADD, IndexingKernels::scatterAdd);
    cpu.add(Indexing.SCATTER, IndexingKernels::scatter);
    cpu.add(Scatters.SCATTER_FOLD, IndexingKernels::scatterFold);
    cpu.add(Indexing.INDEX_SELECT, IndexingKernels::indexSelect);
    cpu.add(Indexing.INDEX_ADD, IndexingKernels::indexAdd);
    cpu.add(Indexing.EMBEDDING, IndexingKernels::embedding);
    cpu.add(Indexing.EMBEDDING_GRAD, IndexingKernels::embeddingGrad);
  }

  /** All indices, row-major, each checked against the size of the dim it points into. */
  static long[] indices(String op, Tensor index, int dim, Tensor x) {
    long[] all = index.toLongArray();
    int n = x.getNdim() == 0 ? 1 : x.size(dim);
    for (long i : all)
      if (i < 0 || i >= n) throw new ShapeError(op + ": index " + i + " is out of range for dim " + dim + " of " + x.describe() + "; it takes 0 to " + (n - 1) + ".");
    return all;
  }

  private interface Pair {
    void at(long picked, int number);
  }

  /** For each index: where in {@code x} it points when the other dims stay as they are in the index. */
  private static void places(Tensor x, Tensor index, long[] all, int dim, Pair pair) {
    int ndim = index.getNdim();
    int[] sizes = index.getShape().toArray();
    int[] at = new int[ndim];
    for (int i = 0; i < all.length; i++) {
      long place = x.layout().offset();
      for (int d = 0; d < ndim; d++) place += (d == dim ? all[i] : at[d]) * x.layout().stride(d);
      pair.at(place, i);
      for (int d = ndim - 1; d >= 0 && ++at[d] == sizes[d]; d--) at[d] = 0;
    }
  }

  private static void gather(Call<Dim> call) {
    Tensor x = call.in(0), index = call.in(1), y = call.out(0);
    int dim = call.attributes().dim();
    long[] all = indices("gather", index, dim, x);
    places(x, index, all, dim, (place, i) -> move(x, place, y, i));
  }

  private static void scatterAdd(Call<Dim> call) {
    Tensor src = call.in(2);
    summed(call.out(0), y ->
        scattered("scatterAdd", call, y, call.attributes().dim(), (to, from) -> add(src, from, y, to)));
  }

  private static void scatter(Call<Dim> call) {
    Tensor src = call.in(2), y = call.out(0);
    scattered("scatter", call, y, call.attributes().dim(), (to, from) -> move(src, from, y, to));
  }

  private static void scatterFold(Call<Scatters.Folding> call) {
    Tensor src = call.in(2), y = call.out(0);
    Scatters.Reduce by = call.attributes().by();
    MemorySegment source = src.storage().host(), target = y.storage().host();
    DType type = y.getDtype();
    scattered("scatterReduce", call, y, call.attributes().dim(), (to, from) -> {
      if (type.isFloating()) Elements.real(target, type, to, by.of(Host.real(target, type, to),
          Host.real(source, type, from)));
      else Elements.whole(target, type, to, by.of(Host.whole(target, type, to), Host.whole(source, type, from)));
    });
  }

  private interface Places {
    void at(long to, long from);
  }

  /** Types of 16 bits are added up in f32 and rounded once: one by one, small terms would be lost in a large sum. */
  private static void summed(Tensor y, Consumer<Tensor> body) {
    if (!y.getDtype().isFloating() || y.getDtype().bytes() != 2) {
      body.accept(y);
      return;
    }
    Tensor wide = Temporary.of(y, DType.f32);
    try {
      body.accept(wide);
      CopyKernels.copy(wide, y);
    } finally {
      Temporary.free(wide);
    }
  }

  /** The first input copied to {@code y}, then for each index in order where it points there and where src has its element. */
  private static void scattered(String op, Call<?> call, Tensor y, int dim, Places places) {
    Tensor index = call.in(1), src = call.in(2);
    CopyKernels.copy(call.in(0), y);
    long[] all = indices(op, index, dim, call.out(0));
    long[] from = new long[all.length];
    // The indices themselves as coordinates of src: dim takes its own position there.
    int ndim = index.getNdim();
    int[] at = new int[ndim];
    for (int i = 0; i < all.length; i++) {
      from[i] = src.layout().offset();
      for (int d = 0; d < ndim; d++) from[i] += at[d] * src.layout().stride(d);
      for (int d = ndim - 1; d >= 0 && ++at[d] == index.size(d); d--) at[d] = 0;
    }
    places(y, index, all, dim, (place, i) -> places.at(place, from[i]));
  }

  private static void indexSelect(Call<Dim> call) {
    Tensor x = call.in(0), y = call.out(0);
    int dim = call.attributes().dim();
    long[] all = indices("indexSelect", call.in(1), dim, x);
    if (y.numel() == 0) return;
    ThreadPool.run(all.length > 64 ? all.length / 64 : 1, tile -> {
      int tiles = all.length > 64 ? all.length / 64 : 1;
      for (int i = (int) ((long) all.length * tile / tiles); i < (int) ((long) all.length * (tile + 1) / tiles); i++)
        CopyKernels.copy(CopyKernels.cut(x, dim, (int) all[i], 1, 1), CopyKernels.cut(y, dim, i, 1, 1));
    });
  }

  private static void indexAdd(Call<Dim> call) {
    Tensor src = call.in(2);
    int dim = call.attributes().dim();
    long[] all = indices("indexAdd", call.in(1), dim, call.out(0));
    summed(call.out(0), y -> {
      CopyKernels.copy(call.in(0), y);
      for (int i = 0; i < all.length; i++)
        addAll(CopyKernels.cut(src, dim, i, 1, 1), CopyKernels.cut(y, dim, (int) all[i], 1, 1));
    });
  }

  private static void embedding(Call<Padding> call) {
    Tensor w = call.in(0), y = call.out(0);
    long[] all = indices("embedding", call.in(1), 0, w);
    for (int i = 0; i < all.length; i++) CopyKernels.copy(CopyKernels.cut(w, 0, (int) all[i], 1, 1), row(y, i, w.size(1)));
  }

  private static void embeddingGrad(Call<Padding> call) {
    Tensor g = call.in(0).contiguous();
    long[] all = indices("embedding", call.in(1), 0, call.out(0));
    summed(call.out(0), y -> {
      CopyKernels.fill(y, 0);
      for (int i = 0; i < all.length; i++)
        if (all[i] != call.attributes().index())
          addAll(row(g, i, y.size(1)), CopyKernels.cut(y, 0, (int) all[i], 1, 1));
    });
  }

  private static Tensor row(Tensor contiguous, int i, int width) {
    return CopyKernels.window(contiguous, Shape.of(1, width), new Layout(new long[] {width, 1}, contiguous.layout().offset() + (long) i * width));
  }

  private static void move(Tensor from, long a, Tensor to, long b) {
    MemorySegment source = from.storage().host(), target = to.storage().host();
    DType type = from.getDtype();
    if (type.isFloating()) Elements.real(target, type, b, Host.real(source, type, a));
    else Elements.whole(target, type, b, Host.whole(source, type, a));
  }

  private static void add(Tensor from, long a, Tensor to, long b) {
    MemorySegment source = from.storage().host(), target = to.storage().host();
    DType type = to.getDtype();
    if (type.isFloating()) Elements.real(target, type, b, Host.real(target, type, b) + Host.real(source, from.getDtype(), a));
    else Elements.whole(target, type, b, Host.whole(target, type, b) + Host.whole(source, type, a));
  }

  private static void addAll(Tensor from, Tensor to) {
    Strides s = Strides.of(to, from);
    for (int r = 0; r < s.rows(); r++)
      for (int c = 0; c < s.columns(); c++) add(from, s.start(1, r) + c * s.inner(1), to, s.start(0, r) + c * s.inner(0));
  }
}
