#!/usr/bin/env bash
# No source file has more than 500 lines: one subject each. Generated ones are not looked at.
set -euo pipefail
cd "$(dirname "$0")/.."

git ls-files -z '*.rs' '*.ts' '*.tsx' '*.js' '*.mjs' '*.css' '*.html' '*.py' '*.sh' '*.sql' ':!web/protocol/chatkit.d.ts' |
    xargs -0 wc -l |
    awk '$2 != "total" && $1 > 500 { print "check-lines: " $2 " has " $1 " lines; 500 is the most"; found = 1 } END { exit found }'
