package io.ktrain.op;

import static io.ktrain.op.OpBuilder.composite;
import static io.ktrain.op.OpBuilder.op;
import static io.ktrain.op.OpTests.shape;
import static io.ktrain.op.OpTests.strided;

import io.ktrain.op.Reductions.Along;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.Extreme;
import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.DoubleBinaryOperator;

/** What the order of elements along a dim says: ranks, medians, quantiles, running extremes, differences. */
public final class Orders {
  private Orders() {}

  /** {@code descending}: the largest first. */
  public record Ranked(int k, int dim, boolean descending, boolean keepDim) {}

  /** How a quantile between two elements is taken. */
  public enum Between {
    LINEAR, LOWER, HIGHER, MIDPOINT, NEAREST;

    static Between of(String word) {
      for (Between b : values()) if (b.name().toLowerCase(Locale.ROOT).equals(word)) return b;
      throw new KtrainException("quantile: the interpolation is linear, lower, higher, midpoint or nearest, got "
          + word + ".");
    }
  }

  public record Quantile(int dim, boolean keepDim, Between between, boolean skipNan) {}

  public record Differences(int times, int dim) {}

  public static final Op<Ranked> TOPK = op("topk", Ranked.class,
      "The first k along a dim when sorted, and where they stood.")
      .decompose(c -> {
        Ranked r = c.attributes();
        int n = c.in(0).getNdim() == 0 ? 1 : c.in(0).size(r.dim());
        if (r.k() < 0 || r.k() > n)
          throw new ShapeError("topk: k = " + r.k() + " is out of range for dim " + r.dim() + " of "
              + c.in(0).describe() + ".");
        Extreme all = c.in(0).sort(r.dim(), r.descending());
        if (c.in(0).getNdim() == 0) return new Tensor[] {all.values(), all.indices()};
        return new Tensor[] {all.values().narrow(r.dim(), 0, r.k()), all.indices().narrow(r.dim(), 0, r.k())};
      })
      .tests(t -> t.reference((r, in) -> {
        int[] out = in.get(0).shape().clone();
        out[r.dim()] = r.k();
        return NdArray.by(out, i -> sorted(in.get(0), r.dim(), i)[r.descending()
            ? in.get(0).shape()[r.dim()] - 1 - i[r.dim()] : i[r.dim()]]);
      }).with(new Ranked(2, 1, true, true), shape(3, 5).distinct()).with(new Ranked(3, 0, false, true),
          strided(4, 3).distinct())
          .fails(() -> Tensor.ones(2, 3).topk(4, 1), "topk: k = 4 is out of range for dim 1 of f32[2,3].")).build();

  public static final Op<Ranked> KTHVALUE = op("kthvalue", Ranked.class,
      "The k-th smallest along a dim, from 1, and where it stood.")
      .decompose(c -> {
        Ranked r = c.attributes();
        int n = c.in(0).getNdim() == 0 ? 1 : c.in(0).size(r.dim());
        if (r.k() < 1 || r.k() > n)
          throw new ShapeError("kthvalue: k = " + r.k() + " is out of range for dim " + r.dim() + " of "
              + c.in(0).describe() + ".");
        Extreme all = c.in(0).sort(r.dim(), false);
        if (c.in(0).getNdim() == 0) return new Tensor[] {all.values(), all.indices()};
        return found(c.in(0), all.indices().narrow(r.dim(), r.k() - 1, 1), r.dim(), r.keepDim());
      })
      .tests(t -> t.reference((r, in) -> ranked(in.get(0), r.dim(), r.keepDim(), line -> line[r.k() - 1]))
          .with(new Ranked(2, 1, false, false), shape(3, 5).distinct())
          .with(new Ranked(4, 0, false, true), strided(4, 3).distinct())
          .fails(() -> Tensor.ones(3).kthvalue(4, 0, false), "kthvalue: k = 4 is out of range for dim 0 of f32[3]."))
          .build();

  /** {@code flag}: the dim stays. */
  public static final Op<Along> MEDIAN = median("median", false,
      "The lower of the two middle elements along a dim, and where it stood; NaN if one is NaN.");
  public static final Op<Along> NANMEDIAN = median("nanmedian", true,
      "The lower of the two middle elements along a dim that are not NaN, and where it stood.");

