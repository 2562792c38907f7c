// What all kernels share. Compiled by nvcc and NVRTC for a GPU, and by g++ (KTRAIN_STANDIN) for tests without one, so it
// includes nothing of the toolkit's.
#pragma once

#ifdef KTRAIN_STANDIN
#include "standin.h"
#else
// At most 512 threads a block, which leaves each of them 128 registers.
#define KERNEL(name, ...) extern "C" __global__ void __launch_bounds__(512) name(__VA_ARGS__)
#define DYNAMIC_SHARED(T, name) extern __shared__ __align__(16) unsigned char ktrain_shared[]; T* name = (T*)ktrain_shared
#endif

typedef long long i64;
typedef unsigned long long u64;
typedef int i32;
typedef unsigned int u32;
typedef short i16;
typedef unsigned short u16;
typedef signed char i8;
typedef unsigned char u8;

// ---- element types, numbered as DType

enum Type { F64, F32, F16, BF16, I64, I32, I16, I8, U8, BOOL };

struct half16 { u16 bits; };
struct bfloat { u16 bits; };
struct boolean { u8 bits; };

__device__ __forceinline__ float bits_float(u32 b) { return __int_as_float((i32)b); }
__device__ __forceinline__ u32 float_bits(float v) { return (u32)__float_as_int(v); }

#ifdef KTRAIN_STANDIN
__device__ __forceinline__ float half_float(u16 b) { _Float16 h; memcpy(&h, &b, 2); return (float)h; }
__device__ __forceinline__ u16 float_half(float v) { _Float16 h = (_Float16)v; u16 b; memcpy(&b, &h, 2); return b; }
#else
__device__ __forceinline__ float half_float(u16 b) { float v; asm("cvt.f32.f16 %0, %1;" : "=f"(v) : "h"(b)); return v; }
__device__ __forceinline__ u16 float_half(float v) { u16 b; asm("cvt.rn.f16.f32 %0, %1;" : "=h"(b) : "f"(v)); return b; }
#endif

__device__ __forceinline__ float bfloat_float(u16 b) { return bits_float((u32)b << 16); }
// To the nearest, halves to even; NaN stays NaN.
__device__ __forceinline__ u16 float_bfloat(float v) {
  u32 b = float_bits(v);
  return (u16)((b & 0x7FFFFFFFu) > 0x7F800000u ? b >> 16 | 0x40u : (b + 0x7FFFu + (b >> 16 & 1u)) >> 16);
}

// What arithmetic on elements of type T is done in.
template <class T> struct Compute { typedef i64 type; };
template <> struct Compute<double> { typedef double type; };
template <> struct Compute<float> { typedef float type; };
template <> struct Compute<half16> { typedef float type; };
template <> struct Compute<bfloat> { typedef float type; };

__device__ __forceinline__ double widen(double v) { return v; }
__device__ __forceinline__ float widen(float v) { return v; }
__device__ __forceinline__ float widen(half16 v) { return half_float(v.bits); }
__device__ __forceinline__ float widen(bfloat v) { return bfloat_float(v.bits); }
__device__ __forceinline__ i64 widen(i64 v) { return v; }
__device__ __forceinline__ i64 widen(i32 v) { return v; }
__device__ __forceinline__ i64 widen(i16 v) { return v; }
__device__ __forceinline__ i64 widen(i8 v) { return v; }
__device__ __forceinline__ i64 widen(u8 v) { return v; }
__device__ __forceinline__ i64 widen(boolean v) { return v.bits != 0; }

// Java's conversion: towards zero, NaN to 0, held to the range of i64.
__device__ __forceinline__ i64 whole(double v) {
  return v != v ? 0 : v >= 9223372036854775808.0 ? 9223372036854775807LL : v <= -9223372036854775808.0 ? -9223372036854775807LL - 1 : (i64)v;
}
__device__ __forceinline__ i64 whole(float v) { return whole((double)v); }
__device__ __forceinline__ i64 whole(i64 v) { return v; }

template <class T> struct Narrow;
template <> struct Narrow<double> { template <class C> static __device__ __forceinline__ double of(C v) { return (double)v; } };
template <> struct Narrow<float> { template <class C> static __device__ __forceinline__ float of(C v) { return (float)v; } };
template <> struct Narrow<half16> { template <class C> static __device__ __forceinline__ half16 of(C v) { half16 h; h.bits = float_half((float)v); return h; } };
template <> struct Narrow<bfloat> { template <class C> static __device__ __forceinline__ bfloat of(C v) { bfloat h; h.bits = float_bfloat((float)v); return h; } };
template <> struct Narrow<i64> { template <class C> static __device__ __forceinline__ i64 of(C v) { return whole(v); } };
template <> struct Narrow<i32> { template <class C> static __device__ __forceinline__ i32 of(C v) { return (i32)whole(v); } };
template <> struct Narrow<i16> { template <class C> static __device__ __forceinline__ i16 of(C v) { return (i16)whole(v); } };
template <> struct Narrow<i8> { template <class C> static __device__ __forceinline__ i8 of(C v) { return (i8)whole(v); } };
template <> struct Narrow<u8> { template <class C> static __device__ __forceinline__ u8 of(C v) { return (u8)whole(v); } };
template <> struct Narrow<boolean> { template <class C> static __device__ __forceinline__ boolean of(C v) { boolean b; b.bits = v != 0; return b; } };

