#!/usr/bin/env bash
# Runs one step under a heading and says how long it took: `scripts/timed.sh LABEL COMMAND...`
set -euo pipefail

label=$1
shift
printf '\n==> %s\n' "$label"
start=$SECONDS
status=0
"$@" || status=$?
if ((status == 0)); then verdict=ok; else verdict=FAILED; fi
printf '==> %s: %s in %d s\n' "$label" "$verdict" $((SECONDS - start))
exit "$status"
