// A stand-in for NVIDIA's libcuda.so.1: device memory is host memory between red zones, a module is a shared library,
// and a launch runs a block's threads as fibers, warp by warp. For tests on machines without a GPU; small shapes only.
//
//   STANDIN_INIT     what cuInit answers (0)
//   STANDIN_VERSION  what cuDriverGetVersion answers (13000)
//   STANDIN_DEVICES  how many devices there are (1)
//   STANDIN_MEMORY   bytes a device has (1 GiB)
//   STANDIN_REVERSE  if set, warps and lanes run in the other order
//   STANDIN_TRACE    if set, calls are told on standard error
#include <dlfcn.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>
#include <cstring>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <set>
#include <mutex>
#include <string>
#include <vector>
#include "standin.h"

namespace {

long setting(const char* name, long otherwise) {
  const char* v = getenv(name);
  return v ? atol(v) : otherwise;
}

bool tracing() {
  static bool on = getenv("STANDIN_TRACE") != nullptr;
  return on;
}
#define TELL(...) do { if (tracing()) { fprintf(stderr, "[standin] " __VA_ARGS__); fputc('\n', stderr); } } while (0)

// ---- memory: red zones on both sides, fresh blocks full of a value nobody means

const size_t ZONE = 512;
const unsigned char RED = 0xCB;
std::mutex lock;
std::map<uintptr_t, size_t> blocks;
size_t used = 0;
std::string broken; // the first damage found; every later call fails, as on a GPU

bool intact(uintptr_t at, size_t bytes, const char* who) {
  static const std::string zone(ZONE, (char)RED);
  if (!memcmp((void*)(at - ZONE), zone.data(), ZONE) && !memcmp((void*)(at + bytes), zone.data(), ZONE)) return true;
  const unsigned char *before = (const unsigned char*)at - ZONE, *after = (const unsigned char*)at + bytes;
  for (size_t i = 0; i < ZONE; i++) {
    if (before[i] != RED || after[i] != RED) {
      long where = before[i] != RED ? (long)i - (long)ZONE : (long)(bytes + i);
      broken = std::string(who) + " wrote outside a block of " + std::to_string(bytes) + " bytes, at " + std::to_string(where);
      fprintf(stderr, "[standin] %s\n", broken.c_str());
      return false;
    }
  }
  return true;
}

// ---- fibers: a stack switch without the system calls of swapcontext

struct Fiber {
  void* sp;
  unsigned char* stack;
};

extern "C" void standin_switch(void** from, void* to);
asm(R"(
.text
.globl standin_switch
.type standin_switch,@function
standin_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size standin_switch,.-standin_switch
)");

const size_t STACK = 64 * 1024;
enum State { READY, AT_WARP, AT_BLOCK, DONE };

Standin running;
std::vector<Fiber> fibers;
std::vector<State> states;
std::vector<unsigned char> dynamic_memory;
unsigned char exchange[1024][16];
void* scheduler;
void (*body)(void**);
void** parameters;
std::string fault;

void wait(int kind) {
  unsigned me = running.current;
  states[me] = kind == STANDIN_WARP ? AT_WARP : AT_BLOCK;
  standin_switch(&fibers[me].sp, scheduler);
}

void enter() {
  body(parameters);
  unsigned me = running.current;
  states[me] = DONE;
  standin_switch(&fibers[me].sp, scheduler);
}

void prepare(Fiber& f) {
  if (!f.stack) f.stack = (unsigned char*)malloc(STACK);
  void** top = (void**)((uintptr_t)(f.stack + STACK) & ~(uintptr_t)63);
  *--top = nullptr; // where enter would return to, and the alignment of a call
  *--top = (void*)&enter;
  for (int i = 0; i < 6; i++) *--top = nullptr;
  f.sp = top;
}

void resume(unsigned t) {
  running.current = t;
  unsigned x = running.blockDim.x, y = running.blockDim.y;
  running.thread = {t % x, t / x % y, t / (x * y)};
  standin_switch(&scheduler, fibers[t].sp);
}

// Runs one warp until each of its threads is done or at the block's barrier.
bool run_warp(unsigned low, unsigned high, bool reverse) {
  while (true) {
    for (unsigned i = low; i < high; i++) {
      unsigned t = reverse ? high - 1 - (i - low) : i;
      if (states[t] == READY) resume(t);
    }
    unsigned at_warp = 0, at_block = 0, done = 0;
    for (unsigned t = low; t < high; t++) at_warp += states[t] == AT_WARP, at_block += states[t] == AT_BLOCK, done += states[t] == DONE;
    if (at_warp == 0) return true;
    if (at_block > 0) {
      fault = "lanes of one warp wait at a shuffle and at a block's barrier";
      return false;
    }
    if (done > 0) {
      fault = "a lane returned before a shuffle that others of its warp wait at";
      return false;
    }
    for (unsigned t = low; t < high; t++) if (states[t] == AT_WARP) states[t] = READY;
  }
}

bool run_block(bool reverse) {
  unsigned n = running.blockDim.x * running.blockDim.y * running.blockDim.z, warps = (n + 31) / 32;
  for (unsigned t = 0; t < n; t++) {
    prepare(fibers[t]);
    states[t] = READY;
  }
  if (!dynamic_memory.empty()) memset(dynamic_memory.data(), RED, dynamic_memory.size());
  while (true) {
    for (unsigned i = 0; i < warps; i++) {
      unsigned w = reverse ? warps - 1 - i : i;
      if (!run_warp(w * 32, n < w * 32 + 32 ? n : w * 32 + 32, reverse)) return false;
    }
    unsigned waiting = 0;
    for (unsigned t = 0; t < n; t++) waiting += states[t] == AT_BLOCK;
    if (waiting == 0) return true;
    for (unsigned t = 0; t < n; t++) if (states[t] == AT_BLOCK) states[t] = READY;
  }
}

struct Function {
  std::string name;
  void (*run)(void**);
  const int* sizes; // of its parameters, ended by 0
};

// Whether the blocks that a kernel was given are whole. The others are looked at when they are freed: a test holds thousands.
bool intact(const Function* k, void** parameters) {
  std::lock_guard<std::mutex> g(lock);
  for (int i = 0; k->sizes[i]; i++)
    for (int at = 0; at + 8 <= k->sizes[i]; at += 8) {
      uintptr_t value;
      memcpy(&value, (char*)parameters[i] + at, 8);
      auto b = blocks.upper_bound(value);
      if (b == blocks.begin() || value > (--b)->first + b->second) continue;
      if (!intact(b->first, b->second, k->name.c_str())) return false;
    }
  return true;
}

// One piece of a captured stream: a launch, a copy or a fill.
struct Node {
  int kind;
  Function* function;
  unsigned grid[3], block[3], shared;
  std::vector<std::vector<unsigned char>> values;
  uintptr_t to, from;
  size_t bytes;
  unsigned char value;
};
enum { LAUNCH, COPY, FILL };

struct Graph {
  std::vector<Node> nodes;
};
Graph* captured = nullptr; // while a stream is being captured
unsigned long graph_launches = 0;

struct Event {
  double at;
};

double now() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

} // namespace

