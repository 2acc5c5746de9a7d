"""Writes one session to files as it happens; :mod:`voicelive.emulator.records` reads them back.

A session is a file of JSON lines: a header, then one line per event, fault or unreadable frame, then how it was closed.
Audio and video are in files beside it, the bytes as they were on the wire but for base64, and the event holds where.
Each line is written with one call to the system when it happens, so that a crash loses at most the last one.
"""

from __future__ import annotations

import contextlib
import json
import logging
import time
from binascii import Error as Base64Error
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path
from typing import Any, cast

import pybase64

from voicelive._version import __version__

__all__ = ("FORMAT", "Recorder", "media_path")

_log = logging.getLogger("voicelive.emulator")

FORMAT = 1
"""Version of the format, in the header."""

_MEDIA = {
    "input_audio_buffer.append": ("audio", "input"),
    "input_audio.turn.append": ("audio", "input"),
    "response.audio.delta": ("delta", "output"),
    "response.video.delta": ("delta", "video"),
}
"""The field of an event that is audio or video, and the stream it belongs to."""
_SECRET = frozenset({"authorization", "api_key", "api-key", "headers", "password", "credential", "client_secret"})
_LONGEST_INVALID = 4096


def media_path(path: Path, stream: str) -> Path:
    """Return the file beside a session's that holds the bytes of a stream."""
    return path.with_suffix(f".{stream}.raw")


class Recorder:
    """Writes one session.

    Args:
        folder: Where to; it is made if it is not there.
        session_id: The session's id.
        fields: What else belongs into the header.

    Raises:
        OSError: The file cannot be made.
    """

    def __init__(self, folder: Path, session_id: str, fields: Mapping[str, Any]) -> None:
        started = datetime.now(UTC)
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / f"{started:%Y%m%dT%H%M%S.%f}-{session_id}.jsonl"
        self._begun = time.monotonic()
        self._media: dict[str, tuple[FileIO, int]] = {}
        self._input: dict[str, Any] = {}
        self._lines: FileIO | None = FileIO(self._path, "x")
        header = {"voicelive": __version__, "format": FORMAT, "id": session_id, "started": started.isoformat()}
        self._write({"session": {**header, **fields}})

    def received(self, event: Mapping[str, Any], audio_format: str, rate: int) -> None:
        """Write an event of the client, and the format that its audio has at this point."""
        self._input = {"format": audio_format, "rate": rate}
        self._event("received", event)

    def sent(self, event: Mapping[str, Any]) -> None:
        """Write an event of the service."""
        self._event("sent", event)

    def invalid(self, frame: str | bytes) -> None:
        """Write a frame of the client that is no event."""
        text = frame if isinstance(frame, str) else frame.decode(errors="replace")
        self._line(lambda: {"direction": "received", "invalid": text[:_LONGEST_INVALID], "length": len(frame)})

    def fault(self, fault: str) -> None:
        """Write that a fault acted."""
        self._line(lambda: {"fault": fault})

    def close(self, code: int, reason: str) -> None:
        """Write how the session ended, and write no more."""
        self._line(lambda: {"closed": {"code": code, "reason": reason}})
        self._end()

    def _event(self, direction: str, event: Mapping[str, Any]) -> None:
        self._line(lambda: {"direction": direction, "event": self._stored(event)})

    def _line(self, build: Callable[[], dict[str, Any]]) -> None:
        if self._lines is None:
            return
        try:
            self._write({"at": round(time.monotonic() - self._begun, 6), **build()})
        except OSError as error:
            # The conversation matters more than its record.
            _log.error("a session is recorded no further: %s", error.strerror)
            self._end()

    def _write(self, line: Mapping[str, Any]) -> None:
        assert self._lines is not None
        data = json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode(errors="replace") + b"\n"
        _write_all(self._lines, data)

    def _end(self) -> None:
        for file in (self._lines, *(file for file, _ in self._media.values())):
            if file is not None:
                with contextlib.suppress(OSError):
                    file.close()
        self._lines = None
        self._media.clear()

    def _stored(self, event: Mapping[str, Any]) -> dict[str, Any]:
        field, stream = _MEDIA.get(str(event.get("type")), (None, ""))
        if field is not None:
            return {**event, field: self._reference(event.get(field), stream)}
        return {key: self._without_media(key, value) for key, value in event.items()}

    def _without_media(self, key: str, value: Any) -> Any:
        """Copy a part of an event without secrets, and without the audio of items."""
        if value is not None and key in _SECRET:
            return "(left out)"
        if isinstance(value, dict):
            fields = cast("dict[str, Any]", value)
            copied = {name: self._without_media(name, part) for name, part in fields.items() if name != "audio"}
            if "audio" in fields:
                copied["audio"] = self._reference(fields["audio"], "items")
            return copied
        if isinstance(value, list):
            return [self._without_media("", part) for part in cast("Sequence[Any]", value)]
        return value

    def _reference(self, base64: Any, stream: str) -> Any:
        """Put base64 into the stream's file, and return where it is; anything else is returned as it is."""
        if not isinstance(base64, str) or not base64:
            return base64
        try:
            data = pybase64.b64decode(base64, validate=True)
        except (Base64Error, ValueError):
            return {"invalid_base64": len(base64)}
        if stream not in self._media:
            self._media[stream] = FileIO(media_path(self._path, stream), "x"), 0
        file, offset = self._media[stream]
        _write_all(file, data)
        self._media[stream] = file, offset + len(data)
        how = self._input if stream == "input" else {}
        return {"stream": stream, "offset": offset, "bytes": len(data), **how}


def _write_all(file: FileIO, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]