template <class T> __device__ __forceinline__ T narrow(double v) { return Narrow<T>::of(v); }
template <class T> __device__ __forceinline__ T narrow(float v) { return Narrow<T>::of(v); }
template <class T> __device__ __forceinline__ T narrow(i64 v) { return Narrow<T>::of(v); }

// Element i of memory whose type is known when the kernel runs: the same branch in every thread.
template <class C> __device__ __forceinline__ C load(const void* p, i32 type, i64 i) {
  switch (type) {
    case F64: return (C)((const double*)p)[i];
    case F32: return (C)((const float*)p)[i];
    case F16: return (C)widen(((const half16*)p)[i]);
    case BF16: return (C)widen(((const bfloat*)p)[i]);
    case I64: return (C)((const i64*)p)[i];
    case I32: return (C)((const i32*)p)[i];
    case I16: return (C)((const i16*)p)[i];
    case I8: return (C)((const i8*)p)[i];
    case U8: return (C)((const u8*)p)[i];
    default: return (C)widen(((const boolean*)p)[i]);
  }
}
// A floating value read as a whole number follows Java's conversion.
template <> __device__ __forceinline__ i64 load<i64>(const void* p, i32 type, i64 i) {
  switch (type) {
    case F64: return whole(((const double*)p)[i]);
    case F32: return whole(((const float*)p)[i]);
    case F16: return whole(widen(((const half16*)p)[i]));
    case BF16: return whole(widen(((const bfloat*)p)[i]));
    case I64: return ((const i64*)p)[i];
    case I32: return ((const i32*)p)[i];
    case I16: return ((const i16*)p)[i];
    case I8: return ((const i8*)p)[i];
    case U8: return ((const u8*)p)[i];
    default: return widen(((const boolean*)p)[i]);
  }
}
template <class C> __device__ __forceinline__ void store(void* p, i32 type, i64 i, C v) {
  switch (type) {
    case F64: ((double*)p)[i] = narrow<double>(v); break;
    case F32: ((float*)p)[i] = narrow<float>(v); break;
    case F16: ((half16*)p)[i] = narrow<half16>(v); break;
    case BF16: ((bfloat*)p)[i] = narrow<bfloat>(v); break;
    case I64: ((i64*)p)[i] = narrow<i64>(v); break;
    case I32: ((i32*)p)[i] = narrow<i32>(v); break;
    case I16: ((i16*)p)[i] = narrow<i16>(v); break;
    case I8: ((i8*)p)[i] = narrow<i8>(v); break;
    case U8: ((u8*)p)[i] = narrow<u8>(v); break;
    default: ((boolean*)p)[i] = narrow<boolean>(v); break;
  }
}

// M(suffix, T) for each element type: instances of a kernel whose types are known when it is compiled.
#define FLOATING_TYPES(M) M(f64, double) M(f32, float) M(f16, half16) M(bf16, bfloat)
#define ALL_TYPES(M) FLOATING_TYPES(M) M(i64, i64) M(i32, i32) M(i16, i16) M(i8, i8) M(u8, u8) M(bool, boolean)

// ---- places

// Operands walked together; see Args.walk and Strides.
struct Walk {
  i64 dims;
  i64 sizes[8];
  i64 strides[6][8];

  // Where element i of operands 0 until K lies from their first elements.
  template <int K> __device__ __forceinline__ void at(i64 i, i64 (&places)[K]) const {
    for (int k = 0; k < K; k++) places[k] = 0;
    for (int d = (int)dims - 1; d > 0; d--) {
      i64 c;
      if ((i | sizes[d]) >> 31 == 0) { // 64-bit division is many times slower
        c = (u32)i % (u32)sizes[d];
        i = (u32)i / (u32)sizes[d];
      } else {
        c = i % sizes[d];
        i /= sizes[d];
      }
      for (int k = 0; k < K; k++) places[k] += c * strides[k][d];
    }
    for (int k = 0; k < K; k++) places[k] += i * strides[k][0];
  }
};

// The remainder of i by n, less than 2^31; i becomes the quotient. 64-bit division is a call that is many times slower,
// so what i has above 31 bits is taken off in multiples of n.
__device__ __forceinline__ i32 take(i64& i, i64 n) {
  u32 by = (u32)n, most = 0x7FFFFFFFu / by;
  i64 above = 0;
  for (; i >> 31; i -= (i64)most * by) above += most;
  u32 rest = (u32)i, quotient = rest / by;
  i = above + quotient;
  return (i32)(rest - quotient * by);
}

// This thread's elements of n, a grid's width apart.
#define EACH(i, n) for (i64 i = (i64)blockIdx.x * blockDim.x + threadIdx.x; i < (n); i += (i64)gridDim.x * blockDim.x)

