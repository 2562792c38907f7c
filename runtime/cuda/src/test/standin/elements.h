// Element types of the stand-in libraries, numbered as cudaDataType.
#pragma once
#include <dlfcn.h>
#include <cstdint>
#include <cstring>

enum { REAL_32F = 0, REAL_64F = 1, REAL_16F = 2, REAL_16BF = 14 };

static inline double element(const void* p, int type, long i) {
  switch (type) {
    case REAL_64F: return ((const double*)p)[i];
    case REAL_32F: return ((const float*)p)[i];
    case REAL_16F: return (double)((const _Float16*)p)[i];
    default: {
      uint32_t b = (uint32_t)((const uint16_t*)p)[i] << 16;
      float v;
      memcpy(&v, &b, 4);
      return v;
    }
  }
}

static inline void element(void* p, int type, long i, double v) {
  switch (type) {
    case REAL_64F: ((double*)p)[i] = v; break;
    case REAL_32F: ((float*)p)[i] = (float)v; break;
    case REAL_16F: ((_Float16*)p)[i] = (_Float16)(float)v; break;
    default: {
      float f = (float)v;
      uint32_t b;
      memcpy(&b, &f, 4);
      ((uint16_t*)p)[i] = (uint16_t)((b & 0x7FFFFFFFu) > 0x7F800000u ? b >> 16 | 0x40u : (b + 0x7FFFu + (b >> 16 & 1u)) >> 16);
    }
  }
}

// Whether the stand-in driver made this stream: a handle of some other kind must not get here.
static inline bool is_stream(void* stream) {
  void* driver = dlopen("libcuda.so.1", RTLD_LAZY | RTLD_NOLOAD);
  auto query = driver ? (int (*)(void*))dlsym(driver, "cuStreamQuery") : nullptr;
  return query && query(stream) == 0;
}

// The stand-in libraries compute at once, so they refuse to be captured, which the real ones do not.
static inline bool is_capturing() {
  void* driver = dlopen("libcuda.so.1", RTLD_LAZY | RTLD_NOLOAD);
  auto status = driver ? (int (*)(void*, int*))dlsym(driver, "cuStreamIsCapturing") : nullptr;
  int capturing = 0;
  return status && status(nullptr, &capturing) == 0 && capturing;
}
