#!/usr/bin/env bash
# Builds the dashboard into dashboard/dist/site, from where the binary takes it, when a source
# is newer than what is there.
set -euo pipefail
cd "$(dirname "$0")"
. ./node.sh

built=dist/site/index.html
if [ -f "$built" ] && [ -z "$(find src scripts index.html package-lock.json ./*.ts ./*.json \
  ../schemas/openapi.json -newer "$built" -not -name schema.d.ts -print -quit)" ]; then
  exit 0
fi
install_packages
echo "building the dashboard" >&2
npm run --silent build
