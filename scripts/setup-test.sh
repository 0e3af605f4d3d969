#!/usr/bin/env bash
# Sets up what the tests need beyond Rust: PostgreSQL, PgBouncer, Redis, nginx and Chromium (as programs, none is left
# running), a Python environment and a Node folder. Root on Debian: missing packages are installed.
# Anyone else is told what to install. A second run finds everything in place and does nothing.
set -euo pipefail
# shellcheck source=scripts/test-tools.sh
source "$(dirname "$0")/test-tools.sh"

works_as_python() {
    "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))' >/dev/null 2>&1
}

# The first python3 on the PATH may be an old one of a version switcher.
find_python() {
    local candidate
    for candidate in python3 /usr/bin/python3; do
        if works_as_python "$candidate"; then
            echo "$candidate"
            return
        fi
    done
}

# Vite, which builds an example, asks for ^20.19.0 || >=22.12.0.
works_as_node() {
    node -e 'const [a, b] = process.versions.node.split("."); process.exit(+a === 20 ? (+b >= 19 ? 0 : 1) : a * 100 + +b >= 2212 ? 0 : 1)' \
        >/dev/null 2>&1
}

# Prints the Debian packages for what is not there yet, one a line.
missing_packages() {
    [[ -n $CHATKITD_TEST_POSTGRES_BIN ]] || echo postgresql
    [[ -n $CHATKITD_TEST_PGBOUNCER_BIN ]] || echo pgbouncer
    [[ -n $CHATKITD_TEST_REDIS_BIN ]] || echo redis-server
    [[ -n $CHATKITD_TEST_NGINX_BIN ]] || echo nginx
    [[ -n $CHATKITD_TEST_CHROMIUM ]] || echo chromium
    [[ -n $(find_python) ]] || echo python3-venv
    command -v cc >/dev/null || echo build-essential
    command -v curl >/dev/null || echo curl
}

# Debian starts a server as soon as it is installed. The tests bring their own on free ports, and a
# start on a port in use would fail the installation: policy-rc.d is Debian's way to say no.
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
        echo "setup-test: installing $missing"
        # shellcheck disable=SC2086 # a list of package names
        install_packages $missing
        find_test_tools
        missing=$(missing_packages | xargs)
        [[ -n $missing ]] || return 0
    fi
    {
        echo "setup-test: the tests need these Debian packages: $missing"
        echo "  Debian, Ubuntu:  sudo apt-get install $missing"
        echo "  elsewhere:       PostgreSQL 13+ (with initdb), PgBouncer, Redis 6+, nginx, Chromium, Python 3.10+ with venv, curl, a C compiler"
    } >&2
    exit 1
}

ensure_node() {
    if works_as_node && command -v npm >/dev/null; then return; fi
    echo "setup-test: the tests need Node 20.19 or 22.12 or newer with npm (Debian's own is older): https://nodejs.org" >&2
    exit 1
}

# git is there wherever a clone is; sha256sum is not.
digest() { cat "$@" | git hash-object --stdin; }
is_fresh() { [[ -f $1 && $(<"$1") == "$2" ]]; }

# install_python_environment NAME REQUIREMENTS: target/test-tools/NAME with these packages.
install_python_environment() {
    local name=$1 requirements=$root/$2 python stamp=$tools/$1.stamp key
    python=$(find_python)
    key="$(digest "$requirements") $("$python" --version)"
    if is_fresh "$stamp" "$key" && [[ -x $tools/$name/bin/python ]]; then return; fi
    echo "setup-test: Python environment in target/test-tools/$name"
    rm -rf "${tools:?}/$name" "$stamp"
    mkdir -p "$tools"
    "$python" -m venv "$tools/$name"
    "$tools/$name/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$requirements"
    echo "$key" >"$stamp"
}

install_node_folder() {
    local dir=$CHATKITD_TEST_NODE_DIR stamp key
    stamp=$dir/node_modules/.stamp
    key="$(digest "$dir/package.json" "$dir/package-lock.json") $(node --version)"
    if is_fresh "$stamp" "$key"; then return; fi
    echo "setup-test: Node packages in tests/node"
    (cd "$dir" && npm ci --loglevel=error --no-audit --no-fund)
    echo "$key" >"$stamp"
}

ensure_packages
ensure_node
install_python_environment venv tests/requirements.txt
install_python_environment venv-openai-2.2.0 tests/sdk/requirements-2.2.0.txt
install_node_folder
