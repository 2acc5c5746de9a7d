"""The conversation as the service has confirmed it: its items in order, and how each is put into a new session.

Only what the service has told of is in here. An item becomes a `conversation.item.create` again:

* what the client had sent, as it was sent;
* what the model said or wrote, as text, for a client cannot put the model's audio into a conversation;
* what the user said, as its transcript, or as audio while there is none and the audio is still at hand;
* function calls and their outputs, as they were.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import pybase64

from voicelive.models import Lost, ResponseItem, ServerEvent
from voicelive.models._values import decoded_size

__all__ = ("History", "Json", "output_rate")

Json = dict[str, Any]
Speech = Callable[[str], bytes | None]
"""Gives the audio of what the user said by the id of its item, while it is kept."""

_OUTPUT_RATES = {"pcm16_8000hz": 16000, "pcm16_16000hz": 32000, "g711_ulaw": 8000, "g711_alaw": 8000}
_CALL_FIELDS = {
    "function_call": ("name", "call_id", "arguments"),
    "function_call_output": ("call_id", "output"),
}


def output_rate(audio_format: object) -> int:
    """Return the bytes per second of an output audio format; those of ``pcm16`` if it is unknown."""
    return _OUTPUT_RATES.get(str(audio_format).replace("-", "_"), 48000)


@dataclass(slots=True)
class _Item:
    id: str
    sent: Json | None = None
    """As the client wrote it, if it did."""
    wire: Json = field(default_factory=dict[str, Any])
    """As the service described it last."""
    finished: bool = False
    pieces: dict[int, list[str]] = field(default_factory=dict[int, list[str]])
    """Text by content index, as it was streamed or transcribed."""
    spoken: dict[int, float] = field(default_factory=dict[int, float])
    """Audio of the model's in ms, by content index."""
    cut: dict[int, int] = field(default_factory=dict[int, int])
    """How many ms of it are left after truncation."""

    def text(self, index: int, part: Json) -> str:
        text = part.get("text") or part.get("transcript") or "".join(self.pieces.get(index, ()))
        if index not in self.cut:
            return cast(str, text)
        whole = self.spoken.get(index, 0.0)
        return _shorten(text, self.cut[index] / whole) if whole else ""

    def parts(self) -> list[Json]:
        content = cast("list[Json]", self.wire.get("content") or [])
        streamed = max(self.pieces, default=-1) + 1
        return content + [{} for _ in range(streamed - len(content))]


def _shorten(text: str, share: float) -> str:
    """Return the first words of a text that is spoken at an even pace."""
    kept = 0
    for word in re.finditer(r"\S+\s*", text):
        if len(word[0].rstrip()) + word.start() > share * len(text):
            break
        kept = word.end()
    return text[:kept].rstrip()


