#!/usr/bin/env bash
# docs/labs/lose-a-zone.sh: a region of three zones, one of them cut off under load. Needs root.
# The guide is lose-a-zone.md. SECURECART names the program (build/release/securecart).
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=docs/labs/region.sh
. docs/labs/region.sh

say "1. A region of three zones: nine hosts, real engines, on this machine"
show lab up topologies/one-region.toml
show lab status || fail "the region is not whole"

say "2. Cut off the zone of PostgreSQL's primary, by hand"
primary=$(seat primary)
zone=$(zone_of "$primary")
balancer=$(seat balancer)
echo "the primary is $primary, in zone $zone; the reserved address is at $balancer"
show lab fault cut "zone:$zone"
echo "another primary after $(until_seat primary "$primary") ms: $(seat primary)"
show lab status || true

say "3. Heal it: the old primary comes back as a standby"
show lab heal
until_whole
grep -E '^(primary|etcd|balancer|controller|redis) ' "$work/status"

say "4. The same under load, with every intent on disk and the history checked"
drill zone-cut || fail "the drill missed something"

say "5. The reserved address alone: the balancer that holds it is killed"
drill balancer-killed || fail "the drill missed something"

say "6. Nothing is left"
show lab down
[ ! -e "$state" ] || fail "the lab's folder is still there"
