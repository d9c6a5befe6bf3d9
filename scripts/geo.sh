#!/usr/bin/env bash
# scripts/geo.sh: puts the geo database of tests and labs into tests/data/node_modules, once. A server
# is given its database by path (docs/dns-policies.md); nothing of it is in the program.
set -euo pipefail
cd "$(dirname "$0")/../tests/data"

wanted=$(sha256sum package-lock.json | cut -d' ' -f1)
have=$(cat node_modules/.installed 2>/dev/null || true)
if [ "$wanted" != "$have" ]; then
  echo "==> installing the geo database of the tests"
  npm ci --ignore-scripts --no-audit --no-fund
  echo "$wanted" >node_modules/.installed
fi