extern "C" {

typedef int CUresult;
typedef unsigned long long CUdeviceptr;
enum { SUCCESS = 0, INVALID_VALUE = 1, OUT_OF_MEMORY = 2, INVALID_IMAGE = 200, INVALID_CONTEXT = 201, NO_BINARY = 209, INVALID_HANDLE = 400, NOT_FOUND = 500,
  ILLEGAL_ADDRESS = 700, LAUNCH_FAILED = 719, CAPTURE_UNSUPPORTED = 900, CAPTURE_INVALID = 901, UPDATE_FAILURE = 910 };

static __thread void* current = nullptr;
#define IN_CONTEXT do { if (!current) return INVALID_CONTEXT; if (!broken.empty()) return ILLEGAL_ADDRESS; } while (0)
// What waits, or works on another stream, must not happen while one is captured.
#define NOT_CAPTURING do { IN_CONTEXT; if (captured) return CAPTURE_UNSUPPORTED; } while (0)

CUresult cuInit(unsigned) { TELL("cuInit"); return (CUresult)setting("STANDIN_INIT", 0); }
CUresult cuDriverGetVersion(int* v) { *v = (int)setting("STANDIN_VERSION", 13000); return SUCCESS; }
CUresult cuDeviceGetCount(int* n) { *n = (int)setting("STANDIN_DEVICES", 1); return SUCCESS; }
CUresult cuDeviceGet(int* d, int i) { *d = i; return i < setting("STANDIN_DEVICES", 1) ? SUCCESS : 101; }
CUresult cuDeviceGetName(char* s, int n, int) { snprintf(s, n, "stand-in"); return SUCCESS; }
CUresult cuDeviceTotalMem_v2(size_t* n, int) { *n = setting("STANDIN_MEMORY", 1L << 30); return SUCCESS; }
CUresult cuDeviceGetAttribute(int* v, int a, int) { *v = a == 75 ? 9 : a == 76 ? 0 : a == 16 ? 4 : a == 97 ? 232448 : 1; return SUCCESS; }
CUresult cuDevicePrimaryCtxRetain(void** c, int d) { *c = (void*)(uintptr_t)(0xC0 + d); return SUCCESS; }
CUresult cuDevicePrimaryCtxRelease_v2(int) { return SUCCESS; }
CUresult cuDevicePrimaryCtxRelease(int) { return SUCCESS; }
CUresult cuCtxSetCurrent(void* c) { current = c; return SUCCESS; }
CUresult cuCtxGetCurrent(void** c) { *c = current; return SUCCESS; }
CUresult cuCtxSynchronize() { IN_CONTEXT; return SUCCESS; }

CUresult cuMemAlloc_v2(CUdeviceptr* p, size_t n) {
  IN_CONTEXT;
  std::lock_guard<std::mutex> g(lock);
  if (n == 0) return INVALID_VALUE;
  if (used + n > (size_t)setting("STANDIN_MEMORY", 1L << 30)) return OUT_OF_MEMORY;
  unsigned char* q = nullptr;
  if (posix_memalign((void**)&q, 512, n + 2 * ZONE)) return OUT_OF_MEMORY;
  memset(q, RED, n + 2 * ZONE);
  *p = (CUdeviceptr)(q + ZONE);
  blocks[*p] = n;
  used += n;
  TELL("cuMemAlloc %zu", n);
  return SUCCESS;
}
CUresult cuMemFree_v2(CUdeviceptr p) {
  IN_CONTEXT;
  std::lock_guard<std::mutex> g(lock);
  auto b = blocks.find(p);
  if (b == blocks.end()) return INVALID_VALUE;
  bool ok = intact(b->first, b->second, "something");
  used -= b->second;
  memset((void*)p, 0xDD, b->second);
  free((unsigned char*)p - ZONE);
  blocks.erase(b);
  TELL("cuMemFree");
  return ok ? SUCCESS : ILLEGAL_ADDRESS;
}
CUresult cuMemGetInfo_v2(size_t* available, size_t* total) {
  *total = setting("STANDIN_MEMORY", 1L << 30);
  *available = *total - used;
  return SUCCESS;
}
CUresult cuMemHostAlloc(void** p, size_t n, unsigned) { IN_CONTEXT; return posix_memalign(p, 4096, n) ? OUT_OF_MEMORY : SUCCESS; }
CUresult cuMemFreeHost(void* p) { free(p); return SUCCESS; }

// Whether [p, p + n) lies in one block of the device.
static bool inside(CUdeviceptr p, size_t n) {
  std::lock_guard<std::mutex> g(lock);
  auto b = blocks.upper_bound(p);
  if (b == blocks.begin()) return false;
  --b;
  return p + n <= b->first + b->second;
}
CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr d, const void* s, size_t n, void*) { NOT_CAPTURING; if (!inside(d, n)) return INVALID_VALUE; memcpy((void*)d, s, n); return SUCCESS; }
CUresult cuMemcpyDtoHAsync_v2(void* d, CUdeviceptr s, size_t n, void*) { NOT_CAPTURING; if (!inside(s, n)) return INVALID_VALUE; memcpy(d, (void*)s, n); return SUCCESS; }
CUresult cuMemcpyDtoDAsync_v2(CUdeviceptr d, CUdeviceptr s, size_t n, void*) {
  IN_CONTEXT;
  if (!inside(d, n) || !inside(s, n)) return INVALID_VALUE;
  if (captured) captured->nodes.push_back({COPY, nullptr, {}, {}, 0, {}, (uintptr_t)d, (uintptr_t)s, n, 0});
  else memmove((void*)d, (void*)s, n);
  return SUCCESS;
}
CUresult cuMemcpyPeerAsync(CUdeviceptr d, void*, CUdeviceptr s, void*, size_t n, void*) { NOT_CAPTURING; if (!inside(d, n) || !inside(s, n)) return INVALID_VALUE; memcpy((void*)d, (void*)s, n); return SUCCESS; }
CUresult cuMemsetD8Async(CUdeviceptr d, unsigned char v, size_t n, void*) {
  IN_CONTEXT;
  if (!inside(d, n)) return INVALID_VALUE;
  if (captured) captured->nodes.push_back({FILL, nullptr, {}, {}, 0, {}, (uintptr_t)d, 0, n, v});
  else memset((void*)d, v, n);
  return SUCCESS;
}

