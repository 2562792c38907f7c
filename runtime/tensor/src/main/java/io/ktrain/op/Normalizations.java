package io.ktrain.op;

import static io.ktrain.op.Autocast.Rule.F32;
import static io.ktrain.op.Autocast.Rule.F32_INSIDE;
import static io.ktrain.op.OpBuilder.op;

import io.ktrain.tensor.Shape;
import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/** Softmax and the normalizations by mean and variance. */
public final class Normalizations {
  private Normalizations() {}

  public record Dim(int dim) {}

  /** How many trailing dims are normalized together, and what is added to the variance. */
  public record Layer(int dims, double eps) {}

  public record Eps(double eps) {}

  /** Into how many groups channels are cut, and what is added to the variance. */
  public record Groups(int groups, double eps) {}

  /** How many neighbouring channels count, and the formula's numbers. */
  public record Local(int size, double alpha, double beta, double k) {}

  public static final Op<Dim> SOFTMAX = op("softmax", Dim.class, "exp(x) divided by its sum along a dim.")
      .gives(c -> floating("softmax", c.in(0)))
      .decompose(c -> {
        Tensor e = shifted(c.in(0), c.attributes().dim()).exp();
        return new Tensor[] {e.div(e.sum(c.attributes().dim(), true))};
      })
      .grad((c, g) -> Dispatch.call(softmaxGrad(), c.attributes(), g, c.out(0)))
      .autocast(F32).tests(t -> OpTests.alongLast(t, Dim::new)).build();

  public static final Op<Dim> SOFTMAX_GRAD = op("softmaxGrad", Dim.class, "y * (g - sum(g * y)).")
      .gives(c -> Spec.like(c.in(0)))
      .decompose(c -> new Tensor[] {c.in(1).mul(c.in(0).sub(c.in(0).mul(c.in(1)).sum(c.attributes().dim(), true)))})
      .internal()
      .tests(t -> t.attributes(new Dim(1))
          .floats(OpTests.shape(3, 4), OpTests.shape(3, 4)).floats(OpTests.strided(6, 8), OpTests.shape(6, 8))).build();

  private static Op<Dim> softmaxGrad() {
    return SOFTMAX_GRAD;
  }

  public static final Op<Dim> LOG_SOFTMAX = op("logSoftmax", Dim.class, "The logarithm of softmax, without overflow.")
      .gives(c -> floating("logSoftmax", c.in(0)))
      .decompose(c -> {
        Tensor s = shifted(c.in(0), c.attributes().dim());
        return new Tensor[] {s.sub(s.exp().sum(c.attributes().dim(), true).log())};
      })
      .grad((c, g) -> Dispatch.call(logSoftmaxGrad(), c.attributes(), g, c.out(0)))
      .autocast(F32).tests(t -> OpTests.alongLast(t, Dim::new)).build();

  public static final Op<Dim> LOG_SOFTMAX_GRAD = op("logSoftmaxGrad", Dim.class, "g - exp(y) * sum(g).")
      .gives(c -> Spec.like(c.in(0)))
      .decompose(c -> new Tensor[] {c.in(0).sub(c.in(1).exp().mul(c.in(0).sum(c.attributes().dim(), true)))})
      .internal()
      .tests(t -> t.attributes(new Dim(1))
          .floats(OpTests.shape(3, 4), OpTests.shape(3, 4)).floats(OpTests.strided(6, 8), OpTests.shape(6, 8))).build();

  private static Op<Dim> logSoftmaxGrad() {
    return LOG_SOFTMAX_GRAD;
  }

