"""What a connection knows and decides, the same for all facades: no I/O, no clock, no event loop."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from contextlib import suppress
from contextvars import ContextVar
from enum import Enum
from typing import TYPE_CHECKING, cast

from voicelive.exceptions import ConcurrentReadError, ConnectionClosed, SessionRefusedError
from voicelive.models import ServerEventError, ServerEventSessionCreated
from voicelive.protocol._arguments import expect
from voicelive.protocol.options import LONGEST_WAIT
from voicelive.protocol.wire import decode_event

if TYPE_CHECKING:
    from voicelive.models import ServerEventUnion

__all__ = ("Readers", "Session", "State", "Turn", "as_frame", "check_timeout")

logger = logging.getLogger("voicelive")


class State(Enum):
    """Where a connection is in its life."""

    CONNECTING = "connecting"
    OPEN = "open"
    CLOSING = "closing"
    CLOSED = "closed"


class Session:
    """One session: its first event, its identity and its end.

    Args:
        address: Where it is, as it may be shown.

    Attributes:
        state: See ``State``.
        session_id: The service's id of the session, once ``session.created`` came.
        first: The first message, until it is taken with ``take_first``.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self.state = State.CONNECTING
        self.session_id: str | None = None
        self.first: bytes | None = None
        self._closed_by_us = False

    def begin(self, message: bytes) -> None:
        """Take the first message, which is delivered again by ``take_first``.

        Raises:
            SessionRefusedError: It is an error.
        """
        event = decode_event(message)
        if isinstance(event, ServerEventError):
            self.state = State.CLOSED
            raise _refused(event, self.address)
        self._learn(event)
        self.first = message
        self.state = State.OPEN
        logger.debug("connected to %s, session %s", self.address, self.session_id)

    def take_first(self) -> bytes:
        """Return the first message, once."""
        message, self.first = self.first, None
        assert message is not None
        return message

    def decode(self, message: bytes) -> ServerEventUnion:
        """Return the event of a message."""
        event = decode_event(message)
        if self.session_id is None:
            self._learn(event)
        if logger.isEnabledFor(logging.DEBUG):
            logger.debug("received %s, %d bytes", event.type, len(message))
        return event

    def _learn(self, event: ServerEventUnion) -> None:
        if isinstance(event, ServerEventSessionCreated):
            # The service may leave out what its own contract requires.
            self.session_id = getattr(event.session, "id", None)

    def closing(self) -> None:
        """Take note that the caller closes the connection."""
        if self.state is not State.CLOSED:
            self._closed_by_us = True
            self.state = State.CLOSING

    def closed(self, error: ConnectionClosed) -> None:
        """Take note of how the connection ended."""
        if self.state is not State.CLOSED:
            logger.debug("connection to %s closed, code %d, by %s", self.address, error.code, error.initiated_by)
        self.state = State.CLOSED

    def ends_quietly(self, error: ConnectionClosed) -> bool:
        """Whether iteration just ends: the caller closed, or the service closed normally. Otherwise it raises.

        1001 (going away) and 1005 (no code) are how a service drops a session; they do not pass as a normal end.
        """
        return self._closed_by_us or error.code == 1000

    def unsent(self, error: ConnectionClosed, frame: bytes) -> ConnectionClosed:
        """Return the error for an event that could not be sent, naming it."""
        self.closed(error)
        kind, event_id = _identify(frame)
        named = ConnectionClosed(
            error.code,
            error.reason,
            initiated_by=error.initiated_by,
            unsent=kind,
            unsent_event_id=event_id,
        )
        named.__cause__ = error.__cause__
        return named

    def sending(self, frame: bytes) -> None:
        """Take note of a frame about to be sent."""
        if logger.isEnabledFor(logging.DEBUG):
            logger.debug("sending %s, %d bytes", _identify(frame)[0], len(frame))

    def describe(self, end: ConnectionClosed | None) -> str:
        """Say what this is, for ``repr``: nothing secret.

        Args:
            end: How the connection ended, if it did.
        """
        state = self.state.value if end is None else f"closed, code {end.code}"
        return f"to {self.address}, session {self.session_id!r}, {state}"


