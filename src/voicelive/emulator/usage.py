"""What a response costs in tokens, about as the service counts: nobody can rely on the exact numbers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from voicelive.emulator.conversation import Item
from voicelive.emulator.speech import ConversationView

__all__ = ("Usage",)

Json = dict[str, Any]

# A user's audio is a token each 100 ms, the assistant's each 50 ms.
_HEARD_PER_SECOND, _SPOKEN_PER_SECOND = 10, 20


class Usage:
    """The tokens of one response."""

    def __init__(self) -> None:
        self._read = 0
        self._heard = 0

    def count_input(self, view: ConversationView, find: Callable[[str], Item | None]) -> None:
        """Count what the model is given to read and to hear; ``find`` returns the item of an id."""
        tools = json.dumps(list(view.tools)) if view.tools else ""
        self._read = _tokens(view.instructions) + _tokens(tools)
        for wire in view.items:
            item = find(str(wire.get("id")))
            if item is not None and item.seconds is not None:
                per_second = _HEARD_PER_SECOND if wire.get("role") == "user" else _SPOKEN_PER_SECOND
                self._heard += round(item.seconds * per_second)
            else:
                self._read += _tokens(json.dumps(wire.get("content") or wire.get("output") or ""))

    def wire(self, items: Sequence[Item]) -> Json:
        """Return the ``usage`` of a response that produced these items."""
        spoken = round(sum(item.seconds or 0 for item in items) * _SPOKEN_PER_SECOND)
        written = sum(_written(item.wire) for item in items)
        return {
            "total_tokens": self._heard + self._read + spoken + written,
            "input_tokens": self._heard + self._read,
            "output_tokens": spoken + written,
            "input_token_details": {
                "cached_tokens": 0,
                "text_tokens": self._read,
                "audio_tokens": self._heard,
                "image_tokens": 0,
                "cached_tokens_details": {"text_tokens": 0, "audio_tokens": 0, "image_tokens": 0},
            },
            "output_token_details": {"text_tokens": written, "audio_tokens": spoken, "reasoning_tokens": 0},
        }


def _written(wire: Mapping[str, Any]) -> int:
    parts: Sequence[Mapping[str, Any]] = wire.get("content") or ()
    said = sum(_tokens(part.get("text") or part.get("transcript") or "") for part in parts)
    return said + _tokens(str(wire.get("arguments") or ""))


def _tokens(words: str) -> int:
    # About what English takes.
    return (len(words) + 3) // 4