  /** Outputs y, mean and 1 / standard deviation; inputs x, weight and bias (both or neither). */
  public static final Op<Layer> LAYER_NORM = op("layerNorm", Layer.class,
      "x less its mean, divided by its standard deviation over the last dims, times weight plus bias.")
      .infer(c -> {
        Tensor x = c.in(0);
        Spec y = floating("layerNorm", x);
        int n = c.attributes().dims();
        Shape last = Shape.of(Arrays.copyOfRange(x.getShape().toArray(), x.getNdim() - n, x.getNdim()));
        for (int i = 1; i <= 2; i++)
          if (c.in(i) != null && !c.in(i).getShape().equals(last))
            throw new ShapeError("layerNorm: weight and bias must be " + last + ", got " + c.in(i).describe() + ".");
        int[] rows = Arrays.copyOf(x.getShape().toArray(), x.getNdim());
        Arrays.fill(rows, x.getNdim() - n, x.getNdim(), 1);
        Spec statistics = new Spec(Shape.of(rows), x.getDtype());
        return List.of(y, statistics, statistics);
      })
      .decompose(c -> {
        Tensor x = c.in(0);
        int[] dims = last(x.getNdim(), c.attributes().dims());
        Tensor mean = x.mean(dims, true), d = x.sub(mean);
        Tensor rstd = d.square().mean(dims, true).add(c.attributes().eps()).rsqrt();
        return new Tensor[] {affine(d.mul(rstd), c.in(1), c.in(2)), mean, rstd};
      })
      .grads((c, g, needed) -> g[0] == null ? new Tensor[3]
          : Dispatch.all(layerNormGrad(), c.attributes(), g[0], c.in(0), c.in(1), c.out(1).detach(), c.out(2).detach()))
      .autocast(F32).tests(t -> t.attributes(new Layer(1, 1e-5))
          .floats(OpTests.shape(3, 4), OpTests.shape(4), OpTests.shape(4))
          .floats(OpTests.strided(6, 10), OpTests.shape(10), OpTests.shape(10))
          .floats(OpTests.shape(5, 7), OpTests.ABSENT, OpTests.ABSENT)
          .attributes(new Layer(2, 1e-5))
          .floats(OpTests.shape(2, 3, 4), OpTests.shape(3, 4), OpTests.shape(3, 4)).firstOutputOnly())
      .build();

  /** The statistics are only a saving: the decomposition makes them of x again, so that it can be differentiated. */
  public static final Op<Layer> LAYER_NORM_GRAD = op("layerNormGrad", Layer.class,
      "The gradients of layerNorm by x, weight and bias.")
      .infer(c -> {
        Spec dx = new Spec(c.in(1).getShape(), c.in(1).getDtype());
        int n = c.attributes().dims();
        Spec dw = new Spec(
            Shape.of(Arrays.copyOfRange(c.in(1).getShape().toArray(), c.in(1).getNdim() - n, c.in(1).getNdim())),
            c.in(1).getDtype());
        return List.of(dx, dw, dw);
      })
      .decompose(c -> {
        Tensor g = c.in(0), x = c.in(1), w = c.in(2);
        int[] dims = last(x.getNdim(), c.attributes().dims());
        Tensor d = x.sub(x.mean(dims, true));
        Tensor rstd = d.square().mean(dims, true).add(c.attributes().eps()).rsqrt();
        Tensor xhat = d.mul(rstd), gw = w == null ? g : g.mul(w);
        Tensor dx = gw.sub(gw.mean(dims, true)).sub(xhat.mul(gw.mul(xhat).mean(dims, true))).mul(rstd);
        int[] rows = new int[x.getNdim() - dims.length];
        for (int i = 0; i < rows.length; i++) rows[i] = i;
        return new Tensor[] {dx, g.mul(xhat).sum(rows, false), g.sum(rows, false)};
      })
      .internal().build();

  private static Op<Layer> layerNormGrad() {
    return LAYER_NORM_GRAD;
  }

  /** Outputs y, mean and biased variance of each channel (dim 1). */
  public static final Op<Eps> BATCH_NORM = op("batchNorm", Eps.class,
      "x less its channel's mean over the batch, divided by the standard deviation, times weight plus bias.")
      .infer(c -> {
        Tensor x = c.in(0);
        Spec y = floating("batchNorm", x);
        if (x.getNdim() < 2) throw new ShapeError("batchNorm: needs [batch, channels, ...], got " + x.describe() + ".");
        Shape channels = Shape.of(x.size(1));
        for (int i = 1; i <= 2; i++)
          if (c.in(i) != null && !c.in(i).getShape().equals(channels))
            throw new ShapeError("batchNorm: weight and bias must be " + channels + ", got "
                + c.in(i).describe() + ".");
        Spec statistics = new Spec(channels, x.getDtype());
        return List.of(y, statistics, statistics);
      })
      .decompose(c -> {
        Tensor x = c.in(0);
        int[] dims = allBut1(x.getNdim());
        Tensor mean = x.mean(dims, true), d = x.sub(mean), var = d.square().mean(dims, true);
        Tensor y = d.mul(var.add(c.attributes().eps()).rsqrt());
        return new Tensor[] {affine(y, channels(c.in(1), x), channels(c.in(2), x)), mean.reshape(x.size(1)),
            var.reshape(x.size(1))};
      })
      .grads((c, g, needed) -> g[0] == null ? new Tensor[3]
          : Dispatch.all(batchNormGrad(), c.attributes(), g[0], c.in(0), c.in(1), c.out(1).detach(), c.out(2).detach()))
      .autocast(F32_INSIDE)
      .tests(t -> t.attributes(new Eps(1e-5)).floats(OpTests.shape(5, 3), OpTests.shape(3), OpTests.shape(3))
          .floats(OpTests.shape(2, 3, 2, 2), OpTests.shape(3), OpTests.shape(3))
          .floats(OpTests.strided(4, 6, 2), OpTests.shape(6), OpTests.shape(6))
          .floats(OpTests.shape(7, 2), OpTests.ABSENT, OpTests.ABSENT).firstOutputOnly())
      .build();

