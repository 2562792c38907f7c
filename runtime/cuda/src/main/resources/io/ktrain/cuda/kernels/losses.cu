#include "rows.cuh"

// The label of a row, or -1 for a row to pass over: one to be ignored, or one whose label is no class, which is
// reported as the row in the high half and the label in the low one.
struct Labels {
  const void* of;
  i32 type;
  i64 stride, ignored;
  __device__ __forceinline__ i64 at(i64 row, i64 classes, i64* faults, i64 call) const {
    i64 label = load<i64>(of, type, row * stride);
    if (label == ignored) return -1;
    if (label >= 0 && label < classes) return label;
    i64 held = max(min(label, 0x7FFFFFFFLL), -0x80000000LL);
    if (faults) report(faults, call, row << 32 | (held & 0xFFFFFFFFLL));
    return -1;
  }
};

// log(sum of e^x) - x[label], and for the gradient each row's largest element and the sum of e^(x - largest).
template <class T, int N>
__device__ __forceinline__ void cross_entropy(const T* x, i64 next, i64 stride, const Labels& labels, T* losses,
    T* stats, i64 rows, i64 classes, i32 lanes, i64* faults, i64 call) {
  typedef typename Compute<T>::type C;
  __shared__ C scratch[32];
  i64 r = (i64)blockIdx.x * (blockDim.x / lanes) + threadIdx.x / lanes;
  Shared<T, N> row = {r < rows ? classes : 0, (i32)threadIdx.x & (lanes - 1), lanes};
  C top, sum;
  exponentials(row, x + r * next, stride, classes, top, sum, scratch);
  if (row.lane > 0 || r >= rows) return;
  stats[2 * r] = narrow<T>(top);
  stats[2 * r + 1] = narrow<T>(sum);
  i64 label = labels.at(r, classes, faults, call);
  losses[r] = narrow<T>(label < 0 ? 0 : f_LOG(sum) - (widen(x[r * next + label * stride]) - top));
}

// (softmax - onehot) g. The sum is made again where it was rounded to 16 bits.
template <class T, int N>
__device__ __forceinline__ void cross_entropy_grad(const T* g, i64 g_step, const T* x, i64 next, i64 stride,
    const Labels& labels, const T* stats, T* dx, i64 rows, i64 classes, i32 lanes) {
  typedef typename Compute<T>::type C;
  const int ITEMS = Held<T, N>::ITEMS;
  __shared__ C scratch[32];
  i64 r = (i64)blockIdx.x * (blockDim.x / lanes) + threadIdx.x / lanes, label = -1;
  Shared<T, N> row = {r < rows ? classes : 0, (i32)threadIdx.x & (lanes - 1), lanes};
  C top = 0, sum = 1, up = 0;
  if (r < rows) {
    label = labels.at(r, classes, nullptr, 0);
    up = label < 0 ? 0 : widen(g[r * g_step]);
    top = widen(stats[2 * r]);
    sum = widen(stats[2 * r + 1]);
  }
  if (sizeof(T) == 2) exponentials(row, x + r * next, stride, classes, top, sum, scratch);
  C by = up / sum, v[ITEMS];
  for (i64 base = 0; base < classes; base += row.tile()) {
    row.load(x + r * next, stride, base, 0, v);
    for (int j = 0; j < ITEMS; j++) {
      i64 i = row.at(base, j / N) + j % N;
      v[j] = label < 0 ? 0 : f_EXP(v[j] - top) * by - (i == label ? up : 0);
    }
    row.store(dx + r * classes, 1, base, v);
  }
}

#define CROSS_ENTROPY(name, T, N)                                                                               \
  KERNEL(cross_entropy_##name, const T* x, i64 next, i64 stride, const void* labels, i32 type, i64 label_step,  \
      i64 ignored, T* losses, T* stats, i64 rows, i64 classes, i32 lanes, i64* faults, i64 call) {              \
    cross_entropy<T, N>(x, next, stride, {labels, type, label_step, ignored}, losses, stats, rows, classes,     \
        lanes, faults, call);                                                                                   \
  }                                                                                                             \
  KERNEL(cross_entropy_grad_##name, const T* g, i64 g_step, const T* x, i64 next, i64 stride,                   \
      const void* labels, i32 type, i64 label_step, i64 ignored, const T* stats, T* dx, i64 rows, i64 classes,  \
      i32 lanes) {                                                                                              \
    cross_entropy_grad<T, N>(g, g_step, x, next, stride, {labels, type, label_step, ignored}, stats, dx, rows,  \
        classes, lanes);                                                                                        \
  }
#define BOTH(name, T) CROSS_ENTROPY(name, T, 1) CROSS_ENTROPY(packs_##name, T, Widest<T>::N)
FLOATING_TYPES(BOTH)