static std::set<void*> streams;
CUresult cuStreamCreate(void** s, unsigned) { IN_CONTEXT; *s = malloc(8); streams.insert(*s); return SUCCESS; }
CUresult cuStreamDestroy_v2(void* s) { streams.erase(s); free(s); return SUCCESS; }
CUresult cuStreamIsCapturing(void*, int* status) { *status = captured != nullptr; return SUCCESS; }
CUresult cuStreamQuery(void* s) { return streams.count(s) ? SUCCESS : INVALID_HANDLE; }
CUresult cuStreamSynchronize(void*) { NOT_CAPTURING; return SUCCESS; }
CUresult cuStreamWaitEvent(void*, void*, unsigned) { NOT_CAPTURING; return SUCCESS; }
CUresult cuEventCreate(void** e, unsigned) { IN_CONTEXT; *e = new Event{0}; return SUCCESS; }
CUresult cuEventDestroy_v2(void* e) { delete (Event*)e; return SUCCESS; }
CUresult cuEventRecord(void* e, void*) { NOT_CAPTURING; ((Event*)e)->at = now(); return SUCCESS; }
CUresult cuEventQuery(void*) { IN_CONTEXT; return SUCCESS; }
CUresult cuEventSynchronize(void*) { IN_CONTEXT; return SUCCESS; }
CUresult cuEventElapsedTime(float* ms, void* a, void* b) { *ms = (float)(((Event*)b)->at - ((Event*)a)->at); return SUCCESS; }
CUresult cuEventElapsedTime_v2(float* ms, void* a, void* b) { return cuEventElapsedTime(ms, a, b); }

