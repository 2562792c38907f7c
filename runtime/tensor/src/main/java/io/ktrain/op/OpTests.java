package io.ktrain.op;

import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import java.util.function.Supplier;

/**
 * How an operation says what it is to be tested with. Gradient checks, references, layouts, types and shape-only runs
 * are all made from these samples by the table's tests.
 */
public final class OpTests<A> {
  /**
   * The values a sample's input takes. PROBABILITY: inside 0..1. SIGN: 1 and -1, whole numbers. REGULAR: matrices (the
   * last two dims) far from singular, with distinct eigenvalues and a positive definite symmetric part.
   */
  public enum Values { ANY, POSITIVE, SMALL, LARGE, DISTINCT, SORTED, INDEX, BOOL, PROBABILITY, SIGN, REGULAR }

  /** One input of a sample: its shape, its values, and whether its elements lie apart in memory. */
  public record Input(int[] shape, boolean strided, Values values, int bound) {
    Input of(Values v) {
      return new Input(shape, strided, v, bound);
    }

    Input index(int bound) {
      return new Input(shape, strided, Values.INDEX, bound);
    }

    Input positive() {
      return of(Values.POSITIVE);
    }

    Input distinct() {
      return of(Values.DISTINCT);
    }

    Input sorted() {
      return of(Values.SORTED);
    }

    Input bool() {
      return of(Values.BOOL);
    }
  }

  public record Sample<A>(A attributes, List<Input> inputs) {}

  /** The naive computation in double. */
  public interface Oracle<A> {
    NdArray of(A attributes, List<NdArray> inputs);
  }

  /** A call that must fail with exactly this message; {@code byValues}: kernels have to run to see it. */
  public record Failure(Supplier<Object> call, String message, boolean byValues) {}

  private final Op<A> op;
  private final List<Sample<A>> samples = new ArrayList<>();
  private final List<Failure> failures = new ArrayList<>();
  private List<Oracle<A>> references = List.of();
  private A attributes;
  private boolean flat;
  private boolean firstOnly;
  private boolean shapedByValues;
  private boolean floored;

  OpTests(Op<A> op) {
    this.op = op;
    @SuppressWarnings("unchecked")
    A none = op.pointwise() == null ? null : (A) new double[0];
    attributes = none;
  }

  public List<Sample<A>> samples() {
    return samples;
  }

  public List<Failure> failures() {
    return failures;
  }

  /** One an output, of the first ones that have any. */
  public List<Oracle<A>> references() {
    return references;
  }

  /** Whether only its values say how large a result is. */
  public boolean isShapedByValues() {
    return shapedByValues;
  }

  /** Whether the function is flat with steps: its gradient is zero and finite differences may straddle a step. */
  public boolean isFlat() {
    return flat;
  }

  /** Whether further outputs are byproducts without a gradient of their own. */
  public boolean isFirstOutputOnly() {
    return firstOnly;
  }

  OpTests<A> flat() {
    flat = true;
    return this;
  }

  OpTests<A> firstOutputOnly() {
    firstOnly = true;
    return this;
  }

  /** Whether whole numbers give what f64 gives rounded down. */
  public boolean isFloored() {
    return floored;
  }

  OpTests<A> floored() {
    floored = true;
    return this;
  }

  OpTests<A> shapedByValues() {
    shapedByValues = true;
    return this;
  }

  /** What the outputs are to be, in their order. */
  @SafeVarargs
  final OpTests<A> reference(Oracle<A>... oracles) {
    references = List.of(oracles);
    return this;
  }

  OpTests<A> attributes(A a) {
    attributes = a;
    return this;
  }

  @SuppressWarnings("unchecked")
  OpTests<A> numbers(double... values) {
    return attributes((A) values);
  }

  OpTests<A> sample(Input... inputs) {
    samples.add(new Sample<>(attributes, List.of(inputs)));
    return this;
  }

  /** A sample of these attributes, which later samples keep. */
  OpTests<A> with(A attributes, Input... inputs) {
    return attributes(attributes).sample(inputs);
  }

  OpTests<A> floats(Input... inputs) {
    return sample(inputs);
  }

  OpTests<A> distinct(Input x) {
    return sample(x.of(Values.DISTINCT));
  }

  OpTests<A> indexed(Input x, Input index, int bound) {
    return sample(x, index.index(bound));
  }

  OpTests<A> scattered(Input x, Input index, int bound) {
    return sample(x, index.index(bound), new Input(index.shape, false, Values.ANY, 0));
  }

  OpTests<A> indexAdded(Input x, Input src, int bound) {
    return sample(x, new Input(new int[] {src.shape[0]}, false, Values.INDEX, bound), src);
  }

