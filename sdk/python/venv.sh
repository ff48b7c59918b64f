#!/usr/bin/env bash
# Prints the Python of the SDK's virtual environment `core` or `libraries`; makes it below target/
# when it is not there.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
kind=$1
requirements="$here/requirements-$kind.txt"
venv="$here/../../target/venvs/sdk-python-$kind"
stamp="$venv/.$(cat "$here"/requirements-*.txt | sha256sum | cut -c1-16)"
mkdir -p "$(dirname "$venv")"
exec 9>"$venv.lock"
flock 9 # two suites may want it at once
if [ ! -e "$stamp" ]; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$requirements" >&2
    touch "$stamp"
fi
echo "$venv/bin/python"
