#!/bin/sh
# build.sh FOLDER: builds the stand-in libraries there; says so and builds none where g++ is missing.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
if ! command -v g++ > /dev/null; then
  echo 'SKIPPED: no g++, so no kernel is run by the stand-in driver. Fix: install g++.'
  exit 0
fi
build() { # folder, source, library
  [ "$1/$3" -nt "$here/$2" ] && [ "$1/$3" -nt "$here/standin.h" ] && [ "$1/$3" -nt "$here/elements.h" ] && return
  g++ -std=c++17 -O2 -fPIC -shared -Wl,-soname,"$3" -DSTANDIN_FOLDER="\"$here\"" -I"$here" -o "$1/$3" "$here/$2" -ldl
  rm -rf "$1/cache" # kernels compiled for the stand-ins before
}
build "$1" driver.cpp libcuda.so.1
build "$1" nvrtc.cpp libnvrtc.so.13
build "$1" cublas.cpp libcublas.so.13
build "$1" cudnn.cpp libcudnn.so.9

# A machine with a driver and a compiler alone.
mkdir -p "$1/bare"
ln -sf ../libcuda.so.1 ../libnvrtc.so.13 "$1/bare/"
