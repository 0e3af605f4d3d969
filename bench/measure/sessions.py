"""The session endpoint: `POST /api/chatkit/session`."""

import argparse
import json
from collections.abc import Iterator

from . import load, peers
from .chatkitd import FULL, chatkitd, database_of
from .load import LoadFailed, Request, Result
from .rows import Comparison
from .servers import Server

TITLE = "Session creation"

COMPARISONS = [
    Comparison("session, hosted, SQLite, `synchronous=NORMAL`", "hosted", "nginx", at_least=0.4),
    Comparison("session, hosted, SQLite, `synchronous=FULL`", "hosted, full", "nginx"),
    Comparison("session, hosted, SQLite, `synchronous=NORMAL`", "hosted", "node"),
    Comparison("session, local, SQLite, `synchronous=NORMAL`", "local", "fastapi", at_least=6.0),
    Comparison("session, local, SQLite, `synchronous=FULL`", "local, full", "fastapi"),
    Comparison("session, local, SQLite, `synchronous=NORMAL`", "local", "node"),
]

SERVERS = {
    "nginx": "nginx `proxy_pass` with upstream keepalive, one worker",
    "node": "Node handler of seed 002 on the openai SDK",
    "hosted": "chatkitd, hosted, SQLite, `synchronous=NORMAL`",
    "hosted, full": "chatkitd, hosted, SQLite, `synchronous=FULL`",
    "fastapi": "FastAPI + uvicorn, one worker, signs a JWT, in memory",
    "local": "chatkitd, local, SQLite, `synchronous=NORMAL`",
    "local, full": "chatkitd, local, SQLite, `synchronous=FULL`",
}

LOCAL = {"CHATKIT_WORKFLOW_ID": "wf_demo"}
# What a front end of seed 002 sends.
REQUEST = Request("/api/chatkit/session", [b'{"locale":"en","pageUrl":"https://example.com/pricing"}'])


def measured(asked: argparse.Namespace) -> Iterator[tuple[str, Result]]:
    """Every server once, those that are compared close to each other in time."""

    def loaded(server: Server) -> Result:
        require_secret(server)
        return load.put(server, REQUEST, asked.connections, asked.seconds)

    with peers.standin() as upstream:
        hosted = peers.hosted_settings(upstream)
        with peers.nginx_proxy(upstream) as server:
            yield "nginx", loaded(server)
        with chatkitd(hosted) as server:
            yield "hosted", persisted(server, loaded(server))
        with chatkitd(hosted | FULL) as server:
            yield "hosted, full", persisted(server, loaded(server))
        with peers.session_node(upstream) as server:
            yield "node", loaded(server)
    with peers.session_fastapi() as server:
        yield "fastapi", loaded(server)
    with chatkitd(LOCAL) as server:
        yield "local", persisted(server, loaded(server))
    with chatkitd(LOCAL | FULL) as server:
        yield "local, full", persisted(server, loaded(server))


def require_secret(server: Server) -> None:
    status, body = server.request("POST", REQUEST.path, REQUEST.bodies[0])
    if status != 200 or not json.loads(body).get("client_secret"):
        raise LoadFailed(f"{server.name} answered {status}: {body[:500]!r}")


def persisted(server: Server, result: Result) -> Result:
    """The result, provided that every session which was answered is in the database."""
    kept = database_of(server).count("SELECT count(*) FROM secrets JOIN sessions ON sessions.id = session_id")
    if kept < result.requests:
        raise LoadFailed(f"chatkitd answered {result.requests} sessions and kept {kept}")
    return result
