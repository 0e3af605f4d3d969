#!/usr/bin/env bash
# A conversation with chatkitd by hand: a session, a message, the history, an answer that is read again, and one that
# is stopped. Needs nothing but curl. README.md says how to start a server for it.
set -euo pipefail

server=${1:-http://127.0.0.1:8787}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# field NAME < JSON: the first text of that name. A program would parse the JSON.
field() { sed -n "s/.*\"$1\": *\"\([^\"]*\)\".*/\1/p" | head -n 1; }

echo '1. A session: your back end asks for it, the page gets the client secret.'
curl -fsS -X POST "$server/api/chatkit/session" >"$folder/session"
secret=$(field client_secret <"$folder/session")
echo "   ${secret:0:12}…"

# ask JSON [CURL-OPTION...]: one operation of the ChatKit protocol.
ask() {
    local body=$1
    shift
    curl -fsSN "$server/v1/chatkit/conversation" -H "authorization: Bearer $secret" \
        -H 'content-type: application/json' -d "$body" "$@"
}

# input TEXT: what a visitor sends who types it.
input() {
    echo "{\"content\": [{\"type\": \"input_text\", \"text\": \"$1\"}], \"attachments\": [], \"inference_options\": {}}"
}

# run_of FILE: the run that the response headers in FILE name.
run_of() { sed -n 's/^x-chatkit-run-id: *\(run_[0-9a-f]*\).*/\1/p' "$1"; }

echo '2. A message: a thread begins, and the answer comes as events.'
ask "{\"type\": \"threads.create\", \"params\": {\"input\": $(input 'Good morning to you')}}" \
    -D "$folder/headers" | tee "$folder/events"
run=$(run_of "$folder/headers")
thread=$(grep '"thread.created"' "$folder/events" | sed 's/.*"thread"//' | field id)

echo "3. The threads of this visitor."
ask '{"type": "threads.list", "params": {"limit": 10}}'
echo

echo '4. A lost connection: the events of the run, after the third.'
curl -fsSN "$server/v1/chatkit/runs/$run/events" -H "authorization: Bearer $secret" -H 'last-event-id: 3'

echo '5. Stop: a long answer, cancelled as soon as it has begun. What was said until then is kept.'
touch "$folder/long"
ask "{\"type\": \"threads.add_user_message\", \"params\": {\"thread_id\": \"$thread\",
      \"input\": $(input "Count: $(seq -s ' ' 400)")}}" \
    -D "$folder/headers" >"$folder/long" &
answering=$!
until grep -q 'text_delta' "$folder/long"; do
    kill -0 "$answering" # ends the script should the request have failed
    sleep 0.05
done
curl -fsS -X POST "$server/v1/chatkit/runs/$(run_of "$folder/headers")/cancel" -H "authorization: Bearer $secret"
echo
wait "$answering"
tail -n 3 "$folder/long"

echo '6. The whole conversation.'
ask "{\"type\": \"items.list\", \"params\": {\"thread_id\": \"$thread\", \"order\": \"asc\"}}"
echo
