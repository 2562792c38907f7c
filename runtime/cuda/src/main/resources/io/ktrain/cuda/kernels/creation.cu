#include "ktrain.cuh"

KERNEL(whole_sequence, i64 n, void* out, i32 type, i64 start, i64 step) {
  EACH(i, n) store(out, type, i, start + i * step);
}

KERNEL(sequence, i64 n, void* out, i32 type, double start, double step) {
  EACH(i, n) store(out, type, i, start + (double)i * step);
}

// Element i's numbers depend on the draw and i alone; four elements share a Philox block.
#define EACH_BLOCK(b, n) EACH(b, ((n) + 3) / 4)

// Between low and high; whole numbers are rounded down and use two words, so that all of a wide range can come up.
KERNEL(uniform_numbers, i64 n, void* out, i32 type, u64 key, u64 stream, double low, double high) {
  EACH_BLOCK(b, n) {
    u32 words[4];
    philox(key, stream, (u64)b, words);
    for (int k = 0; k < 4 && 4 * b + k < n; k++) {
      double u = low + (high - low) * (type <= BF16 ? (double)uniform(words[k]) : uniform(words[k], words[k ^ 1]));
      store(out, type, 4 * b + k, type <= BF16 ? u : floor(u));
    }
  }
}

// Box and Muller's: two words give two numbers.
KERNEL(normal_numbers, i64 n, void* out, i32 type, u64 key, u64 stream, double mean, double deviation) {
  EACH_BLOCK(b, n) {
    u32 words[4];
    philox(key, stream, (u64)b, words);
    for (int k = 0; k < 4; k += 2) {
      double radius = sqrt(-2 * log(1 - (double)uniform(words[k]) * (1 - 0x1p-25)));
      double angle = 2 * 3.141592653589793 * (double)uniform(words[k + 1]);
      if (4 * b + k < n) store(out, type, 4 * b + k, mean + deviation * radius * cos(angle));
      if (4 * b + k + 1 < n) store(out, type, 4 * b + k + 1, mean + deviation * radius * sin(angle));
    }
  }
}

template <class T> __device__ __forceinline__ void dropout(i64 n, const T* x, T* y, u64 key, u64 stream, double p, double scale) {
  typedef typename Compute<T>::type C;
  bool aligned = (((u64)x | (u64)y) & (4 * sizeof(T) - 1)) == 0;
  EACH_BLOCK(b, n) {
    u32 words[4];
    philox(key, stream, (u64)b, words);
    if (aligned && 4 * b + 4 <= n) {
      C v[4];
      load_pack<4>(x + 4 * b, v);
      for (int k = 0; k < 4; k++) v[k] = (double)uniform(words[k]) < p ? (C)0 : v[k] * (C)scale;
      store_pack<4>(y + 4 * b, v);
    } else {
      for (int k = 0; k < 4 && 4 * b + k < n; k++)
        y[4 * b + k] = narrow<T>((double)uniform(words[k]) < p ? (C)0 : widen(x[4 * b + k]) * (C)scale);
    }
  }
}
#define DROPOUT(suffix, T) \
  KERNEL(dropout_##suffix, i64 n, const T* x, T* y, u64 key, u64 stream, double p, double scale) { dropout(n, x, y, key, stream, p, scale); }
FLOATING_TYPES(DROPOUT)
KERNEL(dropout_whole, i64 n, const void* x, i32 type, void* y, u64 key, u64 stream, double p, double scale) {
  EACH_BLOCK(b, n) {
    u32 words[4];
    philox(key, stream, (u64)b, words);
    for (int k = 0; k < 4 && 4 * b + k < n; k++)
      store(y, type, 4 * b + k, (double)uniform(words[k]) < p ? 0.0f : load<float>(x, type, 4 * b + k) * (float)scale);
  }
}
