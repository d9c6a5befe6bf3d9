#!/usr/bin/env bash
# scripts/gameday.sh [DRILL...]: makes a region in namespaces, runs each drill of gamedays/ (or those
# named) with RUNS seeds, and writes docs/drills/RESULTS.md from the reports. Needs root.
#
#   RUNS=20 SEED=100 scripts/gameday.sh zone-cut postgres-killed
#
# A drill that the region did not come back from gets a new region for the next one. KEEP=1 uses a region
# that is up and leaves it up, in whatever state, to be looked into.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly SECURECART=${SECURECART:-build/release/securecart}
readonly RUNS=${RUNS:-1}
readonly SEED=${SEED:-1}
readonly REPORTS=${REPORTS:-build/gameday}
readonly STATE=${STATE:-$REPORTS/lab}
readonly KEEP=${KEEP:-0}
readonly TOPOLOGY=${TOPOLOGY:-topologies/one-region.toml}

say() { printf '==> %s\n' "$*"; }
down() { "$SECURECART" lab down --state "$STATE" >/dev/null; }

[ "$(id -u)" -eq 0 ] || { echo "gameday: namespaces need root" >&2; exit 2; }
mkdir -p "$REPORTS"
if [ "$KEEP" = 0 ]; then
  trap down EXIT
  down
fi

drills=("$@")
if [ ${#drills[@]} -eq 0 ]; then
  for file in gamedays/*.toml; do
    name=$(basename "$file" .toml)
    [ "$name" = zone-cut-short ] || drills+=("$name")
  done
fi
revision=$(git rev-parse --short HEAD 2>/dev/null || echo unknown)
git diff --quiet HEAD 2>/dev/null || revision+="+"

failed=0
for name in "${drills[@]}"; do
  for seed in $(seq "$SEED" $((SEED + RUNS - 1))); do
    [ -d "$STATE" ] || { say "a new region"; "$SECURECART" lab up "$TOPOLOGY" --state "$STATE" || exit 1; }
    say "$name, seed $seed"
    report="$REPORTS/reports/$name/$seed"
    mkdir -p "$report"
    status=0
    "$SECURECART" gameday run "gamedays/$name.toml" --report "$report" --state "$STATE" \
      --seed "$seed" --revision "$revision" 2>"$report/log" || status=$?
    if [ "$status" -ne 0 ]; then
      failed=$((failed + 1))
      tail -5 "$report/log"
    fi
    rm -f "$report/history.jsonl.part"
    "$SECURECART" lab status --state "$STATE" >"$report/status" || {
      say "it did not recover"
      [ "$KEEP" = 0 ] || exit 1
      down
    }
  done
done
"$SECURECART" gameday results "$REPORTS/reports" --out docs/drills
say "$failed runs missed something; docs/drills/RESULTS.md has all of them"
[ "$failed" -eq 0 ]
