#include "ktrain.cuh"

// Lists of tensors, all of one type and row-major, that one launch changes: a block does one chunk of one tensor of the
// first list and what belongs to it in the others. See UpdateKernels, which fills this.
#define TENSORS 64
#define LISTS 5
#define CHUNK 16384
struct Tensors {
  i64 count;
  i64 first[TENSORS + 1]; // the chunk with which each begins, then how many there are in all
  i64 sizes[TENSORS];
  u64 at[LISTS][TENSORS];
};

struct Range {
  i32 tensor;
  i64 from, n;
  __device__ __forceinline__ Range(const Tensors& t) {
    i32 low = 0, high = (i32)t.count; // an empty tensor begins where the next one does
    while (high - low > 1) {
      i32 middle = (low + high) >> 1;
      if (t.first[middle] <= blockIdx.x) low = middle;
      else high = middle;
    }
    tensor = low;
    from = (blockIdx.x - t.first[low]) * CHUNK;
    n = t.sizes[low] - from < CHUNK ? t.sizes[low] - from : CHUNK;
  }
};


// Calls f with the values of K lists at each place of this block's chunk, and stores what it makes of them. The second
// list is the gradients', which stay as they are.
template <class T, int K, class F> __device__ __forceinline__ void each(const Tensors& t, F f) {
  typedef typename Compute<T>::type C;
  const i32 W = 16 / sizeof(T);
  Range r(t);
  T* at[K];
  u64 places = 0;
#pragma unroll
  for (i32 k = 0; k < K; k++) {
    at[k] = (T*)t.at[k][r.tensor] + r.from;
    places |= (u64)at[k];
  }
  i64 packed = (places & 15) == 0 ? r.n / W * W : 0;
  for (i64 i = (i64)threadIdx.x * W; i < packed; i += (i64)blockDim.x * W) {
    Pack<T, W> p[K];
#pragma unroll
    for (i32 k = 0; k < K; k++) p[k] = *(const Pack<T, W>*)(at[k] + i);
#pragma unroll
    for (i32 w = 0; w < W; w++) {
      C v[K];
#pragma unroll
      for (i32 k = 0; k < K; k++) v[k] = widen(p[k].v[w]);
      f(v);
#pragma unroll
      for (i32 k = 0; k < K; k++) p[k].v[w] = narrow<T>(v[k]);
    }
#pragma unroll
    for (i32 k = 0; k < K; k++) if (k != 1) *(Pack<T, W>*)(at[k] + i) = p[k];
  }
  for (i64 i = packed + threadIdx.x; i < r.n; i += blockDim.x) {
    C v[K];
#pragma unroll
    for (i32 k = 0; k < K; k++) v[k] = widen(at[k][i]);
    f(v);
#pragma unroll
    for (i32 k = 0; k < K; k++) if (k != 1) at[k][i] = narrow<T>(v[k]);
  }
}

__device__ __forceinline__ float fused(float a, float b, float c) { return fmaf(a, b, c); }
__device__ __forceinline__ double fused(double a, double b, double c) { return fma(a, b, c); }
__device__ __forceinline__ float root(float v) { return sqrtf(v); }
__device__ __forceinline__ double root(double v) { return sqrt(v); }
// A product that nvcc does not fuse with the sum that it goes into.
__device__ __forceinline__ float product(float a, float b) { return __fmul_rn(a, b); }
__device__ __forceinline__ double product(double a, double b) { return __dmul_rn(a, b); }
// States below the smallest normal number become 0, as on the CPU, where denormals are slow.
__device__ __forceinline__ float flushed(float v) { return fabsf(v) < 0x1p-126f ? 0.0f : v; }
__device__ __forceinline__ double flushed(double v) { return v; }

// Lists: parameters, gradients, and with momentum its buffers.
template <class T, int K>
__device__ __forceinline__ void sgd(const Tensors& t, double lr, double decay, double keep, double take,
    double of_buffer, double of_gradient) {
  typedef typename Compute<T>::type C;
  C minus = (C)-lr, l2 = (C)decay, stay = (C)keep, add = (C)take, buffer = (C)of_buffer, gradient = (C)of_gradient;
  each<T, K>(t, [=](C (&v)[K]) {
    C d = fused(v[0], l2, v[1]);
    if (K == 3) {
      v[K - 1] = flushed(fused(d, add, v[K - 1] * stay));
      d = fused(v[K - 1], buffer, d * gradient);
    }
    v[0] = fused(d, minus, v[0]);
  });
}

// Lists: parameters, gradients, first and second moments, and with amsgrad the largest second moments.
template <class T, int K>
__device__ __forceinline__ void adam(const Tensors& t, double one_minus_beta1, double beta2, double eps, double l2,
    double shrink, double step, double root_of_bias2) {
  typedef typename Compute<T>::type C;
  C a = (C)one_minus_beta1, b = (C)beta2, c = (C)(1 - beta2), e = (C)eps, l = (C)l2, s = (C)shrink, h = (C)-step,
      r = (C)root_of_bias2;
  each<T, K>(t, [=](C (&v)[K]) {
    C d = fused(v[0], l, v[1]);
    v[2] = flushed(fused(d - v[2], a, v[2]));
    v[3] = flushed(fused(d * c, d, v[3] * b));
    if (K == 5) v[K - 1] = larger(v[K - 1], v[3]);
    v[0] = product(v[0], s) + v[2] * h / (root(v[K - 1]) / r + e);
  });
}

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
  C f = load<C>(factor, type, 0);
  if (f == 1) return; // most steps of a training that clips its gradients
  each<T, 1>(t, [=](C (&v)[1]) { v[0] *= f; });
}

#define UPDATES(suffix, T) \
  KERNEL(sgd_##suffix, Tensors t, double lr, double decay) { sgd<T, 2>(t, lr, decay, 0, 0, 0, 0); } \
  KERNEL(momentum_##suffix, Tensors t, double lr, double decay, double keep, double take, double of_buffer, \
      double of_gradient) { \
    sgd<T, 3>(t, lr, decay, keep, take, of_buffer, of_gradient); \
  } \
  KERNEL(adam_##suffix, Tensors t, double one_minus_beta1, double beta2, double eps, double l2, double shrink, \
      double step, double root_of_bias2) { \
    adam<T, 4>(t, one_minus_beta1, beta2, eps, l2, shrink, step, root_of_bias2); \
  } \
  KERNEL(amsgrad_##suffix, Tensors t, double one_minus_beta1, double beta2, double eps, double l2, double shrink, \
      double step, double root_of_bias2) { \
    adam<T, 5>(t, one_minus_beta1, beta2, eps, l2, shrink, step, root_of_bias2); \
  } \
  KERNEL(squares_##suffix, Tensors t, double* sums) { squares<T>(t, sums); } \
  KERNEL(scale_##suffix, Tensors t, const void* factor, i32 type) { scale<T>(t, factor, type); }
FLOATING_TYPES(UPDATES)
