#!/usr/bin/env bash
# Writes the generated files anew. Never edit them by hand: `make check` demands that they are up to date.
set -euo pipefail
cd "$(dirname "$0")/.."

fresh=$(mktemp)
trap 'rm -f "$fresh"' EXIT
cargo run --quiet --locked --package chatkitd -- openapi >"$fresh"
cat "$fresh" >docs/openapi.json
