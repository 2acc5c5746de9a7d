"""What waits to be sent, bounded by bytes: audio gives way to newer audio, and events are never dropped."""

from __future__ import annotations

from collections import OrderedDict
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from voicelive.exceptions import ConnectionClosed

__all__ = ("Left", "QueueFull", "SendQueue")


# Shared until something is put: two empty ones would be 256 bytes of every connection.
_NOTHING: OrderedDict[int, Any] = OrderedDict()


class QueueFull(Exception):
    """An event does not fit. The facades make a ``SendQueueFullError`` of it, which names the event."""


@dataclass(frozen=True, slots=True)
class Left:
    """What was never sent."""

    count: int
    """How many events, audio among them."""
    size: int
    """Their bytes."""
    audio: int
    """Bytes of audio in them, as it was before it was encoded."""


class SendQueue:
    """See the module.

    One takes from it, and says with ``done`` or ``put_back`` what has become of that; any number puts.

    Args:
        limit: Most bytes that may wait.
        guard: Held by whoever looks or changes.

    Attributes:
        limit: See above.
        busy: Whether anything waits, or was taken and is not done.
        size: Bytes of that.
        dropped: Bytes of audio that were dropped so far.
        end: Why nothing is taken any more.
    """

    def __init__(self, limit: int, guard: AbstractContextManager[object]) -> None:
        self.limit = limit
        self.busy = False
        self.size = 0
        self.dropped = 0
        self.end: ConnectionClosed | None = None
        self._guard = guard
        # By number, from 1: frames, and how much audio is in them, if they may be dropped.
        self._waiting: OrderedDict[int, tuple[bytes, int | None]] = _NOTHING
        # Numbers of those that may be.
        self._audio: OrderedDict[int, None] = _NOTHING
        self._taken: tuple[int, bytes, int | None] | None = None
        self._last = 0
        self._unreported = (0, 0)
        self._congested = False

    @property
    def mark(self) -> int:
        """Number of the newest that was put; see ``passed``."""
        return self._last

    def passed(self, mark: int) -> bool:
        """Whether all that was put up to ``mark`` is done, or was dropped."""
        with self._guard:
            return not (self._taken and self._taken[0] <= mark) and next(iter(self._waiting), mark + 1) > mark

    def put(self, frame: bytes, audio: int | None = None) -> bool:
        """Take a frame.

        Args:
            frame: Encoded.
            audio: Bytes of audio in it, if the oldest may be dropped when there is no room; ``None``: never.

        Returns:
            Whether this is the first audio to be dropped since the queue was empty.

        Raises:
            ConnectionClosed: Nothing is taken any more.
            QueueFull: There is no room, and it may not be dropped.
            ValueError: It is audio, and by itself longer than the limit.
        """
        with self._guard:
            if self.end is not None:
                raise self.end
            if audio is not None and len(frame) > self.limit:
                raise ValueError(
                    f"{len(frame):,} bytes are more than max_queued_bytes ({self.limit:,}): give the audio in "
                    "shorter pieces, or raise it in connection_options"
                )
            if audio is None and self.size + len(frame) > self.limit:
                raise QueueFull
            if self._waiting is _NOTHING:
                self._waiting, self._audio = OrderedDict(), OrderedDict()
            self._last += 1
            self._waiting[self._last] = (frame, audio)
            self.size += len(frame)
            self.busy = True
            if audio is None:
                return False
            self._audio[self._last] = None
            first = self.size > self.limit and not self._congested
            self._congested = self._congested or first
            while self.size > self.limit and self._audio:
                self._drop(self._audio.popitem(last=False)[0])
            return first

    def _drop(self, number: int) -> None:
        frame, audio = self._waiting.pop(number)
        self.size -= len(frame)
        self.dropped += audio or 0
        self._unreported = (self._unreported[0] + 1, self._unreported[1] + (audio or 0))
        self._settle()

    def take(self) -> bytes | None:
        """Return the oldest frame, which counts until ``done``; ``None`` if there is none."""
        with self._guard:
            if self._taken is not None or not self._waiting:
                return None
            number, (frame, audio) = self._waiting.popitem(last=False)
            if audio is not None:
                self._audio.popitem(last=False)
            self._taken = (number, frame, audio)
            return frame

    def done(self) -> None:
        """Take note that what was taken is on its way."""
        with self._guard:
            if self._taken is not None:
                self.size -= len(self._taken[1])
                self._taken = None
                self._settle()

    def put_back(self) -> None:
        """Take back what was taken: it comes next again."""
        with self._guard:
            if self._taken is not None:
                number, frame, audio = self._taken
                self._taken = None
                self._waiting[number] = (frame, audio)
                self._waiting.move_to_end(number, last=False)
                if audio is not None:
                    self._audio[number] = None
                    self._audio.move_to_end(number, last=False)

    def take_dropped(self) -> tuple[int, int]:
        """Return how many frames with audio were dropped since the last call, and how many bytes of audio."""
        with self._guard:
            dropped, self._unreported = self._unreported, (0, 0)
            return dropped

    def finish(self, end: ConnectionClosed) -> Left:
        """Take nothing any more, and throw away what waits. The first reason stays.

        Returns:
            What was thrown away.
        """
        with self._guard:
            self.end = self.end or end
            if self._taken is not None:
                self._waiting[self._taken[0]] = self._taken[1:]
            left = Left(
                len(self._waiting),
                sum(len(frame) for frame, _ in self._waiting.values()),
                sum(audio or 0 for _, audio in self._waiting.values()),
            )
            self._waiting.clear()
            self._audio.clear()
            self._taken = None
            self.size = 0
            self.busy = False
            return left

    def _settle(self) -> None:
        self.busy = bool(self._waiting) or self._taken is not None
        self._congested = self._congested and self.busy
