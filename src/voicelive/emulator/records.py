"""Sessions that the embedded service has recorded (``Emulator(record=folder)``), read back.

Example:
    ``for header in list_sessions("folder"): print(header.id, read(header.path).closed)``
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, cast

import pybase64

from voicelive.emulator.audio import decode, resample
from voicelive.emulator.recorder import FORMAT, media_path

__all__ = ("RecordedEvent", "Recording", "RecordingError", "SessionHeader", "list_sessions", "read")

Direction = Literal["sent", "received"]
"""From the service's point of view: ``received`` is what the client sent."""


class RecordingError(ValueError):
    """The file is no recorded session; the message says where and why."""


@dataclass(frozen=True, slots=True)
class SessionHeader:
    """What is known of a session from its beginning."""

    path: Path
    """The file."""
    id: str
    """The session's id."""
    started: datetime
    """When it began."""
    connection: int
    """Number of the connection, counted from 1 since the emulator was made."""
    model: str | None
    """The model that was asked for."""
    agent: str | None
    """The agent that was asked for."""
    query: Mapping[str, str]
    """The query of the connection, without secrets."""
    version: str
    """Version of voicelive that recorded it."""


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """One event."""

    at: float
    """Seconds since the session began."""
    direction: Direction
    """``received`` from the client or ``sent`` to it."""
    event: Mapping[str, Any]
    """The event as JSON; in place of audio and video, where they are in the files beside."""
    media: bytes | None = field(default=None, repr=False)
    """The audio or video of an append or a delta."""
    audio_format: str | None = None
    """Format of the media where that is audio, such as ``pcm16`` or ``g711_ulaw``."""
    rate: int | None = None
    """Samples per second of that audio."""

    @property
    def type(self) -> str:
        """The event's type."""
        return str(self.event.get("type", ""))

    def pcm(self, rate: int = 24000) -> bytes:
        """Return its audio as pcm16 of this rate; nothing if it has none."""
        if self.media is None or self.audio_format is None or self.rate is None:
            return b""
        return _to_pcm(self.media, self.audio_format, self.rate, rate)

    @property
    def frame(self) -> bytes:
        """The event as it was on the wire, but for the audio of items: JSON with base64."""
        whole = dict(self.event)
        if self.media is not None:
            name = "audio" if "audio" in whole else "delta"
            whole[name] = pybase64.b64encode(self.media).decode("ascii")
        return json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True)
class Recording:
    """A recorded session."""

    header: SessionHeader
    """What is known from the beginning."""
    events: list[RecordedEvent] = field(repr=False)
    """All events, in order."""
    faults: list[tuple[float, str]]
    """Faults that acted: seconds since the beginning, and the fault."""
    invalid: list[tuple[float, str]] = field(repr=False)
    """Frames of the client that are no events, at most 4,096 characters of each."""
    closed: tuple[int, str] | None
    """Close code and reason; None if the recording ends before the session."""

    @property
    def received(self) -> list[Mapping[str, Any]]:
        """The client's events."""
        return [event.event for event in self.events if event.direction == "received"]

    @property
    def sent(self) -> list[Mapping[str, Any]]:
        """The service's events."""
        return [event.event for event in self.events if event.direction == "sent"]

    def audio(self, direction: Direction) -> bytes:
        """Return the audio of one direction, the bytes as they were on the wire, without pauses between them."""
        return b"".join(event.media or b"" for event in self.events if event.type in _AUDIO[direction])

    def pcm(self, direction: Direction, rate: int = 24000) -> bytes:
        """Return the audio of one direction as pcm16, whatever its formats were.

        Args:
            direction: ``received`` is the user, ``sent`` the assistant.
            rate: Samples per second.
        """
        runs: list[tuple[tuple[str, int], bytearray]] = []
        for event in self.events:
            if event.type in _AUDIO[direction] and event.media and event.audio_format and event.rate:
                how = event.audio_format, event.rate
                if not runs or runs[-1][0] != how:
                    runs.append((how, bytearray()))
                runs[-1][1].extend(event.media)
        return b"".join(_to_pcm(bytes(data), name, before, rate) for (name, before), data in runs)


_AUDIO: Mapping[str, tuple[str, ...]] = {
    "received": ("input_audio_buffer.append", "input_audio.turn.append"),
    "sent": ("response.audio.delta",),
}


