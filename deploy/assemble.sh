#!/usr/bin/env bash
# Lays out in a folder what the Dockerfile puts into an image, without Docker: for machines that have none, and for its test.
#   deploy/assemble.sh TARBALLS FOLDER
set -euo pipefail
HERE=$(cd "$(dirname "$0")" && pwd)
[ $# = 2 ] || { echo "usage: assemble.sh TARBALLS FOLDER" >&2; exit 2; }
TARBALLS=$(cd "$1" && pwd)
mkdir -p "$2/opt/spillway" "$2/etc/spillway" "$2/usr/local/bin"
FOLDER=$(cd "$2" && pwd)

cd "$FOLDER/opt/spillway"
npm install --omit=dev --no-audit --no-fund --engine-strict --ignore-scripts "$TARBALLS"/*.tgz
cp "$HERE/healthcheck.mjs" healthcheck.mjs
ln -sfn ../../../opt/spillway/node_modules/.bin/spillway "$FOLDER/usr/local/bin/spillway"
# Whatever the umask was: everybody may read, only the owner may write, as in an image.
chmod -R u=rwX,go=rX "$FOLDER"
