package io.ktrain.nn;

/** What follows a layer, as far as it changes the scale its first weights should have: calculate_gain's names. */
public enum Nonlinearity {
  LINEAR,
  SIGMOID,
  TANH,
  RELU,
  LEAKY_RELU,
  SELU;

  /** {@code slope}: of a leaky relu where its input is negative; the others take none. */
  public double gain(double slope) {
    return switch (this) {
      case LINEAR, SIGMOID -> 1;
      case TANH -> 5.0 / 3;
      case RELU -> Math.sqrt(2);
      case LEAKY_RELU -> Math.sqrt(2 / (1 + slope * slope));
      case SELU -> 0.75;
    };
  }
}
