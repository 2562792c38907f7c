// Products of matrices where there is no cuBLAS, and of whole numbers: a block makes one tile of the result from tiles
// of the operands in shared memory, each thread a small block of it in registers.
#include "ktrain.cuh"

// How a tile of an operand is read: along the dim that is summed over or along the other, four elements at once or one.
enum { QUADS = 1, ALONG_ROWS = 2 };

// C = A * B + bias, or C += A * B. Sizes and strides in elements; see Gemm.
struct Product {
  i64 m, n, k;
  i64 batches, splits, depth; // K is cut into `splits` pieces of `depth`, a multiple of every tile's
  i64 a_row, a_column, a_batch, a_reading;
  i64 b_row, b_column, b_batch, b_reading;
  i64 c_row, c_batch, c_quads;
  i64 bias_row, bias_column; // one of them 0
  i64 adds;                  // whether C is added to
  i64 wide;                  // whether C is of the type that is computed in
};

template <class T> struct alignas(sizeof(T) >= 4 ? 16 : 4 * sizeof(T)) Quad { T v[4]; };

// What one thread reads of the tiles of an operand [ROWS, k], from global memory to registers to shared memory.
template <class T, int ROWS, int DEPTH, int THREADS> struct Reader {
  typedef typename Compute<T>::type C;
  enum { COUNT = ROWS * DEPTH / 4 / THREADS };
  Quad<T> held[COUNT];
  const T* at[COUNT];
  i32 room[COUNT]; // how many rows there are from its own on, at most 4

  static __device__ __forceinline__ int row(int q, bool along) {
    return along ? q % (ROWS / 4) * 4 : q / (DEPTH / 4);
  }
  static __device__ __forceinline__ int place(int q, bool along) {
    return along ? q / (ROWS / 4) : q % (DEPTH / 4) * 4;
  }

  __device__ __forceinline__ void start(const T* x, i64 row_step, i64 k_step, int reading, i64 row0, i64 rows, i64 k) {
    bool along = reading & ALONG_ROWS;
    for (int c = 0; c < COUNT; c++) {
      int q = threadIdx.x + c * THREADS;
      i64 r = row0 + row(q, along);
      at[c] = x + r * row_step + (k + place(q, along)) * k_step;
      room[c] = r >= rows ? 0 : rows - r < 4 ? (i32)(rows - r) : 4;
    }
  }

  // The next tile; `left` of K lie ahead.
  __device__ __forceinline__ void fetch(i64 row_step, i64 k_step, int reading, i32 left) {
    bool along = reading & ALONG_ROWS;
    for (int c = 0; c < COUNT; c++) {
      i32 ahead = left - place(threadIdx.x + c * THREADS, along);
      i32 n = along ? (ahead > 0 ? room[c] : 0) : (room[c] > 0 ? ahead : 0);
      if ((reading & QUADS) && n >= 4) held[c] = *(const Quad<T>*)at[c];
      else for (int e = 0; e < 4; e++) held[c].v[e] = e < n ? at[c][e * (along ? row_step : k_step)] : T();
      at[c] += DEPTH * k_step;
    }
  }

  __device__ __forceinline__ void put(C (*tile)[ROWS + 4], int reading) {
    bool along = reading & ALONG_ROWS;
    for (int c = 0; c < COUNT; c++) {
      int q = threadIdx.x + c * THREADS, r = row(q, along), p = place(q, along);
      for (int e = 0; e < 4; e++) {
        if (along) tile[p][r + e] = widen(held[c].v[e]);
        else tile[p + e][r] = widen(held[c].v[e]);
      }
    }
  }
};

