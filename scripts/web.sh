#!/usr/bin/env bash
# scripts/web.sh {build|test|e2e}: the web pages. Packages are installed and pages are built only when
# what they are made of has changed.
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
  wanted=$(hash_of web/package-lock.json web/package.json web/storefront)
  have=$(cat build/web.stamp 2>/dev/null || true)
  if [ "$wanted" != "$have" ] || [ ! -f web/storefront/dist/index.html ]; then
    say "building the web pages"
    (cd web && npm run build)
    mkdir -p build
    echo "$wanted" >build/web.stamp
  fi
}

case "${1:-}" in
  build) build_pages ;;
  test) install_packages && cd web && npm test ;;
  e2e) install_packages && cd web && npm run e2e ;;
  *)
    echo "usage: scripts/web.sh {build|test|e2e}" >&2
    exit 2
    ;;
esac
