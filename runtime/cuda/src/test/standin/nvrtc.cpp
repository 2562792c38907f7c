// A stand-in for NVIDIA's libnvrtc.so.13: g++ compiles the kernels for the stand-in driver. The same text that goes to a
// GPU goes through here, unchanged.
#include <sys/wait.h>
#include <unistd.h>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace {
struct Program {
  std::string name, text, log, image;
  std::vector<std::string> headers, names;
};

std::string read(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}
} // namespace

extern "C" {
int nvrtcVersion(int* major, int* minor) { *major = 13; *minor = 0; return 0; }

int nvrtcCreateProgram(void** p, const char* text, const char* name, int n, const char* const* headers, const char* const* names) {
  Program* made = new Program{name, text, "", "", {}, {}};
  for (int i = 0; i < n; i++) made->headers.push_back(headers[i]), made->names.push_back(names[i]);
  *p = made;
  return 0;
}

int nvrtcCompileProgram(void* handle, int, const char* const*) {
  Program* p = (Program*)handle;
  char folder[] = "/tmp/ktrain-nvrtc-XXXXXX";
  if (!mkdtemp(folder)) return 2;
  std::string at = folder, source = at + "/kernel.cpp", library = at + "/kernel.so", log = at + "/log";
  std::ofstream(source) << p->text;
  for (size_t i = 0; i < p->headers.size(); i++) std::ofstream(at + "/" + p->names[i]) << p->headers[i];
  std::string command = "g++ -std=c++17 -O0 -pipe -ffp-contract=off -fno-math-errno -w -fPIC -shared -nostdlib -fvisibility=hidden -DKTRAIN_STANDIN -I" STANDIN_FOLDER " -o " + library + " " + source + " -lm -lgcc 2> " + log;
  int code = system(command.c_str());
  p->log = read(log);
  std::string made = code == 0 ? read(library) : "";
  for (auto& name : p->names) unlink((at + "/" + name).c_str());
  unlink(source.c_str());
  unlink(library.c_str());
  unlink(log.c_str());
  rmdir(folder);
  if (code != 0) return 6;
  uint64_t size = made.size();
  p->image.assign("KTSTAND", 8);
  p->image.append((const char*)&size, 8);
  p->image.append(made);
  return 0;
}

int nvrtcGetProgramLogSize(void* p, size_t* n) { *n = ((Program*)p)->log.size() + 1; return 0; }
int nvrtcGetProgramLog(void* p, char* to) { memcpy(to, ((Program*)p)->log.c_str(), ((Program*)p)->log.size() + 1); return 0; }
int nvrtcGetCUBINSize(void* p, size_t* n) { *n = ((Program*)p)->image.size(); return 0; }
int nvrtcGetCUBIN(void* p, char* to) { memcpy(to, ((Program*)p)->image.data(), ((Program*)p)->image.size()); return 0; }
int nvrtcDestroyProgram(void** p) { delete (Program*)*p; *p = nullptr; return 0; }
}
