package io.ktrain.op;

import static io.ktrain.op.OpBuilder.op;

import io.ktrain.op.Activations.Dropout;
import io.ktrain.random.Generator.Draw;
import io.ktrain.tensor.Context;
import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.ShapeError;
import io.ktrain.tensor.Tensor;
import java.util.Arrays;

/** Dropout of whole channels, and the one that keeps the mean and variance of what selu gives. */
public final class Dropouts {
  /** What selu tends to for very negative inputs: -scale * alpha. */
  static final double LOWEST = -1.7580993408473766;

  private Dropouts() {}

  public static final Op<Dropout> FEATURE_DROPOUT = op("featureDropout", Dropout.class,
      "Zeroes whole channels of [batch, channels, ...] with probability p and scales the others by 1 / (1 - p) "
          + "(Tompson et al. 2015).")
      .composed(c -> c.in(0).mul(kept("featureDropout", c, 2)))
      .tests(t -> t.reference((by, in) -> Oracles.dropoutOfMask(by, in.get(0), 2, false))
      .attributes(new Dropout(0.4, new Draw(7, 3))).floats(OpTests.shape(3, 5, 4)).floats(OpTests.strided(2, 4, 2, 3))
          .fails(() -> Tensor.ones(3).featureDropout(0.5, true),
          "featureDropout: needs [batch, channels, ...], got f32[3].")).build();

  public static final Op<Dropout> ALPHA_DROPOUT = op("alphaDropout", Dropout.class,
      "Sets elements to selu's lowest value with probability p, then restores mean and variance (Klambauer et al. "
          + "2017).")
      .composed(c -> alpha(c, kept("alphaDropout", c, c.in(0).getNdim())))
      .tests(t -> t.reference((by, in) -> Oracles.dropoutOfMask(by, in.get(0), in.get(0).shape().length, true))
      .attributes(new Dropout(0.4, new Draw(7, 3))).floats(OpTests.shape(3, 5)).floats(OpTests.strided(2, 4, 6))
          .attributes(new Dropout(1, new Draw(7, 3))).floats(OpTests.shape(4))).build();

  public static final Op<Dropout> FEATURE_ALPHA_DROPOUT =
      op("featureAlphaDropout", Dropout.class, "As alphaDropout, of whole channels of [batch, channels, ...].")
      .composed(c -> alpha(c, kept("featureAlphaDropout", c, 2)))
      .tests(t -> t.reference((by, in) -> Oracles.dropoutOfMask(by, in.get(0), 2, true))
      .attributes(new Dropout(0.4, new Draw(7, 3))).floats(OpTests.shape(3, 5, 4)).floats(OpTests.strided(2, 4, 2, 3))
          .fails(() -> Tensor.ones(3).featureAlphaDropout(0.5, true),
          "featureAlphaDropout: needs [batch, channels, ...], got f32[3].")).build();

  /** Zeros and 1 / (1 - p), one for all that lies behind the first dims. */
  private static Tensor kept(String op, Call<Dropout> c, int dims) {
    Tensor x = c.in(0);
    Promotion.floating(op, x);
    if (x.getNdim() < dims) throw new ShapeError(op + ": needs [batch, channels, ...], got " + x.describe() + ".");
    int[] sizes = x.getShape().toArray();
    Arrays.fill(sizes, dims, sizes.length, 1);
    Tensor ones = Tensor.ones(Shape.of(sizes), x.getDtype()).to(x.getDevice());
    return Dispatch.call(Activations.DROPOUT, c.attributes(), ones);
  }

  private static Tensor alpha(Call<Dropout> c, Tensor kept) {
    double p = c.attributes().p(), q = 1 - p;
    if (p == 1) return c.in(0).mul(0);
    double a = 1 / Math.sqrt(q * (1 + p * LOWEST * LOWEST));
    // 1 where an element stays.
    Tensor stays = kept.mul(q);
    return c.in(0).mul(stays.mul(a)).add(stays.mul(-a * LOWEST).add(a * LOWEST * (1 - p)));
  }

  public static Tensor dropout(Op<Dropout> op, Tensor x, double p, boolean training) {
    if (!(p >= 0 && p <= 1)) throw new KtrainException(op.name() + ": p must lie in 0..1, got " + p + ".");
    if (!training || p == 0) return x;
    return Dispatch.call(op, new Dropout(p, Context.current().generator().next()), x);
  }
}
