#!/usr/bin/env bash
# Installs what the interop suite needs, at pinned versions: its Python environment, the S3 server, Spark's jars.
set -euo pipefail
HERE=$(cd "$(dirname "$0")" && pwd)
REPO=$(cd "$HERE/../.." && pwd)
VENV=$REPO/.venv/interop
STAMP=$VENV/installed

if ! cmp -s "$HERE/requirements.txt" "$STAMP"; then
  python3 -m venv "$VENV"
  "$VENV/bin/pip" install --quiet --disable-pip-version-check -r "$HERE/requirements.txt"
  cp "$HERE/requirements.txt" "$STAMP"
fi

# Building the S3 server takes a minute, once; without Go its tests are reported as skipped.
STATE=$(mktemp -d)
"$HERE/s3/start.sh" "$STATE" >/dev/null || [ $? = 3 ]
"$HERE/s3/stop.sh" "$STATE"
rm -rf "$STATE"

# Pages are tested in a browser where there is one: a machine of its own, such as CI's, gets it.
if [ "$(id -u)" = 0 ] && [ "${CI:-}" = true ] && ! command -v chromium >/dev/null && command -v apt-get >/dev/null; then
  { apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium; } >/dev/null 2>&1 ||
    echo "Chromium cannot be installed: tests in a browser will be skipped"
fi

# Spark's jars: what cannot be had is said by the tests that need it.
"$VENV/bin/python" "$HERE/spark_session.py" --resolve || true
