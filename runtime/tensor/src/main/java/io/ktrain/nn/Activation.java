package io.ktrain.nn;

import io.ktrain.tensor.KtrainException;
import io.ktrain.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

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

  /** One of PyTorch's by what it prints: {@code new Activation("LeakyReLU", "negative_slope=0.01")}. */
  public Activation(String type, String arguments) {
    this(type, arguments, known(type, arguments));
  }

  /** The one of the commonest that a function equals, which is tried on some numbers; or null. */
  public static @Nullable Activation of(UnaryOperator<Tensor> function) {
    return Stream.of(new Activation("ReLU", ""), new Activation("GELU", "approximate='none'"),
            new Activation("GELU", "approximate='tanh'"), new Activation("SiLU", ""), new Activation("Mish", ""),
            new Activation("Tanh", ""), new Activation("Sigmoid", ""), new Activation("ReLU6", ""),
            new Activation("SELU", ""), new Activation("Hardswish", ""))
        .filter(a -> equal(a.function, function)).findFirst().orElse(null);
  }

  private static UnaryOperator<Tensor> known(String type, String arguments) {
    UnaryOperator<Tensor> function = find(type, arguments);
    if (function == null)
      throw new KtrainException("activation: " + type + "(" + arguments + ") is not one that is known by its name. Fix: give its function too.");
    return function;
  }

  /** Null for one that PyTorch has not, or has not here. */
  private static @Nullable UnaryOperator<Tensor> find(String type, String arguments) {
    if (type.equals("GELU") && arguments.equals("approximate='none'")) return Tensor::gelu;
    if (type.equals("GELU") && arguments.equals("approximate='tanh'")) return Tensor::geluTanh;
    double[] n;
    try {
      n = numbers(arguments);
    } catch (NumberFormatException e) {
      return null;
    }
    return switch (type + "/" + n.length) {
      case "ReLU/0" -> Tensor::relu;
      case "ReLU6/0" -> Tensor::relu6;
      case "LeakyReLU/1" -> x -> x.leakyRelu(n[0]);
      case "ELU/1" -> x -> x.elu(n[0]);
      case "CELU/1" -> x -> x.celu(n[0]);
      case "SELU/0" -> Tensor::selu;
      case "SiLU/0" -> Tensor::silu;
      case "Mish/0" -> Tensor::mish;
      case "Softplus/2" -> x -> x.softplus(n[0], n[1]);
      case "Hardswish/0" -> Tensor::hardswish;
      case "Hardsigmoid/0" -> Tensor::hardsigmoid;
      case "Hardtanh/2" -> x -> x.hardtanh(n[0], n[1]);
      case "Threshold/2" -> x -> x.threshold(n[0], n[1]);
      case "Hardshrink/1" -> x -> x.hardshrink(n[0]);
      case "Softshrink/1" -> x -> x.softshrink(n[0]);
      case "Tanh/0" -> Tensor::tanh;
      case "Sigmoid/0" -> Tensor::sigmoid;
      case "LogSigmoid/0" -> Tensor::logSigmoid;
      case "Softsign/0" -> Tensor::softsign;
      case "Tanhshrink/0" -> Tensor::tanhshrink;
      case "Softmax/1" -> x -> x.softmax((int) n[0]);
      case "Softmin/1" -> x -> x.softmin((int) n[0]);
      case "Softmax2d/0" -> x -> x.softmax(-3);
      case "LogSoftmax/1" -> x -> x.logSoftmax((int) n[0]);
      case "GLU/1" -> x -> x.glu((int) n[0]);
      default -> null;
    };
  }

  /** {@code "beta=1.0, threshold=20.0"} to {1, 20}. */
  private static double[] numbers(String arguments) {
    if (arguments.isEmpty()) return new double[0];
    return Arrays.stream(arguments.split(", ")).mapToDouble(a -> Double.parseDouble(a.substring(a.indexOf('=') + 1))).toArray();
  }

  /** Only where the function is the one that these words make, which is tried on some numbers. */
  @Override
  public @Nullable List<Object> arguments() {
    UnaryOperator<Tensor> named = find(type, arguments);
    return named != null && equal(named, function) ? List.of(type, arguments) : null;
  }

  private static boolean equal(UnaryOperator<Tensor> a, UnaryOperator<Tensor> b) {
    float[] numbers = new float[64];
    for (int i = 0; i < numbers.length; i++) numbers[i] = (i - 31) * 0.75f;
    Tensor x = Tensor.of(numbers, 4, 4, 4);
    return Arrays.equals(a.apply(x).toFloatArray(), b.apply(x).toFloatArray());
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
