// A product with a sparse matrix along a dim: each thread adds up one element of the result, in the matrix's order.
#include "ktrain.cuh"

// x: [outer, n, inner], y: [outer, m, inner]; row r of the matrix has elements starts[r] until starts[r + 1].
template <class T>
__device__ __forceinline__ void resample(const T* __restrict__ x, T* __restrict__ y, const i32* __restrict__ starts,
    const i32* __restrict__ columns, const double* __restrict__ weights, i64 elements, i64 n, i64 m, i64 inner) {
  typedef typename Compute<T>::type C;
  EACH(e, elements) {
    i64 i = e;
    i32 place = take(i, inner), r = take(i, m);
    const T* from = x + i * n * inner + place;
    C sum = 0;
    for (i32 k = starts[r], end = starts[r + 1]; k < end; k++) sum += (C)weights[k] * widen(from[columns[k] * inner]);
    y[e] = narrow<T>(sum);
  }
}

#define RESAMPLE(name, T)                                                                                        \
  KERNEL(resample_##name, const T* x, T* y, const i32* starts, const i32* columns, const double* weights,        \
      i64 elements, i64 n, i64 m, i64 inner) {                                                                   \
    resample(x, y, starts, columns, weights, elements, n, m, inner);                                             \
  }
FLOATING_TYPES(RESAMPLE)
