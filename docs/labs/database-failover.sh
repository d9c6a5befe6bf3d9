#!/usr/bin/env bash
# docs/labs/database-failover.sh: PostgreSQL over three zones loses its primary in four ways under load.
# Needs root. The guide is database-failover.md. SECURECART names the program (build/release/securecart).
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=docs/labs/region.sh
. docs/labs/region.sh

cluster() {
  lab exec "$(seat primary)" -- timeout 10 patronictl -c /etc/securecart/patroni/patroni.yaml list
}

say "1. A primary, a standby that every commit waits for, and another one"
show lab up topologies/one-region.toml
cluster

say "2. By plan: a switchover under load"
drill switchover || fail "the drill missed something"
cluster

say "3. The primary and its Patroni are killed"
drill postgres-killed || fail "the drill missed something"
cluster

say "4. They hang instead (SIGSTOP): nobody is told, the lease has to end"
drill postgres-paused || fail "the drill missed something"

say "5. Its host loses the cable: the old primary lives on, and must not be one"
drill data-host-cut || fail "the drill missed something"
cluster
