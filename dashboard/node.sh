# Sourced: a Node.js that is new enough first in PATH, and the packages of the lock file.

# Vite 8 needs 20.19 or newer; older systems get theirs from the npm registry, for here alone.
new_enough() { node -e 'const [a, b] = process.versions.node.split(".").map(Number);
  process.exit(a > 22 || (a === 22 && b >= 12) || (a === 20 && b >= 19) ? 0 : 1)'; }
if ! new_enough; then
  own=../target/node
  [ -x "$own/node_modules/.bin/node" ] || npm install --no-save --silent --prefix "$own" node@22
  PATH="$PWD/$own/node_modules/.bin:$PATH"
  export PATH
fi

install_packages() {
  if [ ! -f node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
    npm ci --no-audit --no-fund --loglevel error
    touch node_modules/.package-lock.json
  fi
}
