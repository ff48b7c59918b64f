#!/usr/bin/env bash
# Every check of the TypeScript SDK: types, the build, tests with the real libraries, and against
# `llmobserve up` the examples and the libraries through the proxy.
#
#   sdk/typescript/test.sh        everything; needs target/release/llmobserve (LLMOBSERVE_BINARY)
#   sdk/typescript/test.sh core   without the binary
#
# LLMOBSERVE_CORPUS names a folder of recordings to replay as well.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")"
stamp="node_modules/.$(sha256sum package-lock.json | cut -c1-16)"
if [ ! -e "$stamp" ]; then
    npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
    touch "$stamp"
fi
npm run --silent typecheck
npm run --silent build
# Most tests wait for something: three files at a time.
node --test --test-concurrency=3 --test-reporter=dot tests/*.test.mjs
if [ "${1:-}" != core ]; then
    # Each of them runs an `llmobserve up`.
    node --test --test-concurrency=1 --test-reporter=dot tests/up/*.test.mjs
fi
node bench/overhead.mjs
