// Rows of elements, each shared by some threads that hold a part of it in registers.
#pragma once
#include "math.cuh"

// How many elements of a run one thread holds in registers; NormalizationKernels.java counts on these.
template <class T, int N> struct Held { static const int ITEMS = N == 1 || sizeof(T) == 8 ? 8 : 16; };

// A run that `lanes` threads share, in packs of N elements that they take in turn.
template <class T, int N> struct Shared {
  typedef typename Compute<T>::type C;
  static const int ITEMS = Held<T, N>::ITEMS;
  i64 n;
  i32 lane, lanes;

  // Where the thread's pack k lies in the tile of lanes * ITEMS elements that starts at `base`.
  __device__ __forceinline__ i64 at(i64 base, int k) const { return base + (k * (i64)lanes + lane) * N; }
  __device__ __forceinline__ i64 tile() const { return (i64)lanes * ITEMS; }
  // Packs of several elements need a stride of 1 and an n that they divide.
  __device__ __forceinline__ void load(const T* p, i64 stride, i64 base, C otherwise, C (&v)[ITEMS]) const {
#pragma unroll
    for (int k = 0; k < ITEMS / N; k++) {
      i64 i = at(base, k);
      C pack[N];
      if (i < n) load_pack<N>(p + i * stride, pack);
      for (int j = 0; j < N; j++) v[k * N + j] = i < n ? pack[j] : otherwise;
    }
  }
  __device__ __forceinline__ void store(T* p, i64 stride, i64 base, const C (&v)[ITEMS]) const {
#pragma unroll
    for (int k = 0; k < ITEMS / N; k++) {
      i64 i = at(base, k);
      C pack[N];
      for (int j = 0; j < N; j++) pack[j] = v[k * N + j];
      if (i < n) store_pack<N>(p + i * stride, pack);
    }
  }
};

// Maxima that pass over NaN, which shows in the exponentials.
template <class C, int ITEMS> __device__ __forceinline__ C largest(const C (&v)[ITEMS], C m) {
  for (int j = 0; j < ITEMS; j++) m = v[j] > m ? v[j] : m;
  return m;
}
template <class C> __device__ __forceinline__ C group_max(C v, i32 lanes, C* scratch) {
  return group_reduce(v, lowest((C)0), [](C a, C b) { return a > b ? a : b; }, lanes, scratch);
}

// The largest element of a row and the sum of e^(x - largest), in one reading of it.
template <class T, int N, class C>
__device__ __forceinline__ void exponentials(const Shared<T, N>& row, const T* x, i64 stride, i64 length, C& top,
    C& sum, C* scratch) {
  C m = lowest((C)0), v[Held<T, N>::ITEMS];
  sum = 0;
  for (i64 base = 0; base < length; base += row.tile()) {
    row.load(x, stride, base, lowest((C)0), v);
    C higher = largest(v, m), shift = higher == lowest((C)0) ? 0 : higher;
    sum *= f_EXP(m - shift);
    for (int j = 0; j < Held<T, N>::ITEMS; j++) sum += f_EXP(v[j] - shift);
    m = higher;
  }
  top = group_max(m, row.lanes, scratch);
  sum = group_sum(m == top ? sum : sum * f_EXP(m - top), row.lanes, scratch);
}
