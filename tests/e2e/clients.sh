#!/usr/bin/env bash
# The providers' own client libraries through the proxy of `llmobserve up`: with another base URL only,
# and with the Python SDK. Needs the binary built; installs the libraries below target/ when they are
# not there. Arguments go to pytest.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
here="$root/tests/e2e/clients"

python=$("$root/sdk/python/venv.sh" libraries)
modules="$root/target/proxy-clients"
stamp="$modules/.$(cat "$here"/package*.json | sha256sum | cut -c1-16)"
if [ ! -e "$stamp" ]; then
    mkdir -p "$modules"
    cp "$here"/package*.json "$modules/"
    npm --prefix "$modules" ci --silent --no-audit --no-fund >&2
    touch "$stamp"
fi
cp "$here/calls.mjs" "$modules/"

export LLMOBSERVE_CLIENT_PACKAGES="$modules"
export PYTHONPATH="$root/sdk/python/src:$root/sdk/python/tests:$root/tests/e2e"
exec "$python" -m pytest -q -p no:cacheprovider -W ignore "$here" "$@"
