"""How a connection that broke is made anew, written once for all styles.

As in ``_pulling``, these are coroutines: a blocking connection gives them primitives that block, and runs them with
``finish``. Whoever waits for an event goes the way to a new connection step by step; there is no task behind it.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from voicelive._pulling import IO, Puller
from voicelive.exceptions import (
    ConnectionClosed,
    ForkedError,
    ReceiveTimeoutError,
    ReconnectFailedError,
    VoiceLiveError,
)
from voicelive.models import Reconnecting, ResponseSession, ServerEventSessionCreated
from voicelive.protocol.ledger import Ledger, Restoring
from voicelive.protocol.session import Session
from voicelive.protocol.stream import Stream, Taker
from voicelive.protocol.wire import decode_event
from voicelive.transport import Nudged, Transport

if TYPE_CHECKING:
    from voicelive.models import ServerEventUnion
    from voicelive.protocol.policy import ReconnectPolicy
    from voicelive.protocol.stream import Waker

__all__ = ("FollowedSession", "Link", "Links", "MakeReconnector", "Reconnector", "dial_until")

T = TypeVar("T")
LinkT = TypeVar("LinkT", bound=Transport)

RENEWAL_CHECK = 1.0
"""Seconds until it is tried again to renew a session in the midst of something."""

logger = logging.getLogger("voicelive")


Link = Transport
"""A transport, as far as all styles agree on it."""


class Links(Protocol[LinkT]):
    """What differs between the styles, besides ``IO``."""

    async def dial(self, conversation_id: str | None = None) -> tuple[Session, LinkT]:
        """Connect with a fresh credential; return the session, with its first event in ``first``, and its transport.

        Args:
            conversation_id: The agent's conversation to go on with.
        """
        ...

    async def receive(self, link: LinkT, timeout: float | None) -> bytes:
        """Return the next message."""
        ...

    async def send(self, link: LinkT, frame: bytes) -> None:
        """Send a message."""
        ...

    async def room(self, link: LinkT, timeout: float | None) -> None:
        """Wait until a transport is ready."""
        ...

    async def close(self, link: LinkT, code: int, reason: str) -> None:
        """Close, and wait for the service to."""
        ...

    async def bounded(self, work: Coroutine[Any, Any, T]) -> T:
        """Do what makes a connection, within ``handshake_timeout``.

        Raises:
            ConnectTimeoutError: It took longer.
        """
        ...

    def interrupt(self) -> None:
        """Have ``dial`` and ``bounded`` end at once, whoever is in them."""
        ...


class MakeReconnector(Protocol[LinkT]):
    """Makes a `Reconnector` for a new connection."""

    def __call__(self, session: Session, stream: Stream, io: IO, link: LinkT, /) -> Reconnector[LinkT]:
        """Make it."""
        ...


class FollowedSession(Session):
    """A session whose events are all entered into the ledger."""

    ledger: Ledger

    def decode(self, message: bytes) -> ServerEventUnion:
        """Return the event of a message."""
        event = super().decode(message)
        self.ledger.received(event)
        return event

    def take_first(self) -> tuple[ServerEventUnion, bytes] | None:
        """See ``Session``."""
        first = super().take_first()
        if first is not None:
            self.ledger.received(first[0])
        return first

    def ends_quietly(self, error: ConnectionClosed) -> bool:
        """See ``Session``. Having given up is never a normal end, whatever the codes to reconnect after are."""
        return super().ends_quietly(error) and not isinstance(error, ReconnectFailedError)


async def dial_until(
    policy: ReconnectPolicy, dial: Callable[[], Coroutine[Any, Any, T]], waker: Callable[[], Waker]
) -> T:
    """Connect in the first place, as often as the policy says.

    Raises:
        VoiceLiveError: The last error.
    """
    attempt = 0
    while True:
        attempt += 1
        try:
            return await dial()
        except VoiceLiveError as error:
            covered = policy.first_dial and policy.covers(error, connected=False)
            delay = policy.wait(attempt, error, random.random()) if covered and attempt < policy.attempts else None  # noqa: S311
            if delay is None:
                raise
            logger.info("not connected (%s); attempt %d in %.2f s", type(error).__name__, attempt + 1, delay)
        await _sleep(waker(), delay)


async def _sleep(waker: Waker, seconds: float) -> bool:
    """Sleep until that time or until it is woken; return whether it was."""
    try:
        await waker.wait(seconds)
    except ReceiveTimeoutError:
        return False
    return True


class Reconnector(Puller, Generic[LinkT]):
    """Reads from a connection that is made anew when it breaks, and writes to it.

    Args:
        session: What is known about the connection.
        stream: Who gets what.
        io: How to wait.
        link: The connection there is.
        links: How to connect and to talk.
        policy: When to connect anew.
        agent: Whether an agent answers, with a conversation that the service keeps.
        conversation_id: Id of that conversation, if the caller gave it.

    Attributes:
        on_live: Called when there is a connection again.
    """

    def __init__(
        self,
        session: Session,
        stream: Stream,
        io: IO,
        link: LinkT,
        *,
        links: Links[LinkT],
        policy: ReconnectPolicy,
        agent: bool = False,
        conversation_id: str | None = None,
    ) -> None:
        super().__init__(session, stream, io)
        self._links = links
        self._policy = policy
        self._link = link
        self._agent = agent
        self._conversation_id = conversation_id
        self._ledger = Ledger(policy)
        assert isinstance(session, FollowedSession)
        session.ledger = self._ledger
        self._reconnects = 0
        self._drop: ConnectionClosed | None = None
        self._last_error: VoiceLiveError | None = None
        self._attempt = 0
        self._due = 0.0
        self._renewing = False
        self._renew_at: float | None = None
        self._sleeper: Waker | None = None
        self._closing: tuple[int, str] | None = None
        self._end: ConnectionClosed | None = None
        self.on_live: Callable[[], None] | None = None
        # With a taker of its own, no event passes by the stream.
        stream.add(Taker(lambda _: False))
        first = _described(session)
        self._ledger.begin(first)
        self._plan_renewal(first.expires_at)

    # What a transport offers

    @property
    def closed(self) -> ConnectionClosed | None:
        """How the connection ended; ``None`` while it is open, or is being made anew."""
        if self._end is not None or self._drop is not None or self._renewing:
            return self._end
        closed = self._link.closed
        return closed if closed is not None and (self._closing or not self._policy.covers(closed)) else None

    @property
    def latency(self) -> float | None:
        """Seconds that the last heartbeat took."""
        return self._link.latency

    async def send(self, message: bytes) -> None:
        """Send an event, or keep it until there is a connection again.

        Raises:
            ConnectionClosed: There will be none.
            SendQueueFullError: Too much waits for one already.
        """
        frame, link = self._record(message)
        if link is None:
            return
        try:
            await self._links.send(link, frame)
        except ConnectionClosed as error:
            self._failed(link, error)

    def post(self, message: bytes) -> None:
        """Take an event to be sent when there is room, or keep it until there is a connection again; see ``send``."""
        frame, link = self._record(message)
        if link is None:
            return
        try:
            link.post(frame)
        except ConnectionClosed as error:
            self._failed(link, error)

    def _record(self, message: bytes) -> tuple[bytes, LinkT | None]:
        """Return a frame to send, and where to; nowhere while there is no connection."""
        with self._stream.guard:
            if self._end is not None:
                raise self._end
            if self._closing is not None and self._drop is not None:
                raise self._closed_here()
            frame, now = self._ledger.record(message)
            return frame, self._link if now else None

    def _failed(self, link: LinkT, error: ConnectionClosed) -> None:
        """Take note that sending failed; what was to be sent is in the ledger.

        Raises:
            ConnectionClosed: The connection is not made anew after this error.
        """
        if not self._covers(error):
            raise error
        # Whoever reads will notice too, when all that came before has been read.
        with self._stream.guard:
            if link is self._link and self._drop is None:
                self._ledger.stall()

    @property
    def ready(self) -> bool:
        """See ``Transport``. While there is no connection, everything is kept at once."""
        return self._drop is not None or self._link.ready

    @property
    def unwritten(self) -> int:
        """See ``Transport``."""
        return self._link.unwritten

    def when_ready(self, function: Callable[[], None]) -> None:
        """See ``Transport``."""
        self._link.when_ready(function)

    def soon(self, function: Callable[[], None]) -> None:
        """See ``Transport``."""
        self._link.soon(function)

    def nudge(self) -> None:
        """See ``Transport``."""
        self._link.nudge()

    async def room(self, timeout: float | None = None) -> None:
        """See ``Transport``."""
        while not self.ready:
            try:
                await self._links.room(self._link, timeout)
            except ConnectionClosed as error:
                if not self._covers(error):
                    raise
                return

    async def receive(self, timeout: float | None = None) -> bytes:
        """Return the next message of the connection there is."""
        return await self._links.receive(self._link, timeout)

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the connection, or end making it anew at once."""
        with self._stream.guard:
            if self._closing is None:
                self._closing = (code, reason)
        self._interrupt()
        await self._links.close(self._link, code, reason)

    def abort(self) -> None:
        """Drop the connection."""
        if self._closing is None:
            self._closing = (1006, "")
        self._interrupt()
        self._link.abort()

    def _is_closing(self) -> bool:
        # A call and not the attribute: another thread changes it, which type checkers do not expect.
        return self._closing is not None

    def _interrupt(self) -> None:
        self._links.interrupt()
        if (sleeper := self._sleeper) is not None:
            sleeper.set()

    # Reading

    async def _pull(self, timeout: float | None) -> None:
        """Read one event and give it to everybody who wants it, or go one step towards a new connection."""
        stream = self._stream
        with stream.guard:
            if stream.route_announced() or stream.route_first():
                return
        if self._end is not None:
            raise self._end
        if self._drop is not None:
            await self._mend(timeout)
            return
        try:
            frame = await self._receive(timeout)
        except Nudged:
            return
        except ConnectionClosed as error:
            self._broke(error)
            return
        if frame is not None:
            with stream.guard:
                stream.route(frame)

    async def _receive(self, timeout: float | None) -> bytes | None:
        """Return the next message, or nothing when it is time to look after the session's renewal."""
        limit = timeout
        if (left := self._until_renewal()) is not None:
            if left <= 0:
                await self._renew()
            elif timeout is None or left < timeout:
                limit = left
        try:
            return await self._links.receive(self._link, limit)
        except ReceiveTimeoutError:
            # It is the caller's time that is up, unless it was cut short for the renewal.
            if limit is timeout:
                raise
            return None

    def _until_renewal(self) -> float | None:
        """Return the seconds until the session is to be renewed, or may be; ``None``: it is not to be."""
        if self._renew_at is None:
            return None
        left = self._renew_at - self._io.now()
        if left > 0:
            return left
        with self._stream.guard:
            return RENEWAL_CHECK if self._ledger.busy else 0.0

    def _covers(self, error: ConnectionClosed) -> bool:
        if self._closing is not None or isinstance(error, ForkedError):
            return False
        return self._renewing or self._policy.covers(error)

    def _plan_renewal(self, expires_at: int | None) -> None:
        after = self._policy.renewal(expires_at, time.time())
        self._renew_at = None if after is None else self._io.now() + after

    async def _renew(self) -> None:
        """Leave the connection before the service ends it. What it still sends is read as usual."""
        logger.info("renewing session %s before it expires", self._session.session_id)
        self._renew_at = None
        self._renewing = True
        await self._links.close(self._link, 1000, "renewal")

    # The end of a connection

    def _broke(self, error: ConnectionClosed) -> None:
        """Begin to make the connection anew, if the policy says so.

        Raises:
            ConnectionClosed: It does not.
        """
        covered = self._covers(error)
        renewing, self._renewing = self._renewing, False
        if covered and not renewing:
            self._reconnects += 1
            limit = self._policy.reconnects
            covered = limit is None or self._reconnects <= limit
        self._renew_at = None
        with self._stream.guard:
            settled = self._ledger.dropped()
            if not covered:
                error.unsent_events = self._ledger.unsent()
                self._finish(error)
                raise error
            # To the reader it is no end, so a failed renewal must not look like a normal one.
            self._drop = ConnectionClosed(1001, "renewal", initiated_by="client") if renewing else error
            self._attempt = 0
            self._next_attempt(None if renewing else error)
            for frame in settled:
                self._stream.announce(decode_event(frame))
            self._stream.route_announced()
        # The service may take its time to end what is closed already.
        self._link.abort()

    def _next_attempt(self, error: VoiceLiveError | None) -> None:
        """Announce the next attempt, or give up."""
        self._last_error = error
        delay = self._policy.wait(self._attempt + 1, error, random.random())  # noqa: S311
        if delay is None or not (error is None or self._policy.covers(error)):
            self._give_up(error)
        else:
            self._attempt += 1
            delay = delay if error is not None else 0.0
            self._due = self._io.now() + delay
            self._stream.announce(Reconnecting(attempt=self._attempt, delay=delay, error=error))
            logger.info("attempt %d to connect again in %.2f s", self._attempt, delay)

    def _give_up(self, error: VoiceLiveError | None) -> None:
        assert self._drop is not None
        end = ReconnectFailedError(self._drop, attempts=self._attempt)
        end.unsent_events = self._ledger.unsent()
        self._finish(end)
        raise end from error

    def _finish(self, end: ConnectionClosed) -> None:
        self._end = end
        self._session.closed(end)

    def _closed_here(self) -> ConnectionClosed:
        """Return the error for a connection that was closed by the caller while it was being made anew."""
        assert self._closing is not None
        end = ConnectionClosed(*self._closing, initiated_by="client")
        end.unsent_events = self._ledger.unsent()
        self._finish(end)
        return end

    # A new connection

    async def _mend(self, timeout: float | None) -> None:
        """Wait until the next attempt is due, or make it."""
        left = self._due - self._io.now()
        if left > 0:
            limit = left if timeout is None else min(left, timeout)
            self._sleeper = self._io.waker()
            try:
                woken = self._is_closing() or await _sleep(self._sleeper, limit)
            finally:
                self._sleeper = None
            if not woken and limit < left:
                raise ReceiveTimeoutError(limit)
        if self._closing is not None:
            raise self._closed_here()
        try:
            await self._links.bounded(self._connect())
        except VoiceLiveError as error:
            if self._closing is not None:
                raise self._closed_here() from None
            with self._stream.guard:
                self._next_attempt(error)
        else:
            if self.on_live is not None:
                self.on_live()

    async def _connect(self) -> None:
        """Make one attempt: it comes to a live connection, or to nothing."""
        conversation = self._conversation_id or self._ledger.thread_id if self._agent else None
        session, link = await self._links.dial(conversation)
        try:
            first = _described(session)
            with self._stream.guard:
                restoring = self._ledger.restore(first, with_items=conversation is None)
            passed = await self._restore(link, restoring)
            await self._send_again(link, restoring, passed, session)
        except BaseException:
            link.abort()
            with self._stream.guard:
                self._ledger.failed()
            raise

    async def _restore(self, link: LinkT, restoring: Restoring) -> list[bytes]:
        """Put the session into the new connection; return what came besides the answers to that."""
        links = self._links
        for frame in restoring.frames:
            await links.send(link, frame)
        passed: list[bytes] = []
        while not restoring.done:
            frame = await links.receive(link, None)
            if not restoring.take(decode_event(frame)):
                passed.append(frame)
        return passed

    async def _send_again(self, link: LinkT, restoring: Restoring, passed: list[bytes], session: Session) -> None:
        """Send what was not answered, and what was given to send meanwhile; then the session goes on."""
        stream = self._stream
        while True:
            with stream.guard:
                if self._closing is not None:
                    raise self._closed_here()
                frames = self._ledger.take_unwritten()
                if not frames:
                    # No other thread can send in between.
                    self._live(link, restoring, passed, session)
                    return
            for frame in frames:
                await self._links.send(link, frame)

    def _live(self, link: LinkT, restoring: Restoring, passed: list[bytes], session: Session) -> None:
        self._link, self._drop, self._last_error = link, None, None
        self._session.session_id = session.session_id
        self._plan_renewal(restoring.session.get("expires_at"))
        event = self._ledger.go_online(restoring)
        logger.info("connected again, session %s; %d gaps", session.session_id, len(event.lost))
        self._stream.announce(event)
        self._stream.route_announced()
        for frame in passed:
            self._stream.route(frame)


def _described(session: Session) -> ResponseSession:
    """Return a new session as its first event describes it."""
    if session.first is not None and isinstance(event := session.first[0], ServerEventSessionCreated):
        return event.session
    return ResponseSession()
