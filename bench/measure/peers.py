"""What chatkitd is measured beside, and the stand-in for the hosted upstream."""

import os
import shutil
from contextlib import contextmanager
from pathlib import Path

from .servers import BENCH, ROOT, Server, free_port, running, scratch

PEERS = ROOT / "bench" / "peers"
NGINX = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")


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
    return nginx(PEERS / "nginx" / "nginx.conf", upstream=upstream.port)


def hosted_settings(upstream: Server) -> dict[str, str]:
    """The same three names for the Node peer and for chatkitd, plus the address under both of its names."""
    base = upstream.url("/v1")
    return {
        "OPENAI_API_KEY": "sk-bench",
        "CHATKIT_WORKFLOW_ID": "wf_hosted",
        "CHATKIT_API_BASE": base,
        "OPENAI_BASE_URL": base,
    }


@contextmanager
def uvicorn(venv: str, peer: str, **env: str):
    """One worker, without a line in the log for each request."""
    with scratch() as folder:
        port = free_port()
        program = str(BENCH / venv / "bin" / "uvicorn")
        command = [program, "app:app", "--app-dir", str(PEERS / peer), "--port", str(port), "--workers", "1"]
        quiet = ["--no-access-log", "--log-level", "warning"]
        with running(command + quiet, port, folder, {"PYTHONDONTWRITEBYTECODE": "1", **env}) as server:
            yield server


@contextmanager
def node(peer: str, **env: str):
    with scratch() as folder:
        port = free_port()
        command = ["node", str(BENCH / peer / "server.mjs")]
        with running(command, port, folder, {"PORT": str(port), "NODE_ENV": "production", **env}) as server:
            yield server


def session_fastapi():
    return uvicorn("venv", "fastapi")


def session_node(upstream: Server):
    return node("node", **hosted_settings(upstream))


def chatkit_node(repeat: int = 1):
    return node("chatkit-node", REPEAT=str(repeat))


def chatkit_python(repeat: int = 1):
    """openai-chatkit as it is shipped."""
    return uvicorn("chatkit-python", "chatkit-python", REPEAT=str(repeat))


def chatkit_python_cached(repeat: int = 1):
    """The same, its request adapter built once instead of for each request."""
    return uvicorn("chatkit-python", "chatkit-python", REPEAT=str(repeat), CACHED_ADAPTER="1")


@contextmanager
def bare_hyper(answer: bytes):
    """Writes `answer`, each of its events in a frame of its own, to whatever it is asked."""
    with scratch() as folder:
        port = free_port()
        (folder / "answer").write_bytes(answer)
        command = [str(BENCH / "hyper" / "release" / "chatkitd-bench-hyper-peer")]
        with running(command, port, folder, {"PORT": str(port), "ANSWER": str(folder / "answer")}) as server:
            yield server