// Four neighbours of C.
template <class O, class T>
__device__ __forceinline__ void emit(O* c, const T* bias, const Product& p, i64 row, i64 column,
                                     const typename Compute<T>::type* v) {
  typedef typename Compute<T>::type C;
  if (row >= p.m || column >= p.n) return;
  O* at = c + row * p.c_row + column;
  bool whole = p.c_quads && column + 4 <= p.n;
  Quad<O> q;
  if (p.adds && whole) q = *(const Quad<O>*)at;
  for (int e = 0; e < 4; e++) {
    if (column + e >= p.n) break;
    C sum = v[e];
    if (bias) sum += widen(bias[row * p.bias_row + (column + e) * p.bias_column]);
    if (p.adds) sum += widen(whole ? q.v[e] : at[e]);
    if (whole) q.v[e] = narrow<O>(sum);
    else at[e] = narrow<O>(sum);
  }
  if (whole) *(Quad<O>*)at = q;
}

// A thread's block of the tile is BLOCK by BLOCK, in pieces of 4 by 4 that lie apart, so that a warp reads shared
// memory without conflicts. 256 threads.
template <class T, int TILE, int DEPTH, int BLOCK>
__device__ __forceinline__ void gemm(const T* a, const T* b, void* c, const T* bias, const Product& p) {
  typedef typename Compute<T>::type C;
  enum { THREADS = 256, PIECES = BLOCK / 4, APART = TILE / PIECES };
  __shared__ __align__(16) C tile_a[2][DEPTH][TILE + 4];
  __shared__ __align__(16) C tile_b[2][DEPTH][TILE + 4];
  i64 across = (p.n + TILE - 1) / TILE;
  i64 row0 = blockIdx.x / across * TILE, column0 = blockIdx.x % across * TILE;
  int y = threadIdx.x / (TILE / BLOCK) * 4, x = threadIdx.x % (TILE / BLOCK) * 4;

  i64 z = blockIdx.z;
  const T* from_a = a + z / p.splits * p.a_batch;
  const T* from_b = b + z / p.splits * p.b_batch;
  i64 k = z % p.splits * p.depth;
  i32 left = (i32)(k + p.depth < p.k ? p.depth : p.k - k); // of K
  C sums[BLOCK][BLOCK];
  for (int i = 0; i < BLOCK; i++)
    for (int j = 0; j < BLOCK; j++) sums[i][j] = 0;
  Reader<T, TILE, DEPTH, THREADS> read_a, read_b;
  read_a.start(from_a, p.a_row, p.a_column, (int)p.a_reading, row0, p.m, k);
  read_b.start(from_b, p.b_column, p.b_row, (int)p.b_reading, column0, p.n, k);
  read_a.fetch(p.a_row, p.a_column, (int)p.a_reading, left);
  read_b.fetch(p.b_column, p.b_row, (int)p.b_reading, left);
  int now = 0;
  read_a.put(tile_a[now], (int)p.a_reading);
  read_b.put(tile_b[now], (int)p.b_reading);
  __syncthreads();
  while (left > 0) {
    left -= DEPTH;
    if (left > 0) {
      read_a.fetch(p.a_row, p.a_column, (int)p.a_reading, left);
      read_b.fetch(p.b_column, p.b_row, (int)p.b_reading, left);
    }
#pragma unroll 2 // more needs more registers than there are
    for (int d = 0; d < DEPTH; d++) {
      C u[BLOCK], v[BLOCK];
#pragma unroll
      for (int s = 0; s < PIECES; s++) {
        Quad<C> q = *(const Quad<C>*)&tile_a[now][d][s * APART + y];
        Quad<C> r = *(const Quad<C>*)&tile_b[now][d][s * APART + x];
        for (int e = 0; e < 4; e++) {
          u[4 * s + e] = q.v[e];
          v[4 * s + e] = r.v[e];
        }
      }
#pragma unroll
      for (int i = 0; i < BLOCK; i++)
#pragma unroll
        for (int j = 0; j < BLOCK; j++) sums[i][j] += u[i] * v[j];
    }
    if (left > 0) {
      read_a.put(tile_a[now ^ 1], (int)p.a_reading);
      read_b.put(tile_b[now ^ 1], (int)p.b_reading);
    }
    __syncthreads();
    now ^= 1;
  }
#pragma unroll
  for (int i = 0; i < BLOCK; i++)
#pragma unroll
    for (int s = 0; s < PIECES; s++) {
      i64 row = row0 + i / 4 * APART + y + i % 4, column = column0 + s * APART + x;
      if (p.wide) emit((C*)c + z * p.c_batch, bias, p, row, column, sums[i] + 4 * s);
      else emit((T*)c + z * p.c_batch, bias, p, row, column, sums[i] + 4 * s);
    }
}

