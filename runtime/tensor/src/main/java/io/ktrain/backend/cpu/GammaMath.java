package io.ktrain.backend.cpu;

/** log(gamma(x)) and its derivatives in double, by recurrence up to where the asymptotic series are exact. */
final class GammaMath {
  /** From here on eight terms of the series give every digit. */
  private static final double SERIES_FROM = 15;

  /** The even Bernoulli numbers B2, B4, ... */
  private static final double[] BERNOULLI = {
      1 / 6.0, -1 / 30.0, 1 / 42.0, -1 / 30.0, 5 / 66.0, -691 / 2730.0, 7 / 6.0, -3617 / 510.0};

  private GammaMath() {}

  /** log |gamma(x)|; infinite at 0 and the negative whole numbers. */
  static double lgamma(double x) {
    if (x == Double.NEGATIVE_INFINITY || x <= 0 && x == Math.rint(x)) return Double.POSITIVE_INFINITY;
    if (x < 0.5) return StrictMath.log(Math.PI / Math.abs(sinPi(x))) - lgamma(1 - x);
    if (x == 1 || x == 2) return 0;
    if (x == Double.POSITIVE_INFINITY) return x;
    double product = 1;
    for (; x < SERIES_FROM; x++) product *= x;
    double sum = (x - 0.5) * StrictMath.log(x) - x + 0.5 * StrictMath.log(2 * Math.PI), power = x;
    for (int k = 1; k <= BERNOULLI.length; k++, power *= x * x) sum += BERNOULLI[k - 1] / (2 * k * (2 * k - 1) * power);
    return sum - StrictMath.log(product);
  }

  /** The derivative of order n + 1 of log gamma: digamma for n = 0. */
  static double polygamma(int n, double x) {
    return n == 0 ? digamma(x) : (n % 2 == 0 ? -1 : 1) * zeta(n, x);
  }

  private static double digamma(double x) {
    if (x == 0) return Math.copySign(Double.POSITIVE_INFINITY, -x);
    if (x < 0) return x == Math.rint(x) ? Double.NaN : digamma(1 - x) - Math.PI * sinPi(x + 0.5) / sinPi(x);
    double sum = 0;
    for (; x < SERIES_FROM; x++) sum -= 1 / x;
    sum += StrictMath.log(x) - 0.5 / x;
    double power = x * x;
    for (int k = 1; k <= BERNOULLI.length; k++, power *= x * x) sum -= BERNOULLI[k - 1] / (2 * k * power);
    return sum;
  }

  /** n! times the sum of (x + k)^-(n + 1) over all k from 0, by Euler and Maclaurin from {@link #SERIES_FROM} + n on. */
  private static double zeta(int n, double x) {
    if (x <= 0 && x == Math.rint(x)) return Double.POSITIVE_INFINITY;
    double factorial = 1, sum = 0;
    for (int i = 2; i <= n; i++) factorial *= i;
    for (; x < SERIES_FROM + n; x++) sum += StrictMath.pow(x, -n - 1);
    sum += StrictMath.pow(x, -n) / n + 0.5 * StrictMath.pow(x, -n - 1);
    double term = (n + 1) * StrictMath.pow(x, -n - 2) / 2;
    for (int k = 1; k <= BERNOULLI.length; k++) {
      sum += BERNOULLI[k - 1] * term;
      term *= (n + 2.0 * k) * (n + 2 * k + 1) / ((2 * k + 1) * (2 * k + 2) * x * x);
    }
    return factorial * sum;
  }

  /** sin(pi x) without what rounding pi x loses at large x. */
  private static double sinPi(double x) {
    return StrictMath.sin(Math.PI * (x - 2 * Math.rint(x / 2)));
  }
}
