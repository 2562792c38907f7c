package io.ktrain.op;

import static io.ktrain.op.OpBuilder.composite;
import static io.ktrain.op.OpBuilder.op;
import static io.ktrain.op.OpTests.shape;
import static io.ktrain.op.OpTests.strided;

import io.ktrain.tensor.Check;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;
import io.ktrain.tensor.Unique;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/** Which values there are, how often, and where each falls among sorted ones. */
public final class Counting {
  private Counting() {}

  /** {@code right}: behind equal elements rather than before them. */
  public record Side(boolean right) {}

  public record Least(int count) {}

  public record Bins(int count, double min, double max) {}

  /** {@code dim} -1: single elements of the whole tensor. */
  public record Distinct(int dim, boolean sorted) {}

  public static final Op<Side> SEARCHSORTED = composite("searchsorted", Side.class,
      "Where values would go into the sorted last dim of x so that it stays sorted: i64.", c -> {
        Tensor sorted = c.in(0), v = c.in(1);
        boolean one = sorted.getNdim() == 1;
        if (!one && !sorted.getShape().with(-1, 0).equals(v.getNdim() == 0 ? v.getShape() : v.getShape().with(-1, 0)))
          throw new ShapeError("searchsorted: x must be a vector, or agree with the values but in the last dim; got "
              + sorted.describe() + " and " + v.describe() + ".");
        int n = sorted.size(-1);
        Tensor values = one ? v.reshape(-1) : v, found = Creation.full(values.getShape(), 0, DType.i64, v.getDevice());
        for (int step = Integer.highestOneBit(n); step > 0; step >>= 1) {
          Tensor next = found.add(step), at = next.clampMax(n).sub(1);
          Tensor seen = sorted.detach().gather(-1, at);
          // NaN goes behind all others.
          Tensor before = (c.attributes().right() ? seen.gt(values.detach()) : seen.ge(values.detach())).logicalNot();
          found = Elementwise.where(next.le(n).logicalAnd(before), next, found);
        }
        return found.reshape(v.getShape());
      })
      .tests(t -> {
        t.flat().reference((side, in) -> NdArray.by(in.get(1).shape(), i -> {
          double v = in.get(1).at(i);
          int[] row = in.get(0).shape().length == 1 ? new int[1] : i.clone();
          return Arrays.stream(Oracles.line(in.get(0), row.length - 1, row)).filter(x -> side.right() ? x <= v
              : x < v).count();
        }));
        for (boolean right : new boolean[] {false, true})
          t.with(new Side(right), shape(7).sorted(), shape(2, 3)).with(new Side(right), shape(1).sorted(), shape())
              .with(new Side(right), shape(0).sorted(), shape(2)).with(new Side(right), shape(2, 5).sorted(),
                  strided(2, 3));
      }).build();

  public static final Op<Least> BINCOUNT = composite("bincount", Least.class,
      "How often each whole number from 0 occurs, or the sum of its weights.", c -> {
        Tensor x = c.in(0), weights = c.inputs() > 1 ? c.in(1) : null;
        Indexing.index("bincount", x);
        if (x.getNdim() != 1) throw new ShapeError("bincount: needs a vector, got " + x.describe() + ".");
        int n = c.attributes().count();
        if (x.numel() > 0 && !x.isShapeOnly() && !Check.active()) {
          long low = x.amin().itemLong();
          if (low < 0) throw new ShapeError("bincount: numbers must not be negative, got " + low + ".");
          long high = x.amax().itemLong();
          n = Math.max(n, Shape.size("bincount", "the number " + high, Math.max(high, high + 1)));
        }
        Tensor each = weights == null ? Creation.full(x.getShape(), 1, DType.i64, x.getDevice()) : weights;
        return Creation.full(Shape.of(n), 0, each.getDtype(), x.getDevice()).indexAdd(0, x, each);
      })
      .tests(t -> t.reference((least, in) -> {
        int n = Math.max(least.count(), (int) Arrays.stream(in.get(0).data()).max().orElse(-1) + 1);
        NdArray out = NdArray.zeros(n);
        for (int i = 0; i < in.get(0).data().length; i++)
          out.add(in.size() > 1 ? in.get(1).data()[i] : 1, (int) in.get(0).data()[i]);
        return out;
      }).with(new Least(9), shape(5).index(6)).with(new Least(6), shape(7).index(5), shape(7))
          .with(new Least(2), shape(0).index(1))
          .failsByValues(() -> Tensor.of(new long[] {-1}).bincount(),
              "bincount: numbers must not be negative, got -1.")
          .failsByValues(() -> Tensor.of(new long[] {3000000000L}).bincount(),
              "bincount: the number 3000000000 would give a dim of 3000000001; a dim has at most 2147483647. "
                  + "Fix: smaller parts.")).build();

