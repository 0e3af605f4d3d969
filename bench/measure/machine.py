"""Where it was measured: the machine, the versions, the commit."""

import os
import platform
import re
import subprocess
from pathlib import Path

from .servers import CHATKITD, NGINX, ROOT, TARGET


def describe() -> dict[str, str]:
    venv = TARGET / "bench" / "venv" / "bin"
    node = TARGET / "bench" / "node"
    return {
        "processor": processor(),
        "cores": str(os.cpu_count()),
        "memory": memory(),
        "kernel": platform.release(),
        "commit": said("git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"),
        "rustc": said("rustc", "--version"),
        "chatkitd": said(str(CHATKITD), "--version"),
        "nginx": said(NGINX, "-v").removeprefix("nginx version: "),
        "wrk": said("wrk", "-v").split(" [")[0],
        "python": platform.python_version(),
        "fastapi": said(str(venv / "python"), "-c", version_of("fastapi")),
        "uvicorn": said(str(venv / "python"), "-c", version_of("uvicorn")),
        "node": said("node", "--version"),
        "openai SDK": said("node", "-p", f"require('{node}/node_modules/openai/package.json').version"),
    }


def version_of(package: str) -> str:
    return f"import importlib.metadata; print(importlib.metadata.version('{package}'))"


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
