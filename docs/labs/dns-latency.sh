#!/usr/bin/env bash
# docs/labs/dns-latency.sh: two regions; shoppers go to the nearer one, by geography first, by what was
# measured later. The guide is dns-latency.md. SECURECART names the program (build/release/securecart).
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=docs/labs/common.sh
. docs/labs/common.sh

scripts/geo.sh
geo=$PWD/tests/data/node_modules/@ip-location-db/geo-whois-asn-country-mmdb/geo-whois-asn-country.mmdb

# Networks of real access providers.
readonly GERMANY=80.128.0.0/24
readonly USA=73.0.0.0/24
readonly JAPAN=126.0.0.0/24

pictures() {
  for place in "Germany $GERMANY" "USA $USA" "Japan $JAPAN"; do
    network=${place#* } picture "${place% *}" 10.0.1.1 eu 10.0.2.1 us
  done
}
expect() { # NETWORK ADDRESS
  [ "$(ask "$1")" = "$2" ] || fail "$1 gets $(ask "$1"), not $2"
}

say "1. Two regions, no measurement yet: distance decides"
write_zone
cat >"$lab/policies.toml" <<POLICIES
state_folder = "state"
geo_database = "$geo"

[[region]]
name = "eu"
location = "50.1, 8.7"
[[region]]
name = "us"
location = "39.0, -77.5"

[[target]]
name = "eu-1"
addresses = ["10.0.1.1"]
region = "eu"
[[target]]
name = "us-1"
addresses = ["10.0.2.1"]
region = "us"

[[policy]]
name = "front"
type = "latency"
ttl = "30s"
members = ["eu-1", "us-1"]
POLICIES
start_dns
pictures
expect "$GERMANY" 10.0.1.1
expect "$USA" 10.0.2.1
explain "${JAPAN%/*}"

say "2. Round trips are reported: from this network in Japan the cable over the Pacific is the better one"
before=$(ask "$JAPAN")
for _ in 1 2 3 4; do
  api rtt "{\"client\": \"${JAPAN%/*}\", \"region\": \"us\", \"ms\": 105}"
  api rtt "{\"client\": \"${JAPAN%/*}\", \"region\": \"eu\", \"ms\": 236}"
done
for _ in $(seq 100); do
  [ "$(ask "$JAPAN")" = 10.0.2.1 ] && break
  sleep 0.1
done
echo "before: $before, now: $(ask "$JAPAN")"
pictures
expect "$JAPAN" 10.0.2.1
explain "${JAPAN%/*}"

say "3. The region us is shifted away: everybody goes to eu, and back"
steer shift us --for 10m --reason "region drill"
pictures
expect "$USA" 10.0.1.1
steer shift us --cancel
pictures
expect "$USA" 10.0.2.1
say "Done."
