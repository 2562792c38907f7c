// Group normalization, a group of a sample's channels a block, and root-mean-square normalization, a row a block.
#include "rows.cuh"

// The mean of n elements and 1 / their standard deviation: from the deviations, so that nothing cancels.
template <class T, class C>
__device__ __forceinline__ void statistics(const T* x, i64 n, C eps, C* scratch, C& mean, C& rstd) {
  C sum = 0, squares = 0;
  for (i64 i = threadIdx.x; i < n; i += blockDim.x) sum += widen(x[i]);
  mean = block_sum(sum, scratch) / (C)n;
  for (i64 i = threadIdx.x; i < n; i += blockDim.x) {
    C d = widen(x[i]) - mean;
    squares += d * d;
  }
  rstd = 1 / f_SQRT(block_sum(squares, scratch) / (C)n + eps);
}

// A group has `each` channels of `run` elements, fewer than 2^31 in all; a sample has `groups` of them.
template <class T>
__device__ __forceinline__ void group_norm(const T* __restrict__ x, const T* weight, const T* bias, T* __restrict__ y,
    T* means, T* rstds, i64 groups, i32 each, i32 run, double eps) {
  typedef typename Compute<T>::type C;
  __shared__ C scratch[32];
  i64 group = blockIdx.x, n = (i64)each * run;
  i32 first = (i32)(group % groups) * each;
  x += group * n;
  C mean, rstd;
  statistics(x, n, (C)eps, scratch, mean, rstd);
  for (u32 i = threadIdx.x; i < (u32)n; i += blockDim.x) {
    i32 c = first + (i32)(i / (u32)run);
    C v = (widen(x[i]) - mean) * rstd;
    if (weight) v *= widen(weight[c]);
    if (bias) v += widen(bias[c]);
    y[group * n + i] = narrow<T>(v);
  }
  if (threadIdx.x > 0) return;
  means[group] = narrow<T>(mean);
  rstds[group] = narrow<T>(rstd);
}

// dx, and what each channel of each sample gives its weight and its bias: [2, samples, channels] in `partial`. A warp
// sums a channel. The statistics are made again where they were rounded to 16 bits.
template <class T>
__device__ __forceinline__ void group_norm_grad(const T* __restrict__ g, const T* __restrict__ x, const T* weight,
    const T* means, const T* rstds, T* __restrict__ dx, typename Compute<T>::type* partial, i64 channels, i64 groups,
    i32 each, i32 run, double eps) {
  typedef typename Compute<T>::type C;
  __shared__ C scratch[32];
  i64 group = blockIdx.x, n = (i64)each * run;
  i32 first = (i32)(group % groups) * each, lane = threadIdx.x & 31;
  g += group * n;
  x += group * n;
  C mean, rstd, sum = 0, dot = 0;
  if (sizeof(T) == 2) {
    statistics(x, n, (C)eps, scratch, mean, rstd);
  } else {
    mean = widen(means[group]);
    rstd = widen(rstds[group]);
  }
  for (i32 c = threadIdx.x >> 5; c < each; c += blockDim.x >> 5) {
    C up = 0, with = 0;
    for (i32 i = lane; i < run; i += 32) {
      C v = widen(g[(i64)c * run + i]);
      up += v;
      with += v * (widen(x[(i64)c * run + i]) - mean);
    }
    up = group_sum(up, 32, scratch);
    with = group_sum(with, 32, scratch) * rstd;
    if (lane > 0) continue;
    partial[group * each + c] = with;
    partial[channels + group * each + c] = up;
    C w = weight ? widen(weight[first + c]) : (C)1;
    sum += w * up;
    dot += w * with;
  }
  sum = block_sum(sum, scratch) / (C)n;
  dot = block_sum(dot, scratch) / (C)n;
  for (u32 i = threadIdx.x; i < (u32)n; i += blockDim.x) {
    C w = weight ? widen(weight[first + (i32)(i / (u32)run)]) : (C)1;
    dx[group * n + i] = narrow<T>((widen(g[i]) * w - sum - (widen(x[i]) - mean) * rstd * dot) * rstd);
  }
}

template <class T>
__device__ __forceinline__ void rms_norm(const T* __restrict__ x, const T* weight, T* __restrict__ y, T* roots, i64 n,
    double eps) {
  typedef typename Compute<T>::type C;
  __shared__ C scratch[32];
  i64 row = blockIdx.x;
  x += row * n;
  C squares = 0;
  for (i64 i = threadIdx.x; i < n; i += blockDim.x) squares += widen(x[i]) * widen(x[i]);
  C root = 1 / f_SQRT(block_sum(squares, scratch) / (C)n + (C)eps);
  for (i64 i = threadIdx.x; i < n; i += blockDim.x)
    y[row * n + i] = narrow<T>(widen(x[i]) * root * (weight ? widen(weight[i]) : (C)1));
  if (threadIdx.x == 0) roots[row] = narrow<T>(root);
}

// Each block takes every so many-th row and sums what its rows give the weight: [blocks, n] in `partial`.
template <class T>
__device__ __forceinline__ void rms_norm_grad(const T* __restrict__ g, const T* __restrict__ x, const T* weight,
    T* __restrict__ dx, typename Compute<T>::type* partial, i64 rows, i64 n, double eps) {
  typedef typename Compute<T>::type C;
  __shared__ C scratch[32];
  partial += blockIdx.x * n;
  for (i64 row = blockIdx.x; row < rows; row += gridDim.x) {
    C squares = 0, dot = 0;
    for (i64 i = threadIdx.x; i < n; i += blockDim.x) {
      C v = widen(x[row * n + i]);
      squares += v * v;
      dot += v * widen(g[row * n + i]) * (weight ? widen(weight[i]) : (C)1);
    }
    C root = 1 / f_SQRT(block_sum(squares, scratch) / (C)n + (C)eps);
    dot = block_sum(dot, scratch) / (C)n * root * root;
    for (i64 i = threadIdx.x; i < n; i += blockDim.x) {
      C v = widen(x[row * n + i]), up = widen(g[row * n + i]);
      partial[i] = (row == blockIdx.x ? (C)0 : partial[i]) + up * v * root;
      dx[row * n + i] = narrow<T>((up * (weight ? widen(weight[i]) : (C)1) - v * dot) * root);
    }
  }
}

#define GROUP_NORMS(name, T)                                                                                         \
  KERNEL(group_norm_##name, const T* x, const T* weight, const T* bias, T* y, T* means, T* rstds, i64 groups,        \
      i32 each, i32 run, double eps) {                                                                               \
    group_norm(x, weight, bias, y, means, rstds, groups, each, run, eps);                                            \
  }                                                                                                                  \
  KERNEL(group_norm_grad_##name, const T* g, const T* x, const T* weight, const T* means, const T* rstds, T* dx,     \
      Compute<T>::type* partial, i64 channels, i64 groups, i32 each, i32 run, double eps) {                          \
    group_norm_grad(g, x, weight, means, rstds, dx, partial, channels, groups, each, run, eps);                      \
  }                                                                                                                  \
  KERNEL(rms_norm_##name, const T* x, const T* weight, T* y, T* roots, i64 n, double eps) {                          \
    rms_norm(x, weight, y, roots, n, eps);                                                                           \
  }                                                                                                                  \
  KERNEL(rms_norm_grad_##name, const T* g, const T* x, const T* weight, T* dx, Compute<T>::type* partial, i64 rows,  \
      i64 n, double eps) {                                                                                           \
    rms_norm_grad(g, x, weight, dx, partial, rows, n, eps);                                                          \
  }
FLOATING_TYPES(GROUP_NORMS)
