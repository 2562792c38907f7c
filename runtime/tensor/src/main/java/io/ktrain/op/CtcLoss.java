package io.ktrain.op;

import static io.ktrain.op.OpBuilder.op;

import io.ktrain.tensor.Check;
import io.ktrain.tensor.Context;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.Reduction;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** Connectionist temporal classification: labels whose places among the steps nobody knows (Graves et al. 2006). */
public final class CtcLoss {
  private CtcLoss() {}

  /** How many steps and labels of each sample count, and which class stands for no label. */
  public record Lengths(int[] inputs, int[] targets, int blank) {}

  public record Ctc(Lengths lengths, Reduction reduction, boolean zeroInfinity) {}

  /** Stands for log(0) in the decomposition, where minus infinity would make gradients NaN. */
  private static final double IMPOSSIBLE = -1e30;

  public static final Op<Lengths> CTC_ROWS = op("ctcRows", Lengths.class,
      "-log of the probability of all ways to say a sample's labels, a value a sample; infinite where they do not fit.")
      .gives(c -> new Spec(Shape.of(c.in(0).size(1)), c.in(0).getDtype()))
      .decompose(c -> new Tensor[] {forward(c.in(0), c.in(1), c.attributes())})
      .grad((c, g) -> Dispatch.call(rowsGrad(), c.attributes(), g, c.in(0), c.in(1)))
      .onHost().internal().autocast(Autocast.Rule.F32)
      .tests(t -> t.attributes(new Lengths(new int[] {6, 5}, new int[] {2, 3}, 3))
          .sample(OpTests.shape(6, 2, 4), OpTests.shape(2, 3).index(3))
          .attributes(new Lengths(new int[] {5, 3, 4}, new int[] {1, 0, 2}, 2))
          .sample(OpTests.strided(5, 3, 4), OpTests.shape(3, 2).index(2))).build();

  public static final Op<Lengths> CTC_ROWS_GRAD = op("ctcRowsGrad", Lengths.class,
      "Minus the probability of each label at each step, times g; the gradient by the log probabilities themselves.")
      .gives(c -> new Spec(c.in(1).getShape(), c.in(1).getDtype()))
      .decompose(c -> new Tensor[] {Context.current().withGrad(true, () -> {
        Tensor x = c.in(1);
        if (!x.getRequiresGrad()) {
          x = x.detach();
          x.setRequiresGrad(true);
        }
        return forward(x, c.in(2), c.attributes()).gradients(List.of(x), c.in(0), true).getFirst();
      })})
      .onHost().internal().autocast(Autocast.Rule.F32)
      .tests(t -> t.attributes(new Lengths(new int[] {5, 4}, new int[] {2, 1}, 3))
          .sample(OpTests.shape(2), OpTests.shape(5, 2, 4), OpTests.shape(2, 3).index(3))).build();

  private static Op<Lengths> rowsGrad() {
    return CTC_ROWS_GRAD;
  }

  public static final Op<Ctc> CTC_LOSS = op("ctcLoss", Ctc.class,
      "-log of the probability of all ways to say the labels in the steps given. log probabilities are [steps, n, "
          + "classes].")
      .composed(CtcLoss::composed)
      .tests(t -> {
        for (Reduction r : Reduction.values())
          t.attributes(new Ctc(new Lengths(new int[] {4, 3}, new int[] {2, 1}, 2), r, false))
              .sample(OpTests.shape(4, 2, 3), OpTests.shape(2, 2).index(2));
        t.attributes(new Ctc(new Lengths(new int[] {4, 1}, new int[] {2, 2}, 2), Reduction.MEAN, true))
            .sample(OpTests.shape(4, 2, 3), OpTests.shape(2, 2).index(2))
            .attributes(new Ctc(new Lengths(new int[] {4, 3}, new int[] {2, 1}, 2), Reduction.NONE, false))
            .sample(OpTests.strided(4, 2, 3), OpTests.shape(3).index(2))
            .attributes(new Ctc(new Lengths(new int[] {4}, new int[] {2}, 2), Reduction.MEAN, false))
            .sample(OpTests.shape(4, 3), OpTests.shape(2).index(2))
            .reference((a, in) -> oracle(a, in))
            .failsByValues(() -> Tensor.ones(4, 1, 3)
                .ctcLoss(Tensor.of(new long[] {1, 3}, 1, 2), Tensor.of(new long[] {4}), Tensor.of(new long[] {2})),
                "ctcLoss: label 3 at index 1 is out of range for the 3 classes of f32[4,1,3]. Fix: labels from 0 to 2, "
                    + "or more outputs.")
            .fails(() -> Tensor.ones(4, 1, 3)
                .ctcLoss(Tensor.of(new long[] {1, 2}, 1, 2), Tensor.of(new long[] {5}), Tensor.of(new long[] {2})),
                "ctcLoss: input length 5 of sample 0 is out of range; f32[4,1,3] has 4 steps.")
            .fails(() -> Tensor.ones(4, 1, 3)
                .ctcLoss(Tensor.of(new long[] {1, 2}, 1, 2), Tensor.of(new long[] {4}), Tensor.of(new long[] {2, 2})),
                "ctcLoss: f32[4,1,3] is a batch of 1, but there are 1 input lengths and 2 target lengths.");
      }).build();

