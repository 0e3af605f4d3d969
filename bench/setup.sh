#!/usr/bin/env bash
# Brings what the benchmarks need: wrk and nginx (installed as root on Debian, otherwise named), and the peers'
# Python and Node packages, pinned, in target/bench.
set -euo pipefail
cd "$(dirname "$0")/.."
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
    PATH=$PATH:/usr/sbin command -v nginx >/dev/null || echo nginx
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

install_python_peer() {
    local python key
    python=$(find_python)
    key="$(digest "$peers/fastapi/requirements.txt") $("$python" --version)"
    if is_fresh "$into/venv.stamp" "$key"; then return; fi
    echo "bench: Python packages in target/bench/venv"
    rm -rf "$into/venv" "$into/venv.stamp"
    "$python" -m venv "$into/venv"
    "$into/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
        --requirement "$peers/fastapi/requirements.txt"
    echo "$key" >"$into/venv.stamp"
}

# Installed into a copy, so that the sources stay free of node_modules.
install_node_peer() {
    local key
    key="$(digest "$peers"/node/{package.json,package-lock.json,server.mjs}) $(node --version)"
    if is_fresh "$into/node.stamp" "$key"; then return; fi
    echo "bench: Node packages in target/bench/node"
    rm -rf "$into/node" "$into/node.stamp"
    cp -R "$peers/node" "$into/node"
    (cd "$into/node" && npm ci --loglevel=error --no-audit --no-fund)
    echo "$key" >"$into/node.stamp"
}

ensure_packages
ensure_node
mkdir -p "$into"
install_python_peer
install_node_peer
