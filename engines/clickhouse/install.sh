#!/bin/sh
# Installs the embedded ClickHouse engine (170 MB, 570 MB on disk) into DEST,
# usually target/engines/clickhouse. Does nothing when this version is there.
set -eu

destination=${1:?usage: install.sh DEST}
here=$(cd "$(dirname "$0")" && pwd)
version=$(sed -n 's/.*"@chdb\/[^"]*": "\(.*\)".*/\1/p' "$here/package.json")

case "$(uname -s)-$(uname -m)" in
    Linux-x86_64) package=lib-linux-x64-gnu ;;
    Linux-aarch64) package=lib-linux-arm64-gnu ;;
    Darwin-arm64) package=lib-darwin-arm64 ;;
    Darwin-x86_64) package=lib-darwin-x64 ;;
    *)
        echo "there is no embedded ClickHouse for $(uname -sm): set LLMOBSERVE_CLICKHOUSE_URL to a server" >&2
        exit 1
        ;;
esac

# Written last, so it says that the installation is complete.
stamp="$destination/installed"
[ "$(cat "$stamp" 2>/dev/null || true)" = "$package@$version" ] && exit 0

command -v npm >/dev/null || {
    echo "npm is missing: install Node.js, or set LLMOBSERVE_CLICKHOUSE_URL to a ClickHouse server" >&2
    exit 1
}

stage="$destination.staging"
trap 'rm -rf "$stage"' EXIT
rm -rf "$stage"
mkdir -p "$stage"
options="--no-audit --no-fund --ignore-scripts --loglevel=error --no-update-notifier"
if [ "$package" = lib-linux-x64-gnu ]; then
    cp "$here/package.json" "$here/package-lock.json" "$stage/"
    # shellcheck disable=SC2086 # several options
    npm ci --prefix "$stage" $options >/dev/null
else
    # The lock file pins the platform of servers and CI; others go by version.
    # shellcheck disable=SC2086 # several options
    npm install --prefix "$stage" --no-save --no-package-lock $options "@chdb/$package@$version" >/dev/null
fi
# The Node.js addon beside the library is of no use here.
rm -f "$stage/node_modules/@chdb/$package/chdb_node.node"

rm -rf "$destination"
mv "$stage" "$destination"
echo "$package@$version" >"$stamp"
