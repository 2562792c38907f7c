#include "math.cuh"

// A batch's elements lie as planes of one channel each, or as rows of all channels (channels-last). `inner` is the
// number of packs of a plane, or 0 for rows.

// Packs of one channel, image after image: where pack p of the channel's lies, from the channel's first plane.
struct Planes {
  u32 inner;
  i64 image; // elements from one image to the next
  template <int N> __device__ __forceinline__ i64 at(u32 p) const { return p / inner * image + (i64)(p % inner) * N; }
};

// The count, the mean and the sum of squared deviations of some elements. Joined by Chan's formula: nothing cancels.
template <class C> struct Moments {
  C n, mean, squares;
  __device__ __forceinline__ void join(const Moments& o) {
    C all = n + o.n;
    if (all == 0) return;
    C d = o.mean - mean, part = o.n / all;
    mean += d * part;
    squares += o.squares + d * d * n * part;
    n = all;
  }
};

// What a thread saw in each place of its packs: as many elements in all, so that one division serves all.
template <class C, int N> struct Seen {
  C n = 0, mean[N] = {}, squares[N] = {};
  __device__ __forceinline__ void add(const C (&v)[N]) {
    n += 1;
    C by = 1 / n;
    for (int j = 0; j < N; j++) {
      C d = v[j] - mean[j];
      mean[j] += d * by;
      squares[j] += d * (v[j] - mean[j]);
    }
  }
};

// Moments, or sums, of one channel from all threads of a block, joined in a fixed order; thread 0 gets the result.
template <class M> __device__ __forceinline__ M joined(M m, M* scratch) {
  scratch[threadIdx.x] = m;
  for (u32 half = blockDim.x / 2; half > 0; half /= 2) {
    __syncthreads();
    if (threadIdx.x < half) {
      m.join(scratch[threadIdx.x + half]);
      scratch[threadIdx.x] = m;
    }
  }
  return m;
}

// The same for columns: threads of one x join; those of y 0 get the result.
template <class M> __device__ __forceinline__ M joined_rows(M m, M* scratch, u32 width) {
  __syncthreads();
  scratch[threadIdx.x] = m;
  u32 y = threadIdx.x / width;
  for (u32 half = blockDim.x / width / 2; half > 0; half /= 2) {
    __syncthreads();
    if (y < half) {
      m.join(scratch[threadIdx.x + half * width]);
      scratch[threadIdx.x] = m;
    }
  }
  return m;
}

// Channels that a block of 256 threads joins the pieces of.
#define ACROSS 8

template <class M>
__device__ __forceinline__ M of_pieces(const M* partial, i64 pieces, i64 channels, M m, M* scratch, i64& c) {
  c = (i64)blockIdx.x * ACROSS + threadIdx.x % ACROSS;
  if (c < channels) for (i64 k = threadIdx.x / ACROSS; k < pieces; k += 256 / ACROSS) m.join(partial[k * channels + c]);
  return joined_rows(m, scratch, ACROSS);
}

// ---- the moments of each channel in pieces: [pieces, channels] in `partial`

template <class T, int N>
__device__ __forceinline__ void plane_moments(const T* x, Moments<typename Compute<T>::type>* partial, Planes planes,
    i64 plane, u32 packs, u32 piece) {
  typedef typename Compute<T>::type C;
  __shared__ Moments<C> scratch[256];
  x += blockIdx.x * plane;
  Seen<C, N> seen;
  u32 end = min(packs, (blockIdx.y + 1) * piece);
#pragma unroll 4
  for (u32 p = blockIdx.y * piece + threadIdx.x; p < end; p += blockDim.x) {
    C v[N];
    load_pack<N>(x + planes.at<N>(p), v);
    seen.add(v);
  }
  Moments<C> m = {0, 0, 0};
  for (int j = 0; j < N; j++) m.join({seen.n, seen.mean[j], seen.squares[j]});
  m = joined(m, scratch);
  if (threadIdx.x == 0) partial[(i64)blockIdx.y * gridDim.x + blockIdx.x] = m;
}

template <class T, int N>
__device__ __forceinline__ void row_moments(const T* x, Moments<typename Compute<T>::type>* partial, i64 rows,
    i64 channels, i64 piece, u32 width) {
  typedef typename Compute<T>::type C;
  __shared__ Moments<C> scratch[256];
  i64 c = ((i64)blockIdx.x * width + threadIdx.x % width) * N, end = min(rows, (blockIdx.y + 1) * piece);
  Seen<C, N> seen;
  if (c < channels) {
#pragma unroll 4
    for (i64 r = blockIdx.y * piece + threadIdx.x / width; r < end; r += blockDim.x / width) {
      C v[N];
      load_pack<N>(x + r * channels + c, v);
      seen.add(v);
    }
  }
  for (int j = 0; j < N; j++) {
    Moments<C> m = joined_rows(Moments<C>{seen.n, seen.mean[j], seen.squares[j]}, scratch, width);
    if (threadIdx.x < width && c < channels) partial[blockIdx.y * channels + c + j] = m;
  }
}

