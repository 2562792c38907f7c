package io.ktrain.backend.cpu;

import io.ktrain.op.Convolutions;

/** Which kernel runs which sliding-window operation. */
final class ConvolutionKernels {
  private ConvolutionKernels() {}

  static void register(CpuBackend cpu) {
    cpu.add(Convolutions.CONV2D, PlainConvolution::forward);
    cpu.add(Convolutions.CONV2D_INPUT_GRAD, PlainConvolution::inputGrad);
    cpu.add(Convolutions.CONV2D_WEIGHT_GRAD, PlainConvolution::weightGrad);
    cpu.add(Convolutions.MAX_POOL2D, PlainPooling::max);
    cpu.add(Convolutions.MAX_UNPOOL2D, PlainPooling::unpool);
    cpu.add(Convolutions.AVG_POOL2D, PlainPooling::average);
    cpu.add(Convolutions.AVG_POOL2D_GRAD, PlainPooling::averageGrad);
  }
}
