package io.ktrain.tensor;

import io.ktrain.op.Elementwise;

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
  /** What floorDivide leaves, with the divisor's sign. */
  default Tensor remainder(Tensor o) { return Elementwise.call(Elementwise.REMAINDER, self(), o); }
  /** What truncDivide leaves, with this one's sign. */
  default Tensor fmod(Tensor o) { return Elementwise.call(Elementwise.FMOD, self(), o); }
  default Tensor maximum(Tensor o) { return Elementwise.call(Elementwise.MAXIMUM, self(), o); }
  default Tensor minimum(Tensor o) { return Elementwise.call(Elementwise.MINIMUM, self(), o); }
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
  default Tensor sigmoid() { return Elementwise.call(Elementwise.SIGMOID, self()); }
  default Tensor floor() { return Elementwise.call(Elementwise.FLOOR, self()); }
  default Tensor ceil() { return Elementwise.call(Elementwise.CEIL, self()); }
  default Tensor trunc() { return Elementwise.call(Elementwise.TRUNC, self()); }
  /** Halves go to the even neighbour. */
  default Tensor round() { return Elementwise.call(Elementwise.ROUND, self()); }
  default Tensor clamp(double min, double max) { return Elementwise.clamp(self(), min, max); }

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
  default Tensor isNan() { return Elementwise.call(Elementwise.IS_NAN, self()); }
  default Tensor isFinite() { return Elementwise.call(Elementwise.IS_FINITE, self()); }
  /** value where mask holds, else this. */
  default Tensor maskedFill(Tensor mask, Number value) { return Tensor.where(mask, Tensor.constant(value), self()); }
}
