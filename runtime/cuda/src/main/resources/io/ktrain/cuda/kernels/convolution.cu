// Convolution where there is no cuDNN: the patches under the kernel as one large matrix for a product of matrices, or
// directly where channels are in groups. Gradients gather in a fixed order.
#include "ktrain.cuh"

// Sizes, and strides in elements of the input, the weight and the output or their gradients; see ColumnConvolution.
struct Convolution {
  i64 n, c, h, w, o, kh, kw, oh, ow;
  i64 sh, sw, ph, pw, dh, dw, groups;
  i64 channels_last; // how the tensor that is made, or cut into patches, lies; its elements are numbered in that order
  i64 x[4], weight[4], y[4];
};

struct Place { i32 n, c, h, w; };

// Element i of pictures of c channels, h by w; a picture has fewer than 2^31 elements.
__device__ __forceinline__ Place place(const Convolution& p, i64 i, i64 c, i64 h, i64 w) {
  Place at;
  u32 e = (u32)take(i, c * h * w);
  at.n = (i32)i;
  if (p.channels_last) {
    at.c = e % (u32)c;
    e /= (u32)c;
  }
  at.w = e % (u32)w;
  e /= (u32)w;
  if (p.channels_last) {
    at.h = e;
  } else {
    at.h = e % (u32)h;
    at.c = e / (u32)h;
  }
  return at;
}

__device__ __forceinline__ i64 offset(const i64 (&strides)[4], i64 n, i64 c, i64 h, i64 w) {
  return n * strides[0] + c * strides[1] + h * strides[2] + w * strides[3];
}

// The output row or column in which input element i is under kernel element k, or -1.
__device__ __forceinline__ i32 under(i32 i, i32 k, i64 stride, i64 padding, i64 dilation, i64 count) {
  i32 at = i + (i32)padding - k * (i32)dilation;
  if (stride == 1) return at < 0 || at >= count ? -1 : at;
  return at < 0 || at % (i32)stride || at / (i32)stride >= count ? -1 : at / (i32)stride;
}

// Patches of pictures: [pixels, (kh, kw, c)] where channels lie last, else [(c, kh, kw), pixels]. A thread makes what
// one channel has in one patch, so that its place is found once.
template <class T>
__device__ __forceinline__ void columns(const T* __restrict__ x, T* __restrict__ to, const Convolution& p) {
  i64 pixels = p.n * p.oh * p.ow, step = p.channels_last ? p.c : pixels;
  i32 kernel = (i32)(p.kh * p.kw), height = (i32)p.h, width = (i32)p.w;
  i64 right = p.dw * p.x[3], down = p.dh * p.x[2] - p.kw * right;
  EACH(e, pixels * p.c) {
    i64 i = e;
    i32 c;
    if (p.channels_last) c = take(i, p.c);
    i32 s = take(i, p.ow), r = take(i, p.oh);
    i64 n = i;
    if (!p.channels_last) {
      n = take(i, p.n);
      c = (i32)i;
    }
    i32 h = r * (i32)p.sh - (i32)p.ph, left = s * (i32)p.sw - (i32)p.pw, w = left, l = 0;
    i64 before = p.channels_last ? e - c : c * pixels; // elements of other patches, or of other channels
    const T* from = x + offset(p.x, n, c, h, w);
    T* at = to + before * kernel + (e - before);
    for (i32 tap = 0; tap < kernel; tap += 4) {
      T held[4]; // all on their way before the first is stored
#pragma unroll
      for (int j = 0; j < 4; j++) {
        held[j] = T();
        if (tap + j < kernel && (u32)h < (u32)height && (u32)w < (u32)width) held[j] = *from;
        bool next = ++l == (i32)p.kw;
        l = next ? 0 : l;
        w = next ? left : w + (i32)p.dw;
        h += next ? (i32)p.dh : 0;
        from += next ? right + down : right;
      }
#pragma unroll
      for (int j = 0; j < 4; j++, at += step)
        if (tap + j < kernel) *at = held[j];
    }
  }
}

// The gradient by the pictures, from that by their patches.
template <class T> __device__ __forceinline__ void gather_columns(const T* from, T* x, const Convolution& p) {
  typedef typename Compute<T>::type C;
  i64 pixels = p.n * p.oh * p.ow, kernel = p.kh * p.kw;
  EACH(i, p.n * p.c * p.h * p.w) {
    Place at = place(p, i, p.c, p.h, p.w);
    C sum = 0;
    for (i32 k = 0; k < p.kh; k++) {
      i32 r = under(at.h, k, p.sh, p.ph, p.dh, p.oh);
      if (r < 0) continue;
      for (i32 l = 0; l < p.kw; l++) {
        i32 s = under(at.w, l, p.sw, p.pw, p.dw, p.ow);
        if (s < 0) continue;
        i64 pixel = (at.n * p.oh + r) * p.ow + s, tap = k * p.kw + l;
        i64 last = (pixel * kernel + tap) * p.c + at.c, first = (at.c * kernel + tap) * pixels + pixel;
        sum += widen(from[p.channels_last ? last : first]);
      }
    }
    x[i] = narrow<T>(sum);
  }
}

// ---- channels in groups

