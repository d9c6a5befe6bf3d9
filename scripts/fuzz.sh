#!/usr/bin/env bash
# scripts/fuzz.sh SECONDS: runs each fuzz target of the asan build that long, from the inputs kept in
# fuzz/corpus/TARGET. New inputs go to build/fuzz-corpus; a crash is left in build/fuzz-crashes.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:?usage: scripts/fuzz.sh SECONDS}
readonly MAX_INPUT_BYTES=65536
passed=0
failed=0
for source in fuzz/*_fuzz.cpp; do
  target=$(basename "$source" .cpp)
  kept="fuzz/corpus/$target"
  grown="build/fuzz-corpus/$target"
  mkdir -p "$grown" "build/fuzz-crashes"
  folders=("$grown")
  [ ! -d "$kept" ] || folders+=("$kept")
  echo "==> fuzzing $target for $seconds s"
  if "build/asan/$target" -max_total_time="$seconds" -max_len="$MAX_INPUT_BYTES" -timeout=10 \
    -rss_limit_mb=4096 -print_final_stats=0 -verbosity=0 \
    -artifact_prefix="build/fuzz-crashes/$target-" "${folders[@]}" >"build/fuzz-crashes/$target.log" 2>&1; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    tail -60 "build/fuzz-crashes/$target.log"
    echo "FAILED $target; its input is build/fuzz-crashes/$target-*"
  fi
done
echo "fuzz: $passed targets passed, $failed failed"
[ "$failed" -eq 0 ]
