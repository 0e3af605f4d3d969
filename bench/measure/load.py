"""Puts wrk's load on a server and reads what came of it."""

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .servers import ROOT, Server

WARM_UP = 1
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


class LoadFailed(Exception):
    """A server that did not answer every request with success measures nothing."""


@dataclass(frozen=True)
class Request:
    """What is sent: one of the bodies, by chance, none of which holds a line break. `{n}` in a header is the
    number of the request, `{load}` the name of the load (the warm-up is another one)."""

    path: str
    bodies: Sequence[bytes]
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Result:
    """What one server did under one load."""

    requests: int
    per_second: float
    p50_ms: float
    p99_ms: float
    # Of all answers, headers included.
    bytes: int = 0
    # User and system time of the process.
    cpu_seconds: float = 0.0
    # Of all answers; 0 where they are no streams.
    events: int = 0

    @property
    def cpu_us_per_event(self) -> float:
        return self.cpu_seconds / self.events * 1e6


def put(server: Server, request: Request, connections: int, seconds: int) -> Result:
    """One thread of wrk, after a short warm-up."""
    bodies = server.folder / "bodies"
    bodies.write_bytes(b"\n".join(request.bodies) + b"\n")
    wrk(server, request, bodies, connections, WARM_UP, "warm")
    return wrk(server, request, bodies, connections, seconds, "load")


def wrk(server: Server, request: Request, bodies: Path, connections: int, seconds: int, load: str) -> Result:
    headers = [f"{name}={value.replace('{load}', load)}" for name, value in request.headers.items()]
    script = ROOT / "bench" / "load.lua"
    options = ["-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(script), server.url(request.path)]
    before = cpu_seconds(server)
    printed = subprocess.run(
        ["wrk", *options, "--", str(bodies), *headers], check=True, capture_output=True, text=True
    ).stdout
    spent = cpu_seconds(server) - before
    line = next(line for line in printed.splitlines() if line.startswith("result "))
    told = json.loads(line.removeprefix("result "))
    if told["refused"] or told["broken"]:
        raise LoadFailed(f"{server.name}: {told['refused']} refused, {told['broken']} broken answers")
    per_second = told["requests"] / told["seconds"]
    return Result(told["requests"], per_second, told["p50_ms"], told["p99_ms"], told["bytes"], spent)


def cpu_seconds(server: Server) -> float:
    """User and system time of all threads, also of those that are gone."""
    stat = Path(f"/proc/{server.process.pid}/stat").read_text()
    # The name, in brackets, may hold blanks. utime and stime are the 14th and 15th field.
    user, system = stat.rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / TICKS_PER_SECOND
