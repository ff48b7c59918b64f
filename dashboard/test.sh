#!/usr/bin/env bash
# The dashboard's tests: pure parts by Vitest, every page by Playwright in a real Chromium over a
# real instance. Screenshots go to target/screenshots.
set -euo pipefail
cd "$(dirname "$0")"
. ./node.sh

if [ -z "${CHROMIUM:-}" ]; then
  CHROMIUM=$(command -v chromium || command -v chromium-browser || command -v google-chrome) || {
    echo "no Chromium: apt-get install chromium, or name one with CHROMIUM=…" >&2
    exit 1
  }
fi
export CHROMIUM
install_packages
npm run --silent check
npm run --silent unit
npm run --silent e2e