// ---- the threads of a block together

// Combines a value of each thread in a fixed order; every thread gets the result. `scratch`: 32 elements in shared memory.
template <class T, class F> __device__ __forceinline__ T block_reduce(T v, T identity, F combine, T* scratch) {
  for (int m = 16; m > 0; m >>= 1) v = combine(v, __shfl_xor_sync(0xffffffffu, v, m));
  int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, warps = (blockDim.x + 31) >> 5;
  if (lane == 0) scratch[warp] = v;
  __syncthreads();
  v = lane < warps ? scratch[lane] : identity;
  for (int m = 16; m > 0; m >>= 1) v = combine(v, __shfl_xor_sync(0xffffffffu, v, m));
  __syncthreads(); // the next call writes scratch
  return v;
}
template <class T> __device__ __forceinline__ T block_sum(T v, T* scratch) {
  return block_reduce(v, (T)0, [](T a, T b) { return a + b; }, scratch);
}
__device__ __forceinline__ double lowest(double) { return __longlong_as_double(0xFFF0000000000000LL); }
__device__ __forceinline__ float lowest(float) { return bits_float(0xFF800000u); }
__device__ __forceinline__ i64 lowest(i64) { return -9223372036854775807LL - 1; }
// As Math.max and Math.min: NaN wins, and 0 is larger than -0, though they are equal.
template <class T> __device__ __forceinline__ T larger(T a, T b) {
  return a > b || a != a ? a : a == 0 && b == 0 ? a + b : b;
}
template <class T> __device__ __forceinline__ T smaller(T a, T b) {
  return a < b || a != a ? a : a == 0 && b == 0 ? -(-a - b) : b;
}
__device__ __forceinline__ i64 larger(i64 a, i64 b) { return a > b ? a : b; }
__device__ __forceinline__ i64 smaller(i64 a, i64 b) { return a < b ? a : b; }
template <class T> __device__ __forceinline__ T block_max(T v, T lowest, T* scratch) {
  return block_reduce(v, lowest, [](T a, T b) { return larger(a, b); }, scratch);
}

// The same for each `lanes` neighbouring threads: a power of two up to 32, or the block. Every thread of a warp calls it.
template <class T, class F> __device__ __forceinline__ T group_reduce(T v, T identity, F combine, i32 lanes, T* scratch) {
  if (lanes > 32) return block_reduce(v, identity, combine, scratch);
  for (int m = lanes >> 1; m > 0; m >>= 1) v = combine(v, __shfl_xor_sync(0xffffffffu, v, m));
  return v;
}
template <class T> __device__ __forceinline__ T group_sum(T v, i32 lanes, T* scratch) {
  return group_reduce(v, (T)0, [](T a, T b) { return a + b; }, lanes, scratch);
}

// Elements that one thread loads and stores in one instruction: at most 16 bytes, aligned to their size.
template <class T, int N> struct __align__(sizeof(T) * N) Pack {
  T v[N];
};
template <class T> struct Widest { static const int N = 16 / sizeof(T); };
template <int N, class T> __device__ __forceinline__ void load_pack(const T* p, typename Compute<T>::type (&to)[N]) {
  Pack<T, N> pack = *(const Pack<T, N>*)p;
  for (int j = 0; j < N; j++) to[j] = widen(pack.v[j]);
}
template <int N, class T> __device__ __forceinline__ void store_pack(T* p, const typename Compute<T>::type (&from)[N]) {
  Pack<T, N> pack;
  for (int j = 0; j < N; j++) pack.v[j] = narrow<T>(from[j]);
  *(Pack<T, N>*)p = pack;
}

// ---- values that are wrong

// The first fault since the host last looked stays; see Faults.
__device__ __forceinline__ void report(i64* faults, i64 call, i64 value) {
  if (atomicCAS((u64*)faults, 0ULL, (u64)(call + 1)) == 0ULL) faults[1] = value;
}

// ---- random numbers: Philox4x32-10, as io.ktrain.random.Philox

__device__ __forceinline__ void philox(u64 key, u64 stream, u64 counter, u32 (&out)[4]) {
  u32 c0 = (u32)counter, c1 = (u32)(counter >> 32), c2 = (u32)stream, c3 = (u32)(stream >> 32);
  u32 k0 = (u32)key, k1 = (u32)(key >> 32);
  for (int round = 0; round < 10; round++) {
    u64 p0 = (u64)0xD2511F53u * c0, p1 = (u64)0xCD9E8D57u * c2;
    u32 n0 = (u32)(p1 >> 32) ^ c1 ^ k0, n2 = (u32)(p0 >> 32) ^ c3 ^ k1;
    c1 = (u32)p1;
    c3 = (u32)p0;
    c0 = n0;
    c2 = n2;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}
__device__ __forceinline__ float uniform(u32 word) { return (word >> 8) * 0x1p-24f; }
__device__ __forceinline__ double uniform(u32 high, u32 low) { return (double)(((u64)high << 32 | low) >> 11) * 0x1p-53; }
