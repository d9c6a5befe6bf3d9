#!/usr/bin/env bash
# scripts/bench.sh [NAME...]: runs the benchmarks of the release build (all, or those named), one after
# the other, so that they do not take each other's cores. Results also go to build/bench/NAME.txt.
set -euo pipefail
cd "$(dirname "$0")/.."

names=("$@")
if [ "${#names[@]}" -eq 0 ]; then
  mapfile -t names < <(basename -s .cpp bench/*_bench.cpp)
fi
mkdir -p build/bench
scripts/geo.sh
for name in "${names[@]}"; do
  echo "==> $name"
  "build/release/$name" | tee "build/bench/$name.txt"
done
