// A stand-in for NVIDIA's libcudnn.so.9: the convolutions ktrain asks for, element by element along the descriptors'
// strides. It has no algorithm for channels that are in groups and lie last, writes over its workspace, and offers first an
// algorithm that is not deterministic, which answers every call with a failure. STANDIN_CUDNN: what cudnnCreate answers.
#include <cstddef>
#include <cstdlib>
#include "elements.h"

namespace {
enum { SUCCESS = 0, NOT_INITIALIZED = 1001, BAD_PARAM = 2000, NOT_SUPPORTED = 3000, EXECUTION_FAILED = 5000 };
enum { FLOAT = 0, DOUBLE = 1, HALF = 2, BFLOAT16 = 9 };
enum { FMA_MATH = 3 };
const size_t WORKSPACE = 96;
const int UNORDERED = 0, ORDERED = 1;

struct Tensor { int type, size[4]; long stride[4]; };
struct Filter { int type, last, size[4]; };
struct Convolution { int pad[2], step[2], dilation[2], compute, groups, math; };
struct Handle { void* stream; };
struct Performance { int algorithm, status; float time; size_t memory; int determinism, math, reserved[3]; };
static_assert(sizeof(Performance) == 48, "as in cudnn_cnn.h");

int as_real(int type) { return type == FLOAT ? REAL_32F : type == DOUBLE ? REAL_64F : type == HALF ? REAL_16F : REAL_16BF; }

long at(const Tensor* t, int n, int c, int h, int w) { return n * t->stride[0] + c * t->stride[1] + h * t->stride[2] + w * t->stride[3]; }
long at(const Filter* f, int o, int c, int h, int w) {
  return f->last ? (((long)o * f->size[2] + h) * f->size[3] + w) * f->size[1] + c : (((long)o * f->size[1] + c) * f->size[2] + h) * f->size[3] + w;
}

bool fits(const Tensor* x, const Filter* w, const Convolution* c, const Tensor* y) {
  for (int d = 0; d < 2; d++) {
    int span = x->size[2 + d] + 2 * c->pad[d] - c->dilation[d] * (w->size[2 + d] - 1) - 1;
    if (span < 0 || span / c->step[d] + 1 != y->size[2 + d]) return false;
  }
  return x->type == w->type && x->type == y->type && x->size[0] == y->size[0] && y->size[1] == w->size[0] && x->size[1] == w->size[1] * c->groups
      && c->compute == (x->type == DOUBLE ? DOUBLE : FLOAT);
}

int algorithms(const Tensor* x, const Filter* w, const Convolution* c, const Tensor* y, int asked, int* given, Performance* found) {
  if (!fits(x, w, c, y)) return BAD_PARAM;
  if (c->groups > 1 && w->last) return NOT_SUPPORTED;
  *given = asked < 2 ? asked : 2;
  for (int i = 0; i < *given; i++) found[i] = Performance{i == 0 ? UNORDERED : ORDERED, SUCCESS, -1.f, WORKSPACE, i, c->math, {0, 0, 0}};
  return SUCCESS;
}

// Calls f with the place of each product's operands in x, w and y.
template <class F> void each(const Tensor* x, const Filter* w, const Convolution* c, const Tensor* y, F f) {
  int in = w->size[1], out = w->size[0] / c->groups;
  for (int n = 0; n < y->size[0]; n++)
    for (int o = 0; o < y->size[1]; o++)
      for (int r = 0; r < y->size[2]; r++)
        for (int s = 0; s < y->size[3]; s++)
          for (int k = 0; k < in; k++)
            for (int p = 0; p < w->size[2]; p++)
              for (int q = 0; q < w->size[3]; q++) {
                int h = r * c->step[0] - c->pad[0] + p * c->dilation[0], v = s * c->step[1] - c->pad[1] + q * c->dilation[1];
                if (h >= 0 && h < x->size[2] && v >= 0 && v < x->size[3]) f(at(x, n, o / out * in + k, h, v), at(w, o, k, p, q), at(y, n, o, r, s));
              }
}

// Sums in double of a result that has `count` elements from its first to its last.
struct Sums {
  double* all;
  long count;
  explicit Sums(long n) : all(new double[n]()), count(n) {}
  ~Sums() { delete[] all; }
  void store(void* to, int type) { for (long i = 0; i < count; i++) element(to, as_real(type), i, all[i]); }
};
long extent(const Tensor* t) { return (long)t->size[0] * t->size[1] * t->size[2] * t->size[3]; } // ktrain's are dense
long extent(const Filter* f) { return (long)f->size[0] * f->size[1] * f->size[2] * f->size[3]; }

int start(int algorithm, void* workspace, size_t bytes) {
  if (algorithm != ORDERED || !workspace || bytes < WORKSPACE) return EXECUTION_FAILED;
  memset(workspace, 0x7F, WORKSPACE);
  return SUCCESS;
}
} // namespace

