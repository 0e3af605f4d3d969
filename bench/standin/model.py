"""A model server that says a word at each tick: `model.py PORT WORDS SECONDS`. A word is the time at which it was
written, in nanoseconds of the machine's monotonic clock, which every process here reads alike."""

import asyncio
import json
import sys
import time

HEAD = "HTTP/1.1 200 OK\r\nContent-Type: {}\r\nConnection: close\r\n\r\n"
# So that clients are connected and have sent their questions.
FIRST = 0.2


def chunk(delta: dict, reason: str | None = None) -> bytes:
    choices = [{"index": 0, "delta": delta, "finish_reason": reason}]
    return b"data: " + json.dumps({"object": "chat.completion.chunk", "choices": choices}).encode() + b"\n\n"


END = chunk({}, "stop") + b"data: [DONE]\n\n"


class Answer(asyncio.Protocol):
    """One connection. Anything but the model `paced` (a title) is answered with a word at once."""

    def __init__(self, words: int, tick: float):
        self.words, self.tick, self.received, self.waiting = words, tick, b"", None

    def connection_made(self, transport: asyncio.Transport) -> None:
        self.transport, self.loop = transport, asyncio.get_running_loop()

    def data_received(self, data: bytes) -> None:
        self.received += data
        head, separator, body = self.received.partition(b"\r\n\r\n")
        if head.startswith(b"GET") and separator:
            return self.finish(HEAD.format("text/plain").encode())
        length = next((int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")), 0)
        if separator and len(body) >= length > 0 and not self.waiting:
            self.transport.write(HEAD.format("text/event-stream").encode())
            if json.loads(body)["model"] != "paced":
                return self.finish(chunk({"content": "Numbers"}) + END)
            self.waiting = self.loop.call_later(FIRST, self.say, self.words)

    def say(self, left: int) -> None:
        if not left:
            return self.finish(END)
        self.transport.write(chunk({"content": f"{time.monotonic_ns()} "}))
        self.waiting = self.loop.call_later(self.tick, self.say, left - 1)

    def finish(self, last: bytes) -> None:
        self.transport.write(last)
        self.transport.close()

    def connection_lost(self, _error: Exception | None) -> None:
        if self.waiting:
            self.waiting.cancel()


async def main() -> None:
    port, words, tick = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Answer(words, tick), "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


asyncio.run(main())
