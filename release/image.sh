#!/usr/bin/env bash
# Build the image of ./Dockerfile without Docker and without a registry, and prove that it works.
#
# buildah reads the Dockerfile itself. The base image that it names, debian:<suite>-slim, is made here by debootstrap
# (minbase), from where this machine gets its packages. Needs root on Debian or Ubuntu; installs buildah and debootstrap
# where they are missing. Usage: release/image.sh [FOLDER], in which images are kept for the next run.
set -euo pipefail
cd "$(dirname "$0")/.."
FOLDER="$(mkdir -p "${1:-build/image}" && cd "${1:-build/image}" && pwd)"
IMAGE=localhost/mopenstack:latest

say() { printf '[%4d s] %s\n' "$SECONDS" "$*"; }

# told NAME: of the lines that come one each few seconds, and a word where none comes.
told() {
  local line last=$SECONDS
  while true; do
    if read -r -t 5 line; then
      [ $((SECONDS - last)) -ge 3 ] || continue
      say "$1: ${line:0:120}"
    elif [ $? -gt 128 ]; then
      say "$1: still at it"
    else
      break
    fi
    last=$SECONDS
  done
}

# with NAME COMMAND ...: what it says goes to told, and all of it into a file, whose end is shown where it fails.
with() {
  local name="$1" log="$FOLDER/$1.log"
  shift
  say "$name: ${*:0:120}"
  "$@" 2>&1 | tee "$log" | told "$name" || { tail -n 40 "$log" >&2; echo "release/image.sh: $name failed" >&2; exit 1; }
}
[ "$(id -u)" = 0 ] || { echo "release/image.sh: needs root" >&2; exit 1; }

missing=()
command -v ip > /dev/null || missing+=(iproute2)
for tool in buildah debootstrap; do command -v "$tool" > /dev/null || missing+=("$tool"); done
if [ ${#missing[@]} != 0 ]; then
  with apt-get apt-get update
  DEBIAN_FRONTEND=noninteractive with apt-get apt-get install --yes --no-install-recommends "${missing[@]}"
fi

builder() { buildah --storage-driver vfs --root "$FOLDER/storage" --runroot "$FOLDER/run" "$@"; }

BASE="$(sed -n 's/^FROM \([^ ]*\).*/\1/p' Dockerfile | sort -u)"
case "$BASE" in
  debian:*-slim) SUITE="${BASE#debian:}" SUITE="${SUITE%-slim}" ;;
  *) echo "release/image.sh: all stages are to be from one debian:<suite>-slim, not $BASE" >&2; exit 1 ;;
esac

if ! builder inspect --type image "docker.io/library/$BASE" > /dev/null 2>&1; then
  say "the base $BASE, by debootstrap"
  # Where apt has this distribution from; its mirror holds every suite.
  MIRROR="$(apt-get indextargets --format '$(REPO_URI)' 'Origin: Debian' 2> /dev/null | grep -v security | head -n 1)"
  rm -rf "$FOLDER/base"
  with debootstrap debootstrap --variant=minbase "$SUITE" "$FOLDER/base" ${MIRROR:+"$MIRROR"}
  # As in the registry's: no documentation, and apt leaves neither packages nor its index of them behind.
  rm -rf "$FOLDER"/base/var/cache/apt/* "$FOLDER"/base/var/lib/apt/lists/* "$FOLDER"/base/usr/share/{doc,info,locale,man}/*
  printf '%s\n' 'Dir::Cache::pkgcache "";' 'Dir::Cache::srcpkgcache "";' \
    'DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb || true"; };' > "$FOLDER/base/etc/apt/apt.conf.d/docker-clean"
  container="$(builder from scratch)"
  with base builder add --quiet "$container" "$FOLDER/base" /
  with base builder commit --quiet --rm "$container" "docker.io/library/$BASE"
  rm -rf "$FOLDER/base"
fi

# Where pip finds packages, and what it trusts, is this machine's business: it is lent to the stage that builds, and
# nothing of it is in the image.
lent="$FOLDER/lent"
rm -rf "$lent" && mkdir -p "$lent"
cp "${PIP_CERT:-/etc/ssl/certs/ca-certificates.crt}" "$lent/ca.crt"
{
  printf '[global]\ncert = /run/builder/ca.crt\n'
  index="${PIP_INDEX_URL:-$(python3 -m pip config get global.index-url 2> /dev/null || true)}"
  [ -z "$index" ] || printf 'index-url = %s\n' "$index"
} > "$lent/pip.conf"

# No layer for each step: each would be a copy of the whole root and an archive of it.
with buildah builder build --isolation chroot --network host --format docker --pull=never \
  --volume "$lent:/run/builder:ro" --build-arg PIP_CONFIG_FILE=/run/builder/pip.conf --tag "$IMAGE" .

container="$(builder from --pull=never "$IMAGE")"
trap 'builder rm "$container" > /dev/null' EXIT
root="$(builder mount "$container")"
builder inspect --type image "$IMAGE" > "$FOLDER/image.json"
say "the image, run as a runtime would: no root, a root that is read-only, no network but its own"
unshare --mount --net -- python3 release/prove_image.py "$root" "$FOLDER/image.json"
say "$IMAGE is as it must be; it is in $FOLDER/storage, and as an archive: buildah push $IMAGE docker-archive:FILE"
