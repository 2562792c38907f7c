package io.ktrain.tensor;

import io.ktrain.op.Creation;
import java.util.function.BinaryOperator;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Operations that write their result over this tensor, as PyTorch's of the same names. Shape and type stay as they are:
 * a result that does not fit is refused, and so is writing to a leaf that requires grad. Views of this are written too.
 * A backward pass that needs the overwritten values says so.
 */
public sealed interface InPlaceMethods permits Tensor {
  private Tensor self() {
    return (Tensor) this;
  }

  private Tensor write(String op, UnaryOperator<Tensor> f) {
    return self().inPlace(op, f.apply(self().before()));
  }

  private Tensor write(String op, BinaryOperator<Tensor> f, Tensor o) {
    return self().inPlace(op, f.apply(self().before(o), o));
  }

  /** Writes {@code value}, broadcast and converted, over this. */
  Tensor copy_(Tensor value);

  default Tensor fill_(Number value) {
    return self().inPlace("fill_", Creation.full(self().getShape(), value, self().getDtype(), self().getDevice()));
  }
  default Tensor zero_() { return fill_(0); }

  default Tensor abs_() { return write("abs_", Tensor::abs); }
  default Tensor acos_() { return write("acos_", Tensor::acos); }
  default Tensor asin_() { return write("asin_", Tensor::asin); }
  default Tensor atan_() { return write("atan_", Tensor::atan); }
  default Tensor ceil_() { return write("ceil_", Tensor::ceil); }
  default Tensor cos_() { return write("cos_", Tensor::cos); }
  default Tensor cosh_() { return write("cosh_", Tensor::cosh); }
  default Tensor digamma_() { return write("digamma_", Tensor::digamma); }
  default Tensor erf_() { return write("erf_", Tensor::erf); }
  default Tensor erfc_() { return write("erfc_", Tensor::erfc); }
  default Tensor erfinv_() { return write("erfinv_", Tensor::erfinv); }
  default Tensor exp_() { return write("exp_", Tensor::exp); }
  default Tensor exp2_() { return write("exp2_", Tensor::exp2); }
  default Tensor expm1_() { return write("expm1_", Tensor::expm1); }
  default Tensor floor_() { return write("floor_", Tensor::floor); }
  default Tensor frac_() { return write("frac_", Tensor::frac); }
  default Tensor lgamma_() { return write("lgamma_", Tensor::lgamma); }
  default Tensor log_() { return write("log_", Tensor::log); }
  default Tensor log10_() { return write("log10_", Tensor::log10); }
  default Tensor log1p_() { return write("log1p_", Tensor::log1p); }
  default Tensor log2_() { return write("log2_", Tensor::log2); }
  default Tensor neg_() { return write("neg_", Tensor::neg); }
  default Tensor reciprocal_() { return write("reciprocal_", Tensor::reciprocal); }
  default Tensor relu_() { return write("relu_", Tensor::relu); }
  default Tensor relu6_() { return write("relu6_", Tensor::relu6); }
  default Tensor round_() { return write("round_", Tensor::round); }
  default Tensor rsqrt_() { return write("rsqrt_", Tensor::rsqrt); }
  default Tensor sigmoid_() { return write("sigmoid_", Tensor::sigmoid); }
  default Tensor sign_() { return write("sign_", Tensor::sign); }
  default Tensor silu_() { return write("silu_", Tensor::silu); }
  default Tensor sin_() { return write("sin_", Tensor::sin); }
  default Tensor sinc_() { return write("sinc_", Tensor::sinc); }
  default Tensor sinh_() { return write("sinh_", Tensor::sinh); }
  default Tensor sqrt_() { return write("sqrt_", Tensor::sqrt); }
  default Tensor square_() { return write("square_", Tensor::square); }
  default Tensor tan_() { return write("tan_", Tensor::tan); }
  default Tensor tanh_() { return write("tanh_", Tensor::tanh); }
  default Tensor trunc_() { return write("trunc_", Tensor::trunc); }
  default Tensor deg2rad_() { return write("deg2rad_", Tensor::deg2rad); }
  default Tensor rad2deg_() { return write("rad2deg_", Tensor::rad2deg); }
  default Tensor asinh_() { return write("asinh_", Tensor::asinh); }
  default Tensor acosh_() { return write("acosh_", Tensor::acosh); }
  default Tensor atanh_() { return write("atanh_", Tensor::atanh); }
  default Tensor selu_() { return write("selu_", Tensor::selu); }
  default Tensor mish_() { return write("mish_", Tensor::mish); }
  default Tensor hardswish_() { return write("hardswish_", Tensor::hardswish); }
  default Tensor hardsigmoid_() { return write("hardsigmoid_", Tensor::hardsigmoid); }
  default Tensor hardtanh_() { return write("hardtanh_", Tensor::hardtanh); }

