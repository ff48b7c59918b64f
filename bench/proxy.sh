#!/usr/bin/env bash
# What the proxy adds and costs, beside nginx and LiteLLM's proxy, into bench/RESULTS.md. Needs the
# binaries built, and nginx; installs LiteLLM below target/ when it is not there.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ -z "${LITELLM:-}" ]; then
  venv=$PWD/target/venvs/bench-litellm
  requirements=bench/requirements-litellm.txt
  stamp=$venv/.$(sha256sum <"$requirements" | cut -c1-16)
  if [ ! -e "$stamp" ]; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$requirements"
    touch "$stamp"
  fi
  export LITELLM=$venv/bin/litellm
fi
exec python3 bench/proxy.py --into bench/RESULTS.md "$@"