  public static final Op<Along> MODE = op("mode", Along.class,
      "The most frequent element along a dim, of several the smallest, and where it last stood.")
      .decompose(c -> {
        Along a = c.attributes();
        Tensor x = c.in(0);
        if (x.getNdim() == 0) return new Tensor[] {x.copy(), Creation.range(1, x).reshape()};
        Extreme all = x.detach().sort(a.dim(), false);
        Tensor place = along(Creation.range(x.size(a.dim()), x), x, a.dim());
        Tensor same = all.values().ne(all.values().roll(1, a.dim())).logicalOr(place.eq(0));
        Tensor start = Elementwise.where(same, place, Tensor.constant(0)).cummax(a.dim()).values();
        Tensor at = all.indices().gather(a.dim(), place.sub(start).argmax(a.dim(), true));
        return found(x, at, a.dim(), a.flag());
      })
      .tests(t -> t.reference((a, in) -> ranked(in.get(0), a.dim(), a.flag(), Orders::mode))
          .with(new Along(1, false), shape(3, 5).distinct()).with(new Along(0, true), strided(4, 3).distinct())
          .with(new Along(1, false), shape(2, 9).index(4))).build();

  public static final Op<Quantile> QUANTILE = composite("quantile", Quantile.class,
      "The elements below which shares q of a dim lie; a vector of q gives a first dim. Interpolated between "
          + "elements.", c -> {
        Quantile how = c.attributes();
        Tensor x = c.in(0), q = c.in(1);
        if (q.getDtype() != x.getDtype() || q.getNdim() > 1)
          throw new ShapeError("quantile: q must be a number or vector of " + x.getDtype() + ", got " + q.describe()
              + ".");
        Tensor rows = (x.getNdim() == 0 ? x.reshape(1) : x).movedim(how.dim(), -1);
        if (rows.size(-1) == 0) throw new ShapeError("quantile: dim " + how.dim() + " of " + x.describe()
            + " is empty.");
        Tensor line = rows.sort(-1, false).values();
        Tensor nan = line.detach().isNan();
        Tensor count = nan.logicalNot().sum(-1, true);
        Tensor rank = q.reshape(-1).mul(count.sub(1).clampMin(0).to(x.getDtype()));
        Tensor low = rank.detach().floor(), high = rank.detach().ceil();
        Tensor value = switch (how.between()) {
          case LOWER -> at(line, low);
          case HIGHER -> at(line, high);
          case NEAREST -> at(line, rank.detach().round());
          case MIDPOINT -> at(line, low).add(at(line, high)).div(2);
          case LINEAR -> at(line, low).lerp(at(line, high), rank.sub(low));
        };
        Tensor unknown = how.skipNan() ? count.eq(0) : nan.narrow(-1, nan.size(-1) - 1, 1);
        value = Elementwise.where(unknown, Tensor.constant(Double.NaN), value);
        if (how.keepDim() && x.getNdim() > 0) value = value.unsqueeze(-2).movedim(-2, how.dim());
        if (x.getNdim() == 0) value = value.reshape(how.keepDim() || q.getNdim() > 0
            ? new int[] {q.numel() > 1 ? -1 : 1} : new int[0]);
        return q.getNdim() == 0 ? x.getNdim() == 0 ? value.reshape() : value.squeeze(-1) : x.getNdim() == 0 ? value
            : value.movedim(-1, 0);
      }).floating()
      .tests(t -> {
        t.reference((how, in) -> {
          NdArray x = in.get(0), q = in.get(1);
          int[] rest = Shape.of(x.shape()).without(how.dim()).toArray();
          int[] out = new int[rest.length + 1];
          out[0] = q.data().length;
          System.arraycopy(rest, 0, out, 1, rest.length);
          NdArray all = NdArray.by(out, i -> {
            int[] at = new int[x.shape().length];
            for (int d = 0; d < rest.length; d++) at[d < how.dim() ? d : d + 1] = i[d + 1];
            return quantile(sorted(x, how.dim(), at), q.data()[i[0]], how.between());
          });
          return q.shape().length > 0 ? all : new NdArray(rest, all.data());
        });
        for (Between b : Between.values())
          t.with(new Quantile(1, false, b, false), shape(3, 5).distinct(), shape().of(OpTests.Values.PROBABILITY))
              .with(new Quantile(0, false, b, true), strided(6, 2).distinct(), shape(3).of(OpTests.Values.PROBABILITY));
        t.fails(() -> Tensor.ones(3).quantile(0.5, 0, false, "cubic"),
            "quantile: the interpolation is linear, lower, higher, midpoint or nearest, got cubic.");
      }).build();

