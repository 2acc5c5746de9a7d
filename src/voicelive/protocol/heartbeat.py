"""When to ping, and when silence means that the connection is gone. No clock: times are arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from voicelive.protocol.websocket import WebSocket

__all__ = ("Heartbeat",)


class Heartbeat:
    """Pings a connection and fails it when an answer has not come by the next ping.

    A driver calls ``beat`` every ``interval`` seconds, ``answered`` when it sees ``websocket.pong``, and ``excuse``
    whenever it stops reading for want of a consumer: then the answer may be among what is not read yet.

    Args:
        websocket: The connection.
        interval: Seconds between pings.

    Attributes:
        latency: Seconds from the last answered ping to its pong; ``None`` before the first.
    """

    def __init__(self, websocket: WebSocket, interval: float) -> None:
        self._websocket = websocket
        self.interval = interval
        self.latency: float | None = None
        self._count = 0
        self._sent: float | None = None
        self._excused = False

    def beat(self, now: float) -> None:
        """Ping, or end the connection (``receive_eof`` with a ``TimeoutError``) if the last ping was not answered.

        Args:
            now: Seconds on a monotonic clock.
        """
        websocket = self._websocket
        if not websocket.open:
            return
        if self._sent is None:
            self._count += 1
            self._sent = now
            self._excused = False
            websocket.ping(self._count.to_bytes(4, "big"))
        elif self._excused:
            self._excused = False
        else:
            websocket.receive_eof(TimeoutError(f"no pong within {self.interval:g} s of a ping"))

    def answered(self, now: float) -> None:
        """Take note of a pong."""
        self._websocket.pong = False
        if self._sent is not None:
            self.latency = now - self._sent
            self._sent = None

    def excuse(self) -> None:
        """Take note that a pong could not be seen even if it came."""
        self._excused = True
