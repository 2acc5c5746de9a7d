"""The protocol engine: client events in, server events out; no sockets, no clock, no threads of its own."""

from __future__ import annotations

import json
import logging
import math
import re
from collections.abc import Callable, Mapping
from typing import Any, cast

from voicelive.emulator.avatar import Avatar
from voicelive.emulator.context import Context
from voicelive.emulator.conversation import Conversation, Item
from voicelive.emulator.input_audio import InputAudio
from voicelive.emulator.input_text import InputText
from voicelive.emulator.interim import Interim
from voicelive.emulator.mcp_tools import McpTools
from voicelive.emulator.output import Stage
from voicelive.emulator.playback import Playback
from voicelive.emulator.refusal import Refusal, refuse, required, text
from voicelive.emulator.responses import Responses
from voicelive.emulator.script import ScriptRun
from voicelive.emulator.steps import Join, Steps, Task
from voicelive.emulator.transcription import Transcription
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
        raise refuse("not_json") from None
    if not isinstance(event, dict):
        raise refuse("not_an_object")
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
        if what == "Field required":
            raise refuse("missing_required_parameter", param) from None
        raise Refusal(f"Invalid '{param}': {what}.", "invalid_type", param or None) from None


class Session:
    """One session.

    Args:
        context: Its settings, its speech parts and the way out.
        script: What is heard and answered, before the speech parts are asked.
    """

    def __init__(self, context: Context, script: ScriptRun) -> None:
        self._context = context
        self._script = script
        self._conversation = Conversation(context, self._listen_to_created, self._decide)
        self._transcription = Transcription(context, self._conversation, script, self._answer)
        self._playback = Playback(context, self._conversation)
        self._avatar = Avatar(context)
        self._tools = McpTools(context, self._conversation)
        stage = Stage(self._playback, self._avatar, self._tools, Interim())
        self._responses = Responses(context, self._conversation, script, stage, lambda: self._transcription.pending)
        self._input = InputAudio(
            context,
            self._conversation,
            on_speech=self._user_speaks,
            on_turn=self._user_spoke,
            next_transcript=script.peek_transcript,
        )
        handlers: dict[str, Handler] = {
            **self._conversation.handlers,
            **self._responses.handlers,
            **self._input.handlers,
            **InputText(self._conversation).handlers,
            **self._avatar.handlers,
            "session.update": self._update,
            "output_audio_buffer.clear": self._clear_output,
        }
        self._handlers = {name: handle for name, handle in handlers.items() if context.version.takes_event(name)}

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
                raise refuse("missing_required_parameter", "type")
            if event.get("event_id") is not None:
                text(event["event_id"], "event_id")
            if (handle := self._handlers.get(kind)) is None:
                known = ", ".join(f"'{name}'" for name in sorted(self._handlers))
                raise refuse("invalid_value", "type", value=kind, known=known)
            if kind not in _AUDIO_EVENTS:
                check(frame)
            steps = handle(event)
            if steps is not None:
                yield from steps
        except Refusal as refusal:
            self.refuse(refusal, event.get("event_id"))
        except Exception as error:  # One event that trips the emulator up must not end the session.
            _log.error("an event failed with %s", type(error).__name__)
            self.refuse(refuse("internal_error", error=type(error).__name__), event.get("event_id"))

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
        settings = self._context.settings
        before = self._input.settings_changing()
        updated = settings.update(changes, has_spoken=self._playback.has_begun)
        self._input.settings_changed(before)
        self._context.emit("session.updated", session=settings.echo)
        for refusal in updated.refusals:
            self.refuse(refusal, event.get("event_id"))
        for name in updated.unknown:
            self._warn("unknown_parameter", f"Unknown parameter: 'session.{name}'.", name)
        self._warn_of_voice(changes)
        self._avatar.settings_changed()
        self._tools.prepare(settings.tools)

    def _warn(self, code: str, message: str, name: str) -> None:
        warning = {"message": message, "code": code, "param": f"session.{name}"}
        self._context.emit("warning", warning=warning)

    def _warn_of_voice(self, changes: Mapping[str, Any]) -> None:
        settings = self._context.settings
        if settings["voice"]["type"] != "openai":
            return
        for name in ("output_audio_timestamp_types", "animation"):
            if changes.get(name) and settings[name]:
                self._warn("not_supported_by_voice", f"'session.{name}' has an effect with Azure voices only.", name)

    def _clear_output(self, event: Mapping[str, Any]) -> None:
        self._responses.interrupt("client_cancelled")
        self._context.emit("output_audio_buffer.cleared")

    # What the user says and decides

    def _user_speaks(self) -> None:
        if self._context.settings["turn_detection"].get("interrupt_response") is not False:
            self._responses.interrupt("turn_detected")
            self._playback.interrupt()

    def _user_spoke(self, item: Item, found: bool) -> None:
        settings = self._context.settings
        answer = found and settings["turn_detection"].get("create_response") is not False
        # Realtime models hear for themselves and answer at once; the others have to read the transcript first.
        if settings.realtime:
            self._conversation.announce(item)
        self._transcription.begin(item, announce=not settings.realtime, answer=answer and not settings.realtime)
        if answer and settings.realtime:
            self._answer()

    def _listen_to_created(self, item: Item) -> None:
        if item.clips.keys() - item.heard.keys():
            self._transcription.begin(item, announce=False, answer=False)

    def _decide(self, item: Item) -> Callable[[], None]:
        return self._tools.decide(item)

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
