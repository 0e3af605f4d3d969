"""Uploads of 100 MB: how fast, and what they take of the server's memory."""

import argparse
import http.client
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from .chat import Visitor
from .chatkitd import WORKFLOW, chatkitd, echoing
from .load import LoadFailed
from .rest import resident_mib
from .rows import Value
from .servers import Server

TITLE = "Upload of 100 MB"
SIZE = 100_000_000
CHUNK = bytes(64 * 1024)
PDF = b"%PDF-1.7\n"
MAX_GROWTH_MIB = 32
TOML = """[sites.default.configuration.file_upload]
enabled = true
max_file_size = 128
"""


def values(asked: argparse.Namespace) -> list[Value]:
    with chatkitd({"CHATKIT_WORKFLOW_ID": WORKFLOW}, echoing(1, "0s") + TOML) as server:
        visitor = Visitor(server, "sender")
        upload(visitor)
        before = resident_mib(server)
        seconds = [upload(visitor) for _ in range(asked.rounds)]
        grown = peak_mib(server) - before
    best = SIZE / 1e6 / min(seconds)
    detail = f"from {before:.1f} MiB before to the peak"
    return [
        Value("two phases, into a folder", best, "MB/s", detail=f"best of {len(seconds)}"),
        Value("memory for it", grown, "MiB", MAX_GROWTH_MIB, detail),
    ]


def upload(visitor: Visitor) -> float:
    """Announces a file and sends it, a chunk at a time; seconds of the second phase."""
    file = {"name": "a.pdf", "size": SIZE, "mime_type": "application/pdf"}
    announce = json.dumps({"type": "attachments.create", "params": file}).encode()
    descriptor = json.loads(visitor.ask(announce))["upload_descriptor"]
    url = urlsplit(descriptor["url"])
    connection = http.client.HTTPConnection(url.hostname, url.port, timeout=60)
    headers = {**descriptor["headers"], "content-length": str(SIZE)}
    started = time.perf_counter()
    connection.request(descriptor["method"], f"{url.path}?{url.query}", chunks(), headers)
    answer = connection.getresponse()
    body = answer.read()
    if answer.status >= 300:
        raise LoadFailed(f"an upload was answered {answer.status}: {body[:200]}")
    return time.perf_counter() - started


def chunks() -> Iterator[bytes]:
    yield PDF
    left = SIZE - len(PDF)
    while left:
        chunk = CHUNK[:left]
        yield chunk
        left -= len(chunk)


def peak_mib(server: Server) -> float:
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(re.search(r"^VmHWM:\s+(\d+) kB", status, re.M)[1]) / 1024
