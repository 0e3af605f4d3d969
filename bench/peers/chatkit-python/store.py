"""A store in memory: dictionaries by owner; insertion order is the order of lists."""

from collections import defaultdict

from chatkit.store import NotFoundError, Store
from chatkit.types import Page


def page_of(rows, limit, after, order) -> Page:
    ordered = list(rows) if order == "asc" else list(rows)[::-1]
    start = next((n + 1 for n, row in enumerate(ordered) if row.id == after), 0) if after else 0
    data = ordered[start : start + limit]
    more = start + limit < len(ordered)
    return Page(data=data, has_more=more, after=data[-1].id if more else None)


def found(rows, key):
    if key not in rows:
        raise NotFoundError(key)
    return rows[key]


class MemoryStore(Store[dict]):
    def __init__(self):
        self.threads = defaultdict(dict)
        self.items = defaultdict(dict)

    async def load_thread(self, thread_id, context):
        return found(self.threads[context["user"]], thread_id).model_copy(deep=True)

    async def save_thread(self, thread, context):
        self.threads[context["user"]][thread.id] = thread.model_copy(deep=True)

    async def load_threads(self, limit, after, order, context):
        return page_of(self.threads[context["user"]].values(), limit, after, order)

    async def delete_thread(self, thread_id, context):
        self.threads[context["user"]].pop(thread_id, None)
        self.items.pop((context["user"], thread_id), None)

    async def load_thread_items(self, thread_id, after, limit, order, context):
        return page_of(self.items[context["user"], thread_id].values(), limit, after, order)

    async def add_thread_item(self, thread_id, item, context):
        self.items[context["user"], thread_id][item.id] = item

    async def save_item(self, thread_id, item, context):
        self.items[context["user"], thread_id][item.id] = item

    async def load_item(self, thread_id, item_id, context):
        return found(self.items[context["user"], thread_id], item_id)

    async def delete_thread_item(self, thread_id, item_id, context):
        self.items[context["user"], thread_id].pop(item_id, None)

    # There are no attachments here; the base class wants to be told.
    async def save_attachment(self, attachment, context):
        raise NotImplementedError

    async def load_attachment(self, attachment_id, context):
        raise NotImplementedError

    async def delete_attachment(self, attachment_id, context):
        raise NotImplementedError
