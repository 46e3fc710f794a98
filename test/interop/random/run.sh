#!/usr/bin/env bash
# Random tables by other people's writers, through every way out and past pruning: test/interop/random/run.sh [SEED] [COUNT].
# COUNT tables of each writer; what fails stays in .random/, and a seed makes the same tables again.
set -euo pipefail
HERE=$(cd "$(dirname "$0")" && pwd)
REPO=$(cd "$HERE/../../.." && pwd)
cd "$REPO"
seed=${1:-${SPILLWAY_SOUNDNESS_SEED:-$RANDOM}}
count=${2:-${SPILLWAY_RANDOM_TABLES:-20}}
venv=$REPO/.venv/random
if ! cmp -s "$HERE/requirements.txt" "$venv/installed"; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$HERE/requirements.txt"
  cp "$HERE/requirements.txt" "$venv/installed"
fi
folder=$REPO/.random/$seed
rm -rf "$folder"
"$venv/bin/python" "$HERE" "$folder" "$seed" "$count"
status=0
SPILLWAY_LONG=1 SPILLWAY_TABLES=$folder SPILLWAY_REAL_PREDICATES=$((count * 900)) SPILLWAY_SOUNDNESS_SEED=$seed \
  node_modules/.bin/vitest run test/soundness/soundness.test.ts || status=1
npm run --silent ways -- "$folder" || status=1
[ "$status" != 0 ] || rm -rf "$folder"
exit $status
