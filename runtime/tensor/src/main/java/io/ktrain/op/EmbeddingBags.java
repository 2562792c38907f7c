package io.ktrain.op;

import static io.ktrain.op.OpBuilder.op;

import io.ktrain.op.OpTests.Values;
import io.ktrain.tensor.BagMode;
import io.ktrain.tensor.Check;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;
import java.util.List;

/** Rows of a table, summed up or otherwise joined in bags. */
public final class EmbeddingBags {
  private EmbeddingBags() {}

  /** {@code padding}: the row that does not count, -1 for none. */
  public record Bag(BagMode mode, int padding) {}

  public static final Op<Bag> EMBEDDING_BAG = op("embeddingBag", Bag.class,
      "The sum, mean or largest of a table's rows in each bag of indices; zeros for an empty bag. Inputs: table, "
          + "indices, where bags begin (none for a matrix: a row is a bag), weights of the indices.")
      .composed(EmbeddingBags::bags)
      .tests(t -> {
        for (BagMode mode : BagMode.values())
          t.attributes(new Bag(mode, 2))
              .sample(OpTests.shape(5, 3), OpTests.shape(4, 3).index(5), OpTests.ABSENT, OpTests.ABSENT)
              .attributes(new Bag(mode, -1))
              .sample(OpTests.strided(5, 3), OpTests.shape(6).index(5), OpTests.shape(1).index(1), OpTests.ABSENT);
        t.attributes(new Bag(BagMode.SUM, -1))
            .sample(OpTests.shape(5, 3), OpTests.shape(2, 3).index(5), OpTests.ABSENT,
                OpTests.shape(2, 3).of(Values.ANY))
            .reference(EmbeddingBags::oracle)
            .fails(() -> Tensor.embeddingBag(Tensor.ones(3, 2), Tensor.of(new long[] {0, 1}), null, null,
                BagMode.SUM, -1),
                "embeddingBag: indices i64[2] in one row need offsets, where each bag begins. Fix: offsets, or a "
                    + "matrix of one bag a row.")
            .fails(() -> Tensor.embeddingBag(Tensor.ones(3, 2), Tensor.of(new long[] {0, 1}, 1, 2), null,
                Tensor.ones(1, 2), BagMode.MAX, -1),
                "embeddingBag: weights of the indices are for mode SUM, not MAX.");
      }).build();

  private static Tensor bags(Call<Bag> c) {
    Tensor table = c.in(0), offsets = c.in(2), weights = c.in(3);
    Bag a = c.attributes();
    Promotion.floating("embeddingBag", table);
    Indexing.index("embeddingBag", c.in(1));
    if (c.in(1).getNdim() < 1 || c.in(1).getNdim() > 2)
      throw new ShapeError("embeddingBag: indices must be [bags, each] or [all], got " + c.in(1).describe() + ".");
    boolean matrix = c.in(1).getNdim() == 2;
    if (matrix == (offsets != null))
      throw new ShapeError("embeddingBag: indices " + c.in(1).describe()
          + (matrix ? " are one bag a row already. Fix: leave offsets out."
          : " in one row need offsets, where each bag begins. Fix: offsets, or a matrix of one bag a row."));
    if (weights != null && a.mode() != BagMode.SUM)
      throw new KtrainException("embeddingBag: weights of the indices are for mode SUM, not " + a.mode() + ".");
    if (weights != null && !weights.getShape().equals(c.in(1).getShape()))
      throw new ShapeError("embeddingBag: indices " + c.in(1).describe() + " and weights " + weights.describe()
          + " must have one shape.");
    Tensor indices = c.in(1).reshape(-1).to(DType.i64);
    int n = indices.size(0), count = matrix ? c.in(1).size(0) : offsets.size(0);
    int longest = matrix ? c.in(1).size(1) : longest(offsets, n, a.mode());
    Tensor bag = matrix ? Tensor.arange(count).unsqueeze(1).expand(count, longest).reshape(n).to(table.getDevice())
        : bagOfEach(offsets.to(DType.i64), n);
    Tensor there = indices.ne(a.padding()), counts = there.to(table.getDtype());
    Tensor in = Tensor.zeros(Shape.of(count), DType.i64).to(table.getDevice())
        .scatterAdd(0, bag, there.to(DType.i64));
    Tensor rows = Tensor.embedding(table, indices, a.padding());
    if (a.mode() == BagMode.MAX) {
      Tensor begin = matrix ? bag.mul(longest) : offsets.to(DType.i64).indexSelect(0, bag);
      return largest(rows, counts, in,
          bag.mul(longest).add(Tensor.arange(n).to(table.getDevice())).sub(begin), longest);
    }
    rows = rows.mul((weights == null ? counts : counts.mul(weights.reshape(n))).unsqueeze(1));
    Tensor sums = Dispatch.call(Indexing.INDEX_ADD, new Indexing.Dim(0),
        Tensor.zeros(Shape.of(count, table.size(1)), table.getDtype()).to(table.getDevice()), bag, rows);
    return a.mode() == BagMode.SUM ? sums : sums.div(in.clampMin(1).unsqueeze(1));
  }

