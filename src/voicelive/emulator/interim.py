"""Interim responses: what is said while the answer takes its time or a tool is at work."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ("Interim",)

_PHRASES = ("One moment, please.", "Let me see.", "I am on it.")
_CHARACTERS_PER_TOKEN = 4


class Interim:
    """The interim responses of a session, in which no chance plays a part.

    The service picks a static text at random and asks a model for the others; here the texts take turns, and the
    model's are a few fixed phrases.
    """

    def __init__(self) -> None:
        self._count = 0

    def after(self, config: Mapping[str, Any] | None) -> float | None:
        """Return the seconds to wait for the answer before saying something; None: nothing is said."""
        if config is None or "latency" not in config["triggers"]:
            return None
        return float(config["latency_threshold_ms"]) / 1000

    def on_tool(self, config: Mapping[str, Any] | None) -> bool:
        """Tell whether something is said when a tool is called."""
        return config is not None and "tool" in config["triggers"]

    def text(self, config: Mapping[str, Any]) -> str:
        """Return what to say next; ``""`` without any texts."""
        if config["type"] == "static_interim_response":
            texts = config["texts"] or ("",)
        else:
            room = config["max_completion_tokens"] * _CHARACTERS_PER_TOKEN
            texts = [text if len(text) <= room else text[:room].rpartition(" ")[0] for text in _PHRASES]
        self._count += 1
        return str(texts[(self._count - 1) % len(texts)])
