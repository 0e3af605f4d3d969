#!/usr/bin/env bash
# No source file has more than 500 lines: one subject each.
set -euo pipefail
cd "$(dirname "$0")/.."

git ls-files -z '*.rs' '*.ts' '*.tsx' '*.js' '*.mjs' '*.css' '*.html' '*.py' '*.sh' '*.sql' |
    xargs -0 wc -l |
    awk '$2 != "total" && $1 > 500 { print "check-lines: " $2 " has " $1 " lines; 500 is the most"; found = 1 } END { exit found }'
