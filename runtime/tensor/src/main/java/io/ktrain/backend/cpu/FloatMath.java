package io.ktrain.backend.cpu;

import io.ktrain.op.Expr;
import io.ktrain.tensor.KtrainException;

/**
 * The float arithmetic of pointwise operations, one element at a time. The compiled and hand-written vector kernels do
 * the same steps in the same order, so both give the same bits; nothing here depends on what the JIT has compiled.
 *
 * <p>Largest relative errors over all floats with a normal result: exp and log 8e-8, expm1 and log1p 1.4e-7, tanh
 * 1.8e-7, erf 2.3e-7. {@link #exp} gives 0 where the exact result is below the smallest normal number (1.2e-38):
 * denormals would slow whatever reads them.
 */
final class FloatMath {
  /** 1.5 * 2^23: adding it rounds a float of magnitude below 2^22 to an integer, kept in the low bits. */
  static final float ROUNDER = 12582912f;
  static final float LOG2_E = 1.44269504f;
  static final float LN2_HIGH = 0.693147182f;
  static final float LN2_LOW = -1.90465421e-9f;

  static final float EXP_HIGH = 88.7228317f;
  static final float EXP_LOW = -87.3365402f;
  static final float EXP_2 = 0.49999994f;
  static final float EXP_3 = 0.16666521f;
  static final float EXP_4 = 0.04166839f;
  static final float EXP_5 = 0.0083687175f;
  static final float EXP_6 = 0.0013814594f;

  static final int HALF_BITS = 126 << 23;
  static final float EXPM1_LOW = -17.5f;
  static final float EXPM1_2 = 0.5f;
  static final float EXPM1_3 = 0.16666666f;
  static final float EXPM1_4 = 0.041666362f;
  static final float EXPM1_5 = 0.00833339f;
  static final float EXPM1_6 = 0.0013940629f;
  static final float EXPM1_7 = 0.0001984589f;

  /** The bits of sqrt(0.5), where the mantissa's range starts. */
  static final int SQRT_HALF_BITS = 0x3f3504f3;
  static final int MANTISSA = 0x007fffff;
  static final float LOG_3 = 0.33333313f;
  static final float LOG_4 = -0.2500001f;
  static final float LOG_5 = 0.20002119f;
  static final float LOG_6 = -0.16667995f;
  static final float LOG_7 = 0.14219543f;
  static final float LOG_8 = -0.124055974f;
  static final float LOG_9 = 0.11888232f;
  static final float LOG_10 = -0.11675623f;
  static final float LOG_11 = 0.067464545f;
  static final float TWO_23 = 8388608f;

  /** Where tanh and erf are 1 to the last bit. */
  static final float TANH_HIGH = 9.02f;
  static final float ERF_HIGH = 3.95f;
  /** erf(x) = 1 - e^-g(x), and g(x) / x is this polynomial. */
  static final float ERF_0 = 1.1283791716145855f;
  static final float ERF_1 = 0.6366193819014608f;
  static final float ERF_2 = 0.10277783086359409f;
  static final float ERF_3 = -0.019153064690431286f;
  static final float ERF_4 = -0.00016039532231999228f;
  static final float ERF_5 = 0.0016670272869903746f;
  static final float ERF_6 = -0.0006328370257452959f;
  static final float ERF_7 = 0.00011764138567268939f;
  static final float ERF_8 = -9.256284811805682e-06f;

  private FloatMath() {}

  /** e^x: exp(-inf) = 0, inf above 88.7228, NaN for NaN. */
  static float exp(float x) {
    float t = Math.fma(x, LOG2_E, ROUNDER), k = t - ROUNDER;
    float r = Math.fma(k, -LN2_LOW, Math.fma(k, -LN2_HIGH, x));
    float p = Math.fma(EXP_6, r, EXP_5);
    p = Math.fma(p, r, EXP_4);
    p = Math.fma(p, r, EXP_3);
    p = Math.fma(p, r, EXP_2);
    p = Math.fma(p, r, 1f);
    p = Math.fma(p, r, 1f);
    // times 2^k, by adding k to the exponent: the rounder's own bits fall off the top
    float y = Float.intBitsToFloat(Float.floatToRawIntBits(p) + (Float.floatToRawIntBits(t) << 23));
    y = x <= EXP_HIGH ? y : x + Float.POSITIVE_INFINITY;
    return x < EXP_LOW ? 0f : y;
  }

