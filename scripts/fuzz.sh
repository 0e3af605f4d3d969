#!/usr/bin/env bash
# fuzz.sh [SECONDS]: the property tests with a hundred times as many cases; then each fuzz target for so many
# seconds (60 when not said) where cargo-fuzz and a nightly toolchain are there. A finding ends it with an error and
# lies in fuzz/artifacts.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:-60}

properties() {
    # No other crate has any.
    PROPTEST_CASES=25600 cargo test --package chatkitd-protocol --package chatkitd-core --package chatkitd-workflow \
        --locked --lib --test it
}

has_libfuzzer() {
    cargo fuzz --version >/dev/null 2>&1 && rustup run nightly rustc --version >/dev/null 2>&1
}

# target NAME SEEDS...: what a target finds out by itself goes to fuzz/corpus, which is not kept; SEEDS are the
# folders that it begins with.
target() {
    local name=$1
    mkdir -p "fuzz/corpus/$name"
    cargo +nightly fuzz run "$name" "fuzz/corpus/$name" "${@:2}" -- \
        -max_total_time="$seconds" -max_len=65536 -timeout=10 -print_final_stats=1
}

properties
if ! has_libfuzzer; then
    echo 'fuzz: libFuzzer was left out. For its targets too:'
    echo '  rustup toolchain install nightly --profile minimal && cargo install --locked cargo-fuzz'
    exit 0
fi
target request fuzz/seeds/request
target widget_diff
target sse fixtures/models
target model_answer fixtures/models
target content_type fuzz/seeds/content_type
