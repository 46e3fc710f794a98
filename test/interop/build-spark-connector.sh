#!/usr/bin/env bash
# Builds the jars of Spark's Delta Sharing connector from its sources, for machines whose Maven repository lacks it.
#   build-spark-connector.sh DELTA_GIT DELTA_SHARING_GIT OUT
# The first two are git directories of delta-io/delta and delta-io/delta-sharing. Then:
#   SPILLWAY_SPARK_JARS=OUT test/interop/run.sh test_spark.py
set -euo pipefail
[ $# = 3 ] || { sed -n '2,5p' "$0" >&2; exit 2; }
HERE=$(cd "$(dirname "$0")" && pwd)
REPO=$(cd "$HERE/../.." && pwd)
DELTA=3.3.2
CLIENT=1.2.2 # what Delta 3.3.2 was released with
SPARK_JARS=$(echo "$REPO"/.venv/interop/lib/python3*/site-packages/pyspark/jars)
OUT=$(mkdir -p "$3" && cd "$3" && pwd)
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT

# Spark brings Ivy, which fetches from Maven Central: prints the class path of an artifact.
fetch() { # organisation artifact version
  java -jar "$SPARK_JARS"/ivy-*.jar -cache "$REPO/.cache/ivy/cache" -confs default -warn \
    -dependency "$1" "$2" "$3" -cachepath "$WORK/classpath" >&2
  cat "$WORK/classpath"
}

compile() { # sources class-path jar
  mkdir -p "$WORK/classes/$1"
  java -Xmx2g -cp "$SCALA" scala.tools.nsc.Main -nowarn -cp "$2" -d "$WORK/classes/$1" \
    $(find "$WORK/$1" -name '*.scala')
  cp -r "$WORK/$1/src/main/resources/." "$WORK/classes/$1" 2>/dev/null || true
  jar cf "$OUT/$3" -C "$WORK/classes/$1" .
}

git --git-dir="$1" archive "v$DELTA" sharing/src/main | tar x -C "$WORK"
git --git-dir="$2" archive "v$CLIENT" client/src/main | tar x -C "$WORK"
# What the client's own build generates.
echo "package io.delta.sharing; package object client { val VERSION = \"$CLIENT\" }" >"$WORK/client/version.scala"

SCALA=$(fetch org.scala-lang scala-compiler 2.12.18)
for jar in $(fetch io.delta delta-spark_2.12 "$DELTA" | tr ':' ' '); do
  case $jar in */delta-s*.jar | */antlr4-runtime-*.jar) cp "$jar" "$OUT" ;; esac
done
compile client "$SPARK_JARS/*" "delta-sharing-client_2.12-$CLIENT.jar"
compile sharing "$SPARK_JARS/*:$OUT/*" "delta-sharing-spark_2.12-$DELTA.jar"
ls "$OUT"
