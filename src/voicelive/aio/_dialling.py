"""How an async connection is dialled, first and again. Its blocking counterpart is ``voicelive._dialling``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import anyio
import anyio.to_thread

from voicelive.credentials import authorize_async
from voicelive.exceptions import ReceiveTimeoutError, SendTimeoutError

if TYPE_CHECKING:
    from voicelive._connecting import Target
    from voicelive.protocol.address import Address
    from voicelive.protocol.options import TransportOptions
    from voicelive.protocol.session import Session
    from voicelive.transport import AsyncTransport

__all__ = ("AsyncLinks", "receive", "room")

T = TypeVar("T")
Dial = Callable[["Address", Sequence[tuple[str, str]], "TransportOptions"], Coroutine[Any, Any, "AsyncTransport"]]


class AsyncLinks:
    """See ``_retarget.Links``.

    Args:
        target: What to connect to, and how.
    """

    def __init__(self, target: Target) -> None:
        self._target = target
        self._scope: anyio.CancelScope | None = None

    async def bounded(self, work: Coroutine[Any, Any, T]) -> T:
        """See ``_retarget.Links``."""
        with anyio.move_on_after(self._target.options.handshake_timeout) as scope:
            self._scope = scope
            try:
                return await work
            finally:
                self._scope = None
        raise self._target.timed_out()

    async def dial(self, conversation_id: str | None = None) -> tuple[Session, AsyncTransport]:
        """See ``_retarget.Links``. To be called within ``bounded``."""
        target = self._target
        authorization = None
        if target.credential is not None:
            target.phase = "credential"
            in_thread = partial(anyio.to_thread.run_sync, abandon_on_cancel=True)
            authorization = await authorize_async(target.credential, target.scopes, in_thread)
        target.phase = "dial"
        address, headers = target.address(conversation_id), target.headers(authorization)
        transport = await _driver()(address, headers, target.options)
        try:
            target.phase = "session.created"
            session = target.new_session()
            session.begin(await transport.receive())
        except BaseException:
            transport.abort()
            raise
        target.phase = "restoring"
        return session, transport

    async def receive(self, link: AsyncTransport, timeout: float | None) -> bytes:
        """See ``_retarget.Links``."""
        return await receive(link, timeout)

    async def send(self, link: AsyncTransport, frame: bytes) -> None:
        """See ``_retarget.Links``."""
        await link.send(frame)

    async def room(self, link: AsyncTransport, timeout: float | None) -> None:
        """See ``_retarget.Links``."""
        await room(link, timeout)

    async def close(self, link: AsyncTransport, code: int, reason: str) -> None:
        """See ``_retarget.Links``."""
        await link.close(code, reason)

    def interrupt(self) -> None:
        """See ``_retarget.Links``."""
        if self._scope is not None:
            self._scope.cancel()


async def receive(link: AsyncTransport, timeout: float | None) -> bytes:
    """Return the next message.

    Args:
        link: Where from.
        timeout: Seconds to wait; ``None``: for ever.

    Raises:
        ReceiveTimeoutError: None came in time.
        ConnectionClosed: There will be none.
    """
    if timeout is None:
        return await link.receive()
    with anyio.move_on_after(timeout):
        return await link.receive()
    raise ReceiveTimeoutError(timeout)


async def room(link: AsyncTransport, timeout: float | None) -> None:
    """Wait until a transport is ready.

    Args:
        link: Which one.
        timeout: Seconds to wait; ``None``: for ever.

    Raises:
        SendTimeoutError: It was not in time.
        ConnectionClosed: It is not open any more.
    """
    if timeout is None:
        await link.room()
        return
    with anyio.move_on_after(timeout):
        await link.room()
        return
    raise SendTimeoutError(timeout)


def _driver() -> Dial:
    """Return what dials under the library that is running."""
    # trio is imported by whoever runs it.
    trio = sys.modules.get("trio")
    if trio is not None and trio.lowlevel.in_trio_run():
        from voicelive.transport import trio as trio_driver

        return trio_driver.connect
    from voicelive.transport import asyncio as asyncio_driver

    return asyncio_driver.connect