  /** e^x - 1 without cancellation near 0. */
  static float expm1(float x) {
    float y = halfExpm1(x);
    y = y + y;
    y = x <= EXP_HIGH ? y : x + Float.POSITIVE_INFINITY;
    return x < EXPM1_LOW ? -1f : y;
  }

  /** (e^x - 1) / 2 for x in [-18, 88.7]: half, since the scale would be 2^128 at the upper end. */
  private static float halfExpm1(float x) {
    float t = Math.fma(x, LOG2_E, ROUNDER), k = t - ROUNDER;
    float r = Math.fma(k, -LN2_LOW, Math.fma(k, -LN2_HIGH, x));
    float p = Math.fma(EXPM1_7, r, EXPM1_6);
    p = Math.fma(p, r, EXPM1_5);
    p = Math.fma(p, r, EXPM1_4);
    p = Math.fma(p, r, EXPM1_3);
    p = Math.fma(p, r, EXPM1_2);
    p = Math.fma(p, r * r, r);
    float s = Float.intBitsToFloat((Float.floatToRawIntBits(t) << 23) + HALF_BITS);
    return Math.fma(s, p, s - 0.5f);
  }

  /** The natural logarithm: log(0) = -inf, NaN below 0. */
  static float log(float x) {
    boolean tiny = x < Float.MIN_NORMAL;
    int bits = Float.floatToRawIntBits(tiny ? x * TWO_23 : x) - SQRT_HALF_BITS;
    float e = (float) (bits >> 23) - (tiny ? 23f : 0f);
    float f = Float.intBitsToFloat((bits & MANTISSA) + SQRT_HALF_BITS) - 1f;
    float z = f * f;
    float p = Math.fma(LOG_11, f, LOG_10);
    p = Math.fma(p, f, LOG_9);
    p = Math.fma(p, f, LOG_8);
    p = Math.fma(p, f, LOG_7);
    p = Math.fma(p, f, LOG_6);
    p = Math.fma(p, f, LOG_5);
    p = Math.fma(p, f, LOG_4);
    p = Math.fma(p, f, LOG_3);
    float y = Math.fma(e, LN2_LOW, p * f * z);
    y = f + Math.fma(z, -0.5f, y);
    y = Math.fma(e, LN2_HIGH, y);
    y = x < Float.POSITIVE_INFINITY ? y : x;
    y = x > 0f ? y : x == 0f ? Float.NEGATIVE_INFINITY : Float.NaN;
    return y;
  }

  /** log(1 + x) without cancellation near 0. */
  static float log1p(float x) {
    float u = x + 1f, y = log(u);
    float lost = (x - (u - 1f)) / u;
    return lost == lost ? y + lost : y;
  }

  /** With h = (e^2|x| - 1) / 2, tanh |x| = h / (h + 1): exact near 0 and near 1 alike. */
  static float tanh(float x) {
    float a = Math.abs(x), h = halfExpm1(a + a);
    float y = h / (h + 1f);
    return withSign(a > TANH_HIGH ? 1f : y, x);
  }

  static float erf(float x) {
    float a = Math.abs(x);
    float g = Math.fma(ERF_8, a, ERF_7);
    g = Math.fma(g, a, ERF_6);
    g = Math.fma(g, a, ERF_5);
    g = Math.fma(g, a, ERF_4);
    g = Math.fma(g, a, ERF_3);
    g = Math.fma(g, a, ERF_2);
    g = Math.fma(g, a, ERF_1);
    g = Math.fma(g, a, ERF_0);
    float h = halfExpm1(g * -a);
    return withSign(a > ERF_HIGH ? 1f : h * -2f, x);
  }

  /** 1, -1, or x itself where it is a zero or NaN. */
  static float sign(float x) {
    return x > 0f ? 1f : x < 0f ? -1f : x;
  }

