#!/usr/bin/env bash
# Installs the implementations that benchmarks compare with, at pinned versions, into .venv/peers.
set -euo pipefail
HERE=$(cd "$(dirname "$0")" && pwd)
VENV=$(cd "$HERE/../.." && pwd)/.venv/peers
if ! cmp -s "$HERE/requirements.txt" "$VENV/installed"; then
  python3 -m venv "$VENV"
  "$VENV/bin/pip" install --quiet --disable-pip-version-check -r "$HERE/requirements.txt"
  cp "$HERE/requirements.txt" "$VENV/installed"
fi
