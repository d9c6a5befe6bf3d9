#!/usr/bin/env bash
# scripts/test.sh STAGE...: runs stages of the tests one after the other, each with its time, and closes
# with a line that sums up all of them. `all` is every stage. A failed stage does not stop the next.
set -euo pipefail
cd "$(dirname "$0")/.."

# Cheap and telling stages first; the two sanitizer builds near the end. `unit` is for everyday work: the
# asan stage runs the same tests and sees more, and building them twice takes longer than all that is run.
readonly ALL_STAGES=(format tidy web process e2e lint asan fuzz tsan)
readonly FUZZ_SECONDS=${FUZZ_SECONDS:-5}
results="$PWD/build/test-results"

say() { printf '==> %s\n' "$*"; }

# A stage tells how many checks it made: record PASSED FAILED [UNSTEADY].
record() { echo "$1 $2 ${3:-0}" >"$results/$STAGE.count"; }

build() {
  local preset=$1
  shift
  scripts/geo.sh
  [ -f "build/$preset/build.ninja" ] || cmake --preset "$preset"
  cmake --build --preset "$preset" --target "$@"
}

# Runs the test programs of one build that carry a label, JOBS side by side, and counts the cases inside of
# them. Where cases failed, their programs run once more with nothing beside them: real engines share two
# cores with all the rest here, and what fails alone as well fails. What passes then is named in the
# summary as unsteady, with what it said, for somebody to mend. There is no second try for a program that
# died or ran out of time, nor for what a sanitizer found.
run_ctest() {
  local preset=$1 label=$2 jobs=$3 status=0 again=0
  local cases="$results/$STAGE" passed failed died unsteady=0
  rm -rf "$cases"
  run_programs "$cases" "$preset" --label-regex "$label" --parallel "$jobs" || status=$?
  read -r passed failed died < <(count_cases "$cases")
  [ "$status" -eq 0 ] || [ $((failed + died)) -gt 0 ] || died=1
  if [ "$status" -ne 0 ]; then
    name_failures "$cases" >"$results/$STAGE.failures"
    if [ "$died" -eq 0 ] && ! grep -qE '(Address|Leak|Thread)Sanitizer|runtime error:' "$cases/ctest.xml"; then
      say "once more, each alone: $(failed_programs "$cases" | paste -sd ' ')"
      run_programs "$cases/again" "$preset" --rerun-failed --label-regex "$label" || again=$?
      if [ "$again" -eq 0 ]; then
        mv "$results/$STAGE.failures" "$results/$STAGE.unsteady"
        unsteady=$failed failed=0 status=0
      fi
    fi
  fi
  record "$passed" $((failed + died)) "$unsteady"
  return "$status"
}

# ctest with the arguments behind FOLDER and PRESET; the lists of cases and of programs go to FOLDER.
run_programs() {
  local folder=$1 preset=$2
  shift 2
  mkdir -p "$folder/cases"
  GTEST_OUTPUT="xml:$folder/cases/" ctest --test-dir "build/$preset" "$@" \
    --output-on-failure --no-tests=error --output-junit "$folder/ctest.xml"
}