  public static final Op<Eps> BATCH_NORM_GRAD = op("batchNormGrad", Eps.class,
      "The gradients of batchNorm by x, weight and bias.")
      .infer(c -> {
        Spec statistics = new Spec(Shape.of(c.in(1).size(1)), c.in(1).getDtype());
        return List.of(new Spec(c.in(1).getShape(), c.in(1).getDtype()), statistics, statistics);
      })
      .decompose(c -> {
        Tensor g = c.in(0), x = c.in(1);
        int[] dims = allBut1(x.getNdim());
        Tensor d = x.sub(x.mean(dims, true));
        Tensor rstd = d.square().mean(dims, true).add(c.attributes().eps()).rsqrt();
        Tensor xhat = d.mul(rstd);
        Tensor gw = c.in(2) == null ? g : g.mul(channels(c.in(2), x));
        Tensor dx = gw.sub(gw.mean(dims, true)).sub(xhat.mul(gw.mul(xhat).mean(dims, true))).mul(rstd);
        return new Tensor[] {dx, g.mul(xhat).sum(dims, false), g.sum(dims, false)};
      })
      .internal().build();

  private static Op<Eps> batchNormGrad() {
    return BATCH_NORM_GRAD;
  }

  /** Outputs y, and mean and 1 / standard deviation of each group of each sample. */
  public static final Op<Groups> GROUP_NORM = op("groupNorm", Groups.class,
      "x less the mean of its sample's group of channels, divided by their standard deviation, times each channel's "
          + "weight plus its bias (Wu and He 2018).")
      .infer(c -> {
        Tensor x = c.in(0);
        Spec y = floating("groupNorm", x);
        int groups = c.attributes().groups();
        if (x.getNdim() < 2) throw new ShapeError("groupNorm: needs [batch, channels, ...], got " + x.describe() + ".");
        if (groups < 1 || x.size(1) % groups != 0)
          throw new ShapeError("groupNorm: " + x.size(1) + " channels of " + x.describe() + " cannot be cut into "
              + groups + " groups.");
        weights("groupNorm", c, Shape.of(x.size(1)));
        Spec statistics = new Spec(Shape.of(x.size(0), groups), x.getDtype());
        return List.of(y, statistics, statistics);
      })
      .decompose(c -> {
        Tensor x = c.in(0), rows = grouped(x, c.attributes().groups()), mean = rows.mean(2, true), d = rows.sub(mean);
        Tensor rstd = d.square().mean(2, true).add(c.attributes().eps()).rsqrt();
        Tensor y = d.mul(rstd).reshape(x.getShape());
        return new Tensor[] {affine(y, channels(c.in(1), x), channels(c.in(2), x)), mean.squeeze(2), rstd.squeeze(2)};
      })
      .grads((c, g, needed) -> g[0] == null ? new Tensor[3]
          : Dispatch.all(groupNormGrad(), c.attributes(), g[0], c.in(0), c.in(1), c.out(1).detach(), c.out(2).detach()))
      .tests(t -> t.firstOutputOnly().reference(Oracles::groupNorm)
          .attributes(new Groups(2, 1e-5)).floats(OpTests.shape(2, 4, 3), OpTests.shape(4), OpTests.shape(4))
          .floats(OpTests.strided(3, 6, 2, 4), OpTests.shape(6), OpTests.shape(6))
          .floats(OpTests.shape(3, 4), OpTests.shape(4), OpTests.ABSENT)
          .floats(OpTests.shape(2, 6, 70), OpTests.ABSENT, OpTests.ABSENT)
          .floats(OpTests.shape(0, 4, 3), OpTests.shape(4), OpTests.shape(4))
          .attributes(new Groups(1, 1e-3)).floats(OpTests.shape(1, 3, 2, 5), OpTests.shape(3), OpTests.shape(3))
          .attributes(new Groups(3, 1e-5)).floats(OpTests.shape(2, 3, 4), OpTests.ABSENT, OpTests.ABSENT)
          .fails(() -> Tensor.ones(2, 5, 3).groupNorm(2, null, null, 1e-5),
          "groupNorm: 5 channels of f32[2,5,3] cannot be cut into 2 groups.")
          .fails(() -> Tensor.ones(2, 4, 3).groupNorm(2, Tensor.ones(3), null, 1e-5),
          "groupNorm: weight and bias must be [4], got f32[3]."))
      .build();

