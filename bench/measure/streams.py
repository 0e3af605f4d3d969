"""Many open streams, each with an event from time to time: the memory they take and how late their events come."""

import argparse
import asyncio
import gc
import resource
import statistics
import sys
import time

from . import chat
from .chatkitd import echo
from .load import LoadFailed
from .rest import resident_mib
from .rows import Value
from .servers import Server

TITLE = "Open streams"
# Of descriptors, beside those of the streams.
SPARE = 500
# Deltas of each stream.
WORDS = ["one", "two", "three"]
BEGUN = b'"assistant_message.content_part.added"'
DELTA = b'"assistant_message.content_part.text_delta"'
TICK = 0.01
END = b"\r\n0\r\n\r\n"
MAX_KIB = 24
MAX_LATE_MS = 50


def values(asked: argparse.Namespace) -> list[Value]:
    streams = possible(asked.streams)
    with echo("sqlite", delay=f"{asked.stream_delay}s") as (server, _):
        memory, lateness, own = asyncio.run(opened(server, streams, asked.stream_delay))
    what = f"{streams:,} open streams, an event each {asked.stream_delay} s, SQLite, `synchronous=NORMAL`"
    server_too = f"p50 {statistics.median(lateness):.1f} ms, at most {max(lateness):.1f} ms"
    detail = f"{server_too}; of the client's own timer p99 {p99(own):.1f} ms"
    return [
        Value(f"{what}: memory each", memory / streams * 1024, "KiB", MAX_KIB),
        Value(f"{what}: lateness, p99", p99(lateness), "ms", MAX_LATE_MS, detail),
    ]


def p99(milliseconds: list[float]) -> float:
    return statistics.quantiles(milliseconds, n=100)[98]


def possible(wished: int) -> int:
    """Each stream is a descriptor here, and one in the server, which inherits the limit."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if wished + SPARE > hard:
        print(f"bench: only {hard} descriptors are allowed (ulimit -Hn): fewer streams", file=sys.stderr)
    return min(wished, hard - SPARE)


async def opened(server: Server, streams: int, delay: float) -> tuple[float, list[float], list[float]]:
    """What the streams take together, in MiB; the lateness of all events and of the client's own timer, in ms.
    Streams are opened evenly over one delay, so that their events are spread as those of independent visitors are."""
    loop = asyncio.get_running_loop()
    warm = await Stream.open(loop, server, "warm")
    await warm.begun
    before = resident_mib(server)
    # The client's own pauses would count as the server's lateness.
    gc.disable()
    own: list[float] = []
    ticking = asyncio.create_task(tick(own))
    began, open_streams = time.perf_counter(), []
    for n in range(streams):
        await asyncio.sleep(began + n * delay / streams - time.perf_counter())
        open_streams.append(await Stream.open(loop, server, f"stream-{n}"))
    await asyncio.gather(*(stream.begun for stream in open_streams))
    memory = resident_mib(server) - before
    await asyncio.gather(*(stream.ended for stream in open_streams))
    gc.enable()
    ticking.cancel()
    return memory, [late for stream in open_streams for late in stream.lateness_ms(delay)], own


async def tick(lateness_ms: list[float]) -> None:
    """How late this loop is by itself: a busy machine, or the load of reading all the streams."""
    while True:
        asked = time.perf_counter()
        await asyncio.sleep(TICK)
        lateness_ms.append((time.perf_counter() - asked - TICK) * 1000)


class Stream(asyncio.Protocol):
    """One answer, with the times at which its events came."""

    def __init__(self, loop: asyncio.AbstractEventLoop, request: bytes):
        self.request, self.begun, self.ended = request, loop.create_future(), loop.create_future()
        self.began, self.deltas, self.tail = 0.0, [], b""

    @classmethod
    async def open(cls, loop: asyncio.AbstractEventLoop, server: Server, user: str) -> "Stream":
        body = chat.create(" ".join(WORDS))
        head = (
            f"POST {chat.PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"x-user-id: {user}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        _, stream = await loop.create_connection(lambda: cls(loop, head.encode() + body), "127.0.0.1", server.port)
        return stream

    def connection_made(self, transport: asyncio.Transport) -> None:
        self.transport = transport
        transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        now = time.perf_counter()
        if not self.began and BEGUN in data:
            self.began = now
            self.begun.set_result(None)
        self.deltas += [now] * data.count(DELTA)
        self.tail = (self.tail + data)[-len(END) :]
        if self.tail == END:
            self.transport.close()

    def connection_lost(self, _error: Exception | None) -> None:
        for future in (self.begun, self.ended):
            if not future.done():
                future.set_result(None)

    def lateness_ms(self, delay: float) -> list[float]:
        """Of each delta: it is due a delay after the one before was due."""
        if self.tail != END or not self.began or len(self.deltas) != len(WORDS):
            raise LoadFailed(f"a stream ended after {len(self.deltas)} of {len(WORDS)} deltas: {self.tail!r}")
        return [(at - self.began - n * delay) * 1000 for n, at in enumerate(self.deltas, 1)]
