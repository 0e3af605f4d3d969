"""`threads.list` and `items.list` of a user, or in a thread, that has 20 rows."""

import argparse
import json
from collections.abc import Iterator

from . import chat, load, peers
from .chat import Visitor
from .chatkitd import echo
from .load import LoadFailed, Request, Result
from .rows import Comparison
from .servers import Server

TITLE = "Lists, 20 rows"
ROWS = 20
OPERATIONS = ("threads.list", "items.list")
TARGET = 3

SERVERS = {
    f"{operation}, {server}": f"{operation}: {words}"
    for operation in OPERATIONS
    for server, words in {
        "chatkit-node": "chatkit-node-backend-sdk, silenced, in memory",
        "sqlite": "chatkitd, SQLite",
        "postgres": "chatkitd, PostgreSQL",
    }.items()
}

COMPARISONS = [
    Comparison(f"{operation}, {words}", f"{operation}, {store}", f"{operation}, chatkit-node", at_least=TARGET)
    for operation in OPERATIONS
    for store, words in {"sqlite": "SQLite", "postgres": "PostgreSQL"}.items()
]


def measured(asked: argparse.Namespace) -> Iterator[tuple[str, Result]]:
    with peers.chatkit_node() as server:
        yield from both("chatkit-node", server, asked)
    for store in ("sqlite", "postgres"):
        with echo(store) as (server, _):
            yield from both(store, server, asked)


def both(name: str, server: Server, asked: argparse.Namespace) -> Iterator[tuple[str, Result]]:
    visitor = Visitor(server, "with-rows")
    threads = [said(visitor, chat.create("row"))[0]["thread"]["id"] for _ in range(ROWS)]
    # Each message and its answer are two items.
    for _ in range(ROWS // 2 - 1):
        said(visitor, chat.operation("threads.add_user_message", thread_id=threads[0], input=chat.message("row")))
    bodies = {
        "threads.list": chat.operation("threads.list", limit=ROWS),
        "items.list": chat.operation("items.list", thread_id=threads[0], limit=ROWS),
    }
    for operation, body in bodies.items():
        yield f"{operation}, {name}", listed(visitor, [body], asked)


def said(visitor: Visitor, body: bytes) -> list[dict]:
    return visitor.say(body, ["row"])


def listed(visitor: Visitor, bodies: list[bytes], asked: argparse.Namespace) -> Result:
    """Lists, by a visitor who has rows, provided that the answers are full pages."""
    pages = [visitor.ask(body) for body in bodies[:: max(1, len(bodies) // 10)]]
    found = {len(json.loads(page)["data"]) for page in pages}
    if found != {ROWS}:
        raise LoadFailed(f"{visitor.server.name} lists {found} rows, not {ROWS}")
    request = Request(chat.PATH, bodies, visitor.headers)
    result = load.put(visitor.server, request, asked.connections, asked.seconds)
    if result.bytes < result.requests * min(map(len, pages)):
        raise LoadFailed(f"{visitor.server.name} cut pages short")
    return result
