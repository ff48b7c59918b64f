#!/bin/sh
# Runs tests/python_client.py against URL with ClickHouse's own Python
# client, in an environment made once under target/venvs.
set -eu

url=${1:?usage: python_client.sh URL VENV}
environment=${2:?usage: python_client.sh URL VENV}
here=$(cd "$(dirname "$0")" && pwd)
package=clickhouse-connect==1.12.0

# Written last, so it says that the environment is complete.
if [ "$(cat "$environment/installed" 2>/dev/null || true)" != "$package" ]; then
    rm -rf "$environment"
    mkdir -p "$(dirname "$environment")"
    python3 -m venv "$environment"
    "$environment/bin/pip" install --quiet --disable-pip-version-check "$package"
    echo "$package" >"$environment/installed"
fi
exec "$environment/bin/python" "$here/python_client.py" "$url"
