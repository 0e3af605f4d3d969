"""An echo server on openai-chatkit, behind Starlette and uvicorn, its store in memory.

REPEAT says how often the words are said: an answer has words times REPEAT deltas. The package builds the type
adapter of its requests anew for each request, which costs about 10 ms; with CACHED_ADAPTER set it is built once.
"""

import os
from datetime import datetime, timezone

import chatkit.server
from chatkit.server import ChatKitServer, StreamingResult
from chatkit.types import (
    AssistantMessageContent,
    AssistantMessageContentPartAdded,
    AssistantMessageContentPartDone,
    AssistantMessageContentPartTextDelta,
    AssistantMessageItem,
    ThreadItemAddedEvent,
    ThreadItemDoneEvent,
    ThreadItemUpdatedEvent,
)
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from store import MemoryStore

REPEAT = int(os.environ.get("REPEAT", "1"))


class Echo(ChatKitServer[dict]):
    async def respond(self, thread, input_user_message, context):
        said = " ".join(part.text for part in input_user_message.content).split()
        words = [f"{word} " for word in said] * REPEAT
        item = AssistantMessageItem(
            id=self.store.generate_item_id("message", thread, context),
            thread_id=thread.id,
            created_at=datetime.now(timezone.utc),
            content=[],
        )
        whole = AssistantMessageContent(text="".join(words))

        def updated(update):
            return ThreadItemUpdatedEvent(item_id=item.id, update=update)

        yield ThreadItemAddedEvent(item=item)
        yield updated(AssistantMessageContentPartAdded(content_index=0, content=AssistantMessageContent(text="")))
        for word in words:
            yield updated(AssistantMessageContentPartTextDelta(content_index=0, delta=word))
        yield updated(AssistantMessageContentPartDone(content_index=0, content=whole))
        yield ThreadItemDoneEvent(item=item.model_copy(update={"content": [whole]}))


def cache_adapter() -> None:
    """`TypeAdapter[...](...)` gives the same adapter each time from now on."""
    adapter = chatkit.server.TypeAdapter(chatkit.server.ChatKitReq)

    class Cached:
        def __class_getitem__(cls, _):
            return lambda _: adapter

    chatkit.server.TypeAdapter = Cached


if os.environ.get("CACHED_ADAPTER"):
    cache_adapter()
server = Echo(MemoryStore())


async def answer(request):
    result = await server.process(await request.body(), {"user": request.headers["x-user-id"]})
    if isinstance(result, StreamingResult):
        return StreamingResponse(result, media_type="text/event-stream")
    return Response(result.json, media_type="application/json")


async def healthz(_request):
    return PlainTextResponse("ok")


app = Starlette(routes=[Route("/chatkit", answer, methods=["POST"]), Route("/healthz", healthz)])