template <class T>
__device__ __forceinline__ void grouped(const T* x, const T* weight, const T* bias, i64 bias_step, T* y,
                                        const Convolution& p) {
  typedef typename Compute<T>::type C;
  i32 in = (i32)p.c / (i32)p.groups, out = (i32)p.o / (i32)p.groups;
  EACH(i, p.n * p.o * p.oh * p.ow) {
    Place at = place(p, i, p.o, p.oh, p.ow);
    C sum = bias ? widen(bias[at.c * bias_step]) : (C)0;
    for (i32 c = 0; c < in; c++)
      for (i32 k = 0; k < p.kh; k++) {
        i64 h = at.h * p.sh - p.ph + k * p.dh;
        if (h < 0 || h >= p.h) continue;
        for (i32 l = 0; l < p.kw; l++) {
          i64 w = at.w * p.sw - p.pw + l * p.dw;
          if (w < 0 || w >= p.w) continue;
          C value = widen(x[offset(p.x, at.n, at.c / out * in + c, h, w)]);
          sum += value * widen(weight[offset(p.weight, at.c, c, k, l)]);
        }
      }
    y[i] = narrow<T>(sum);
  }
}

template <class T>
__device__ __forceinline__ void grouped_input_grad(const T* g, const T* weight, T* x, const Convolution& p) {
  typedef typename Compute<T>::type C;
  i32 in = (i32)p.c / (i32)p.groups, out = (i32)p.o / (i32)p.groups;
  EACH(i, p.n * p.c * p.h * p.w) {
    Place at = place(p, i, p.c, p.h, p.w);
    i32 first = at.c / in * out;
    C sum = 0;
    for (i32 o = first; o < first + out; o++)
      for (i32 k = 0; k < p.kh; k++) {
        i32 r = under(at.h, k, p.sh, p.ph, p.dh, p.oh);
        if (r < 0) continue;
        for (i32 l = 0; l < p.kw; l++) {
          i32 s = under(at.w, l, p.sw, p.pw, p.dw, p.ow);
          if (s < 0) continue;
          sum += widen(g[offset(p.y, at.n, o, r, s)]) * widen(weight[offset(p.weight, o, at.c % in, k, l)]);
        }
      }
    x[i] = narrow<T>(sum);
  }
}

// A weight a block.
template <class T>
__device__ __forceinline__ void grouped_weight_grad(const T* g, const T* x, T* weight, const Convolution& p) {
  typedef typename Compute<T>::type C;
  __shared__ C scratch[32];
  i32 in = (i32)p.c / (i32)p.groups, out = (i32)p.o / (i32)p.groups;
  i64 i = blockIdx.x;
  i32 l = take(i, p.kw), k = take(i, p.kh), c = take(i, in), o = (i32)i;
  C sum = 0;
  for (i64 e = threadIdx.x; e < p.n * p.oh * p.ow; e += blockDim.x) {
    i64 j = e;
    i32 s = take(j, p.ow), r = take(j, p.oh);
    i64 h = r * p.sh - p.ph + k * p.dh, w = s * p.sw - p.pw + l * p.dw;
    if (h < 0 || h >= p.h || w < 0 || w >= p.w) continue;
    sum += widen(g[offset(p.y, j, o, r, s)]) * widen(x[offset(p.x, j, o / out * in + c, h, w)]);
  }
  sum = block_sum(sum, scratch);
  if (threadIdx.x == 0) weight[blockIdx.x] = narrow<T>(sum);
}

// ---- the bias

// Adds each channel's to a whole tensor of fewer than 2^31 elements, whose channel changes after every `run` of them.
template <class T>
__device__ __forceinline__ void add_bias(T* y, const T* bias, i64 bias_step, u32 n, u32 channels, u32 run) {
  typedef typename Compute<T>::type C;
  const int N = Widest<T>::N;
  EACH(q, (n + N - 1) / N) {
    u32 e = (u32)q * N, channel = e / run, at = e - channel * run;
    channel %= channels;
    bool whole = e + N <= n;
    C b = widen(bias[channel * bias_step]), v[N];
    if (whole) load_pack<N>(y + e, v);
#pragma unroll
    for (int j = 0; j < N; j++) {
      if (whole) v[j] += b;
      else if (e + j < n) y[e + j] = narrow<T>(widen(y[e + j]) + b);
      if (++at == run) {
        at = 0;
        if (++channel == channels) channel = 0;
        b = widen(bias[channel * bias_step]);
      }
    }
    if (whole) store_pack<N>(y + e, v);
  }
}

#define CONVOLUTIONS(name, T) \
  KERNEL(columns_##name, const T* x, T* to, Convolution p) { columns(x, to, p); } \
  KERNEL(gather_columns_##name, const T* from, T* x, Convolution p) { gather_columns(from, x, p); } \
  KERNEL(grouped_##name, const T* x, const T* weight, const T* bias, i64 bias_step, T* y, Convolution p) { \
    grouped(x, weight, bias, bias_step, y, p); \
  } \
  KERNEL(grouped_input_grad_##name, const T* g, const T* weight, T* x, Convolution p) { \
    grouped_input_grad(g, weight, x, p); \
  } \
  KERNEL(grouped_weight_grad_##name, const T* g, const T* x, T* weight, Convolution p) { \
    grouped_weight_grad(g, x, weight, p); \
  } \
  KERNEL(add_bias_##name, T* y, const T* bias, i64 bias_step, u32 n, u32 channels, u32 run) { \
    add_bias(y, bias, bias_step, n, channels, run); \
  }
FLOATING_TYPES(CONVOLUTIONS)
