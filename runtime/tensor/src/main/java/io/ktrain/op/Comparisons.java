package io.ktrain.op;

import static io.ktrain.op.Expr.of;
import static io.ktrain.op.Expr.param;
import static io.ktrain.op.OpBuilder.composite;
import static io.ktrain.op.OpBuilder.pointwise;
import static io.ktrain.op.OpTests.shape;

import io.ktrain.op.Expr.Binary;
import io.ktrain.op.Expr.Fn2;
import io.ktrain.op.OpBuilder.Types;
import io.ktrain.tensor.DType;
import io.ktrain.tensor.Shape;
import io.ktrain.tensor.Tensor;

/** Questions about elements and whole tensors, answered in bool, and the arithmetic of bits. */
public final class Comparisons {
  private static final Expr X = new Expr.Input(0);
  private static final Expr Y = new Expr.Input(1);
  private static final Expr INFINITE = of(Double.POSITIVE_INFINITY);

  private Comparisons() {}

  public static final Op<double[]> LOGICAL_XOR = pointwise("logicalXor", Types.COMPARE, new Binary(Fn2.XOR, X, Y),
      "Whether exactly one is not 0. Gives bool.").tests(OpTests::binary).build();

  public static final Op<double[]> IS_INF = pointwise("isInf", Types.TEST, X.abs().eq(INFINITE),
      "Whether x is infinite.").tests(OpTests::unary).build();

  public static final Op<double[]> IS_POS_INF = pointwise("isPosInf", Types.TEST, X.eq(INFINITE),
      "Whether x is infinity.").tests(OpTests::unary).build();

  public static final Op<double[]> IS_NEG_INF = pointwise("isNegInf", Types.TEST, X.eq(of(Double.NEGATIVE_INFINITY)),
      "Whether x is minus infinity.").tests(OpTests::unary).build();

  public static final Op<double[]> SIGNBIT = pointwise("signbit", Types.COMPARE,
      new Binary(Fn2.COPYSIGN, of(1), X).lt(of(0)), "Whether x is negative, or -0.").tests(OpTests::unary).build();

  /** {@code rtol, atol, equalNan}. */
  public static final Op<double[]> IS_CLOSE = pointwise("isClose", Types.TEST,
      X.eq(Y).or(param(2).and(X.isNan()).and(Y.isNan()))
          .or(Y.abs().lt(INFINITE).and(X.minus(Y).abs().le(param(1).plus(param(0).times(Y.abs()))))),
      "Whether |x - y| <= atol + rtol * |y|, or both are equal.")
      .tests(t -> t.numbers(0.1, 1, 0).binary()).build();

  public static final Op<double[]> ALL_CLOSE = OpBuilder.op("allClose", double[].class,
      "Whether isClose holds for all elements: one bool.")
      .composed(c -> Dispatch.call(IS_CLOSE, c.attributes(), c.in(0), c.in(1)).all()).internal()
      .tests(t -> t.reference((n, in) -> {
        boolean[] all = {true};
        in.get(0).each((i, x) -> {
          double y = Oracles.broadcast(in.get(1), i);
          all[0] &= Math.abs(x - y) <= n[1] + n[0] * Math.abs(y);
        });
        return NdArray.scalar(all[0] ? 1 : 0);
      }).with(new double[] {0.1, 1, 0}, shape(2, 3), shape(3)).with(new double[] {0.1, 9, 0}, shape(2, 3), shape(3)))
      .build();

  public static final Op<Void> EQUAL = composite("equal",
      "Whether both have one shape and the same elements: one bool.",
      c -> c.in(0).getShape().equals(c.in(1).getShape()) ? c.in(0).eq(c.in(1)).all()
          : Creation.full(Shape.SCALAR, 0, DType.bool, c.in(0).getDevice())).internal()
      .tests(t -> t.reference((none, in) -> NdArray.scalar(java.util.Arrays.equals(in.get(0).shape(), in.get(1).shape())
          && java.util.Arrays.equals(in.get(0).data(), in.get(1).data()) ? 1 : 0))
          .sample(shape(2, 3), shape(2, 3)).sample(shape(2), shape(3)).sample(shape(0), shape(0))).build();

  public static final Op<double[]> BITWISE_AND = bits("bitwiseAnd", Fn2.BIT_AND, "The bits set in both.");
  public static final Op<double[]> BITWISE_OR = bits("bitwiseOr", Fn2.BIT_OR, "The bits set in either.");
  public static final Op<double[]> BITWISE_XOR = bits("bitwiseXor", Fn2.BIT_XOR, "The bits set in one but not both.");
  public static final Op<double[]> BITWISE_LEFT_SHIFT = bits("bitwiseLeftShift", Fn2.SHIFT_LEFT, "x * 2^y.");
  public static final Op<double[]> BITWISE_RIGHT_SHIFT = bits("bitwiseRightShift", Fn2.SHIFT_RIGHT,
      "x / 2^y, rounded towards minus infinity.");

  public static final Op<Void> BITWISE_NOT = composite("bitwiseNot",
      "All bits of whole numbers, or a bool, turned round.",
      c -> c.in(0).getDtype() == DType.bool ? c.in(0).logicalNot() : call(BITWISE_XOR, c.in(0), Tensor.constant(-1)))
      .tests(t -> t.reference((none, in) -> NdArray.by(in.get(0).shape(), i -> -1 - in.get(0).at(i)))
          .sample(shape(2, 3).index(9))).build();

  private static Op<double[]> bits(String name, Fn2 fn, String doc) {
    return pointwise(name, Types.WHOLE, new Binary(fn, X, Y), doc + " Of whole numbers and bool.")
        .tests(t -> t.sample(shape(2, 3).index(50), shape(3).index(6)).sample(shape().index(50), shape().index(6))
            .sample(OpTests.strided(4, 6).index(50), shape(4, 1).index(6))).build();
  }

  private static Tensor call(Op<double[]> op, Tensor... in) {
    return Elementwise.call(op, in);
  }
}
