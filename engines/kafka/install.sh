#!/usr/bin/env bash
# install.sh DEST: puts Apache Kafka's jars into DEST/libs and a class-data-sharing
# archive for this machine's Java beside them (DEST/kafka.jsa), which halves the
# broker's start time. Does nothing when both are there for this version and Java.
set -euo pipefail
export LC_ALL=C

here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "${1:?usage: install.sh DEST}"
dest=$(cd "$1" && pwd)
java=${LLMOBSERVE_JAVA:-${JAVA_HOME:+$JAVA_HOME/bin/java}}
java=${java:-java}

# The archive is valid for one set of jars at one place and one Java only.
stamp="$(cksum <"$here/pom.xml") $(cksum <"$here/install.sh") $dest $("$java" -version 2>&1 | tr '\n' ' ')"
[ "$(cat "$dest/stamp" 2>/dev/null)" = "$stamp" ] && exit 0

work=$(mktemp -d)
broker=
cleanup() {
  [ -z "$broker" ] || kill -KILL "$broker" 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT

echo "Installing Apache Kafka into $1" >&2
rm -rf "$dest/libs" "$dest/kafka.jsa" "$dest/stamp"
mvn -q -B -f "$here/pom.xml" dependency:copy-dependencies \
  -DincludeScope=runtime -DoutputDirectory="$work/libs"
mv "$work/libs" "$dest/libs"

classpath=$(printf '%s:' "$dest"/libs/*.jar)
flags="-Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:-UsePerfData"

# Runs a throw-away broker once and has Java write down what it loaded.
archive() {
  local port=$((20000 + RANDOM % 10000)) data="$work/data-$1"
  cat >"$work/server.properties" <<PROPERTIES
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$((port + 1))
listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$((port + 1))
controller.listener.names=CONTROLLER
log.dirs=$data
log.cleaner.dedupe.buffer.size=4194304
PROPERTIES
  # shellcheck disable=SC2086
  "$java" $flags -cp "$classpath" kafka.tools.StorageTool format \
    -t "$("$java" $flags -cp "$classpath" kafka.tools.StorageTool random-uuid)" \
    -c "$work/server.properties" >"$work/log" 2>&1
  # shellcheck disable=SC2086
  "$java" $flags -XX:ArchiveClassesAtExit="$dest/kafka.jsa" -cp "$classpath" \
    kafka.Kafka "$work/server.properties" >>"$work/log" 2>&1 &
  broker=$!
  for _ in $(seq 1 300); do
    kill -0 "$broker" 2>/dev/null || { broker=; return 1; }
    (: </dev/tcp/127.0.0.1/$port) 2>/dev/null && break
    sleep 0.2
  done
  sleep 2 # Registration and the first heartbeats load classes too.
  kill -TERM "$broker"
  wait "$broker" || true # Java exits with 143 on SIGTERM.
  broker=
  [ -s "$dest/kafka.jsa" ]
}

# Without an archive the broker only starts slower, so a failure is no error;
# the stamp is left out, so that the next run tries again.
if archive 1 || archive 2; then
  printf '%s' "$stamp" >"$dest/stamp"
else
  echo "No class archive could be made; Kafka will start slower. The last lines said:" >&2
  tail -n 5 "$work/log" >&2
fi
