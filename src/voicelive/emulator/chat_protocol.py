"""The chat completions protocol of OpenAI, without a connection: what is asked, and what comes back piece by piece."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, TypeGuard

from voicelive.emulator.speech import ConversationView, FunctionCall, Piece, Reply

__all__ = ("ChatProtocolError", "ChatReader", "error_message", "request_body")

Json = Mapping[str, Any]

_INAUDIBLE = "(speech that was not understood)"
_LONGEST_LINE = 4 * 1024 * 1024
_BEGIN_THOUGHT, _END_THOUGHT = "<think>", "</think>"
_INCOMPLETE: Mapping[str, Literal["max_output_tokens", "content_filter"]] = {
    "length": "max_output_tokens",
    "content_filter": "content_filter",
}


class ChatProtocolError(Exception):
    """What came is no chat completion; the message says what it is instead."""


def _is_object(value: object) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict)


def _is_list(value: object) -> TypeGuard[list[Any]]:
    return isinstance(value, list)


# --- What is asked ---------------------------------------------------------------------------------------------------


def request_body(view: ConversationView, model: str, options: Json) -> dict[str, Any]:
    """Return the body of a request for the answer to a conversation.

    Args:
        view: The conversation.
        model: Name of the model.
        options: More fields, such as ``temperature``.
    """
    body: dict[str, Any] = {"model": model, "messages": list(_messages(view)), "stream": True, **options}
    tools = [_tool(tool) for tool in view.tools if tool.get("type") == "function"]
    if tools:
        body |= {"tools": tools, "tool_choice": _tool_choice(view.tool_choice, tools)}
    return body


def _tool(tool: Json) -> Json:
    function = {name: tool[name] for name in ("name", "description", "parameters") if tool.get(name) is not None}
    return {"type": "function", "function": function}


def _tool_choice(choice: str | Json, tools: Sequence[Json]) -> str | Json:
    name = choice.get("name") if isinstance(choice, Mapping) else choice
    if any(tool["function"].get("name") == name for tool in tools):
        return {"type": "function", "function": {"name": name}}
    return choice if isinstance(choice, str) and choice in ("auto", "none", "required") else "auto"


def _messages(view: ConversationView) -> Iterator[Json]:
    if view.instructions:
        yield {"role": "system", "content": view.instructions}
    outputs = {item.get("call_id"): item for item in view.items if item.get("type") == "function_call_output"}
    calls: list[Json] = []
    for item in view.items:
        if item.get("type") == "function_call":
            # A call without its output is refused by most servers.
            calls += [item] if item.get("call_id") in outputs else []
        elif item.get("type") == "message":
            yield from _called(calls, outputs)
            calls = []
            yield _message(item)
    yield from _called(calls, outputs)


def _called(calls: Sequence[Json], outputs: Mapping[Any, Json]) -> Iterator[Json]:
    """Yield the calls that were made together, and their outputs right after them, as the protocol demands."""
    if not calls:
        return
    made = [
        {"id": call["call_id"], "type": "function", "function": {"name": call["name"], "arguments": call["arguments"]}}
        for call in calls
    ]
    yield {"role": "assistant", "content": None, "tool_calls": made}
    for call in calls:
        output = outputs[call["call_id"]]
        yield {"role": "tool", "tool_call_id": call["call_id"], "content": str(output.get("output") or "")}


def _message(item: Json) -> Json:
    role = str(item.get("role"))
    parts: Iterable[Json] = item.get("content") or ()
    contents = [content for part in parts if (content := _content(part, role)) is not None]
    if any(content["type"] != "text" for content in contents):
        return {"role": role, "content": contents}
    text = " ".join(content["text"] for content in contents)
    return {"role": role, "content": text or (_INAUDIBLE if role == "user" else "")}


def _content(part: Json, role: str) -> Json | None:
    if part.get("type") == "input_image" and role == "user":
        return {"type": "image_url", "image_url": {"url": part.get("image_url")}}
    text = part.get("text") or part.get("transcript")
    return {"type": "text", "text": text} if isinstance(text, str) else None


# --- What comes back -------------------------------------------------------------------------------------------------


class ChatReader:
    """Reads one answer from the bytes of a response."""

    def __init__(self) -> None:
        self._rest = b""
        self._speech = _Speech()
        self._calls: list[_Call] = []
        self._finish: str | None = None
        self._ended = False

    def feed(self, data: bytes) -> Iterator[Piece]:
        """Take bytes of a stream of server-sent events and yield what they say.

        Raises:
            ChatProtocolError: They are no chat completion, or tell of an error.
        """
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > _LONGEST_LINE:
            raise ChatProtocolError("sent a line without an end")
        for line in lines:
            yield from self._line(line.strip())

    def end(self) -> Iterator[Piece]:
        """Yield what is left when the stream has ended: the function calls, and why it broke off if it did.

        Raises:
            ChatProtocolError: It ended before the answer did.
        """
        yield from self._line(self._rest.strip())
        if self._finish is None and not self._ended:
            raise ChatProtocolError("ended its answer halfway")
        if rest := self._speech.end():
            yield rest
        for call in self._calls:
            yield call.made()
        if (incomplete := _INCOMPLETE.get(self._finish or "")) is not None:
            yield Reply(incomplete=incomplete)

    def whole(self, data: bytes) -> Iterator[Piece]:
        """Take a whole answer, from servers that do not stream.

        Raises:
            ChatProtocolError: It is no chat completion, or tells of an error.
        """
        yield from self._chunk(_parsed(data), "message")
        self._ended = True
        yield from self.end()

    def _line(self, line: bytes) -> Iterator[Piece]:
        name, _, value = line.partition(b":")
        # Lines without a name are comments that keep the connection open.
        if name != b"data" or self._ended:
            return
        if value.strip() == b"[DONE]":
            self._ended = True
            return
        yield from self._chunk(_parsed(value), "delta")

    def _chunk(self, chunk: dict[str, Any], field: str) -> Iterator[Piece]:
        if chunk.get("error"):
            raise ChatProtocolError(f"reported an error: {error_message(chunk)}")
        choices = chunk.get("choices")
        if not _is_list(choices) or not choices:
            return  # Usage comes without choices.
        choice = choices[0]
        delta = choice.get(field) if _is_object(choice) else None
        if not _is_object(choice) or not (delta is None or _is_object(delta)):
            raise ChatProtocolError("sent something else than a chat completion")
        content = (delta or {}).get("content")
        if isinstance(content, str) and (said := self._speech.feed(content)):
            yield said
        given = (delta or {}).get("tool_calls")
        for call in given if _is_list(given) else []:
            self._take_call(call)
        if isinstance(finish := choice.get("finish_reason"), str):
            self._finish = finish

    def _take_call(self, given: object) -> None:
        function = given.get("function") if _is_object(given) else None
        if not _is_object(given) or not _is_object(function):
            raise ChatProtocolError("sent a tool call that is none")
        index, call_id, name = given.get("index"), given.get("id"), function.get("name")
        call = next((call for call in reversed(self._calls) if call.index == index), None)
        # Some servers number all calls of an answer alike, or not at all.
        if call is None or (name and call_id and call_id != call.id) or (name and index is None):
            call = _Call(index, str(call_id) if call_id else None)
            self._calls.append(call)
        if isinstance(name, str) and not call.name:
            call.name = name
        arguments = function.get("arguments")
        call.arguments += json.dumps(arguments) if _is_object(arguments) else str(arguments or "")


class _Call:
    """A function call as it grows."""

    def __init__(self, index: object, call_id: str | None) -> None:
        self.index = index
        self.id = call_id
        self.name = ""
        self.arguments = ""

    def made(self) -> FunctionCall:
        if not self.name:
            raise ChatProtocolError("called a function without naming it")
        return FunctionCall(self.name, self.arguments or "{}", self.id)


class _Speech:
    """Leaves out what reasoning models think before they speak, where it comes within the text."""

    def __init__(self) -> None:
        self._held = ""
        self._thinking = False
        self._decided = False

    def feed(self, text: str) -> str:
        if self._decided:
            return text
        self._held += text
        begun = self._held.lstrip()
        if not self._thinking and begun.startswith(_BEGIN_THOUGHT):
            self._thinking = True
        if self._thinking:
            _, end, said = self._held.partition(_END_THOUGHT)
            if not end:
                return ""
            self._held = said.lstrip()
        elif _BEGIN_THOUGHT.startswith(begun):
            return ""
        self._decided, self._thinking = True, False
        return self._held

    def end(self) -> str:
        return "" if self._decided or self._thinking else self._held


def _parsed(data: bytes) -> dict[str, Any]:
    try:
        value: object = json.loads(data)
    except (ValueError, RecursionError):
        raise ChatProtocolError("sent something that is not JSON") from None
    if not _is_object(value):
        raise ChatProtocolError("sent something else than a chat completion")
    return value


def error_message(body: object) -> str:
    """Return what the body of an error says."""
    error = body.get("error", body) if _is_object(body) else body
    message = error.get("message") or error.get("detail") if _is_object(error) else error
    return " ".join(str(message or "no reason given").split())[:300]
