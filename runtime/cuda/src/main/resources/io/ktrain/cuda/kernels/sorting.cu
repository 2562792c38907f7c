#include "ktrain.cuh"

// Sorts by keys and, among equal keys, by index: so it is stable, and every pair differs from every other.

// Whole numbers in the order of the elements: -0 before 0, NaN behind all.
__device__ __forceinline__ u64 key(double v) {
  if (v != v) return ~0ULL;
  u64 b = (u64)__double_as_longlong(v);
  return b >> 63 ? ~b : b | 1ULL << 63;
}
__device__ __forceinline__ u64 key(i64 v) { return (u64)v ^ 1ULL << 63; }

__device__ __forceinline__ bool precedes(u64 a, u32 i, u64 b, u32 j) { return a < b || (a == b && i < j); }

// Elements that one block sorts.
#define TILE 2048

// Rows of at most `padded` elements, TILE / padded of them a block; or the tiles of longer rows, whose keys and indices
// go to `keys` and `order` to be merged.
template <class C> __device__ __forceinline__ void sort_tiles(const void* x, void* values, i32 type, i64* indices, u64* keys, u32* order, const Walk& kept, i64 rows, i64 n,
    i64 stride, i64 step, i32 padded, i32 descending) {
  __shared__ u64 k[TILE];
  __shared__ u32 at[TILE];
  i64 tiles = (n + padded - 1) / padded;
  for (i32 s = threadIdx.x; s < TILE; s += blockDim.x) {
    i64 task = (i64)blockIdx.x * (TILE / padded) + s / padded, row = task / tiles, i = task % tiles * padded + s % padded, places[2];
    bool there = row < rows && i < n;
    if (there) kept.at(row, places);
    u64 own = there ? key(load<C>(x, type, places[0] + i * stride)) : 0;
    k[s] = !there ? ~0ULL : descending ? ~own : own;
    at[s] = (u32)i;
  }
  for (i32 size = 2; size <= padded; size <<= 1) {
    for (i32 half = size / 2; half > 0; half /= 2) {
      __syncthreads();
      for (i32 p = threadIdx.x; p < TILE / 2; p += blockDim.x) {
        i32 a = 2 * p - (p & (half - 1)), b = a + half;
        bool up = (a & size & (padded - 1)) == 0;
        if (precedes(k[b], at[b], k[a], at[a]) == up) {
          u64 t = k[a];
          u32 i = at[a];
          k[a] = k[b];
          at[a] = at[b];
          k[b] = t;
          at[b] = i;
        }
      }
    }
  }
  __syncthreads();
  for (i32 s = threadIdx.x; s < TILE; s += blockDim.x) {
    i64 task = (i64)blockIdx.x * (TILE / padded) + s / padded, row = task / tiles, i = task % tiles * padded + s % padded, places[2];
    if (row >= rows || i >= n) continue;
    if (tiles > 1) {
      keys[row * n + i] = k[s];
      order[row * n + i] = at[s];
    } else {
      kept.at(row, places);
      store(values, type, places[1] + i * step, load<C>(x, type, places[0] + at[s] * stride));
      indices[places[1] + i * step] = at[s];
    }
  }
}

#define SORT(name, C)                                                                                                            \
  KERNEL(sort_##name, const void* x, void* values, i32 type, i64* indices, u64* keys, u32* order, Walk kept, i64 rows, i64 n,    \
      i64 stride, i64 step, i32 padded, i32 descending) {                                                                        \
    sort_tiles<C>(x, values, type, indices, keys, order, kept, rows, n, stride, step, padded, descending);                       \
  }                                                                                                                              \
  KERNEL(gather_##name, const void* x, void* values, i32 type, i64* indices, const u32* order, Walk kept, i64 rows, i64 n,       \
      i64 stride, i64 step) {                                                                                                    \
    EACH(e, rows * n) {                                                                                                          \
      i64 row = e / n, i = e % n, places[2];                                                                                     \
      kept.at(row, places);                                                                                                      \
      store(values, type, places[1] + i * step, load<C>(x, type, places[0] + order[e] * stride));                                \
      indices[places[1] + i * step] = order[e];                                                                                  \
    }                                                                                                                            \
  }
SORT(f64, double)
SORT(i64, i64)

// Merges neighbouring runs of `run` elements: each element goes as many places on as elements of the other run precede it.
KERNEL(merge, const u64* keys, const u32* order, u64* merged, u32* merged_order, i64 rows, i64 n, i64 run) {
  EACH(e, rows * n) {
    i64 row = e / n * n, i = e % n, pair = i / (2 * run) * (2 * run), middle = min(n, pair + run), end = min(n, pair + 2 * run);
    u64 own = keys[e];
    u32 index = order[e];
    bool left = i < middle;
    i64 low = left ? middle : pair, high = left ? end : middle, start = low;
    while (low < high) {
      i64 m = (low + high) / 2;
      if (precedes(keys[row + m], order[row + m], own, index)) low = m + 1;
      else high = m;
    }
    i64 to = row + (left ? i : pair + i - middle) + (low - start);
    merged[to] = own;
    merged_order[to] = index;
  }
}
