#pragma once
#include "ktrain.cuh"

// Lists of tensors, all of one type and row-major, that one launch changes: a block does one chunk of one tensor of the
// first list and what belongs to it in the others. See UpdateKernels,
// which fills this, and UpdateSource, which writes kernels over it.
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
