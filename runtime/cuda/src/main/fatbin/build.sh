#!/bin/sh
# build.sh KEPT CLASSES: compiles each file of kernels to a fatbin in CLASSES, from KEPT where nothing changed; fails on
# a kernel that spills many registers. Says so and does nothing where nvcc is missing.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
kernels=$(cd "$here/../resources/io/ktrain/cuda/kernels" && pwd)

# Machine code for the data-centre GPUs of two generations; the rest compile the PTX when they load it.
compile() { # source, output
  nvcc -std=c++17 -fatbin -Xfatbin -compress-all -gencode arch=compute_75,code=compute_75 \
    -gencode arch=compute_80,code=sm_80 -gencode arch=compute_90,code=sm_90 -Xptxas -v -I "$kernels" -o "$2" "$1"
}

if [ "$1" = one ]; then # KEPT, name
  made=$2/$3.fatbin
  if ! compile "$kernels/$3.cu" "$made.part" > "$made.log" 2>&1; then
    cat "$made.log" >&2
    exit 1
  fi
  # A few registers kept over a call are told; more of them is a kernel to be mended.
  awk '/Compiling entry function/ { kernel = $0; sub(/.*Compiling entry function /, "", kernel) }
    / spill stores/ && !/ 0 bytes spill stores, 0 bytes spill loads/ {
      print "spills registers: " kernel ": " $0
      match($0, /[0-9]+ bytes spill stores/)
      if (substr($0, RSTART) + 0 > 64) bad = 1
    }
    END { exit bad }' "$made.log" >&2
  mv "$made.part" "$made"
  exit
fi

mkdir -p "$1" "$2"
set -- "$(cd "$1" && pwd)" "$(cd "$2" && pwd)"
if ! command -v nvcc > /dev/null; then
  echo 'SKIPPED: no nvcc, so kernels are not checked for spills, and NVRTC compiles them at run time.'
  exit 0
fi
stale=
for source in "$kernels"/*.cu; do
  name=$(basename "$source" .cu)
  for cause in "$source" "$kernels"/*.cuh "$0"; do
    [ "$1/$name.fatbin" -nt "$cause" ] || { stale="$stale $name"; break; }
  done
done
if [ -n "$stale" ]; then
  echo 'extern "C" __global__ void nothing() {}' > "$1/probe.cu"
  if ! compile "$1/probe.cu" "$1/probe.part" > "$1/probe.log" 2>&1; then
    echo "SKIPPED: this nvcc does not build kernels, so the jar holds none: $(head -n 1 "$1/probe.log")"
    exit 0
  fi
  echo $stale | xargs -P "$(nproc)" -n 1 sh "$0" one "$1"
fi
for made in "$1"/*.fatbin; do
  if [ -e "$kernels/$(basename "$made" .fatbin).cu" ]; then cp -p "$made" "$2"; fi
done
