"""Where it was measured: the machine, the versions, the commit."""

import json
import os
import platform
import re
import subprocess
from pathlib import Path

from .chatkitd import CHATKITD
from .peers import NGINX
from .servers import BENCH, ROOT


def describe() -> dict[str, str]:
    return {
        "processor": processor(),
        "cores": str(os.cpu_count()),
        "memory": memory(),
        "kernel": platform.release(),
        "commit": said("git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"),
        "rustc": said("rustc", "--version"),
        "chatkitd": said(str(CHATKITD), "--version"),
        "PostgreSQL": said(os.environ["CHATKITD_TEST_POSTGRES_BIN"] + "/postgres", "--version"),
        "Redis": said(os.environ["CHATKITD_TEST_REDIS_BIN"], "--version").split(" sha=")[0],
        "nginx": said(NGINX, "-v").removeprefix("nginx version: "),
        "wrk": said("wrk", "-v").split(" [")[0],
        "python": platform.python_version(),
        "fastapi": python_package("venv", "fastapi"),
        "openai-chatkit": python_package("chatkit-python", "openai-chatkit"),
        "uvicorn": python_package("chatkit-python", "uvicorn"),
        "node": said("node", "--version"),
        "openai SDK": node_package("node", "openai"),
        "chatkit-node-backend-sdk": node_package("chatkit-node", "chatkit-node-backend-sdk"),
        "hyper": rust_package("hyper"),
    }


def python_package(venv: str, package: str) -> str:
    ask = f"import importlib.metadata; print(importlib.metadata.version('{package}'))"
    return said(str(BENCH / venv / "bin" / "python"), "-c", ask)


def node_package(peer: str, package: str) -> str:
    return json.loads((BENCH / peer / "node_modules" / package / "package.json").read_text())["version"]


def rust_package(package: str) -> str:
    lock = (ROOT / "bench" / "peers" / "hyper" / "Cargo.lock").read_text()
    return re.search(rf'^name = "{package}"\nversion = "(.+)"$', lock, re.M)[1]


def said(*command: str) -> str:
    """The first line of what a program says of itself, on whichever channel (and status) it says it."""
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    return (told.stdout or told.stderr).strip().splitlines()[0]


def processor() -> str:
    found = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.M)
    return found[1] if found else platform.machine()


def memory() -> str:
    kilobytes = int(re.search(r"^MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text(), re.M)[1])
    return f"{kilobytes / 1024 / 1024:.1f} GiB"
