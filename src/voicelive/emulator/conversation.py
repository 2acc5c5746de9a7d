"""The conversation: its items in order, and the client events that create, read, cut and delete them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pybase64

from voicelive.emulator import audio
from voicelive.emulator.context import Context, new_id
from voicelive.emulator.refusal import array, boolean, mapping, one_of, refuse, required, text, whole
from voicelive.emulator.speech import Transcript, WordTime
from voicelive.emulator.timing import cut, spread

__all__ = ("Clip", "Conversation", "Item", "decode_audio")

Json = dict[str, Any]

MAX_AUDIO_BYTES = 15 * 1024 * 1024
_READ = ("message", "function_call", "function_call_output")
_PARTS = {
    "system": ("input_text", "text"),
    "user": ("input_text", "input_audio", "input_image", "text", "audio"),
    "assistant": ("text", "output_text", "audio", "input_text", "output_audio"),
}


@dataclass(slots=True)
class Clip:
    """Audio of an item: pcm16 at ``rate`` samples per second, sent and retrieved as ``format``."""

    rate: int
    format: str = "pcm16"
    pcm: bytearray = field(default_factory=bytearray)

    @property
    def milliseconds(self) -> int:
        """Its length in ms, rounded down."""
        return len(self.pcm) // 2 * 1000 // self.rate

    @property
    def seconds(self) -> float:
        """Its exact length."""
        return len(self.pcm) / 2 / self.rate


@dataclass(slots=True)
class Item:
    """One item of the conversation."""

    wire: Json
    """As it is sent: the wire object, without audio."""
    clips: dict[int, Clip] = field(default_factory=dict[int, Clip])
    """Audio by content index."""
    heard: dict[int, str] = field(default_factory=dict[int, str])
    """What was recognized, by content index; the wire object has it only if the session transcribes."""
    recognized: dict[int, Transcript] = field(default_factory=dict[int, Transcript])
    """What was recognized already, to tell whether the turn was over."""
    spans: dict[int, tuple[float, float]] = field(default_factory=dict[int, tuple[float, float]])
    """Where in a clip the speech is, in ms; the whole clip if it is not known."""
    words: list[WordTime] = field(default_factory=list[WordTime])
    """When the words of the assistant's only clip are."""
    cut_ms: int | None = None
    """Where it is to be cut once it was spoken."""
    truncated: bool = False
    """Whether the service has cut it after an interruption."""
    unheeded: bool = False
    """Whether responders do not get to see it."""

    @property
    def id(self) -> str:
        """The item's id."""
        return str(self.wire["id"])

    @property
    def seconds(self) -> float | None:
        """Length of its audio, or None without any."""
        return sum(clip.milliseconds for clip in self.clips.values()) / 1000 if self.clips else None

    def view(self) -> Json:
        """Return the wire object with what was heard filled in."""
        content = self.wire.get("content")
        if not self.heard or not content:
            return self.wire
        filled = [{**part, "transcript": self.heard.get(i, part.get("transcript"))} for i, part in enumerate(content)]
        return {**self.wire, "content": [f if i in self.heard else content[i] for i, f in enumerate(filled)]}

    def with_audio(self) -> Json:
        """Return the wire object with the audio of its parts, as ``conversation.item.retrieved`` has it."""
        content = [dict(part) for part in self.wire.get("content") or ()]
        for index, clip in self.clips.items():
            content[index]["audio"] = pybase64.b64encode(audio.encode(bytes(clip.pcm), clip.format)).decode()
        return {**self.wire, "content": content} if self.clips else self.wire


def decode_audio(value: object, param: str, audio_format: str, rate: int) -> bytes:
    """Return the bytes of a base64 field, or refuse: not base64, or more than 15 MiB."""
    try:
        data = pybase64.b64decode(text(value, param), validate=True)
    except ValueError:
        raise refuse("invalid_audio", param, format=audio_format, rate=rate) from None
    if len(data) > MAX_AUDIO_BYTES:
        raise refuse("audio_too_large", param, size=len(data))
    return data


