#include "rows.cuh"

// ---- softmax: a row with a NaN, an inf or nothing but -inf is all NaN

template <class T, int N>
__device__ __forceinline__ void softmax(const T* x, T* y, const Walk& kept, i64 runs, i64 length, i64 stride, i64 step,
    i32 lanes, i32 logarithm) {
  typedef typename Compute<T>::type C;
  const int ITEMS = Held<T, N>::ITEMS;
  __shared__ C scratch[32];
  i64 run = (i64)blockIdx.x * (blockDim.x / lanes) + threadIdx.x / lanes, places[2] = {0, 0};
  Shared<T, N> row = {run < runs ? length : 0, (i32)threadIdx.x & (lanes - 1), lanes};
  if (run < runs) kept.at(run, places);
  x += places[0];
  y += places[1];
  C v[ITEMS], sum = 0;
  if (length <= row.tile()) {
    row.load(x, stride, 0, lowest((C)0), v);
    C m = group_max(largest(v, lowest((C)0)), lanes, scratch);
    for (int j = 0; j < ITEMS; j++) {
      v[j] -= m;
      C e = f_EXP(v[j]);
      sum += e;
      if (!logarithm) v[j] = e;
    }
    sum = group_sum(sum, lanes, scratch);
    C by = logarithm ? f_LOG(sum) : 1 / sum;
    for (int j = 0; j < ITEMS; j++) v[j] = logarithm ? v[j] - by : v[j] * by;
    row.store(y, step, 0, v);
    return;
  }
  C top;
  exponentials(row, x, stride, length, top, sum, scratch);
  C by = logarithm ? f_LOG(sum) : 1 / sum;
  for (i64 base = 0; base < length; base += row.tile()) {
    row.load(x, stride, base, 0, v);
    for (int j = 0; j < ITEMS; j++) v[j] = logarithm ? v[j] - top - by : f_EXP(v[j] - top) * by;
    row.store(y, step, base, v);
  }
}

// y (g - sum of g y), or g - e^y sum of g for the logarithm.
template <class T, int N>
__device__ __forceinline__ void softmax_grad(const T* g, const T* y, T* dx, const Walk& kept, i64 runs, i64 length,
    i64 g_step, i64 y_step, i64 step, i32 lanes, i32 logarithm) {
  typedef typename Compute<T>::type C;
  const int ITEMS = Held<T, N>::ITEMS;
  __shared__ C scratch[32];
  i64 run = (i64)blockIdx.x * (blockDim.x / lanes) + threadIdx.x / lanes, places[3] = {0, 0, 0};
  Shared<T, N> row = {run < runs ? length : 0, (i32)threadIdx.x & (lanes - 1), lanes};
  if (run < runs) kept.at(run, places);
  g += places[0];
  y += places[1];
  C v[ITEMS], w[ITEMS], sum = 0;
  for (i64 base = 0; base < length; base += row.tile()) {
    row.load(g, g_step, base, 0, v);
    row.load(y, y_step, base, 0, w);
    for (int j = 0; j < ITEMS; j++) sum += logarithm ? v[j] : v[j] * w[j];
  }
  sum = group_sum(sum, lanes, scratch);
  for (i64 base = 0; base < length; base += row.tile()) {
    if (length > row.tile()) {
      row.load(g, g_step, base, 0, v);
      row.load(y, y_step, base, 0, w);
    }
    for (int j = 0; j < ITEMS; j++) v[j] = logarithm ? v[j] - f_EXP(w[j]) * sum : w[j] * (v[j] - sum);
    row.store(dx + places[2], step, base, v);
  }
}

// ---- layer normalization of rows that fit the registers of a block

// The mean of a row that is held, and 1 / its standard deviation: from the deviations, so that nothing cancels.
template <class T, int N, int ITEMS, class C>
__device__ __forceinline__ void standardized(const Shared<T, N>& row, const C (&v)[ITEMS], i64 n, C eps, C* scratch,
    C& mean, C& rstd) {
  C sum = 0, squares = 0;
  for (int j = 0; j < ITEMS; j++) sum += v[j];
  mean = group_sum(sum, row.lanes, scratch) / (C)n;
  for (int j = 0; j < ITEMS; j++) {
    C d = row.at(0, j / N) < row.n ? v[j] - mean : 0;
    squares += d * d;
  }
  rstd = 1 / f_SQRT(group_sum(squares, row.lanes, scratch) / (C)n + eps);
}

template <class T, int N>
__device__ __forceinline__ void layer_norm(const T* x, const T* weight, const T* bias, T* y, T* means, T* rstds,
    i64 rows, i64 n, double eps, i32 lanes) {
  typedef typename Compute<T>::type C;
  const int ITEMS = Held<T, N>::ITEMS;
  __shared__ C scratch[32];
  i64 r = (i64)blockIdx.x * (blockDim.x / lanes) + threadIdx.x / lanes;
  Shared<T, N> row = {r < rows ? n : 0, (i32)threadIdx.x & (lanes - 1), lanes};
  C v[ITEMS], mean, rstd;
  row.load(x + r * n, 1, 0, 0, v);
  standardized(row, v, n, (C)eps, scratch, mean, rstd);
#pragma unroll
  for (int k = 0; k < ITEMS / N; k++) {
    i64 i = row.at(0, k);
    if (i >= row.n) continue;
    C out[N], w[N], b[N];
    for (int j = 0; j < N; j++) w[j] = 1, b[j] = 0;
    if (weight) load_pack<N>(weight + i, w);
    if (bias) load_pack<N>(bias + i, b);
    for (int j = 0; j < N; j++) out[j] = (v[k * N + j] - mean) * rstd * w[j] + b[j];
    store_pack<N>(y + r * n + i, out);
  }
  if (row.lane > 0 || r >= rows) return;
  means[r] = narrow<T>(mean);
  rstds[r] = narrow<T>(rstd);
}

