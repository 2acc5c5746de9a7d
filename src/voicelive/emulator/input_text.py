"""Text that comes in pieces: it fills a user message that is there, or becomes one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from voicelive.emulator.conversation import Conversation, Item
from voicelive.emulator.refusal import refuse, required, text

__all__ = ("InputText",)


class InputText:
    """What a client does with text in pieces.

    Args:
        conversation: Where the messages are.
    """

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation
        self._begun: dict[str, str] = {}
        self.handlers: dict[str, Callable[[Mapping[str, Any]], None]] = {
            "input_text.delta": self._delta,
            "input_text.done": self._done,
        }

    def _delta(self, event: Mapping[str, Any]) -> None:
        item_id = text(required(event, "id"), "id")
        delta = text(required(event, "delta"), "delta")
        if item_id in self._begun or (item := self._conversation.find(item_id)) is None:
            self._begun[item_id] = self._begun.get(item_id, "") + delta
        else:
            _append(item, event.get("content_index") or 0, delta)

    def _done(self, event: Mapping[str, Any]) -> None:
        item_id = text(required(event, "id"), "id")
        if item_id not in self._begun:
            # Nothing is known to tell that a message which was announced is complete.
            if self._conversation.find(item_id) is None:
                raise refuse("text_unknown", text_id=item_id)
            return
        if self._conversation.find(item_id) is not None:
            del self._begun[item_id]
            raise refuse("item_create_duplicate_item_id", "id", item_id=item_id)
        part = {"type": "input_text", "text": self._begun.pop(item_id)}
        item = self._conversation.build({"type": "message", "id": item_id, "role": "user", "content": [part]})
        self._conversation.add(item)
        self._conversation.announce(item)


def _append(item: Item, index: int, delta: str) -> None:
    parts: list[dict[str, Any]] = list(item.wire.get("content") or ())
    if item.wire.get("role") != "user" or index >= len(parts) or parts[index]["type"] != "input_text":
        raise refuse("text_has_no_place", text_id=item.id, index=index)
    parts[index] = {**parts[index], "text": parts[index]["text"] + delta}
    item.wire = {**item.wire, "content": parts}
