"""The bytes of one connection, below the WebSocket library: where they are held back, throttled, cut or added to."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Literal, Protocol

from voicelive.emulator import frames
from voicelive.emulator.faults import (
    Delay,
    Drip,
    Drop,
    HalfOpen,
    IgnorePings,
    ReadSlowly,
    Reset,
    Send,
    SendBytes,
    SendText,
    Throttle,
    WireAction,
)
from voicelive.emulator.script import Close

__all__ = ("Owner", "Wire")

_HIGH, _LOW = 64 * 1024, 16 * 1024
_MAX_BACKLOG = 1024 * 1024
"""Answers to pings wait here too, and pings come as fast as the client likes."""
_TICK_SECONDS = 0.02
_HANG_UP_SECONDS = 5.0

Direction = Literal["sent", "received"]
Step = bytes | Callable[[], None]


class Owner(Protocol):
    """What the wire belongs to."""

    def deliver(self, data: bytes) -> None:
        """Take bytes that have come."""
        ...

    def pause_sending(self) -> None:
        """Take note that much is waiting to be written."""
        ...

    def resume_sending(self) -> None:
        """Take note that it was written."""
        ...


class Wire(asyncio.Transport):
    """A transport between the WebSocket library and the socket.

    All that is written and all that happens to the connection passes one queue, so that a fault comes exactly behind
    the bytes that were written before it, and when the system has taken those.

    Args:
        transport: The socket's.
        owner: Takes what comes.
    """

    def __init__(self, transport: asyncio.Transport, owner: Owner) -> None:
        super().__init__()
        self._loop = asyncio.get_running_loop()
        self.transport = transport
        """The socket's, or that of TLS over it."""
        self._owner = owner
        self._steps: deque[Step] = deque()
        self._timers: set[asyncio.TimerHandle] = set()
        self.backlog = 0
        """Bytes that wait to be written."""
        self.totals: dict[Direction, int] = {"sent": 0, "received": 0}
        """Bytes that were written and read, TLS not counted."""
        self.gone = False
        """Whether a fault has cut the connection off: nothing that is written arrives any more."""
        self.stopping = False
        """Whether the emulator is about to stop."""
        self._marks: dict[Direction, list[tuple[int, Callable[[], None]]]] = {"sent": [], "received": []}
        self._stepping = self._held = self._blocked = self._muted = self._half_open = False
        self._paused_owner = False
        self._rate: float | None = None
        self._drip: float | None = None
        self._read_rate: float | None = None
        self._reading = self._may_read = self._is_reading = True
        self._answers_pings = True
        self._limit()

    # What the socket's transport tells

    def use(self, transport: asyncio.Transport) -> None:
        """Go on with another transport, that of TLS over the first one."""
        self.transport = transport
        self._is_reading = True
        self._limit()
        self._update_reading()

    def _limit(self) -> None:
        # At anything that the system has not taken; 0 would mean always for asyncio's TLS.
        self.transport.set_write_buffer_limits(high=1, low=0)

    def block(self) -> None:
        """Write nothing more: the system takes no more."""
        self._blocked = True

    def unblock(self) -> None:
        """Go on writing."""
        self._blocked = False
        self._step()

    def feed(self, data: bytes) -> None:
        """Take bytes that have come."""
        while data and not self.gone:
            marks = self._marks["received"]
            size = min(len(data), marks[0][0] - self.totals["received"]) if marks else len(data)
            self.totals["received"] += size
            if self._read_rate is not None:
                self._read_no_more_for(size / self._read_rate if self._read_rate else None)
            self._owner.deliver(data[:size])
            data = data[size:]
            self._pass_marks("received")

    def lost(self) -> None:
        """Take note that the connection has ended."""
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        self._steps.clear()
        self.gone = True

    # What happens to the connection

    def perform(self, actions: Sequence[WireAction]) -> None:
        """Let it happen, in this order and behind what was written before."""
        for action in actions:
            if isinstance(action, Send | SendText | SendBytes):
                self._say(action)
            else:
                self._perform(action)

    def _perform(self, action: Delay | Drop | Reset | HalfOpen | Close | Throttle | ReadSlowly | IgnorePings) -> None:
        match action:
            case Delay(seconds):
                self.then(lambda: self._hold(seconds))
            case Drop() | Close(1006, _):
                self.then(self._drop)
            case Reset():
                self.then(self._reset)
            case HalfOpen():
                self.then(self._cut_the_cable)
            case Close(code, reason):
                self._close(code, reason)
            case Throttle(rate):
                self.then(lambda: self._throttle(rate))
            case ReadSlowly(rate):
                self.then(lambda: self._read_slowly(rate))
            case IgnorePings():
                self._answers_pings = False

    def _say(self, action: Send | SendText | SendBytes) -> None:
        match action:
            case Send(kind, count, mib):
                for piece in frames.build(kind, count, mib):
                    self._send(piece)
            case SendText(text):
                self._send(frames.frame(frames.TEXT, text.encode()))
            case SendBytes(data):
                self._send(data)

    def drip(self, action: Drip) -> None:
        """Send what is written next, the answer to the upgrade, byte by byte."""
        self._drip = 1 / action.seconds

    def _hold(self, seconds: float) -> None:
        self._held = True
        self.later(seconds, self._release)

    def _release(self) -> None:
        self._held = False
        self._step()

    def _throttle(self, rate: float | None) -> None:
        self._rate = rate

    def _read_slowly(self, rate: float) -> None:
        self._read_rate = rate
        with contextlib.suppress(OSError):
            # What the system reads ahead would hide for long that nobody reads.
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        if not rate:
            self._read_no_more_for(None)

    def _read_no_more_for(self, seconds: float | None) -> None:
        self._may_read = False
        self._update_reading()
        if seconds is not None:
            self.later(seconds, self._read_again)

    def _read_again(self) -> None:
        self._may_read = True
        self._update_reading()

    def _drop(self) -> None:
        self._cut_off()
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)
        # Reading goes on: closing with bytes unread would send a reset.
        self.later(_HANG_UP_SECONDS, self.transport.abort)

    def _reset(self) -> None:
        self._cut_off()
        with contextlib.suppress(OSError):
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()

    def _cut_the_cable(self) -> None:
        self._cut_off()
        self._half_open = True
        self._update_reading()

    def _cut_off(self) -> None:
        self.gone = True
        self._steps.clear()
        self.backlog = 0
        self._relieve()

    def _close(self, code: int, reason: str) -> None:
        self._send(frames.close(code, reason))
        self._muted = True
        self.then(lambda: self.later(_HANG_UP_SECONDS, self.transport.abort))

    @property
    def _socket(self) -> Any:
        return self.transport.get_extra_info("socket")

    # Marks

    def mark(self, direction: Direction, after: int, call: Callable[[], None]) -> None:
        """Call this when that many more bytes went over, exactly behind the last of them."""
        marks = self._marks[direction]
        marks.append((self.totals[direction] + after, call))
        marks.sort(key=lambda mark: mark[0])

    def _pass_marks(self, direction: Direction) -> None:
        marks = self._marks[direction]
        while marks and marks[0][0] <= self.totals[direction]:
            marks.pop(0)[1]()

    # The queue

    def then(self, call: Callable[[], None]) -> None:
        """Call this when all that was written before is out."""
        self._put(call)

    def _send(self, data: bytes) -> None:
        if not self._muted:
            self._put(data)

    def _put(self, step: Step) -> None:
        if self.gone:
            return
        self._steps.append(step)
        if isinstance(step, bytes):
            self.backlog += len(step)
        self._step()
        if self.backlog > _HIGH and not self._paused_owner:
            self._paused_owner = True
            self._owner.pause_sending()
        self._update_reading()

    def _step(self) -> None:
        """Take steps as far as they can be taken now."""
        if self._stepping:
            return
        self._stepping = True
        try:
            while self._steps and not (self._held or self._blocked or self.gone):
                step = self._steps.popleft()
                if isinstance(step, bytes):
                    self._write(step)
                else:
                    self._insert(step)
        finally:
            self._stepping = False
        self._relieve()

    def _insert(self, call: Callable[[], None]) -> None:
        """Call, and put what that puts before all that waits already."""
        waiting, self._steps = self._steps, deque()
        try:
            call()
        finally:
            self._steps += waiting if not self.gone else ()

    def _write(self, data: bytes) -> None:
        size = len(data)
        if self._rate is not None:
            size = min(size, max(1, int(self._rate * _TICK_SECONDS)))
        if marks := self._marks["sent"]:
            size = min(size, marks[0][0] - self.totals["sent"])
        if size < len(data):
            self._steps.appendleft(data[size:])
            data = data[:size]
        self.totals["sent"] += size
        self.backlog -= size
        self.transport.write(data)
        if self._rate is not None:
            self._hold(size / self._rate)
        self._insert(lambda: self._pass_marks("sent"))

    def _relieve(self) -> None:
        if self._paused_owner and self.backlog <= _LOW:
            self._paused_owner = False
            self._owner.resume_sending()
        self._update_reading()

    def _update_reading(self) -> None:
        wanted = self._reading and self._may_read and self.backlog < _MAX_BACKLOG
        # What comes after the end is read and forgotten, so that the client is free to close.
        reading = not self._half_open and (wanted or self.gone)
        if reading == self._is_reading:
            return
        self._is_reading = reading
        if reading:
            self.transport.resume_reading()
        else:
            self.transport.pause_reading()

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        """Call this after some time, unless the connection has ended by then."""

        def run() -> None:
            self._timers.discard(timer)
            call()

        timer = self._loop.call_later(seconds, run)
        self._timers.add(timer)

    # What the WebSocket library asks of a transport

    def write(self, data: bytes | bytearray | memoryview[Any]) -> None:
        """Write, after all that was written before."""
        if self._muted or (not self._answers_pings and data[:1] == b"\x8a"):
            return
        if self._drip is not None:
            rate, self._drip = self._drip, None
            self.then(lambda: self._throttle(rate))
            self._put(bytes(data))
            self.then(lambda: self._throttle(None))
            return
        self._put(bytes(data))

    def can_write_eof(self) -> bool:
        """Whether the transport can close one direction; TLS cannot."""
        return self.transport.can_write_eof()

    def write_eof(self) -> None:
        """Close the direction to the client."""
        self.then(self.transport.write_eof)

    def close(self) -> None:
        """Close when all is written."""
        self.then(self.transport.close)

    def abort(self) -> None:
        """Close at once; a fault that holds bytes back holds this back too."""
        if self._held:
            self.then(self.transport.abort)
        elif not self.gone:
            self.transport.abort()

    def destroy(self) -> None:
        """Close at once, whatever is going on."""
        self.transport.abort()

    def is_closing(self) -> bool:
        """Whether it is closing."""
        return self.transport.is_closing()

    def pause_reading(self) -> None:
        """Read no more for now."""
        self._reading = False
        self._update_reading()

    def resume_reading(self) -> None:
        """Go on reading."""
        self._reading = True
        self._update_reading()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Tell about the socket."""
        return self.transport.get_extra_info(name, default)

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Do nothing: the limits are fixed."""
