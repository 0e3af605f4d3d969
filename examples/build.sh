#!/usr/bin/env bash
# Builds the kits and every example that has a build, or those that are named: examples/build.sh vite-react astro
# A second run with the same sources does nothing.
set -euo pipefail
cd "$(dirname "$0")"

export ASTRO_TELEMETRY_DISABLED=1 NEXT_TELEMETRY_DISABLED=1
(($# > 0)) || set -- vite-react astro nextjs-clerk

digest() { git hash-object --stdin; }
# sources FOLDER...: the files in them that somebody wrote, as one digest.
sources() {
    find "$@" \( -name node_modules -o -name dist -o -name '.next*' -o -name .astro \) -prune -o -type f \
        ! -name next-env.d.ts ! -name '*.tsbuildinfo' ! -name '.env*' -print0 | LC_ALL=C sort -z | xargs -0 cat | digest
}
is_fresh() { [[ $(cat "$1" 2>/dev/null) == "$2" ]]; }

../scripts/build-web.sh
kits=$( (cat ../web/node_modules/.stamp && sources ../web/tsconfig.kit.json ../web/client ../web/react ../web/astro) | digest)
if ! is_fresh ../web/react/dist/.stamp "$kits"; then
    echo 'examples: the kits in web/react and web/astro'
    npm --prefix ../web run --silent build --workspace react --workspace astro
    echo "$kits" >../web/react/dist/.stamp
fi

for example in "$@"; do
    stamp=$example/node_modules/.stamp
    key="$kits $(sources "$example")"
    if is_fresh "$stamp" "$key"; then continue; fi
    echo "examples: $example"
    npm --prefix "$example" ci --prefer-offline --loglevel=error --no-audit --no-fund
    npm --prefix "$example" run --silent build
    echo "$key" >"$stamp"
done
