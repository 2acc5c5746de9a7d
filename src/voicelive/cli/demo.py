"""``voicelive demo``: a whole conversation with the embedded service, in any of the three styles."""

from __future__ import annotations

import argparse
import importlib.util
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, cast

import anyio

import voicelive
import voicelive.aio
from voicelive.cli.console import Console, decibels
from voicelive.cli.errors import CommandError, UsageError, reason
from voicelive.cli.events import RATE, EventRows, Row
from voicelive.emulator import Emulator, Script
from voicelive.emulator.audio import WavError, level_dbfs, read_wav, resample, write_wav
from voicelive.emulator.recording import PATH, TRANSCRIPT
from voicelive.emulator.tiers import SpeechTier, SpeechUnavailableError, Tier
from voicelive.models import AudioInputTranscriptionOptions, RequestSession, ServerVad

if TYPE_CHECKING:
    from voicelive.models import ServerEventUnion

__all__ = ("Conversation", "run")

_REPLY = f"You said: {TRANSCRIPT} That is a line from Sense and Sensibility, by Jane Austen."
_MODEL = "gpt-realtime"
_CHUNK_MS = 50
_SILENCE_MS = 1500
"""After the speech, for the service to find its end: it waits for half a second of silence."""
_PATIENCE_S = 5.0
"""After everything was sent, this long without an event means that there is nothing more to come."""
_LOOK_UP_S = 0.25
"""How long to wait for an event before looking whether all is said."""


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Hold the conversation, show it, and write the reply.

    Raises:
        UsageError: The recording or the style cannot be used, or the reply cannot be written.
        CommandError: The conversation failed, or no speech was found in the recording.
    """
    speech = _read(arguments.wav or PATH)
    output = Path(arguments.output)
    _check_writable(output)
    if arguments.style == "trio" and importlib.util.find_spec("trio") is None:
        raise UsageError("the trio style needs trio: pip install 'voicelive[trio]'")
    scripted = not _recognizes(arguments.speech)
    script = Script([(TRANSCRIPT, _REPLY)]) if scripted and not arguments.wav else None
    with Emulator(script=script, speech=arguments.speech, speed=arguments.speed) as service:
        conversation = Conversation(speech, arguments.speed, console)
        _introduce(arguments, service, speech, scripted, console)
        try:
            _hold(conversation, service, arguments.style)
        except voicelive.VoiceLiveError as error:
            raise CommandError(error.message) from None
    _finish(conversation, arguments.wav or PATH, output, console)
    return 0


def _recognizes(speech: SpeechTier) -> bool:
    """Load what hears and speaks, before the clock runs, and tell whether it understands words."""
    try:
        tier = Tier(speech)
        tier.load()
    except SpeechUnavailableError as error:
        raise UsageError(str(error)) from None
    return tier.recognizes


def _read(path: str | Path) -> bytes:
    try:
        pcm, rate = read_wav(path)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {reason(error)}") from None
    except WavError as error:
        raise UsageError(f"cannot use {path}: {error}") from None
    return resample(pcm, rate, RATE)


def _check_writable(path: Path) -> None:
    """Find out before the conversation, not after it; an earlier reply stays until there is a new one."""
    existed = path.exists()
    try:
        path.open("ab").close()
        if not existed:
            path.unlink()
    except OSError as error:
        raise UsageError(f"cannot write {path}: {reason(error)}") from None


def _introduce(
    arguments: argparse.Namespace, service: Emulator, speech: bytes, scripted: bool, console: Console
) -> None:
    source = arguments.wav or "a human recording that comes along (LibriVox, public domain)"
    console.line(f"voicelive {voicelive.__version__}, {arguments.style} style, embedded service at {service.endpoint}")
    console.line(f"Speech: {source}, {len(speech) / 2 / RATE:.1f} s, {decibels(level_dbfs(speech))}")
    console.line(f"The service has {service.speech}")
    what = "It finds the speech and speaks itself; transcripts and replies are scripted."
    console.line(what if scripted else "Nothing is scripted: it recognizes what is said, and answers that.")
    console.line()


def _finish(conversation: Conversation, source: str | Path, output: Path, console: Console) -> None:
    if not conversation.reply:
        what = "the service did not speak" if conversation.heard else f"no speech was found in {source}"
        raise CommandError(f"{what}, so there is no reply")
    reply = bytes(conversation.reply)
    try:
        write_wav(output, reply, RATE)
    except OSError as error:
        raise UsageError(f"cannot write {output}: {reason(error)}") from None
    console.line()
    console.line(f"Reply written to {output}: {len(reply) / 2 / RATE:.1f} s, {decibels(level_dbfs(reply))}")


class Conversation:
    """What is said, what came back, and when it is over; the styles only move it.

    Args:
        speech: What to say, pcm16.
        speed: How many times faster than real time to say it.
        console: Where to show the events.
    """

    session = RequestSession(
        instructions="Answer in one or two short sentences.",
        input_audio_transcription=AudioInputTranscriptionOptions(model="azure-speech"),
        turn_detection=ServerVad(silence_duration_ms=500),
    )

    def __init__(self, speech: bytes, speed: float, console: Console) -> None:
        self._audio = speech + bytes(2 * RATE * _SILENCE_MS // 1000)
        self._speed = speed
        self._console = console
        self._rows = EventRows()
        self._lock = threading.Lock()
        self._started = time.monotonic()
        self._last = 0.0
        self._sent = False
        self._turns = 0
        self._speaking = False
        self.heard = False
        """Whether speech was found."""
        self.reply = bytearray()
        """The service's speech, pcm16."""
        self.finished = False
        """Whether all turns are answered, or nothing more is to be expected."""

    def chunks(self) -> Iterator[tuple[float, bytes]]:
        """Yield the audio in pieces, each with the seconds to wait before it."""
        size = 2 * RATE * _CHUNK_MS // 1000
        begun = time.monotonic()
        for number, start in enumerate(range(0, len(self._audio), size)):
            due = begun + number * _CHUNK_MS / 1000 / self._speed
            yield max(0.0, due - time.monotonic()), self._audio[start : start + size]

    def sent_session(self) -> None:
        """Show that the session's settings were sent."""
        self._show(self._rows.sent(self._now(), "session.update", "transcription on, turn detection server_vad"))

    def sent_audio(self, pcm: bytes) -> None:
        """Show that audio was sent."""
        with self._lock:
            self._show(self._rows.sent(self._now(), "input_audio_buffer.append", pcm=pcm))

    def sent_all(self) -> None:
        """Take note that there is no more audio."""
        self._last = self._now()
        self._sent = True
        self._settle()

    def received(self, event: ServerEventUnion) -> None:
        """Show an event, keep its audio, and find out whether the conversation is over."""
        with self._lock:
            # In here, so that what is shown is in the order of its times.
            self._last = self._now()
            self._show(self._rows.received(self._last, event))
        if event.type == "response.audio.delta":
            self.reply += event.audio
        elif event.type == "input_audio_buffer.speech_started":
            self.heard = self._speaking = True
        elif event.type == "input_audio_buffer.speech_stopped":
            self._speaking = False
            self._turns += 1
        elif event.type == "response.done":
            self._turns -= 1
            self._settle()

    def nothing_came(self) -> None:
        """Take note that no event came for a moment."""
        if self._sent and self._now() > self._last + _PATIENCE_S:
            self._end()

    def _settle(self) -> None:
        if self._sent and self.heard and not self._speaking and self._turns <= 0:
            self._end()

    def _end(self) -> None:
        self.finished = True
        with self._lock:
            self._show(self._rows.flush())

    def _now(self) -> float:
        return time.monotonic() - self._started

    def _show(self, rows: list[Row]) -> None:
        for row in rows:
            self._console.line(row.render(self._console))


