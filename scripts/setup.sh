#!/usr/bin/env bash
# scripts/setup.sh {build|run|test|bench}: installs the Debian packages that are missing, and nothing else.
#
# It asks dpkg each time (a tenth of a second) instead of trusting a stamp, so it is right after a
# package was removed, too.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly NODE_MAJOR_MIN=18

say() { printf '==> %s\n' "$*"; }
die() {
  printf 'setup: %s\n' "$*" >&2
  exit 1
}

# The packages of one [group] of packages/debian.txt.
group() {
  awk -v wanted="[$1]" '/^\[/ { inside = ($1 == wanted); next }
                        inside && NF && $1 !~ /^#/ { print $1 }' packages/debian.txt
}

node_is_good() {
  command -v node >/dev/null && command -v npm >/dev/null &&
    [ "$(node -p 'process.versions.node.split(".")[0]')" -ge "$NODE_MAJOR_MIN" ]
}

case "${1:-}" in
  build) wanted=$(group build) ;;
  run) wanted=$(group build; group run) ;;
  test) wanted=$(group build; group run; group test) ;;
  bench) wanted=$(group build; group run; group test; group bench) ;;
  *) die "usage: scripts/setup.sh {build|run|test|bench}" ;;
esac
[ "$1" = build ] || node_is_good || wanted+=$'\n'$(group node)

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  die "this machine has no apt. SecureCart is built on Debian 12; elsewhere install what
packages/debian.txt lists by hand and start with 'cmake --preset release'."
fi

# dpkg-query complains about names it has never heard of: those are missing like the others.
installed=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' 2>/dev/null |
  awk '$1 == "installed" { print $2 }' | sort -u)
mapfile -t missing < <(sort -u <<<"$wanted" | comm -23 - <(printf '%s\n' "$installed"))
if [ "${#missing[@]}" -eq 0 ]; then
  exit 0
fi

say "installing ${#missing[@]} Debian packages: ${missing[*]}"
root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || die "installing needs root and there is no sudo. As root, run:
  apt-get update && apt-get install --no-install-recommends ${missing[*]}"
  say "installing needs root: sudo may ask for your password"
  root=(sudo)
fi
apt=("${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o Dpkg::Use-Pty=0
  -o Acquire::Retries=2 -o Acquire::http::Timeout=20)

updated=no
update() {
  say "fetching Debian's package lists"
  "${apt[@]}" -o APT::Update::Error-Mode=any update ||
    die "cannot reach the package servers named in /etc/apt/sources.list. Is this machine online?
The packages still missing: ${missing[*]}"
  updated=yes
}
install() { "${apt[@]}" install -y --no-install-recommends "${missing[@]}"; }

# Debian starts a daemon as it is installed. Ours (postgresql, redis, rabbitmq, haproxy, knot and so on) are
# started by the tests, on free ports: for the time of the installation the machine is told to start none, in the
# way Debian has for it (invoke-rc.d(8): policy-rc.d exits with 101). A policy of the machine's own stays.
readonly POLICY=/usr/sbin/policy-rc.d
if [ ! -e "$POLICY" ]; then
  trap '"${root[@]}" rm -f "$POLICY"' EXIT
  printf '#!/bin/sh\nexit 101\n' | "${root[@]}" tee "$POLICY" >/dev/null
  "${root[@]}" chmod 755 "$POLICY"
fi

# Fresh machines ship without package lists.
apt-cache show --no-all-versions "${missing[@]}" >/dev/null 2>&1 || update
if ! install; then
  # The lists may be so old that they name files the servers no longer have.
  [ "$updated" = no ] || die "apt-get could not install the packages (see above)"
  update
  install || die "apt-get could not install the packages (see above)"
fi
[ "$1" = build ] || node_is_good ||
  die "Node.js $NODE_MAJOR_MIN or newer and npm are needed; found $(node --version 2>&1)"
say "packages installed"