  public static final Op<Bins> HISTC = composite("histc", Bins.class,
      "How many elements lie in each of so many equal bins from min to max; of both 0, those of the elements.", c -> {
        Bins b = c.attributes();
        Tensor x = c.in(0).detach().flatten(), low = Tensor.constant(b.min()), high = Tensor.constant(b.max());
        if (b.min() == b.max() && x.numel() > 0) {
          low = x.amin();
          high = x.amax();
          Tensor flat = low.eq(high);
          low = Elementwise.where(flat, low.sub(1), low);
          high = Elementwise.where(flat, high.add(1), high);
        }
        Tensor inside = x.ge(low).logicalAnd(x.le(high));
        Tensor place = x.sub(low).mul(b.count()).div(high.isConstant() ? Tensor.constant(b.max() - b.min())
            : high.sub(low)).floor();
        Tensor bin = Elementwise.where(inside, place.clamp(0, b.count() - 1), Tensor.constant(0.0)).to(DType.i64);
        return Creation.full(Shape.of(b.count()), 0, x.getDtype(), x.getDevice()).indexAdd(0, bin,
            inside.to(x.getDtype()));
      }).floating()
      .tests(t -> t.flat().reference((b, in) -> {
        double low = b.min() < b.max() ? b.min() : Arrays.stream(in.get(0).data()).min().orElse(0);
        double high = b.min() < b.max() ? b.max() : Arrays.stream(in.get(0).data()).max().orElse(0);
        NdArray out = NdArray.zeros(b.count());
        for (double v : in.get(0).data())
          if (v >= low && v <= high) out.add(1, (int) Math.min(b.count() - 1,
              Math.floor((v - low) * b.count() / (high - low))));
        return out;
      }).with(new Bins(4, -2, 2), shape(30)).with(new Bins(5, 0, 0), strided(4, 6))).build();

  /** Three outputs: values, inverse, counts. How many there are is known only from the values: while checking, all. */
  public static final Op<Distinct> UNIQUE = op("unique", Distinct.class,
      "The distinct elements, or slices of a dim, sorted or only next to each other; which each is; how often each "
          + "occurs.")
      .decompose(Counting::distinct)
      .tests(t -> t.flat().shapedByValues().reference((d, in) -> {
        double[] all = d.sorted() ? Arrays.stream(in.get(0).data()).sorted().toArray() : in.get(0).data();
        double[] kept = IntStream.range(0, all.length).filter(i -> i == 0
            || all[i] != all[i - 1]).mapToDouble(i -> all[i]).toArray();
        return new NdArray(new int[] {kept.length}, kept);
      }).with(new Distinct(-1, true), shape(9).index(4)).with(new Distinct(-1, false), shape(9).index(2))
          .with(new Distinct(-1, true), strided(4, 3).index(5)).with(new Distinct(-1, true), shape(0))).build();

  public static Tensor searchsorted(Tensor sorted, Tensor values, boolean right) {
    return Dispatch.call(SEARCHSORTED, new Side(right), sorted, values);
  }

  public static Tensor bincount(Tensor x, Tensor weights, int minLength) {
    return weights == null ? Dispatch.call(BINCOUNT, new Least(minLength), x)
        : Dispatch.call(BINCOUNT, new Least(minLength), x, weights);
  }

  public static Tensor histc(Tensor x, int bins, double min, double max) {
    if (bins < 1 || min > max)
      throw new KtrainException("histc: needs a bin or more, and min not above max; got " + bins + " from " + min
          + " to " + max + ".");
    return Dispatch.call(HISTC, new Bins(bins, min, max), x);
  }

  /** Of single elements with a null dim. */
  public static Unique unique(Tensor x, Integer dim, boolean sorted) {
    int axis = dim == null ? -1 : x.getShape().axis("unique", dim);
    Tensor[] all = Dispatch.all(UNIQUE, new Distinct(axis, sorted), x);
    return new Unique(all[0], all[1], all[2]);
  }

  private static Tensor[] distinct(Call<Distinct> c) {
    Distinct d = c.attributes();
    Tensor x = c.in(0);
    Tensor rows = d.dim() < 0 ? x.flatten() : x.movedim(d.dim(), 0);
    int n = rows.size(0);
    int[] order = new int[n], which = new int[n];
    int count = n;
    if (!Check.active() && !x.isShapeOnly()) {
      long[] all = x.getDtype().isFloating()
          ? Arrays.stream(rows.toDoubleArray()).mapToLong(Counting::ordered).toArray()
          : rows.toLongArray();
      int width = n == 0 ? 1 : all.length / n;
      Comparator<Integer> by = (a, b) -> Arrays.compare(all, a * width, (a + 1) * width, all,
          b * width, (b + 1) * width);
      Integer[] places = IntStream.range(0, n).boxed().toArray(Integer[]::new);
      if (d.sorted()) Arrays.sort(places, by);
      count = 0;
      for (int i = 0; i < n; i++) {
        if (i == 0 || by.compare(places[i - 1], places[i]) != 0) order[count++] = places[i];
        which[places[i]] = count - 1;
      }
    }
    long[] first = Arrays.stream(order).limit(count).asLongStream().toArray();
    Tensor kept = rows.detach().indexSelect(0, Tensor.of(first).to(x.getDevice()));
    Tensor inverse = Tensor.of(Arrays.stream(which).asLongStream().toArray()).to(x.getDevice());
    Tensor counts = Creation.full(Shape.of(count), 0, DType.i64, x.getDevice())
        .indexAdd(0, inverse, Creation.full(Shape.of(n), 1, DType.i64, x.getDevice()));
    return d.dim() < 0 ? new Tensor[] {kept, inverse.reshape(x.getShape()), counts}
        : new Tensor[] {kept.movedim(0, d.dim()), inverse, counts};
  }

  /** A whole number that compares as the value does: -0 is 0, and NaN the largest. */
  private static long ordered(double value) {
    long bits = Double.doubleToLongBits(value + 0.0);
    return bits < 0 ? bits ^ Long.MAX_VALUE : bits;
  }
}
