#include "ktrain.cuh"

// y[c + r * yrow] = x[r + c * xcolumn]: both sides in runs, through a tile in shared memory. The odd width keeps a
// column's elements in different banks. Blocks of 256 threads; a block takes 32 x 32 elements.
template <class T> __device__ __forceinline__ void transpose(const T* x, T* y, i32 rows, i32 columns, i64 xcolumn, i64 yrow, i64 xbatch, i64 ybatch) {
  __shared__ T tile[32][33];
  i32 across = (columns + 31) / 32, row = blockIdx.x / across * 32, column = blockIdx.x % across * 32;
  i32 fast = threadIdx.x & 31, slow = threadIdx.x >> 5;
  x += blockIdx.z * xbatch;
  y += blockIdx.z * ybatch;
  T held[4]; // all on their way before the first is stored
#pragma unroll
  for (i32 j = 0, k = slow; j < 4; j++, k += 8)
    if (row + fast < rows && column + k < columns) held[j] = x[row + fast + (column + k) * xcolumn];
#pragma unroll
  for (i32 j = 0, k = slow; j < 4; j++, k += 8)
    if (row + fast < rows && column + k < columns) tile[k][fast] = held[j];
  __syncthreads();
#pragma unroll
  for (i32 j = 0, k = slow; j < 4; j++, k += 8)
    if (row + k < rows && column + fast < columns) y[column + fast + (row + k) * yrow] = tile[fast][k];
}

#define TRANSPOSE(bytes, T)                                                                                     \
  KERNEL(transpose_##bytes, const T* x, T* y, i32 rows, i32 columns, i64 xcolumn, i64 yrow, i64 xbatch, i64 ybatch) { \
    transpose(x, y, rows, columns, xcolumn, yrow, xbatch, ybatch);                                              \
  }
TRANSPOSE(1, u8)
TRANSPOSE(2, u16)
TRANSPOSE(4, u32)
TRANSPOSE(8, u64)
