"""The official openai package drives chatkitd: what it sends is what it has always sent, and whatever comes back has
to pass its own strict validation. Run by crates/server/tests/it/sdk, which prepares the server and says in the
environment what is there:

    SDK_BASE_URL, SDK_API_KEY    the server, and a service key of its only site
    SDK_FLAKY_URL                the same behind a proxy that fails the first two attempts at every request
    SDK_LIMITED_URL              a server whose site takes no request any more
    SDK_USER, SDK_THREADS        a user, and how many threads they have
    SDK_THREAD, SDK_ITEMS        one of these, and how many items it has
    SDK_CLIENT_SECRET            a client secret, which is no API key
"""

import os
import sys

import openai
from openai import OpenAI

environment = os.environ
base, key = environment["SDK_BASE_URL"], environment["SDK_API_KEY"]


def client_of(url, **options):
    return OpenAI(base_url=url, api_key=options.pop("api_key", key), _strict_response_validation=True, **options)


client = client_of(base, max_retries=0)
sessions, threads = client.beta.chatkit.sessions, client.beta.chatkit.threads


def check(name, condition, shown=None):
    if not condition:
        sys.exit(f"{name}: {shown!r}")


def fails(kind, status, code, call, param=None):
    try:
        answer = call()
    except kind as error:
        check("the class itself", type(error) is kind, error)
        check("status and code", (error.status_code, error.code, error.param) == (status, code, param), error)
        check("a message", error.message and "Error code" in str(error) or error.message, str(error))
        check("a request id", error.request_id.startswith("req_"), error.request_id)
        return error
    sys.exit(f"no {kind.__name__}, but {answer!r}")


def the_sdks_own_tests():
    """Word for word what the SDK's test suite sends."""
    minimal = sessions.create(user="x", workflow={"id": "wf_echo"})
    check("minimal", minimal.status == "active" and minimal.rate_limits.max_requests_per_1_minute == 10, minimal)
    check("a request id", minimal._request_id.startswith("req_"), minimal._request_id)
    full = sessions.create(
        user="x",
        workflow={
            "id": "wf_echo",
            "state_variables": {"foo": "string"},
            "tracing": {"enabled": True},
            "version": "version",
        },
        chatkit_configuration={
            "automatic_thread_titling": {"enabled": True},
            "file_upload": {"enabled": True, "max_file_size": 1, "max_files": 1},
            "history": {"enabled": True, "recent_threads": 1},
        },
        expires_after={"anchor": "created_at", "seconds": 1},
        rate_limits={"max_requests_per_1_minute": 1},
    )
    check("state variables", full.workflow.state_variables == {"foo": "string"}, full)
    check("configuration", full.chatkit_configuration.file_upload.max_files == 1, full)
    check("limits", full.max_requests_per_1_minute == full.rate_limits.max_requests_per_1_minute == 1, full)
    check("cancel", sessions.cancel("cksess_123").status == "cancelled")
    check("retrieve", threads.retrieve("cthr_123").id == "cthr_123")
    check("list", threads.list().data)
    everything = {"after": "after", "before": "before", "limit": 0, "order": "asc"}
    check("list with all", not threads.list(user="x", **everything).data)
    check("items", threads.list_items("cthr_123").data == [])
    check("items with all", not threads.list_items("cthr_123", **everything).data)
    check("delete", threads.delete("cthr_123").deleted is True)
    for call in (sessions.cancel, threads.retrieve, threads.delete, threads.list_items):
        try:
            call("")
        except ValueError:
            continue
        sys.exit("an empty id was sent")


def pages_join():
    for expected, pages in (
        (int(environment["SDK_THREADS"]), lambda order: threads.list(user=environment["SDK_USER"], limit=7, order=order)),
        (int(environment["SDK_ITEMS"]), lambda order: threads.list_items(environment["SDK_THREAD"], limit=7, order=order)),
    ):
        up, down = [[entry.id for entry in pages(order)] for order in ("asc", "desc")]
        check("all of them, once", len(set(up)) == len(up) == expected, (len(up), expected))
        check("the other order", up == down[::-1], (up, down))
        times = [entry.created_at for entry in pages("asc")]
        check("by their times", times == sorted(times), times)
    whole = [item.id for item in threads.list_items(environment["SDK_THREAD"], limit=100, order="asc")]
    before = threads.list_items(environment["SDK_THREAD"], limit=5, order="asc", before=whole[20])
    check("the page before", [item.id for item in before.data] == whole[15:20], before)
    kinds = {type(item).__name__ for item in threads.list_items(environment["SDK_THREAD"], limit=100)}
    check("kinds", kinds == {"ChatKitThreadUserMessageItem", "ChatKitThreadAssistantMessageItem"}, kinds)


def sessions_begin_and_end():
    made = sessions.create(user="sdk", workflow={"id": "wf_echo"}, expires_after={"anchor": "created_at", "seconds": 60})
    talk = lambda: client_of(base, api_key=made.client_secret, max_retries=0).post(
        "/chatkit/conversation",
        body={"type": "threads.list", "params": {}},
        cast_to=object,
    )
    check("the secret works", talk() == {"data": [], "has_more": False}, talk())
    check("cancelled", sessions.cancel(made.id).status == "cancelled")
    check("twice", sessions.cancel(made.id).status == "cancelled")
    fails(openai.AuthenticationError, 401, "secret_revoked", talk)


def errors_have_their_classes():
    for call in (threads.retrieve, threads.delete, threads.list_items):
        fails(openai.NotFoundError, 404, "thread_not_found", lambda: call("cthr_none"))
    fails(openai.NotFoundError, 404, "session_not_found", lambda: sessions.cancel("cksess_none"))
    fails(openai.NotFoundError, 404, "workflow_not_found", lambda: sessions.create(user="x", workflow={"id": "wf_none"}))
    fails(openai.NotFoundError, 404, "not_found", lambda: client.get("/_stainless_unknown_path", cast_to=object))
    fails(openai.BadRequestError, 400, "integer_above_max_value", lambda: threads.list(limit=101), "limit")
    fails(openai.BadRequestError, 400, "empty_string", lambda: sessions.create(user="", workflow={"id": "w"}), "user")
    fails(openai.APIStatusError, 405, "method_not_allowed", lambda: client.get("/chatkit/sessions", cast_to=object))
    wrong = client_of(base, api_key="My API Key", max_retries=0).beta.chatkit.threads
    fails(openai.AuthenticationError, 401, "invalid_api_key", wrong.list)
    secret = client_of(base, api_key=environment["SDK_CLIENT_SECRET"], max_retries=0).beta.chatkit.threads
    fails(openai.PermissionDeniedError, 403, "service_key_required", secret.list)
    limited = client_of(environment["SDK_LIMITED_URL"], max_retries=0).beta.chatkit.threads
    error = fails(openai.RateLimitError, 429, "rate_limited", limited.list)
    check("when to come back", 1 <= int(error.response.headers["retry-after"]) <= 60, error.response.headers)


def failures_that_pass_are_tried_again():
    flaky = client_of(environment["SDK_FLAKY_URL"]).beta.chatkit
    check("list", flaky.threads.list(user=environment["SDK_USER"], limit=3).data)
    made = flaky.sessions.create(user="flaky", workflow={"id": "wf_echo"})
    check("create", made.status == "active", made)
    check("cancel", flaky.sessions.cancel(made.id).status == "cancelled")


the_sdks_own_tests()
pages_join()
sessions_begin_and_end()
errors_have_their_classes()
failures_that_pass_are_tried_again()
print(f"openai {openai.__version__} is content")
