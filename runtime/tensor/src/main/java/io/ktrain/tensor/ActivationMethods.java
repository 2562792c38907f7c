package io.ktrain.tensor;

import io.ktrain.op.Activations;
import io.ktrain.op.Dispatch;
import io.ktrain.op.Elementwise;
import io.ktrain.op.Normalizations;

/** Activations, and dropout. */
public sealed interface ActivationMethods permits Tensor {
  private Tensor self() {
    return (Tensor) this;
  }

  default Tensor relu() { return Elementwise.call(Activations.RELU, self()); }
  default Tensor relu6() { return Elementwise.call(Activations.RELU6, self()); }
  default Tensor leakyRelu(double negativeSlope) {
    return Elementwise.call(Activations.LEAKY_RELU, negativeSlope, self());
  }
  default Tensor elu(double alpha) { return Elementwise.call(Activations.ELU, alpha, self()); }
  default Tensor celu(double alpha) { return Elementwise.call(Activations.CELU, alpha, self()); }
  default Tensor selu() { return Elementwise.call(Activations.SELU, self()); }
  /** By the error function. */
  default Tensor gelu() { return Elementwise.call(Activations.GELU, self()); }
  default Tensor geluTanh() { return Elementwise.call(Activations.GELU_TANH, self()); }
  default Tensor silu() { return Elementwise.call(Activations.SILU, self()); }
  default Tensor mish() { return Elementwise.call(Activations.MISH, self()); }
  default Tensor softplus(double beta, double threshold) { return Activations.softplus(self(), beta, threshold); }
  default Tensor hardswish() { return Elementwise.call(Activations.HARDSWISH, self()); }
  default Tensor hardsigmoid() { return Elementwise.call(Activations.HARDSIGMOID, self()); }
  default Tensor hardtanh() { return hardtanh(-1, 1); }
  default Tensor hardtanh(double min, double max) {
    return Dispatch.call(Activations.HARDTANH, new double[] {min, max}, self());
  }
  /** This where it is above the threshold, else the value. */
  default Tensor threshold(double threshold, double value) {
    return Dispatch.call(Activations.THRESHOLD, new double[] {threshold, value}, self());
  }
  default Tensor hardshrink(double lambda) { return Elementwise.call(Activations.HARDSHRINK, lambda, self()); }
  default Tensor softshrink(double lambda) { return Elementwise.call(Activations.SOFTSHRINK, lambda, self()); }
  /** Negative elements times a random slope between lower and upper; outside training times the mean of both. */
  default Tensor rrelu(double lower, double upper, boolean training) {
    return Activations.rrelu(self(), lower, upper, training);
  }
  default Tensor logSigmoid() { return Elementwise.call(Activations.LOG_SIGMOID, self()); }
  default Tensor softsign() { return Elementwise.call(Activations.SOFTSIGN, self()); }
  default Tensor tanhshrink() { return Elementwise.call(Activations.TANHSHRINK, self()); }
  /** x where positive, weight * x elsewhere; one weight a channel (dim 1) or one in all. */
  default Tensor prelu(Tensor weight) { return Dispatch.call(Activations.PRELU, null, self(), weight); }
  /** The first half along dim times the sigmoid of the second. */
  default Tensor glu(int dim) { return Activations.along(Activations.GLU, self(), dim); }
  /** Zeroes each element with probability p and scales the rest by 1 / (1 - p); the identity outside training. */
  default Tensor dropout(double p, boolean training) { return Activations.dropout(self(), p, training); }
  default Tensor softmax(int dim) { return Normalizations.softmax(Normalizations.SOFTMAX, self(), dim); }
  /** softmax of this one's negative. */
  default Tensor softmin(int dim) { return Activations.along(Activations.SOFTMIN, self(), dim); }
  default Tensor logSoftmax(int dim) { return Normalizations.softmax(Normalizations.LOG_SOFTMAX, self(), dim); }
}
