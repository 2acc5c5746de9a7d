"""How a blocking connection is dialled, first and again. Its async counterpart is ``voicelive.aio._dialling``."""

from __future__ import annotations

import time
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

from voicelive._pulling import finish
from voicelive.credentials import authorize
from voicelive.exceptions import ConnectError, ConnectTimeoutError, ReceiveTimeoutError
from voicelive.transport import blocking

if TYPE_CHECKING:
    from voicelive._connecting import Target
    from voicelive._reconnecting import Reconnector
    from voicelive.exceptions import ConnectionClosed
    from voicelive.protocol.session import Session
    from voicelive.transport import BlockingTransport

__all__ = ("BlockingLinks", "Mended")

T = TypeVar("T")


class BlockingLinks:
    """See ``_retarget.Links``. None of these coroutines ever suspends.

    Args:
        target: What to connect to, and how.
    """

    def __init__(self, target: Target) -> None:
        self._target = target
        self._deadline: float | None = None
        self._stopped = False
        self._making: BlockingTransport | None = None

    def _left(self, timeout: float | None) -> float | None:
        left = None if self._deadline is None else max(0.0, self._deadline - time.monotonic())
        return timeout if left is None or (timeout is not None and timeout < left) else left

    def _stop(self) -> bool:
        return self._stopped

    async def bounded(self, work: Coroutine[Any, Any, T]) -> T:
        """See ``_retarget.Links``."""
        self._deadline = time.monotonic() + self._target.options.handshake_timeout
        try:
            return await work
        except ConnectTimeoutError as error:
            error.phase = self._target.phase
            raise
        except (ReceiveTimeoutError, TimeoutError):
            raise self._target.timed_out() from None
        finally:
            self._deadline = self._making = None

    async def dial(self, conversation_id: str | None = None) -> tuple[Session, BlockingTransport]:
        """See ``_retarget.Links``. To be called within ``bounded``."""
        target = self._target
        assert self._deadline is not None
        authorization = None
        if target.credential is not None:
            target.phase = "credential"
            left = max(0.0, self._deadline - time.monotonic())
            authorization = authorize(target.credential, target.scopes, left, self._stop)
        target.phase = "dial"
        address, headers = target.address(conversation_id), target.headers(authorization)
        transport = blocking.connect(address, headers, target.options, deadline=self._deadline, stop=self._stop)
        try:
            # Who stops this looks for it here, or else it is seen that it was stopped.
            self._making = transport
            if self._stopped:
                raise ConnectError(f"{target.display}: it was closed before it was up")
            target.phase = "session.created"
            session = target.new_session()
            session.begin(transport.receive(self._left(None)))
        except BaseException:
            transport.abort()
            raise
        target.phase = "restoring"
        return session, transport

    async def receive(self, link: BlockingTransport, timeout: float | None) -> bytes:
        """See ``_retarget.Links``."""
        return link.receive(self._left(timeout))

    async def send(self, link: BlockingTransport, frame: bytes) -> None:
        """See ``_retarget.Links``."""
        link.send(frame)

    async def room(self, link: BlockingTransport, timeout: float | None) -> None:
        """See ``_retarget.Links``."""
        link.room(timeout)

    async def close(self, link: BlockingTransport, code: int, reason: str) -> None:
        """See ``_retarget.Links``."""
        link.close(code, reason)

    def interrupt(self) -> None:
        """See ``_retarget.Links``."""
        self._stopped = True
        if (making := self._making) is not None:
            making.abort()


class Mended:
    """A connection that is made anew when it breaks, seen as a ``BlockingTransport``.

    Args:
        reconnector: What does that.
    """

    def __init__(self, reconnector: Reconnector[BlockingTransport]) -> None:
        self._reconnector = reconnector
        self.abort = reconnector.abort
        self.post = reconnector.post
        self.when_ready = reconnector.when_ready
        self.soon = reconnector.soon
        self.nudge = reconnector.nudge

    @property
    def closed(self) -> ConnectionClosed | None:
        """See ``BlockingTransport``."""
        return self._reconnector.closed

    @property
    def latency(self) -> float | None:
        """See ``BlockingTransport``."""
        return self._reconnector.latency

    @property
    def ready(self) -> bool:
        """See ``BlockingTransport``."""
        return self._reconnector.ready

    @property
    def unwritten(self) -> int:
        """See ``BlockingTransport``."""
        return self._reconnector.unwritten

    def room(self, timeout: float | None = None) -> None:
        """See ``BlockingTransport``."""
        finish(self._reconnector.room(timeout))

    def receive(self, timeout: float | None = None) -> bytes:
        """See ``BlockingTransport``."""
        return finish(self._reconnector.receive(timeout))

    def send(self, message: bytes) -> None:
        """See ``BlockingTransport``."""
        finish(self._reconnector.send(message))

    def close(self, code: int = 1000, reason: str = "") -> None:
        """See ``BlockingTransport``."""
        finish(self._reconnector.close(code, reason))