// An image is "KTSTAND\0", a size and a shared library: what the stand-in for NVRTC makes.
CUresult cuModuleLoadData(void** m, const void* image) {
  IN_CONTEXT;
  uint64_t size;
  if (memcmp(image, "KTSTAND", 8)) return INVALID_IMAGE;
  memcpy(&size, (const char*)image + 8, 8);
  char path[] = "/tmp/ktrain-standin-XXXXXX";
  int file = mkstemp(path);
  bool written = file >= 0 && write(file, (const char*)image + 16, size) == (ssize_t)size;
  if (file >= 0) close(file);
  void* library = written ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : nullptr;
  unlink(path);
  if (!library) {
    fprintf(stderr, "[standin] %s\n", dlerror());
    return INVALID_IMAGE;
  }
  Standin** there = (Standin**)dlsym(library, "standin");
  if (!there) return INVALID_IMAGE;
  *there = &running;
  *m = library;
  return SUCCESS;
}
CUresult cuModuleUnload(void* m) { dlclose(m); return SUCCESS; }
CUresult cuModuleGetFunction(void** f, void* m, const char* name) {
  IN_CONTEXT;
  void* run = dlsym(m, (std::string("run_") + name).c_str());
  auto sizes = (const int* (*)())dlsym(m, (std::string("sizes_") + name).c_str());
  if (!run || !sizes) return NOT_FOUND;
  *f = new Function{name, (void (*)(void**))run, sizes()};
  return SUCCESS;
}
CUresult cuFuncSetAttribute(void*, int, int) { return SUCCESS; }
CUresult cuFuncGetAttribute(int* v, int, void*) { *v = 0; return SUCCESS; }

