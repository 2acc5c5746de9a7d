"""What type checkers see of faults, recordings and the pytest plugin. Checked by mypy and pyright, never run.

A comment that expects an error fails the check once there is none any more.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, assert_type

from voicelive.emulator import ActiveFault, Close, Emulator, Fault, Script, Turn
from voicelive.emulator.faults import After, Drop, Lose, Refuse, Send, Upgrade
from voicelive.emulator.records import RecordedEvent, Recording, SessionHeader, list_sessions, read
from voicelive.testing import EmulatorFactory, ScriptedEmulatorFactory


def faults() -> None:
    fault = Fault(Upgrade(), Refuse(429, headers={"Retry-After": "2"}), Drop(), times=None)
    emulator = Emulator(faults=[fault, "accept drop"], record=Path("folder"), allowed_hosts=["voice.internal"])
    assert_type(emulator.add_fault("accept drop"), ActiveFault)
    with emulator.add_fault(fault) as active:
        assert_type(active, ActiveFault)
        assert_type(active.wait(1, times=2), bool)
        assert_type(active.fault, Fault)
    assert_type(emulator.inject(Close(4002), Drop(), connection=1), int)
    Send("huge-text", mib=20)
    Send("hugetext")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Fault(Drop(), After("sent"))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    emulator.inject(Lose())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def recordings(folder: str, path: Path) -> None:
    for header in list_sessions(folder):
        assert_type(header, SessionHeader)
        assert_type(read(header.path), Recording)
    recording = read(path)
    assert_type(recording.events, list[RecordedEvent])
    assert_type(recording.received, list[Mapping[str, Any]])
    assert_type(recording.closed, tuple[int, str] | None)
    assert_type(recording.pcm("sent", 16000), bytes)


def fixtures(factory: EmulatorFactory, scripted: ScriptedEmulatorFactory) -> None:
    assert_type(factory(speed=1), Emulator)
    assert_type(scripted([("Hello", "Hi"), Turn(reply="Bye")]), Emulator)
    assert_type(scripted(Script([])), Emulator)
    assert_type(scripted("script.json", speed=1), Emulator)