def _refused(event: ServerEventError, address: str) -> SessionRefusedError:
    error = event.error
    named = ": ".join(part for part in (error.code or error.type, error.message) if part)
    return SessionRefusedError(
        f"{address} accepted the connection, but refused the session ({named}); nothing was sent or received on it",
        event=event,
    )


def _identify(frame: bytes) -> tuple[str, str | None]:
    with suppress(ValueError, TypeError):
        event = cast("Mapping[str, object]", json.loads(frame))
        kind, event_id = event["type"], event.get("event_id")
        if isinstance(kind, str):
            return kind, event_id if isinstance(event_id, str) else None
    return "a frame", None


_my_loops: ContextVar[tuple[object, ...]] = ContextVar("voicelive_loops", default=())
"""The loops over events that the running task or thread is inside of. Tasks it starts inherit them: on Python 3.11
``asyncio.wait_for(connection.recv(), ...)`` within a loop runs in a task of its own, and is the loop's reader all the
same."""


class Readers:
    """Who may read: one at a time, so that nobody misses what somebody else gets."""

    def __init__(self) -> None:
        self._waiting = False
        self._loops: list[object] = []

    def claim(self) -> None:
        """Claim the next event, until ``release``.

        Raises:
            ConcurrentReadError: Somebody waits for it already, or loops over the events elsewhere.
        """
        if self._waiting or not self._is_mine():
            raise _second_reader()
        self._waiting = True

    def release(self) -> None:
        """Give the claim up."""
        self._waiting = False

    def begin(self, loop: object) -> None:
        """Let a loop begin; it may be inside of another one.

        Args:
            loop: Stands for it.

        Raises:
            ConcurrentReadError: As with ``claim``.
        """
        if self._waiting or not self._is_mine():
            raise _second_reader()
        self._loops.append(loop)

    def end(self, loop: object) -> None:
        """Take a loop off the list."""
        self._loops.remove(loop)

    def _is_mine(self) -> bool:
        return not self._loops or self._loops[-1] in _my_loops.get()


def _second_reader() -> ConcurrentReadError:
    return ConcurrentReadError(
        "another task or thread is reading this connection, and each would miss what the other gets; "
        "read in one place and hand the events on from there"
    )


class Turn:
    """The claim of one loop over the events: it lasts between two events too, and ends with the loop."""

    def __init__(self, readers: Readers) -> None:
        # Not the turn itself, which would then never be garbage.
        self._loop = object()
        self._readers = readers
        self._held = False

    def hold(self) -> None:
        """Claim the right to read for whoever runs the loop now.

        Raises:
            ConcurrentReadError: Another reader has it.
        """
        if not self._held:
            self._readers.begin(self._loop)
            self._held = True
        mine = _my_loops.get()
        if self._loop not in mine:
            _my_loops.set((*mine, self._loop))

    def release(self) -> None:
        """Give the claim up."""
        if self._held:
            self._held = False
            self._readers.end(self._loop)
            _my_loops.set(tuple(loop for loop in _my_loops.get() if loop is not self._loop))

    # A loop left by break or by an exception drops its iterator, and says nothing else.
    def __del__(self) -> None:
        self.release()


def check_timeout(timeout: float | None) -> float | None:
    """Return a timeout in seconds if it is one.

    Raises:
        TypeError: It is not a number.
        ValueError: It is negative or not a number of seconds.
    """
    if timeout is None:
        return None
    if isinstance(timeout, int):
        expect("timeout", timeout, int, "a number of seconds or None")
        timeout = float(timeout)
    seconds = expect("timeout", timeout, float, "a number of seconds or None")
    if not 0 <= seconds <= LONGEST_WAIT:
        raise ValueError(f"timeout must be a number of seconds from 0 to a year, not {seconds!r}")
    return seconds


def as_frame(frame: bytes | str) -> bytes:
    """Return a frame to send as bytes.

    Raises:
        TypeError: It is neither bytes nor text.
    """
    if isinstance(frame, str):
        return frame.encode()
    return expect("frame", frame, bytes, "bytes or text")
