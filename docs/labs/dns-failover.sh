#!/usr/bin/env bash
# docs/labs/dns-failover.sh: two shops, health checks every second, one shop dies and comes back.
# The guide is dns-failover.md. SECURECART names the program (build/release/securecart).
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=docs/labs/common.sh
. docs/labs/common.sh

readonly PORT=${LAB_PORT:-18080}

start_shop() { # ADDRESS NAME
  "$SECURECART" serve --address "$1" --port "$PORT" --data "$lab/$2" --cores 1 --no-sample \
    --log-level error >"$lab/$2.out" 2>&1 &
  shop=$!
  disown "$shop"
  processes+=("$shop")
}

# Milliseconds until only $2 is answered.
until_answer() {
  local begin now
  begin=$(date +%s%3N)
  while [ "$(ask)" != "$1" ]; do
    now=$(date +%s%3N)
    [ $((now - begin)) -lt 30000 ] || fail "no answer $1 within 30 seconds"
  done
  now=$(date +%s%3N)
  echo $((now - begin))
}

say "1. Two shops and a DNS server that checks both every second"
write_zone
cat >"$lab/policies.toml" <<POLICIES
state_folder = "state"

[[check]]
name = "ready"
type = "http"
url = "http://{address}:$PORT/readyz"
interval = "1s"
fall = 2

[[target]]
name = "primary"
addresses = ["127.0.1.1"]
check = "ready"
[[target]]
name = "secondary"
addresses = ["127.0.2.1"]
check = "ready"

[[policy]]
name = "front"
type = "failover"
ttl = "5s"
members = ["primary", "secondary"]
POLICIES
start_shop 127.0.1.1 primary
first=$shop
start_shop 127.0.2.1 secondary
for address in 127.0.1.1 127.0.2.1; do
  for _ in $(seq 300); do
    curl -sf -o /dev/null "http://$address:$PORT/readyz" && break
    sleep 0.1
  done
done
start_dns
for _ in $(seq 100); do
  [ "$("$SECURECART" dns status --once --state "$lab/state" | grep -c ' up  *local up')" = 2 ] && break
  sleep 0.1
done
show "$SECURECART" dns status --once --state "$lab/state"
picture "both are well" 127.0.1.1 first 127.0.2.1 second
[ "$(ask)" = 127.0.1.1 ] || fail "the primary is not the answer"

say "2. The primary is killed (kill -9)"
kill -9 "$first"
took=$(until_answer 127.0.2.1)
picture "the primary is dead" 127.0.1.1 first 127.0.2.1 second
echo "the dead shop left the answers after $took ms"
[ "$took" -lt "${LAB_DETECTION_MS:-2500}" ] || fail "that took too long"
explain 203.0.113.7

say "3. It comes back, and has to be good twice before it is believed"
start_shop 127.0.1.1 primary
took=$(until_answer 127.0.1.1)
picture "it is back" 127.0.1.1 first 127.0.2.1 second
echo "it was answered again $took ms after its start"

say "4. Maintenance: drain it, see that the last one cannot be drained, take it back"
steer drain primary --for 10m --reason "kernel update"
picture "drained" 127.0.1.1 first 127.0.2.1 second
[ "$(ask)" = 127.0.2.1 ] || fail "the drained target is still answered"
if steer drain secondary; then fail "the last target could be drained"; fi
steer drain primary --cancel
picture "taken back" 127.0.1.1 first 127.0.2.1 second
say "Done."