  default Tensor add_(Tensor o) { return self().inPlace("add_", self().add(o)); }
  default Tensor sub_(Tensor o) { return write("sub_", Tensor::sub, o); }
  default Tensor mul_(Tensor o) { return write("mul_", Tensor::mul, o); }
  default Tensor div_(Tensor o) { return write("div_", Tensor::div, o); }
  default Tensor pow_(Tensor o) { return write("pow_", Tensor::pow, o); }
  default Tensor floorDivide_(Tensor o) { return write("floorDivide_", Tensor::floorDivide, o); }
  default Tensor remainder_(Tensor o) { return write("remainder_", Tensor::remainder, o); }
  default Tensor fmod_(Tensor o) { return write("fmod_", Tensor::fmod, o); }
  default Tensor atan2_(Tensor o) { return write("atan2_", Tensor::atan2, o); }
  default Tensor maximum_(Tensor o) { return write("maximum_", Tensor::maximum, o); }
  default Tensor minimum_(Tensor o) { return write("minimum_", Tensor::minimum, o); }
  default Tensor bitwiseAnd_(Tensor o) { return write("bitwiseAnd_", Tensor::bitwiseAnd, o); }
  default Tensor bitwiseOr_(Tensor o) { return write("bitwiseOr_", Tensor::bitwiseOr, o); }
  default Tensor bitwiseXor_(Tensor o) { return write("bitwiseXor_", Tensor::bitwiseXor, o); }
  default Tensor bitwiseLeftShift_(Tensor o) { return write("bitwiseLeftShift_", Tensor::bitwiseLeftShift, o); }
  default Tensor bitwiseRightShift_(Tensor o) { return write("bitwiseRightShift_", Tensor::bitwiseRightShift, o); }
  default Tensor logicalAnd_(Tensor o) { return write("logicalAnd_", Tensor::logicalAnd, o); }
  default Tensor logicalOr_(Tensor o) { return write("logicalOr_", Tensor::logicalOr, o); }
  default Tensor logicalXor_(Tensor o) { return write("logicalXor_", Tensor::logicalXor, o); }
  default Tensor eq_(Tensor o) { return write("eq_", Tensor::eq, o); }
  default Tensor ne_(Tensor o) { return write("ne_", Tensor::ne, o); }
  default Tensor lt_(Tensor o) { return write("lt_", Tensor::lt, o); }
  default Tensor le_(Tensor o) { return write("le_", Tensor::le, o); }
  default Tensor gt_(Tensor o) { return write("gt_", Tensor::gt, o); }
  default Tensor ge_(Tensor o) { return write("ge_", Tensor::ge, o); }
  default Tensor hypot_(Tensor o) { return write("hypot_", Tensor::hypot, o); }
  default Tensor copysign_(Tensor o) { return write("copysign_", Tensor::copysign, o); }
  default Tensor xlogy_(Tensor o) { return write("xlogy_", Tensor::xlogy, o); }
  default Tensor add_(Number o) { return add_(Tensor.constant(o)); }
  default Tensor sub_(Number o) { return sub_(Tensor.constant(o)); }
  default Tensor mul_(Number o) { return mul_(Tensor.constant(o)); }
  default Tensor div_(Number o) { return div_(Tensor.constant(o)); }
  default Tensor pow_(Number o) { return pow_(Tensor.constant(o)); }
  default Tensor floorDivide_(Number o) { return floorDivide_(Tensor.constant(o)); }
  default Tensor remainder_(Number o) { return remainder_(Tensor.constant(o)); }
  default Tensor fmod_(Number o) { return fmod_(Tensor.constant(o)); }
  default Tensor bitwiseAnd_(Number o) { return bitwiseAnd_(Tensor.constant(o)); }
  default Tensor bitwiseOr_(Number o) { return bitwiseOr_(Tensor.constant(o)); }
  default Tensor bitwiseXor_(Number o) { return bitwiseXor_(Tensor.constant(o)); }
  default Tensor eq_(Number o) { return eq_(Tensor.constant(o)); }
  default Tensor ne_(Number o) { return ne_(Tensor.constant(o)); }
  default Tensor lt_(Number o) { return lt_(Tensor.constant(o)); }
  default Tensor le_(Number o) { return le_(Tensor.constant(o)); }
  default Tensor gt_(Number o) { return gt_(Tensor.constant(o)); }
  default Tensor ge_(Number o) { return ge_(Tensor.constant(o)); }

