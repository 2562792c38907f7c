#include "ktrain.cuh"

template <class C> __device__ __forceinline__ C highest(C v) { return -lowest(v); }
template <> __device__ __forceinline__ i64 highest(i64) { return 9223372036854775807LL; }

enum Folding { SUM, PROD, LARGEST, SMALLEST };

struct Add {
  template <class C> __device__ __forceinline__ C identity() const { return 0; }
  template <class C> __device__ __forceinline__ C operator()(C a, C b) const { return a + b; }
};

// What folds is known when the kernel runs: the same branch in every thread.
struct AnyFolding {
  i32 kind;
  template <class C> __device__ __forceinline__ C identity() const {
    return kind == SUM ? 0 : kind == PROD ? 1 : kind == LARGEST ? lowest((C)0) : highest((C)0);
  }
  template <class C> __device__ __forceinline__ C operator()(C a, C b) const {
    switch (kind) {
      case SUM: return a + b;
      case PROD: return wrapped_product(a, b);
      case LARGEST: return larger(a, b);
      default: return smaller(a, b);
    }
  }
  template <class C> static __device__ __forceinline__ C wrapped_product(C a, C b) { return a * b; }
  static __device__ __forceinline__ i64 wrapped_product(i64 a, i64 b) { return (i64)((u64)a * (u64)b); }
};

// The mean is a sum whose last pass divides.
__device__ __forceinline__ double quotient(double v, i64 n) { return v / (double)n; }
__device__ __forceinline__ float quotient(float v, i64 n) { return v / (float)n; }
__device__ __forceinline__ i64 quotient(i64 v, i64) { return v; }

// Where a fold goes: to its place in the output, or, of a piece, to a row of a buffer of all pieces.
struct Out {
  void* to;
  i32 type;
  i64 divisor;
  template <class C> __device__ __forceinline__ void put(i64 place, i64 number, i64 numbers, C v) const {
    if (gridDim.y > 1) place = blockIdx.y * numbers + number;
    store(to, type, place, divisor == 1 ? v : quotient(v, divisor));
  }
};

// ---- runs of elements that lie side by side, `lanes` threads a run

template <class T>
__device__ __forceinline__ void sum_runs(Out out, const T* x, const Walk& kept, i64 runs, i64 length, i64 piece,
    i32 lanes) {
  typedef typename Compute<T>::type C;
  const int N = Widest<T>::N;
  __shared__ C scratch[32];
  i64 run = (i64)blockIdx.x * (blockDim.x / lanes) + threadIdx.x / lanes, places[2] = {0, 0};
  i32 lane = threadIdx.x & (lanes - 1);
  C sum = 0;
  if (run < runs) {
    kept.at(run, places);
    i64 n = min(piece, length - blockIdx.y * piece);
    const T* from = x + places[0] + blockIdx.y * piece;
    i64 head = min(n, (i64)((0 - (u64)from) % 16 / sizeof(T))), packs = (n - head) / N, tail = head + packs * N;
    for (i64 i = lane; i < head; i += lanes) sum += widen(from[i]);
    C sums[N] = {};
#pragma unroll 4
    for (i64 k = lane; k < packs; k += lanes) {
      C v[N];
      load_pack<N>(from + head + k * N, v);
      for (int j = 0; j < N; j++) sums[j] += v[j];
    }
    for (int j = 0; j < N; j++) sum += sums[j];
    for (i64 i = tail + lane; i < n; i += lanes) sum += widen(from[i]);
  }
  sum = group_sum(sum, lanes, scratch);
  if (run < runs && lane == 0) out.put(places[1], run, runs, sum);
}

// ---- columns: the sums of elements a stride apart, of which neighbouring columns lie side by side

