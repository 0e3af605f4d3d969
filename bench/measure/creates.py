"""`threads.create`: a new visitor's first message, answered with 50 deltas."""

import argparse
from collections.abc import Iterator
from dataclasses import replace

from . import chat, load, peers
from .chat import Visitor
from .chatkitd import echo
from .databases import PostgresDatabase, SqliteFile
from .load import LoadFailed, Request, Result
from .rows import Comparison
from .servers import Server

TITLE = "`threads.create`, 50 deltas"
REPEAT = 5

COMPARISONS = [
    Comparison("create, SQLite, `synchronous=NORMAL`", "sqlite", "chatkit-node", at_least=6),
    Comparison("create, SQLite, `synchronous=NORMAL`", "sqlite", "chatkit-node", of="p99_ms", at_most=1 / 4),
    Comparison("create, SQLite, `synchronous=FULL`", "full", "chatkit-node"),
    Comparison("create, SQLite, `synchronous=FULL`", "full", "chatkit-node", of="p99_ms"),
    Comparison("create, PostgreSQL, `synchronous_commit=on`", "postgres", "chatkit-node"),
    Comparison("create, SQLite in memory", "memory", "hyper", at_least=0.5),
    Comparison("create, SQLite in memory", "memory", "chatkit-node"),
    Comparison("create, SQLite, `synchronous=NORMAL`", "sqlite", "openai-chatkit"),
    Comparison("create, SQLite, `synchronous=NORMAL`", "sqlite", "openai-chatkit, cached"),
    Comparison(
        "create, SQLite, `synchronous=NORMAL`",
        "sqlite",
        "openai-chatkit, cached",
        of="cpu_us_per_event",
        at_most=1 / 20,
    ),
]

SERVERS = {
    "openai-chatkit": "openai-chatkit + uvicorn, one worker, in memory",
    "openai-chatkit, cached": "the same, its request adapter cached",
    "chatkit-node": "chatkit-node-backend-sdk, silenced, in memory",
    "sqlite": "chatkitd, SQLite, `synchronous=NORMAL`",
    "full": "chatkitd, SQLite, `synchronous=FULL`",
    "postgres": "chatkitd, PostgreSQL, `synchronous_commit=on`",
    "memory": "chatkitd, SQLite in memory (tmpfs)",
    "hyper": "bare hyper handler that writes the same bytes, an event a frame",
}


def measured(asked: argparse.Namespace) -> Iterator[tuple[str, Result]]:
    with peers.chatkit_python(REPEAT) as server:
        yield "openai-chatkit", created(server, asked)
    with peers.chatkit_python_cached(REPEAT) as server:
        yield "openai-chatkit, cached", created(server, asked)
    with peers.chatkit_node(REPEAT) as server:
        yield "chatkit-node", created(server, asked)
    for store in ("sqlite", "full", "postgres", "memory"):
        with echo(store, REPEAT) as (server, database):
            yield store, persisted(database, created(server, asked))
            answer = Visitor(server, "recorded").ask(chat.create())
    with peers.bare_hyper(answer) as server:
        yield "hyper", created(server, asked)


def created(server: Server, asked: argparse.Namespace, repeat: int = REPEAT) -> Result:
    """Creations, each by a user of its own, provided that the answers were whole."""
    sample = Visitor(server, "sample").ask(chat.create())
    events = chat.events_of(sample)
    chat.require_answer(events, chat.WORDS.split() * repeat)
    request = Request(chat.PATH, [chat.create()], {"x-user-id": "{load}-{n}"})
    result = load.put(server, request, asked.connections, asked.seconds)
    # All answers are of the same length but for the digits of a fraction of a second.
    if result.bytes < result.requests * len(sample) * 0.99:
        raise LoadFailed(f"{server.name} cut answers short: {result.bytes} bytes in {result.requests} answers")
    return replace(result, events=result.requests * len(events))


def persisted(database: SqliteFile | PostgresDatabase, result: Result, repeat: int = REPEAT) -> Result:
    """The result, provided that every answer which was read to its end is in the database, whole."""
    whole = " ".join(chat.WORDS.split() * repeat)
    kept = database.count(f"SELECT count(*) FROM items WHERE body LIKE '%{whole}%'")
    if kept < result.requests:
        raise LoadFailed(f"chatkitd gave {result.requests} answers and kept {kept}")
    return result
