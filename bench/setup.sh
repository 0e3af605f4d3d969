#!/usr/bin/env bash
# Brings what the benchmarks need: wrk, nginx, PostgreSQL and Redis (installed as root on Debian, otherwise
# named), and the peers with their Python, Node and Rust packages, pinned, in target/bench.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/test-tools.sh
source scripts/test-tools.sh
# shellcheck source=scripts/setup-tools.sh
source scripts/setup-tools.sh
who=bench
into=$root/target/bench
peers=$root/bench/peers

missing_packages() {
    command -v wrk >/dev/null || echo wrk
    [[ -n $CHATKITD_TEST_NGINX_BIN ]] || echo nginx
    [[ -n $CHATKITD_TEST_POSTGRES_BIN ]] || echo postgresql
    [[ -n $CHATKITD_TEST_REDIS_BIN ]] || echo redis-server
    [[ -n $(find_python) ]] || echo python3-venv
}

# install_node_peer PEER: into a copy, so that the sources stay free of node_modules.
install_node_peer() {
    local copy=$into/$1 key
    key="$(digest "$peers/$1"/*) $(node --version)"
    if is_fresh "$copy.stamp" "$key"; then return; fi
    echo "bench: Node packages in target/bench/$1"
    rm -rf "$copy" "$copy.stamp"
    cp -R "$peers/$1" "$copy"
    (cd "$copy" && npm ci --loglevel=error --no-audit --no-fund)
    echo "$key" >"$copy.stamp"
}

ensure_packages 'wrk, nginx, PostgreSQL 13+ (with initdb), Redis 6+, Python 3.10+ with venv'
ensure_node
install_python_environment "$into/venv" "$peers/fastapi/requirements.txt"
install_python_environment "$into/chatkit-python" "$peers/chatkit-python/requirements.txt"
install_node_peer node
install_node_peer chatkit-node
cargo build --release --locked --quiet --manifest-path bench/peers/hyper/Cargo.toml --target-dir "$into/hyper"
