# Where the outside programs of tests and benchmarks are. Sourced by the scripts that bring or start them.
# A variable that is already set wins, so that a developer can point the tests at other builds.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
tools=$root/target/test-tools

# Debian keeps the server's programs off the PATH, in one folder per version: take the newest.
find_postgres_bin() {
    local bin
    bin=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
    if [[ ! -x $bin/initdb ]] && command -v pg_config >/dev/null; then
        bin=$(pg_config --bindir)
    fi
    if [[ ! -x $bin/initdb ]]; then
        bin=$(dirname "$(command -v initdb || echo /nonexistent/initdb)")
    fi
    [[ ! -x $bin/initdb ]] || echo "$bin"
}

# nginx and PgBouncer live in /usr/sbin, which is not on every user's PATH.
find_program() {
    PATH=$PATH:/usr/sbin:/usr/local/sbin command -v "$1" || true
}

# Debian's name first, then Ubuntu's and Google's.
find_chromium() {
    local name found
    for name in chromium chromium-browser google-chrome; do
        found=$(find_program "$name")
        if [[ -n $found ]]; then
            echo "$found"
            return
        fi
    done
}

find_test_tools() {
    : "${CHATKITD_TEST_POSTGRES_BIN:=$(find_postgres_bin)}"
    : "${CHATKITD_TEST_PGBOUNCER_BIN:=$(find_program pgbouncer)}"
    : "${CHATKITD_TEST_REDIS_BIN:=$(find_program redis-server)}"
    : "${CHATKITD_TEST_NGINX_BIN:=$(find_program nginx)}"
    : "${CHATKITD_TEST_CHROMIUM:=$(find_chromium)}"
    : "${CHATKITD_TEST_PYTHON:=$tools/venv/bin/python}"
    : "${CHATKITD_TEST_PYTHON_OPENAI_2_2_0:=$tools/venv-openai-2.2.0/bin/python}"
    : "${CHATKITD_TEST_NODE_DIR:=$root/tests/node}"
    export CHATKITD_TEST_POSTGRES_BIN CHATKITD_TEST_PGBOUNCER_BIN CHATKITD_TEST_REDIS_BIN CHATKITD_TEST_NGINX_BIN
    export CHATKITD_TEST_CHROMIUM CHATKITD_TEST_PYTHON CHATKITD_TEST_PYTHON_OPENAI_2_2_0 CHATKITD_TEST_NODE_DIR
}

find_test_tools
