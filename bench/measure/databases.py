"""The databases below chatkitd, to be asked what is in them and to be filled."""

import os
import sqlite3
import subprocess
import time
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

# scripts/postgres.sh starts it without them, as is good for tests. Here a commit waits for the disk.
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
DEADLINE = 10.0


class SqliteFile:
    """A file that chatkitd has open too."""

    def __init__(self, path: Path):
        self.path = path

    def count(self, sql: str) -> int:
        with self._open() as database:
            return database.execute(sql).fetchone()[0]

    def columns(self, table: str) -> list[str]:
        with self._open() as database:
            return [name for (name,) in database.execute("SELECT name FROM pragma_table_info(?)", (table,))]

    def run(self, sql: str) -> None:
        with self._open() as database, database:
            database.execute(sql)

    def _open(self) -> closing[sqlite3.Connection]:
        return closing(sqlite3.connect(self.path))

    def settle(self) -> None:
        """What was written in bulk is brought to where a database that has grown slowly has it."""
        self.run("PRAGMA wal_checkpoint(TRUNCATE)")


class PostgresDatabase:
    """A database of its own on the throw-away server."""

    def __init__(self, url: str):
        self.url = url

    def count(self, sql: str) -> int:
        return int(self.text(sql))

    def columns(self, table: str) -> list[str]:
        sql = f"SELECT column_name FROM information_schema.columns WHERE table_name = '{table}' AND is_generated = 'NEVER'"
        return self.text(sql).splitlines()

    def run(self, sql: str) -> None:
        self.text(sql)

    def settle(self) -> None:
        self.text("VACUUM ANALYZE")

    def text(self, *statements: str) -> str:
        """One psql, each statement a command of its own; what they print."""
        commands = [part for sql in statements for part in ("-c", sql)]
        psql = str(Path(os.environ["CHATKITD_TEST_POSTGRES_BIN"]) / "psql")
        options = ["--no-psqlrc", "--tuples-only", "--no-align", "--quiet", "-v", "ON_ERROR_STOP=1"]
        return subprocess.run(
            [psql, self.url, *options, *commands],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PGOPTIONS": "-c search_path=chatkitd"},
        ).stdout.strip()


@contextmanager
def postgres():
    """A fresh database, durable, on the server that scripts/with-services.sh started."""
    server = PostgresDatabase(os.environ["CHATKITD_TEST_POSTGRES_URL"])
    make_durable(server)
    name = f"bench_{uuid4().hex}"
    server.text(f"CREATE DATABASE {name}")
    try:
        yield PostgresDatabase(urlunsplit(urlsplit(server.url)._replace(path=f"/{name}")))
    finally:
        server.text(f"DROP DATABASE {name} WITH (FORCE)")


def make_durable(server: PostgresDatabase) -> None:
    server.text(*(f"ALTER SYSTEM SET {name} = {value}" for name, value in DURABLE.items()), "SELECT pg_reload_conf()")
    give_up = time.monotonic() + DEADLINE
    while any(server.text(f"SHOW {name}") != value for name, value in DURABLE.items()):
        if time.monotonic() > give_up:
            raise TimeoutError("PostgreSQL did not take up its settings")
        time.sleep(0.05)
