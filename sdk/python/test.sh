#!/usr/bin/env bash
# Every check of the Python SDK: types, lints, tests with the real libraries, the guide's examples
# against `llmobserve up`. Makes its virtual environment below target/ when it is not there.
#
#   sdk/python/test.sh            everything
#   sdk/python/test.sh core       without the providers' libraries and without the binary
#   sdk/python/test.sh [core] …   further arguments go to pytest
#
# LLMOBSERVE_CORPUS names a folder of recordings to replay as well.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
kind=libraries
if [ "${1:-}" = core ]; then
    kind=core
    shift
fi

venv=$(dirname "$(dirname "$("$here/venv.sh" "$kind")")")

cd "$here"
export PYTHONPATH="$here/src:$here/tests"
"$venv/bin/ruff" check --quiet src
"$venv/bin/ruff" format --quiet --check src
"$venv/bin/mypy" --no-error-summary
filter=""
if [ "$kind" = core ]; then
    filter="not libraries"
elif [ ! -x "${LLMOBSERVE_BINARY:-$here/../../target/release/llmobserve}" ]; then
    echo "llmobserve is not built: the examples are not run (make build)" >&2
    filter="not up"
fi
# Most tests wait for something: three at a time, each file in one process.
"$venv/bin/python" -m pytest -n 3 --dist loadfile -m "$filter" "$@"
"$venv/bin/python" bench/overhead.py