  public static final Op<Groups> GROUP_NORM_GRAD = op("groupNormGrad", Groups.class,
      "The gradients of groupNorm by x, weight and bias.")
      .infer(c -> {
        Spec each = new Spec(Shape.of(c.in(1).size(1)), c.in(1).getDtype());
        return List.of(new Spec(c.in(1).getShape(), c.in(1).getDtype()), each, each);
      })
      .decompose(c -> {
        Tensor g = c.in(0), x = c.in(1), rows = grouped(x, c.attributes().groups()), d = rows.sub(rows.mean(2, true));
        Tensor rstd = d.square().mean(2, true).add(c.attributes().eps()).rsqrt(), xhat = d.mul(rstd);
        Tensor gw = grouped(c.in(2) == null ? g : g.mul(channels(c.in(2), x)), c.attributes().groups());
        Tensor dx = gw.sub(gw.mean(2, true)).sub(xhat.mul(gw.mul(xhat).mean(2, true))).mul(rstd);
        int[] dims = allBut1(x.getNdim());
        return new Tensor[] {dx.reshape(x.getShape()), g.mul(xhat.reshape(x.getShape())).sum(dims, false),
            g.sum(dims, false)};
      })
      .internal().build();

  private static Op<Groups> groupNormGrad() {
    return GROUP_NORM_GRAD;
  }

  /** Outputs y and 1 / root mean square; inputs x and weight. */
  public static final Op<Layer> RMS_NORM = op("rmsNorm", Layer.class,
      "x divided by its root mean square over the last dims, times weight (Zhang and Sennrich 2019).")
      .infer(c -> {
        Tensor x = c.in(0);
        Spec y = floating("rmsNorm", x);
        int n = c.attributes().dims();
        Shape last = Shape.of(Arrays.copyOfRange(x.getShape().toArray(), x.getNdim() - n, x.getNdim()));
        if (c.in(1) != null && !c.in(1).getShape().equals(last))
          throw new ShapeError("rmsNorm: weight must be " + last + ", got " + c.in(1).describe() + ".");
        int[] rows = x.getShape().toArray();
        Arrays.fill(rows, x.getNdim() - n, x.getNdim(), 1);
        return List.of(y, new Spec(Shape.of(rows), x.getDtype()));
      })
      .decompose(c -> {
        Tensor x = c.in(0), r = x.square().mean(last(x.getNdim(), c.attributes().dims()), true)
            .add(c.attributes().eps()).rsqrt();
        return new Tensor[] {affine(x.mul(r), c.in(1), null), r};
      })
      .grads((c, g, needed) -> g[0] == null ? new Tensor[2]
      : Dispatch.all(rmsNormGrad(), c.attributes(), g[0], c.in(0), c.in(1), c.out(1).detach()))
      .tests(t -> t.firstOutputOnly().reference(Oracles::rmsNorm).attributes(new Layer(1, 1e-6))
      .floats(OpTests.shape(3, 4), OpTests.shape(4)).floats(OpTests.strided(6, 10), OpTests.shape(10))
      .floats(OpTests.shape(5, 70), OpTests.ABSENT)
          .attributes(new Layer(2, 1e-3)).floats(OpTests.shape(2, 3, 4), OpTests.shape(3, 4))
          .floats(OpTests.shape(0, 3, 4), OpTests.shape(3, 4))
          .fails(() -> Tensor.ones(2, 3).rmsNorm(1, Tensor.ones(2), 1e-5), "rmsNorm: weight must be [3], got f32[2].")
          .fails(() -> Tensor.ones(3).rmsNorm(2, null, 1e-5), "rmsNorm: cannot normalize the last 2 dims of f32[3]."))
      .build();

