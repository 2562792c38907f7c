package io.ktrain.nn;

/** The last layer of attention: a Linear that PyTorch prints under this name. */
final class NonDynamicallyQuantizableLinear extends Linear {
  NonDynamicallyQuantizableLinear(int in, int out, boolean bias) {
    super(in, out, bias);
  }
}
