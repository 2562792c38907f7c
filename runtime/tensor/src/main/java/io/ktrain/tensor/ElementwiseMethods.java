package io.ktrain.tensor;

import io.ktrain.op.Comparisons;
import io.ktrain.op.Dispatch;
import io.ktrain.op.Elementwise;
import io.ktrain.op.MathFunctions;
import org.jspecify.annotations.Nullable;

/** Arithmetic, comparisons and other functions of each element by itself; operands broadcast. */
public sealed interface ElementwiseMethods permits Tensor {
  private Tensor self() {
    return (Tensor) this;
  }

  default Tensor add(Tensor o) { return Elementwise.call(Elementwise.ADD, self(), o); }
  default Tensor sub(Tensor o) { return Elementwise.call(Elementwise.SUB, self(), o); }
  default Tensor mul(Tensor o) { return Elementwise.call(Elementwise.MUL, self(), o); }
  default Tensor div(Tensor o) { return Elementwise.call(Elementwise.DIV, self(), o); }
  default Tensor add(Number o) { return add(Tensor.constant(o)); }
  default Tensor sub(Number o) { return sub(Tensor.constant(o)); }
  default Tensor mul(Number o) { return mul(Tensor.constant(o)); }
  default Tensor div(Number o) { return div(Tensor.constant(o)); }
  default Tensor plus(Tensor o) { return add(o); }
  default Tensor minus(Tensor o) { return sub(o); }
  default Tensor times(Tensor o) { return mul(o); }
  default Tensor plus(Number o) { return add(o); }
  default Tensor minus(Number o) { return sub(o); }
  default Tensor times(Number o) { return mul(o); }
  default Tensor unaryMinus() { return neg(); }
  default Tensor neg() { return Elementwise.call(Elementwise.NEG, self()); }
  default Tensor pow(Tensor o) { return Elementwise.call(Elementwise.POW, self(), o); }
  default Tensor pow(Number o) { return Elementwise.pow(self(), o); }
  /** Division rounded towards minus infinity, as Python's //. */
  default Tensor floorDivide(Tensor o) { return Elementwise.call(Elementwise.FLOOR_DIVIDE, self(), o); }
  /** Division rounded towards zero. */
  default Tensor truncDivide(Tensor o) { return Elementwise.call(Elementwise.TRUNC_DIVIDE, self(), o); }
  default Tensor floorDivide(Number o) { return floorDivide(Tensor.constant(o)); }
  default Tensor truncDivide(Number o) { return truncDivide(Tensor.constant(o)); }
  default Tensor remainder(Number o) { return remainder(Tensor.constant(o)); }
  default Tensor fmod(Number o) { return fmod(Tensor.constant(o)); }
  /** What floorDivide leaves, with the divisor's sign. */
  default Tensor remainder(Tensor o) { return Elementwise.call(Elementwise.REMAINDER, self(), o); }
  /** What truncDivide leaves, with this one's sign. */
  default Tensor fmod(Tensor o) { return Elementwise.call(Elementwise.FMOD, self(), o); }
  default Tensor maximum(Tensor o) { return Elementwise.call(Elementwise.MAXIMUM, self(), o); }
  default Tensor minimum(Tensor o) { return Elementwise.call(Elementwise.MINIMUM, self(), o); }
  default Tensor maximum(Number o) { return maximum(Tensor.constant(o)); }
  default Tensor minimum(Number o) { return minimum(Tensor.constant(o)); }
  /** The larger, or the one that is not NaN. */
  default Tensor fmax(Tensor o) { return Elementwise.call(MathFunctions.FMAX, self(), o); }
  default Tensor fmin(Tensor o) { return Elementwise.call(MathFunctions.FMIN, self(), o); }
  default Tensor atan2(Tensor o) { return Elementwise.call(MathFunctions.ATAN2, self(), o); }
  default Tensor hypot(Tensor o) { return Elementwise.call(MathFunctions.HYPOT, self(), o); }
  default Tensor copysign(Tensor o) { return Elementwise.call(MathFunctions.COPYSIGN, self(), o); }
  default Tensor copysign(Number o) { return copysign(Tensor.constant(o)); }
  /** this * log(o); 0 where this is 0. */
  default Tensor xlogy(Tensor o) { return Elementwise.call(MathFunctions.XLOGY, self(), o); }
  default Tensor xlogy(Number o) { return xlogy(Tensor.constant(o)); }
  /** log(exp(this) + exp(o)). */
  default Tensor logaddexp(Tensor o) { return Elementwise.call(MathFunctions.LOGADDEXP, self(), o); }
  default Tensor logaddexp2(Tensor o) { return Elementwise.call(MathFunctions.LOGADDEXP2, self(), o); }
  /** 0 below 0, 1 above; o where this is 0. */
  default Tensor heaviside(Tensor o) { return Elementwise.call(MathFunctions.HEAVISIDE, self(), o); }
  /** this + weight * (end - this). */
  default Tensor lerp(Tensor end, Tensor weight) { return Elementwise.call(MathFunctions.LERP, self(), end, weight); }
  default Tensor lerp(Tensor end, Number weight) { return lerp(end, Tensor.constant(weight)); }
  /** this + value * a * b. */
  default Tensor addcmul(Tensor a, Tensor b, double value) {
    return Elementwise.call(MathFunctions.ADDCMUL, value, self(), a, b);
  }
  default Tensor addcmul(Tensor a, Tensor b) { return addcmul(a, b, 1); }
  /** this + value * a / b. */
  default Tensor addcdiv(Tensor a, Tensor b, double value) {
    return Elementwise.call(MathFunctions.ADDCDIV, value, self(), a, b);
  }
  default Tensor addcdiv(Tensor a, Tensor b) { return addcdiv(a, b, 1); }
  default Tensor abs() { return Elementwise.call(Elementwise.ABS, self()); }
  default Tensor sign() { return Elementwise.call(Elementwise.SIGN, self()); }
  default Tensor sqrt() { return Elementwise.call(Elementwise.SQRT, self()); }
  default Tensor rsqrt() { return Elementwise.call(Elementwise.RSQRT, self()); }
  default Tensor reciprocal() { return Elementwise.call(Elementwise.RECIPROCAL, self()); }
  default Tensor square() { return Elementwise.call(Elementwise.SQUARE, self()); }
  default Tensor exp() { return Elementwise.call(Elementwise.EXP, self()); }
  default Tensor expm1() { return Elementwise.call(Elementwise.EXPM1, self()); }
  default Tensor log() { return Elementwise.call(Elementwise.LOG, self()); }
  default Tensor log1p() { return Elementwise.call(Elementwise.LOG1P, self()); }
  default Tensor log2() { return Elementwise.call(Elementwise.LOG2, self()); }
  default Tensor log10() { return Elementwise.call(Elementwise.LOG10, self()); }
  default Tensor sin() { return Elementwise.call(Elementwise.SIN, self()); }
  default Tensor cos() { return Elementwise.call(Elementwise.COS, self()); }
  default Tensor tan() { return Elementwise.call(Elementwise.TAN, self()); }
  default Tensor asin() { return Elementwise.call(Elementwise.ASIN, self()); }
  default Tensor acos() { return Elementwise.call(Elementwise.ACOS, self()); }
  default Tensor atan() { return Elementwise.call(Elementwise.ATAN, self()); }
  default Tensor sinh() { return Elementwise.call(Elementwise.SINH, self()); }
  default Tensor cosh() { return Elementwise.call(Elementwise.COSH, self()); }
  default Tensor tanh() { return Elementwise.call(Elementwise.TANH, self()); }
  default Tensor erf() { return Elementwise.call(Elementwise.ERF, self()); }
  default Tensor exp2() { return Elementwise.call(MathFunctions.EXP2, self()); }
  default Tensor asinh() { return Elementwise.call(MathFunctions.ASINH, self()); }
  default Tensor acosh() { return Elementwise.call(MathFunctions.ACOSH, self()); }
  default Tensor atanh() { return Elementwise.call(MathFunctions.ATANH, self()); }
  default Tensor erfc() { return Elementwise.call(MathFunctions.ERFC, self()); }
  /** The distribution function of the standard normal distribution: torch.special.ndtr. */
  default Tensor ndtr() { return Elementwise.call(MathFunctions.NDTR, self()); }
  default Tensor erfinv() { return Elementwise.call(MathFunctions.ERFINV, self()); }
  default Tensor lgamma() { return Elementwise.call(MathFunctions.LGAMMA, self()); }
  default Tensor digamma() { return Elementwise.call(MathFunctions.DIGAMMA, self()); }
  /** The n-th derivative of digamma. */
  default Tensor polygamma(int n) { return Elementwise.polygamma(n, self()); }
  /** sin(pi x) / (pi x). */
  default Tensor sinc() { return Elementwise.call(MathFunctions.SINC, self()); }
  /** log(x / (1 - x)). */
  default Tensor logit() { return logit(Double.NEGATIVE_INFINITY); }
  /** log(x / (1 - x)) of x held between eps and 1 - eps. */
  default Tensor logit(double eps) { return Elementwise.call(MathFunctions.LOGIT, eps, self()); }
  default Tensor deg2rad() { return Elementwise.call(MathFunctions.DEG2RAD, self()); }
  default Tensor rad2deg() { return Elementwise.call(MathFunctions.RAD2DEG, self()); }
  default Tensor frac() { return Elementwise.call(MathFunctions.FRAC, self()); }
  /** 0 for NaN, and the type's largest and lowest numbers for the infinities. */
  default Tensor nanToNum() { return nanToNum(0, null, null); }
  default Tensor nanToNum(double nan, @Nullable Double posinf, @Nullable Double neginf) {
    return Elementwise.nanToNum(self(), nan, posinf, neginf);
  }
  default Tensor sigmoid() { return Elementwise.call(Elementwise.SIGMOID, self()); }
  default Tensor floor() { return Elementwise.call(Elementwise.FLOOR, self()); }
  default Tensor ceil() { return Elementwise.call(Elementwise.CEIL, self()); }
  default Tensor trunc() { return Elementwise.call(Elementwise.TRUNC, self()); }
  /** Halves go to the even neighbour. */
  default Tensor round() { return Elementwise.call(Elementwise.ROUND, self()); }
  /** Rounded to so many decimals; negative ones stand before the point. */
  default Tensor round(int decimals) {
    return Dispatch.call(Elementwise.ROUND_TO, new Elementwise.Digits(decimals), self());
  }
  /** Held between min and max, of which one may be null. */
  default Tensor clamp(@Nullable Number min, @Nullable Number max) { return Elementwise.clamp(self(), min, max); }
  default Tensor clamp(@Nullable Tensor min, @Nullable Tensor max) {
    Tensor from = min == null ? self() : clampMin(min);
    return max == null ? from : from.clampMax(max);
  }
  default Tensor clampMin(Tensor min) { return Elementwise.call(Elementwise.CLAMP_MIN, self(), min); }
  default Tensor clampMax(Tensor max) { return Elementwise.call(Elementwise.CLAMP_MAX, self(), max); }
  default Tensor clampMin(Number min) { return clamp(min, null); }
  default Tensor clampMax(Number max) { return clamp(null, max); }

