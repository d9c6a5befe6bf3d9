#!/usr/bin/env bash
# scripts/web.sh {build|test|e2e|client}: the web pages. Packages are installed and pages are built only
# when what they are made of has changed. `client` writes the API's client anew (web/client) from the
# document that the built program serves.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '==> %s\n' "$*"; }

# One hash over names and contents of the given files and folders.
hash_of() {
  find "$@" -name node_modules -prune -o -name dist -prune -o -type f -print0 |
    sort -z | xargs -0 sha256sum | sha256sum | cut -d' ' -f1
}

install_packages() {
  local wanted have
  wanted="$(node --version) $(hash_of web/package-lock.json web/package.json web/*/package.json)"
  have=$(cat web/node_modules/.installed 2>/dev/null || true)
  if [ "$wanted" != "$have" ]; then
    say "installing the web pages' npm packages"
    (cd web && npm ci --no-audit --no-fund)
    echo "$wanted" >web/node_modules/.installed
  fi
}

build_pages() {
  install_packages
  local wanted have
  wanted=$(hash_of web/package-lock.json web/package.json web/client web/kit web/storefront web/admin)
  have=$(cat build/web.stamp 2>/dev/null || true)
  if [ "$wanted" != "$have" ] || [ ! -f web/storefront/dist/index.html ] ||
    [ ! -f web/admin/dist/index.html ]; then
    say "building the web pages"
    (cd web && npm run build)
    mkdir -p build
    echo "$wanted" >build/web.stamp
  fi
}

# Runs the program on a free port and a folder of its own until the document is read.
generate_client() {
  local program=${SECURECART_BINARY:-build/dev/securecart} folder port server
  folder=$(mktemp -d)
  port=$(node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => {
    console.log(s.address().port); s.close(); })')
  "$program" serve --data "$folder" --port "$port" --log-level warn &
  server=$!
  trap 'kill "$server" 2>/dev/null; wait "$server" 2>/dev/null; rm -rf "$folder"' RETURN
  until curl --silent --fail --output /dev/null "http://127.0.0.1:$port/livez"; do
    kill -0 "$server" || return 1
    sleep 0.2
  done
  node web/client/generate.mjs "http://127.0.0.1:$port/openapi.json"
}

case "${1:-}" in
  build) build_pages ;;
  client) generate_client ;;
  test) install_packages && cd web && npm test ;;
  e2e) install_packages && cd web && npm run e2e ;;
  *)
    echo "usage: scripts/web.sh {build|test|e2e|client}" >&2
    exit 2
    ;;
esac
