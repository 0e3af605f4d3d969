#!/usr/bin/env bash
# Brings what the benchmarks need: wrk, nginx, PostgreSQL and Redis (installed as root on Debian, otherwise
# named), and the peers with their Python, Node and Rust packages, pinned, in target/bench.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/test-tools.sh
source scripts/test-tools.sh
into=$PWD/target/bench
peers=$PWD/bench/peers

# The first python3 on the PATH may be an old one of a version switcher.
find_python() {
    local candidate
    for candidate in python3 /usr/bin/python3; do
        if "$candidate" -c 'import sys, ensurepip; sys.exit(sys.version_info < (3, 10))' >/dev/null 2>&1; then
            echo "$candidate"
            return
        fi
    done
}

missing_packages() {
    command -v wrk >/dev/null || echo wrk
    [[ -n $CHATKITD_TEST_NGINX_BIN ]] || echo nginx
    [[ -n $CHATKITD_TEST_POSTGRES_BIN ]] || echo postgresql
    [[ -n $CHATKITD_TEST_REDIS_BIN ]] || echo redis-server
    [[ -n $(find_python) ]] || echo python3-venv
}

# Debian starts a server as soon as it is installed; policy-rc.d is its way to say no.
install_packages() {
    local policy=/usr/sbin/policy-rc.d
    if [[ ! -e $policy ]]; then
        trap 'rm -f /usr/sbin/policy-rc.d' EXIT
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod 755 "$policy"
    fi
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

ensure_packages() {
    local missing
    missing=$(missing_packages | xargs)
    [[ -n $missing ]] || return 0
    if ((EUID == 0)) && command -v apt-get >/dev/null; then
        echo "bench: installing $missing"
        # shellcheck disable=SC2086 # a list of package names
        install_packages $missing
        find_test_tools
        missing=$(missing_packages | xargs)
    fi
    if [[ -n $missing ]]; then
        echo "bench: these Debian packages are missing: $missing" >&2
        echo "  sudo apt-get install $missing" >&2
        exit 1
    fi
}

ensure_node() {
    if node -e 'process.exit(process.versions.node.split(".")[0] >= 20 ? 0 : 1)' >/dev/null 2>&1 &&
        command -v npm >/dev/null; then return; fi
    echo "bench: the Node peer needs Node 20 or newer with npm: https://nodejs.org" >&2
    exit 1
}

digest() { cat "$@" | git hash-object --stdin; }
is_fresh() { [[ -f $1 && $(<"$1") == "$2" ]]; }

# install_python_peer PEER ENVIRONMENT
install_python_peer() {
    local requirements=$peers/$1/requirements.txt venv=$into/$2 python key
    python=$(find_python)
    key="$(digest "$requirements") $("$python" --version)"
    if is_fresh "$venv.stamp" "$key"; then return; fi
    echo "bench: Python packages in target/bench/$2"
    rm -rf "$venv" "$venv.stamp"
    "$python" -m venv "$venv"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$requirements"
    echo "$key" >"$venv.stamp"
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

ensure_packages
ensure_node
mkdir -p "$into"
install_python_peer fastapi venv
install_python_peer chatkit-python chatkit-python
install_node_peer node
install_node_peer chatkit-node
cargo build --release --locked --quiet --manifest-path bench/peers/hyper/Cargo.toml --target-dir "$into/hyper"