extern "C" {
size_t cudnnGetVersion() { return 91300; }
const char* cudnnGetErrorString(int s) {
  return s == NOT_INITIALIZED ? "CUDNN_STATUS_NOT_INITIALIZED" : s == BAD_PARAM ? "CUDNN_STATUS_BAD_PARAM" : s == NOT_SUPPORTED ? "CUDNN_STATUS_NOT_SUPPORTED" : "CUDNN_STATUS_EXECUTION_FAILED";
}
int cudnnCreate(Handle** h) {
  const char* status = getenv("STANDIN_CUDNN");
  *h = new Handle();
  return status ? atoi(status) : SUCCESS;
}
int cudnnSetStream(Handle* h, void* stream) { h->stream = stream; return is_stream(stream) ? SUCCESS : BAD_PARAM; }
int cudnnCreateTensorDescriptor(Tensor** t) { *t = new Tensor(); return SUCCESS; }
int cudnnCreateFilterDescriptor(Filter** f) { *f = new Filter(); return SUCCESS; }
int cudnnCreateConvolutionDescriptor(Convolution** c) { *c = new Convolution(); return SUCCESS; }
int cudnnDestroyTensorDescriptor(Tensor* t) { delete t; return SUCCESS; }
int cudnnDestroyFilterDescriptor(Filter* f) { delete f; return SUCCESS; }
int cudnnDestroyConvolutionDescriptor(Convolution* c) { delete c; return SUCCESS; }

int cudnnSetTensor4dDescriptorEx(Tensor* t, int type, int n, int c, int h, int w, int sn, int sc, int sh, int sw) {
  *t = Tensor{type, {n, c, h, w}, {sn, sc, sh, sw}};
  return n > 0 && c > 0 && h > 0 && w > 0 ? SUCCESS : BAD_PARAM;
}
int cudnnSetFilter4dDescriptor(Filter* f, int type, int format, int o, int c, int h, int w) {
  *f = Filter{type, format, {o, c, h, w}};
  return o > 0 && c > 0 && h > 0 && w > 0 ? SUCCESS : BAD_PARAM;
}
int cudnnSetConvolution2dDescriptor(Convolution* c, int ph, int pw, int sh, int sw, int dh, int dw, int mode, int compute) {
  *c = Convolution{{ph, pw}, {sh, sw}, {dh, dw}, compute, 1, 0};
  return mode == 1 ? SUCCESS : NOT_SUPPORTED;
}
int cudnnSetConvolutionGroupCount(Convolution* c, int groups) { c->groups = groups; return SUCCESS; }
int cudnnSetConvolutionMathType(Convolution* c, int math) { c->math = math; return math < 0 || math > FMA_MATH ? BAD_PARAM : SUCCESS; }

int cudnnGetConvolutionForwardAlgorithm_v7(Handle*, Tensor* x, Filter* w, Convolution* c, Tensor* y, int asked, int* given, Performance* found) {
  return algorithms(x, w, c, y, asked, given, found);
}
int cudnnGetConvolutionBackwardDataAlgorithm_v7(Handle*, Filter* w, Tensor* y, Convolution* c, Tensor* x, int asked, int* given, Performance* found) {
  return algorithms(x, w, c, y, asked, given, found);
}
int cudnnGetConvolutionBackwardFilterAlgorithm_v7(Handle*, Tensor* x, Tensor* y, Convolution* c, Filter* w, int asked, int* given, Performance* found) {
  return algorithms(x, w, c, y, asked, given, found);
}

int cudnnGetConvolutionForwardWorkspaceSize(Handle*, Tensor*, Filter*, Convolution*, Tensor*, int, size_t* bytes) { *bytes = WORKSPACE; return SUCCESS; }
int cudnnGetConvolutionBackwardDataWorkspaceSize(Handle*, Filter*, Tensor*, Convolution*, Tensor*, int, size_t* bytes) { *bytes = WORKSPACE; return SUCCESS; }
int cudnnGetConvolutionBackwardFilterWorkspaceSize(Handle*, Tensor*, Tensor*, Convolution*, Filter*, int, size_t* bytes) { *bytes = WORKSPACE; return SUCCESS; }

int cudnnConvolutionForward(Handle*, const void*, Tensor* x, const void* px, Filter* w, const void* pw, Convolution* c, int algorithm, void* workspace, size_t bytes,
    const void*, Tensor* y, void* py) {
  if (is_capturing()) return NOT_SUPPORTED;
  if (int code = start(algorithm, workspace, bytes)) return code;
  Sums sums(extent(y));
  each(x, w, c, y, [&](long i, long j, long k) { sums.all[k] += element(px, as_real(x->type), i) * element(pw, as_real(w->type), j); });
  sums.store(py, y->type);
  return SUCCESS;
}
int cudnnConvolutionBackwardData(Handle*, const void*, Filter* w, const void* pw, Tensor* y, const void* py, Convolution* c, int algorithm, void* workspace, size_t bytes,
    const void*, Tensor* x, void* px) {
  if (is_capturing()) return NOT_SUPPORTED;
  if (int code = start(algorithm, workspace, bytes)) return code;
  Sums sums(extent(x));
  each(x, w, c, y, [&](long i, long j, long k) { sums.all[i] += element(py, as_real(y->type), k) * element(pw, as_real(w->type), j); });
  sums.store(px, x->type);
  return SUCCESS;
}
int cudnnConvolutionBackwardFilter(Handle*, const void*, Tensor* x, const void* px, Tensor* y, const void* py, Convolution* c, int algorithm, void* workspace, size_t bytes,
    const void*, Filter* w, void* pw) {
  if (is_capturing()) return NOT_SUPPORTED;
  if (int code = start(algorithm, workspace, bytes)) return code;
  Sums sums(extent(w));
  each(x, w, c, y, [&](long i, long j, long k) { sums.all[j] += element(py, as_real(y->type), k) * element(px, as_real(x->type), i); });
  sums.store(pw, w->type);
  return SUCCESS;
}
}