  private static Tensor composed(Call<Ctc> c) {
    Tensor x = c.in(0), targets = c.in(1);
    Lengths lengths = c.attributes().lengths();
    Promotion.floating("ctcLoss", x);
    Indexing.index("ctcLoss", targets);
    boolean single = x.getNdim() == 2;
    if (!single && x.getNdim() != 3)
      throw new ShapeError("ctcLoss: log probabilities must be [steps, n, classes] or [steps, classes], got "
          + x.describe() + ".");
    Tensor batch = single ? x.unsqueeze(1) : x;
    int steps = batch.size(0), n = batch.size(1), classes = batch.size(2);
    if (lengths.inputs().length != n || lengths.targets().length != n)
      throw new ShapeError("ctcLoss: " + x.describe() + " is a batch of " + n + ", but there are "
          + lengths.inputs().length + " input lengths and " + lengths.targets().length + " target lengths.");
    if (lengths.blank() < 0 || lengths.blank() >= classes)
      throw new KtrainException("ctcLoss: blank " + lengths.blank() + " is out of range for the " + classes
          + " classes of " + x.describe() + ".");
    for (int i = 0; i < n; i++) {
      if (lengths.inputs()[i] < 1 || lengths.inputs()[i] > steps)
        throw new ShapeError("ctcLoss: input length " + lengths.inputs()[i] + " of sample " + i + " is out of range; "
            + x.describe() + " has " + steps + " steps.");
    }
    Tensor labels = padded(targets, lengths, x);
    Losses.requireLabels("ctcLoss", labels.reshape(-1), classes, x);
    Tensor losses = Dispatch.call(CTC_ROWS, lengths, batch, labels);
    if (c.attributes().zeroInfinity())
      losses = Tensor.where(losses.eq(Double.POSITIVE_INFINITY), Tensor.constant(0.0), losses);
    if (c.attributes().reduction() == Reduction.MEAN)
      losses = losses.div(Tensor.of(Arrays.stream(lengths.targets())
          .asDoubleStream().map(v -> Math.max(1, v)).toArray()).to(x.getDtype()).to(x.getDevice()));
    return c.attributes().reduction().of(single ? losses.reshape() : losses);
  }

  /** Labels as [n, longest], 0 where a sample has no more. */
  private static Tensor padded(Tensor targets, Lengths lengths, Tensor x) {
    int n = lengths.targets().length;
    Tensor labels = targets.to(DType.i64);
    if (labels.getNdim() == 1) {
      var rows = new ArrayList<Tensor>();
      int longest = Arrays.stream(lengths.targets()).max().orElse(0), from = 0,
          all = Arrays.stream(lengths.targets()).sum();
      if (all > labels.size(0))
        throw new ShapeError("ctcLoss: the target lengths add up to " + all + ", but there are " + labels.size(0)
            + " labels.");
      for (int length : lengths.targets()) {
        rows.add(labels.narrow(0, from, length).pad(new int[] {0, longest - length}, 0));
        from += length;
      }
      return Tensor.stack(rows, 0);
    }
    if (labels.getNdim() != 2 || labels.size(0) != n)
      throw new ShapeError("ctcLoss: targets of " + x.describe() + " must be [" + n
          + ", longest], or all in one vector; got " + targets.describe() + ".");
    int longest = Arrays.stream(lengths.targets()).max().orElse(0);
    if (longest > labels.size(1))
      throw new ShapeError("ctcLoss: target length " + longest + " is longer than targets " + targets.describe() + ".");
    Tensor counts = ints(lengths.targets()).unsqueeze(1).to(x.getDevice());
    return Tensor.where(Tensor.arange(labels.size(1)).to(x.getDevice()).lt(counts), labels, Tensor.constant(0));
  }

  private static Tensor ints(int[] values) {
    return Tensor.of(Arrays.stream(values).asLongStream().toArray());
  }

