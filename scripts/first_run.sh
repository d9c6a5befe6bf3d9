#!/usr/bin/env bash
# scripts/first_run.sh: how long a newcomer waits. Makes a bare Debian 12 in a folder of its own
# (debootstrap), clones this repository into it, runs `make run` there twice, and says after how many
# seconds each answered. The machine's apt settings, certificates and npm settings are taken along, so
# that it works behind a proxy, too. Needs root and the packages debootstrap, curl and procps; port 8080
# must be free.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly LONGEST=1200  # seconds we wait for a page
readonly URL=http://127.0.0.1:8080

die() {
  printf 'first_run: %s\n' "$*" >&2
  exit 1
}
[ "$(id -u)" -eq 0 ] || die "needs root: it makes a chroot"
for tool in debootstrap:debootstrap curl:curl pgrep:procps; do
  command -v "${tool%:*}" >/dev/null || die "${tool%:*} is missing: apt-get install ${tool#*:}"
done
! curl -s -o /dev/null "$URL" || die "something answers at $URL already: end it first"

# In a mount namespace of its own, nothing that is mounted outlives the script.
if [ "${FIRST_RUN_INSIDE:-}" != yes ]; then
  FIRST_RUN_INSIDE=yes exec unshare --mount --fork --pid --kill-child "$0" "$@"
fi

folder=$(mktemp -d)
root=$folder/root
trap 'umount -l "$root/proc" "$root/dev" 2>/dev/null; rm -rf --one-file-system "$folder"' EXIT

echo "==> a bare Debian 12 in $root"
debootstrap --variant=minbase --include=ca-certificates,git,make bookworm "$root" \
  >"$folder/debootstrap.log" 2>&1 || die "debootstrap failed: $(tail -1 "$folder/debootstrap.log")"
cp /etc/resolv.conf /etc/hosts "$root/etc/"
cp -r /etc/apt/apt.conf.d/. "$root/etc/apt/apt.conf.d/"
cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
[ ! -f ~/.npmrc ] || cp ~/.npmrc "$root/root/"
git clone -q . "$root/root/securecart"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"

# Runs `make run` until its page answers, then ends it. Prints the seconds.
time_run() {
  local log=$1 start end pid
  start=$(date +%s.%N)
  chroot "$root" /usr/bin/env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt \
    bash -c 'cd /root/securecart && exec make run' >"$log" 2>&1 &
  pid=$!
  until curl -sf -o /dev/null "$URL/readyz"; do
    kill -0 "$pid" 2>/dev/null || die "make run ended: $(tail -5 "$log")"
    end=$(date +%s)
    [ $((end - ${start%.*})) -lt "$LONGEST" ] || die "no page after $LONGEST s"
    sleep 0.1
  done
  date +%s.%N | awk -v start="$start" '{ printf "%.1f", $1 - start }'
  kill -TERM "$(pgrep -P "$pid" -f 'securecart serve' || echo "$pid")"
  wait "$pid" || true
}

echo "==> first make run"
first=$(time_run "$folder/first.log")
echo "==> second make run"
second=$(time_run "$folder/second.log")
echo "The first run answered after $first s, the second after $second s."