// dx a row at a time. Each of `groups` groups of threads takes every groups-th row and sums what its rows give the
// weight and the bias: [2, groups, n] in `partial`. The statistics are made again where they were rounded to 16 bits.
template <class T, int N>
__device__ __forceinline__ void layer_norm_grad(const T* g, const T* x, const T* weight, const T* means, const T* rstds,
    T* dx, typename Compute<T>::type* partial, i64 rows, i64 n, double eps, i32 lanes, i64 groups) {
  typedef typename Compute<T>::type C;
  const int ITEMS = Held<T, N>::ITEMS;
  __shared__ C scratch[32];
  i64 group = (i64)blockIdx.x * (blockDim.x / lanes) + threadIdx.x / lanes;
  C dw[ITEMS] = {}, db[ITEMS] = {};
  for (i64 first = 0; first < rows; first += groups) {
    i64 r = first + group;
    bool there = r < rows && group < groups;
    Shared<T, N> row = {there ? n : 0, (i32)threadIdx.x & (lanes - 1), lanes};
    C v[ITEMS], d[ITEMS], mean = 0, rstd = 0, sum = 0, dot = 0;
    row.load(x + r * n, 1, 0, 0, v);
    row.load(g + r * n, 1, 0, 0, d);
    if (sizeof(T) == 2) {
      standardized(row, v, n, (C)eps, scratch, mean, rstd);
    } else if (there) {
      mean = widen(means[r]);
      rstd = widen(rstds[r]);
    }
#pragma unroll
    for (int k = 0; k < ITEMS / N; k++) {
      i64 i = row.at(0, k);
      C w[N];
      for (int j = 0; j < N; j++) w[j] = 1;
      if (weight && i < row.n) load_pack<N>(weight + i, w);
      for (int j = 0; j < N; j++) {
        int e = k * N + j;
        v[e] = (v[e] - mean) * rstd;
        if (i < row.n) dw[e] += d[e] * v[e];
        db[e] += d[e];
        d[e] *= w[j];
        sum += d[e];
        dot += i < row.n ? d[e] * v[e] : 0;
      }
    }
    sum = group_sum(sum, lanes, scratch) / (C)n;
    dot = group_sum(dot, lanes, scratch) / (C)n;
    for (int j = 0; j < ITEMS; j++) v[j] = (d[j] - sum - v[j] * dot) * rstd;
    row.store(dx + r * n, 1, 0, v);
  }
  Shared<T, N> row = {group < groups ? n : 0, (i32)threadIdx.x & (lanes - 1), lanes};
#pragma unroll
  for (int j = 0; j < ITEMS; j++) {
    i64 i = row.at(0, j / N);
    if (i >= row.n) continue;
    partial[group * n + i + j % N] = dw[j];
    partial[(groups + group) * n + i + j % N] = db[j];
  }
}

#define NORMALIZATIONS(name, T, N)                                                                              \
  KERNEL(softmax_##name, const T* x, T* y, Walk kept, i64 runs, i64 n, i64 stride, i64 step, i32 lanes,         \
      i32 logarithm) {                                                                                          \
    softmax<T, N>(x, y, kept, runs, n, stride, step, lanes, logarithm);                                         \
  }                                                                                                             \
  KERNEL(softmax_grad_##name, const T* g, const T* y, T* dx, Walk kept, i64 runs, i64 n, i64 g_step,            \
      i64 y_step, i64 step, i32 lanes, i32 logarithm) {                                                         \
    softmax_grad<T, N>(g, y, dx, kept, runs, n, g_step, y_step, step, lanes, logarithm);                        \
  }                                                                                                             \
  KERNEL(layer_norm_##name, const T* x, const T* weight, const T* bias, T* y, T* means, T* rstds, i64 rows,     \
      i64 n, double eps, i32 lanes) {                                                                           \
    layer_norm<T, N>(x, weight, bias, y, means, rstds, rows, n, eps, lanes);                                    \
  }                                                                                                             \
  KERNEL(layer_norm_grad_##name, const T* g, const T* x, const T* weight, const T* means, const T* rstds,       \
      T* dx, Compute<T>::type* partial, i64 rows, i64 n, double eps, i32 lanes, i64 groups) {                   \
    layer_norm_grad<T, N>(g, x, weight, means, rstds, dx, partial, rows, n, eps, lanes, groups);                \
  }
#define BOTH(name, T) NORMALIZATIONS(name, T, 1) NORMALIZATIONS(packs_##name, T, Widest<T>::N)
FLOATING_TYPES(BOTH)