  /** How many bags have begun at each index, less one. */
  private static Tensor bagOfEach(Tensor offsets, int n) {
    Tensor begun = Tensor.zeros(Shape.of(n + 1), DType.i64)
        .to(offsets.getDevice()).scatterAdd(0, offsets, Tensor.onesLike(offsets));
    return begun.narrow(0, 0, n).cumsum(0).sub(1);
  }

  /** Of the bags, where that is needed and known; checks the offsets by the way, where the host can look. */
  private static int longest(Tensor offsets, int n, BagMode mode) {
    Indexing.index("embeddingBag", offsets);
    if (offsets.getNdim() != 1)
      throw new ShapeError("embeddingBag: offsets must be a vector, got " + offsets.describe() + ".");
    if (offsets.isShapeOnly() || Check.active() || mode != BagMode.MAX && !Losses.isReadable(offsets)) return n;
    long[] all = offsets.toLongArray();
    int longest = 0;
    for (int i = 0; i < all.length; i++) {
      long end = i + 1 < all.length ? all[i + 1] : n;
      if (i == 0 && all[0] != 0 || all[i] > n || i > 0 && all[i] < all[i - 1])
        throw new ShapeError("embeddingBag: offsets must begin with 0 and not fall, and not pass the " + n
            + " indices; got " + all[i] + " at place " + i + ".");
      longest = Math.max(longest, Math.toIntExact(end - all[i]));
    }
    return longest;
  }

  /** The rows side by side in their bags, each at its place, and the largest of them. */
  private static Tensor largest(Tensor rows, Tensor counts, Tensor in, Tensor places, int longest) {
    int bags = in.size(0), width = rows.size(1);
    Tensor base = Tensor.zeros(Shape.of(bags * longest, width), rows.getDtype()).to(rows.getDevice());
    Tensor laid = Dispatch.call(Indexing.INDEX_ADD, new Indexing.Dim(0), base, places, rows)
        .reshape(bags, longest, width);
    Tensor there = base.narrow(1, 0, 1).reshape(-1).scatterAdd(0, places, counts).reshape(bags, longest, 1).ne(0);
    if (longest == 0) return base.reshape(0, width).sum(0).expand(bags, width);
    Tensor most = Tensor.where(there, laid, Tensor.constant(Double.NEGATIVE_INFINITY)).max(1).values();
    return Tensor.where(in.eq(0).unsqueeze(1), Tensor.constant(0.0), most);
  }

  /** Indices of one bag, row after row; the samples with offsets have a single bag. */
  private static NdArray oracle(Bag a, List<NdArray> in) {
    NdArray table = in.get(0), indices = in.get(1);
    int bags = in.get(2) == null ? indices.shape()[0] : 1, each = indices.data().length / bags;
    return NdArray.by(new int[] {bags, table.shape()[1]}, i -> {
      double sum = 0, most = Double.NEGATIVE_INFINITY;
      int count = 0;
      for (int k = i[0] * each; k < (i[0] + 1) * each; k++) {
        int row = (int) indices.data()[k];
        if (row == a.padding()) continue;
        double v = table.at(row, i[1]) * (in.get(3) == null ? 1 : in.get(3).data()[k]);
        sum += v;
        most = Math.max(most, v);
        count++;
      }
      if (count == 0) return 0;
      return a.mode() == BagMode.SUM ? sum : a.mode() == BagMode.MEAN ? sum / count : most;
    });
  }
}
