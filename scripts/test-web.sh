#!/usr/bin/env bash
# The tests of web/: the kits by themselves, then the element, the kits and the examples in Chromium against
# target/debug/chatkitd, which `cargo test` has built. Pictures of what was seen are left in target/screenshots.
set -euo pipefail
# shellcheck source=scripts/test-tools.sh
source "$(dirname "$0")/test-tools.sh"
cd "$root/web"

npm test --silent --workspaces --if-present
