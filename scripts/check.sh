#!/usr/bin/env bash
# What `make check` holds, cheapest first.
set -euo pipefail
cd "$(dirname "$0")/.."

step() { scripts/timed.sh "$@"; }

wasm32() {
    rustup target list --installed | grep -qx wasm32-unknown-unknown || rustup target add wasm32-unknown-unknown
    cargo check --locked --target wasm32-unknown-unknown --no-default-features \
        --package chatkitd-protocol --package chatkitd-core --package chatkitd-http
}

# What is generated is the same when it is generated again.
generated() {
    scripts/generate.sh
    git diff --exit-code -- crates/http/src/contracts/chatkit/request.schemas.json docs/openapi.json \
        docs/chatkit.schema.json web/protocol/chatkit.d.ts || {
        echo 'check: generated files are not up to date; run make generate and commit them' >&2
        return 1
    }
}

# Lock files name packages and hashes, not the registry that happened to serve them (.npmrc says so).
lock_files() {
    ! git grep -n '"resolved": "https\?:' -- '*package-lock.json' || {
        echo 'check: a lock file names a registry; run npm install anew in its folder' >&2
        return 1
    }
}

export -f wasm32 generated lock_files
step 'format' cargo fmt --all --check
step 'file lengths' scripts/check-lines.sh
step 'lock files' bash -euc lock_files
step 'arrows' scripts/check-arrows.sh
step 'licences, bans and sources' scripts/check-deny.sh
step 'web' bash -euc 'cd web && npm run --silent check'
step 'lints' cargo clippy --workspace --all-targets --locked -- -D warnings
# Doc comments of clap are help texts too, where <https://…> would look odd; and a reader of the code may follow a
# link to a private item.
RUSTDOCFLAGS='-D warnings -A rustdoc::bare_urls -A rustdoc::private_intra_doc_links' step 'docs' cargo doc --workspace --no-deps --locked --document-private-items
step 'wasm32' bash -euc wasm32
step 'generated files' bash -euc generated