  default Tensor eq(Tensor o) { return Elementwise.call(Elementwise.EQ, self(), o); }
  default Tensor ne(Tensor o) { return Elementwise.call(Elementwise.NE, self(), o); }
  default Tensor lt(Tensor o) { return Elementwise.call(Elementwise.LT, self(), o); }
  default Tensor le(Tensor o) { return Elementwise.call(Elementwise.LE, self(), o); }
  default Tensor gt(Tensor o) { return Elementwise.call(Elementwise.GT, self(), o); }
  default Tensor ge(Tensor o) { return Elementwise.call(Elementwise.GE, self(), o); }
  default Tensor eq(Number o) { return eq(Tensor.constant(o)); }
  default Tensor ne(Number o) { return ne(Tensor.constant(o)); }
  default Tensor lt(Number o) { return lt(Tensor.constant(o)); }
  default Tensor le(Number o) { return le(Tensor.constant(o)); }
  default Tensor gt(Number o) { return gt(Tensor.constant(o)); }
  default Tensor ge(Number o) { return ge(Tensor.constant(o)); }
  default Tensor logicalNot() { return Elementwise.call(Elementwise.LOGICAL_NOT, self()); }
  default Tensor logicalAnd(Tensor o) { return Elementwise.call(Elementwise.LOGICAL_AND, self(), o); }
  default Tensor logicalOr(Tensor o) { return Elementwise.call(Elementwise.LOGICAL_OR, self(), o); }
  default Tensor logicalXor(Tensor o) { return Elementwise.call(Comparisons.LOGICAL_XOR, self(), o); }
  /** Whole numbers' common bits; of bool, where both hold. */
  default Tensor bitwiseAnd(Tensor o) { return Elementwise.call(Comparisons.BITWISE_AND, self(), o); }
  default Tensor bitwiseOr(Tensor o) { return Elementwise.call(Comparisons.BITWISE_OR, self(), o); }
  default Tensor bitwiseXor(Tensor o) { return Elementwise.call(Comparisons.BITWISE_XOR, self(), o); }
  default Tensor bitwiseNot() { return Dispatch.call(Comparisons.BITWISE_NOT, null, self()); }
  default Tensor bitwiseLeftShift(Tensor o) { return Elementwise.call(Comparisons.BITWISE_LEFT_SHIFT, self(), o); }
  default Tensor bitwiseRightShift(Tensor o) { return Elementwise.call(Comparisons.BITWISE_RIGHT_SHIFT, self(), o); }
  default Tensor bitwiseAnd(Number o) { return bitwiseAnd(Tensor.constant(o)); }
  default Tensor bitwiseOr(Number o) { return bitwiseOr(Tensor.constant(o)); }
  default Tensor bitwiseXor(Number o) { return bitwiseXor(Tensor.constant(o)); }
  default Tensor bitwiseLeftShift(Number o) { return bitwiseLeftShift(Tensor.constant(o)); }
  default Tensor bitwiseRightShift(Number o) { return bitwiseRightShift(Tensor.constant(o)); }
  default Tensor isNan() { return Elementwise.call(Elementwise.IS_NAN, self()); }
  default Tensor isFinite() { return Elementwise.call(Elementwise.IS_FINITE, self()); }
  default Tensor isInf() { return Elementwise.call(Comparisons.IS_INF, self()); }
  default Tensor isPosInf() { return Elementwise.call(Comparisons.IS_POS_INF, self()); }
  default Tensor isNegInf() { return Elementwise.call(Comparisons.IS_NEG_INF, self()); }
  /** Whether negative, or -0. */
  default Tensor signbit() { return Elementwise.call(Comparisons.SIGNBIT, self()); }
  /** Where |this - o| <= atol + rtol * |o|. */
  default Tensor isClose(Tensor o, double rtol, double atol, boolean equalNan) {
    return Dispatch.call(Comparisons.IS_CLOSE, new double[] {rtol, atol, equalNan ? 1 : 0}, self(), o);
  }
  default Tensor isClose(Tensor o) { return isClose(o, 1e-5, 1e-8, false); }
  /** Whether isClose holds everywhere. */
  default boolean allClose(Tensor o, double rtol, double atol, boolean equalNan) {
    double[] within = {rtol, atol, equalNan ? 1 : 0};
    return Dispatch.call(Comparisons.ALL_CLOSE, within, self(), o).itemLong() != 0;
  }
  default boolean allClose(Tensor o) { return allClose(o, 1e-5, 1e-8, false); }
  /** Whether both have one shape and the same elements. */
  default boolean equal(Tensor o) { return Dispatch.call(Comparisons.EQUAL, null, self(), o).itemLong() != 0; }
}
