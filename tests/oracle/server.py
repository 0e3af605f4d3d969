"""The differential oracle: the reference SDK, playing chatkitd's scripts.

    python tests/oracle/server.py fixtures/scripts

Listens on a free port of the loopback, which is its one line of output, and serves until its standard
input ends. `POST /{store}/{script}/chatkit` plays `{script}.yaml`; each `{store}` is a database of its own, made when
it is first named. `GET /running` says how many answers are being streamed."""

import contextlib
import os
import socket
import sys
import threading
from collections import defaultdict
from pathlib import Path

import uvicorn
from chatkit.errors import CustomStreamError
from chatkit.server import ChatKitServer, StreamingResult
from chatkit.types import StreamOptions, SyncCustomActionResponse
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from script import Script, Steps
from steps import ITEM, Player
from store import MemoryStore

NO_ANSWER = "The script has no answer to this."


class ScriptServer(ChatKitServer[None]):
    def __init__(self, store: MemoryStore, script: Script) -> None:
        super().__init__(store)
        self.script = script

    async def respond(self, thread, input_user_message, context):
        if input_user_message is None:
            # The SDK does not say what the answer goes on after. It has just written it.
            answer = self.script.to_input(self.store.written[thread.id])
        else:
            number = sum(item.type == "user_message" for item in self.store.items[thread.id].values())
            answer = self.script.to_message(input_user_message, number)
        async for event in play(thread, answer):
            yield event

    async def action(self, thread, action, sender, context):
        async for event in play(thread, self.script.to_action(action.type)):
            yield event

    async def sync_action(self, thread, action, sender, context):
        answers = self.script.content.get("sync_actions", {})
        if action.type not in answers:
            raise CustomStreamError(NO_ANSWER)
        if answers[action.type] is None:
            return SyncCustomActionResponse()
        fields = Player(thread).item(answers[action.type])
        if sender is not None and "id" not in answers[action.type]:
            fields["id"] = sender.id
        item = ITEM.validate_python(fields)
        await self.store.save_item(thread.id, item, context)
        return SyncCustomActionResponse(updated_item=item)

    def get_stream_options(self, thread, context):
        return StreamOptions(allow_cancel=self.script.allow_cancel)


async def play(thread, answer: Steps | None):
    if answer is None:
        raise CustomStreamError(NO_ANSWER)
    async for event in Player(thread).play(answer):
        yield event


class Oracle:
    def __init__(self, scripts: Path) -> None:
        self.scripts = scripts
        self.stores: defaultdict[str, MemoryStore] = defaultdict(MemoryStore)
        self.streams = 0

    async def chatkit(self, request) -> Response:
        store, script = request.path_params["store"], request.path_params["script"]
        server = ScriptServer(self.stores[store], Script(self.scripts / f"{script}.yaml"))
        answer = await server.process(await request.body(), None)
        if isinstance(answer, StreamingResult):
            return StreamingResponse(self.counted(answer.json_events), media_type="text/event-stream")
        return Response(answer.json, media_type="application/json")

    async def counted(self, events):
        self.streams += 1
        try:
            async with contextlib.aclosing(events):
                async for event in events:
                    yield event
        finally:
            self.streams -= 1

    async def running(self, request) -> Response:
        return JSONResponse(self.streams)

    def app(self) -> Starlette:
        chatkit = Route("/{store}/{script}/chatkit", self.chatkit, methods=["POST"])
        return Starlette(routes=[chatkit, Route("/running", self.running)])


def exit_with_the_test() -> None:
    sys.stdin.read()
    # At once: an answer that hangs would keep an orderly shutdown waiting.
    os._exit(0)


def main() -> None:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    # Before the port is told: whoever connects at once waits for uvicorn, and is not refused.
    listener.listen()
    threading.Thread(target=exit_with_the_test, daemon=True).start()
    config = uvicorn.Config(Oracle(Path(sys.argv[1])).app(), log_level="critical", lifespan="off")
    print(listener.getsockname()[1], flush=True)
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
