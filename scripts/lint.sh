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

# "file hash" lines: the hash covers each of our own files the object was compiled from.
keys() {
  local tool
  tool=$("$TIDY" --version | sha256sum | cut -c1-16)
  ninja -C "$BUILD" -t deps | awk -v root="$PWD/" '
    /^[^ ].*: #deps/ { n = 0; next }
    NF == 0 { if (file ~ /^src\/.*\.cpp$/ && file !~ /_test\.cpp$/) print line; file = ""; line = ""; next }
    { path = $1
      if (index(path, root) == 1) path = substr(path, length(root) + 1)
      sub(/^(\.\.\/)+/, "", path)
      if (++n == 1) { file = path; line = path } else if (path ~ /^src\//) line = line " " path }
    END { if (line != "") print line }' | sort -u |
    while read -r file headers; do
      # shellcheck disable=SC2086  # a list of paths without blanks
      [ ! -f "$file" ] || printf '%s %s\n' "$file" \
        "$(cat .clang-tidy "$file" $headers 2>/dev/null | sha256sum | cut -c1-40)$tool"
    done
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
keys >"$work/all"
while read -r file key; do
  [ -e "$cache/$key" ] || echo "$file $key"
done <"$work/all" >"$work/todo"

total=$(wc -l <"$work/all")
todo=$(wc -l <"$work/todo")
[ "$total" -gt 0 ] || { echo "lint: build the dev preset first" >&2; exit 2; }
echo "==> clang-tidy: $total files, $((total - todo)) known to be clean, $todo to look at"
xargs -r -P "$(nproc)" -L 1 bash -c 'lint_one "$0" "$1"' <"$work/todo" | tee "$work/out"
bad=$(grep -c '^findings ' "$work/out" || true)
echo "lint: $((total - bad)) files clean, $bad with findings"
[ "$bad" -eq 0 ]
