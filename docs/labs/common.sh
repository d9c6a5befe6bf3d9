# What the DNS labs share: a work folder, a DNS server in it, questions, and a picture of the answers.
# Sourced by the labs; needs bash, dig and curl.
# shellcheck shell=bash

SECURECART=${SECURECART:-build/release/securecart}
[ -x "$SECURECART" ] || { echo "build the program first: make program" >&2; exit 2; }
SECURECART=$(realpath "$SECURECART")
lab=$(mktemp -d)
processes=()

finish() {
  for one in "${processes[@]}"; do kill -9 "$one" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$lab"
}
trap finish EXIT

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
show() { printf '$ %s\n' "$*"; "$@"; }
fail() { printf 'LAB FAILED: %s\n' "$*" >&2; exit 1; }

# A zone whose www is answered by the policy "front", and the server's configuration.
write_zone() {
  cat >"$lab/shop.test.zone" <<'ZONE'
$ORIGIN shop.test.
$TTL 60
@     IN SOA ns1 hostmaster 1 3600 600 86400 60
@     IN NS  ns1
ns1   IN A   127.0.0.1
www   IN POLICY front
ZONE
  cat >"$lab/dns.toml" <<'CONFIG'
listen = ["127.0.0.1:0"]
threads = 1
policies = "policies.toml"
[[zone]]
name = "shop.test"
file = "shop.test.zone"
CONFIG
}

start_dns() {
  "$SECURECART" dns serve --config "$lab/dns.toml" --log-level warn >"$lab/dns.out" 2>&1 &
  processes+=($!)
  disown $!
  for _ in $(seq 300); do
    grep -q Ctrl-C "$lab/dns.out" && break
    sleep 0.1
  done
  dns_port=$(sed -n 's/^answering on 127.0.0.1:\([0-9]*\)$/\1/p' "$lab/dns.out" | head -1)
  [ -n "$dns_port" ] || { cat "$lab/dns.out" >&2; fail "the DNS server did not start"; }
}

# ask [NETWORK]: the addresses www.shop.test has for a shopper there.
ask() { dig +short +tries=1 +time=2 -p "$dns_port" @127.0.0.1 www.shop.test A ${1:+"+subnet=$1"}; }

explain() { show "$SECURECART" dns explain www.shop.test --client "$1" --state "$lab/state"; }
steer() { show "$SECURECART" dns "$@" --state "$lab/state"; }

# api CALL JSON: the admin API, with the token of the state folder.
api() {
  local url token
  url=$(sed -n 's/.*"url":"\([^"]*\)".*/\1/p' "$lab/state/admin.json")
  token=$(sed -n 's/.*"token":"\([^"]*\)".*/\1/p' "$lab/state/admin.json")
  curl -sf -H "Authorization: Bearer $token" -d "$2" "$url/v1/dns/$1" >/dev/null
}

# picture LABEL ADDRESS NAME [ADDRESS NAME...]: where twenty questions went, as bars.
picture() {
  local label=$1 i bar
  shift
  : >"$lab/questions"
  for i in $(seq 20); do echo "www.shop.test A ${network:+"+subnet=$network"}" >>"$lab/questions"; done
  dig +short +tries=1 +time=2 -p "$dns_port" @127.0.0.1 -f "$lab/questions" >"$lab/answers"
  printf '%-22s' "$label"
  while [ $# -gt 0 ]; do
    bar=$(grep -cxF "$1" "$lab/answers" || true)
    printf '%-6s %-20s  ' "$2" "$(printf '%*s' "$bar" '' | tr ' ' '#')"
    shift 2
  done
  printf '\n'
}
