"""``voicelive sessions``: what an emulator has recorded."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path

from voicelive.cli.console import Console
from voicelive.cli.errors import UsageError, reason
from voicelive.cli.events import EventRows, Row
from voicelive.emulator.audio import write_wav
from voicelive.emulator.records import RecordedEvent, Recording, RecordingError, SessionHeader, list_sessions, read
from voicelive.protocol import decode_event

__all__ = ("run",)

_RATE = 24_000


def run(arguments: argparse.Namespace, console: Console) -> int:
    """List the sessions of a folder, or show one."""
    if arguments.action == "list":
        return _list(arguments.folder, console)
    return _show(arguments.file, arguments.audio, console)


def _list(folder: str, console: Console) -> int:
    try:
        headers = list_sessions(folder)
    except OSError as error:
        raise UsageError(f"cannot read {folder}: {reason(error)}") from None
    for header in headers:
        console.line(f"{header.path}  {_about(header)}")
    if not headers:
        console.line(f"No session was recorded in {folder}")
    return 0


def _about(header: SessionHeader) -> str:
    target = f"model {header.model}" if header.model else f"agent {header.agent}"
    return f"{header.started:%Y-%m-%d %H:%M:%S} UTC  {target}"


def _show(file: str, audio: str | None, console: Console) -> int:
    try:
        recording = read(file)
    except OSError as error:
        raise UsageError(f"cannot read {file}: {reason(error)}") from None
    except RecordingError as error:
        raise UsageError(str(error)) from None
    console.line(f"{recording.header.id}  {_about(recording.header)}")
    _show_events(recording, console)
    if audio is not None:
        _write_audio(recording, Path(audio), console)
    return 0


def _show_events(recording: Recording, console: Console) -> None:
    rows = EventRows()
    marks = sorted([*recording.faults, *((at, f"unreadable: {text}") for at, text in recording.invalid)])
    for event in recording.events:
        while marks and marks[0][0] <= event.at:
            _mark(*marks.pop(0), rows, console)
        for row in _rows(rows, event):
            console.line(row.render(console))
    for mark in marks:
        _mark(*mark, rows, console)
    for row in rows.flush():
        console.line(row.render(console))
    closed = recording.closed
    console.line("The recording ends before the session." if closed is None else f"Closed with code {_code(*closed)}.")


def _code(code: int, reason: str) -> str:
    return f"{code}, {reason}" if reason else str(code)


def _mark(at: float, text: str, rows: EventRows, console: Console) -> None:
    for row in rows.flush():
        console.line(row.render(console))
    console.line(console.paint(f"{at:6.2f} ! {' '.join(text.split())}", "error"))


def _rows(rows: EventRows, event: RecordedEvent) -> list[Row]:
    pcm = event.pcm(_RATE)
    if event.direction == "sent":
        return rows.received(event.at, decode_event(replace(event, media=pcm or event.media).frame))
    if pcm:
        return rows.sent(event.at, event.type, pcm=pcm)
    fields = {name: value for name, value in event.event.items() if name not in ("type", "event_id")}
    return rows.sent(event.at, event.type, json.dumps(fields, ensure_ascii=False) if fields else "")


def _write_audio(recording: Recording, folder: Path, console: Console) -> None:
    for name, pcm in (("input", recording.pcm("received", _RATE)), ("output", recording.pcm("sent", _RATE))):
        if not pcm:
            continue
        path = folder / f"{recording.header.path.stem}.{name}.wav"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            write_wav(path, pcm, _RATE)
        except OSError as error:
            raise UsageError(f"cannot write {path}: {reason(error)}") from None
        console.line(f"Audio written to {path}: {len(pcm) / 2 / _RATE:.1f} s")