class Conversation:
    """The items of a session, and the events about them.

    Args:
        context: The session's surroundings.
        listen: Called with a new user item that holds audio, to find out what was said.
        decide: Called with what a client decided about a tool of an MCP server; returns what is to be done once its
            item was announced, or refuses.
    """

    def __init__(
        self, context: Context, listen: Callable[[Item], None], decide: Callable[[Item], Callable[[], None]]
    ) -> None:
        self._context = context
        self._listen = listen
        self._decide = decide
        self._outputs: list[tuple[Item, Json]] = []
        self.items: list[Item] = []
        self.id = new_id("conv")
        self.handlers: dict[str, Callable[[Mapping[str, Any]], None]] = {
            "conversation.item.create": self._create,
            "conversation.item.retrieve": self._retrieve,
            "conversation.item.truncate": self._truncate,
            "conversation.item.delete": self._delete,
            "mcp_approval_response": self._approve,
        }

    def before(self, item: Item) -> str | None:
        """Return the id of the item before this one, or what stands for none."""
        index = next((i for i, other in enumerate(self.items) if other is item), 0)
        if index:
            return self.items[index - 1].id
        # In recordings, cascaded models have "" before what was typed and null before what was spoken.
        return None if self._context.settings.realtime or item.clips else ""

    def announce(self, item: Item) -> None:
        """Send ``conversation.item.created``."""
        self._context.emit("conversation.item.created", previous_item_id=self.before(item), item=dict(item.wire))

    def add(self, item: Item) -> None:
        """Put an item at the end."""
        self.items.append(item)

    def find(self, item_id: str) -> Item | None:
        """Return the item of that id."""
        return next((item for item in self.items if item.id == item_id), None)

    def _known(self, event: Mapping[str, Any], verb: str) -> Item:
        item_id = text(required(event, "item_id"), "item_id")
        if (item := self.find(item_id)) is None:
            raise refuse(f"item_{verb}_invalid_item_id", item_id=item_id)
        return item

    def add_output(self, call: Item, output: str) -> None:
        """Take note of what a tool of an MCP server returned: for responders it comes after what is there by now."""
        wire = {"type": "function_call_output", "call_id": call.id, "output": output}
        self._outputs.append((self.items[-1] if self.items else call, wire))

    def history(self) -> list[Json]:
        """Return the conversation as responders see it: calls of MCP tools look like those of functions."""
        seen: list[Json] = []
        for item in self.items:
            if item.wire["type"] == "mcp_call":
                wire = item.wire
                call = {"type": "function_call", "name": wire["name"], "arguments": wire["arguments"]}
                seen.append({**call, "id": item.id, "call_id": item.id})
            elif not item.unheeded and item.wire["type"] in _READ:
                seen.append(item.view())
            seen += [output for after, output in self._outputs if after is item]
        return seen

    # Client events

    def _create(self, event: Mapping[str, Any]) -> None:
        self._take(self.build(required(event, "item")), event.get("previous_item_id"))

    def _approve(self, event: Mapping[str, Any]) -> None:
        # The event has no model in any SDK; it is taken for short for its item.
        decision = {name: required(event, name) for name in ("approval_request_id", "approve")}
        self._take(self.build({"type": "mcp_approval_response", **decision}), None)

    def _take(self, item: Item, previous: object) -> None:
        self._check_new(item)
        act = self._decide(item) if item.wire["type"] == "mcp_approval_response" else None
        self._insert(item, previous)
        self.announce(item)
        if act is not None:
            act()
        if item.clips and item.wire.get("role") == "user":
            self._listen(item)

    def _check_new(self, item: Item) -> None:
        if self.find(item.id):
            raise refuse("item_create_duplicate_item_id", item_id=item.id)
        calls = (other.wire["call_id"] for other in self.items if other.wire["type"] == "function_call")
        if item.wire["type"] == "function_call_output" and item.wire["call_id"] not in calls:
            raise refuse("invalid_tool_call_id", call_id=item.wire["call_id"])

    def build(self, given: object, param: str = "item") -> Item:
        """Return the item that a client described, or refuse."""
        raw = mapping(given, param)
        build = {
            "message": self._message,
            "function_call": self._function_call,
            "function_call_output": self._function_call_output,
            "mcp_approval_response": self._approval,
        }
        kind = one_of(required(raw, "type", f"{param}."), tuple(build), f"{param}.type")
        item_id = raw.get("id")
        if item_id is not None:
            text(item_id, f"{param}.id")
        return build[kind]({**raw, "id": item_id or new_id("item"), "object": "realtime.item"}, param)

    def _message(self, raw: Json, param: str) -> Item:
        role = one_of(required(raw, "role", f"{param}."), tuple(_PARTS), f"{param}.role")
        parts = array(required(raw, "content", f"{param}."), f"{param}.content")
        item = Item({})
        content = [self._part(item, role, i, part, f"{param}.content[{i}]") for i, part in enumerate(parts)]
        head = {"id": raw["id"], "object": raw["object"], "type": "message", "status": raw.get("status") or "completed"}
        rest = {key: value for key, value in raw.items() if key not in head}
        item.wire = {**head, **rest, "role": role, "content": content}
        return item

    def _part(self, item: Item, role: str, index: int, part: object, param: str) -> Json:
        given = mapping(part, param)
        kind = one_of(required(given, "type", f"{param}."), _PARTS[role], f"{param}.type")
        if kind in ("input_text", "text", "output_text"):
            said = text(required(given, "text", f"{param}."), f"{param}.text")
            return {**given, "type": "text" if kind == "output_text" else kind, "text": said}
        if kind == "input_image":
            text(required(given, "image_url", f"{param}."), f"{param}.image_url")
            return given
        if kind == "input_audio" or given.get("audio") is not None:
            item.clips[index] = self._clip(required(given, "audio", f"{param}."), f"{param}.audio")
        if isinstance(transcript := given.get("transcript"), str):
            item.heard[index] = transcript
        return {"transcript": None, **{key: value for key, value in given.items() if key != "audio"}}

    def _clip(self, value: object, param: str) -> Clip:
        audio_format, rate = self._context.settings.input_format, self._context.settings.input_rate
        data = decode_audio(value, param, audio_format, rate)
        whole_samples = data[: len(data) // 2 * 2] if audio_format == "pcm16" else data
        return Clip(rate, audio_format, bytearray(audio.decode(whole_samples, audio_format)))

    def _function_call(self, raw: Json, param: str) -> Item:
        for name in ("name", "call_id", "arguments"):
            text(required(raw, name, f"{param}."), f"{param}.{name}")
        return Item({**raw, "status": raw.get("status") or "completed"})

    def _function_call_output(self, raw: Json, param: str) -> Item:
        for name in ("call_id", "output"):
            text(required(raw, name, f"{param}."), f"{param}.{name}")
        return Item(raw)

    def _approval(self, raw: Json, param: str) -> Item:
        text(required(raw, "approval_request_id", f"{param}."), f"{param}.approval_request_id")
        boolean(required(raw, "approve", f"{param}."), f"{param}.approve")
        return Item(raw)

    def _insert(self, item: Item, previous: object) -> None:
        if previous is None or previous == "":
            self.items.append(item)
        elif previous == "root":
            self.items.insert(0, item)
        elif (after := self.find(text(previous, "previous_item_id"))) is not None:
            self.items.insert(self.items.index(after) + 1, item)
        else:
            raise refuse("item_create_invalid_previous_item_id", item_id=previous)

    def _retrieve(self, event: Mapping[str, Any]) -> None:
        self._context.emit("conversation.item.retrieved", item=self._known(event, "retrieve").with_audio())

    def _truncate(self, event: Mapping[str, Any]) -> None:
        item = self._known(event, "truncate")
        index = whole(required(event, "content_index"), "content_index")
        end = whole(required(event, "audio_end_ms"), "audio_end_ms")
        if item.wire.get("role") != "assistant":
            raise refuse("truncate_role")
        if (clip := item.clips.get(index)) is None:
            raise refuse("truncate_no_audio", index=index, item_id=item.id)
        if item.truncated and end >= clip.milliseconds:
            raise refuse("item_already_truncated", item_id=item.id)
        if end > clip.milliseconds:
            raise refuse("truncate_too_long", length=clip.milliseconds, end=end)
        self.truncate(item, index, end)

    def truncate(self, item: Item, index: int, end_ms: int, appended: str = "") -> None:
        """Forget what was not heard of an assistant's message: the audio after that time, and the words not over then.

        Args:
            item: The message.
            index: Index of its part that is cut.
            end_ms: Where, in ms.
            appended: What to write after the words that are left.
        """
        self._context.emit("conversation.item.truncated", item_id=item.id, content_index=index, audio_end_ms=end_ms)
        content: list[Json] = list(item.wire["content"])
        if index >= len(content):
            # A message that is still being spoken has no content yet.
            item.cut_ms = end_ms
            return
        clip = item.clips[index]
        said = content[index].get("transcript") or ""
        kept = cut(said, item.words or spread(said, 0, clip.milliseconds), end_ms) + appended
        content[index] = {**content[index], "transcript": kept}
        item.wire["content"] = content
        del clip.pcm[end_ms * clip.rate // 1000 * 2 :]
        item.words = [word for word in item.words if word.end_ms <= end_ms]
        item.heard.pop(index, None)

    def _delete(self, event: Mapping[str, Any]) -> None:
        item = self._known(event, "delete")
        self.items.remove(item)
        self._context.emit("conversation.item.deleted", item_id=item.id)
