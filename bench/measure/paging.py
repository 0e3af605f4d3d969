"""Pages anywhere in long lists: a user with a thousand threads and a million, a thread with as many items."""

import argparse
import random
from collections.abc import Iterator, Mapping

from . import chat
from .chat import Visitor
from .chatkitd import echo
from .databases import PostgresDatabase, SqliteFile
from .lists import OPERATIONS, ROWS, listed
from .load import Result
from .rows import Comparison

TITLE = "Pages of 20 rows, anywhere in a list of 10^3 or 10^6"
LENGTHS = {"10^3": 1_000, "10^6": 1_000_000}
STORES = {"sqlite": "SQLite", "postgres": "PostgreSQL"}
# Different pages that are asked for.
PAGES = 10_000

SERVERS = {
    f"{operation}, {store}, {length}": f"{operation}, {words}, {length} rows"
    for operation in OPERATIONS
    for store, words in STORES.items()
    for length in LENGTHS
}

COMPARISONS = [
    Comparison(
        f"{operation}, {words}, 10^6 rows",
        f"{operation}, {store}, 10^6",
        f"{operation}, {store}, 10^3",
        of=of,
        at_most=1.5 if of == "p99_ms" else None,
    )
    for operation in OPERATIONS
    for store, words in STORES.items()
    for of in ("p50_ms", "p99_ms")
]

# Rows are copies of one that came over HTTP: what is other in a copy, by column. The ids of copies are of the usual
# length, and numbered; a higher number is an older thread and a later item.
IN_THREADS = {"id": "{id}", "created_at": "created_at - n"}
IN_ITEMS = {"id": "{id}", "position": "position + n + 1", "body": "replace(body, '{original}', {id})"}
OFFSET = 10**9


def measured(asked: argparse.Namespace) -> Iterator[tuple[str, Result]]:
    for store in STORES:
        with echo(store) as (server, database):
            visitor = Visitor(server, "with-rows")
            events = visitor.say(chat.create("row"), ["row"])
            thread, message = events[0]["thread"]["id"], events[1]["item"]["id"]
            filled = 0
            for length, rows in LENGTHS.items():
                fill(database, thread, message, range(filled + 1, rows))
                filled = rows - 1
                for operation, bodies in pages(thread, message, rows).items():
                    yield f"{operation}, {store}, {length}", listed(visitor, bodies, asked)


def fill(database: SqliteFile | PostgresDatabase, thread: str, message: str, numbers: range) -> None:
    copy(database, "threads", thread, IN_THREADS, numbers)
    copy(database, "items", message, IN_ITEMS, numbers)
    database.settle()


def copy(
    database: SqliteFile | PostgresDatabase, table: str, original: str, changed: Mapping[str, str], numbers: range
) -> None:
    # SQLite's own key of a thread is given anew.
    columns = [column for column in database.columns(table) if column != "key"]
    copied_id = f"'{prefix(original)}' || (n + {OFFSET})"
    values = [changed.get(c, c).format(id=copied_id, original=original) for c in columns]
    database.run(
        f"WITH RECURSIVE copy (n) AS (SELECT {numbers[0]} UNION ALL SELECT n + 1 FROM copy WHERE n < {numbers[-1]}) "
        f"INSERT INTO {table} ({', '.join(columns)}) "
        f"SELECT {', '.join(values)} FROM {table}, copy WHERE id = '{original}'"
    )


def prefix(original: str) -> str:
    """What an id begins with that ends with a number from `OFFSET` on."""
    kind = original.split("_")[0]
    return f"{kind}_{'0' * (len(original) - len(kind) - 1 - len(str(OFFSET)))}"


def pages(thread: str, message: str, rows: int) -> dict[str, list[bytes]]:
    """Requests for full pages after rows that are picked by chance."""
    numbers = [n + OFFSET for n in random.Random(rows).choices(range(ROWS + 1, rows - ROWS), k=PAGES)]
    in_thread = {"thread_id": thread, "limit": ROWS}
    return {
        "threads.list": [chat.operation("threads.list", limit=ROWS, after=f"{prefix(thread)}{n}") for n in numbers],
        "items.list": [chat.operation("items.list", **in_thread, after=f"{prefix(message)}{n}") for n in numbers],
    }
