#!/usr/bin/env bash
# scripts/program.sh: build/release/securecart with the web pages in it; installs what is missing first.
#
#   the compiler's packages ─┬─▶ the program's modules ────────────┬─▶ the program
#                            └─▶ Node's packages, the web pages ───┘
#
# Unpacking some 400 small packages keeps one core busy; the compiler has the other meanwhile.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '==> %s\n' "$*"; }

scripts/setup.sh build
# Who has to give a password for it gives it now, not in the middle of the compiler's messages.
[ "$(id -u)" -eq 0 ] || scripts/setup.sh run

mkdir -p build
log=build/web.log
(scripts/setup.sh run && scripts/web.sh build) >"$log" 2>&1 &
pages=$!
trap 'kill "$pages" 2>/dev/null || true' EXIT

say "building SecureCart"
[ -f build/release/build.ninja ] || cmake --preset release
cmake --build --preset release --target modules
say "waiting for the web pages"
if ! wait "$pages"; then
  cat "$log" >&2
  echo "program: the web pages could not be built (see above)" >&2
  exit 1
fi
cmake --build --preset release --target securecart
