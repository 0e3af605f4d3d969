"""Starts and stops one server. Everything listens on loopback."""

import http.client
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TARGET = ROOT / "target"
BENCH = TARGET / "bench"
# The disk of the repository: /tmp may be memory, which is no place to measure durability in.
DISK = BENCH / "run"
DEADLINE = 20.0


class ServerFailed(Exception):
    """A server that did not start, with the end of its log."""


class Server:
    """A process that answers on a port of loopback."""

    def __init__(self, process: subprocess.Popen, port: int, folder: Path):
        self.process, self.port, self.folder = process, port, folder

    @property
    def name(self) -> str:
        return " ".join(self.process.args)

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def request(self, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def environment(more: Mapping[str, str]) -> dict[str, str]:
    """Nothing of the developer's own environment (a real key, a proxy) reaches a server."""
    return {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **more}


@contextmanager
def scratch(parent: Path = DISK):
    """A folder that is gone afterwards."""
    parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="chatkitd-bench-", dir=parent))
    try:
        # nginx's worker runs as another user where the master is root.
        folder.chmod(0o755)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def await_answer(server: Server, log: Path) -> None:
    give_up = time.monotonic() + DEADLINE
    while time.monotonic() < give_up:
        if server.process.poll() is not None:
            break
        try:
            if server.request("GET", "/healthz")[0] == 200:
                return
        except OSError:
            time.sleep(0.02)
    raise ServerFailed(f"{server.name} did not start:\n{log.read_text()[-2000:]}")


def stop(process: subprocess.Popen) -> None:
    process.terminate()
    try:
        process.wait(DEADLINE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def running(command: list[str], port: int, folder: Path, env: Mapping[str, str]):
    """The server while the block runs. Its log must stay empty of what would have slowed it down: see the level."""
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=folder, env=environment(env), stdout=output, stderr=output)
    server = Server(process, port, folder)
    try:
        await_answer(server, log)
        yield server
    finally:
        stop(process)