class History:
    """The items of a session in order.

    Attributes:
        rate: Bytes per second of the audio that the model speaks with now.
    """

    def __init__(self) -> None:
        self.rate = output_rate("pcm16")
        self._by_id: dict[str, _Item] = {}
        # What comes after an item and before it, by id; both begin and end at "". In a list, finding an item's place
        # among 10,000 takes half a millisecond.
        self._next = {"": ""}
        self._previous = {"": ""}
        self._takes: dict[str, Callable[[Any], None]] = {
            "conversation.item.deleted": self._deleted,
            "conversation.item.truncated": self._truncated,
            "conversation.item.input_audio_transcription.completed": self._transcribed,
            "response.output_item.done": self._output_done,
            "response.function_call_arguments.done": self._arguments_done,
            "response.audio.delta": self._audio_delta,
            "response.text.delta": self._text_delta,
            "response.audio_transcript.delta": self._text_delta,
            "response.text.done": self._text_done,
            "response.audio_transcript.done": self._text_done,
        }

    def __contains__(self, item_id: object) -> bool:
        return item_id in self._by_id

    @property
    def ids(self) -> list[str]:
        """Ids of the items, in order."""
        ids: list[str] = []
        item_id = self._next[""]
        while item_id:
            ids.append(item_id)
            item_id = self._next[item_id]
        return ids

    def created(self, item: ResponseItem, previous: str | None, sent: Json | None, *, first: bool = False) -> None:
        """Take a new item.

        Args:
            item: As the service describes it.
            previous: Id of the item it comes after; ``None`` or empty if the service does not say.
            sent: As the client wrote it, if it did.
            first: Whether no ``previous`` means the beginning, and not the end.
        """
        if not item.id:
            return
        if (known := self._by_id.get(item.id)) is not None:
            known.wire = item.as_dict()
            return
        new = _Item(item.id, sent, item.as_dict())
        new.finished = new.wire.get("status") not in ("in_progress", "incomplete")
        if previous not in self._by_id:
            previous = "" if first else self._previous[""]
        self._by_id[item.id] = new
        after = self._next[previous]
        self._link(previous, item.id)
        self._link(item.id, after)

    def _link(self, before: str, after: str) -> None:
        self._next[before] = after
        self._previous[after] = before

    def received(self, event: ServerEvent) -> None:
        """Follow an event, but for new items."""
        take = self._takes.get(cast(str, getattr(event, "type", "")))
        if take is not None:
            take(event)

    def settle(self, ids: list[str]) -> list[Json]:
        """Take note that these items will get no further, and return what there is of them."""
        settled: list[Json] = []
        for item_id in ids:
            if (item := self._by_id.get(item_id)) is None:
                continue
            parts = item.parts()
            if item.wire.get("type") == "message":
                key = "transcript" if item.spoken else "text"
                kind = {"transcript": "audio", "text": "text"}[key]
                content = [{"type": kind, **part, key: item.text(i, part)} for i, part in enumerate(parts)]
                item.wire = {**item.wire, "content": content}
            item.wire = {**item.wire, "status": "incomplete"}
            settled.append(item.wire)
        return settled

    def forget(self, item_id: str) -> None:
        """Take an item out."""
        if self._by_id.pop(item_id, None) is not None:
            self._link(self._previous.pop(item_id), self._next.pop(item_id))

    # What happens to items

    def _deleted(self, event: Any) -> None:
        self.forget(event.item_id)

    def _truncated(self, event: Any) -> None:
        self.truncate(event.item_id, event.content_index, event.audio_end_ms)

    def truncate(self, item_id: str, index: int, audio_end_ms: int) -> None:
        """Cut the model's audio of an item."""
        if (item := self._by_id.get(item_id)) is not None:
            item.cut[index] = min(audio_end_ms, item.cut.get(index, audio_end_ms))

    def _transcribed(self, event: Any) -> None:
        if (item := self._by_id.get(event.item_id)) is not None:
            item.pieces[event.content_index] = [event.transcript]

    def _output_done(self, event: Any) -> None:
        if event.item is not None and (item := self._by_id.get(event.item.id)) is not None:
            item.wire = event.item.as_dict()
            item.finished = True

    def _arguments_done(self, event: Any) -> None:
        if (item := self._by_id.get(event.item_id)) is not None:
            item.wire = {**item.wire, "arguments": event.arguments}
            item.finished = True

    def _audio_delta(self, event: Any) -> None:
        if (item := self._by_id.get(event.item_id)) is not None:
            length = decoded_size(event.delta) * 1000 / self.rate
            item.spoken[event.content_index] = item.spoken.get(event.content_index, 0.0) + length

    def _text_delta(self, event: Any) -> None:
        if (item := self._by_id.get(event.item_id)) is not None:
            item.pieces.setdefault(event.content_index, []).append(event.delta)

    def _text_done(self, event: Any) -> None:
        if (item := self._by_id.get(event.item_id)) is not None:
            text = event.text if event.type == "response.text.done" else event.transcript
            item.pieces[event.content_index] = [text]

    # Putting them into a new session

    def replay(self, speech: Speech) -> tuple[list[Json], list[Lost]]:
        """Return the items to create in a new session, in order, and what cannot be.

        Args:
            speech: See ``Speech``.
        """
        items: list[Json] = []
        lost: list[Lost] = []
        for item_id in self.ids:
            item = self._by_id[item_id]
            wire, gap = _as_request(item, speech)
            if wire is not None:
                items.append({**wire, "id": item.id})
            if gap is not None:
                kind = item.wire.get("type")
                lost.append(Lost(kind="item", id=item.id, type=kind, reason=cast(Any, gap)))
        return items, lost


def _as_request(item: _Item, speech: Speech) -> tuple[Json | None, str | None]:
    """Return what creates an item, if anything does, and why that is not all of it."""
    kind = item.wire.get("type")
    # It answers a request of a session that is gone.
    if item.sent is not None and kind != "mcp_approval_response":
        return item.sent, None
    if kind == "message":
        return _message(item, speech)
    if kind == "mcp_list_tools":
        # Every session lists the tools of its servers by itself.
        return None, None
    if kind not in _CALL_FIELDS:
        return None, "not_replayable"
    if kind == "function_call" and not item.finished:
        return None, "interrupted"
    return {"type": kind, **{name: item.wire.get(name, "") for name in _CALL_FIELDS[kind]}}, None


def _message(item: _Item, speech: Speech) -> tuple[Json | None, str | None]:
    role = item.wire.get("role")
    gap: str | None = None
    content: list[Json] = []
    for index, part in enumerate(item.parts()):
        if text := item.text(index, part):
            content.append({"type": "text" if role == "assistant" else "input_text", "text": text})
        elif part.get("type") == "input_image":
            content.append(part)
        elif part.get("type") == "input_audio" and (audio := speech(item.id)):
            content.append({"type": "input_audio", "audio": pybase64.b64encode(audio).decode()})
        elif _is_speech(part) or index in item.cut:
            gap = "not_heard" if index in item.cut else "no_transcript"
    if not content:
        return None, gap or ("no_transcript" if item.finished else "interrupted")
    return {"type": "message", "role": role, "content": content}, gap


def _is_speech(part: Mapping[str, object]) -> bool:
    return part.get("type") in ("input_audio", "audio")
