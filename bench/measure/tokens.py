"""How much later a token of a model arrives through chatkitd than from the model server itself."""

import argparse
import asyncio
import gc
import json
import re
import statistics
import sys
import time
from contextlib import contextmanager

from . import chat
from .chatkitd import WORKFLOW, chatkitd
from .load import LoadFailed
from .rows import Value
from .servers import ROOT, Server, free_port, running, scratch

TITLE = "Tokens of a model"
WORDS = 100
# Of answers at once: seconds between the tokens of each, and how many answers each of them is.
LOADS = {1: (0.01, 5), 500: (0.1, 1)}
# Long enough for any answer here.
PATIENCE = 60
# What a delta holds: times of the clock. The whole message comes once more at the end, as a `text`.
DELTA = re.compile(rb'"(?:content|delta)": ?"([\d ]+)"')


def values(asked: argparse.Namespace) -> list[Value]:
    return [value for at_once in LOADS for value in added(at_once)]


def added(at_once: int) -> list[Value]:
    tick, rounds = LOADS[at_once]
    with model(tick) as paced, through(paced) as server:
        asyncio.run(delays(server, chat.PATH, visitor, 1, 1))
        direct = cuts(asyncio.run(delays(paced, "/v1/chat/completions", client, at_once, rounds)))
        ours = cuts(asyncio.run(delays(server, chat.PATH, visitor, at_once, rounds)))
    what = f"{at_once} answer{'s' if at_once > 1 else ''} at once, {1 / tick:.0f} tokens/s each: a token is later by"
    return [
        Value(f"{what}, {name}", ours[cut] - direct[cut], "ms", detail=f"{direct[cut]:.2f} ms read directly")
        for name, cut in (("p50", 49), ("p99", 98))
    ]


def cuts(milliseconds: list[float]) -> list[float]:
    return statistics.quantiles(milliseconds, n=100)


@contextmanager
def model(tick: float):
    with scratch() as folder:
        port = free_port()
        command = [sys.executable, str(ROOT / "bench" / "standin" / "model.py"), str(port), str(WORDS), str(tick)]
        with running(command, port, folder, {}) as server:
            yield server


def through(paced: Server):
    file = (
        f'[providers.paced]\napi = "chat_completions"\nbase_url = "{paced.url("/v1")}"\n'
        f'[workflows.{WORKFLOW}]\nagent = "model"\nprovider = "paced"\nmodel = "paced"\ntitle_model = "title"\n'
    )
    return chatkitd({"CHATKIT_WORKFLOW_ID": WORKFLOW}, file)


def visitor(number: int) -> tuple[str, bytes]:
    return f"x-user-id: reader-{number}\r\n", chat.create("Count.")


def client(_number: int) -> tuple[str, bytes]:
    question = {"model": "paced", "stream": True, "messages": [{"role": "user", "content": "Count."}]}
    return "", json.dumps(question).encode()


async def delays(server: Server, path: str, asking, at_once: int, rounds: int) -> list[float]:
    """Of each token, from its writing to its reading, in ms. Answers begin evenly over one tick."""
    spread = LOADS[at_once][0] / at_once
    gc.disable()
    read: list[float] = []
    for _ in range(rounds):
        began, readers = time.perf_counter(), []
        for number in range(at_once):
            await asyncio.sleep(began + number * spread - time.perf_counter())
            readers.append(await Reader.open(server, path, *asking(number)))
        async with asyncio.timeout(PATIENCE):
            read += [delay for reader in readers for delay in await reader.whole()]
    gc.enable()
    return read


class Reader(asyncio.Protocol):
    """One answer, read until the server closes the connection."""

    def __init__(self, request: bytes):
        self.request, self.rest, self.delays_ms, self.start = request, b"", [], b""
        self.ended = asyncio.get_running_loop().create_future()

    @classmethod
    async def open(cls, server: Server, path: str, header: str, body: bytes) -> "Reader":
        head = (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nConnection: close\r\n"
            f"{header}Content-Length: {len(body)}\r\n\r\n"
        )
        loop = asyncio.get_running_loop()
        _, reader = await loop.create_connection(lambda: cls(head.encode() + body), "127.0.0.1", server.port)
        return reader

    def connection_made(self, transport: asyncio.Transport) -> None:
        transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        now = time.monotonic_ns()
        self.start = self.start or data[:500]
        lines, _, self.rest = (self.rest + data).rpartition(b"\n")
        for delta in DELTA.findall(lines):
            self.delays_ms += [(now - int(written)) / 1e6 for written in delta.split()]

    def connection_lost(self, _error: Exception | None) -> None:
        self.ended.set_result(None)

    async def whole(self) -> list[float]:
        await self.ended
        if len(self.delays_ms) != WORDS:
            raise LoadFailed(f"an answer has {len(self.delays_ms)} of {WORDS} tokens; it began {self.start!r}")
        return self.delays_ms
