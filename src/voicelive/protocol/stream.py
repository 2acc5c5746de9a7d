"""Who gets which event. No I/O, no clock; callers serialise.

There is one stream of events and there are many takers: the reader (``recv`` and iteration), whoever waits for a
certain event, and handlers. Nobody takes an event away from anybody else: each taker has a queue of its own.

Whoever waits reads from the connection for everybody, unless somebody does so already: the *leader*. The others sleep
until an event for them has come, or the leader has left and one of them takes over. There is no task that does nothing
but read, so a program that reads and does nothing else pays for none of this: the stream is *idle* then.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from voicelive.models import AudioDropped, EventsDropped, LocalEvent
from voicelive.protocol.handlers import Handler, Handlers
from voicelive.protocol.readers import my_loops, second_reader
from voicelive.protocol.wire import encode_json

if TYPE_CHECKING:
    from voicelive.models import ServerEventUnion
    from voicelive.protocol.session import Session

__all__ = ("UNREAD_LIMIT", "Arrived", "Stream", "Taker", "Waker")

logger = logging.getLogger("voicelive")

UNREAD_LIMIT = 32 * 1024 * 1024
"""Bytes of events, as received, that may wait for a taker. At 24 kHz that is about eight minutes of speech."""
EVENT_OVERHEAD = 1024
"""Bytes that an event counts for besides: a flood of tiny ones fills memory too."""


class Waker(Protocol):
    """Somebody sleeps on it until there is something to do."""

    def set(self) -> None:
        """Wake them."""

    async def wait(self, timeout: float | None) -> None:
        """Sleep.

        Args:
            timeout: Seconds, at most.

        Raises:
            ReceiveTimeoutError: They have passed.
        """


@dataclass(frozen=True, slots=True)
class Arrived:
    """An event that came."""

    event: ServerEventUnion
    frame: bytes | None
    """As it was received; ``None``: it is one of ours."""
    awaited: bool = False
    """Whether somebody else than the reader gets it: a handler, or who waits for it."""

    def as_frame(self) -> bytes:
        """Return the event as a frame."""
        return encode_json(self.event) if self.frame is None else self.frame


def _everything(event: ServerEventUnion) -> bool:
    return True


def _size(arrived: Arrived) -> int:
    return EVENT_OVERHEAD + len(arrived.frame or b"")


class Taker:
    """Gets every event that it wants, in order.

    Args:
        wants: Whether it wants an event. What it raises is raised for whoever takes.
        once: Whether it wants one event only.
        exclusive: Among such takers, only the first that wants an event gets it: each answer belongs to one call.
        watches: Whether it only wants to know, and takes care of nothing: an error that it gets is unhandled still.

    Attributes:
        complete: Gets no more events.
    """

    def __init__(
        self,
        wants: Callable[[ServerEventUnion], object],
        *,
        once: bool = False,
        exclusive: bool = False,
        watches: bool = False,
    ) -> None:
        self.complete = False
        self.exclusive = exclusive
        self.watches = watches
        self._once = once
        self._wants = wants
        # Most connections never queue anything, and an empty deque takes 760 bytes: with those of ``Stream``, 2.3 kB of
        # 14.4 kB per idle connection.
        self._arrived: deque[Arrived] | None = None
        self._size = 0
        self._dropped = (0, 0)
        self._error: Exception | None = None

    def __bool__(self) -> bool:
        return bool(self._arrived or self._error or self._dropped[0])

    def wants(self, event: ServerEventUnion) -> bool:
        """Whether it wants the event."""
        if self.complete:
            return False
        try:
            return bool(self._wants(event))
        except Exception as error:
            # Another one is reading just now, and it is none of its business.
            self._error = error
            self.complete = True
            return True

    def put(self, arrived: Arrived) -> None:
        """Queue an event. Where there are too many, the oldest go, and an ``EventsDropped`` stands in their place."""
        if self._error is not None:
            return
        self.complete = self.complete or self._once
        if self._arrived is None:
            self._arrived = deque()
        self._arrived.append(arrived)
        self._size += _size(arrived)
        while self._size > UNREAD_LIMIT and len(self._arrived) > 1:
            if not self._dropped[0]:
                logger.warning("more than %d bytes of events wait to be read; dropping the oldest", UNREAD_LIMIT)
            oldest = self._arrived.popleft()
            self._size -= _size(oldest)
            self._dropped = (self._dropped[0] + 1, self._dropped[1] + len(oldest.frame or b""))

    @property
    def dropped(self) -> bool:
        """Whether events were dropped that would have come next."""
        return self._dropped[0] > 0

    def waiting(self) -> list[Arrived]:
        """Return the events that wait, without taking them."""
        return list(self._arrived or ())

    def clear(self) -> None:
        """Throw away the events that wait."""
        self._arrived = None
        self._size = 0
        self._dropped = (0, 0)

    def pop(self) -> Arrived | None:
        """Return the oldest event, or ``None`` if there is none."""
        count, size = self._dropped
        if count:
            self._dropped = (0, 0)
            return Arrived(EventsDropped(count=count, size=size), None)
        if not self._arrived:
            error, self._error = self._error, None
            if error is not None:
                raise error
            return None
        arrived = self._arrived.popleft()
        self._size -= _size(arrived)
        if not self._arrived:
            self._arrived = None
        return arrived


class Stream:
    """See the module.

    Args:
        session: What the events are about.
        handlers: Get events too.
        guard: Held by whoever looks at the stream or changes it.

    Attributes:
        idle: There is nobody but the reader, and nothing is queued: what is received is for the reader alone.
        waiting: The reader waits for its next event, and not alone.
        leader: Stands for whoever reads from the connection.
        reader: What ``recv`` and iteration take from.
        sleepers: Who waits for the leader, and for whom it takes.
        due: Handlers to run, in order.
        running: Stands for whoever runs handlers.
    """

    def __init__(self, session: Session, handlers: Handlers, guard: AbstractContextManager[object]) -> None:
        self.guard = guard
        self.waiting = False
        self.leader: object | None = None
        self._loops: list[object] = []
        self.reader = Taker(_everything)
        self.sleepers: dict[Waker, Taker] = {}
        self.due: deque[tuple[Handler, ServerEventUnion]] | None = None
        self.running: object | None = None
        self._session = session
        self._handlers = handlers
        self._takers: list[Taker] = []
        # There are never more than a few.
        self._announced: list[ServerEventUnion] = []
        self.idle = False
        handlers.on_change = self.settle
        self.settle()

    # The reader: one at a time, so that nobody misses what somebody else gets

    def claim(self) -> bool:
        """Claim the next event for the reader.

        Returns:
            Whether the reader is alone: then it has the lead, reads from the connection by itself, and gives the lead
            up, for which it needs no guard. Otherwise it takes its event like everybody else, and ``waiting`` is set
            until it has it.

        Raises:
            ConcurrentReadError: Somebody waits for that event already, or loops over the events elsewhere.
        """
        # Every event comes this way, so nothing is called that need not be.
        loops = self._loops
        if loops and loops[-1] not in my_loops.get():
            raise second_reader()
        if self.idle and self.leader is None and not self.waiting:
            self.leader = self.reader
            return True
        self._refuse_second()
        self.waiting = True
        return False

    def claim_with_others(self) -> None:
        """Claim the next event for the reader, which takes it like everybody else; see ``claim``."""
        if self.claim():
            self.waiting = True
            self.leader = None

    def begin(self, loop: object) -> None:
        """Let a loop over the events begin; see ``protocol.readers``."""
        if self._loops and self._loops[-1] not in my_loops.get():
            raise second_reader()
        self._refuse_second()
        self._loops.append(loop)

    def end(self, loop: object) -> None:
        """Take note that a loop is over."""
        self._loops.remove(loop)

    def _refuse_second(self) -> None:
        if self.waiting or self.leader is self.reader:
            raise second_reader()

    # Takers

    def add(self, taker: Taker) -> None:
        """Let a taker have the events from now on."""
        self._takers.append(taker)
        self.idle = False

    def discard(self, taker: Taker) -> None:
        """Let it have no more. Harmless if it had none."""
        if taker in self._takers:
            self._takers.remove(taker)
        self.settle()

    def settle(self) -> None:
        """Find out whether the stream is idle."""
        self.idle = not (
            self._takers
            or self.reader
            or self.due
            or self._announced
            or self._handlers
            or self._session.first is not None
        )

    # Events

    def announce(self, event: ServerEventUnion) -> None:
        """Put an event of ours into the stream, behind all that was received. Any thread may call this."""
        self._announced.append(event)
        self.idle = False

    def announce_dropped(self, count: int, size: int) -> None:
        """Announce that audio was dropped, in one event with what was announced of that and not read yet.

        Args:
            count: How many appends.
            size: Bytes of audio in them.
        """
        last = self._announced[-1] if self._announced else None
        if isinstance(last, AudioDropped):
            self._announced.pop()
            count, size = count + last.count, size + last.size
        self.announce(AudioDropped(count=count, size=size))

    def route_announced(self) -> bool:
        """Give takers what was announced; return whether there was anything."""
        if not self._announced:
            return False
        while self._announced:
            event = self._announced.pop(0)
            self._session.note(event)
            self._route(event, None)
        return True

    def route_first(self) -> bool:
        """Give the session's first event to everybody who wants it; return whether that was still to be done."""
        first = self._session.take_first()
        if first is None:
            return False
        self._route(*first)
        return True

    def route(self, frame: bytes) -> None:
        """Give a received event to everybody who wants it."""
        self._route(self._session.decode(frame), frame)

    def _route(self, event: ServerEventUnion, frame: bytes | None) -> None:
        handlers = self._handlers.take(event)
        takers: list[Taker] = []
        answered = False
        for taker in self._takers:
            if not (answered and taker.exclusive) and taker.wants(event):
                takers.append(taker)
                # What this side has to say is no answer.
                answered = answered or (taker.exclusive and not isinstance(event, LocalEvent))
        arrived = Arrived(event, frame, awaited=bool(handlers) or not all(taker.watches for taker in takers))
        if handlers:
            if self.due is None:
                self.due = deque()
            self.due.extend((handler, event) for handler in handlers)
        self.reader.put(arrived)
        for taker in takers:
            taker.put(arrived)
            if taker.complete:
                self._takers.remove(taker)
        for waker, taker in self.sleepers.items():
            if taker is self.reader or taker in takers:
                waker.set()

    # The leader

    def take_lead(self, candidate: object) -> bool:
        """Let somebody read from the connection; return ``False`` if another one does."""
        if self.leader is None:
            self.leader = candidate
        return self.leader is candidate

    def sleep(self, waker: Waker, taker: Taker) -> None:
        """Let somebody sleep until there is something for ``taker``, or nobody leads."""
        self.sleepers[waker] = taker
        # The reader leaves without the guard: it may not have seen this sleeper.
        if self.leader is None:
            waker.set()

    def yield_lead(self, leader: object) -> None:
        """Take note that ``leader`` reads no longer, if it did, and let one of the sleepers take over."""
        with self.guard:
            if self.leader is leader:
                self.leader = None
            if self.leader is None and self.sleepers:
                next(iter(self.sleepers)).set()

    # Handlers

    def next_due(self, runner: object) -> tuple[Handler, ServerEventUnion] | None:
        """Return the handler that ``runner`` has to run next, if any: one runs at a time.

        ``runner`` calls this until there is none, or else ``stop_running``.
        """
        if self.running not in (None, runner):
            return None
        while self.due:
            handler, event = self.due.popleft()
            if handler.active:
                self.running = runner
                return handler, event
        self.stop_running(runner)
        return None

    def stop_running(self, runner: object) -> None:
        """Take note that ``runner`` runs no handler, if it did."""
        if self.running is runner:
            self.running = None
