# How setup-test.sh and bench/setup.sh bring programs and packages. Sourced after test-tools.sh by a script that says
# `who` it is, and whose `missing_packages` prints the Debian packages for what is not there yet, one a line.
# shellcheck shell=bash

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

# ensure_packages ELSEWHERE: installs what is missing as root on Debian; anyone else is told what, and the same in
# the words of ELSEWHERE.
ensure_packages() {
    local missing
    missing=$(missing_packages | xargs)
    [[ -n $missing ]] || return 0
    if ((EUID == 0)) && command -v apt-get >/dev/null; then
        echo "$who: installing $missing"
        # shellcheck disable=SC2086 # a list of package names
        install_packages $missing
        find_test_tools
        missing=$(missing_packages | xargs)
        [[ -n $missing ]] || return 0
    fi
    {
        echo "$who: these Debian packages are missing: $missing"
        echo "  Debian, Ubuntu:  sudo apt-get install $missing"
        echo "  elsewhere:       $1"
    } >&2
    exit 1
}

ensure_node() {
    if works_as_node && command -v npm >/dev/null; then return; fi
    echo "$who: Node 20.19 or 22.12 or newer with npm is missing (Debian's own is older): https://nodejs.org" >&2
    exit 1
}

# git is there wherever a clone is; sha256sum is not.
digest() { cat "$@" | git hash-object --stdin; }
is_fresh() { [[ -f $1 && $(<"$1") == "$2" ]]; }

# install_python_environment DIR REQUIREMENTS: a Python environment with these packages.
install_python_environment() {
    local dir=$1 requirements=$2 python key
    python=$(find_python)
    key="$(digest "$requirements") $("$python" --version)"
    if is_fresh "$dir.stamp" "$key" && [[ -x $dir/bin/python ]]; then return; fi
    echo "$who: Python environment in ${dir#"$root/"}"
    rm -rf "${dir:?}" "$dir.stamp"
    mkdir -p "$(dirname "$dir")"
    "$python" -m venv "$dir"
    "$dir/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$requirements"
    echo "$key" >"$dir.stamp"
}
