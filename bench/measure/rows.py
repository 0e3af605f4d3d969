"""The rows of the session endpoint: who is loaded, in which order, and what is compared with what."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from . import load
from .load import LoadFailed, Result
from .servers import (
    LOCAL_SETTINGS,
    Server,
    chatkitd,
    fastapi,
    hosted_settings,
    nginx_proxy,
    node,
)

FULL = {"CHATKITD_DURABILITY": "full"}


@dataclass(frozen=True)
class Comparison:
    """Requests per second of one server over another's."""

    row: str
    ours: str
    peer: str
    at_least: float | None


COMPARISONS = [
    Comparison("session, hosted, SQLite", "hosted", "nginx", 0.4),
    Comparison("session, hosted, SQLite, `durability = full`", "hosted, full", "nginx", None),
    Comparison("session, hosted, SQLite", "hosted", "node", None),
    Comparison("session, local, SQLite", "local", "fastapi", 6.0),
    Comparison("session, local, SQLite, `durability = full`", "local, full", "fastapi", None),
    Comparison("session, local, SQLite", "local", "node", None),
]

SERVERS = {
    "nginx": "nginx `proxy_pass` with upstream keepalive, one worker",
    "node": "Node handler of seed 002 on the openai SDK",
    "hosted": "chatkitd, hosted, SQLite",
    "hosted, full": "chatkitd, hosted, SQLite, `durability = full`",
    "fastapi": "FastAPI + uvicorn, one worker, signs a JWT, in memory",
    "local": "chatkitd, local, SQLite",
    "local, full": "chatkitd, local, SQLite, `durability = full`",
}


def round_of(upstream: Server, connections: int, seconds: int) -> Iterator[tuple[str, Result]]:
    """Every server once, those that are compared close to each other in time."""
    hosted = hosted_settings(upstream)

    def loaded(server: Server) -> Result:
        return load.session_endpoint(server, connections, seconds)

    with nginx_proxy(upstream) as server:
        yield "nginx", loaded(server)
    with chatkitd(hosted) as server:
        yield "hosted", persisted(server, loaded(server))
    with chatkitd(hosted | FULL) as server:
        yield "hosted, full", persisted(server, loaded(server))
    with node(upstream) as server:
        yield "node", loaded(server)
    with fastapi() as server:
        yield "fastapi", loaded(server)
    with chatkitd(LOCAL_SETTINGS) as server:
        yield "local", persisted(server, loaded(server))
    with chatkitd(LOCAL_SETTINGS | FULL) as server:
        yield "local, full", persisted(server, loaded(server))


def persisted(server: Server, result: Result) -> Result:
    """The result, provided that every session which was answered is in the database."""
    database = sqlite3.connect(f"file:{server.folder}/data/chatkitd.db?mode=ro", uri=True)
    try:
        (kept,) = database.execute("SELECT count(*) FROM secrets JOIN sessions ON sessions.id = session_id").fetchone()
    finally:
        database.close()
    if kept < result.requests:
        raise LoadFailed(f"chatkitd answered {result.requests} sessions and kept {kept}")
    return result
