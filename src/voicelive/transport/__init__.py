"""Drivers: the only code that touches sockets. All of them move bytes for ``protocol.websocket.WebSocket``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from voicelive.exceptions import ConnectionClosed

__all__ = ("AsyncTransport", "BlockingTransport")


class AsyncTransport(Protocol):
    """An open connection on asyncio or trio."""

    @property
    def closed(self) -> ConnectionClosed | None:
        """How the connection ended, or is about to; ``None`` while it is open."""

    @property
    def latency(self) -> float | None:
        """Seconds that the last heartbeat took; ``None`` before the first."""

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

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close, and wait for the server's side of it, at most ``close_timeout``. Closing twice is harmless."""

    def abort(self) -> None:
        """Drop the connection at once, without a word to the server."""


class BlockingTransport(Protocol):
    """An open connection used from threads; every method may be called from any of them."""

    @property
    def closed(self) -> ConnectionClosed | None:
        """How the connection ended, or is about to; ``None`` while it is open."""

    @property
    def latency(self) -> float | None:
        """Seconds that the last heartbeat took; ``None`` before the first."""

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

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Close, and wait for the server's side of it, at most ``close_timeout``. Closing twice is harmless."""

    def abort(self) -> None:
        """Drop the connection at once, without a word to the server."""
