"""A back end on OpenAI's official SDK. What changed is the base URL; the key is a service key of chatkitd's."""

import os

from openai import OpenAI

client = OpenAI(
    base_url=os.environ.get("CHATKITD_URL", "http://127.0.0.1:8787") + "/v1",  # the line that changed
)

session = client.beta.chatkit.sessions.create(
    user="user_123",
    workflow={"id": os.environ.get("WORKFLOW", "wf_demo"), "state_variables": {"plan": "pro"}},
    rate_limits={"max_requests_per_1_minute": 30},
)
print(f"For the page: {session.client_secret[:12]}…, good until {session.expires_at}.")

for thread in client.beta.chatkit.threads.list(user="user_123", order="asc"):
    print(f"Thread {thread.id}: {thread.title or 'without a title'}, {thread.status.type}.")
    for item in client.beta.chatkit.threads.list_items(thread.id, order="asc"):
        if item.type in ("chatkit.user_message", "chatkit.assistant_message"):
            print(f"  {item.type.removeprefix('chatkit.')}: {' '.join(part.text for part in item.content)}")

print(f"Session {session.id} is {client.beta.chatkit.sessions.cancel(session.id).status}.")
