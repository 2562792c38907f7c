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

// What is sorted, and where to: rows of n elements, and the index that each element had.
struct Rows {
  const void* x;
  void* values;
  i32 type;
  i64* indices;
  i64 n, stride, step;
  template <class C> __device__ __forceinline__ void put(const Walk& kept, i64 row, i64 i, u32 from) const {
    i64 places[2];
    kept.at(row, places);
    store(values, type, places[1] + i * step, load<C>(x, type, places[0] + from * stride));
    indices[places[1] + i * step] = from;
  }
};

// Rows of at most `padded` elements, TILE / padded of them a block; or the tiles of longer rows, whose keys and indices
// go to `keys` and `order` to be merged.
template <class C>
__device__ __forceinline__ void sort_tiles(const Rows& r, u64* keys, u32* order, const Walk& kept, i64 rows, i32 padded,
    i32 descending) {
  __shared__ u64 k[TILE];
  __shared__ u32 at[TILE];
  i64 tiles = (r.n + padded - 1) / padded, first = (i64)blockIdx.x * (TILE / padded);
  for (i32 s = threadIdx.x; s < TILE; s += blockDim.x) {
    i64 task = first + s / padded, row = task / tiles, i = task % tiles * padded + s % padded, places[2];
    k[s] = ~0ULL; // behind every element, by its index if not by its key
    at[s] = (u32)i;
    if (row >= rows || i >= r.n) continue;
    kept.at(row, places);
    u64 own = key(load<C>(r.x, r.type, places[0] + i * r.stride));
    k[s] = descending ? ~own : own;
  }
  for (i32 size = 2; size <= padded; size <<= 1) {
    for (i32 half = size / 2; half > 0; half /= 2) {
      __syncthreads();
      for (i32 p = threadIdx.x; p < TILE / 2; p += blockDim.x) {
        i32 a = 2 * p - (p & (half - 1)), b = a + half;
        bool up = (a & size & (padded - 1)) == 0;
        if (precedes(k[b], at[b], k[a], at[a]) != up) continue;
        u64 t = k[a];
        u32 i = at[a];
        k[a] = k[b];
        at[a] = at[b];
        k[b] = t;
        at[b] = i;
      }
    }
  }
  __syncthreads();
  for (i32 s = threadIdx.x; s < TILE; s += blockDim.x) {
    i64 task = first + s / padded, row = task / tiles, i = task % tiles * padded + s % padded;
    if (row >= rows || i >= r.n) continue;
    if (tiles == 1) {
      r.put<C>(kept, row, i, at[s]);
    } else {
      keys[row * r.n + i] = k[s];
      order[row * r.n + i] = at[s];
    }
  }
}

#define SORT(name, C)                                                                                           \
  KERNEL(sort_##name, const void* x, void* values, i32 type, i64* indices, i64 n, i64 stride, i64 step,         \
      Walk kept, i64 rows, u64* keys, u32* order, i32 padded, i32 descending) {                                 \
    sort_tiles<C>({x, values, type, indices, n, stride, step}, keys, order, kept, rows, padded, descending);    \
  }                                                                                                             \
  KERNEL(gather_##name, const void* x, void* values, i32 type, i64* indices, i64 n, i64 stride, i64 step,       \
      Walk kept, i64 rows, const u32* order) {                                                                  \
    Rows r = {x, values, type, indices, n, stride, step};                                                       \
    EACH(e, rows * n) r.put<C>(kept, e / n, e % n, order[e]);                                                   \
  }
SORT(f64, double)
SORT(i64, i64)

// Merges neighbouring runs of `run` elements: an element moves on by as many as precede it in the other run.
KERNEL(merge, const u64* keys, const u32* order, u64* merged, u32* merged_order, i64 rows, i64 n, i64 run) {
  EACH(e, rows * n) {
    i64 row = e / n * n, i = e % n, pair = i / (2 * run) * (2 * run), middle = min(n, pair + run);
    u64 own = keys[e];
    u32 index = order[e];
    bool left = i < middle;
    i64 low = left ? middle : pair, high = left ? min(n, pair + 2 * run) : middle, start = low;
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
