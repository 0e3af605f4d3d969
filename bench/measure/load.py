"""Puts wrk's load on the session endpoint and reads what came of it."""

import json
import subprocess
from dataclasses import dataclass

from .servers import ROOT, Server

PATH = "/api/chatkit/session"
BODY = b'{"locale":"en","pageUrl":"https://example.com/pricing"}'
WARM_UP = "1s"


class LoadFailed(Exception):
    """A server that did not answer every request with success measures nothing."""


@dataclass(frozen=True)
class Result:
    """What one server did under one load."""

    requests: int
    per_second: float
    p50_ms: float
    p99_ms: float


def session_endpoint(server: Server, connections: int, seconds: int) -> Result:
    """One thread of wrk, after a look at what the endpoint answers and a short warm-up."""
    require_secret(server)
    wrk(server, connections, WARM_UP)
    return wrk(server, connections, f"{seconds}s")


def require_secret(server: Server) -> None:
    status, body = server.request("POST", PATH, BODY)
    if status != 200 or not json.loads(body).get("client_secret"):
        raise LoadFailed(f"{server.process.args[0]} answered {status}: {body[:500]!r}")


def wrk(server: Server, connections: int, duration: str) -> Result:
    script = ROOT / "bench" / "load.lua"
    command = ["wrk", "-t1", f"-c{connections}", f"-d{duration}", "-s", str(script), server.url(PATH)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    line = next(line for line in printed.splitlines() if line.startswith("result "))
    told = json.loads(line.removeprefix("result "))
    if told["refused"] or told["broken"]:
        raise LoadFailed(f"{server.process.args[0]}: {told['refused']} refused, {told['broken']} broken answers")
    return Result(told["requests"], told["requests"] / told["seconds"], told["p50_ms"], told["p99_ms"])
