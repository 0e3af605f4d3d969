#!/usr/bin/env bash
# Writes the generated files anew. Never edit them by hand: `make check` demands that they are up to date.
set -euo pipefail
cd "$(dirname "$0")/.."

fresh=$(mktemp)
trap 'rm -f "$fresh"' EXIT

# write FILE COMMAND...: a command that fails leaves the file as it was.
write() {
    "${@:2}" >"$fresh"
    cat "$fresh" >"$1"
}

describe() { cargo run --quiet --locked --package chatkitd-protocol --features schema --example describe -- "$1"; }

write crates/http/src/contracts/chatkit/request.schemas.json describe openapi
write docs/openapi.json cargo run --quiet --locked --package chatkitd -- openapi
write docs/chatkit.schema.json describe json-schema
write web/protocol/chatkit.d.ts describe typescript