// From the pieces: the statistics as outputs, unless they are null, and [4, channels] of `by`: the mean, the variance,
// what a deviation is multiplied by, what is added then.
template <class T>
__device__ __forceinline__ void moments(const Moments<typename Compute<T>::type>* partial, i64 pieces, i64 channels,
    const T* weight, const T* bias, double eps, T* means, T* variances, typename Compute<T>::type* by) {
  typedef typename Compute<T>::type C;
  __shared__ Moments<C> scratch[256];
  i64 c;
  Moments<C> m = of_pieces(partial, pieces, channels, Moments<C>{0, 0, 0}, scratch, c);
  if (threadIdx.x >= ACROSS || c >= channels) return;
  C variance = m.squares / m.n, rstd = 1 / f_SQRT(variance + (C)eps);
  by[c] = m.mean;
  by[channels + c] = variance;
  by[2 * channels + c] = weight ? rstd * widen(weight[c]) : rstd;
  by[3 * channels + c] = bias ? widen(bias[c]) : 0;
  if (!means) return;
  means[c] = narrow<T>(m.mean);
  variances[c] = narrow<T>(variance);
}

// The channel of pack p, or the first of its channels.
template <int N> __device__ __forceinline__ i64 channel(i64 p, u32 inner, u32 channels) {
  if (p >> 32 == 0) return inner > 0 ? (u32)p / inner % channels : (u32)p % (channels / N) * N;
  return inner > 0 ? p / inner % channels : p % (channels / N) * N;
}

// What belongs to the channels of a pack: one for all, or one each.
template <class C, int N> __device__ __forceinline__ void of_channels(const C* p, u32 inner, C (&v)[N]) {
  if (inner == 0) load_pack<N>(p, v);
  else for (int j = 0; j < N; j++) v[j] = *p;
}

template <class T, int N>
__device__ __forceinline__ void normalize(const T* x, const typename Compute<T>::type* by, T* y, i64 packs, u32 inner,
    u32 channels) {
  typedef typename Compute<T>::type C;
  EACH(p, packs) {
    i64 c = channel<N>(p, inner, channels);
    C v[N], mean[N], scale[N], shift[N];
    load_pack<N>(x + p * N, v);
    of_channels(by + c, inner, mean);
    of_channels(by + 2 * (i64)channels + c, inner, scale);
    of_channels(by + 3 * (i64)channels + c, inner, shift);
    for (int j = 0; j < N; j++) v[j] = (v[j] - mean[j]) * scale[j] + shift[j];
    store_pack<N>(y + p * N, v);
  }
}

// ---- gradients: of each channel the sum of g, and of g times the deviation, in pieces

template <class C> struct Sums {
  C sum, dot;
  __device__ __forceinline__ void join(const Sums& o) {
    sum += o.sum;
    dot += o.dot;
  }
};

template <class T, int N>
__device__ __forceinline__ void plane_sums(const T* g, const T* x, const typename Compute<T>::type* means,
    Sums<typename Compute<T>::type>* partial, Planes planes, i64 plane, u32 packs, u32 piece) {
  typedef typename Compute<T>::type C;
  __shared__ Sums<C> scratch[256];
  x += blockIdx.x * plane;
  g += blockIdx.x * plane;
  C mean = means[blockIdx.x];
  Sums<C> s = {0, 0};
  u32 end = min(packs, (blockIdx.y + 1) * piece);
#pragma unroll 2
  for (u32 p = blockIdx.y * piece + threadIdx.x; p < end; p += blockDim.x) {
    C v[N], d[N];
    i64 i = planes.at<N>(p);
    load_pack<N>(x + i, v);
    load_pack<N>(g + i, d);
    for (int j = 0; j < N; j++) s.join({d[j], d[j] * (v[j] - mean)});
  }
  s = joined(s, scratch);
  if (threadIdx.x == 0) partial[(i64)blockIdx.y * gridDim.x + blockIdx.x] = s;
}

template <class T, int N>
__device__ __forceinline__ void row_sums(const T* g, const T* x, const typename Compute<T>::type* means,
    Sums<typename Compute<T>::type>* partial, i64 rows, i64 channels, i64 piece, u32 width) {
  typedef typename Compute<T>::type C;
  __shared__ Sums<C> scratch[256];
  i64 c = ((i64)blockIdx.x * width + threadIdx.x % width) * N, end = min(rows, (blockIdx.y + 1) * piece);
  Sums<C> s[N] = {};
  if (c < channels) {
    C mean[N];
    for (int j = 0; j < N; j++) mean[j] = means[c + j];
#pragma unroll 2
    for (i64 r = blockIdx.y * piece + threadIdx.x / width; r < end; r += blockDim.x / width) {
      C v[N], d[N];
      load_pack<N>(x + r * channels + c, v);
      load_pack<N>(g + r * channels + c, d);
      for (int j = 0; j < N; j++) s[j].join({d[j], d[j] * (v[j] - mean[j])});
    }
  }
  for (int j = 0; j < N; j++) {
    Sums<C> all = joined_rows(s[j], scratch, width);
    if (threadIdx.x < width && c < channels) partial[blockIdx.y * channels + c + j] = all;
  }
}

