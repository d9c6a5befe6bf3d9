#!/usr/bin/env bash
# scripts/lint.sh [BUILD]: clang-tidy over src/ (headers through the files that include them), two at a time.
#
# A file is looked at again only when it, a header of ours it includes, .clang-tidy or the tool
# changed: a clean result is remembered under the hash of all of these.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly BUILD=${1:-build/dev}
readonly TIDY=clang-tidy-19
cache="${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/securecart/lint"
mkdir -p "$cache"

lint_one() {
  local file=$1 key=$2 output
  if output=$("$TIDY" --quiet -p "$BUILD" --extra-arg=-Wno-unknown-warning-option "$file" 2>/dev/null); then
    touch "$cache/$key"
    echo "clean $file"
  else
    printf '%s\nfindings %s\n' "$output" "$file"
  fi
}
export -f lint_one
export BUILD TIDY cache

# "file hash" lines: the hash covers the file and every header of ours it includes, however deep. Ours are
# named from src/; nothing needs to be built to find them.
keys() {
  local tool
  tool=$("$TIDY" --version | sha256sum | cut -c1-16)
  { find src -name '*.cpp'; grep -rHoE --include='*.[ch]pp' '^#include "[^"]+"' src; } | awk -F '[:"]' '
    { includes[$1] = includes[$1] (NF > 1 ? " src/" $3 : "") }
    function visit(file,   names, i, n) {
      if (file in seen) return
      seen[file] = 1
      line = line " " file
      n = split(includes[file], names, " ")
      for (i = 1; i <= n; i++) visit(names[i])
    }
    END { for (file in includes)
            if (file ~ /\.cpp$/ && file !~ /_test\.cpp$/) {
              split("", seen); line = ""; visit(file); print substr(line, 2) } }' | sort |
    while read -r file headers; do
      # shellcheck disable=SC2086  # a list of paths without blanks
      printf '%s %s\n' "$file" \
        "$(cat .clang-tidy "$file" $headers 2>/dev/null | sha256sum | cut -c1-40)$tool"
    done
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
[ -f "$BUILD/compile_commands.json" ] || cmake --preset "$(basename "$BUILD")" >/dev/null
keys >"$work/all"
while read -r file key; do
  [ -e "$cache/$key" ] || echo "$file $key"
done <"$work/all" >"$work/todo"

total=$(wc -l <"$work/all")
todo=$(wc -l <"$work/todo")
echo "==> clang-tidy: $total files, $((total - todo)) known to be clean, $todo to look at"
xargs -r -P "$(nproc)" -L 1 bash -c 'lint_one "$0" "$1"' <"$work/todo" | tee "$work/out"
bad=$(grep -c '^findings ' "$work/out" || true)
echo "lint: $((total - bad)) files clean, $bad with findings"
[ "$bad" -eq 0 ]
