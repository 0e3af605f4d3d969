#!/usr/bin/env bash
# Names, or as root on Debian installs, what a build needs beyond Rust: a C compiler and CMake for the TLS
# library and SQLite.
set -euo pipefail

missing=
command -v cc >/dev/null || missing+=' build-essential'
command -v cmake >/dev/null || [[ $(uname -m) == x86_64 || $(uname -m) == aarch64 ]] || missing+=' cmake'
[[ -n $missing ]] || exit 0

if ((EUID == 0)) && command -v apt-get >/dev/null; then
    echo "setup-build: installing$missing"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    # shellcheck disable=SC2086 # a list of package names
    apt-get install -y -qq --no-install-recommends $missing >/dev/null
else
    echo "setup-build: the build needs these Debian packages:$missing" >&2
    echo "  sudo apt-get install$missing" >&2
    exit 1
fi
