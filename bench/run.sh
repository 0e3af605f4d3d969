#!/usr/bin/env bash
# Measures chatkitd beside its peers, in one run, on loopback: `bench/run.sh [--seconds 8] [--rounds 3]`
# (`--help` lists the rest). Everything it needs is put into target/bench; the results into bench/results.
set -euo pipefail
cd "$(dirname "$0")/.."

bench/setup.sh
cargo build --release --locked --package chatkitd
exec target/bench/venv/bin/python -m bench.measure "$@"
