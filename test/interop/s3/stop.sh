#!/usr/bin/env bash
# Stops the server that start.sh started with the same state folder, by its process id.
set -euo pipefail
REPO=$(cd "$(dirname "$0")/../../.." && pwd)
STATE=${1:-$REPO/.cache/s3-server}
[ -f "$STATE/pid" ] || exit 0
PID=$(cat "$STATE/pid")
kill "$PID" 2>/dev/null || true
for _ in $(seq 1 50); do
  kill -0 "$PID" 2>/dev/null || break
  sleep 0.1
done
rm -f "$STATE/pid" "$STATE/server.json"
