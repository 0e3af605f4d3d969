"""Pages anywhere in long lists: a user with a thousand threads and a million, a thread with as many items."""

import argparse
import random
from collections.abc import Iterator

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

# Rows are copies of one that came over HTTP. They have ids of the usual length, numbered, and a row with a higher
# number is an older thread or a later item.
COPIES = "WITH RECURSIVE copy (n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM copy WHERE n < {last})"
THREADS = (
    COPIES
    + """
    INSERT INTO threads (id, site, user_id, created_at, title, status, allowed_image_domains, metadata)
    SELECT '{prefix}' || (n + {offset}), site, user_id, created_at - n, title, status, allowed_image_domains, metadata
    FROM threads, copy WHERE id = '{original}'"""
)
ITEMS = (
    COPIES
    + """
    INSERT INTO items (thread, position, id, hidden, body)
    SELECT thread, position + n + 1, '{prefix}' || (n + {offset}), hidden,
           replace(body, '{original}', '{prefix}' || (n + {offset}))
    FROM items, copy WHERE id = '{original}'"""
)
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
    for statement, original in ((THREADS, thread), (ITEMS, message)):
        database.run(
            statement.format(
                first=numbers[0], last=numbers[-1], prefix=prefix(original), offset=OFFSET, original=original
            )
        )
    database.settle()


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
