package io.ktrain.op;

import static io.ktrain.op.Autocast.Rule.F32;
import static io.ktrain.op.Autocast.Rule.F32_INSIDE;
import static io.ktrain.op.OpBuilder.op;

import io.ktrain.tensor.DTypeError;
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

  public static final Op<Dim> SOFTMAX = op("softmax", Dim.class, "exp(x) divided by its sum along a dim.")
      .gives(c -> floating("softmax", c.in(0)))
      .decompose(c -> {
        Tensor e = shifted(c.in(0), c.attributes().dim()).exp();
        return new Tensor[] {e.div(e.sum(c.attributes().dim(), true))};
      })
      .grad((c, g) -> Dispatch.call(softmaxGrad(), c.attributes(), g, c.out(0)))
      .autocast(F32).tests(t -> OpTests.alongLast(t, Dim::new)).build();

  public static final Op<Dim> SOFTMAX_GRAD = op("softmaxGrad", Dim.class, "y * (g - sum(g * y)).")
      .gives(c -> new Spec(c.in(0).getShape(), c.in(0).getDtype()))
      .decompose(c -> new Tensor[] {c.in(1).mul(c.in(0).sub(c.in(0).mul(c.in(1)).sum(c.attributes().dim(), true)))})
      .internal()
      .tests(t -> t.attributes(new Dim(1)).floats(OpTests.shape(3, 4), OpTests.shape(3, 4)).floats(OpTests.strided(6, 8), OpTests.shape(6, 8))).build();

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
      .gives(c -> new Spec(c.in(0).getShape(), c.in(0).getDtype()))
      .decompose(c -> new Tensor[] {c.in(0).sub(c.in(1).exp().mul(c.in(0).sum(c.attributes().dim(), true)))})
      .internal()
      .tests(t -> t.attributes(new Dim(1)).floats(OpTests.shape(3, 4), OpTests.shape(3, 4)).floats(OpTests.strided(6, 8), OpTests.shape(6, 8))).build();

  private static Op<Dim> logSoftmaxGrad() {
    return LOG_SOFTMAX_GRAD;
  }

  /** Outputs y, mean and 1 / standard deviation; inputs x, weight and bias (both or neither). */
  public static final Op<Layer> LAYER_NORM = op("layerNorm", Layer.class, "x less its mean, divided by its standard deviation over the last dims, times weight plus bias.")
      .infer(c -> {
        Tensor x = c.in(0);
        Spec y = floating("layerNorm", x);
        int n = c.attributes().dims();
        Shape last = Shape.of(Arrays.copyOfRange(x.getShape().toArray(), x.getNdim() - n, x.getNdim()));
        for (int i = 1; i <= 2; i++)
          if (c.in(i) != null && !c.in(i).getShape().equals(last)) throw new ShapeError("layerNorm: weight and bias must be " + last + ", got " + c.in(i).describe() + ".");
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
      .autocast(F32).tests(t -> t.attributes(new Layer(1, 1e-5)).floats(OpTests.shape(3, 4), OpTests.shape(4), OpTests.shape(4)).floats(OpTests.strided(6, 10), OpTests.shape(10), OpTests.shape(10))
          .floats(OpTests.shape(5, 7), OpTests.ABSENT, OpTests.ABSENT)
          .attributes(new Layer(2, 1e-5)).floats(OpTests.shape(2, 3, 4), OpTests.shape(3, 4), OpTests.shape(3, 4)).firstOutputOnly())
      .build();

  /** The statistics are only a saving: the decomposition makes them of x again, so that it can be differentiated. */
  public static final Op<Layer> LAYER_NORM_GRAD = op("layerNormGrad", Layer.class, "The gradients of layerNorm by x, weight and bias.")
      .infer(c -> {
        Spec dx = new Spec(c.in(1).getShape(), c.in(1).getDtype());
        int n = c.attributes().dims();
        Spec dw = new Spec(Shape.of(Arrays.copyOfRange(c.in(1).getShape().toArray(), c.in(1).getNdim() - n, c.in(1).getNdim())), c.in(1).getDtype());
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
  public static final Op<Eps> BATCH_NORM = op("batchNorm", Eps.class, "x less its channel's mean over the batch, divided by the standard deviation, times weight plus bias.")
      .infer(c -> {
        Tensor x = c.in(0);
        Spec y = floating("batchNorm", x);
        if (x.getNdim() < 2) throw new ShapeError("batchNorm: needs [batch, channels, ...], got " + x.describe() + ".");
        Shape channels = Shape.of(x.size(1));
        for (int i = 1; i <= 2; i++)
          if (c.in(i) != null && !c.in(i).getShape().equals(channels)) throw new ShapeError("batchNorm: weight and bias must be " + channels + ", got " + c.in(i).describe() + ".");
        Spec statistics = new Spec(channels, x.getDtype());
        return List.of(y, statistics, statistics);
      })
      .decompose(c -> {
        Tensor x = c.in(0);
        int[] dims = allBut1(x.getNdim());
        Tensor mean = x.mean(dims, true), d = x.sub(mean), var = d.square().mean(dims, true);
        Tensor y = d.mul(var.add(c.attributes().eps()).rsqrt());
        return new Tensor[] {affine(y, channels(c.in(1), x), channels(c.in(2), x)), mean.reshape(x.size(1)), var.reshape(x.size(1))};
      })
      .grads((c, g, needed) -> g[0] == null ? new Tensor[3]
          : Dispatch.all(batchNormGrad(), c.attributes(), g[0], c.in(0), c.in(1), c.out(1).detach(), c.out(2).detach()))
      .autocast(F32_INSIDE).tests(t -> t.attributes(new Eps(1e-5)).floats(OpTests.shape(5, 3), OpTests.shape(3), OpTests.shape(3)).floats(OpTests.shape(2, 3, 2, 2), OpTests.shape(3), OpTests.shape(3))
          .floats(OpTests.strided(4, 6, 2), OpTests.shape(6), OpTests.shape(6)).floats(OpTests.shape(7, 2), OpTests.ABSENT, OpTests.ABSENT).firstOutputOnly())
      .build();

  public static final Op<Eps> BATCH_NORM_GRAD = op("batchNormGrad", Eps.class, "The gradients of batchNorm by x, weight and bias.")
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

  private static Spec floating(String op, Tensor x) {
    if (!x.getDtype().isFloating()) throw new DTypeError(op + ": needs a floating dtype, got " + x.describe() + ". Fix: to(f32).");
    return new Spec(x.getShape(), x.getDtype());
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
    if (dims < 1 || dims > x.getNdim()) throw new ShapeError("layerNorm: cannot normalize the last " + dims + " dims of " + x.describe() + ".");
    return Dispatch.all(LAYER_NORM, new Layer(dims, eps), x, weight, bias)[0];
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
