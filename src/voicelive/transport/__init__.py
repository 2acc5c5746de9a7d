"""Drivers: the only code that touches sockets. All of them move bytes for ``protocol.websocket.WebSocket``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from voicelive.exceptions import ConnectionClosed

__all__ = ("AsyncTransport", "BlockingTransport", "Nudged", "Transport")


class Nudged(Exception):
    """Who waits for a message is to look for something else first; see ``Transport.nudge``."""


class Transport(Protocol):
    """What all transports have in common. What the properties say may be old already, unless one knows better."""

    @property
    def closed(self) -> ConnectionClosed | None:
        """How the connection ended, or is about to; ``None`` while it is open."""

    @property
    def latency(self) -> float | None:
        """Seconds that the last heartbeat took; ``None`` before the first."""

    @property
    def ready(self) -> bool:
        """Whether nothing waits to be written, as far as is known: true as well once the connection has ended."""
        ...

    @property
    def unwritten(self) -> int:
        """Bytes that were taken, and not by the operating system yet."""
        ...

    def post(self, message: bytes) -> None:
        """Take one text message (UTF-8), which is written when there is room: before all that is sent later.

        Whether there is room is up to the caller, see ``ready``.

        Raises:
            ConnectionClosed: The connection is not open any more; the message was not taken.
        """

    def when_ready(self, function: Callable[[], None]) -> None:
        """Call a function once, when the transport is ready, or has ended. The function must not raise."""

    def soon(self, function: Callable[[], None]) -> None:
        """Call a function where ``post`` may be called, at once if that is here. From any thread.

        Raises:
            ConnectionClosed: The event loop is gone.
        """

    def nudge(self) -> None:
        """Have ``receive`` raise ``Nudged`` if it waits."""

    def abort(self) -> None:
        """Drop the connection at once, without a word to the server."""


class AsyncTransport(Transport, Protocol):
    """An open connection on asyncio or trio."""

    async def receive(self) -> bytes:
        """Return the next message. Cancelling it loses nothing. One caller at a time.

        Raises:
            ConnectionClosed: The connection has ended, and every message before that was returned.
        """
        ...

    async def send(self, message: bytes) -> None:
        """Send one text message (UTF-8); waits while the network is slower than the caller. Frames never interleave.

        Raises:
            ConnectionClosed: The connection is not open any more; the message was not sent.
        """

    async def room(self) -> None:
        """Wait until the transport is ready. Cancelling it loses nothing.

        Raises:
            ConnectionClosed: It is not open any more.
        """

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close, and wait for the server's side of it, at most ``close_timeout``. Closing twice is harmless."""


class BlockingTransport(Transport, Protocol):
    """An open connection used from threads; every method may be called from any of them."""

    def receive(self, timeout: float | None = None) -> bytes:
        """Return the next message. A timeout loses nothing.

        Args:
            timeout: Seconds to wait; ``None``: for ever.

        Raises:
            ReceiveTimeoutError: No message came in time.
            ConnectionClosed: The connection has ended, and every message before that was returned.
        """
        ...

    def send(self, message: bytes) -> None:
        """Send one text message (UTF-8); waits while the network is slower than the caller. Frames never interleave.

        Raises:
            ConnectionClosed: The connection is not open any more; the message was not sent.
        """

    def room(self, timeout: float | None = None) -> None:
        """Wait until the transport is ready.

        Args:
            timeout: Seconds to wait; ``None``: for ever.

        Raises:
            SendTimeoutError: It was not in time.
            ConnectionClosed: It is not open any more.
        """

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Close, and wait for the server's side of it, at most ``close_timeout``. Closing twice is harmless."""
