#!/usr/bin/env bash
# A throw-away PostgreSQL in a folder of its own:
#   scripts/postgres.sh start DIR   makes the database if DIR is new, starts it, prints its URL
#   scripts/postgres.sh stop DIR    stops it, breaking open connections
#   scripts/postgres.sh kill DIR    stops it as a crash would, without a last checkpoint
# After a stop or a kill, `start` brings it back on the same port. Never use it for data you want to
# keep: nothing is flushed to disk and anyone on this machine may connect.
set -euo pipefail
# shellcheck source=scripts/test-tools.sh
source "$(dirname "$0")/test-tools.sh"

usage() {
    sed -n '2,5s/^# \{0,1\}//p' "$0" >&2
    exit 2
}

# PostgreSQL refuses to run as root. The account that Debian's package made is used for it, else
# `nobody`; everyone else runs it as themselves.
server_user() {
    if ((EUID != 0)); then
        id -un
    elif id -u postgres >/dev/null 2>&1; then
        echo postgres
    else
        echo nobody
    fi
}

as_server_user() {
    if ((EUID == 0)); then
        runuser -u "$(server_user)" -- "$@"
    else
        "$@"
    fi
}

# Below the range from which systems pick ports for outgoing connections (32768 and up).
random_port() { echo $((20000 + RANDOM % 12000)); }

create() {
    mkdir -p "$dir"
    # Sockets and data belong to the server; the folder above only has to let it through.
    if ((EUID == 0)); then chown "$(server_user)" "$dir"; fi
    (cd "$dir" && as_server_user "$CHATKITD_TEST_POSTGRES_BIN/initdb" --pgdata="$dir/data" \
        --username=chatkitd --auth=trust --encoding=UTF8 --locale=C --no-sync >"$dir.log")
    cat <<CONF | as_server_user tee -a "$dir/data/postgresql.conf" >/dev/null
listen_addresses = '127.0.0.1'
unix_socket_directories = '$dir'
max_connections = 300
fsync = off
synchronous_commit = off
full_page_writes = off
CONF
}

try_start() {
    (cd "$dir" && as_server_user "$CHATKITD_TEST_POSTGRES_BIN/pg_ctl" start --wait --silent --timeout=60 \
        --pgdata="$dir/data" --log="$dir/log" --options="-p $1" >/dev/null)
}

# A free port cannot be reserved, only tried: another program may take it in between.
start_on_free_port() {
    local port attempt
    for attempt in {1..20}; do
        port=$(random_port)
        if try_start "$port" 2>/dev/null; then
            echo "$port" >"$dir.port"
            return
        fi
        # Any other failure would only repeat itself.
        grep -q 'could not bind' "$dir/log" || break
        rm -f "$dir/log"
    done
    echo "postgres.sh: PostgreSQL did not start (attempt $attempt). Its log:" >&2
    cat "$dir/log" >&2
    exit 1
}

start() {
    [[ -d $dir/data ]] || create
    if [[ -f $dir.port ]]; then
        try_start "$(<"$dir.port")"
    else
        start_on_free_port
    fi
    echo "postgres://chatkitd@127.0.0.1:$(<"$dir.port")/postgres"
}

stop() {
    (cd "$dir" && as_server_user "$CHATKITD_TEST_POSTGRES_BIN/pg_ctl" stop --wait --silent \
        --pgdata="$dir/data" --mode="$1" >/dev/null)
}

[[ $# == 2 && $2 == /* ]] || usage
dir=$2
case $1 in
start) start ;;
stop) stop fast ;;
kill) stop immediate ;;
*) usage ;;
esac