#define SMALL(name, T) KERNEL(gemm_##name, const T* a, const T* b, void* c, const T* bias, Product p) { \
  gemm<T, 64, 16, 4>(a, b, c, bias, p); \
}
#define LARGE(name, T) KERNEL(gemm_large_##name, const T* a, const T* b, void* c, const T* bias, Product p) { \
  gemm<T, 128, 8, 8>(a, b, c, bias, p); \
}
FLOATING_TYPES(SMALL)
LARGE(f32, float)
LARGE(f16, half16)
LARGE(bf16, bfloat)

// The elements of C: columns by threads, rows by blockIdx.y and batches by blockIdx.z, so that none takes a division.
#define EACH_OF(p, batch, row, column) \
  for (i64 batch = blockIdx.z; batch < p.batches; batch += gridDim.z) \
    for (i64 row = blockIdx.y; row < p.m; row += gridDim.y) \
      for (i64 column = (i64)blockIdx.x * blockDim.x + threadIdx.x; column < p.n; column += (i64)gridDim.x * blockDim.x)

// The pieces of K, [batches, splits, m, n], added up in their order.
template <class T>
__device__ __forceinline__ void gemm_sum(const typename Compute<T>::type* parts, T* c, const T* bias,
                                         const Product& p) {
  typedef typename Compute<T>::type C;
  i64 size = p.m * p.n;
  EACH_OF(p, batch, row, column) {
    C sum = 0;
    for (i64 s = 0; s < p.splits; s++) sum += parts[(batch * p.splits + s) * size + row * p.n + column];
    if (bias) sum += widen(bias[row * p.bias_row + column * p.bias_column]);
    T* at = c + batch * p.c_batch + row * p.c_row + column;
    if (p.adds) sum += widen(*at);
    *at = narrow<T>(sum);
  }
}
#define SUM(name, T) KERNEL(gemm_sum_##name, const Compute<T>::type* parts, T* c, const T* bias, Product p) { \
  gemm_sum<T>(parts, c, bias, p); \
}
FLOATING_TYPES(SUM)

// Whole numbers: an element a thread.
template <class T> __device__ __forceinline__ void gemm_whole(const T* a, const T* b, T* c, const Product& p) {
  EACH_OF(p, batch, row, column) {
    const T* x = a + batch * p.a_batch + row * p.a_row;
    const T* y = b + batch * p.b_batch + column * p.b_column;
    i64 sum = 0;
    for (i32 k = 0; k < (i32)p.k; k++, x += p.a_column, y += p.b_row) sum += widen(*x) * widen(*y);
    c[batch * p.c_batch + row * p.c_row + column] = narrow<T>(sum);
  }
}
#define WHOLE(name, T) \
  KERNEL(gemm_whole_##name, const T* a, const T* b, T* c, Product p) { gemm_whole(a, b, c, p); }
WHOLE(i64, i64)
WHOLE(i32, i32)
WHOLE(i16, i16)
WHOLE(i8, i8)
WHOLE(u8, u8)
WHOLE(bool, boolean)

// The bias laid out as C, for cuBLAS to add its product to.
#define BIAS(name, T) KERNEL(gemm_bias_##name, T* c, const T* bias, Product p) { \
  EACH_OF(p, batch, row, column) \
    c[batch * p.c_batch + row * p.c_row + column] = bias[row * p.bias_row + column * p.bias_column]; \
}
FLOATING_TYPES(BIAS)
