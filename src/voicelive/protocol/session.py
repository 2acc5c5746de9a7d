"""What a connection knows and decides, the same for all facades: no I/O, no clock, no event loop."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from contextlib import suppress
from enum import Enum
from typing import TYPE_CHECKING, cast

from voicelive.exceptions import ConnectionClosed, ForkedError, SessionRefusedError
from voicelive.models import (
    ServerEventError,
    ServerEventResponseCreated,
    ServerEventResponseDone,
    ServerEventSessionCreated,
)
from voicelive.protocol._arguments import expect
from voicelive.protocol.options import LONGEST_WAIT
from voicelive.protocol.responses import Responses
from voicelive.protocol.wire import decode_event

if TYPE_CHECKING:
    from voicelive.models import ServerEventUnion

__all__ = ("Session", "State", "as_frame", "check_timeout", "identify")

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
        first: The first event and its message, until it is taken with ``take_first``.
        responses: Which responses are active.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self.state = State.CONNECTING
        self.session_id: str | None = None
        self.first: tuple[ServerEventUnion, bytes] | None = None
        self.responses = Responses()
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
        logger.debug("received %s, %d bytes", event.type, len(message))
        self.note(event)
        self.first = event, message
        self.state = State.OPEN
        logger.debug("connected to %s, session %s", self.address, self.session_id)

    def take_first(self) -> tuple[ServerEventUnion, bytes] | None:
        """Return the first event and its message, once."""
        first, self.first = self.first, None
        return first

    def decode(self, message: bytes) -> ServerEventUnion:
        """Return the event of a message."""
        event = decode_event(message)
        if type(event) in _NOTED:
            self.note(event)
        if logger.isEnabledFor(logging.DEBUG):
            logger.debug("received %s, %d bytes", event.type, len(message))
        return event

    def note(self, event: ServerEventUnion) -> None:
        """Take note of what an event tells of the session; for events that did not come through ``decode``."""
        if isinstance(event, ServerEventSessionCreated):
            # The service may leave out what its own contract requires.
            self.session_id = self.session_id or getattr(event.session, "id", None)
        elif isinstance(event, ServerEventError):
            error = event.error
            logger.warning("error of the service: %s, code %s, event %s", error.type, error.code, error.event_id)
        else:
            self.responses.note(event)

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
        kind, event_id = identify(frame)
        named = (ForkedError if isinstance(error, ForkedError) else ConnectionClosed)(
            error.code,
            error.reason,
            initiated_by=error.initiated_by,
            unsent=kind,
            unsent_event_id=event_id,
        )
        named.__cause__ = error.__cause__
        return named

    def sending(self, frame: bytes | str) -> bytes:
        """Take note of a frame about to be sent, and return it as bytes.

        Raises:
            TypeError: It is neither bytes nor text.
        """
        if not isinstance(frame, bytes):
            frame = as_frame(frame)
        if logger.isEnabledFor(logging.DEBUG):
            logger.debug("sending %s, %d bytes", identify(frame)[0], len(frame))
        return frame

    def describe(self, end: ConnectionClosed | None) -> str:
        """Say what this is, for ``repr``: nothing secret.

        Args:
            end: How the connection ended, if it did.
        """
        state = self.state.value if end is None else f"closed, code {end.code}"
        return f"to {self.address}, session {self.session_id!r}, {state}"


# Looked up for every event, which a chain of isinstance would make dearer.
_NOTED = frozenset((ServerEventSessionCreated, ServerEventError, ServerEventResponseCreated, ServerEventResponseDone))


def _refused(event: ServerEventError, address: str) -> SessionRefusedError:
    error = event.error
    named = ": ".join(part for part in (error.code or error.type, error.message) if part)
    return SessionRefusedError(
        f"{address} accepted the connection, but refused the session ({named}); nothing was sent or received on it",
        event=event,
    )


def identify(frame: bytes) -> tuple[str, str | None]:
    """Return type and id of an encoded event, to name it in messages."""
    with suppress(ValueError, TypeError):
        event = cast("Mapping[str, object]", json.loads(frame))
        kind, event_id = event["type"], event.get("event_id")
        if isinstance(kind, str):
            return kind, event_id if isinstance(event_id, str) else None
    return "a frame", None


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
    if isinstance(frame, bytes):
        return frame
    return expect("frame", frame, str, "bytes or text").encode()