template <class T, int N>
__device__ __forceinline__ void sum_columns(Out out, const T* x, const Walk& kept, i64 outer, u32 tiles, i64 columns,
    i64 step, i64 rows, i64 stride, i64 piece, i32 width) {
  typedef typename Compute<T>::type C;
  __shared__ C sums[N][256];
  i64 o = blockIdx.x / tiles, column = ((i64)(blockIdx.x % tiles) * width + threadIdx.x % width) * N, places[2];
  i32 high = blockDim.x / width, y = threadIdx.x / width;
  kept.at(o, places);
  C sum[N] = {};
  if (column < columns) {
    const T* from = x + places[0] + column;
    i64 end = min(rows, (blockIdx.y + 1) * piece);
#pragma unroll 4
    for (i64 r = blockIdx.y * piece + y; r < end; r += high) {
      C v[N];
      load_pack<N>(from + r * stride, v);
      for (int j = 0; j < N; j++) sum[j] += v[j];
    }
  }
  for (int j = 0; j < N; j++) sums[j][threadIdx.x] = sum[j];
  for (i32 half = high / 2; half > 0; half /= 2) {
    __syncthreads();
    if (y < half) for (int j = 0; j < N; j++) sums[j][threadIdx.x] += sums[j][threadIdx.x + half * width];
  }
  if (y > 0 || column >= columns) return;
  for (int j = 0; j < N; j++)
    out.put(places[1] + (column + j) * step, o * columns + column + j, outer * columns, sums[j][threadIdx.x]);
}

#define SUM_COLUMNS(kernel, T, N)                                                                               \
  KERNEL(kernel, void* to, i32 type, i64 divisor, const T* x, Walk kept, i64 outer, u32 tiles, i64 columns,     \
      i64 step, i64 rows, i64 stride, i64 piece, i32 width) {                                                   \
    sum_columns<T, N>({to, type, divisor}, x, kept, outer, tiles, columns, step, rows, stride, piece, width);   \
  }
