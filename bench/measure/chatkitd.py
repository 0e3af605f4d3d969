"""Starts chatkitd, on each of its stores, its limits switched off."""

import os
from collections.abc import Mapping
from contextlib import contextmanager
from pathlib import Path

from .databases import PostgresDatabase, SqliteFile, postgres
from .servers import DISK, TARGET, Server, free_port, running, scratch

CHATKITD = Path(os.environ.get("CARGO_TARGET_DIR", TARGET)) / "release" / "chatkitd"
# A folder there is memory: what is measured is a database that ships, without a disk below it.
MEMORY = Path("/dev/shm")
WORKFLOW = "wf_bench"
FULL = {"CHATKITD_DURABILITY": "full"}


def settings_for(folder: Path, port: int, more: Mapping[str, str]) -> dict[str, str]:
    return {
        "CHATKITD_LISTEN": f"127.0.0.1:{port}",
        "CHATKITD_ADMIN_LISTEN": "off",
        "CHATKITD_DATA_DIR": str(folder / "data"),
        "CHATKITD_LOG": "warn",
        "CHATKITD_LIMIT_ANONYMOUS": "0",
        "CHATKITD_LIMIT_USER": "0",
        "CHATKITD_LIMIT_SESSION": "0",
        "CHATKITD_LIMIT_SITE": "0",
        **more,
    }


@contextmanager
def chatkitd(settings: Mapping[str, str], file: str = "", parent: Path = DISK):
    """`serve`, on a SQLite database of its own unless the settings say otherwise. `file`: chatkitd.toml."""
    with scratch(parent) as folder:
        port = free_port()
        (folder / "chatkitd.toml").write_text(file)
        with running([str(CHATKITD), "serve"], port, folder, settings_for(folder, port, settings)) as server:
            yield server


def database_of(server: Server) -> SqliteFile:
    return SqliteFile(server.folder / "data" / "chatkitd.db")


def echoing(repeat: int, delay: str) -> str:
    return f'[workflows.{WORKFLOW}]\nagent = "echo"\nrepeat = {repeat}\ndelay = "{delay}"\n'


@contextmanager
def echo(store: str, repeat: int = 1, delay: str = "0s"):
    """chatkitd as an echo server on one of the stores (sqlite, full, memory, postgres), and the database below it."""
    settings, file = {"CHATKIT_WORKFLOW_ID": WORKFLOW}, echoing(repeat, delay)
    if store == "postgres":
        with postgres() as database, chatkitd(settings | on(database), file) as server:
            yield server, database
        return
    more = FULL if store == "full" else {}
    with chatkitd(settings | more, file, MEMORY if store == "memory" else DISK) as server:
        yield server, database_of(server)


def on(database: PostgresDatabase) -> dict[str, str]:
    return {"CHATKITD_DATABASE_URL": database.url}
