"""What is sent without waiting, and what waits longer than usual; written once for all styles, as in ``_pulling``.

Most events never come this way: they go straight to the transport. There is no task or thread behind the queue: whoever
puts something into it hands over to the transport what that has room for, and is called again when there is more room.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from voicelive.exceptions import ConnectionClosed, ForkedError, SendQueueFullError, SendTimeoutError
from voicelive.protocol.queue import QueueFull, SendQueue
from voicelive.protocol.session import identify

if TYPE_CHECKING:
    from voicelive._reconnecting import Link
    from voicelive.protocol.options import TransportOptions
    from voicelive.protocol.session import Session
    from voicelive.protocol.stream import Stream

__all__ = ("Outgoing",)

logger = logging.getLogger("voicelive")


class Outgoing:
    """See the module.

    Args:
        session: What is known about the connection.
        stream: Is told what was dropped.
        now: Tells seconds on a monotonic clock.
        room: Waits until the link is ready, at most that many seconds. Raises ``SendTimeoutError`` when they are over,
            and ``ConnectionClosed``.
        link: What writes.
        options: How long, and how much.

    Attributes:
        queue: What waits.
        slow: Whether every send has to come this way, since there is a ``send_timeout``.
        used: Whether anything came this way.
    """

    def __init__(
        self,
        session: Session,
        stream: Stream,
        now: Callable[[], float],
        room: Callable[[float | None], Coroutine[Any, Any, None]],
        link: Link,
        options: TransportOptions,
    ) -> None:
        self.queue = SendQueue(options.max_queued_bytes, threading.Lock())
        self.slow = options.send_timeout is not None
        self.used = False
        self._session = session
        self._stream = stream
        self._now = now
        self._room = room
        self._link = link
        self._options = options
        # Held by whoever takes from the queue, and never while waiting.
        self._turn = threading.Lock()
        self._full: SendQueueFullError | None = None
        self._due = False

    @property
    def size(self) -> int:
        """Bytes that were taken, and not by the operating system yet."""
        return self.queue.size + self._link.unwritten

    # Without waiting

    def put(self, frame: bytes, audio: int | None) -> None:
        """Take a frame from any thread; see ``send_bytes_nowait`` of the connection."""
        # First of all: in a fork, the locks may be held by threads that are not there.
        if (end := self._link.closed) is not None:
            raise self._session.unsent(end, frame)
        self.used = True
        self._session.sending(frame)
        try:
            if self.queue.put(frame, audio):
                logger.warning("more than %d bytes wait to be sent; dropping the oldest audio", self.queue.limit)
            self._drain_soon()
        except QueueFull:
            kind, event_id = identify(frame)
            raise SendQueueFullError(
                kind, event_id, queued=self.queue.size, limit=self._options.max_queued_bytes
            ) from None
        except ConnectionClosed as error:
            self.finish(error)
            raise self._session.unsent(error, frame) from None

    def _drain_soon(self) -> None:
        # An event loop that is busy must not be given more to do for every frame: that would have no bound.
        if self._due:
            return
        try:
            self._due = True
            self._link.soon(self._drain_due)
        except BaseException:
            self._due = False
            raise

    def _drain_due(self) -> None:
        # In this order: whoever puts something from now on has itself called again.
        self._due = False
        self.drain()

    def drain(self) -> None:
        """Hand over what there is room for, and come back when there is more. Where ``post`` may be called."""
        queue, link = self.queue, self._link
        self._report()
        # Whoever has the turn looks again after giving it back, so nothing is left lying.
        while queue.busy and link.ready and self._turn.acquire(blocking=False):
            try:
                if not self._hand_over():
                    return
            finally:
                self._turn.release()
        if queue.busy and not link.ready:
            link.when_ready(self.drain)

    def _hand_over(self) -> bool:
        """Return whether to go on as soon as there is room."""
        queue, link = self.queue, self._link
        self._full = None
        try:
            while link.ready and (frame := queue.take()) is not None:
                link.post(frame)
                queue.done()
        except SendQueueFullError as error:
            # There is no connection just now, and too much waits for one. It stays here until there is.
            self._full = error
            queue.put_back()
            return False
        except ConnectionClosed as error:
            self.finish(error)
            return False
        except BaseException as error:
            # Nobody knows how far that got.
            link.abort()
            self.finish(link.closed or ConnectionClosed(1006, "aborted", initiated_by="client"))
            if not isinstance(error, Exception):
                raise
            logger.error("dropped the connection: sending failed with %s", type(error).__name__, exc_info=error)
            return False
        return True

    def _report(self) -> None:
        count, size = self.queue.take_dropped()
        if count:
            with self._stream.guard:
                self._stream.announce_dropped(count, size)
            self._link.nudge()

    # Waiting

    async def send(self, frame: bytes) -> None:
        """Send an event behind all that is queued, within ``send_timeout``.

        Raises:
            SendTimeoutError: It could not be.
            SendQueueFullError: There is no connection just now, and too much waits for one.
            ConnectionClosed: There will be none.
        """
        self.used = True
        left = self._countdown(self._options.send_timeout)
        pending = False
        try:
            await self._flush(left)
            self._link.post(frame)
            pending = True
            if not self._link.ready:
                await self._room(left())
        except SendQueueFullError as full:
            # What did not fit may be another event, ahead of this one.
            raise SendQueueFullError(*identify(frame), queued=full.queued, limit=full.limit) from None
        except SendTimeoutError:
            timeout = self._options.send_timeout or 0.0
            raise SendTimeoutError(timeout, *identify(frame), pending=pending) from None

    async def _flush(self, left: Callable[[], float | None]) -> None:
        """Wait until all that is queued now has been handed over, and there is room for more."""
        queue, link = self.queue, self._link
        mark = queue.mark
        while True:
            if queue.busy:
                self.drain()
                # Another thread may be handing over the last of it.
                with self._turn:
                    full = self._full
                if queue.end is not None:
                    raise queue.end
                if full is not None:
                    raise full
            if link.ready and queue.passed(mark):
                return
            await self._room(left())

    def _countdown(self, timeout: float | None) -> Callable[[], float | None]:
        if timeout is None:
            return lambda: None
        deadline = self._now() + timeout
        return lambda: max(0.0, deadline - self._now())

    # The end

    async def flush(self) -> None:
        """Send all that waits, within ``close_timeout``; drop the connection if the network does not take it."""
        if self._link.closed is not None:
            return
        try:
            await self._flush(self._countdown(self._options.close_timeout))
        except SendTimeoutError:
            logger.warning(
                "the network did not take what was being sent within close_timeout (%g s): %d bytes are given up",
                self._options.close_timeout,
                self._link.unwritten,
            )
            self._link.abort()
        except (ConnectionClosed, SendQueueFullError):
            # What is left is told in a moment.
            return

    def finish(self, end: ConnectionClosed) -> None:
        """Take nothing any more, and tell what is left."""
        if isinstance(end, ForkedError):
            # Its parent sends it, and the queue's lock may be held by a thread that is not there.
            return
        left = self.queue.finish(end)
        if left.count:
            logger.warning(
                "%d events were not sent before the connection ended: %d bytes, with %d bytes of audio",
                left.count,
                left.size,
                left.audio,
            )
