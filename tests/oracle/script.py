"""A script (docs/SCRIPTS.md): which answer is played. What it plays is steps.py's."""

import re
from pathlib import Path
from typing import Any

import yaml
from chatkit.types import ThreadItem, UserMessageItem

Steps = list[dict[str, Any]]

ANSWERS = {"messages", "tool_outputs", "structured_inputs", "actions", "sync_actions"}
KEYS = {"about", "allow_cancel", "turns", "otherwise"} | ANSWERS


class Yaml12(yaml.SafeLoader):
    """PyYAML reads YAML 1.1, where `no` is false and `2026-01-01` a date. This reads 1.2's core schema,
    as chatkitd does."""


Yaml12.yaml_implicit_resolvers = {}
for tag, pattern, first in [
    ("null", r"~|null|Null|NULL|", "~nN"),
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "-+.0123456789"),
    ("merge", r"<<", "<"),
]:
    characters = [*first, ""] if tag == "null" else list(first)
    Yaml12.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"^(?:{pattern})$"), characters)
Yaml12.add_constructor("tag:yaml.org,2002:float", lambda loader, node: float(node.value))


class Script:
    def __init__(self, path: Path) -> None:
        content = yaml.load(path.read_text(encoding="utf-8"), Yaml12)
        if unknown := content.keys() - KEYS:
            raise ValueError(f"{path.name}: unknown keys {sorted(unknown)}")
        self.content: dict[str, Any] = content
        self.allow_cancel: bool = content.get("allow_cancel", True)

    def to_message(self, message: UserMessageItem, number: int) -> Steps | None:
        """The answer to the thread's user message `number`, counted from 1."""
        said = " ".join(part.text for part in message.content).lower()
        for text, answer in self.content.get("messages", {}).items():
            if str(text).lower() in said:
                return steps(answer)
        turns = self.content.get("turns", [])
        return steps(turns[number - 1]) if number <= len(turns) else self.otherwise()

    def to_input(self, answered: ThreadItem) -> Steps | None:
        """The answer to a client tool's output, or to answered questions."""
        if answered.type == "client_tool_call":
            answers, names = self.content.get("tool_outputs", {}), [answered.name]
        else:
            answers, names = self.content.get("structured_inputs", {}), [question.id for question in answered.inputs]
        for name in names:
            if name in answers:
                return steps(answers[name])
        return self.otherwise()

    def to_action(self, kind: str) -> Steps | None:
        actions = self.content.get("actions", {})
        return steps(actions[kind]) if kind in actions else self.otherwise()

    def otherwise(self) -> Steps | None:
        answer = self.content.get("otherwise")
        return None if answer is None else steps(answer)


def steps(answer: str | Steps) -> Steps:
    return [{"say": answer}] if isinstance(answer, str) else answer