  default Tensor logicalNot_() { return write("logicalNot_", Tensor::logicalNot); }
  default Tensor bitwiseNot_() { return write("bitwiseNot_", Tensor::bitwiseNot); }
  default Tensor round_(int decimals) { return write("round_", t -> t.round(decimals)); }
  default Tensor clamp_(@Nullable Number min, @Nullable Number max) { return write("clamp_", t -> t.clamp(min, max)); }
  default Tensor clampMin_(Number min) { return write("clampMin_", t -> t.clampMin(min)); }
  default Tensor clampMax_(Number max) { return write("clampMax_", t -> t.clampMax(max)); }
  default Tensor leakyRelu_(double slope) { return write("leakyRelu_", t -> t.leakyRelu(slope)); }
  default Tensor elu_(double alpha) { return write("elu_", t -> t.elu(alpha)); }
  default Tensor threshold_(double threshold, double value) {
    return write("threshold_", t -> t.threshold(threshold, value));
  }
  default Tensor dropout_(double p, boolean training) { return write("dropout_", t -> t.dropout(p, training)); }
  default Tensor nanToNum_() { return write("nanToNum_", Tensor::nanToNum); }
  default Tensor lerp_(Tensor end, Tensor weight) {
    return self().inPlace("lerp_", self().before(end, weight).lerp(end, weight));
  }
  default Tensor lerp_(Tensor end, Number weight) { return lerp_(end, Tensor.constant(weight)); }
  default Tensor addcmul_(Tensor a, Tensor b, double value) {
    return self().inPlace("addcmul_", self().before(a, b).addcmul(a, b, value));
  }
  default Tensor addcmul_(Tensor a, Tensor b) { return addcmul_(a, b, 1); }
  default Tensor addcdiv_(Tensor a, Tensor b, double value) {
    return self().inPlace("addcdiv_", self().before(a, b).addcdiv(a, b, value));
  }
  default Tensor addcdiv_(Tensor a, Tensor b) { return addcdiv_(a, b, 1); }
  default Tensor cumsum_(int dim) { return write("cumsum_", t -> t.cumsum(dim)); }
  default Tensor cumprod_(int dim) { return write("cumprod_", t -> t.cumprod(dim)); }
  default Tensor triu_(int diagonal) { return write("triu_", t -> t.triu(diagonal)); }
  default Tensor tril_(int diagonal) { return write("tril_", t -> t.tril(diagonal)); }
  default Tensor renorm_(double p, int dim, double largest) { return write("renorm_", t -> t.renorm(p, dim, largest)); }

  default Tensor maskedFill_(Tensor mask, Number value) { return write("maskedFill_", t -> t.maskedFill(mask, value)); }
  default Tensor maskedFill_(Tensor mask, Tensor value) { return write("maskedFill_", t -> t.maskedFill(mask, value)); }
  default Tensor maskedScatter_(Tensor mask, Tensor src) {
    return write("maskedScatter_", t -> t.maskedScatter(mask, src));
  }
  default Tensor scatter_(int dim, Tensor index, Tensor src) { return write("scatter_",
      t -> t.scatter(dim, index, src)); }
  default Tensor scatter_(int dim, Tensor index, Number value) {
    return write("scatter_", t -> t.scatter(dim, index, value));
  }
  default Tensor scatterAdd_(int dim, Tensor index, Tensor src) {
    return write("scatterAdd_", t -> t.scatterAdd(dim, index, src));
  }
  default Tensor scatterReduce_(int dim, Tensor index, Tensor src, String reduce, boolean includeSelf) {
    return self().inPlace("scatterReduce_", self().before(src).scatterReduce(dim, index, src, reduce, includeSelf));
  }
  default Tensor indexAdd_(int dim, Tensor index, Tensor src) {
    return write("indexAdd_", t -> t.indexAdd(dim, index, src));
  }
  default Tensor indexCopy_(int dim, Tensor index, Tensor src) {
    return write("indexCopy_", t -> t.indexCopy(dim, index, src));
  }
  default Tensor indexFill_(int dim, Tensor index, Number value) {
    return write("indexFill_", t -> t.indexFill(dim, index, value));
  }
  /** this[indices] = values: index tensors and masks for dims in order, null for a whole one. */
  default Tensor indexPut_(@Nullable Tensor[] indices, Tensor values, boolean accumulate) {
    return write("indexPut_", t -> t.indexPut(indices, values, accumulate));
  }
  default Tensor indexPut_(@Nullable Tensor[] indices, Tensor values) { return indexPut_(indices, values, false); }
  default Tensor put_(Tensor index, Tensor values, boolean accumulate) {
    return write("put_", t -> t.put(index, values, accumulate));
  }

  /** Uniform random numbers in [low, high). */
  default Tensor uniform_(double low, double high) { return random("uniform_", Creation.uniform(self(), low, high)); }
  default Tensor uniform_() { return uniform_(0, 1); }
  /** Normal random numbers. */
  default Tensor normal_(double mean, double std) { return random("normal_", Creation.normal(self(), mean, std)); }
  default Tensor normal_() { return normal_(0, 1); }
  /** Ones with probability p, else zeros. */
  default Tensor bernoulli_(double p) { return random("bernoulli_", Creation.bernoulli(self(), p)); }
  /** Exponentially distributed random numbers of mean 1 / rate. */
  default Tensor exponential_(double rate) { return random("exponential_", Creation.exponential(self(), rate)); }
  /** exp of normal random numbers. */
  default Tensor logNormal_(double mean, double std) {
    return random("logNormal_", Creation.normal(self(), mean, std).exp());
  }
  /** Whole random numbers from low up to but not high. */
  default Tensor random_(long low, long high) { return random("random_", Creation.randint(self(), low, high)); }

  private Tensor random(String op, Tensor values) {
    return self().inPlace(op, values.to(self().getDtype()));
  }
}