  /** x^y; the exponents 2, 3, 0.5, -1 and -0.5 are a product, a root or a quotient. */
  static float pow(float x, float y) {
    if (y == 2f) return x * x;
    if (y == 3f) return x * x * x;
    if (y == 0.5f) return (float) Math.sqrt(x);
    if (y == -1f) return 1f / x;
    if (y == -0.5f) return 1f / (float) Math.sqrt(x);
    return (float) StrictMath.pow(x, y);
  }

  /** a - floor(a / b) * b with one rounding: the sign of the result is that of b, as in Python. */
  static float remainder(float a, float b) {
    float m = a % b;
    return m != 0f && (b < 0f) != (m < 0f) ? m + b : m;
  }

  /** floor(a / b), from the exact remainder rather than the rounded quotient. */
  static float floorDiv(float a, float b) {
    if (b == 0f) return a / b;
    return (float) Math.rint((a - remainder(a, b)) / b);
  }

  /** y >= 0 with the sign bit of x. */
  private static float withSign(float y, float x) {
    return Float.intBitsToFloat(Float.floatToRawIntBits(y) | Float.floatToRawIntBits(x) & Integer.MIN_VALUE);
  }

  static float apply(Expr.Fn1 fn, float x) {
    return switch (fn) {
      case NEGATE -> -x;
      case ABS -> Math.abs(x);
      case SIGN -> sign(x);
      case SQRT -> (float) Math.sqrt(x);
      case EXP -> exp(x);
      case EXPM1 -> expm1(x);
      case LOG -> log(x);
      case LOG1P -> log1p(x);
      case LOG2 -> (float) (StrictMath.log(x) / StrictMath.log(2));
      case LOG10 -> (float) StrictMath.log10(x);
      case SIN -> (float) StrictMath.sin(x);
      case COS -> (float) StrictMath.cos(x);
      case TAN -> (float) StrictMath.tan(x);
      case ASIN -> (float) StrictMath.asin(x);
      case ACOS -> (float) StrictMath.acos(x);
      case ATAN -> (float) StrictMath.atan(x);
      case SINH -> (float) StrictMath.sinh(x);
      case COSH -> (float) StrictMath.cosh(x);
      case TANH -> tanh(x);
      case ERF -> erf(x);
      case ERFC, ERFINV, LGAMMA -> (float) DoubleMath.of(fn).applyAsDouble(x);
      case FLOOR -> (float) Math.floor(x);
      case CEIL -> (float) Math.ceil(x);
      case TRUNC -> (float) (x < 0f ? Math.ceil(x) : Math.floor(x));
      case ROUND -> (float) Math.rint(x);
      case NOT -> of(x == 0f);
      case IS_NAN -> of(x != x);
    };
  }

  static float apply(Expr.Fn2 fn, float a, float b) {
    return switch (fn) {
      case ADD -> a + b;
      case SUB -> a - b;
      case MUL -> a * b;
      case DIV -> a / b;
      case POW -> pow(a, b);
      case MAX -> Math.max(a, b);
      case MIN -> Math.min(a, b);
      case ATAN2 -> (float) StrictMath.atan2(a, b);
      case FLOOR_DIV -> floorDiv(a, b);
      case TRUNC_DIV -> apply(Expr.Fn1.TRUNC, a / b);
      case REMAINDER -> remainder(a, b);
      case FMOD -> a % b;
      case EQ -> of(a == b);
      case NE -> of(a != b);
      case LT -> of(a < b);
      case LE -> of(a <= b);
      case GT -> of(a > b);
      case GE -> of(a >= b);
      case AND -> of(a != 0f && b != 0f);
      case OR -> of(a != 0f || b != 0f);
      case XOR -> of(a != 0f ^ b != 0f);
      case COPYSIGN -> Math.copySign(a, b);
      case POLYGAMMA -> (float) GammaMath.polygamma((int) a, b);
      case BIT_AND, BIT_OR, BIT_XOR, SHIFT_LEFT, SHIFT_RIGHT -> throw new KtrainException(fn
          + " is a function of whole numbers only");
    };
  }

  private static float of(boolean condition) {
    return condition ? 1f : 0f;
  }
}
