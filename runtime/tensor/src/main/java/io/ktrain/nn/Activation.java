package io.ktrain.nn;

import io.ktrain.tensor.Tensor;
import java.util.function.UnaryOperator;

/** A function of each element as a layer: {@code new Activation("ReLU", "", Tensor::relu)}. */
public final class Activation extends Module {
  private final String type;
  private final String arguments;
  private final UnaryOperator<Tensor> function;

  /** {@code type} and {@code arguments} are what is printed: PyTorch's class name and what stands between its parentheses. */
  public Activation(String type, String arguments, UnaryOperator<Tensor> function) {
    this.type = type;
    this.arguments = arguments;
    this.function = function;
  }

  /** The name it prints with, as PyTorch's class. */
  public String type() {
    return type;
  }

  @Override
  public Tensor forward(Tensor x) {
    return function.apply(x);
  }

  @Override
  public String extraRepr() {
    return arguments;
  }

  @Override
  public String toString() {
    return type + "(" + arguments + ")";
  }
}
