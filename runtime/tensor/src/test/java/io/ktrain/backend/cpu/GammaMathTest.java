package io.ktrain.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

final class GammaMathTest {
  private static final double INF = Double.POSITIVE_INFINITY;

  @Test
  void logGammaIsTheLogOfFactorials() {
    double sum = 0;
    for (int n = 1; n < 100; n++) {
      assertEquals(sum, GammaMath.lgamma(n), 1e-14 * (1 + sum));
      sum += Math.log(n);
    }
    assertEquals(0.5 * Math.log(Math.PI), GammaMath.lgamma(0.5), 1e-14);
    assertEquals(Math.log(2 * Math.sqrt(Math.PI)), GammaMath.lgamma(-0.5), 1e-14);
  }

  @Test
  void polesAndInfinities() {
    assertEquals(INF, GammaMath.lgamma(0));
    assertEquals(INF, GammaMath.lgamma(-3));
    assertEquals(INF, GammaMath.lgamma(INF));
    assertEquals(-INF, GammaMath.polygamma(0, 0));
    assertEquals(Double.NaN, GammaMath.polygamma(0, -1));
    assertEquals(INF, GammaMath.polygamma(1, 0));
  }

  @Test
  void derivativesAtKnownPlaces() {
    double euler = 0.57721566490153286;
    assertEquals(-euler, GammaMath.polygamma(0, 1), 1e-15);
    assertEquals(-euler - 2 * Math.log(2), GammaMath.polygamma(0, 0.5), 1e-14);
    // digamma(1 - x) - digamma(x) = pi / tan(pi x)
    assertEquals(GammaMath.polygamma(0, 1.3) - Math.PI / Math.tan(-0.3 * Math.PI), GammaMath.polygamma(0, -0.3), 1e-13);
    assertEquals(Math.PI * Math.PI / 6, GammaMath.polygamma(1, 1), 1e-14);
    assertEquals(-2 * 1.2020569031595942, GammaMath.polygamma(2, 1), 1e-14);
  }

  @Test
  void inverseErrorFunctionGoesToTheEnds() {
    assertEquals(INF, DoubleMath.erfinv(1));
    assertEquals(-INF, DoubleMath.erfinv(-1));
    assertEquals(Double.NaN, DoubleMath.erfinv(1.5));
    for (double x : new double[] {1e-300, 1e-9, 0.3, 0.9, 1 - 1e-12})
      assertEquals(x, DoubleMath.erf(DoubleMath.erfinv(x)), 1e-15 * x);
    assertEquals(1e-20, DoubleMath.erfc(6.6015806223551425), 1e-32);
  }
}
