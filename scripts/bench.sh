#!/usr/bin/env bash
# scripts/bench.sh [NAME...]: runs the benchmarks of the release build (all, or those named), one after
# the other, so that they do not take each other's cores. What they said goes to build/bench/NAME.txt, and
# all of it, with the curves, to artifacts/bench/RESULTS.md.
set -euo pipefail
cd "$(dirname "$0")/.."

names=("$@")
if [ "${#names[@]}" -eq 0 ]; then
  mapfile -t names < <(basename -s .cpp bench/*_bench.cpp)
fi
mkdir -p build/bench
scripts/geo.sh
missed=()
for name in "${names[@]}"; do
  echo "==> $name"
  "build/release/$name" | tee "build/bench/$name.txt" || missed+=("$name")
done

report=artifacts/bench/RESULTS.md
mkdir -p "$(dirname "$report")"
{
  echo "# Benchmarks"
  for text in build/bench/*_bench.txt; do
    name=$(basename "$text" .txt)
    printf '\n## %s\n\n' "$name"
    # shop_bench writes Markdown; the others' tables are as wide as they are.
    if [ "$name" = shop_bench ]; then cat "$text"; else sed 's/^/    /' "$text"; fi
    [ "$name" != overload_bench ] || printf '\n![Goodput as the load grows](overload.svg)\n'
  done
} >"$report"
echo "bench: $(find build/bench -name '*_bench.txt' | wc -l) benchmarks are in $report; docs/bench.md says how to read it"
if [ "${#missed[@]}" -gt 0 ]; then
  echo "bench: failed, or missed an aim: ${missed[*]}" >&2
  exit 1
fi