# Prints how many cases passed, how many failed, and how many programs left no list of theirs: those died.
count_cases() {
  local cases=$1 died=0 program
  while read -r program; do
    [ -f "$cases/cases/$program.xml" ] || died=$((died + 1))
  done < <(failed_programs "$cases")
  cat "$cases"/cases/*.xml 2>/dev/null | awk -v died="$died" '
    function number(name) {
      if (!match($0, " " name "=\"[0-9]+")) return 0
      return substr($0, RSTART + length(name) + 3, RLENGTH - length(name) - 3)
    }
    /^<testsuites / { bad = number("failures") + number("errors")
                      failed += bad; passed += number("tests") - number("disabled") - bad }
    END { print passed + 0, failed + 0, died }'
}

failed_programs() { sed -nE 's/.*<testcase name="([^"]+)".*status="fail".*/\1/p' "$1/ctest.xml"; }

# Names each failed case with what it said (the summary shows them again, where nobody must scroll), and
# each program that failed with none: it died, or ran out of time.
name_failures() {
  local cases=$1 program
  { cat "$cases"/cases/*.xml 2>/dev/null || true; } | awk '
    /<testcase / { match($0, / name="[^"]*"/); name = substr($0, RSTART + 7, RLENGTH - 8)
                   match($0, / classname="[^"]*"/)
                   name = substr($0, RSTART + 12, RLENGTH - 13) "." name }
    /<failure message="/ { sub(/.*<failure message="/, ""); sub(/" type=.*/, "")
                           gsub(/&#x0A;/, "\n    "); gsub(/&quot;/, "\""); gsub(/&lt;/, "<")
                           gsub(/&gt;/, ">"); gsub(/&apos;/, "\047"); gsub(/&amp;/, "\\&")
                           print "  " name "\n    " substr($0, 1, 600) }'
  failed_programs "$cases" | while read -r program; do
    grep -q '<failure ' "$cases/cases/$program.xml" 2>/dev/null ||
      echo "  $program died or ran out of time; its last lines are above"
  done
}

# For stages whose tool says itself how much it looked at: the last "N ..., M ..." line it printed.
run_counted() {
  local status=0
  "$@" | tee "$results/$STAGE.log" || status=$?
  local passed failed
  read -r passed failed < <(sed -nE 's/^[a-z]+: ([0-9]+) [^,]*, ([0-9]+) .*/\1 \2/p' \
    "$results/$STAGE.log" | tail -1) || true
  record "${passed:-0}" "${failed:-$status}"
  [ "$status" -eq 0 ] ||
    grep -E '(error|warning): |^findings |^crash|FAILED' "$results/$STAGE.log" | tail -20 |
      sed 's/^/  /' >"$results/$STAGE.failures" || true
  return "$status"
}

stage_format() { run_counted scripts/format.sh check; }
stage_tidy() {
  build dev tidy_tests
  run_ctest dev '^tidy$' 1
}
stage_web() {
  scripts/web.sh build
  run_node scripts/web.sh test
}
stage_unit() {
  build dev unit_tests
  run_ctest dev '^unit$' "$(nproc)"
}
stage_process() {
  build release process_tests fleet_tests  # what people run
  run_ctest release '^(process|fleet)$' 1
}
# Whole regions, for which two cores are few: not one of `all`.
stage_drill() {
  build dev drill_tests
  run_ctest dev '^drill$' 1
}
stage_lint() { run_counted scripts/lint.sh; }
stage_asan() {
  build asan unit_tests process_tests
  run_ctest asan '^(unit|process)$' "$(nproc)"
}
stage_fuzz() {
  build asan fuzzers
  run_counted scripts/fuzz.sh "$FUZZ_SECONDS"
}
stage_tsan() {
  build tsan threads_tests
  run_ctest tsan '^threads$' "$(nproc)"
}
stage_e2e() {
  scripts/web.sh build
  build release securecart  # what people run
  SECURECART_BINARY="$PWD/build/release/securecart" run_node scripts/web.sh e2e
}

# Node's and Vitest's runners close with their own counts.
run_node() {
  local status=0 passed failed
  NO_COLOR=1 "$@" 2>&1 | tee "$results/$STAGE.log" || status=$?
  passed=$(awk '/^. pass [0-9]+$/ { n += $3 }
                /^ +Tests / { for (i = 2; i <= NF; i++) if ($i ~ /^passed/) n += $(i - 1) }
                END { print n + 0 }' "$results/$STAGE.log")
  failed=$(awk '/^. fail [0-9]+$/ { n += $3 }
                /^ +Tests / { for (i = 2; i <= NF; i++) if ($i ~ /^failed/) n += $(i - 1) }
                END { print n + 0 }' "$results/$STAGE.log")
  [ "$status" -eq 0 ] || [ "$failed" -gt 0 ] || failed=1
  record "$passed" "$failed"
  [ "$status" -eq 0 ] ||
    grep -E '✖|✗|×|^ *not ok|AssertionError' "$results/$STAGE.log" | sort -u | tail -20 |
      sed 's/^/  /' >"$results/$STAGE.failures" || true
  return "$status"
}

export UBSAN_OPTIONS=print_stacktrace=1
export ASAN_OPTIONS=detect_stack_use_after_return=1:detect_leaks=1
export TSAN_OPTIONS=halt_on_error=1
export ASAN_SYMBOLIZER_PATH=/usr/lib/llvm-19/bin/llvm-symbolizer
export TSAN_SYMBOLIZER_PATH=$ASAN_SYMBOLIZER_PATH UBSAN_SYMBOLIZER_PATH=$ASAN_SYMBOLIZER_PATH
TSAN_OPTIONS+=:external_symbolizer_path=$ASAN_SYMBOLIZER_PATH

# Each stage runs in a shell of its own, where `set -e` holds.
if [ "${1:-}" = --stage ]; then
  STAGE=$2
  "stage_$STAGE"
  exit
fi

stages=("$@")
if [ "${1:-all}" = all ]; then
  stages=("${ALL_STAGES[@]}")
fi
mkdir -p "$results"
passed=0
failed=0
unsteady=0
summary=""
told=""
for stage in "${stages[@]}"; do
  declare -F "stage_$stage" >/dev/null || {
    echo "unknown stage '$stage'; there are: all ${ALL_STAGES[*]}" >&2
    exit 2
  }
  say "stage $stage"
  rm -f "$results/$stage".{count,failures,unsteady}
  began=$SECONDS
  verdict=ok
  bash "$0" --stage "$stage" </dev/null || verdict=FAILED
  stage_passed=0
  stage_failed=0
  stage_unsteady=0
  [ ! -f "$results/$stage.count" ] ||
    read -r stage_passed stage_failed stage_unsteady <"$results/$stage.count"
  # A stage that broke before it could count (it does not compile) is one failure.
  [ "$verdict" = ok ] || [ "$stage_failed" -gt 0 ] || stage_failed=1
  took=$((SECONDS - began))
  say "stage $stage: $verdict in $took s"
  summary+=$(printf '%-8s %-6s %6d passed %4d failed %5d s' \
    "$stage" "$verdict" "$stage_passed" "$stage_failed" "$took")
  [ "$stage_unsteady" -eq 0 ] || summary+="  $stage_unsteady unsteady"
  summary+=$'\n'
  passed=$((passed + stage_passed + stage_unsteady))
  failed=$((failed + stage_failed))
  unsteady=$((unsteady + stage_unsteady))
  for kind in failures unsteady; do
    [ ! -s "$results/$stage.$kind" ] || told+="stage $stage, $kind:"$'\n'$(<"$results/$stage.$kind")$'\n\n'
  done
done
printf '\n%s%s\n%d passed, %d failed' "$told" "$summary" "$passed" "$failed"
[ "$unsteady" -eq 0 ] ||
  printf '; %d of those that passed did so only alone, at the second try: to be mended' "$unsteady"
echo
[ "$failed" -eq 0 ]