  public static final Op<Along> CUMMAX = running("cummax", Math::max,
      "The largest up to each place along a dim, and where it last stood.");
  public static final Op<Along> CUMMIN = running("cummin", Math::min,
      "The smallest up to each place along a dim, and where it last stood.");

  public static final Op<Shapes.Dim> LOGCUMSUMEXP = composite("logcumsumexp", Shapes.Dim.class,
      "log of the running sums of exp(x) along a dim, without overflow. Takes memory by the square of the dim.", c -> {
        Tensor x = c.in(0);
        if (x.getNdim() == 0) return x.copy();
        Tensor rows = x.movedim(c.attributes().dim(), -1).unsqueeze(-2);
        int n = x.size(c.attributes().dim());
        if (n == 0) return x.copy();
        Tensor place = Creation.range(n, x);
        Tensor later = place.gt(place.unsqueeze(1));
        return Elementwise.where(later, Tensor.constant(Double.NEGATIVE_INFINITY), rows).logsumexp(-1, false)
            .movedim(-1, c.attributes().dim());
      }).floating()
      .tests(t -> t.reference((d, in) -> Oracles.running((a, b) -> Math.log(Math.exp(a) + Math.exp(b)))
          .of(new Along(d.dim(), false), in)).with(new Shapes.Dim(1), shape(2, 5))
          .with(new Shapes.Dim(0), strided(4, 3))).build();

  public static final Op<Differences> DIFF = composite("diff", Differences.class,
      "Each element along a dim less the one before, so many times over.", c -> {
        Tensor x = c.in(0);
        int dim = c.attributes().dim();
        if (x.getNdim() == 0) throw new ShapeError("diff: a single value has no dims.");
        for (int i = 0; i < c.attributes().times(); i++) {
          int n = Math.max(0, x.size(dim) - 1);
          x = x.size(dim) == 0 ? x : x.narrow(dim, 1, n).sub(x.narrow(dim, 0, n));
        }
        return Arrangements.own(x, c.in(0));
      }).numbers()
      .tests(t -> t.reference((d, in) -> {
        NdArray x = in.get(0);
        for (int k = 0; k < d.times(); k++) {
          NdArray from = x;
          int[] out = from.shape().clone();
          out[d.dim()]--;
          x = NdArray.by(out, i -> {
            double before = from.at(i);
            i[d.dim()]++;
            return from.at(i) - before;
          });
        }
        return x;
      }).with(new Differences(1, 1), shape(2, 5)).with(new Differences(2, 0), strided(4, 3))
          .with(new Differences(1, 0), shape(1))).build();

  private static Op<Along> median(String name, boolean skipNan, String doc) {
    return op(name, Along.class, doc)
        .decompose(c -> {
          Along a = c.attributes();
          Tensor x = c.in(0);
          if (x.getNdim() > 0 && x.size(a.dim()) == 0)
            throw new ShapeError(name + ": dim " + a.dim() + " of " + x.describe() + " is empty.");
          Extreme all = x.sort(a.dim(), false);
          if (x.getNdim() == 0) return new Tensor[] {all.values(), all.indices()};
          int n = x.size(a.dim());
          Tensor nan = all.values().detach().isNan();
          Tensor middle = skipNan ? nan.logicalNot().sum(a.dim(), true).sub(1).clampMin(0).bitwiseRightShift(1)
              : Elementwise.where(nan.narrow(a.dim(), n - 1, 1), Tensor.constant(n - 1), Tensor.constant((n - 1) / 2));
          return found(x, all.indices().gather(a.dim(), middle), a.dim(), a.flag());
        })
        .tests(t -> t.reference((a, in) -> ranked(in.get(0), a.dim(), a.flag(), line -> line[(line.length - 1) / 2]))
            .with(new Along(1, false), shape(3, 5).distinct()).with(new Along(0, true), strided(4, 3).distinct())
            .with(new Along(0, false), shape())
            .fails(() -> skipNan ? Tensor.ones(0).nanmedian(0, false) : Tensor.ones(0).median(0, false),
                name + ": dim 0 of f32[0] is empty.")).build();
  }

