// Kernels compiled by g++: what CUDA gives them, by way of the stand-in driver (driver.cpp), which runs one block's
// threads as fibers.
#pragma once
struct StandinDim { unsigned x, y, z; };
enum StandinWait { STANDIN_WARP, STANDIN_BLOCK };

// The block that is running. The driver points every loaded module at its own.
struct Standin {
  StandinDim thread, block, blockDim, gridDim;
  unsigned current;             // the running thread's number in its block
  void (*wait)(int kind);       // until all threads of the warp or block are here
  unsigned char* dynamic;       // dynamic shared memory
  unsigned char (*exchange)[16]; // one value a thread, for shuffles
};
extern "C" {
__attribute__((visibility("default"))) inline Standin* standin = nullptr;
}

#ifdef KTRAIN_STANDIN // in a kernel, not in the driver
// Declared here: the headers of the C library cost each of many hundred compilations a tenth of a second.
extern "C" {
void* memcpy(void*, const void*, unsigned long);
void* memset(void*, int, unsigned long);
#define F1(name) double name(double); float name##f(float);
#define F2(name) double name(double, double); float name##f(float, float);
F1(fabs) F1(sqrt) F1(exp) F1(exp2) F1(expm1) F1(log) F1(log1p) F1(log2) F1(log10) F1(sin) F1(cos) F1(tan) F1(asin) F1(acos) F1(atan) F1(sinh) F1(cosh) F1(tanh) F1(erf) F1(erfc) F1(lgamma) F1(floor) F1(ceil) F1(trunc) F1(rint) F1(round) F1(cbrt)
F2(pow) F2(fmod) F2(atan2) F2(fmax) F2(fmin) F2(copysign)
double fma(double, double, double);
float fmaf(float, float, float);
#undef F1
#undef F2
}
#define isnan(x) ((x) != (x))
#define isinf(x) (__builtin_isinf(x))
#define INFINITY __builtin_inff()
#define NAN __builtin_nanf("")

#define threadIdx (standin->thread)
#define blockIdx (standin->block)
#define blockDim (standin->blockDim)
#define gridDim (standin->gridDim)
#define __global__
#define __device__
#define __forceinline__ inline
#define __shared__ static
#define __restrict__
#define __align__(n) __attribute__((aligned(n)))
#define __launch_bounds__(...)
#define __constant__ static const

template <class> struct StandinCall;
template <int... I> struct StandinIndices {};
template <int N, int... I> struct StandinUpTo : StandinUpTo<N - 1, N - 1, I...> {};
template <int... I> struct StandinUpTo<0, I...> { typedef StandinIndices<I...> type; };
template <class... A> struct StandinCall<void(A...)> {
  template <int... I> static void run(void (*f)(A...), void** a, StandinIndices<I...>) { f(*(A*)a[I]...); }
  static void run(void (*f)(A...), void** a) { run(f, a, typename StandinUpTo<sizeof...(A)>::type()); }
  static const int* sizes() {
    static const int all[] = {(int)sizeof(A)..., 0};
    return all;
  }
};

#define KERNEL(name, ...)                                                                                    \
  static void name(__VA_ARGS__);                                                                             \
  extern "C" __attribute__((visibility("default"))) const int* sizes_##name() { return StandinCall<void(__VA_ARGS__)>::sizes(); } \
  extern "C" __attribute__((visibility("default"))) void run_##name(void** a) { StandinCall<void(__VA_ARGS__)>::run(&name, a); } \
  static void name(__VA_ARGS__)
#define DYNAMIC_SHARED(T, name) T* name = (T*)standin->dynamic

static inline void __syncthreads() { standin->wait(STANDIN_BLOCK); }
static inline void __syncwarp(unsigned = 0xffffffffu) { standin->wait(STANDIN_WARP); }
static inline void __threadfence() {}
static inline void __threadfence_block() {}

