#!/usr/bin/env bash
# Runs the tests of races and faults again and again: `scripts/with-services.sh scripts/soak.sh TIMES`
set -euo pipefail
cd "$(dirname "$0")/.."

for ((round = 1; round <= ${1:?how many times}; round++)); do
    echo "==> round $round of $1"
    cargo test --locked --quiet --package chatkitd-store --test it
    cargo test --locked --quiet --package chatkitd --test it
done