  /** The forward recursion, all samples a step at a time: what the kernel computes, of operations. */
  private static Tensor forward(Tensor x, Tensor targets, Lengths lengths) {
    int steps = x.size(0), n = x.size(1), places = 2 * targets.size(1) + 1;
    Tensor blanks = Tensor.zerosLike(targets).add(lengths.blank()),
        last = Tensor.zeros(Shape.of(n, 1), DType.i64).to(x.getDevice()).add(lengths.blank());
    Tensor said = Tensor.cat(List.of(Tensor.stack(List.of(blanks, targets), 2).reshape(n, places - 1), last), 1);
    Tensor none = Tensor.full(Shape.of(n, places), IMPOSSIBLE, x.getDtype()).to(x.getDevice());
    Tensor place = Tensor.arange(places).to(x.getDevice());
    Tensor leaps = places < 3 ? place.lt(0).expand(n, places)
        : Tensor.cat(List.of(Tensor.zeros(Shape.of(n, 2), DType.bool).to(x.getDevice()),
            said.narrow(1, 2, places - 2).ne(said.narrow(1, 0, places - 2))), 1);
    Tensor reached = null;
    var all = new ArrayList<Tensor>();
    for (int t = 0; t < steps; t++) {
      Tensor here = x.select(0, t).gather(1, said);
      if (t == 0) {
        reached = Tensor.where(place.lt(2), here, none);
      } else {
        Tensor one = shifted(reached, none, 1), two = Tensor.where(leaps, shifted(reached, none, 2), none);
        reached = Tensor.stack(List.of(reached, one, two), 0).logsumexp(0, false).add(here);
      }
      all.add(reached);
    }
    var losses = new ArrayList<Tensor>();
    for (int i = 0; i < n; i++) {
      int end = 2 * lengths.targets()[i];
      Tensor finished = all.get(lengths.inputs()[i] - 1).select(0, i).narrow(0, Math.max(0, end - 1), end == 0 ? 1 : 2);
      losses.add(finished.logsumexp(0, false).neg());
    }
    return Tensor.stack(losses, 0);
  }

  private static Tensor shifted(Tensor reached, Tensor none, int by) {
    int places = reached.size(1);
    return by >= places ? none : Tensor.cat(List.of(none.narrow(1, 0, by), reached.narrow(1, 0, places - by)), 1);
  }

  /** Adds up all paths there are. */
  private static NdArray oracle(Ctc a, List<NdArray> in) {
    int n = a.lengths().inputs().length;
    NdArray x = in.get(0);
    NdArray losses = x.shape().length == 2 ? NdArray.zeros() : NdArray.zeros(n);
    int from = 0;
    for (int i = 0; i < n; i++) {
      int length = a.lengths().targets()[i], row = i;
      var label = new ArrayList<Integer>();
      for (int k = 0; k < length; k++)
        label.add((int) (in.get(1).shape().length == 1 ? in.get(1).at(from + k) : in.get(1).at(i, k)));
      from += length;
      double loss = -Math.log(paths(a.lengths(), x, row, 0, new ArrayList<>(), label));
      if (a.zeroInfinity() && Double.isInfinite(loss)) loss = 0;
      losses.data()[i] = a.reduction() == Reduction.MEAN ? loss / Math.max(1, length) : loss;
    }
    return LossOracles.reduced(a.reduction(), losses);
  }

  private static double paths(Lengths lengths, NdArray x, int sample, int step, List<Integer> path,
      List<Integer> label) {
    if (step == lengths.inputs()[sample]) {
      var said = new ArrayList<Integer>();
      for (int i = 0; i < path.size(); i++)
        if (path.get(i) != lengths.blank() && (i == 0 || !path.get(i).equals(path.get(i - 1)))) said.add(path.get(i));
      return said.equals(label) ? 1 : 0;
    }
    double sum = 0;
    int classes = x.shape()[x.shape().length - 1];
    for (int k = 0; k < classes; k++) {
      path.add(k);
      double p = Math.exp(x.shape().length == 2 ? x.at(step, k) : x.at(step, sample, k));
      sum += p * paths(lengths, x, sample, step + 1, path, label);
      path.removeLast();
    }
    return sum;
  }

  public static Tensor ctcLoss(Tensor x, Tensor targets, Tensor inputLengths, Tensor targetLengths, int blank,
      Reduction reduction, boolean zeroInfinity) {
    var lengths = new Lengths(lengths(inputLengths, 1), lengths(targetLengths, 0), blank);
    return Dispatch.call(CTC_LOSS, new Ctc(lengths, reduction, zeroInfinity), x, targets);
  }

  private static int[] lengths(Tensor t, int unknown) {
    Indexing.index("ctcLoss", t);
    if (t.isShapeOnly() || Check.active())
      return IntStream.range(0, Math.toIntExact(t.numel())).map(i -> unknown).toArray();
    return Arrays.stream(t.toLongArray()).mapToInt(Math::toIntExact).toArray();
  }
}
