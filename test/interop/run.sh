#!/usr/bin/env bash
# The interop suite: other people's clients against this server. Arguments go to pytest, such as -k plain.
#   SPILLWAY_SPARK_JARS   a folder of jars with the Delta Sharing connector, instead of Maven's
set -uo pipefail
HERE=$(cd "$(dirname "$0")" && pwd)
REPO=$(cd "$HERE/../.." && pwd)
cd "$REPO"
"$HERE/setup.sh" || exit 1
PYTHON=$REPO/.venv/interop/bin/python
status=0
if [ $# = 0 ]; then
  SPILLWAY_PYTHON=$PYTHON node_modules/.bin/vitest run --config test/interop/vitest.config.ts || status=1
  # Again, now that setup.sh has looked for a browser, and that the blocks of Python in the documents can run.
  node_modules/.bin/vitest run examples/test/browser-page.test.ts examples/test/runtimes.test.ts || status=1
  node_modules/.bin/vitest run --config test/documents/vitest.config.ts -t Python || status=1
fi
"$PYTHON" -m pytest "$HERE" -c "$HERE/pytest.ini" -p no:cacheprovider "$@" || status=1
exit $status
