#!/usr/bin/env bash
# Licences, sources and bans of all dependencies. Where cargo-deny is installed it reads deny.toml whole.
# Installing it takes longer than everything else in `make check`, so elsewhere the essentials are held
# here, from the same list: every licence is allowed, and everything comes from the registry. (The bans
# are in check-arrows.sh too.)
set -euo pipefail
cd "$(dirname "$0")/.."

if command -v cargo-deny >/dev/null; then
    exec cargo deny --locked check bans licenses sources
fi
cargo metadata --format-version 1 --locked | node scripts/check-licences.mjs deny.toml