static CUresult launch(Function* k, const unsigned* grid, const unsigned* block, unsigned shared, void** a) {
  unsigned n = block[0] * block[1] * block[2];
  bool reverse = getenv("STANDIN_REVERSE") != nullptr;
  if (fibers.size() < n) fibers.resize(n, Fiber{nullptr, nullptr}), states.resize(n);
  dynamic_memory.resize(shared);
  running.gridDim = {grid[0], grid[1], grid[2]};
  running.blockDim = {block[0], block[1], block[2]};
  running.wait = wait;
  running.dynamic = dynamic_memory.data();
  running.exchange = exchange;
  body = k->run;
  parameters = a;
  for (unsigned long i = 0, all = (unsigned long)grid[0] * grid[1] * grid[2]; i < all; i++) {
    unsigned long b = reverse ? all - 1 - i : i;
    running.block = {(unsigned)(b % grid[0]), (unsigned)(b / grid[0] % grid[1]), (unsigned)(b / ((unsigned long)grid[0] * grid[1]))};
    if (!run_block(reverse)) {
      broken = k->name + ": " + fault;
      fprintf(stderr, "[standin] %s\n", broken.c_str());
      return LAUNCH_FAILED;
    }
  }
  return intact(k, a) ? SUCCESS : ILLEGAL_ADDRESS;
}

CUresult cuLaunchKernel(void* f, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned shared, void*, void** a, void**) {
  IN_CONTEXT;
  Function* k = (Function*)f;
  unsigned n = bx * by * bz, grid[] = {gx, gy, gz}, block[] = {bx, by, bz};
  TELL("%s%s <<<(%u,%u,%u),(%u,%u,%u),%u>>>", captured ? "captured " : "", k->name.c_str(), gx, gy, gz, bx, by, bz, shared);
  if (!gx || !gy || !gz || gy > 65535 || gz > 65535 || !n || n > 512 || shared > 232448) return INVALID_VALUE;
  if (!captured) return launch(k, grid, block, shared, a);
  Node node = {LAUNCH, k, {gx, gy, gz}, {bx, by, bz}, shared, {}, 0, 0, 0, 0};
  for (int i = 0; k->sizes[i]; i++) node.values.emplace_back((unsigned char*)a[i], (unsigned char*)a[i] + k->sizes[i]);
  captured->nodes.push_back(node);
  return SUCCESS;
}

CUresult cuStreamBeginCapture_v2(void*, int) { NOT_CAPTURING; captured = new Graph; return SUCCESS; }
CUresult cuStreamEndCapture(void*, void** graph) {
  IN_CONTEXT;
  if (!captured) return CAPTURE_INVALID;
  *graph = captured;
  captured = nullptr;
  return SUCCESS;
}
CUresult cuGraphDestroy(void* graph) { delete (Graph*)graph; return SUCCESS; }
CUresult cuGraphInstantiateWithFlags(void** ready, void* graph, unsigned long long) { NOT_CAPTURING; *ready = new Graph(*(Graph*)graph); return SUCCESS; }
CUresult cuGraphExecDestroy(void* ready) { delete (Graph*)ready; return SUCCESS; }
CUresult cuGraphExecUpdate_v2(void* ready, void* graph, void*) {
  NOT_CAPTURING;
  auto &old = ((Graph*)ready)->nodes, &now = ((Graph*)graph)->nodes;
  if (old.size() != now.size()) return UPDATE_FAILURE;
  for (size_t i = 0; i < old.size(); i++) if (old[i].kind != now[i].kind || old[i].function != now[i].function) return UPDATE_FAILURE;
  old = now;
  return SUCCESS;
}
CUresult cuGraphLaunch(void* ready, void*) {
  NOT_CAPTURING;
  auto& nodes = ((Graph*)ready)->nodes;
  TELL("graph %lu of %zu nodes", ++graph_launches, nodes.size());
  for (Node& n : nodes) {
    if (n.kind == COPY) memmove((void*)n.to, (void*)n.from, n.bytes);
    else if (n.kind == FILL) memset((void*)n.to, n.value, n.bytes);
    else {
      std::vector<void*> a;
      for (auto& v : n.values) a.push_back(v.data());
      if (CUresult r = launch(n.function, n.grid, n.block, n.shared, a.data())) return r;
    }
  }
  return SUCCESS;
}
}
