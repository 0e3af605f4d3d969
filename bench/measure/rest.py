"""What chatkitd costs before there is any load: start-up and memory."""

import http.client
import re
import statistics
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from . import load
from .servers import CHATKITD, Server, chatkitd, chatkitd_settings, environment, free_port, scratch, stop

POLL = 0.001
DEADLINE = 10.0
SETTLED = 2.0


def start_up_ms(settings: Mapping[str, str], runs: int) -> list[float]:
    """From before the process is made to the first answered /healthz, on a migrated SQLite; one value a run."""
    with scratch() as folder:
        port = free_port()
        env = environment(chatkitd_settings(folder, port, settings))
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
        load.require_secret(server)
        time.sleep(SETTLED)
        return resident_mib(server)


def resident_mib(server: Server) -> float:
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(re.search(r"^VmRSS:\s+(\d+) kB", status, re.M)[1]) / 1024


def median(values: list[float]) -> float:
    return statistics.median(values)
