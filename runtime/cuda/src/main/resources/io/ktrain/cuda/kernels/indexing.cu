#include "ktrain.cuh"

// The index at a place, or -1 after saying that it is out of range.
__device__ __forceinline__ i64 index_at(const void* index, i32 type, i64 place, i64 size, i64* faults, i64 call) {
  i64 v = load<i64>(index, type, place);
  if (v >= 0 && v < size) return v;
  report(faults, call, v);
  return -1;
}

// ---- picking: elements are only moved, so that their size is all that matters

// Operands of the walk: y, x without the dim that is indexed, the indices; `step` is x's stride in that dim.
template <class T>
__device__ __forceinline__ void pick(T* y, const T* x, const void* index, i32 type, const Walk& walk, i64 n, i64 size,
    i64 step, i64* faults, i64 call) {
  EACH(e, n) {
    i64 at[3];
    walk.at(e, at);
    i64 i = index_at(index, type, at[2], size, faults, call);
    if (i >= 0) y[at[0]] = x[at[1] + i * step];
  }
}
#define PICK(bytes, T) \
  KERNEL(pick_##bytes, T* y, const T* x, const void* index, i32 type, Walk walk, i64 n, i64 size, i64 step, \
      i64* faults, i64 call) { \
    pick<T>(y, x, index, type, walk, n, size, step, faults, call); \
  }
PICK(1, u8)
PICK(2, u16)
PICK(4, u32)
PICK(8, u64)
PICK(16, uint4)

// ---- writing: of several indices of one place the last one's element stays

// Numbers of indices count from 1; 0: none points here.
// Operands of the walk: the indices' numbers, the place without the dim that is indexed, the indices.
KERNEL(scatter_last, u32* last, const void* index, i32 type, Walk walk, i64 n, i64 size, i64 step, i64* faults,
    i64 call) {
  EACH(e, n) {
    i64 at[3];
    walk.at(e, at);
    i64 i = index_at(index, type, at[2], size, faults, call);
    if (i >= 0) atomicMax(&last[at[1] + i * step], (u32)at[0] + 1);
  }
}

#define SCATTER(bytes, T) \
  KERNEL(scatter_##bytes, T* y, const T* x, const T* src, const u32* last, i64 n) { \
    EACH(i, n) y[i] = last[i] ? src[last[i] - 1] : x[i]; \
  }
SCATTER(1, u8)
SCATTER(2, u16)
SCATTER(4, u32)
SCATTER(8, u64)

// ---- adding where several indices may name one place: their sums are made in the order of the indices

// As u32, where each index points; `rows` where it points nowhere. Operands of the walk: keys, the place without the
// dim that is indexed, the indices. keys null: the indices are checked and no more.
KERNEL(add_keys, u32* keys, const void* index, i32 type, Walk walk, i64 n, i64 size, i64 step, i64 skip, u32 rows,
    i64* faults, i64 call) {
  EACH(e, n) {
    i64 at[3];
    walk.at(e, at);
    i64 i = index_at(index, type, at[2], size, faults, call);
    if (keys) keys[e] = i < 0 || i == skip ? rows : (u32)(at[1] + i * step);
  }
}

// A stable radix sort of keys with their numbers, eight bits a pass: count the digits of each tile, add up, move.
#define SORT_THREADS 512
#define SORT_WARPS 16
#define SORT_STRIPS 8
#define SORT_TILE 4096
#define DIGITS 256

// counts[digit][tile]
KERNEL(sort_count, const u32* keys, i64 n, i32 shift, u32* counts, i32 tiles) {
  __shared__ u32 seen[DIGITS];
  if (threadIdx.x < DIGITS) seen[threadIdx.x] = 0;
  __syncthreads();
  i64 first = (i64)blockIdx.x * SORT_TILE;
  for (i32 k = threadIdx.x; k < SORT_TILE; k += SORT_THREADS)
    if (first + k < n) atomicAdd(&seen[keys[first + k] >> shift & (DIGITS - 1)], 1u);
  __syncthreads();
  if (threadIdx.x < DIGITS) counts[(i64)threadIdx.x * tiles + blockIdx.x] = seen[threadIdx.x];
}