  public static final Op<Layer> RMS_NORM_GRAD = op("rmsNormGrad", Layer.class,
      "The gradients of rmsNorm by x and weight.")
      .infer(c -> {
        int[] x = c.in(1).getShape().toArray();
        return List.of(new Spec(c.in(1).getShape(), c.in(1).getDtype()),
            new Spec(Shape.of(Arrays.copyOfRange(x, x.length - c.attributes().dims(), x.length)), c.in(1).getDtype()));
      })
      .decompose(c -> {
        Tensor g = c.in(0), x = c.in(1), gw = c.in(2) == null ? g : g.mul(c.in(2));
        int[] dims = last(x.getNdim(), c.attributes().dims()), rows = new int[x.getNdim() - dims.length];
        for (int i = 0; i < rows.length; i++) rows[i] = i;
        Tensor r = x.square().mean(dims, true).add(c.attributes().eps()).rsqrt(), xhat = x.mul(r);
        return new Tensor[] {gw.sub(xhat.mul(gw.mul(xhat).mean(dims, true))).mul(r), g.mul(xhat).sum(rows, false)};
      })
      .internal().build();

  private static Op<Layer> rmsNormGrad() {
    return RMS_NORM_GRAD;
  }

  /** Each channel of each sample by itself. */
  public static final Op<Eps> INSTANCE_NORM = op("instanceNorm", Eps.class,
      "x less the mean of its sample's channel, divided by its standard deviation, times weight plus bias (Ulyanov et "
          + "al. 2016).")
      .composed(c -> {
        Tensor x = c.in(0);
        floating("instanceNorm", x);
        if (x.getNdim() < 3)
          throw new ShapeError("instanceNorm: needs [batch, channels, spatial...], got " + x.describe() + ".");
        if (x.numel() > 0 && x.numel() == (long) x.size(0) * x.size(1))
          throw new ShapeError("instanceNorm: more than one element a channel is needed, got " + x.describe() + ".");
        weights("instanceNorm", c, Shape.of(x.size(1)));
        return groupNorm(x, x.size(1), c.in(1), c.in(2), c.attributes().eps());
      })
      .tests(t -> t.reference((eps, in) -> Oracles.groupNorm(new Groups(in.get(0).shape()[1], eps.eps()), in))
      .attributes(new Eps(1e-5)).floats(OpTests.shape(2, 3, 4), OpTests.shape(3), OpTests.shape(3))
          .floats(OpTests.strided(2, 2, 4, 6), OpTests.ABSENT, OpTests.ABSENT)
          .fails(() -> Tensor.ones(2, 3, 1).instanceNorm(null, null, 1e-5),
          "instanceNorm: more than one element a channel is needed, got f32[2,3,1]."))
      .build();

  public static final Op<Local> LOCAL_RESPONSE_NORM = op("localResponseNorm", Local.class,
      "x / (k + alpha * the mean square of neighbouring channels)^beta (Krizhevsky et al. 2012).")
      .composed(c -> {
        Tensor x = c.in(0);
        Local by = c.attributes();
        floating("localResponseNorm", x);
        if (x.getNdim() < 3)
          throw new ShapeError("localResponseNorm: needs [batch, channels, ...] of at least 3 dims, got "
              + x.describe() + ".");
        int n = x.size(1), size = by.size();
        SparseMatrix near = SparseMatrix.of(n, n, (r, e) -> {
          for (int i = Math.max(0, r - size / 2); i < Math.min(n, r - size / 2 + size); i++) e.add(i, 1.0 / size);
        });
        return x.div(Resampling.along(x.square(), 1, near).mul(by.alpha()).add(by.k()).pow(by.beta()));
      })
      .tests(t -> t.reference(Oracles::localResponseNorm).attributes(new Local(3, 0.5, 0.75, 1))
      .floats(OpTests.shape(2, 5, 3)).floats(OpTests.strided(1, 4, 2, 2)).attributes(new Local(4, 0.1, 2, 2))
      .floats(OpTests.shape(1, 5, 2))
          .fails(() -> Tensor.ones(2, 3).localResponseNorm(2, 1, 1, 1),
          "localResponseNorm: needs [batch, channels, ...] of at least 3 dims, got f32[2,3]."))
      .build();

