// The functions of pointwise expressions on float, double and whole numbers, named f_ and as Expr names them. What they
// give for NaN, ties and signs is what io.ktrain.backend.cpu's FloatMath, DoubleMath and LongMath give.
#pragma once
#include "ktrain.cuh"

#define F1(name, x, f32_, f64_)                                                                  \
  __device__ __forceinline__ float f_##name(float x) { return f32_; }                            \
  __device__ __forceinline__ double f_##name(double x) { return f64_; }
#define F2(name, f32_, f64_)                                                                     \
  __device__ __forceinline__ float f_##name(float a, float b) { return f32_; }                   \
  __device__ __forceinline__ double f_##name(double a, double b) { return f64_; }
#define WHOLE1(name, e) __device__ __forceinline__ i64 f_##name(i64 x) { return e; }
#define WHOLE2(name, e) __device__ __forceinline__ i64 f_##name(i64 a, i64 b) { return e; }
// One text for all three.
#define ALL2(name, e) F2(name, e, e) WHOLE2(name, e)

F1(NEGATE, x, -x, -x)
F1(ABS, x, fabsf(x), fabs(x))
F1(SIGN, x, x > 0 ? 1 : x < 0 ? -1 : x, x > 0 ? 1 : x < 0 ? -1 : x)
F1(SQRT, x, sqrtf(x), sqrt(x))
F1(EXP, x, expf(x), exp(x))
F1(EXPM1, x, expm1f(x), expm1(x))
F1(LOG, x, logf(x), log(x))
F1(LOG1P, x, log1pf(x), log1p(x))
F1(LOG2, x, log2f(x), log2(x))
F1(LOG10, x, log10f(x), log10(x))
F1(SIN, x, sinf(x), sin(x))
F1(COS, x, cosf(x), cos(x))
F1(TAN, x, tanf(x), tan(x))
F1(ASIN, x, asinf(x), asin(x))
F1(ACOS, x, acosf(x), acos(x))
F1(ATAN, x, atanf(x), atan(x))
F1(SINH, x, sinhf(x), sinh(x))
F1(COSH, x, coshf(x), cosh(x))
F1(TANH, x, tanhf(x), tanh(x))
F1(ERF, x, erff(x), erf(x))
F1(ERFC, x, erfcf(x), erfc(x))
F1(ERFINV, x, erfinvf(x), erfinv(x))
F1(LGAMMA, x, lgammaf(x), lgamma(x))
F1(FLOOR, x, floorf(x), floor(x))
F1(CEIL, x, ceilf(x), ceil(x))
F1(TRUNC, x, truncf(x), trunc(x))
F1(ROUND, x, rintf(x), rint(x))
F1(NOT, x, x == 0, x == 0)
F1(IS_NAN, x, x != x, x != x)
WHOLE1(NEGATE, (i64)(0ULL - (u64)x))
WHOLE1(ABS, x < 0 ? (i64)(0ULL - (u64)x) : x)
WHOLE1(SIGN, (x > 0) - (x < 0))
WHOLE1(FLOOR, x)
WHOLE1(CEIL, x)
WHOLE1(TRUNC, x)
WHOLE1(ROUND, x)
WHOLE1(NOT, x == 0)
WHOLE1(IS_NAN, 0)

// Whole numbers wrap, which signed arithmetic of C leaves open.
F2(ADD, a + b, a + b)
F2(SUB, a - b, a - b)
F2(MUL, a * b, a * b)
F2(DIV, a / b, a / b)
WHOLE2(ADD, (i64)((u64)a + (u64)b))
WHOLE2(SUB, (i64)((u64)a - (u64)b))
WHOLE2(MUL, (i64)((u64)a * (u64)b))
ALL2(MAX, larger(a, b))
ALL2(MIN, smaller(a, b))
ALL2(EQ, a == b)
ALL2(NE, a != b)
ALL2(LT, a < b)
ALL2(LE, a <= b)
ALL2(GT, a > b)
ALL2(GE, a >= b)
ALL2(AND, a != 0 && b != 0)
ALL2(OR, a != 0 || b != 0)
ALL2(XOR, (a != 0) != (b != 0))
F2(ATAN2, atan2f(a, b), atan2(a, b))
F2(FMOD, fmodf(a, b), fmod(a, b))
F2(TRUNC_DIV, truncf(a / b), trunc(a / b))
F2(COPYSIGN, copysignf(a, b), copysign(a, b))
WHOLE2(COPYSIGN, (b < 0) == (a < 0) ? a : (i64)(0ULL - (u64)a))
WHOLE2(BIT_AND, a & b)
WHOLE2(BIT_OR, a | b)
WHOLE2(BIT_XOR, a ^ b)
WHOLE2(SHIFT_LEFT, b < 0 || b >= 64 ? 0 : (i64)((u64)a << b))
WHOLE2(SHIFT_RIGHT, a >> (b < 0 || b >= 64 ? 63 : b))