#define SUMS(name, T)                                                                                           \
  KERNEL(sum_runs_##name, void* to, i32 type, i64 divisor, const T* x, Walk kept, i64 runs, i64 length,         \
      i64 piece, i32 lanes) {                                                                                   \
    sum_runs({to, type, divisor}, x, kept, runs, length, piece, lanes);                                         \
  }                                                                                                             \
  SUM_COLUMNS(sum_columns_##name, T, 1)                                                                         \
  SUM_COLUMNS(sum_packs_##name, T, Widest<T>::N)
FLOATING_TYPES(SUMS)

// ---- any fold of any elements

template <class C>
__device__ __forceinline__ void fold(Out out, const void* x, i32 type, i32 kind, const Walk& kept, i64 outputs,
    const Walk& gone, i64 length, i64 piece, i32 lanes) {
  __shared__ C scratch[32];
  AnyFolding f = {kind};
  i64 output = (i64)blockIdx.x * (blockDim.x / lanes) + threadIdx.x / lanes, places[2] = {0, 0};
  i32 lane = threadIdx.x & (lanes - 1);
  C v = f.identity<C>();
  if (output < outputs) {
    kept.at(output, places);
    i64 end = min(length, (blockIdx.y + 1) * piece);
#pragma unroll 4
    for (i64 i = blockIdx.y * piece + lane; i < end; i += lanes) {
      i64 at[1];
      gone.at(i, at);
      v = f(v, load<C>(x, type, places[0] + at[0]));
    }
  }
  v = group_reduce(v, f.identity<C>(), f, lanes, scratch);
  if (output < outputs && lane == 0) out.put(places[1], output, outputs, v);
}

#define FOLD(name, C)                                                                                           \
  KERNEL(fold_##name, void* to, i32 out, i64 divisor, const void* x, i32 type, i32 kind, Walk kept,             \
      i64 outputs, Walk gone, i64 length, i64 piece, i32 lanes) {                                               \
    fold<C>({to, out, divisor}, x, type, kind, kept, outputs, gone, length, piece, lanes);                      \
  }
FOLD(f64, double)
FOLD(f32, float)
FOLD(i64, i64)

// ---- the extreme along a dim and its index

template <class C> struct Best {
  C v;
  i64 index;
};
template <class C> __device__ __forceinline__ Best<C> exchanged(Best<C> b, int mask) {
  return {__shfl_xor_sync(0xffffffffu, b.v, mask), __shfl_xor_sync(0xffffffffu, b.index, mask)};
}
// NaN beats every number; of equals the first wins.
template <class C> __device__ __forceinline__ bool beats(const Best<C>& a, const Best<C>& b, i32 max) {
  bool nan_a = a.v != a.v, nan_b = b.v != b.v;
  if (nan_a != nan_b) return nan_a;
  if (!nan_a && a.v != b.v) return max ? a.v > b.v : a.v < b.v;
  return a.index < b.index;
}

template <class C>
__device__ __forceinline__ void extreme(const void* x, i32 type, void* values, i64* indices, const Walk& kept,
    i64 outputs, i64 n, i64 stride, i32 lanes, i32 max) {
  __shared__ Best<C> winners[32];
  i64 output = (i64)blockIdx.x * (blockDim.x / lanes) + threadIdx.x / lanes, places[2] = {0, 0};
  i32 lane = threadIdx.x & (lanes - 1);
  bool active = output < outputs;
  Best<C> best = {max ? lowest((C)0) : highest((C)0), 9223372036854775807LL};
  if (active) {
    kept.at(output, places);
#pragma unroll 4
    for (i64 i = lane; i < n; i += lanes) {
      Best<C> next = {load<C>(x, type, places[0] + i * stride), i};
      if (beats(next, best, max)) best = next;
    }
  }
  for (int m = min(lanes, 32) >> 1; m > 0; m >>= 1) {
    Best<C> other = exchanged(best, m);
    if (beats(other, best, max)) best = other;
  }
  if (lanes > 32) {
    if (threadIdx.x % 32 == 0) winners[threadIdx.x / 32] = best;
    __syncthreads();
    for (int w = 0; w < lanes / 32; w++) if (beats(winners[w], best, max)) best = winners[w];
  }
  if (!active || lane > 0) return;
  store(values, type, places[1], best.v);
  indices[places[1]] = best.index;
}

// ---- running sums and products, in f64 for floating types as on the CPU

template <class C> __device__ __forceinline__ C run_on(C a, C b, i32 product) {
  return product ? AnyFolding::wrapped_product(a, b) : a + b;
}

// A block a run: each step takes as many elements as there are threads, behind what the steps before gave.
template <class C>
__device__ __forceinline__ void scan(const void* x, i32 from, void* y, i32 to, const Walk& kept, i64 n, i64 stride,
    i64 step, i32 product) {
  __shared__ C ends[32];
  i64 places[2];
  kept.at(blockIdx.x, places);
  i32 lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  C carry = product;
  for (i64 base = 0; base < n; base += blockDim.x) {
    i64 i = base + threadIdx.x;
    C v = i < n ? load<C>(x, from, places[0] + i * stride) : (C)product;
    for (int d = 1; d < 32; d <<= 1) {
      C before = __shfl_up_sync(0xffffffffu, v, d);
      if (lane >= d) v = run_on(before, v, product);
    }
    if (lane == 31) ends[warp] = v;
    __syncthreads();
    C ahead = carry;
    for (i32 w = 0; w < warp; w++) ahead = run_on(ahead, ends[w], product);
    if (i < n) store(y, to, places[1] + i * step, run_on(ahead, v, product));
    for (i32 w = 0; w < (i32)blockDim.x / 32; w++) carry = run_on(carry, ends[w], product);
    __syncthreads();
  }
}

// A thread a run, for runs beside each other.
template <class C>
__device__ __forceinline__ void scan_each(const void* x, i32 from, void* y, i32 to, const Walk& kept, i64 runs, i64 n,
    i64 stride, i64 step, i32 product) {
  EACH(run, runs) {
    i64 places[2];
    kept.at(run, places);
    C sum = product;
    for (i64 i = 0; i < n; i++) {
      sum = run_on(sum, load<C>(x, from, places[0] + i * stride), product);
      store(y, to, places[1] + i * step, sum);
    }
  }
}

#define ALONG(name, C)                                                                                          \
  KERNEL(extreme_##name, const void* x, i32 type, void* values, i64* indices, Walk kept, i64 outputs, i64 n,    \
      i64 stride, i32 lanes, i32 max) {                                                                         \
    extreme<C>(x, type, values, indices, kept, outputs, n, stride, lanes, max);                                 \
  }                                                                                                             \
  KERNEL(scan_##name, const void* x, i32 from, void* y, i32 to, Walk kept, i64 n, i64 stride, i64 step,         \
      i32 product) {                                                                                            \
    scan<C>(x, from, y, to, kept, n, stride, step, product);                                                    \
  }                                                                                                             \
  KERNEL(scan_each_##name, const void* x, i32 from, void* y, i32 to, Walk kept, i64 runs, i64 n, i64 stride,    \
      i64 step, i32 product) {                                                                                  \
    scan_each<C>(x, from, y, to, kept, runs, n, stride, step, product);                                         \
  }
ALONG(f64, double)
ALONG(i64, i64)
