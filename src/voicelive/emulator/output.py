"""One response as the client sees it: its events in order, its items, and what it costs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

import pybase64

from voicelive.emulator import audio
from voicelive.emulator.answers import AnswerReader
from voicelive.emulator.context import Context, new_id
from voicelive.emulator.conversation import Clip, Conversation, Item
from voicelive.emulator.settings import output_rate
from voicelive.emulator.speech import Answer, ConversationView, Failure, FunctionCall, Speech
from voicelive.emulator.steps import Pause, Steps, Work

__all__ = ("Output",)

Json = dict[str, Any]

_CHUNK_MS = 100
_TEXT_PAUSE = 0.02
# Text comes faster than the speech that says it, as it does from the service.
_WORDS_PER_CHUNK = 0.5


class Output:
    """What a response sends.

    Args:
        context: The session's surroundings.
        conversation: Where the items go, unless the response is not to be committed.
        fields: What holds for this response, as ``Settings.for_response`` gives it.
    """

    def __init__(self, context: Context, conversation: Conversation, fields: Json) -> None:
        self._context = context
        self._conversation = conversation
        self.fields = fields
        self.id = new_id("resp")
        self._status = "in_progress"
        self._details: Json | None = None
        self._items: list[Item] = []
        self._part: Json | None = None
        self._usage: Json | None = None
        self._input_text_tokens = 0
        self._input_audio_tokens = 0
        self.has_spoken = False
        """Whether audio was produced."""

    # The response object

    def _wire(self) -> Json:
        realtime = self._context.settings.realtime
        fields = self.fields
        limit = fields["max_output_tokens"]
        return {
            "object": "realtime.response",
            "id": self.id,
            "status": self._status,
            "status_details": self._details,
            "output": [item.wire for item in self._items],
            "usage": self._usage,
            "conversation_id": self._conversation.id if realtime else "",
            "modalities": fields["modalities"],
            "voice": fields["voice"],
            "output_audio_format": fields["output_audio_format"],
            "temperature": fields["temperature"],
            "max_output_tokens": None if limit == "inf" and not realtime else limit,
            "metadata": fields["metadata"],
        }

    def created(self) -> None:
        """Send ``response.created``."""
        self._context.emit("response.created", response=self._wire())

    def play(self, answer: Answer) -> Steps:
        """Say and call everything in the answer, while it is still being made, then send ``response.done``."""
        limit = self.fields["max_output_tokens"]
        reader = AnswerReader(answer, limit if isinstance(limit, int) else None)
        try:
            while (sentence := (yield from reader.sentence())) is not None:
                yield from self._say(sentence)
        finally:
            reader.close(self._context.spawn)
        if reader.failure is not None:
            self.finish("failed", reader.failure)
            return
        if not self._items and not reader.calls:
            yield from self._say("")
        self._close_item("completed")
        if reader.incomplete is None:
            for call in reader.calls:
                yield from self._call(call)
        self.finish("completed" if reader.incomplete is None else "incomplete", reader.incomplete)

    def finish(self, status: str, reason: str | Failure | None = None) -> None:
        """Close whatever is open and send ``response.done``."""
        if self._status != "in_progress":
            return
        self._close_item("completed" if status == "completed" else "incomplete")
        self._status = status
        if isinstance(reason, Failure):
            error = {"type": reason.type, "code": reason.code, "message": reason.message}
            self._details = {"type": status, "error": error}
        elif reason is not None:
            self._details = {"type": status, "reason": reason}
        self._usage = self._count()
        self._context.emit("response.done", response=self._wire())

    # Items

    def _emit(self, event_type: str, **fields: Any) -> None:
        item = self._items[-1]
        where = {"response_id": self.id, "item_id": item.id, "output_index": len(self._items) - 1}
        self._context.emit(event_type, **where, **fields)

    def _emit_part(self, event_type: str, **fields: Any) -> None:
        self._emit(event_type, content_index=0, **fields)

    def _open_item(self, wire: Json) -> Item:
        realtime = self._context.settings.realtime
        status = "incomplete" if not realtime and wire["type"] == "message" else "in_progress"
        item = Item({"id": new_id("item" if realtime else "msg"), "object": "realtime.item", **wire, "status": status})
        self._items.append(item)
        where = {"response_id": self.id, "output_index": len(self._items) - 1}
        self._context.emit("response.output_item.added", **where, item=dict(item.wire))
        if self.fields["commit"] is not False:
            self._conversation.add(item)
            self._conversation.announce(item)
        return item

    def _close_item(self, status: str) -> None:
        if not self._items or self._items[-1].wire["status"] == "completed":
            return
        if self._part is not None:
            self._close_part()
        item = self._items[-1]
        item.wire = {**item.wire, "status": status}
        where = {"response_id": self.id, "output_index": len(self._items) - 1}
        self._context.emit("response.output_item.done", **where, item=dict(item.wire))

    # Messages

    def _say(self, sentence: str) -> Steps:
        part = self._part or self._open_message()
        if part["type"] == "audio":
            if sentence:
                yield from self._speak(self._items[-1], sentence)
            return
        for piece in _words(sentence):
            part["text"] += piece
            self._emit_part("response.text.delta", delta=piece)
            yield Pause(_TEXT_PAUSE / self._context.speed)

    def _open_message(self) -> Json:
        aloud = "audio" in self.fields["modalities"]
        item = self._open_item({"type": "message", "role": "assistant", "content": []})
        self._part = {"type": "audio", "transcript": ""} if aloud else {"type": "text", "text": ""}
        self._emit_part("response.content_part.added", part=dict(self._part))
        if aloud:
            audio_format = self.fields["output_audio_format"]
            item.clips[0] = Clip(output_rate(audio_format), audio_format)
        return self._part

    def _close_part(self) -> None:
        part, self._part = self._part, None
        assert part is not None
        self._items[-1].wire["content"] = [part]
        if part["type"] == "audio":
            self._emit_part("response.audio.done")
            self._emit_part("response.audio_transcript.done", transcript=part["transcript"])
        else:
            self._emit_part("response.text.done", text=part["text"])
        self._emit_part("response.content_part.done", part=dict(part))

    def _speak(self, item: Item, sentence: str) -> Steps:
        clip = item.clips[0]
        words = _words(sentence)
        due = 1.0
        spoken = yield Work(lambda: self._context.services.synthesizer.synthesize(sentence, clip.rate))
        pieces = iter([spoken] if isinstance(spoken, bytes | bytearray | Speech) else spoken)
        while (piece := (yield Work(lambda: next(pieces, None)))) is not None:
            for chunk in _chunks(piece.pcm if isinstance(piece, Speech) else piece, clip.rate):
                while due >= 1 and self._transcribe(words):
                    due -= 1
                due += _WORDS_PER_CHUNK
                self._send_audio(clip, chunk)
                yield Pause(len(chunk) / 2 / clip.rate / self._context.speed)
        while self._transcribe(words):
            pass

    def _transcribe(self, words: Iterator[str]) -> bool:
        """Send the next word of the transcript; False when there is none."""
        if (word := next(words, None)) is None:
            return False
        assert self._part is not None
        self._part["transcript"] += word
        self._emit_part("response.audio_transcript.delta", delta=word)
        return True

    def _send_audio(self, clip: Clip, pcm: bytes) -> None:
        clip.pcm += pcm
        self.has_spoken = True
        encoded = pybase64.b64encode(audio.encode(pcm, clip.format)).decode("ascii")
        self._emit_part("response.audio.delta", delta=encoded)

    # Function calls

    def _call(self, call: FunctionCall) -> Steps:
        arguments = call.arguments
        if not isinstance(arguments, str):
            # As the service writes them; clients compare the text.
            arguments = json.dumps(dict(arguments), ensure_ascii=False, separators=(",", ":"))
        call_id = call.call_id or new_id("call")
        head = {"type": "function_call", "name": call.name, "call_id": call_id, "arguments": ""}
        item = self._open_item(head)
        for start in range(0, len(arguments), 16):
            self._emit("response.function_call_arguments.delta", call_id=call_id, delta=arguments[start : start + 16])
            yield Pause(_TEXT_PAUSE / self._context.speed)
        item.wire = {**item.wire, "arguments": arguments}
        self._emit("response.function_call_arguments.done", call_id=call_id, arguments=arguments, name=call.name)
        self._close_item("completed")

    # Usage

    def count_input(self, view: ConversationView) -> None:
        """Count what the model is given to read and to hear."""
        tools = json.dumps(list(view.tools)) if view.tools else ""
        self._input_text_tokens = _tokens(view.instructions) + _tokens(tools)
        for wire in view.items:
            item = self._conversation.find(str(wire.get("id")))
            if item is not None and item.seconds is not None:
                # A user's audio is a token each 100 ms, the assistant's each 50 ms.
                per_second = 10 if wire.get("role") == "user" else 20
                self._input_audio_tokens += round(item.seconds * per_second)
            else:
                self._input_text_tokens += _tokens(json.dumps(wire.get("content") or wire.get("output") or ""))

    def _count(self) -> Json:
        spoken = round(sum(item.seconds or 0 for item in self._items) * 20)
        written = sum(
            _tokens(str(item.wire.get("arguments") or "")) + sum(_tokens(_said(part)) for part in _content(item))
            for item in self._items
        )
        heard, read = self._input_audio_tokens, self._input_text_tokens
        cached = {"text_tokens": 0, "audio_tokens": 0, "image_tokens": 0}
        return {
            "total_tokens": heard + read + spoken + written,
            "input_tokens": heard + read,
            "output_tokens": spoken + written,
            "input_token_details": {
                "cached_tokens": 0,
                "text_tokens": read,
                "audio_tokens": heard,
                "image_tokens": 0,
                "cached_tokens_details": cached,
            },
            "output_token_details": {"text_tokens": written, "audio_tokens": spoken, "reasoning_tokens": 0},
        }


def _content(item: Item) -> list[Json]:
    return item.wire.get("content") or []


def _said(part: Json) -> str:
    return part.get("text") or part.get("transcript") or ""


def _tokens(words: str) -> int:
    # About what English takes; nobody can rely on the exact number.
    return (len(words) + 3) // 4


def _words(said: str) -> Iterator[str]:
    """Yield pieces of a word each, blanks in front of it: together they are the text again."""
    return iter(re.findall(r"\s*\S+\s*$|\s*\S+", said))


def _chunks(pcm: bytes, rate: int) -> Iterable[bytes]:
    size = rate * _CHUNK_MS // 1000 * 2
    return (pcm[start : start + size] for start in range(0, len(pcm), size))
