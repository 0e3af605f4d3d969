"""What chatkitd costs before there is any load: start-up and memory."""

import argparse
import http.client
import re
import statistics
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from . import peers, sessions
from .chatkitd import CHATKITD, chatkitd, settings_for
from .rows import Value
from .servers import Server, environment, free_port, scratch, stop

TITLE = "At rest"
POLL = 0.001
DEADLINE = 10.0
SETTLED = 2.0
MAX_START_MS = 50
MAX_MIB = 48


def values(asked: argparse.Namespace) -> list[Value]:
    with peers.standin() as upstream:
        settings = {"local": sessions.LOCAL, "hosted": peers.hosted_settings(upstream)}
        starts = [start_up(name, value, asked.starts) for name, value in settings.items()]
        memory = [
            Value(f"memory, {name}", memory_at_rest_mib(value), "MiB", MAX_MIB) for name, value in settings.items()
        ]
    return starts + memory


def start_up(name: str, settings: Mapping[str, str], runs: int) -> Value:
    times = start_up_ms(settings, runs)
    detail = f"of {runs}: {min(times):.1f} to {max(times):.1f}"
    return Value(f"start to first answer, {name}", statistics.median(times), "ms", MAX_START_MS, detail)


def start_up_ms(settings: Mapping[str, str], runs: int) -> list[float]:
    """From before the process is made to the first answered /healthz, on a migrated SQLite; one value a run."""
    with scratch() as folder:
        port = free_port()
        env = environment(settings_for(folder, port, settings))
        subprocess.run([str(CHATKITD), "migrate"], cwd=folder, env=env, check=True, capture_output=True)
        return [one_start_ms(folder, port, env) for _ in range(runs)]


def one_start_ms(folder: Path, port: int, env: Mapping[str, str]) -> float:
    with (folder / "log").open("wb") as log:
        started = time.perf_counter()
        process = subprocess.Popen([str(CHATKITD), "serve"], cwd=folder, env=env, stdout=log, stderr=log)
        try:
            await_first_answer(port)
            return (time.perf_counter() - started) * 1000
        finally:
            stop(process)


def await_first_answer(port: int) -> None:
    give_up = time.perf_counter() + DEADLINE
    while time.perf_counter() < give_up:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE)
        try:
            connection.request("GET", "/healthz")
            if connection.getresponse().status == 200:
                return
        except ConnectionRefusedError:
            time.sleep(POLL)
        finally:
            connection.close()
    raise TimeoutError(f"chatkitd did not answer within {DEADLINE} s")


def memory_at_rest_mib(settings: Mapping[str, str]) -> float:
    """Resident memory after one session and two seconds of rest."""
    with chatkitd(settings) as server:
        sessions.require_secret(server)
        time.sleep(SETTLED)
        return resident_mib(server)


def resident_mib(server: Server) -> float:
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(re.search(r"^VmRSS:\s+(\d+) kB", status, re.M)[1]) / 1024
