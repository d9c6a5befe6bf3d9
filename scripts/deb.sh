#!/usr/bin/env bash
# scripts/deb.sh [PROGRAM [FOLDER]]: builds a Debian package of the program (build/release/securecart)
# with its service, the sample topologies and the documents, into FOLDER (build). Prints its path.
set -euo pipefail
cd "$(dirname "$0")/.."

program=${1:-build/release/securecart}
folder=${2:-build}
version=$(sed -n 's/^project(securecart VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
architecture=$(dpkg --print-architecture)
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
chmod 0755 "$root"

# Packages of the libraries that the program is linked with.
libraries() {
  ldd "$program" | awk '$2 == "=>" && $3 ~ /^\// { print $3 }' | while read -r file; do
    real=$(realpath "$file")
    # The list of a package names /lib or /usr/lib, whichever it was built with.
    dpkg-query -S "$file" 2>/dev/null || dpkg-query -S "$real" 2>/dev/null ||
      dpkg-query -S "${real#/usr}" 2>/dev/null || true
  done | sed 's/:.*//' | sort -u | paste -sd, | sed 's/,/, /g'
}

install -D -m 0755 "$program" "$root/usr/bin/securecart"
strip --strip-unneeded "$root/usr/bin/securecart" 2>/dev/null || true
install -D -m 0644 packaging/securecart-agent.service \
  "$root/lib/systemd/system/securecart-agent.service"
install -D -m 0644 packaging/securecart-dns.service \
  "$root/lib/systemd/system/securecart-dns.service"
install -D -m 0644 -t "$root/usr/share/doc/securecart/examples/dns" packaging/dns/*
install -D -m 0755 packaging/stop-agent "$root/usr/lib/securecart/stop-agent"
install -D -m 0644 packaging/securecart-agent.default "$root/etc/default/securecart-agent"
install -d -m 0755 "$root/usr/share/doc/securecart" "$root/usr/share/securecart/topologies"
install -m 0644 LICENSE "$root/usr/share/doc/securecart/copyright"
install -m 0644 docs/*.md "$root/usr/share/doc/securecart/"
if compgen -G 'topologies/*.toml' >/dev/null; then
  install -m 0644 topologies/*.toml "$root/usr/share/securecart/topologies/"
fi

install -d -m 0755 "$root/DEBIAN"
install -m 0755 packaging/debian/postinst packaging/debian/prerm packaging/debian/postrm \
  "$root/DEBIAN/"
echo /etc/default/securecart-agent >"$root/DEBIAN/conffiles"
depends="adduser, $(libraries)"
cat >"$root/DEBIAN/control" <<CONTROL
Package: securecart
Version: $version
Architecture: $architecture
Maintainer: SecureCart <root@localhost>
Installed-Size: $(du -sk --exclude=DEBIAN "$root" | cut -f1)
Depends: ${depends%, }
Recommends: etcd-server, haproxy, keepalived, patroni, postgresql-15, rabbitmq-server, redis-server,
 redis-sentinel
Section: web
Priority: optional
Description: online shop that never loses an order, and proves it
 The shop, its DNS server, the agent that looks after a host of a region, and the tools to prove
 that all of it keeps its promises, in one program.
CONTROL

mkdir -p "$folder"
package="$folder/securecart_${version}_$architecture.deb"
dpkg-deb --root-owner-group --build "$root" "$package" >&2
echo "$package"
