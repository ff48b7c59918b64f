#!/usr/bin/env bash
# OpenTelemetry's own exporters against `llmobserve up`. Their packages go below target/.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
kept="$here/../../../target/e2e-otlp"
stamp="$kept/.$(cat "$here"/requirements.txt "$here"/package-lock.json | sha256sum | cut -c1-16)"
if [ ! -e "$stamp" ]; then
    rm -rf "$kept"
    python3 -m venv "$kept/venv"
    "$kept/venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$here/requirements.txt"
    cp "$here"/package.json "$here"/package-lock.json "$kept/"
    npm ci --prefix "$kept" --silent --no-audit --no-fund
    touch "$stamp"
fi
cp "$here/export.mjs" "$kept/"
rust="$kept-rust"
cargo build --quiet --locked --manifest-path "$here/rust/Cargo.toml" --target-dir "$rust"
export LLMOBSERVE_OTLP_PACKAGES="$kept" LLMOBSERVE_OTLP_RUST="$rust/debug/export"
exec "$kept/venv/bin/python" -m pytest -q -p no:cacheprovider "$here/test_otlp.py" "$@"
