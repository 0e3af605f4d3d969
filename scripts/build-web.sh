#!/usr/bin/env bash
# Builds the widget into web/element/dist, from where it is embedded. A second run with the same sources does nothing.
# Without Node the server is built without the widget, and says so at /chatkit.js.
set -euo pipefail
cd "$(dirname "$0")/../web"

if ! node -e 'const [a, b] = process.versions.node.split("."); process.exit(a * 100 + +b >= 2009 ? 0 : 1)' 2>/dev/null; then
    echo 'build-web: the widget needs Node 20.9 or newer (https://nodejs.org); chatkitd is built without it' >&2
    exit 0
fi

digest() { git hash-object --stdin; }
packages=$( (cat package.json package-lock.json element/package.json && node --version) | digest)
if [[ $(cat node_modules/.stamp 2>/dev/null) != "$packages" ]]; then
    echo 'build-web: packages in web/node_modules'
    npm ci --loglevel=error --no-audit --no-fund
    echo "$packages" >node_modules/.stamp
fi

sources=$( (echo "$packages" && find element/src element/build.mjs protocol -type f -print0 | LC_ALL=C sort -z | xargs -0 cat) | digest)
if [[ $(cat element/dist/.stamp 2>/dev/null) != "$sources" ]]; then
    npm run --silent build --workspace element
    echo "$sources" >element/dist/.stamp
fi