// Each count becomes the sum of those before it. One block.
KERNEL(sort_offsets, u32* counts, i64 n) {
  __shared__ u32 warps[SORT_WARPS];
  i64 each = (n + SORT_THREADS - 1) / SORT_THREADS, from = threadIdx.x * each, to = from + each < n ? from + each : n;
  u32 sum = 0;
  for (i64 i = from; i < to; i++) sum += counts[i];
  i32 lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
  u32 upto = sum;
  for (i32 d = 1; d < 32; d <<= 1) {
    u32 before = __shfl_up_sync(0xffffffffu, upto, d);
    if (lane >= d) upto += before;
  }
  if (lane == 31) warps[warp] = upto;
  __syncthreads();
  u32 at = upto - sum;
  for (i32 w = 0; w < warp; w++) at += warps[w];
  for (i64 i = from; i < to; i++) {
    u32 count = counts[i];
    counts[i] = at;
    at += count;
  }
}

// numbers null: keys come in their first order.
KERNEL(sort_move, const u32* keys, const u32* numbers, u32* sorted, u32* order, i64 n, i32 shift, const u32* offsets,
    i32 tiles) {
  __shared__ u32 next[SORT_WARPS][DIGITS];
  i32 lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
  i64 first = (i64)blockIdx.x * SORT_TILE + warp * (SORT_STRIPS * 32) + lane;
  for (i32 d = lane; d < DIGITS; d += 32) next[warp][d] = 0;
  __syncwarp();
  u32 key[SORT_STRIPS], rank[SORT_STRIPS];
#pragma unroll
  for (i32 s = 0; s < SORT_STRIPS; s++) key[s] = first + s * 32 < n ? keys[first + s * 32] : 0;
  // Within the warp: how many with the same digit come before.
#pragma unroll
  for (i32 s = 0; s < SORT_STRIPS; s++) {
    bool there = first + s * 32 < n;
    u32 digit = key[s] >> shift & (DIGITS - 1);
    u32 same = __match_any_sync(0xffffffffu, there ? digit : DIGITS);
    u32 before = there ? next[warp][digit] : 0;
    rank[s] = before + __popc(same & ((1u << lane) - 1));
    __syncwarp();
    if (there && lane == 31 - __clz((i32)same)) next[warp][digit] = rank[s] + 1;
    __syncwarp();
  }
  __syncthreads();
  // Then where each warp's keys of a digit begin.
  if (threadIdx.x < DIGITS) {
    u32 at = offsets[(i64)threadIdx.x * tiles + blockIdx.x];
    for (i32 w = 0; w < SORT_WARPS; w++) {
      u32 count = next[w][threadIdx.x];
      next[w][threadIdx.x] = at;
      at += count;
    }
  }
  __syncthreads();
#pragma unroll
  for (i32 s = 0; s < SORT_STRIPS; s++) {
    i64 i = first + s * 32;
    if (i >= n) continue;
    u32 to = next[warp][key[s] >> shift & (DIGITS - 1)] + rank[s];
    sorted[to] = key[s];
    order[to] = numbers ? numbers[i] : (u32)i;
  }
}

// starts[row]: the first of the sorted keys that is not less; starts[rows] ends the last row.
KERNEL(sort_starts, const u32* sorted, i64 n, i64 rows, u32* starts) {
  EACH(row, rows + 1) {
    i64 low = 0, high = n;
    while (low < high) {
      i64 middle = (low + high) >> 1;
      if (sorted[middle] < row) low = middle + 1;
      else high = middle;
    }
    starts[row] = (u32)low;
  }
}

// Which column, row and outer slice element e of y = [outer, rows, inner] is.
struct Cell {
  i64 column, row, outer;
  __device__ __forceinline__ Cell(i64 e, i64 rows, i64 inner) {
    if ((e | rows | inner) >> 31 == 0) { // 64-bit division is many times slower
      column = (u32)e % (u32)inner;
      u32 line = (u32)e / (u32)inner;
      row = line % (u32)rows;
      outer = line / (u32)rows;
    } else {
      column = e % inner;
      e /= inner;
      row = e % rows;
      outer = e / rows;
    }
  }
};

