#!/usr/bin/env bash
# Packs what gpu/verify.sh needs on a GPU machine without Java, Maven or network:
#
#   gpu/pack.sh [FOLDER]      makes FOLDER (gpu/packed) with ktrain-gpu.tar.xz and unpack.sh
#
# There: FOLDER/unpack.sh DIR && DIR/ktrain-gpu/verify.sh. With MNIST where KTRAIN_DATA has it. Needs a JDK 25
# with jlink; with nvcc here, kernels are compiled before they get there.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
checkout=$(dirname "$here")
out=${1:-$here/packed}
limit=60
modules=java.base,java.logging,java.management,java.net.http,java.xml,jdk.incubator.vector,jdk.unsupported,jdk.zipfs

for jdk in "${JAVA_HOME:-}" /usr/lib/jvm/*25*; do
  if grep -qs '^JAVA_VERSION="25' "$jdk/release"; then break; fi
done
"$here/build.sh"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/ktrain-gpu
mkdir -p "$root/lib" "$root/peers" "$out"
"$jdk/bin/jlink" --add-modules "$modules" --strip-debug --no-header-files --no-man-pages --compress=zip-0 \
  --output "$root/jre"
cp "$here/verify.sh" "$root/"
cp "$here"/peers/*.py "$root/peers/"
# Without oneDNN, a third of the whole: the CPU's Java kernels compute the same references.
find "$checkout/bench/target/gpu" -name '*.jar' ! -name 'dnnl-*' ! -name 'jcuda-natives-*' -exec cp {} "$root/lib/" \;
(
  cd "$work"
  mkdir natives
  cd natives
  "$jdk/bin/jar" xf "$checkout"/bench/target/gpu/jcuda-natives-*.jar lib/
  find lib -type f ! -name 'libJCudaDriver-*' -delete
  "$jdk/bin/jar" cf "$root/lib/jcuda-driver.jar" lib
)
if [ -d "${KTRAIN_DATA:-}/mnist" ]; then
  mkdir -p "$root/data"
  cp -r "$KTRAIN_DATA/mnist" "$root/data/"
fi
chmod -R u+w "$root"
tar -C "$work" -cf - ktrain-gpu | xz -T0 > "$out/ktrain-gpu.tar.xz"
cat > "$out/unpack.sh" <<'UNPACK'
#!/bin/sh
# unpack.sh DIR: unpacks ktrain-gpu.tar.xz there, with Python's lzma where xz is missing
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
file=$here/ktrain-gpu.tar.xz
if command -v xz > /dev/null; then xz -dc "$file" | tar -C "$1" -xf -
else python3 -c 'import sys, tarfile; tarfile.open(sys.argv[1]).extractall(sys.argv[2])' "$file" "$1"; fi
UNPACK
chmod +x "$out/unpack.sh"
mib=$(($(stat -c %s "$out/ktrain-gpu.tar.xz") >> 20))
echo "packed $mib MiB: $out"
[ "$mib" -lt "$limit" ] || { echo "pack: over $limit MiB" >&2; exit 1; }