// By recurrence up to where the asymptotic series of derivative n + 1 of log gamma is exact.
__device__ __forceinline__ double f_POLYGAMMA(double n, double x) {
  const double bernoulli[8] = {1 / 6.0, -1 / 30.0, 1 / 42.0, -1 / 30.0, 5 / 66.0, -691 / 2730.0, 7 / 6.0, -3617 / 510.0};
  const double pi = 3.14159265358979323846;
  double sum = 0;
  if (n == 0) {
    if (x == 0) return copysign(1 / 0.0, -x);
    if (x < 0) {
      if (x == rint(x)) return 0.0 / 0.0;
      double turn = x - 2 * rint(x / 2);
      sum = -pi * cos(pi * turn) / sin(pi * turn);
      x = 1 - x;
    }
    for (; x < 15; x++) sum -= 1 / x;
    sum += log(x) - 0.5 / x;
    double power = x * x;
    for (int k = 1; k <= 8; k++, power *= x * x) sum -= bernoulli[k - 1] / (2 * k * power);
    return sum;
  }
  double sign = fmod(n, 2.0) == 0 ? -1 : 1, factorial = 1;
  if (x <= 0 && x == rint(x)) return sign / 0.0;
  for (int i = 2; i <= n; i++) factorial *= i;
  for (; x < 15 + n; x++) sum += pow(x, -n - 1);
  sum += pow(x, -n) / n + 0.5 * pow(x, -n - 1);
  double term = (n + 1) * pow(x, -n - 2) / 2;
  for (int k = 1; k <= 8; k++) {
    sum += bernoulli[k - 1] * term;
    term *= (n + 2.0 * k) * (n + 2 * k + 1) / ((2 * k + 1) * (2 * k + 2) * x * x);
  }
  return sign * factorial * sum;
}
__device__ __forceinline__ float f_POLYGAMMA(float n, float x) { return (float)f_POLYGAMMA((double)n, (double)x); }

__device__ __forceinline__ float f_POW(float a, float b) {
  if (b == 2) return a * a;
  if (b == 3) return a * a * a;
  if (b == 0.5f) return sqrtf(a);
  if (b == -1) return 1 / a;
  if (b == -0.5f) return 1 / sqrtf(a);
  return powf(a, b);
}
__device__ __forceinline__ double f_POW(double a, double b) { return pow(a, b); }
template <class C> __device__ __forceinline__ C f_REMAINDER(C a, C b) {
  C m = f_FMOD(a, b);
  return m != 0 && (b < 0) != (m < 0) ? m + b : m;
}
// From the exact remainder rather than the rounded quotient.
__device__ __forceinline__ float f_FLOOR_DIV(float a, float b) { return b == 0 ? a / b : rintf((a - f_REMAINDER(a, b)) / b); }
__device__ __forceinline__ double f_FLOOR_DIV(double a, double b) { return floor(a / b); }

__device__ __forceinline__ float f_FMA(float a, float b, float c) { return fmaf(a, b, c); }
__device__ __forceinline__ double f_FMA(double a, double b, double c) { return fma(a, b, c); }
__device__ __forceinline__ i64 f_FMA(i64 a, i64 b, i64 c) { return (i64)((u64)a * (u64)b + (u64)c); }
template <class C> __device__ __forceinline__ C f_SELECT(C condition, C yes, C no) { return condition != 0 ? yes : no; }

// Whole numbers for which there is no result report it: 0 for a division by zero, else the negative exponent.
struct Faulty {
  i64* faults;
  i64 call;
};
__device__ __forceinline__ bool divides(Faulty f, i64 b) {
  if (b == 0) report(f.faults, f.call, 0);
  return b != 0;
}
// The most negative number by -1 overflows: negated, it wraps.
__device__ __forceinline__ i64 f_TRUNC_DIV(Faulty f, i64 a, i64 b) { return !divides(f, b) ? 0 : b == -1 ? f_NEGATE(a) : a / b; }
__device__ __forceinline__ i64 f_FMOD(Faulty f, i64 a, i64 b) { return !divides(f, b) || b == -1 ? 0 : a % b; }
__device__ __forceinline__ i64 f_FLOOR_DIV(Faulty f, i64 a, i64 b) {
  if (!divides(f, b)) return 0;
  if (b == -1) return f_NEGATE(a);
  return a / b - (a % b != 0 && (a < 0) != (b < 0));
}
__device__ __forceinline__ i64 f_REMAINDER(Faulty f, i64 a, i64 b) {
  if (!divides(f, b) || b == -1) return 0;
  i64 m = a % b;
  return m != 0 && (m < 0) != (b < 0) ? m + b : m;
}
__device__ __forceinline__ i64 f_POW(Faulty f, i64 base, i64 exponent) {
  if (exponent < 0) {
    if (base == 1) return 1;
    if (base == -1) return (exponent & 1) == 0 ? 1 : -1;
    report(f.faults, f.call, exponent);
    return 0;
  }
  u64 r = 1, b = (u64)base;
  for (; exponent > 0; exponent >>= 1) {
    if (exponent & 1) r *= b;
    b *= b;
  }
  return (i64)r;
}