  private static Op<Along> running(String name, DoubleBinaryOperator best, String doc) {
    return op(name, Along.class, doc)
        .infer(c -> List.of(Spec.like(c.in(0)), new Spec(c.in(0).getShape(), DType.i64)))
        .grads((c, g, needed) -> new Tensor[] {g[0] == null ? null
            : Tensor.zerosLike(g[0].detach()).scatterAdd(c.attributes().dim(), c.out(1), g[0])})
        .onHost()
        .tests(t -> OpTests.along(t, false).reference(Oracles.running(best))).build();
  }

  /** The elements of a dim at a place each, and the places. */
  private static Tensor[] found(Tensor x, Tensor at, int dim, boolean keepDim) {
    Tensor values = x.gather(dim, at);
    return keepDim ? new Tensor[] {values, at} : new Tensor[] {values.squeeze(dim), at.squeeze(dim)};
  }

  /** The elements of the last dim at ranks [..., n]. */
  private static Tensor at(Tensor line, Tensor rank) {
    return line.gather(-1, rank.to(DType.i64));
  }

  private static Tensor along(Tensor vector, Tensor x, int dim) {
    int[] own = new int[x.getNdim()];
    Arrays.fill(own, 1);
    own[dim] = x.size(dim);
    return vector.reshape(own).expand(x.getShape());
  }

  private static double[] sorted(NdArray x, int dim, int[] index) {
    return Arrays.stream(Oracles.line(x, dim, index)).sorted().toArray();
  }

  private static NdArray ranked(NdArray x, int dim, boolean keepDim,
      java.util.function.ToDoubleFunction<double[]> pick) {
    if (x.shape().length == 0) return x;
    int[] kept = x.shape().clone();
    kept[dim] = 1;
    NdArray all = NdArray.by(kept, i -> pick.applyAsDouble(sorted(x, dim, i)));
    return keepDim ? all : new NdArray(Shape.of(kept).without(dim).toArray(), all.data());
  }

  private static double mode(double[] sorted) {
    double best = sorted[0];
    int most = 0;
    for (double v : sorted) {
      int n = (int) Arrays.stream(sorted).filter(o -> o == v).count();
      if (n > most) {
        most = n;
        best = v;
      }
    }
    return best;
  }

  private static double quantile(double[] sorted, double q, Between between) {
    double rank = q * (sorted.length - 1), low = sorted[(int) Math.floor(rank)], high = sorted[(int) Math.ceil(rank)];
    return switch (between) {
      case LOWER -> low;
      case HIGHER -> high;
      case NEAREST -> sorted[(int) Math.rint(rank)];
      case MIDPOINT -> (low + high) / 2;
      case LINEAR -> low + (rank - Math.floor(rank)) * (high - low);
    };
  }

  public static Extreme topk(Tensor x, int k, int dim, boolean largest) {
    return extreme(Dispatch.all(TOPK, new Ranked(k, x.getShape().axis("topk", dim), largest, true), x));
  }

  public static Extreme kthvalue(Tensor x, int k, int dim, boolean keepDim) {
    return extreme(Dispatch.all(KTHVALUE, new Ranked(k, x.getShape().axis("kthvalue", dim), false, keepDim), x));
  }

  public static Extreme along(Op<Along> op, Tensor x, int dim, boolean keepDim) {
    return extreme(Dispatch.all(op, new Along(x.getShape().axis(op.name(), dim), keepDim), x));
  }

  private static Extreme extreme(Tensor[] both) {
    return new Extreme(both[0], both[1]);
  }

  public static Tensor quantile(Tensor x, Tensor q, int dim, boolean keepDim, String between, boolean skipNan) {
    return Dispatch.call(QUANTILE, new Quantile(x.getShape().axis("quantile", dim), keepDim, Between.of(between),
        skipNan), x, q);
  }

  public static Tensor quantile(Tensor x, double q, int dim, boolean keepDim, String between, boolean skipNan) {
    if (!(q >= 0 && q <= 1)) throw new KtrainException("quantile: q must lie in 0..1, got " + q + ".");
    return quantile(x, Creation.full(Shape.SCALAR, q, x.getDtype(), x.getDevice()), dim, keepDim, between, skipNan);
  }

  public static Tensor diff(Tensor x, int times, int dim) {
    if (times < 0) throw new KtrainException("diff: the number of times must not be negative, got " + times + ".");
    return Dispatch.call(DIFF, new Differences(times, x.getShape().axis("diff", dim)), x);
  }
}