  OpTests<A> labelled(Input logits, int classes) {
    return sample(logits, new Input(new int[] {logits.shape[0]}, false, Values.INDEX, classes));
  }

  OpTests<A> fails(Supplier<Object> call, String message) {
    failures.add(new Failure(call, message, false));
    return this;
  }

  /** A failure that only the values of indices or labels show. */
  OpTests<A> failsByValues(Supplier<Object> call, String message) {
    failures.add(new Failure(call, message, true));
    return this;
  }

  /** An optional input that is not given. */
  static final Input ABSENT = new Input(null, false, Values.ANY, 0);

  static Input shape(int... sizes) {
    return new Input(sizes, false, Values.ANY, 0);
  }

  /** Elements that lie apart: every second of each dim of a larger transposed tensor. */
  static Input strided(int... sizes) {
    return new Input(sizes, true, Values.ANY, 0);
  }

  OpTests<A> unary() {
    return unary(Values.ANY);
  }

  OpTests<A> unaryPositive() {
    return unary(Values.POSITIVE);
  }

  OpTests<A> unarySmall() {
    return unary(Values.SMALL);
  }

  OpTests<A> unary(Values v) {
    for (Input x : new Input[] {shape(), shape(3), shape(2, 3, 4), shape(0, 5), shape(1025), strided(4, 6)})
      sample(x.of(v));
    return this;
  }

  OpTests<A> unaryLinear() {
    return unary();
  }

  OpTests<A> binary() {
    return binary(Values.ANY);
  }

  OpTests<A> binaryPositive() {
    return binary(Values.POSITIVE);
  }

  OpTests<A> binary(Values v) {
    for (Input[] p : new Input[][] {{shape(), shape()}, {shape(3), shape()}, {shape(2, 3, 4), shape(3, 1)},
        {shape(4), shape(2, 1, 4)}, {shape(0, 5), shape(5)}, {shape(1, 700), shape(3, 700)},
        {shape(64, 33), shape(33)}, {shape(64, 33), shape(64, 1)}, {strided(4, 6), shape(4, 6)},
        {shape(4, 6), strided(4, 6)}}) sample(p[0].of(v), p[1].of(v));
    return this;
  }

  OpTests<A> ternary() {
    return sample(shape(3, 4), shape(3, 4), shape(4).of(Values.POSITIVE))
        .sample(strided(4, 6), shape(4, 6), shape(6).of(Values.POSITIVE))
        .sample(shape(), shape(), shape().of(Values.POSITIVE));
  }

  OpTests<A> conditional() {
    return sample(shape(2, 3).of(Values.BOOL), shape(2, 3), shape(2, 3))
        .sample(shape(3).of(Values.BOOL), shape(2, 1), shape())
        .sample(strided(4, 6).of(Values.BOOL), strided(4, 6), shape(4, 1))
        .sample(shape(0).of(Values.BOOL), shape(1), shape(0));
  }

  static OpTests<Reductions.Over> reduction(OpTests<Reductions.Over> t) {
    return t.attributes(new Reductions.Over(new int[] {1}, false))
        .sample(shape(2, 3, 4)).sample(strided(4, 6)).sample(shape(3, 65)).sample(shape(0, 3))
        .attributes(new Reductions.Over(new int[] {0}, true)).sample(shape(5)).sample(shape(70, 3)).sample(shape(2, 0))
        .attributes(new Reductions.Over(new int[] {0, 2}, false)).sample(shape(2, 3, 4)).sample(strided(4, 2, 6))
        .attributes(new Reductions.Over(new int[] {}, false)).sample(shape());
  }

  static OpTests<Reductions.Over> extremes(OpTests<Reductions.Over> t) {
    return t.attributes(new Reductions.Over(new int[] {1}, false)).sample(shape(2, 3, 4).of(Values.DISTINCT))
        .sample(strided(4, 6).of(Values.DISTINCT)).sample(shape(3, 65).of(Values.DISTINCT))
        .attributes(new Reductions.Over(new int[] {0, 2}, true)).sample(shape(2, 3, 4).of(Values.DISTINCT))
        .attributes(new Reductions.Over(new int[] {}, false)).sample(shape());
  }

  static OpTests<Reductions.Along> along(OpTests<Reductions.Along> t, boolean bothFlags) {
    t.attributes(new Reductions.Along(1, false)).sample(shape(2, 3, 4).of(Values.DISTINCT))
        .sample(strided(4, 6).of(Values.DISTINCT)).sample(shape(2, 33).of(Values.DISTINCT))
        .attributes(new Reductions.Along(0, false)).sample(shape(5).of(Values.DISTINCT)).sample(shape());
    return bothFlags ? t.attributes(new Reductions.Along(0, true)).sample(shape(4, 3).of(Values.DISTINCT)) : t;
  }