  private static void weights(String op, Call<?> c, Shape channels) {
    for (int i = 1; i <= 2; i++)
      if (c.in(i) != null && !c.in(i).getShape().equals(channels))
        throw new ShapeError(op + ": weight and bias must be " + channels + ", got " + c.in(i).describe() + ".");
  }

  /** A row for each group of each sample. */
  private static Tensor grouped(Tensor x, int groups) {
    return x.reshape(x.size(0), groups, x.size(0) == 0 || groups == 0 ? 0
        : Math.toIntExact(x.numel() / x.size(0) / groups));
  }

  private static Spec floating(String op, Tensor x) {
    return new Spec(x.getShape(), Promotion.floating(op, x));
  }

  /** x less its largest along dim; a shift, so it takes no gradient. */
  private static Tensor shifted(Tensor x, int dim) {
    return x.numel() == 0 ? x : x.sub(x.detach().amax(dim, true));
  }

  private static Tensor affine(Tensor y, Tensor weight, Tensor bias) {
    Tensor scaled = weight == null ? y : y.mul(weight);
    return bias == null ? scaled : scaled.add(bias);
  }

  private static Tensor channels(Tensor t, Tensor x) {
    if (t == null) return null;
    int[] sizes = new int[x.getNdim()];
    Arrays.fill(sizes, 1);
    sizes[1] = t.size(0);
    return t.reshape(sizes);
  }

  private static int[] last(int ndim, int n) {
    int[] dims = new int[n];
    for (int i = 0; i < n; i++) dims[i] = ndim - n + i;
    return dims;
  }

  private static int[] allBut1(int ndim) {
    int[] dims = new int[ndim - 1];
    for (int i = 1; i < dims.length; i++) dims[i] = i + 1;
    return dims;
  }

  public static Tensor softmax(Op<Dim> op, Tensor x, int dim) {
    return Dispatch.call(op, new Dim(x.getShape().axis(op.name(), dim)), x);
  }

  public static Tensor layerNorm(Tensor x, int dims, Tensor weight, Tensor bias, double eps) {
    if (dims < 1 || dims > x.getNdim())
      throw new ShapeError("layerNorm: cannot normalize the last " + dims + " dims of " + x.describe() + ".");
    return Dispatch.all(LAYER_NORM, new Layer(dims, eps), x, weight, bias)[0];
  }

  public static Tensor rmsNorm(Tensor x, int dims, Tensor weight, double eps) {
    if (dims < 1 || dims > x.getNdim())
      throw new ShapeError("rmsNorm: cannot normalize the last " + dims + " dims of " + x.describe() + ".");
    return Dispatch.all(RMS_NORM, new Layer(dims, eps), x, weight)[0];
  }

  public static Tensor groupNorm(Tensor x, int groups, Tensor weight, Tensor bias, double eps) {
    return Dispatch.all(GROUP_NORM, new Groups(groups, eps), x, weight, bias)[0];
  }

  public static Tensor instanceNorm(Tensor x, Tensor weight, Tensor bias, double eps) {
    return Dispatch.call(INSTANCE_NORM, new Eps(eps), x, weight, bias);
  }

  public static Tensor localResponseNorm(Tensor x, int size, double alpha, double beta, double k) {
    if (size < 1) throw new ShapeError("localResponseNorm: size must be at least 1, got " + size + ".");
    return Dispatch.call(LOCAL_RESPONSE_NORM, new Local(size, alpha, beta, k), x);
  }

  /** y, and the mean and biased variance of the batch. */
  public static Tensor[] batchNorm(Tensor x, Tensor weight, Tensor bias, double eps) {
    return Dispatch.all(BATCH_NORM, new Eps(eps), x, weight, bias);
  }

  /** By given statistics instead of the batch's. */
  public static Tensor batchNormBy(Tensor x, Tensor mean, Tensor var, Tensor weight, Tensor bias, double eps) {
    Tensor scale = var.add(eps).rsqrt();
    if (weight != null) scale = scale.mul(weight);
    Tensor shift = mean.neg().mul(scale);
    if (bias != null) shift = shift.add(bias);
    return x.mul(channels(scale, x)).add(channels(shift, x));
  }
}