# --- The three styles ------------------------------------------------------------------------------------------------


def _hold(conversation: Conversation, service: Emulator, style: str) -> None:
    if style == "blocking":
        _converse(conversation, service)
        return
    try:
        anyio.run(_converse_async, conversation, service, backend=style)
    except BaseExceptionGroup as group:
        raise _first(group) from None


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The error that made a task group fail; Ctrl-C before all others."""
    if group.subgroup(KeyboardInterrupt):
        return KeyboardInterrupt()
    first = group.exceptions[0]
    return _first(cast("BaseExceptionGroup[BaseException]", first)) if isinstance(first, BaseExceptionGroup) else first


def _converse(conversation: Conversation, service: Emulator) -> None:
    hang_up = threading.Event()
    with (
        voicelive.connect(endpoint=service.endpoint, credential=service.api_key, model=_MODEL, proxy=False) as conn,
        ThreadPoolExecutor(1) as pool,
    ):
        conn.session.update(session=conversation.session)
        conversation.sent_session()
        speaking = pool.submit(_speak, conversation, conn, hang_up)
        try:
            while not conversation.finished:
                try:
                    conversation.received(conn.recv(timeout=_LOOK_UP_S))
                except voicelive.ReceiveTimeoutError:
                    conversation.nothing_came()
        finally:
            hang_up.set()
        speaking.result()


def _speak(conversation: Conversation, conn: voicelive.VoiceLiveConnection, hang_up: threading.Event) -> None:
    for pause, pcm in conversation.chunks():
        if hang_up.wait(pause):
            return
        conn.input_audio_buffer.append(audio=pcm)
        conversation.sent_audio(pcm)
    conversation.sent_all()


async def _converse_async(conversation: Conversation, service: Emulator) -> None:
    async with (
        voicelive.aio.connect(endpoint=service.endpoint, credential=service.api_key, model=_MODEL, proxy=False) as conn,
        anyio.create_task_group() as tasks,
    ):
        await conn.session.update(session=conversation.session)
        conversation.sent_session()
        tasks.start_soon(_speak_async, conversation, conn)
        while not conversation.finished:
            try:
                conversation.received(await conn.recv(timeout=_LOOK_UP_S))
            except voicelive.ReceiveTimeoutError:
                conversation.nothing_came()
        tasks.cancel_scope.cancel()


async def _speak_async(conversation: Conversation, conn: voicelive.aio.VoiceLiveConnection) -> None:
    for pause, pcm in conversation.chunks():
        await anyio.sleep(pause)
        await conn.input_audio_buffer.append(audio=pcm)
        conversation.sent_audio(pcm)
    conversation.sent_all()