  static <A> OpTests<A> alongLast(OpTests<A> t, IntFunction<A> dim) {
    return t.attributes(dim.apply(1)).sample(shape(3, 4)).sample(strided(6, 8)).sample(shape(2, 3, 4))
        .sample(shape(2, 129))
        .sample(shape(0, 3)).attributes(dim.apply(0)).sample(shape(5)).sample(shape(4, 3)).sample(shape());
  }

  // ---- oracles

  static NdArray matmul(Object none, List<NdArray> in) {
    NdArray a = in.get(0), b = in.get(1), out = NdArray.zeros(a.shape()[0], b.shape()[1]);
    for (int i = 0; i < a.shape()[0]; i++)
      for (int j = 0; j < b.shape()[1]; j++)
        for (int k = 0; k < a.shape()[1]; k++) out.add(a.at(i, k) * b.at(k, j), i, j);
    return out;
  }

  static NdArray batchedMatmul(Object none, List<NdArray> in) {
    NdArray a = in.get(0), b = in.get(1), out = NdArray.zeros(a.shape()[0], a.shape()[1], b.shape()[2]);
    for (int n = 0; n < a.shape()[0]; n++)
      for (int i = 0; i < a.shape()[1]; i++)
        for (int j = 0; j < b.shape()[2]; j++)
          for (int k = 0; k < a.shape()[2]; k++) out.add(a.at(n, i, k) * b.at(n, k, j), n, i, j);
    return out;
  }

  static NdArray conv2d(Conv2dOptions o, List<NdArray> in) {
    NdArray x = in.get(0), w = in.get(1), b = in.get(2);
    int n = x.shape()[0], h = x.shape()[2], width = x.shape()[3], out = w.shape()[0], c = w.shape()[1],
        kh = w.shape()[2], kw = w.shape()[3];
    int oh = (h + 2 * o.paddingH() - o.dilationH() * (kh - 1) - 1) / o.strideH() + 1,
        ow = (width + 2 * o.paddingW() - o.dilationW() * (kw - 1) - 1) / o.strideW() + 1;
    NdArray y = NdArray.zeros(n, out, oh, ow);
    for (int i = 0; i < n; i++)
      for (int k = 0; k < out; k++)
        for (int r = 0; r < oh; r++)
          for (int s = 0; s < ow; s++) {
            double sum = b == null ? 0 : b.data()[k];
            for (int ch = 0; ch < c; ch++)
              for (int p = 0; p < kh; p++)
                for (int q = 0; q < kw; q++) {
                  int row = r * o.strideH() - o.paddingH() + p * o.dilationH(),
                      col = s * o.strideW() - o.paddingW() + q * o.dilationW();
                  if (row >= 0 && row < h && col >= 0 && col < width)
                    sum += x.at(i, k / (out / o.groups()) * c + ch, row, col) * w.at(k, ch, p, q);
                }
            y.set(sum, i, k, r, s);
          }
    return y;
  }

  static NdArray maxPool2d(Pool2dOptions o, List<NdArray> in) {
    return pool(o, in.get(0), true);
  }

  static NdArray avgPool2d(Pool2dOptions o, List<NdArray> in) {
    return pool(o, in.get(0), false);
  }

  private static NdArray pool(Pool2dOptions o, NdArray x, boolean max) {
    int n = x.shape()[0], c = x.shape()[1], h = x.shape()[2], w = x.shape()[3], oh = o.windows(h, true),
        ow = o.windows(w, false);
    NdArray y = NdArray.zeros(n, c, oh, ow);
    for (int i = 0; i < n; i++)
      for (int k = 0; k < c; k++)
        for (int r = 0; r < oh; r++)
          for (int s = 0; s < ow; s++) {
            double best = Double.NEGATIVE_INFINITY, sum = 0;
            int inside = 0, top = r * o.strideH() - o.paddingH(), left = s * o.strideW() - o.paddingW();
            int padded = (Math.min(top + o.kernelH(), h + o.paddingH()) - top) * (Math.min(left + o.kernelW(),
                w + o.paddingW()) - left);
            for (int p = top; p < top + o.kernelH(); p++)
              for (int q = left; q < left + o.kernelW(); q++)
                if (p >= 0 && p < h && q >= 0 && q < w) {
                  best = Math.max(best, x.at(i, k, p, q));
                  sum += x.at(i, k, p, q);
                  inside++;
                }
            y.set(max ? best : sum / (o.countIncludePad() ? padded : inside), i, k, r, s);
          }
    return y;
  }
}