// dx = a g + b (x - mean) + c: the gradients of weight and bias, and [3, channels] of `by`.
template <class T>
__device__ __forceinline__ void sums(const Sums<typename Compute<T>::type>* partial, i64 pieces, i64 channels,
    i64 count, const T* weight, const typename Compute<T>::type* variances, double eps, T* dw, T* db,
    typename Compute<T>::type* by) {
  typedef typename Compute<T>::type C;
  __shared__ Sums<C> scratch[256];
  i64 c;
  Sums<C> s = of_pieces(partial, pieces, channels, Sums<C>{0, 0}, scratch, c);
  if (threadIdx.x >= ACROSS || c >= channels) return;
  C rstd = 1 / f_SQRT(variances[c] + (C)eps), a = weight ? rstd * widen(weight[c]) : rstd;
  dw[c] = narrow<T>(s.dot * rstd);
  db[c] = narrow<T>(s.sum);
  by[c] = a;
  by[channels + c] = -a * rstd * rstd * s.dot / (C)count;
  by[2 * channels + c] = -a * s.sum / (C)count;
}

template <class T, int N>
__device__ __forceinline__ void combine(const T* g, const T* x, const typename Compute<T>::type* means,
    const typename Compute<T>::type* by, T* dx, i64 packs, u32 inner, u32 channels) {
  typedef typename Compute<T>::type C;
  EACH(p, packs) {
    i64 c = channel<N>(p, inner, channels);
    C v[N], d[N], mean[N], of_g[N], of_x[N], shift[N];
    load_pack<N>(x + p * N, v);
    load_pack<N>(g + p * N, d);
    of_channels(means + c, inner, mean);
    of_channels(by + c, inner, of_g);
    of_channels(by + (i64)channels + c, inner, of_x);
    of_channels(by + 2 * (i64)channels + c, inner, shift);
    for (int j = 0; j < N; j++) v[j] = (v[j] - mean[j]) * of_x[j] + (d[j] * of_g[j] + shift[j]);
    store_pack<N>(dx + p * N, v);
  }
}

#define PACKED(name, T, C, N)                                                                                   \
  KERNEL(plane_moments_##name, const T* x, Moments<C>* partial, u32 inner, i64 image, i64 plane, u32 packs,     \
      u32 piece) {                                                                                              \
    plane_moments<T, N>(x, partial, {inner, image}, plane, packs, piece);                                       \
  }                                                                                                             \
  KERNEL(row_moments_##name, const T* x, Moments<C>* partial, i64 rows, i64 channels, i64 piece, u32 width) {   \
    row_moments<T, N>(x, partial, rows, channels, piece, width);                                                \
  }                                                                                                             \
  KERNEL(normalize_##name, const T* x, const C* by, T* y, i64 packs, u32 inner, u32 channels) {                 \
    normalize<T, N>(x, by, y, packs, inner, channels);                                                          \
  }                                                                                                             \
  KERNEL(plane_sums_##name, const T* g, const T* x, const C* means, Sums<C>* partial, u32 inner, i64 image,     \
      i64 plane, u32 packs, u32 piece) {                                                                        \
    plane_sums<T, N>(g, x, means, partial, {inner, image}, plane, packs, piece);                                \
  }                                                                                                             \
  KERNEL(row_sums_##name, const T* g, const T* x, const C* means, Sums<C>* partial, i64 rows, i64 channels,     \
      i64 piece, u32 width) {                                                                                   \
    row_sums<T, N>(g, x, means, partial, rows, channels, piece, width);                                         \
  }                                                                                                             \
  KERNEL(combine_##name, const T* g, const T* x, const C* means, const C* by, T* dx, i64 packs, u32 inner,      \
      u32 channels) {                                                                                           \
    combine<T, N>(g, x, means, by, dx, packs, inner, channels);                                                 \
  }
#define BATCH_NORM(name, T)                                                                                     \
  PACKED(name, T, Compute<T>::type, 1)                                                                          \
  PACKED(packs_##name, T, Compute<T>::type, Widest<T>::N)                                                       \
  KERNEL(moments_##name, const Moments<Compute<T>::type>* partial, i64 pieces, i64 channels, const T* weight,   \
      const T* bias, double eps, T* means, T* variances, Compute<T>::type* by) {                                \
    moments<T>(partial, pieces, channels, weight, bias, eps, means, variances, by);                             \
  }                                                                                                             \
  KERNEL(sums_##name, const Sums<Compute<T>::type>* partial, i64 pieces, i64 channels, i64 count,               \
      const T* weight, const Compute<T>::type* variances, double eps, T* dw, T* db, Compute<T>::type* by) {     \
    sums<T>(partial, pieces, channels, count, weight, variances, eps, dw, db, by);                              \
  }
FLOATING_TYPES(BATCH_NORM)
