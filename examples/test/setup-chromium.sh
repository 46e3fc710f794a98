#!/usr/bin/env bash
# A browser for the tests that need one, where this machine lets us install it. Without one they are skipped, and say so.
set -uo pipefail

if [ -n "${SPILLWAY_CHROMIUM:-}" ] || command -v chromium chromium-browser google-chrome >/dev/null; then
  echo "a browser is here already"
elif [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "no browser, and none can be installed: its tests will be skipped"
else
  export DEBIAN_FRONTEND=noninteractive
  timeout 120 apt-get update -qq
  timeout 240 apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null ||
    echo "Chromium was not installed: its tests will be skipped"
fi
exit 0
