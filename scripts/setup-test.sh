#!/usr/bin/env bash
# Sets up what the tests need beyond Rust: PostgreSQL, PgBouncer, Redis, nginx and Chromium (as programs, none is left
# running), a Python environment and a Node folder. Root on Debian: missing packages are installed.
# Anyone else is told what to install. A second run finds everything in place and does nothing.
set -euo pipefail
# shellcheck source=scripts/test-tools.sh
source "$(dirname "$0")/test-tools.sh"
# shellcheck source=scripts/setup-tools.sh
source "$(dirname "$0")/setup-tools.sh"
who=setup-test

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

install_node_folder() {
    local dir=$CHATKITD_TEST_NODE_DIR stamp key
    stamp=$dir/node_modules/.stamp
    key="$(digest "$dir/package.json" "$dir/package-lock.json") $(node --version)"
    if is_fresh "$stamp" "$key"; then return; fi
    echo "setup-test: Node packages in tests/node"
    (cd "$dir" && npm ci --loglevel=error --no-audit --no-fund)
    echo "$key" >"$stamp"
}

ensure_packages 'PostgreSQL 13+ (with initdb), PgBouncer, Redis 6+, nginx, Chromium, Python 3.10+ with venv, curl, a C compiler'
ensure_node
install_python_environment "$tools/venv" "$root/tests/requirements.txt"
install_python_environment "$tools/venv-openai-2.2.0" "$root/tests/sdk/requirements-2.2.0.txt"
install_node_folder
