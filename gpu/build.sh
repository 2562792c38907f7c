#!/bin/sh
# build.sh: puts into bench/target/gpu the jars that verify.sh runs and pack.sh packs, where they are missing or stale.
set -eu
cd "$(dirname "$0")/.."
built=bench/target/gpu/built
set -- pom.xml runtime/*/pom.xml runtime/*/src bench/pom.xml bench/src
[ -e $built ] && [ -z "$(find "$@" -newer $built -print -quit)" ] && exit 0
echo 'building ...' >&2
mkdir -p bench/target
touch bench/target/begun # what is saved from here on is not in it
./mvnw -B -q -ntp -DskipTests -am -pl bench package >&2
cp bench/target/ktrain-bench-*.jar bench/target/gpu/
mv bench/target/begun $built
