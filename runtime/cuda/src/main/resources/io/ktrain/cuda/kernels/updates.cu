#include "tensors.cuh"

__device__ __forceinline__ float fused(float a, float b, float c) { return fmaf(a, b, c); }
__device__ __forceinline__ double fused(double a, double b, double c) { return fma(a, b, c); }

template <class T> __device__ __forceinline__ void squares(const Tensors& t, double* sums) {
  typedef typename Compute<T>::type C;
  const i32 W = 16 / sizeof(T);
  __shared__ C scratch[32];
  Range r(t);
  const T* at = (const T*)t.at[0][r.tensor] + r.from;
  i64 packed = ((u64)at & 15) == 0 ? r.n / W * W : 0;
  C sum = 0;
#pragma unroll 4
  for (i64 i = (i64)threadIdx.x * W; i < packed; i += (i64)blockDim.x * W) {
    Pack<T, W> p = *(const Pack<T, W>*)(at + i);
#pragma unroll
    for (i32 w = 0; w < W; w++) sum = fused((C)widen(p.v[w]), (C)widen(p.v[w]), sum);
  }
  for (i64 i = packed + threadIdx.x; i < r.n; i += blockDim.x) sum = fused((C)widen(at[i]), (C)widen(at[i]), sum);
  sum = block_sum(sum, scratch);
  if (threadIdx.x == 0) sums[blockIdx.x] = (double)sum;
}

// One block.
KERNEL(root_of_sums, const double* sums, i64 n, void* out, i32 type) {
  __shared__ double scratch[32];
  double sum = 0;
  for (i64 i = threadIdx.x; i < n; i += blockDim.x) sum += sums[i];
  sum = block_sum(sum, scratch);
  if (threadIdx.x == 0) store(out, type, 0, sqrt(sum));
}

template <class T> __device__ __forceinline__ void scale(const Tensors& t, const void* factor, i32 type) {
  typedef typename Compute<T>::type C;
  const i32 W = 16 / sizeof(T);
  C f = load<C>(factor, type, 0);
  if (f == 1) return; // most steps of a training that clips its gradients
  Range r(t);
  T* at = (T*)t.at[0][r.tensor] + r.from;
  i64 packed = ((u64)at & 15) == 0 ? r.n / W * W : 0;
  for (i64 i = (i64)threadIdx.x * W; i < packed; i += (i64)blockDim.x * W) {
    Pack<T, W> p = *(const Pack<T, W>*)(at + i);
#pragma unroll
    for (i32 w = 0; w < W; w++) p.v[w] = narrow<T>((C)widen(p.v[w]) * f);
    *(Pack<T, W>*)(at + i) = p;
  }
  for (i64 i = packed + threadIdx.x; i < r.n; i += blockDim.x) at[i] = narrow<T>((C)widen(at[i]) * f);
}

#define UPDATES(suffix, T) \
  KERNEL(squares_##suffix, Tensors t, double* sums) { squares<T>(t, sums); } \
  KERNEL(scale_##suffix, Tensors t, const void* factor, i32 type) { scale<T>(t, factor, type); }
FLOATING_TYPES(UPDATES)
