#!/usr/bin/env bash
# The providers' own client libraries through the proxy of `llmobserve up`. Needs the binary built;
# installs the libraries below target/ when they are not there.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

python=$("$root/sdk/python/venv.sh" libraries)
modules="$root/target/proxy-clients"
stamp="$modules/.$(cat "$root"/tests/e2e/clients/package*.json | sha256sum | cut -c1-16)"
if [ ! -e "$stamp" ]; then
    mkdir -p "$modules"
    cp "$root"/tests/e2e/clients/package*.json "$modules/"
    npm --prefix "$modules" ci --silent --no-audit --no-fund >&2
    touch "$stamp"
fi
cp "$root/tests/e2e/clients/calls.mjs" "$modules/"

export PYTHONPATH="$root/sdk/python/src:$root/sdk/python/tests:$root/tests/e2e"
exec "$python" "$root/tests/e2e/clients/clients.py" "$modules/calls.mjs"
