"""Plays the steps of an answer (docs/SCRIPTS.md) with the SDK's own means."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from chatkit.errors import CustomStreamError, ErrorCode, StreamError
from chatkit.server import stream_widget
from chatkit.types import ThreadItem, ThreadMetadata, ThreadStatus, ThreadStreamEvent
from chatkit.widgets import WidgetRoot
from pydantic import TypeAdapter

from ids import fresh_id, item_id

EVENT = TypeAdapter[ThreadStreamEvent](ThreadStreamEvent)
ITEM = TypeAdapter[ThreadItem](ThreadItem)
STATUS = TypeAdapter[ThreadStatus](ThreadStatus)
WIDGET = TypeAdapter[WidgetRoot](WidgetRoot)


class Player:
    def __init__(self, thread: ThreadMetadata) -> None:
        self.thread = thread

    async def play(self, steps: list[dict[str, Any]]) -> AsyncIterator[ThreadStreamEvent]:
        for step in steps:
            match step:
                case {"type": _}:
                    yield EVENT.validate_python(self.event(step))
                case {"item": item, **rest}:
                    nothing_else(rest)
                    yield EVENT.validate_python(self.event({"type": "thread.item.done", "item": item}))
                case {"say": text, **options}:
                    async for event in self.say(str(text), **options):
                        yield event
                case {"widget": widget, **options}:
                    async for event in self.widget(widget, **options):
                        yield event
                case {"thread": change, **rest}:
                    nothing_else(rest)
                    self.change(**change)
                case {"pause": duration, **rest}:
                    nothing_else(rest)
                    await asyncio.sleep(seconds(duration))
                case {"hang": True, **rest}:
                    nothing_else(rest)
                    await asyncio.Event().wait()
                case {"fail": error, **rest}:
                    nothing_else(rest)
                    raise failure(error)
                case {"crash": message, **rest} | {"panic": message, **rest}:
                    nothing_else(rest)
                    raise RuntimeError(message)
                case _:
                    raise ValueError(f"not a step: {step}")

    def event(self, event: dict[str, Any]) -> dict[str, Any]:
        """The event with what a script may leave out, and with ids for its labels."""
        event = dict(event)
        if "item" in event:
            event["item"] = self.item(event["item"])
        if "item_id" in event:
            event["item_id"] = item_id(self.thread.id, event["item_id"])
        return event

    def item(self, item: dict[str, Any]) -> dict[str, Any]:
        known = {"thread_id": self.thread.id, "created_at": datetime.now()}
        return known | item | {"id": self.id(item.get("id"))}

    def id(self, label: str | None) -> str:
        return fresh_id("cti_") if label is None else item_id(self.thread.id, label)

    async def say(self, text: str, *, id: str | None = None, every: str = "0ms"):
        """A message, streamed word by word."""
        head = {"id": self.id(id), "thread_id": self.thread.id, "created_at": datetime.now()}
        empty = head | {"type": "assistant_message", "content": []}
        yield EVENT.validate_python({"type": "thread.item.added", "item": empty})

        def update(kind: str, **fields: Any):
            update = {"type": f"assistant_message.content_part.{kind}", "content_index": 0, **fields}
            event = {"type": "thread.item.updated", "item_id": head["id"], "update": update}
            return EVENT.validate_python(event)

        yield update("added", content={"text": ""})
        for word in re.findall(r"\S*\s|\S+", text):
            await asyncio.sleep(seconds(every))
            yield update("text_delta", delta=word)
        yield update("done", content={"text": text})
        full = head | {"type": "assistant_message", "content": [{"text": text}]}
        yield EVENT.validate_python({"type": "thread.item.done", "item": full})

    def widget(self, widget, *, id: str | None = None, copy_text: str | None = None, every: str = "0ms"):
        """A widget: whole, or state by state."""
        whole_id = self.id(id)

        async def states():
            for number, state in enumerate(widget):
                if number > 0:
                    await asyncio.sleep(seconds(every))
                yield WIDGET.validate_python(state)

        root = states() if isinstance(widget, list) else WIDGET.validate_python(widget)
        return stream_widget(self.thread, root, copy_text, generate_id=lambda _: whole_id)

    def change(self, **change: Any) -> None:
        for field, value in change.items():
            if field not in {"title", "status", "allowed_image_domains", "metadata"}:
                raise ValueError(f"not to be changed: {field}")
            setattr(self.thread, field, STATUS.validate_python(value) if field == "status" else value)


def failure(error: str | dict[str, Any]) -> Exception:
    match error:
        case str():
            return CustomStreamError(error)
        case {"message": message, **rest}:
            return CustomStreamError(message, **rest)
        case {"code": code, **rest}:
            return StreamError(ErrorCode(code), **rest)
    raise ValueError(f"not a failure: {error}")


def seconds(duration: str) -> float:
    found = re.fullmatch(r"(\d+)(ms|s)", duration)
    if found is None:
        raise ValueError(f"not a duration: {duration}")
    return int(found[1]) / (1000 if found[2] == "ms" else 1)


def nothing_else(rest: dict[str, Any]) -> None:
    if rest:
        raise ValueError(f"unknown keys {sorted(rest)}")
