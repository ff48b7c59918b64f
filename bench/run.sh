#!/usr/bin/env bash
# Runs every benchmark and writes bench/RESULTS.md.
set -euo pipefail
cd "$(dirname "$0")/.."

results=$(mktemp)
trap 'rm -f "$results"' EXIT
{
  echo "# Results"
  echo
  echo "Written by \`make bench\`. $(nproc) cores, $(uname -sm), $(target/release/llmobserve --version);"
  echo "every part (Kafka, ClickHouse engine, services, load) on this one machine."
  echo
  echo "| what | how | p50 | p99 | worst | goal |"
  echo "|---|---|---|---|---|---|"
} >"$results"
python3 bench/freshness.py | tee -a "$results"
mv "$results" bench/RESULTS.md
trap - EXIT
bench/proxy.sh
