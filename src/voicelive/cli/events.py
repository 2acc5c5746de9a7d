"""Events as rows to show: what is worth reading of each, and long runs of deltas as one row."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import singledispatch
from typing import NamedTuple

from voicelive.cli.console import Console, decibels
from voicelive.emulator.audio import level_dbfs
from voicelive.models import (
    InvalidServerEvent,
    ResponseSession,
    ServerEvent,
    ServerEventConversationItemCreated,
    ServerEventConversationItemInputAudioTranscriptionCompleted,
    ServerEventConversationItemInputAudioTranscriptionDelta,
    ServerEventError,
    ServerEventInputAudioBufferCommitted,
    ServerEventInputAudioBufferSpeechStarted,
    ServerEventInputAudioBufferSpeechStopped,
    ServerEventResponseAudioDelta,
    ServerEventResponseAudioTranscriptDelta,
    ServerEventResponseAudioTranscriptDone,
    ServerEventResponseContentPartAdded,
    ServerEventResponseCreated,
    ServerEventResponseDone,
    ServerEventResponseOutputItemAdded,
    ServerEventResponseOutputItemDone,
    ServerEventResponseTextDelta,
    ServerEventResponseTextDone,
    ServerEventSessionCreated,
    ServerEventSessionUpdated,
    ServerEventWarning,
)

__all__ = ("EventRows", "Row", "describe")

RATE = 24_000
"""Samples per second of the session's pcm16, both ways."""
_RUN_MS = 1000
_COLUMN = 44


class Row(NamedTuple):
    """One row of the log."""

    seconds: float
    """Since the log began."""
    sent: bool
    kind: str
    """Type of the event."""
    detail: str = ""
    pcm: bytes | None = None
    """Audio whose level to show before the detail."""

    def render(self, console: Console) -> str:
        """Lay it out."""
        arrow = console.arrows[0 if self.sent else 1]
        detail = self.detail
        if self.pcm is not None:
            level = level_dbfs(self.pcm)
            detail = f"{console.bar(level)} {decibels(level):>10}  {detail}"
        return console.row(
            f"{self.seconds:6.2f} {arrow} ", self.kind, detail, _COLUMN, "sent" if self.sent else "received"
        )


@dataclass(slots=True)
class _Run:
    """Events of one type, to be shown as one."""

    seconds: float
    sent: bool
    count: int = 0
    pcm: bytearray = field(default_factory=bytearray)
    text: str = ""

    def row(self, kind: str) -> Row:
        times = f" x{self.count}" if self.count > 1 else ""
        if self.pcm:
            return Row(self.seconds, self.sent, kind, f"{_milliseconds(self.pcm)} ms{times}", bytes(self.pcm))
        return Row(self.seconds, self.sent, kind, f"{_quoted(self.text)}{times}")


class EventRows:
    """Turns events into rows. A run of deltas becomes one once it holds a second of audio, or something else comes."""

    def __init__(self) -> None:
        self._runs: dict[str, _Run] = {}

    def sent(self, seconds: float, kind: str, detail: str = "", pcm: bytes = b"") -> list[Row]:
        """Take note of an event that was sent."""
        if pcm:
            return self._extend(seconds, kind, sent=True, pcm=pcm)
        return [*self.flush(), Row(seconds, True, kind, detail)]

    def received(self, seconds: float, event: ServerEvent) -> list[Row]:
        """Take note of an event that came."""
        kind = str(getattr(event, "type", ""))
        match event:
            case ServerEventResponseAudioDelta():
                return self._extend(seconds, kind, sent=False, pcm=event.audio)
            case (
                ServerEventResponseAudioTranscriptDelta()
                | ServerEventResponseTextDelta()
                | ServerEventConversationItemInputAudioTranscriptionDelta()
            ):
                return self._extend(seconds, kind, sent=False, text=event.delta or "")
            case _:
                return [*self.flush(), Row(seconds, False, kind, describe(event))]

    def _extend(self, seconds: float, kind: str, *, sent: bool, pcm: bytes = b"", text: str = "") -> list[Row]:
        run = self._runs.setdefault(kind, _Run(seconds, sent))
        run.count += 1
        run.pcm += pcm
        run.text += text
        return self.flush() if _milliseconds(run.pcm) >= _RUN_MS else []

    def flush(self) -> list[Row]:
        """Give out the runs that are open."""
        runs = [run.row(kind) for kind, run in self._runs.items()]
        self._runs.clear()
        return runs


def _milliseconds(pcm: bytes | bytearray) -> int:
    return len(pcm) * 1000 // (2 * RATE)


def _quoted(text: str) -> str:
    return '"' + " ".join(text.split()) + '"'


# --- What is worth reading of an event -------------------------------------------------------------------------------


@singledispatch
def describe(event: object) -> str:
    """Say in a few words what an event holds; nothing for those whose type says it all."""
    return ""


@describe.register
def _(event: ServerEventSessionCreated) -> str:
    return f"{event.session.id}, model {event.session.model}"


@describe.register
def _(event: ServerEventSessionUpdated) -> str:
    return session_summary(event.session)


def session_summary(session: ResponseSession) -> str:
    """Say how a session is set: turn detection, transcription, voice."""
    parts: list[str] = []
    turns = session.turn_detection
    parts.append(f"turn detection {turns.type}" if turns is not None else "no turn detection")
    if session.input_audio_transcription is not None:
        parts.append(f"transcription {session.input_audio_transcription.model}")
    name = session.voice if isinstance(session.voice, str) else getattr(session.voice, "name", None)
    parts += [f"voice {name}"] if name else []
    return ", ".join(parts)


@describe.register
def _(event: ServerEventError) -> str:
    return f"{event.error.code or event.error.type}: {event.error.message}"


@describe.register
def _(event: ServerEventWarning) -> str:
    return event.warning.message


@describe.register
def _(event: InvalidServerEvent) -> str:
    return event.error


@describe.register
def _(event: ServerEventInputAudioBufferSpeechStarted) -> str:
    return f"at {event.audio_start_ms} ms of the audio"


@describe.register
def _(event: ServerEventInputAudioBufferSpeechStopped) -> str:
    return f"at {event.audio_end_ms} ms of the audio"


@describe.register
def _(event: ServerEventInputAudioBufferCommitted) -> str:
    return event.item_id


@describe.register
def _(event: ServerEventConversationItemInputAudioTranscriptionCompleted) -> str:
    return _quoted(event.transcript)


@describe.register(ServerEventConversationItemCreated)
@describe.register(ServerEventResponseOutputItemAdded)
@describe.register(ServerEventResponseOutputItemDone)
def _(
    event: ServerEventConversationItemCreated | ServerEventResponseOutputItemAdded | ServerEventResponseOutputItemDone,
) -> str:
    item = event.item
    if item is None:
        return ""
    words = (getattr(item, "role", None), getattr(item, "type", None), getattr(item, "status", None))
    return " ".join(str(word) for word in words if word)


@describe.register
def _(event: ServerEventResponseCreated) -> str:
    return event.response.id or ""


@describe.register
def _(event: ServerEventResponseContentPartAdded) -> str:
    return str(event.part.type)


@describe.register
def _(event: ServerEventResponseAudioTranscriptDone) -> str:
    return _quoted(event.transcript)


@describe.register
def _(event: ServerEventResponseTextDone) -> str:
    return _quoted(event.text)


@describe.register
def _(event: ServerEventResponseDone) -> str:
    usage = event.response.usage
    if usage is None:
        return str(event.response.status)
    return f"{event.response.status}; tokens: {usage.input_tokens} in, {usage.output_tokens} out"
