#!/usr/bin/env bash
# Holds the arrows of design section 3, on what cargo resolves and not on what a manifest says:
#   protocol <- core <- {workflow, http, store} <- server, and {core, http} <- worker.
# Dependencies of tests are not looked at. All features and all targets are.
set -euo pipefail
cd "$(dirname "$0")/.."

# A runtime or a TLS stack beside tokio and rustls with aws-lc-rs.
second_stacks='ring openssl openssl-sys native-tls async-std async-global-executor smol glommio monoio'
adapters='sqlx rusqlite reqwest redis object_store lettre'

# tree PACKAGE [OPTION...]: the names in its dependency tree, itself included, one a line.
tree() {
    cargo tree --locked --all-features --target all --prefix none --format '{p}' --package "$@" |
        cut -d ' ' -f 1 | sort -u
}

# those_of NAMES < TREE: what the tree has of NAMES. Fails when that is nothing.
those_of() { grep -xF -f <(tr ' ' '\n' <<<"$1"); }
# those_beyond PATTERN NAMES < TREE: what matches PATTERN and is none of NAMES. Fails when that is nothing.
those_beyond() { grep -x "$1" | grep -vxF -f <(tr ' ' '\n' <<<"$2"); }

broken=0
report() {
    echo "check-arrows: $1" >&2
    broken=1
}

# The functions below take the tree into a variable first: a failing cargo must end the script, and
# within an `if` it would only look like "found nothing".

# may_see PACKAGE CRATES: of this workspace, PACKAGE sees itself and CRATES only.
may_see() {
    local names found
    names=$(tree "$1" --edges normal)
    if found=$(those_beyond 'chatkitd.*' "$1 $2" <<<"$names"); then
        report "$1 must not depend on ${found//$'\n'/, } (design section 3; it may see: ${2:-no other crate})."
    fi
}

# must_not_pull PACKAGE NAMES EDGES
must_not_pull() {
    local names found
    names=$(tree "$1" --edges "$3")
    if found=$(those_of "$2" <<<"$names"); then
        report "$1 must not pull in ${found//$'\n'/, } (see: cargo tree -p $1 --all-features --target all -i <name>)."
    fi
}

check_protocol() {
    local names found
    may_see chatkitd-protocol ''
    # What anybody else builds: `schema` is for the example that writes the generated files.
    names=$(cargo tree --locked --target all --prefix none --format '{p}' --package chatkitd-protocol --edges normal --depth 1 |
        cut -d ' ' -f 1 | sort -u)
    if found=$(those_beyond '.*' 'chatkitd-protocol serde serde_json' <<<"$names"); then
        report "chatkitd-protocol must not depend on ${found//$'\n'/, }: it is serde and serde_json only (without the feature schema)."
    fi
}

check_package() {
    case $1 in
    chatkitd-protocol) check_protocol ;;
    chatkitd-core)
        may_see "$1" 'chatkitd-protocol'
        must_not_pull "$1" "tokio axum hyper $adapters" normal
        ;;
    chatkitd-workflow)
        may_see "$1" 'chatkitd-protocol chatkitd-core'
        must_not_pull "$1" "axum $adapters" normal
        ;;
    chatkitd-http)
        may_see "$1" 'chatkitd-protocol chatkitd-core'
        must_not_pull "$1" "$adapters" normal
        ;;
    chatkitd-store)
        may_see "$1" 'chatkitd-protocol chatkitd-core'
        must_not_pull "$1" 'axum hyper reqwest redis object_store lettre' normal
        ;;
    chatkitd-worker)
        may_see "$1" 'chatkitd-protocol chatkitd-core chatkitd-http'
        ;;
    chatkitd)
        may_see "$1" 'chatkitd-protocol chatkitd-core chatkitd-workflow chatkitd-http chatkitd-store'
        must_not_pull "$1" "$second_stacks" normal,build
        ;;
    # An example sees what anybody may.
    own-agent) must_not_pull "$1" "$second_stacks" normal,build ;;
    *) report "$1 has no place in design section 3 yet: give it one here." ;;
    esac
}

# The checks above say "all is well" by finding nothing, so a matcher that never finds would pass.
self_test() {
    local made=$'axum\nchatkitd-http\nchatkitd-store\nring-like\nsqlx' server
    server=$(tree chatkitd --edges normal)
    if [[ $(those_of "$adapters" <<<"$made") != sqlx ]] ||
        those_of 'ring' <<<"$made" ||
        [[ $(those_beyond 'chatkitd.*' 'chatkitd-http' <<<"$made") != chatkitd-store ]] ||
        those_beyond 'chatkitd.*' 'chatkitd-http chatkitd-store' <<<"$made" ||
        [[ $(those_of tokio <<<"$server") != tokio ]]; then
        echo 'check-arrows: its own matchers are broken: mend this script first.' >&2
        exit 1
    fi
}

self_test
packages=$(cargo tree --locked --workspace --depth 0 --prefix none --format '{p}' | cut -d ' ' -f 1 | sort -u)
for package in $packages; do
    check_package "$package"
done
exit "$broken"
