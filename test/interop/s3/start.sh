#!/usr/bin/env bash
# Starts a real S3-compatible server (Versity S3 Gateway over a folder), which verifies every signature, on a free
# loopback port. Prints one line of JSON: endpoint, region, keys, the folder whose sub-folders are its buckets, pid file.
#   start.sh [state-folder]     default: .cache/s3-server at the root of the repository
# Needs Go the first time, to build the pinned version into .cache (about a minute on two cores). Exit 3: no Go.
set -euo pipefail

VERSION=v1.8.0
REPO=$(cd "$(dirname "$0")/../../.." && pwd)
STATE=${1:-$REPO/.cache/s3-server}
BIN=$REPO/.cache/versitygw/$VERSION/versitygw

if [ ! -x "$BIN" ]; then
  command -v go >/dev/null || { echo "start.sh: Go is needed to build the S3 server" >&2; exit 3; }
  mkdir -p "$(dirname "$BIN")"
  echo "start.sh: building versitygw $VERSION (once)" >&2
  GOBIN=$(dirname "$BIN") GOFLAGS=-mod=mod go install "github.com/versity/versitygw/cmd/versitygw@$VERSION" >&2
fi

mkdir -p "$STATE/buckets" "$STATE/sidecar" "$STATE/iam"
STATE=$(cd "$STATE" && pwd)
if [ -f "$STATE/pid" ] && kill -0 "$(cat "$STATE/pid")" 2>/dev/null; then
  cat "$STATE/server.json"
  exit 0
fi

random_hex() { node -e "process.stdout.write(require('node:crypto').randomBytes($1).toString('hex'))"; }
ACCESS_KEY=interop$(random_hex 6)
SECRET_KEY=$(random_hex 20)

for attempt in 1 2 3 4 5; do
  PORT=$(node -e "const s=require('node:net').createServer().listen(0,'127.0.0.1',()=>{console.log(s.address().port);s.close()})")
  # Keys by environment: an argument would show in the list of processes. Metadata beside the files, for disks
  # without extended attributes.
  ROOT_ACCESS_KEY=$ACCESS_KEY ROOT_SECRET_KEY=$SECRET_KEY nohup "$BIN" --quiet --keep-alive \
    --port "127.0.0.1:$PORT" --region us-east-1 --iam-dir "$STATE/iam" --iam-cache-disable \
    posix --sidecar "$STATE/sidecar" "$STATE/buckets" >"$STATE/log" 2>&1 </dev/null &
  PID=$!
  for _ in $(seq 1 100); do
    kill -0 "$PID" 2>/dev/null || break
    if (exec 3<>"/dev/tcp/127.0.0.1/$PORT") 2>/dev/null; then
      echo "$PID" >"$STATE/pid"
      printf '{"endpoint":"http://127.0.0.1:%s","region":"us-east-1","accessKeyId":"%s","secretAccessKey":"%s","buckets":"%s","pidFile":"%s"}\n' \
        "$PORT" "$ACCESS_KEY" "$SECRET_KEY" "$STATE/buckets" "$STATE/pid" >"$STATE/server.json"
      chmod 600 "$STATE/server.json"
      cat "$STATE/server.json"
      exit 0
    fi
    sleep 0.1
  done
  kill "$PID" 2>/dev/null || true
done
echo "start.sh: the S3 server did not start" >&2
cat "$STATE/log" >&2
exit 1