// y = x (0 where null) + the slices of src whose numbers `order` lists for a row. Sizes are in packs; n slices in src.
template <class T, int W>
__device__ __forceinline__ void add_sorted(Pack<T, W>* y, const Pack<T, W>* x, const Pack<T, W>* src,
    const u32* starts, const u32* order, i64 total, i64 rows, i64 inner, i64 n) {
  typedef typename Compute<T>::type C;
  const i32 AHEAD = sizeof(Pack<T, W>) >= 16 ? 8 : 4; // loads in flight
  EACH(e, total) {
    Cell c(e, rows, inner);
    C sum[W];
    Pack<T, W> p;
    if (x) p = x[e];
#pragma unroll
    for (i32 k = 0; k < W; k++) sum[k] = x ? (C)widen(p.v[k]) : (C)0;
    u32 i = starts[c.row], end = starts[c.row + 1];
    const Pack<T, W>* from = src + c.outer * n * inner + c.column;
    for (; i + AHEAD <= end; i += AHEAD) {
      Pack<T, W> ahead[AHEAD];
#pragma unroll
      for (i32 a = 0; a < AHEAD; a++) ahead[a] = from[order[i + a] * inner];
#pragma unroll
      for (i32 a = 0; a < AHEAD; a++)
#pragma unroll
        for (i32 k = 0; k < W; k++) sum[k] += widen(ahead[a].v[k]);
    }
    for (; i < end; i++) {
      p = from[order[i] * inner];
#pragma unroll
      for (i32 k = 0; k < W; k++) sum[k] += widen(p.v[k]);
    }
#pragma unroll
    for (i32 k = 0; k < W; k++) p.v[k] = narrow<T>(sum[k]);
    y[e] = p;
  }
}

// The same for few slices: each element of y looks through all indices, which lie `stride` apart.
template <class T>
__device__ __forceinline__ void add_few(T* y, const T* x, const T* src, const void* index, i32 type, i64 stride,
    i64 total, i64 rows, i64 inner, i64 n, i64 skip, i64* faults, i64 call) {
  typedef typename Compute<T>::type C;
  EACH(e, total) {
    Cell c(e, rows, inner);
    C sum = x ? (C)widen(x[e]) : (C)0;
    const T* from = src + c.outer * n * inner + c.column;
    for (i64 i = 0; i < n; i++) {
      i64 row = index_at(index, type, i * stride, rows, faults, call);
      if (row == c.row && row != skip) sum += widen(from[i * inner]);
    }
    y[e] = narrow<T>(sum);
  }
}

// y[index] += src along one dim of `length` indices, a thread for each line. Operands of the walk over all lines: y
// without the dim, the indices, src; then their strides in it.
template <class T>
__device__ __forceinline__ void add_lines(T* y, const T* src, const void* index, i32 type, const Walk& walk, i64 lines,
    i64 length, i64 size, i64 y_step, i64 index_step, i64 src_step, i64* faults, i64 call) {
  EACH(line, lines) {
    i64 at[3];
    walk.at(line, at);
    for (i64 k = 0; k < length; k++) {
      i64 i = index_at(index, type, at[1] + k * index_step, size, faults, call);
      if (i < 0) continue;
      T* to = y + at[0] + i * y_step;
      *to = narrow<T>(widen(*to) + widen(src[at[2] + k * src_step]));
    }
  }
}

#define SORTED(name, T, W) \
  KERNEL(add_sorted_##name, Pack<T COMMA W>* y, const Pack<T COMMA W>* x, const Pack<T COMMA W>* src, \
      const u32* starts, const u32* order, i64 total, i64 rows, i64 inner, i64 n) { \
    add_sorted<T, W>(y, x, src, starts, order, total, rows, inner, n); \
  }
#define COMMA ,
#define ADDING(suffix, T) \
  SORTED(suffix, T, 1) \
  KERNEL(add_few_##suffix, T* y, const T* x, const T* src, const void* index, i32 type, i64 stride, i64 total, \
      i64 rows, i64 inner, i64 n, i64 skip, i64* faults, i64 call) { \
    add_few<T>(y, x, src, index, type, stride, total, rows, inner, n, skip, faults, call); \
  } \
  KERNEL(add_lines_##suffix, T* y, const T* src, const void* index, i32 type, Walk walk, i64 lines, i64 length, \
      i64 size, i64 y_step, i64 index_step, i64 src_step, i64* faults, i64 call) { \
    add_lines<T>(y, src, index, type, walk, lines, length, size, y_step, index_step, src_step, faults, call); \
  }
ALL_TYPES(ADDING)
SORTED(wide_f64, double, 2)
SORTED(wide_f32, float, 4)
SORTED(wide_f16, half16, 8)
SORTED(wide_bf16, bfloat, 8)
