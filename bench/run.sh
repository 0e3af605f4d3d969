#!/usr/bin/env bash
# Measures chatkitd beside its peers, in one run, on loopback: `bench/run.sh [--only sessions,chatkit] [--seconds 6]`
# (`--help` lists the rest). Everything it needs is put into target/bench; the results into bench/results.
set -euo pipefail
cd "$(dirname "$0")/.."

bench/setup.sh
scripts/build-web.sh
cargo build --release --locked --package chatkitd
# PostgreSQL keeps its files there: on a disk, which /tmp may not be, and where the account can reach it that it has when
# root starts it, which this folder may not be.
export TMPDIR=/var/tmp
exec scripts/with-services.sh target/bench/venv/bin/python -m bench.measure "$@"
