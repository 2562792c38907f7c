// A stand-in for NVIDIA's libcublas.so.13: the products ktrain asks for, element by element, refusing what cuBLAS refuses.
#include <cstddef>
#include "elements.h"

namespace {
enum { SUCCESS = 0, NOT_INITIALIZED = 1, INVALID_VALUE = 7, NOT_SUPPORTED = 15 };
enum { COMPUTE_32F = 68, COMPUTE_64F = 70, COMPUTE_32F_FAST_TF32 = 77 };

struct Handle {
  void* stream;
  void* workspace;
};

bool supported(int in, int out, int compute) {
  if (compute == COMPUTE_64F) return in == REAL_64F && out == REAL_64F;
  if (compute == COMPUTE_32F_FAST_TF32) return in == REAL_32F && out == REAL_32F;
  return compute == COMPUTE_32F && in != REAL_64F && (out == in || out == REAL_32F);
}
} // namespace

extern "C" {
int cublasCreate_v2(Handle** h) { *h = new Handle(); return SUCCESS; }
int cublasSetStream_v2(Handle* h, void* stream) {
  h->stream = stream;
  h->workspace = nullptr;
  return is_stream(stream) ? SUCCESS : INVALID_VALUE;
}
int cublasSetWorkspace_v2(Handle* h, void* at, size_t bytes) { h->workspace = at; return (size_t)at % 256 || !bytes ? INVALID_VALUE : SUCCESS; }
int cublasSetMathMode(Handle*, int) { return SUCCESS; }
int cublasGetProperty(int number, int* value) { *value = number == 0 ? 13 : 0; return SUCCESS; }
const char* cublasGetStatusName(int s) {
  return s == INVALID_VALUE ? "CUBLAS_STATUS_INVALID_VALUE" : s == NOT_SUPPORTED ? "CUBLAS_STATUS_NOT_SUPPORTED" : "CUBLAS_STATUS_EXECUTION_FAILED";
}

int cublasGemmStridedBatchedEx(Handle* h, int opA, int opB, int m, int n, int k, const void* alpha, const void* a, int typeA, int lda, long long strideA,
    const void* b, int typeB, int ldb, long long strideB, const void* beta, void* c, int typeC, int ldc, long long strideC, int batches, int compute, int) {
  if (!h || !h->workspace) return NOT_INITIALIZED;
  if (is_capturing()) return NOT_SUPPORTED;
  if (m < 0 || n < 0 || k < 0 || lda < (opA ? k : m) || ldb < (opB ? n : k) || ldc < m) return INVALID_VALUE;
  if (lda < 1 || ldb < 1 || ldc < 1) return INVALID_VALUE;
  if (typeA != typeB || !supported(typeA, typeC, compute)) return NOT_SUPPORTED;
  bool wide = compute == COMPUTE_64F;
  double by = wide ? *(const double*)alpha : *(const float*)alpha, keep = wide ? *(const double*)beta : *(const float*)beta;
  for (long z = 0; z < batches; z++)
    for (long j = 0; j < n; j++)
      for (long i = 0; i < m; i++) {
        double sum = 0;
        for (long p = 0; p < k; p++)
          sum += element(a, typeA, z * strideA + (opA ? i * (long)lda + p : p * (long)lda + i)) * element(b, typeB, z * strideB + (opB ? p * (long)ldb + j : j * (long)ldb + p));
        long at = z * strideC + j * (long)ldc + i;
        element(c, typeC, at, by * sum + (keep == 0 ? 0 : keep * element(c, typeC, at)));
      }
  return SUCCESS;
}

int cublasGemmEx(Handle* h, int opA, int opB, int m, int n, int k, const void* alpha, const void* a, int typeA, int lda, const void* b, int typeB, int ldb,
    const void* beta, void* c, int typeC, int ldc, int compute, int algorithm) {
  return cublasGemmStridedBatchedEx(h, opA, opB, m, n, k, alpha, a, typeA, lda, 0, b, typeB, ldb, 0, beta, c, typeC, ldc, 0, 1, compute, algorithm);
}
}