class _OutputFormat:
    """The format of the service's audio at one point of a session."""

    def __init__(self) -> None:
        self._name = "pcm16"

    def follow(self, event: Mapping[str, Any]) -> None:
        """Take note of the settings that an event tells."""
        if event.get("type") in ("session.created", "session.updated"):
            self._name = _object(event.get("session")).get("output_audio_format") or "pcm16"
        elif event.get("type") == "response.created":
            self._name = _object(event.get("response")).get("output_audio_format") or self._name

    def now(self) -> tuple[str, int]:
        """Return the format and its rate."""
        digits = "".join(filter(str.isdigit, self._name.partition("pcm16")[2]))
        return self._name, int(digits) if digits else 8000 if self._name.startswith("g711") else 24000


def _object(value: object) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}


def _to_pcm(data: bytes, audio_format: str, rate: int, rate_out: int) -> bytes:
    """Turn audio of a wire format into pcm16 of another rate."""
    pcm = decode(data, audio_format)
    return resample(pcm[: len(pcm) // 2 * 2], rate, rate_out)


def list_sessions(folder: str | os.PathLike[str]) -> list[SessionHeader]:
    """Return the sessions recorded in a folder, oldest first; files that are none are left out.

    Raises:
        OSError: The folder cannot be read.
    """
    found: list[SessionHeader] = []
    for path in sorted(entry for entry in Path(folder).iterdir() if entry.suffix == ".jsonl"):
        try:
            with path.open("rb") as file:
                found.append(_header(path, file.readline()))
        except RecordingError:
            continue
    return found


def read(path: str | os.PathLike[str]) -> Recording:
    """Read a recorded session. A last line that a crash cut off is left out.

    Raises:
        OSError: The file cannot be read.
        RecordingError: It is no recorded session.
    """
    path = Path(path)
    lines = path.read_bytes().splitlines(keepends=True)
    header = _header(path, lines[0] if lines else b"")
    recording = Recording(header, [], [], [], None)
    media, output = _Media(path), _OutputFormat()
    for number, data in enumerate(lines[1:], 2):
        try:
            line = json.loads(data)
            if not isinstance(line, dict):
                raise ValueError("not an object")
            recording = _with_line(recording, cast("dict[str, Any]", line), media, output)
        except (KeyError, TypeError, ValueError):
            if number == len(lines) and not data.endswith(b"\n"):
                break
            raise RecordingError(f"line {number} of {path.name} is not part of a recorded session") from None
    return recording


def _header(path: Path, line: bytes) -> SessionHeader:
    try:
        fields = json.loads(line)["session"]
        if fields["format"] != FORMAT:
            raise RecordingError(f"{path.name} was recorded by voicelive {fields['voicelive']}, in another format")
        return SessionHeader(
            path,
            fields["id"],
            datetime.fromisoformat(fields["started"]),
            fields["connection"],
            fields["model"],
            fields["agent"],
            fields["query"],
            fields["voicelive"],
        )
    except RecordingError:
        raise
    except (KeyError, TypeError, ValueError):
        raise RecordingError(f"{path.name} is no recorded session: it does not begin with a header") from None


def _with_line(recording: Recording, line: Mapping[str, Any], media: _Media, output: _OutputFormat) -> Recording:
    at = float(line["at"])
    match line:
        case {"direction": "sent" | "received" as direction, "event": event} if isinstance(event, dict):
            fields = cast("dict[str, Any]", event)
            output.follow(fields)
            how: tuple[str | None, int | None] = (None, None)
            if fields.get("type") in _AUDIO["sent"]:
                how = output.now()
            elif fields.get("type") in _AUDIO["received"]:
                audio = _object(fields.get("audio"))
                how = audio.get("format"), audio.get("rate")
            recording.events.append(RecordedEvent(at, direction, fields, media.of(fields), *how))
        case {"fault": str() as fault}:
            recording.faults.append((at, fault))
        case {"invalid": str() as invalid}:
            recording.invalid.append((at, invalid))
        case {"closed": {"code": int() as code, "reason": str() as reason}}:
            return Recording(recording.header, recording.events, recording.faults, recording.invalid, (code, reason))
        case _:
            raise ValueError("unknown line")
    return recording


class _Media:
    """The files beside a session's."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._streams: dict[str, bytes] = {}

    def of(self, event: Mapping[str, Any]) -> bytes | None:
        """Return what belongs to an event; what a crash or somebody has taken away is missing."""
        where = event.get("audio") if isinstance(event.get("audio"), dict) else event.get("delta")
        if not isinstance(where, dict):
            return None
        place = cast("dict[str, Any]", where)
        if "stream" not in place:
            return None
        start = int(place["offset"])
        return self._stream(str(place["stream"]))[start : start + int(place["bytes"])]

    def _stream(self, name: str) -> bytes:
        if not name.isalpha():
            raise ValueError("a name of a stream is a word")
        if name not in self._streams:
            path = media_path(self._path, name)
            self._streams[name] = path.read_bytes() if path.exists() else b""
        return self._streams[name]
