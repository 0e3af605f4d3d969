#!/usr/bin/env bash
# Builds the kits and every example that has a build, or those that are named: examples/build.sh vite-react astro
set -euo pipefail
cd "$(dirname "$0")"

export ASTRO_TELEMETRY_DISABLED=1 NEXT_TELEMETRY_DISABLED=1
(($# > 0)) || set -- vite-react astro nextjs-clerk

npm --prefix ../web ci --no-audit --no-fund
npm --prefix ../web run build --workspace react --workspace astro
for example in "$@"; do
    npm --prefix "$example" ci --no-audit --no-fund
    npm --prefix "$example" run build
done
