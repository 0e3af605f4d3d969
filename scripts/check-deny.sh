#!/usr/bin/env bash
# cargo-deny over deny.toml: licences, bans, sources; and advisories where their database can be had.
# One that is on the PATH is used as it is. Elsewhere it is built from source, pinned, into target/check-tools,
# once per clone: a minute on 2 busy cores.
set -euo pipefail
cd "$(dirname "$0")/.."

version=0.20.2
tools=$PWD/target/check-tools
PATH=$PATH:$tools/bin

if ! command -v cargo-deny >/dev/null; then
    echo "check-deny: building cargo-deny $version into target/check-tools"
    # Unoptimised: it runs for a second, and is built where nothing is cached.
    CARGO_PROFILE_DEV_DEBUG=0 cargo install --quiet --debug --locked --version "$version" \
        --root "$tools" --target-dir "$tools/build" cargo-deny
    rm -rf "$tools/build"
fi

cargo-deny --locked check licenses bans sources

# The database is a Git repository. Where its host cannot be reached that is said, and is no failure;
# where it can, a finding is one.
if timeout 20 git ls-remote --exit-code https://github.com/RustSec/advisory-db HEAD >/dev/null 2>&1; then
    cargo-deny --locked check advisories
else
    echo "check-deny: advisories NOT checked: the RustSec database cannot be reached from here."
fi
