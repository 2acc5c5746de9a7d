"""What was sent and not answered yet, in order, and the audio that the service has not made a message of.

Positions of audio are in ms of all audio sent on the connection, as the service counts them in its own events.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import pybase64

from voicelive.exceptions import SendQueueFullError, UnsentEvent
from voicelive.models import Lost
from voicelive.models._values import decoded_size
from voicelive.protocol.wire import encode_append

__all__ = ("Entry", "Outbox")

Json = dict[str, Any]

ONSET = 2000.0
"""Audio, in ms, in which the service may not have noticed yet that somebody speaks."""

_APPEND = "input_audio_buffer.append"
_APPEND_START = b'{"type":"input_audio_buffer.append","audio":"'
_CREATE = "conversation.item.create"
_TARGETS = {_CREATE: "item", "input_text.delta": "id", "input_text.done": "id"}
_ANSWERED = frozenset(
    (
        "session.update",
        _CREATE,
        "conversation.item.delete",
        "conversation.item.retrieve",
        "input_audio_buffer.commit",
        "input_audio_buffer.clear",
        "response.create",
    )
)
"""Events that the service answers and that a new session can carry out: those are sent again."""
_OF_THE_SESSION = frozenset(
    ("conversation.item.truncate", "response.cancel", "output_audio_buffer.clear", "session.avatar.connect")
)
"""Events that the service answers as well, but about what ends with its session."""
_AWAITED = _ANSWERED | _OF_THE_SESSION
_STREAMED = frozenset(("input_audio.turn.append", "input_text.delta"))
"""Events of which there are many: they are counted, not listed."""


@dataclass(slots=True)
class Entry:
    """An event in the outbox."""

    type: str
    event_id: str | None
    frame: bytes
    target: str | None = None
    """Id of the item it is about."""
    written: bool = False
    length: float = 0.0
    """Audio in ms; 0 for other events."""
    start: float = 0.0
    """How much audio, in ms, was sent before it on this connection."""

    @property
    def is_audio(self) -> bool:
        """Whether it adds to the input buffer."""
        return self.type == _APPEND

    @property
    def end(self) -> float:
        """Position of the end of its audio, in ms."""
        return self.start + self.length

    def lost(self, reason: str) -> Lost:
        """Return how it is named where it is lost."""
        return Lost(kind="event", id=self.event_id, type=self.type, reason=cast(Any, reason))


class Outbox:
    """See the module.

    Args:
        keep: Audio to keep, in ms.
        max_queued: Most bytes of events, audio not counted, that may wait for a connection.
        new_id: Makes a new id that begins with the given word.

    Attributes:
        online: Whether what is recorded is written at once.
        stalled: Whether that is known to fail, though all that came before has not been read yet.
        rate: Bytes per second of the input audio.
        detects: Whether the service finds turns by itself.
        lost: What was given up, but for audio.
        lost_ms: Audio in ms that was given up.
    """

    def __init__(self, keep: float, max_queued: int, new_id: Callable[[str], str]) -> None:
        self.online = True
        self.stalled = False
        self.rate = 48000
        self.detects = True
        self.lost: list[Lost] = []
        self.lost_ms = 0.0
        self._keep = keep
        self._max_queued = max_queued
        self._new_id = new_id
        # Taken out from the front again and again, for which a dict goes through all that were there before.
        self._entries: OrderedDict[int, Entry] = OrderedDict()
        self._given_up: dict[int, Entry] = {}
        self._next = 0
        self._queued = 0
        self._speech: dict[str, bytes] = {}
        self._held = 0.0
        self._reset()

    def _reset(self) -> None:
        """Begin to count audio from 0."""
        self._position = 0.0
        self._mark = 0.0
        self._evicted = 0.0
        self._spans: dict[str, tuple[float, float | None]] = {}

    # Sending

    def record(self, frame: bytes) -> Entry:
        """Take an event that is about to be sent, and give it the ids that it needs to be recognized.

        Raises:
            SendQueueFullError: There is no connection, and too much waits for one.
        """
        entry = self._audio(frame) or self._event(frame)
        if not entry.is_audio and (not self.online or self.stalled):
            if not self.online and entry.type in _OF_THE_SESSION:
                self._give_up(self._next, entry, "superseded")
                self._next += 1
                return entry
            if self._queued + len(entry.frame) > self._max_queued:
                raise SendQueueFullError(entry.type, entry.event_id, queued=self._queued, limit=self._max_queued)
            self._queued += len(entry.frame)
        self._add(entry)
        if self.online:
            self._write(entry)
        self._evict()
        return entry

    def _audio(self, frame: bytes) -> Entry | None:
        if not frame.startswith(_APPEND_START):
            return None
        end = frame.find(b'"', len(_APPEND_START))
        size = decoded_size(frame[len(_APPEND_START) : end].decode("ascii", "replace"))
        return Entry(_APPEND, None, frame, length=size * 1000 / self.rate)

    def _event(self, frame: bytes) -> Entry:
        try:
            event = json.loads(frame)
        except (ValueError, RecursionError):
            event = None
        if not isinstance(event, dict) or not isinstance(cast("Json", event).get("type"), str):
            return Entry("", None, frame)
        event = cast("Json", event)
        kind = cast(str, event["type"])
        if kind == _APPEND and isinstance(audio := event.get("audio"), str):
            return Entry(_APPEND, None, frame, length=decoded_size(audio) * 1000 / self.rate)
        changed = False
        if event.get("event_id") is None and kind not in _STREAMED:
            event["event_id"] = self._new_id("event")
            changed = True
        if kind == _CREATE and isinstance(item := event.get("item"), dict):
            created = cast("Json", item)
            if created.get("id") is None:
                created["id"] = self._new_id("item")
                changed = True
        if changed:
            frame = _encode(event)
        return Entry(kind, _text(event.get("event_id")), frame, _target(event))

    def _add(self, entry: Entry) -> None:
        if entry.type in _STREAMED and self.online:
            # The newest stands for all of them.
            for key, other in self._entries.items():
                if other.type == entry.type and other.written and other.target == entry.target:
                    self._remove(key)
                    break
        self._entries[self._next] = entry
        self._next += 1
        self._held += entry.length

    def _write(self, entry: Entry) -> None:
        entry.written = True
        entry.start = self._position
        self._position += entry.length

    def take_unwritten(self) -> list[bytes]:
        """Return what is still to be written, in order, and count it as written."""
        frames: list[bytes] = []
        for entry in self._entries.values():
            if not entry.written:
                self._write(entry)
                frames.append(entry.frame)
        self._queued = 0
        return frames

    def unwrite(self) -> None:
        """Count everything as not written: the connection it was written to has come to nothing."""
        for entry in self._entries.values():
            entry.written = False
        self._reset()
        self._queued = sum(len(entry.frame) for entry in self._entries.values() if not entry.is_audio)

    def unsent(self) -> tuple[UnsentEvent, ...]:
        """Return what was not sent, or not answered, in order."""
        entries = sorted((self._entries | self._given_up).items())
        return tuple(UnsentEvent(entry.type, entry.event_id, entry.frame) for _, entry in entries)

    def _give_up(self, key: int, entry: Entry, reason: str) -> None:
        """List an event as lost. Until that is told it counts as unsent, in case there is no new connection."""
        self._given_up[key] = entry
        self.lost.append(entry.lost(reason))

    def told(self) -> None:
        """Take note that it was told what is lost."""
        self._given_up.clear()
        self.lost, self.lost_ms = [], 0.0

    # Answers

    @property
    def busy(self) -> bool:
        """Whether an answer is due, or the user is saying something."""
        if self._spans or not (self.detects or self._position <= self._mark):
            return True
        return any(entry.type in _ANSWERED for entry in self._entries.values())

    def entries(self, kind: str | None = None) -> list[Entry]:
        """Return the events, or those of a type, in order."""
        return [entry for entry in self._entries.values() if kind in (None, entry.type)]

    def find(self, kind: str, target: str | None = None) -> Entry | None:
        """Return the oldest event of a type that was written, about ``target`` if that is given."""
        for entry in self._entries.values():
            if entry.type == kind and entry.written and (target is None or entry.target == target):
                return entry
        return None

    def answered(self, kind: str, target: str | None = None) -> Entry | None:
        """Take out the oldest event of a type, and return it.

        The service carries events out in order: what it does not answer, and was sent before, has arrived.
        """
        entry = self.find(kind, target)
        if entry is not None:
            self._take(entry)
        return entry

    def refused(self, event_id: str) -> None:
        """Take out the event of that id."""
        for entry in self._entries.values():
            if entry.event_id == event_id:
                self._take(entry)
                return

    def _take(self, entry: Entry) -> None:
        arrived: list[int] = []
        for key, other in self._entries.items():
            if other is entry:
                arrived.append(key)
                break
            if other.written and not other.is_audio and other.type not in _AWAITED:
                arrived.append(key)
        for key in arrived:
            self._remove(key)

    # Audio

    def speech_started(self, item_id: str, start: float) -> None:
        """Take note that somebody speaks."""
        self._spans[item_id] = (start, None)

    def speech_stopped(self, item_id: str, end: float) -> None:
        """Take note that nobody speaks any more."""
        start, _ = self._spans.get(item_id, (self._mark, None))
        self._spans[item_id] = (start, end)

    def committed(self, item_id: str) -> None:
        """Take note that audio has become an item: by turn detection, or by the oldest ``commit``."""
        start, end = self._spans.pop(item_id, (self._mark, None))
        if end is None:
            commit = self.answered("input_audio_buffer.commit")
            if commit is None:
                return
            start, end = self._mark, commit.start
        audio = self._slice(start, end)
        self._drop_audio(end)
        if audio:
            self._speech[item_id] = audio
            self._held += len(audio) * 1000 / self.rate
            self._evict()

    def cleared(self) -> None:
        """Take note that the buffer is empty."""
        if (clear := self.answered("input_audio_buffer.clear")) is not None:
            self._spans.clear()
            self._drop_audio(clear.start)

    def transcribed(self, item_id: str) -> None:
        """Forget the audio of an item whose transcript is there."""
        if item_id in self._speech:
            self._forget_speech(item_id)

    def speech(self, item_id: str) -> bytes | None:
        """Return the audio of an item that was spoken, while it is kept."""
        return self._speech.get(item_id)

    def _slice(self, start: float, end: float) -> bytes:
        """Return audio, or nothing unless all of it is kept."""
        if start < self._evicted:
            return b""
        return b"".join(
            self._bytes(entry, start, end)
            for entry in self._entries.values()
            if entry.is_audio and entry.written and entry.end > start and entry.start < end
        )

    def _bytes(self, entry: Entry, start: float, end: float) -> bytes:
        try:
            audio = _decode(entry.frame)
        except ValueError:
            # Sent as it was given, without a check.
            return b""
        # Samples of 16 bits must not be cut in two; for G.711 it makes no difference.
        first, last = (
            int((at - entry.start) * self.rate / 1000) // 2 * 2 if entry.start < at < entry.end else None
            for at in (start, end)
        )
        return audio[first:last]

    def _drop_audio(self, end: float) -> None:
        """Forget the audio before a position: it needs not be sent again."""
        self._mark = max(self._mark, end)
        for key, entry in list(self._entries.items()):
            if entry.is_audio and entry.written and entry.end <= self._mark:
                self._remove(key)
        self._spans = {item_id: span for item_id, span in self._spans.items() if (span[1] or end + 1) > self._mark}

    def _remove(self, key: int) -> None:
        self._held -= self._entries.pop(key).length

    def _evict(self) -> None:
        """Keep no more audio than allowed, the newest."""
        while self._held > self._keep + 1e-6:
            if self._speech:
                self._forget_speech(next(iter(self._speech)))
                continue
            key = next((key for key, entry in self._entries.items() if entry.is_audio), None)
            if key is None:
                self._held = 0.0
                return
            entry = self._entries[key]
            if entry.written:
                self._evicted = entry.end
            else:
                self.lost_ms += entry.length
            self._remove(key)

    def reformat(self, rate: int) -> None:
        """Take note that the input audio has another format, in which what is kept makes no sense."""
        if rate != self.rate:
            for key, entry in list(self._entries.items()):
                if entry.is_audio and entry.written:
                    self._remove(key)
            for item_id in list(self._speech):
                self._forget_speech(item_id)
            self._evicted = self._position
            self.rate = rate

    def _forget_speech(self, item_id: str) -> None:
        self._held -= len(self._speech.pop(item_id)) * 1000 / self.rate

    # The end of a connection

    def dropped(self) -> None:
        """Take note that the connection is gone: keep what can be sent on another, and list the rest as lost."""
        self._trim()
        for key, entry in list(self._entries.items()):
            if not entry.is_audio and entry.type not in _ANSWERED:
                self._remove(key)
                if entry.type == "transcription_session.update":
                    # It is restored with the session's settings.
                    self._given_up[key] = entry
                else:
                    self._give_up(key, entry, "superseded" if entry.type in _OF_THE_SESSION else "unanswered")
        self.online = self.stalled = False
        self.unwrite()
        self._queued = 0

    def _trim(self) -> None:
        """Keep only the audio that a new session must hear."""
        begin, pending = self._mark, list[int]()
        for key, entry in list(self._entries.items()):
            if entry.is_audio:
                pending.append(key)
            elif entry.type == "input_audio_buffer.clear":
                for old in pending:
                    self._remove(old)
                begin, pending = entry.start, []
            elif entry.type == "input_audio_buffer.commit":
                self._cut(pending, begin)
                if not any(old in self._entries for old in pending):
                    self._remove(key)
                    self._give_up(key, entry, "not_kept")
                begin, pending = entry.start, []
        if self.detects:
            heard = min((start for start, _ in self._spans.values()), default=self._position - ONSET)
            begin = max(begin, heard)
        self._cut(pending, begin)

    def _cut(self, keys: list[int], begin: float) -> None:
        if self._evicted > begin:
            self.lost_ms += self._evicted - begin
        for key in keys:
            entry = self._entries[key]
            if entry.end <= begin:
                self._remove(key)
            elif entry.start < begin:
                audio = self._bytes(entry, begin, entry.end)
                self._held -= entry.length
                entry.frame, entry.length = encode_append(audio), len(audio) * 1000 / self.rate
                self._held += entry.length


def _decode(frame: bytes) -> bytes:
    if frame.startswith(_APPEND_START):
        start = len(_APPEND_START)
        return pybase64.b64decode(frame[start : frame.index(b'"', start)])
    return pybase64.b64decode(json.loads(frame)["audio"])


def _encode(event: Json) -> bytes:
    try:
        return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        # Half a surrogate pair, which only an escape can carry.
        return json.dumps(event, separators=(",", ":")).encode()


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _target(event: Json) -> str | None:
    kind = event["type"]
    target = event.get(_TARGETS.get(kind, "item_id"))
    return _text(cast("Json", target).get("id") if isinstance(target, dict) else target)
