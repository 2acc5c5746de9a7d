"""The protocol engine: client events in, server events out; no sockets, no clock, no threads of its own."""

from __future__ import annotations

import base64
import json
import logging
import math
import re
from collections.abc import Callable, Mapping
from typing import Any, cast

from voicelive.emulator.context import Context, new_id
from voicelive.emulator.conversation import Conversation, Item
from voicelive.emulator.input_audio import InputAudio
from voicelive.emulator.refusal import Refusal, required, text
from voicelive.emulator.responses import Responses
from voicelive.emulator.script import ScriptRun
from voicelive.emulator.speech import Transcript
from voicelive.emulator.steps import Join, Steps, Task, Work
from voicelive.protocol.wire import decode_client_event

__all__ = ("Session", "parse")

_log = logging.getLogger("voicelive.emulator")

# These hold nothing but audio, which is checked where it is decoded.
_AUDIO_EVENTS = ("input_audio_buffer.append", "input_audio.turn.append")

Json = dict[str, Any]
Handler = Callable[[Mapping[str, Any]], Steps | None]


def parse(frame: str | bytes) -> Json:
    """Return a client event as a JSON object, or refuse. Text that came in a binary frame is taken as well."""
    try:
        event: Any = json.loads(frame, parse_constant=_finite, parse_float=_finite)
        if _has_surrogates(frame):
            json.dumps(event, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise Refusal("The message is not valid JSON.", "invalid_json") from None
    if not isinstance(event, dict):
        raise Refusal("The message is not a JSON object.", "invalid_json")
    return cast(Json, event)


def _finite(number: str) -> float:
    # NaN and Infinity are no JSON, and what overflows could not be echoed as such.
    if not math.isfinite(value := float(number)):
        raise ValueError("not finite")
    return value


def _has_surrogates(frame: str | bytes) -> bool:
    # Escapes may be halves of a surrogate pair, which no frame can carry back.
    if isinstance(frame, str):
        return "\\ud" in frame or "\\uD" in frame
    return b"\\ud" in frame or b"\\uD" in frame


def check(frame: str | bytes) -> None:
    """Refuse an event whose fields have types that its model does not allow."""
    try:
        decode_client_event(frame)
    except ValueError as error:
        _, _, rest = str(error).partition(": ")
        where, _, what = rest.rpartition(": ")
        # "item.message" names the kind of the item, "tools.0" an element of a list.
        param = re.sub(r"\.(\d+)", r"[\1]", where.replace("item.message", "item"))
        code = "missing_required_parameter" if what == "Field required" else "invalid_type"
        raise Refusal(f"Invalid '{param}': {what}.", code, param or None) from None


class Session:
    """One session.

    Args:
        context: Its settings, its speech parts and the way out.
        script: What is heard and answered, before the speech parts are asked.
    """

    def __init__(self, context: Context, script: ScriptRun) -> None:
        self._context = context
        self._script = script
        self._listening: Task | None = None
        self._texts: dict[str, str] = {}
        self._conversation = Conversation(context, self._listen_to_created)
        self._responses = Responses(context, self._conversation, script, lambda: self._listening)
        self._input = InputAudio(context, self._conversation, on_speech=self._user_speaks, on_turn=self._user_spoke)
        self._handlers: dict[str, Handler] = {
            **self._conversation.handlers,
            **self._responses.handlers,
            **self._input.handlers,
            "session.update": self._update,
            "session.avatar.connect": self._connect_avatar,
            "output_audio_buffer.clear": self._clear_output,
            "input_text.delta": self._text_delta,
            "input_text.done": self._text_done,
        }

    def open(self) -> None:
        """Send ``session.created``."""
        self._context.emit("session.created", session=self._context.settings.echo)

    def receive(self, event: Json, frame: str | bytes) -> Steps:
        """Follow one client event; whatever is wrong with it becomes an ``error`` event.

        Args:
            event: What :func:`parse` made of the frame.
            frame: The frame.
        """
        try:
            kind = event.get("type")
            if not isinstance(kind, str):
                raise Refusal("Missing required parameter: 'type'.", "missing_required_parameter", "type")
            if event.get("event_id") is not None:
                text(event["event_id"], "event_id")
            if (handle := self._handlers.get(kind)) is None:
                known = ", ".join(f"'{name}'" for name in sorted(self._handlers))
                raise Refusal(f"Invalid value: '{kind}'. Supported values are: {known}.", "invalid_value", "type")
            if kind not in _AUDIO_EVENTS:
                check(frame)
            steps = handle(event)
            if steps is not None:
                yield from steps
        except Refusal as refusal:
            self.refuse(refusal, event.get("event_id"))
        except Exception as error:  # One event that trips the emulator up must not end the session.
            _log.error("an event failed with %s", type(error).__name__)
            failure = Refusal(f"The emulator failed: {type(error).__name__}.", "internal_error", kind="server_error")
            self.refuse(failure, event.get("event_id"))

    def refuse(self, refusal: Refusal, event_id: object = None) -> None:
        """Send an ``error`` event."""
        error = {
            "type": refusal.kind,
            "code": refusal.code,
            "message": refusal.message,
            "param": refusal.param,
            "event_id": event_id if isinstance(event_id, str) else None,
        }
        self._context.emit("error", error=error)

    # The session

    def _update(self, event: Mapping[str, Any]) -> None:
        changes = required(event, "session")
        before = self._input.settings_changing()
        unknown = self._context.settings.update(changes, has_spoken=self._responses.has_spoken)
        self._input.settings_changed(before)
        self._context.emit("session.updated", session=self._context.settings.echo)
        for name in unknown:
            warning = {"message": f"Unknown parameter: 'session.{name}'.", "code": "unknown_parameter"}
            self._context.emit("warning", warning={**warning, "param": f"session.{name}"})

    def _connect_avatar(self, event: Mapping[str, Any]) -> None:
        offer = text(required(event, "client_sdp"), "client_sdp")
        if self._context.settings["avatar"] is None:
            raise Refusal("The session has no avatar; set one with session.update first.", "avatar_not_configured")
        answer = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
        if not offer.startswith("v="):
            # Clients that wrap their offer expect the answer wrapped: base64 of {"type", "sdp"}.
            wrapped = json.dumps({"type": "answer", "sdp": answer})
            answer = base64.b64encode(wrapped.encode()).decode("ascii")
        self._context.emit("session.avatar.connecting", server_sdp=answer)

    def _clear_output(self, event: Mapping[str, Any]) -> None:
        self._context.emit("output_audio_buffer.cleared")

    # Text that comes in pieces

    def _text_delta(self, event: Mapping[str, Any]) -> None:
        text_id = text(required(event, "id"), "id")
        self._texts[text_id] = self._texts.get(text_id, "") + text(required(event, "delta"), "delta")

    def _text_done(self, event: Mapping[str, Any]) -> None:
        text_id = text(required(event, "id"), "id")
        if text_id not in self._texts:
            raise Refusal(f"No input text with id '{text_id}' was begun.", "invalid_value", "id")
        part = {"type": "input_text", "text": self._texts.pop(text_id)}
        item_id = new_id("item") if self._conversation.find(text_id) else text_id
        item = self._conversation.build({"type": "message", "id": item_id, "role": "user", "content": [part]})
        self._conversation.add(item)
        self._conversation.announce(item)

    # What the user says

    def _user_speaks(self) -> None:
        if self._context.settings["turn_detection"].get("interrupt_response") is not False:
            self._responses.interrupt("turn_detected")

    def _user_spoke(self, item: Item, found: bool) -> None:
        settings = self._context.settings
        answer = found and settings["turn_detection"].get("create_response") is not False
        # Realtime models hear for themselves and answer at once; the others have to read the transcript first.
        if settings.realtime:
            self._conversation.announce(item)
        self._listen(item, announce=not settings.realtime, answer=answer and not settings.realtime)
        if answer and settings.realtime:
            self._answer()

    def _listen_to_created(self, item: Item) -> None:
        if item.clips.keys() - item.heard.keys():
            self._listen(item, announce=False, answer=False)

    def _listen(self, item: Item, *, announce: bool, answer: bool) -> None:
        script = {index: self._script.next_transcript() for index in item.clips if index not in item.heard}
        steps = self._listening_to(item, script, self._listening, announce=announce, answer=answer)
        self._listening = self._context.spawn(steps)

    def _listening_to(
        self, item: Item, script: Mapping[int, str | None], earlier: Task | None, *, announce: bool, answer: bool
    ) -> Steps:
        if earlier is not None:
            yield Join(earlier)
        for index, scripted in script.items():
            yield from self._transcribe(item, index, scripted)
        if announce:
            self._conversation.announce(item)
        if answer:
            self._answer()

    def _transcribe(self, item: Item, index: int, scripted: str | None) -> Steps:
        clip = item.clips[index]
        recognizer = self._context.services.recognizer
        where = {"item_id": item.id, "content_index": index}
        shown = not self._context.settings.realtime or self._context.settings["input_audio_transcription"] is not None
        try:
            pcm = bytes(clip.pcm)
            said = yield Work(lambda: recognizer.transcribe(pcm, clip.rate) if scripted is None else scripted)
        except Exception as failure:  # Whatever a recognizer raises, the session outlives it.
            error = {"type": "server_error", "code": "transcription_failed", "message": f"{type(failure).__name__}"}
            if shown:
                self._context.emit("conversation.item.input_audio_transcription.failed", **where, error=error)
            return
        said = said.text if isinstance(said, Transcript) else said
        item.heard[index] = said
        if not shown:
            return
        event_type = "conversation.item.input_audio_transcription"
        item.wire["content"] = [
            {**p, "transcript": said} if i == index else p for i, p in enumerate(item.wire["content"])
        ]
        for delta in _pieces(said):
            self._context.emit(f"{event_type}.delta", **where, delta=delta)
        self._context.emit(f"{event_type}.completed", **where, transcript=said)

    def _answer(self) -> None:
        """Start the response to what was said, after the one that is under way if there is one."""
        active = self._responses.active
        if active is not None:
            self._context.spawn(self._answer_after(active))
            return
        try:
            self._responses.begin()
        except Refusal as refusal:
            self.refuse(refusal)

    def _answer_after(self, active: Task) -> Steps:
        yield Join(active)
        self._answer()


def _pieces(said: str) -> list[str]:
    words = said.split(" ")
    return [" " * (start > 0) + " ".join(words[start : start + 3]) for start in range(0, len(words), 3)] if said else []
