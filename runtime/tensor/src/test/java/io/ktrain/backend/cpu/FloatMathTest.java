package io.ktrain.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ktrain.op.Expr;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;

final class FloatMathTest {
  private static final float INF = Float.POSITIVE_INFINITY;
  private static final float NAN = Float.NaN;

  private interface FloatFunction {
    float apply(float x);
  }

  /** Every 10,007th float: 430,000 of them, of every sign and exponent. */
  private static void relativeError(String name, FloatFunction f, DoubleUnaryOperator exact, double bound) {
    for (long bits = 0; bits <= 0xffff_ffffL; bits += 10_007) {
      float x = Float.intBitsToFloat((int) bits);
      if (!Float.isFinite(x)) continue;
      double e = exact.applyAsDouble(x);
      NativeFloats.assertClose(e, f.apply(x), Float.MIN_NORMAL, bound, name + "(" + x + ")");
    }
  }

  /** By its series, and its continued fraction where that is quicker. */
  static double erf(double x) {
    double a = Math.abs(x);
    if (a > 6) return Math.signum(x);
    if (a < 3) {
      double sum = a, term = a;
      for (int k = 1; k < 100; k++) {
        term *= -a * a / k;
        sum += term / (2 * k + 1);
      }
      return Math.signum(x) * sum * 2 / Math.sqrt(Math.PI);
    }
    double c = 0;
    for (int k = 100; k > 0; k--) c = k / 2.0 / (a + c);
    return Math.signum(x) * (1 - Math.exp(-a * a) / Math.sqrt(Math.PI) / (a + c));
  }

  @Test
  void functionsAreAccurateOverAllFloats() {
    relativeError("exp", FloatMath::exp, Math::exp, 8e-8);
    relativeError("expm1", FloatMath::expm1, Math::expm1, 1.4e-7);
    relativeError("log", FloatMath::log, Math::log, 8.1e-8);
    relativeError("log1p", FloatMath::log1p, Math::log1p, 1.4e-7);
    relativeError("tanh", FloatMath::tanh, Math::tanh, 1.8e-7);
    relativeError("erf", FloatMath::erf, FloatMathTest::erf, 2.3e-7);
  }

  @Test
  void specialValues() {
    assertEquals(0f, FloatMath.exp(-INF));
    assertEquals(INF, FloatMath.exp(100));
    assertEquals(INF, FloatMath.exp(INF));
    assertEquals(0f, FloatMath.exp(-88f));
    assertEquals(1f, FloatMath.exp(0));
    assertEquals(-1f, FloatMath.expm1(-INF));
    assertEquals(INF, FloatMath.expm1(89));
    assertEquals(-INF, FloatMath.log(0f));
    assertEquals(-INF, FloatMath.log(-0f));
    assertEquals(INF, FloatMath.log(INF));
    assertTrue(Float.isNaN(FloatMath.log(-1f)) && Float.isNaN(FloatMath.log(-INF)));
    assertEquals(-INF, FloatMath.log1p(-1f));
    assertEquals(INF, FloatMath.log1p(INF));
    assertEquals(1f, FloatMath.tanh(INF));
    assertEquals(-1f, FloatMath.tanh(-20f));
    assertEquals(-1f, FloatMath.erf(-INF));
    for (float nan : new float[] {NAN, Float.intBitsToFloat(0x7fc00001), Float.intBitsToFloat(0xffc12345)}) {
      for (Expr.Fn1 fn : Expr.Fn1.values()) {
        boolean truth = fn == Expr.Fn1.NOT || fn == Expr.Fn1.IS_NAN;
        if (!truth) assertTrue(Float.isNaN(FloatMath.apply(fn, nan)), fn + " of NaN");
      }
    }
  }

  @Test
  void divisionsFollowPython() {
    assertEquals(1f, FloatMath.remainder(-5f, 3f));
    assertEquals(-1f, FloatMath.remainder(5f, -3f));
    assertEquals(-2f, FloatMath.floorDiv(-5f, 3f));
    assertEquals(9f, FloatMath.floorDiv(1f, 0.1f));
    assertEquals(INF, FloatMath.floorDiv(1f, 0f));
    assertEquals(2f, FloatMath.apply(Expr.Fn1.ROUND, 2.5f));
  }
}