template <class T> static inline T standin_shuffle(T v, unsigned lane) {
  static_assert(sizeof(T) <= 16, "shuffles move at most 16 bytes here");
  unsigned t = standin->current;
  memcpy(standin->exchange[t], &v, sizeof(T));
  standin->wait(STANDIN_WARP);
  T r;
  memcpy(&r, standin->exchange[(t & ~31u) | (lane & 31u)], sizeof(T));
  standin->wait(STANDIN_WARP);
  return r;
}
template <class T> static inline T __shfl_xor_sync(unsigned, T v, int m) { return standin_shuffle(v, (standin->current & 31u) ^ m); }
template <class T> static inline T __shfl_sync(unsigned, T v, int lane) { return standin_shuffle(v, lane); }
template <class T> static inline T __shfl_down_sync(unsigned, T v, unsigned d) {
  unsigned lane = standin->current & 31u;
  return standin_shuffle(v, lane + d < 32 ? lane + d : lane);
}
template <class T> static inline T __shfl_up_sync(unsigned, T v, unsigned d) {
  unsigned lane = standin->current & 31u;
  return standin_shuffle(v, lane >= d ? lane - d : lane);
}

// The lanes of a full warp that hold the same value.
template <class T> static inline unsigned __match_any_sync(unsigned, T v) {
  unsigned t = standin->current, same = 0;
  memcpy(standin->exchange[t], &v, sizeof(T));
  standin->wait(STANDIN_WARP);
  for (unsigned lane = 0; lane < 32; lane++) same |= (unsigned)!__builtin_memcmp(standin->exchange[(t & ~31u) | lane], &v, sizeof(T)) << lane;
  standin->wait(STANDIN_WARP);
  return same;
}

template <class T> static inline T atomicCAS(T* p, T expected, T value) { T old = *p; if (old == expected) *p = value; return old; }
template <class T> static inline T atomicAdd(T* p, T value) { T old = *p; *p = old + value; return old; }
template <class T> static inline T atomicMax(T* p, T value) { T old = *p; if (value > old) *p = value; return old; }

static inline int __float_as_int(float v) { int b; memcpy(&b, &v, 4); return b; }
static inline float __int_as_float(int b) { float v; memcpy(&v, &b, 4); return v; }
static inline long long __double_as_longlong(double v) { long long b; memcpy(&b, &v, 8); return b; }
static inline double __longlong_as_double(long long b) { double v; memcpy(&v, &b, 8); return v; }
// By Newton's method, slower and as exact as CUDA's own.
static inline double erfinv(double x) {
  if (!(fabs(x) < 1)) return fabs(x) == 1 ? x * INFINITY : NAN;
  double y = 0;
  for (int i = 0; i < 200; i++) {
    double off = (fabs(x) > 0.5 ? copysign(1, x) * (1 - fabs(x) - erfc(fabs(y))) : erf(y) - x) * 0.88622692545275801 * exp(y * y);
    y -= off;
    if (fabs(off) < 1e-17) break;
  }
  return y;
}
static inline float erfinvf(float x) { return (float)erfinv(x); }
static inline float rsqrtf(float x) { return 1.0f / sqrtf(x); }
static inline double rsqrt(double x) { return 1.0 / sqrt(x); }
static inline float __fmul_rn(float a, float b) { return a * b; }
static inline double __dmul_rn(double a, double b) { return a * b; }
static inline float __fdividef(float a, float b) { return a / b; }
static inline float __ldg(const float* p) { return *p; }
static inline int __popc(unsigned v) { return __builtin_popcount(v); }
static inline int __clz(int v) { return v == 0 ? 32 : __builtin_clz((unsigned)v); }
struct float4 { float x, y, z, w; } __attribute__((aligned(16)));
struct float2 { float x, y; } __attribute__((aligned(8)));
struct uint4 { unsigned x, y, z, w; } __attribute__((aligned(16)));
struct uint2 { unsigned x, y; } __attribute__((aligned(8)));
struct double2 { double x, y; } __attribute__((aligned(16)));
static inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }
template <class T> static inline T min(T a, T b) { return b < a ? b : a; }
template <class T> static inline T max(T a, T b) { return a < b ? b : a; }
#endif
