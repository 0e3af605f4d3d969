"""A Store that keeps everything in memory and behaves like a database: what it hands out and what it
is handed are copies, items keep the place in which they were first put, pages go by key."""

from typing import TypeVar

from chatkit.store import NotFoundError, Store
from chatkit.types import Attachment, Page, ThreadItem, ThreadMetadata

from ids import fresh_id

Row = TypeVar("Row", ThreadMetadata, ThreadItem)


class MemoryStore(Store[None]):
    def __init__(self) -> None:
        # A dict keeps the order of insertion, also when a value is replaced.
        self.threads: dict[str, ThreadMetadata] = {}
        self.items: dict[str, dict[str, ThreadItem]] = {}
        # The item of each thread that was written last.
        self.written: dict[str, ThreadItem] = {}
        self.attachments: dict[str, Attachment] = {}

    # Ids look as chatkitd's do, so that one rule finds them on both wires.
    def generate_thread_id(self, context):
        return fresh_id("cthr_")

    def generate_item_id(self, item_type, thread, context):
        return fresh_id("cti_")

    async def load_thread(self, thread_id, context):
        return found(self.threads, thread_id).model_copy(deep=True)

    async def save_thread(self, thread, context):
        fields = thread.model_dump(include=set(ThreadMetadata.model_fields))
        self.threads[thread.id] = ThreadMetadata.model_validate(fields)
        self.items.setdefault(thread.id, {})

    async def load_threads(self, limit, after, order, context):
        return page(self.threads, limit, after, order)

    async def delete_thread(self, thread_id, context):
        found(self.threads, thread_id)
        del self.threads[thread_id], self.items[thread_id]

    async def load_thread_items(self, thread_id, after, limit, order, context):
        return page(found(self.items, thread_id), limit, after, order)

    async def add_thread_item(self, thread_id, item, context):
        self.written[thread_id] = found(self.items, thread_id)[item.id] = item.model_copy(deep=True)

    save_item = add_thread_item

    async def load_item(self, thread_id, item_id, context):
        return found(found(self.items, thread_id), item_id).model_copy(deep=True)

    async def delete_thread_item(self, thread_id, item_id, context):
        found(self.items, thread_id).pop(item_id, None)

    async def save_attachment(self, attachment, context):
        self.attachments[attachment.id] = attachment

    async def load_attachment(self, attachment_id, context):
        return found(self.attachments, attachment_id)

    async def delete_attachment(self, attachment_id, context):
        self.attachments.pop(attachment_id, None)


def found(table, key):
    try:
        return table[key]
    except KeyError:
        raise NotFoundError(key) from None


def page(table: dict[str, Row], limit: int, after: str | None, order: str) -> Page[Row]:
    """What follows the row `after`; nothing when there is no such row."""
    keys = list(table) if order == "asc" else list(reversed(table))
    if after is not None:
        keys = keys[keys.index(after) + 1 :] if after in table else []
    rows = [table[key].model_copy(deep=True) for key in keys[:limit]]
    more = len(keys) > limit
    return Page(data=rows, has_more=more, after=rows[-1].id if more else None)
