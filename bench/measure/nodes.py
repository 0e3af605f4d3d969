"""Two nodes on one PostgreSQL and Redis, each of half a core, against one such node."""

import argparse
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

from . import cgroup
from .chatkitd import WORKFLOW, chatkitd, echoing, on
from .creates import REPEAT, created, persisted
from .databases import PostgresDatabase, postgres
from .load import Result
from .rows import Comparison

TITLE = "Nodes of half a core, PostgreSQL (`synchronous_commit=on`) and Redis"

COMPARISONS = [Comparison("create, two nodes", "two nodes", "one node", at_least=1.7)]

SERVERS = {"one node": "one node", "two nodes": "two nodes, each with its own wrk"}


def measured(asked: argparse.Namespace) -> Iterator[tuple[str, Result]]:
    for name, count in {"one node": 1, "two nodes": 2}.items():
        with postgres() as database, ExitStack() as stack:
            nodes = [stack.enter_context(node(f"{count}-{n}", database)) for n in range(count)]
            with ThreadPoolExecutor(count) as pool:
                results = list(pool.map(lambda server: created(server, asked), nodes))
            yield name, persisted(database, together(results))


@contextmanager
def node(name: str, database: PostgresDatabase):
    settings = {
        "CHATKIT_WORKFLOW_ID": WORKFLOW,
        "CHATKIT_SECRET": "the-same-secret-on-each-of-the-nodes",
        "CHATKITD_REDIS_URL": os.environ["CHATKITD_TEST_REDIS_URL"],
    }
    with cgroup.half_a_core(name) as group, chatkitd(settings | on(database), echoing(REPEAT, "0s")) as server:
        cgroup.add(group, server.process.pid)
        yield server


def together(results: list[Result]) -> Result:
    """Sums; of the percentiles, the worst node's."""
    return Result(
        requests=sum(result.requests for result in results),
        per_second=sum(result.per_second for result in results),
        p50_ms=max(result.p50_ms for result in results),
        p99_ms=max(result.p99_ms for result in results),
        bytes=sum(result.bytes for result in results),
        cpu_seconds=sum(result.cpu_seconds for result in results),
        events=sum(result.events for result in results),
    )
