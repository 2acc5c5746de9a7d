"""What the embedded service hears and answers when nothing else is set: deterministic, and friendly."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

from voicelive.emulator.speech import Answer, ConversationView, FunctionCall

__all__ = ("DefaultResponder", "DurationRecognizer")

Json = Mapping[str, Any]

_PLACEHOLDER = re.compile(r"\([\d.]+ s of speech\)")


class DurationRecognizer:
    """Cannot recognize words, and says so: a transcript such as ``(2.1 s of speech)``."""

    def transcribe(self, pcm: bytes, rate: int) -> str:
        """Return how long the audio is."""
        return f"({len(pcm) / 2 / rate:.1f} s of speech)"


class DefaultResponder:
    """Says back what it heard or read, calls tools that are named or demanded, and speaks about their output."""

    def respond(self, view: ConversationView) -> Answer:
        """Return the reply."""
        last = view.last or {}
        if last.get("type") == "function_call_output":
            return self._about_output(view, last)
        said = view.last_text()
        if (tool := _chosen_tool(view, said)) is not None:
            return FunctionCall(tool["name"], _arguments(tool.get("parameters"), said))
        if _PLACEHOLDER.fullmatch(said) or (view.heard_seconds is not None and not said):
            return f"I heard {view.heard_seconds or 0:.1f} seconds of speech. Thank you for talking to me."
        if view.heard_seconds is not None:
            return f"I heard you say: {said}"
        if said:
            return f"You wrote: {said}"
        return "Hello! I am the embedded voice service. Talk to me, or write to me."

    def _about_output(self, view: ConversationView, output: Json) -> str:
        calls = (item for item in view.items if item.get("type") == "function_call")
        name = next((item["name"] for item in calls if item.get("call_id") == output.get("call_id")), "function")
        return f"The {_words(name)} says: {_readable(str(output.get('output', '')))}"


def _words(name: str) -> str:
    return re.sub(r"[_\W]+|(?<=[a-z])(?=[A-Z])", " ", name).lower().strip()


def _readable(output: str) -> str:
    try:
        value: Any = json.loads(output)
    except ValueError:
        return output
    if isinstance(value, dict):
        return ", ".join(f"{_words(key)} {item}" for key, item in cast("dict[str, Any]", value).items())
    return ", ".join(map(str, cast("list[object]", value))) if isinstance(value, list) else str(value)


def _chosen_tool(view: ConversationView, said: str) -> Json | None:
    functions: Sequence[Json] = [tool for tool in view.tools if tool.get("type") == "function"]
    if not functions or view.tool_choice == "none":
        return None
    if isinstance(view.tool_choice, Mapping):
        return next((tool for tool in functions if tool["name"] == view.tool_choice.get("name")), None)
    if any(tool["name"] == view.tool_choice for tool in functions):
        return next(tool for tool in functions if tool["name"] == view.tool_choice)
    named = next((tool for tool in functions if _names(said, tool["name"])), None)
    return named or (functions[0] if view.tool_choice == "required" else None)


def _names(said: str, tool: str) -> bool:
    """Whether the words have what the tool is about: "weather" for ``get_weather``."""
    words = set(re.findall(r"\w+", said.lower()))
    telling = [word for word in _words(tool).split() if len(word) > 3]
    return bool(telling) and all(word in words for word in telling)


def _arguments(schema: Any, said: str) -> dict[str, Any]:
    # A client may send anything as a schema.
    if not isinstance(schema, dict):
        return {}
    return _fill(cast("dict[str, Any]", schema), said)


def _fill(schema: Json, said: str) -> dict[str, Any]:
    properties: dict[str, Json] = schema.get("properties") or {}
    names: Sequence[str] = schema.get("required") or list(properties)[:1]
    return {name: _argument(properties.get(name) or {}, said) for name in names}


def _argument(schema: Json, said: str) -> Any:
    if choices := schema.get("enum"):
        return next((choice for choice in choices if str(choice).lower() in said.lower()), choices[0])
    if "default" in schema:
        return schema["default"]
    number = re.search(r"-?\d+(?:\.\d+)?", said)
    match schema.get("type"):
        case "integer":
            return int(float(number[0])) if number else 0
        case "number":
            return float(number[0]) if number else 0.0
        case "boolean":
            return True
        case "array":
            return [_argument(schema.get("items") or {}, said)]
        case "object":
            return _arguments(schema, said)
        case _:
            return _proper_noun(said) or said


def _proper_noun(said: str) -> str:
    """The last run of capitalised words that does not begin a sentence: a place or a name, mostly."""
    runs = re.findall(r"(?<=[\w,] )[A-Z]\w*(?: [A-Z]\w*)*", said)
    return next((run for run in reversed(runs) if run != "I"), "")
