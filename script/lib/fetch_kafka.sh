#!/usr/bin/env bash
# Copies the Kafka that tests/integration/kafka/pom.xml names, with all it needs, into .tools/kafka.
# Does nothing when it is there already; without Maven the tests of Kafka are skipped.
set -euo pipefail
cd "$(dirname "$0")/../.."

pom=tests/integration/kafka/pom.xml
stamp=.tools/kafka/stamp
wanted=$(cat "$pom" "$0" | sha256sum)
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; then exit 0; fi
if ! command -v mvn >/dev/null; then echo "fetch_kafka: no Maven (script/bootstrap --all installs it)"; exit 0; fi

mkdir -p .tools
exec 9>.tools/.kafka.lock
flock 9
rm -rf .tools/kafka
mvn --batch-mode --quiet -f "$pom" dependency:copy-dependencies -DincludeScope=runtime "-DoutputDirectory=$PWD/.tools/kafka"
echo "$wanted" >"$stamp"
