"""What one event of a stream costs, and how soon the first one comes."""

import argparse
import socket
import statistics
import time
from collections.abc import Iterator

from . import chat, peers
from .chatkitd import echo
from .creates import created, persisted
from .load import LoadFailed, Result
from .rows import Comparison
from .servers import Server

TITLE = "Events"
# An answer of 1000 deltas, which leaves little of the CPU time to what comes once a request.
LONG = 100
# One after the other: what a visitor waits for when nobody else is there.
FIRST_EVENTS = 300

COMPARISONS = [
    Comparison(
        "CPU per event, answers of 1000 deltas, SQLite, `synchronous=NORMAL`",
        "long, sqlite",
        "long, openai-chatkit, cached",
        of="cpu_us_per_event",
        at_most=1 / 20,
    ),
    *(
        Comparison("first event, SQLite, `synchronous=NORMAL`", "first, sqlite", f"first, {peer}", of=of)
        for peer in ("openai-chatkit, cached", "chatkit-node")
        for of in ("p50_ms", "p99_ms")
    ),
]

SERVERS = {
    "long, openai-chatkit, cached": "1000 deltas: openai-chatkit, its request adapter cached",
    "long, sqlite": "1000 deltas: chatkitd, SQLite, `synchronous=NORMAL`",
    "first, openai-chatkit, cached": "first event, one at a time: openai-chatkit, its request adapter cached",
    "first, chatkit-node": "first event, one at a time: chatkit-node-backend-sdk",
    "first, sqlite": "first event, one at a time: chatkitd, SQLite, `synchronous=NORMAL`",
    "first, postgres": "first event, one at a time: chatkitd, PostgreSQL, `synchronous_commit=on`",
}


def measured(asked: argparse.Namespace) -> Iterator[tuple[str, Result]]:
    with peers.chatkit_python_cached(LONG) as server:
        yield "long, openai-chatkit, cached", created(server, asked, LONG)
    with echo("sqlite", LONG) as (server, database):
        yield "long, sqlite", persisted(database, created(server, asked, LONG), LONG)
    with peers.chatkit_python_cached() as server:
        yield "first, openai-chatkit, cached", first_events(server)
    with peers.chatkit_node() as server:
        yield "first, chatkit-node", first_events(server)
    for store in ("sqlite", "postgres"):
        with echo(store) as (server, _):
            yield f"first, {store}", first_events(server)


def first_events(server: Server) -> Result:
    """From the request to the first event, on a connection that is kept."""
    began = time.perf_counter()
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        waits = [first_event_ms(connection, f"first-{n}") for n in range(FIRST_EVENTS)]
    per_second = FIRST_EVENTS / (time.perf_counter() - began)
    cuts = statistics.quantiles(waits, n=100)
    return Result(FIRST_EVENTS, per_second, cuts[49], cuts[98])


def first_event_ms(connection: socket.socket, user: str) -> float:
    body = chat.create()
    head = (
        f"POST {chat.PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"x-user-id: {user}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    began = time.perf_counter()
    connection.sendall(head.encode() + body)
    answer = read_until(connection, b"", b"data: ")
    waited = time.perf_counter() - began
    answer = read_until(connection, answer, b"\r\n0\r\n\r\n")
    if not answer.startswith(b"HTTP/1.1 200"):
        raise LoadFailed(f"a first event was refused: {answer[:500]!r}")
    return waited * 1000


def read_until(connection: socket.socket, received: bytes, end: bytes) -> bytes:
    while end not in received:
        part = connection.recv(65536)
        if not part:
            raise LoadFailed(f"a connection was closed early: {received[-500:]!r}")
        received += part
    return received
