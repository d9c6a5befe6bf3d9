# What the labs of a region share. Sourced by them; needs root.
# shellcheck shell=bash

SECURECART=${SECURECART:-build/release/securecart}
[ -x "$SECURECART" ] || { echo "build the program first: make program" >&2; exit 2; }
SECURECART=$(realpath "$SECURECART")
[ "$(id -u)" -eq 0 ] || { echo "namespaces need root" >&2; exit 2; }
work=$(mktemp -d)
state=$work/lab

finish() {
  "$SECURECART" lab down --state "$state" >/dev/null 2>&1 || true
  rm -rf "$work"
}
trap finish EXIT

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
show() { printf '$ %s\n' "$*"; "$@"; }
fail() { printf 'LAB FAILED: %s\n' "$*" >&2; exit 1; }
lab() { local word=$1; shift; "$SECURECART" lab "$word" --state "$state" "$@"; }

# seat NAME: the host that holds it.
seat() { lab status | awk -v seat="$1" '$1 == seat { print $2 }'; }
zone_of() { lab status | awk -v host="$1" '$1 == host { print $2 }'; }

# until_seat NAME NOT: waits until somebody else than NOT holds it, and prints the milliseconds.
until_seat() {
  local begin now holder
  begin=$(date +%s%3N)
  while :; do
    holder=$(seat "$1")
    now=$(date +%s%3N)
    [ -n "$holder" ] && [ "$holder" != nobody ] && [ "$holder" != "$2" ] && break
    [ $((now - begin)) -lt 60000 ] || fail "nobody took the seat $1 within a minute"
  done
  echo $((now - begin))
}

until_whole() {
  local _
  for _ in $(seq 120); do
    lab status >"$work/status" && return
    sleep 1
  done
  cat "$work/status" >&2
  fail "the region did not become whole"
}

# drill NAME: one of gamedays/, on this lab.
drill() {
  "$SECURECART" gameday run "gamedays/$1.toml" --state "$state" --report "$work/$1" \
    --seed "${LAB_SEED:-1}" 2>/dev/null
}
