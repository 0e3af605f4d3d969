"""Starts one server at a time: the stand-in, the peers, chatkitd. Everything listens on loopback."""

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
CHATKITD = Path(os.environ.get("CARGO_TARGET_DIR", TARGET)) / "release" / "chatkitd"
NGINX = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
DEADLINE = 20.0


class ServerFailed(Exception):
    """A server that did not start, with the end of its log."""


class Server:
    """A process that answers on a port of loopback."""

    def __init__(self, process: subprocess.Popen, port: int, folder: Path):
        self.process, self.port, self.folder = process, port, folder

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
def scratch():
    """A folder on the disk of the repository: /tmp may be memory, which is no place to measure durability in."""
    parent = TARGET / "bench" / "run"
    parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=parent))
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
    raise ServerFailed(f"{server.process.args[0]} did not start:\n{log.read_text()[-2000:]}")


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


@contextmanager
def nginx(configuration: Path, **ports: int):
    with scratch() as folder:
        port = free_port()
        text = configuration.read_text().replace("@PORT@", str(port))
        for name, value in ports.items():
            text = text.replace(f"@{name.upper()}@", str(value))
        (folder / "nginx.conf").write_text(text)
        command = [NGINX, "-p", str(folder), "-c", "nginx.conf", "-e", "stderr"]
        with running(command, port, folder, {}) as server:
            yield server


def standin():
    return nginx(ROOT / "bench" / "standin" / "nginx.conf")


def nginx_proxy(upstream: Server):
    return nginx(ROOT / "bench" / "peers" / "nginx" / "nginx.conf", upstream=upstream.port)


@contextmanager
def fastapi():
    with scratch() as folder:
        port = free_port()
        uvicorn = str(TARGET / "bench" / "venv" / "bin" / "uvicorn")
        app = str(ROOT / "bench" / "peers" / "fastapi")
        command = [uvicorn, "app:app", "--app-dir", app, "--port", str(port), "--workers", "1"]
        quiet = ["--no-access-log", "--log-level", "warning"]
        with running(command + quiet, port, folder, {"PYTHONDONTWRITEBYTECODE": "1"}) as server:
            yield server


@contextmanager
def node(upstream: Server):
    with scratch() as folder:
        port = free_port()
        env = {"PORT": str(port), "NODE_ENV": "production", **hosted_settings(upstream)}
        with running(["node", str(TARGET / "bench" / "node" / "server.mjs")], port, folder, env) as server:
            yield server


def hosted_settings(upstream: Server) -> dict[str, str]:
    """The same three names for the Node peer and for chatkitd, plus the address under both of its names."""
    base = upstream.url("/v1")
    return {
        "OPENAI_API_KEY": "sk-bench",
        "CHATKIT_WORKFLOW_ID": "wf_hosted",
        "CHATKIT_API_BASE": base,
        "OPENAI_BASE_URL": base,
    }


LOCAL_SETTINGS = {"CHATKIT_WORKFLOW_ID": "wf_demo"}


def chatkitd_settings(folder: Path, port: int, settings: Mapping[str, str]) -> dict[str, str]:
    return {
        "CHATKITD_LISTEN": f"127.0.0.1:{port}",
        "CHATKITD_ADMIN_LISTEN": "off",
        "CHATKITD_DATA_DIR": str(folder / "data"),
        "CHATKITD_LOG": "warn",
        "CHATKITD_LIMIT_ANONYMOUS": "0",
        **settings,
    }


@contextmanager
def chatkitd(settings: Mapping[str, str]):
    """`serve` on a SQLite database of its own, limiter off."""
    with scratch() as folder:
        port = free_port()
        env = chatkitd_settings(folder, port, settings)
        with running([str(CHATKITD), "serve"], port, folder, env) as server:
            yield server
