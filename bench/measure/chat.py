"""A visitor of a ChatKit server, who reads each answer whole, and the requests that are sent."""

import http.client
import json

from .load import LoadFailed
from .servers import Server

PATH = "/chatkit"
WORDS = "alpha beta gamma delta epsilon zeta eta theta iota kappa"


def operation(name: str, **params) -> bytes:
    return json.dumps({"type": name, "params": params}, separators=(",", ":")).encode()


def message(text: str) -> dict:
    return {"content": [{"type": "input_text", "text": text}], "attachments": [], "inference_options": {}}


def create(text: str = WORDS) -> bytes:
    return operation("threads.create", input=message(text))


class Visitor:
    """A user, known to the peers by a header and to chatkitd by the cookie that it set."""

    def __init__(self, server: Server, user: str):
        self.server, self.headers = server, {"x-user-id": user}

    def ask(self, body: bytes) -> bytes:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=20)
        try:
            connection.request("POST", PATH, body, {"Content-Type": "application/json", **self.headers})
            response = connection.getresponse()
            answer = response.read()
        finally:
            connection.close()
        if response.status != 200:
            raise LoadFailed(f"{self.server.name} answered {response.status}: {answer[:500]!r}")
        if cookie := response.getheader("Set-Cookie"):
            self.headers["Cookie"] = cookie.split(";")[0]
        return answer

    def say(self, body: bytes, words: list[str]) -> list[dict]:
        """The events of an answer that must be these words."""
        events = events_of(self.ask(body))
        require_answer(events, words)
        return events


def events_of(stream: bytes) -> list[dict]:
    return [json.loads(line.removeprefix(b"data: ")) for line in stream.splitlines() if line.startswith(b"data: ")]


def require_answer(events: list[dict], words: list[str]) -> None:
    """One delta a word, and at the end the whole message, done."""
    updates = [event["update"] for event in events if event["type"] == "thread.item.updated"]
    deltas = [update["delta"] for update in updates if update["type"].endswith(".text_delta")]
    done = [event["item"] for event in events if event["type"] == "thread.item.done"]
    said = done[-1]["content"][0]["text"].split() if done and done[-1]["type"] == "assistant_message" else None
    if [delta.strip() for delta in deltas] != words or said != words:
        raise LoadFailed(f"an answer is not whole: {len(deltas)} deltas, then {json.dumps(events[-1:])[:500]}")
