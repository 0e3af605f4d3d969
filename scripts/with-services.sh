#!/usr/bin/env bash
# Runs a command beside a throw-away PostgreSQL and Redis, and takes both away afterwards, whatever
# happened: `scripts/with-services.sh cargo test -p chatkitd-store`. Both listen on ports of their own
# and keep everything in a temporary folder; a developer's own servers are never touched.
#
# The command sees:
#   CHATKITD_TEST_POSTGRES_URL   a superuser's URL; a test makes its own database or schema there
#   CHATKITD_TEST_REDIS_URL      a Redis without persistence; a test uses a key prefix of its own
#   CHATKITD_TEST_DIR            the temporary folder; servers that a test starts below it with
#                                scripts/postgres.sh are stopped here if the test did not get to it
#   and the programs that scripts/test-tools.sh names, to start servers that a test wants to stop.
set -euo pipefail
# shellcheck source=scripts/test-tools.sh
source "$(dirname "$0")/test-tools.sh"

if (($# == 0)); then
    sed -n '2,4s/^# \{0,1\}//p' "$0" >&2
    exit 2
fi
if [[ -z $CHATKITD_TEST_POSTGRES_BIN || -z $CHATKITD_TEST_REDIS_BIN ]]; then
    echo "with-services: PostgreSQL or Redis is not installed: run scripts/setup-test.sh" >&2
    exit 1
fi

dir=$(mktemp -d "${TMPDIR:-/tmp}/chatkitd-test.XXXXXX")
# PostgreSQL may run as another user (see postgres.sh) and has to reach its folder.
chmod 711 "$dir"
redis_pid=

tear_down() {
    local status=$? pidfile
    trap - EXIT
    while IFS= read -r pidfile; do
        "$root/scripts/postgres.sh" stop "${pidfile%/data/postmaster.pid}" || true
    done < <(find "$dir" -name postmaster.pid)
    if [[ -n $redis_pid ]]; then
        kill "$redis_pid" 2>/dev/null || true
        wait "$redis_pid" 2>/dev/null || true
    fi
    rm -rf "$dir"
    exit "$status"
}
trap tear_down EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

redis_cli() { "$(dirname "$CHATKITD_TEST_REDIS_BIN")/redis-cli" "$@"; }

# True once the server that we started answers: another one may own the port.
redis_answers() {
    redis_cli -p "$1" info server 2>/dev/null | tr -d '\r' | grep -qx "process_id:$redis_pid"
}

# A free port cannot be reserved, only tried: a Redis that finds its port taken exits.
start_redis() {
    local port
    for _ in {1..20}; do
        port=$((20000 + RANDOM % 12000))
        "$CHATKITD_TEST_REDIS_BIN" --bind 127.0.0.1 --port "$port" --save '' --appendonly no \
            --dir "$dir" >"$dir/redis.log" 2>&1 &
        redis_pid=$!
        while kill -0 "$redis_pid" 2>/dev/null; do
            if redis_answers "$port"; then
                export CHATKITD_TEST_REDIS_URL=redis://127.0.0.1:$port
                return
            fi
            sleep 0.05
        done
        redis_pid=
        grep -q 'Address already in use' "$dir/redis.log" || break
    done
    echo "with-services: Redis did not start. Its log:" >&2
    cat "$dir/redis.log" >&2
    exit 1
}

CHATKITD_TEST_POSTGRES_URL=$("$root/scripts/postgres.sh" start "$dir/postgres")
start_redis
export CHATKITD_TEST_POSTGRES_URL CHATKITD_TEST_DIR=$dir

"$@"
