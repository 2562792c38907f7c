// Pooling. Each thread makes one element of the result; the gradients gather from the windows over their element, in
// the windows' order, so that overlapping windows need no atomics.
#include "ktrain.cuh"

// Sizes of the picture x and of the windows over it, y; strides in elements. See PoolingKernels.
struct Pool {
  i64 n, c, h, w, oh, ow;
  i64 kh, kw, sh, sw, ph, pw;
  i64 counts_padding;
  i64 channels_last; // how the result lies; its elements are numbered in that order
  i64 x[4], y[4], places[4];
};

struct Place { i32 n, c, h, w; };

// Element i of the result, whose pictures are h by w.
__device__ __forceinline__ Place place(const Pool& p, i64 i, i64 h, i64 w) {
  Place at;
  if (p.channels_last) at.c = take(i, p.c);
  at.w = take(i, w);
  at.h = take(i, h);
  if (!p.channels_last) at.c = take(i, p.c);
  at.n = (i32)i;
  return at;
}

__device__ __forceinline__ i64 offset(const i64 (&strides)[4], const Place& at) {
  return at.n * strides[0] + at.c * strides[1] + at.h * strides[2] + at.w * strides[3];
}

// The part of window k along one dim that lies inside.
struct Span { i32 from, to, padded; };
__device__ __forceinline__ Span span(i32 k, i64 kernel, i64 stride, i64 padding, i64 size) {
  i32 from = k * (i32)stride - (i32)padding, to = from + (i32)kernel, end = (i32)size;
  Span s;
  s.padded = (to < end + (i32)padding ? to : end + (i32)padding) - from;
  s.from = from > 0 ? from : 0;
  s.to = to < end ? to : end;
  return s;
}

// The windows over element i along one dim: `from` until `to`.
__device__ __forceinline__ Span windows(i32 i, i64 kernel, i64 stride, i64 padding, i64 count) {
  i32 first = i + (i32)padding - (i32)kernel, last = (i + (i32)padding) / (i32)stride;
  Span s;
  s.padded = 0;
  s.from = first < 0 ? 0 : first / (i32)stride + 1;
  s.to = last < (i32)count ? last + 1 : (i32)count;
  return s;
}

__device__ __forceinline__ i32 elements(const Pool& p, const Span& rows, const Span& columns) {
  return p.counts_padding ? rows.padded * columns.padded : (rows.to - rows.from) * (columns.to - columns.from);
}

template <class T> __device__ __forceinline__ void max_pool(const T* x, T* y, i32* places, const Pool& p) {
  typedef typename Compute<T>::type C;
  EACH(i, p.n * p.c * p.oh * p.ow) {
    Place at = place(p, i, p.oh, p.ow);
    Span rows = span(at.h, p.kh, p.sh, p.ph, p.h), columns = span(at.w, p.kw, p.sw, p.pw, p.w);
    i32 width = (i32)p.w, where = rows.from * width + columns.from;
    const T* row = x + at.n * p.x[0] + at.c * p.x[1] + rows.from * p.x[2] + columns.from * p.x[3];
    C best = -(C)__int_as_float(0x7F800000);
    for (i32 r = rows.from; r < rows.to; r++, row += p.x[2]) {
      const T* from = row;
      for (i32 s = columns.from; s < columns.to; s++, from += p.x[3]) {
        C v = widen(*from);
        if (v > best || v != v) {
          best = v;
          where = r * width + s;
        }
      }
    }
    y[i] = narrow<T>(best);
    places[i] = where;
  }
}

template <class T> __device__ __forceinline__ void max_unpool(const T* g, const i32* places, T* x, const Pool& p) {
  typedef typename Compute<T>::type C;
  EACH(i, p.n * p.c * p.h * p.w) {
    Place at = place(p, i, p.h, p.w);
    Span rows = windows(at.h, p.kh, p.sh, p.ph, p.oh), columns = windows(at.w, p.kw, p.sw, p.pw, p.ow);
    i32 mine = at.h * (i32)p.w + at.w;
    C sum = 0;
    for (at.h = rows.from; at.h < rows.to; at.h++)
      for (at.w = columns.from; at.w < columns.to; at.w++)
        if (places[offset(p.places, at)] == mine) sum += widen(g[offset(p.y, at)]);
    x[i] = narrow<T>(sum);
  }
}

template <class T> __device__ __forceinline__ void average_pool(const T* x, T* y, const Pool& p) {
  typedef typename Compute<T>::type C;
  EACH(i, p.n * p.c * p.oh * p.ow) {
    Place at = place(p, i, p.oh, p.ow);
    Span rows = span(at.h, p.kh, p.sh, p.ph, p.h), columns = span(at.w, p.kw, p.sw, p.pw, p.w);
    const T* plane = x + at.n * p.x[0] + at.c * p.x[1];
    C sum = 0;
    for (i32 r = rows.from; r < rows.to; r++)
      for (i32 s = columns.from; s < columns.to; s++) sum += widen(plane[r * p.x[2] + s * p.x[3]]);
    y[i] = narrow<T>(sum / elements(p, rows, columns));
  }
}

template <class T> __device__ __forceinline__ void average_pool_grad(const T* g, T* x, const Pool& p) {
  typedef typename Compute<T>::type C;
  EACH(i, p.n * p.c * p.h * p.w) {
    Place at = place(p, i, p.h, p.w);
    Span rows = windows(at.h, p.kh, p.sh, p.ph, p.oh), columns = windows(at.w, p.kw, p.sw, p.pw, p.ow);
    C sum = 0;
    for (at.h = rows.from; at.h < rows.to; at.h++)
      for (at.w = columns.from; at.w < columns.to; at.w++)
        sum += widen(g[offset(p.y, at)])
            / elements(p, span(at.h, p.kh, p.sh, p.ph, p.h), span(at.w, p.kw, p.sw, p.pw, p.w));
    x[i] = narrow<T>(sum);
  }
}

#define POOLS(name, T) \
  KERNEL(max_pool_##name, const T* x, T* y, i32* places, Pool p) { max_pool(x, y, places, p); } \
  KERNEL(max_unpool_##name, const T* g, const i32* places, T* x, Pool p) { max_unpool(g, places, x, p); } \
  KERNEL(average_pool_##name, const T* x, T* y, Pool p) { average_pool(x, y, p); } \
  KERNEL(average_pool_grad_##name, const T* g, T* x, Pool p) { average_pool_grad(g, x, p); }
FLOATING_TYPES(POOLS)
