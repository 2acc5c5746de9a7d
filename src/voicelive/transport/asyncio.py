"""The asyncio driver: a protocol right on the TCP transport. No task of its own; a future only while somebody waits."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from typing import Any, cast

from voicelive.exceptions import ConnectError, ConnectionClosed
from voicelive.protocol.address import Address
from voicelive.protocol.heartbeat import Heartbeat
from voicelive.protocol.options import TransportOptions
from voicelive.protocol.websocket import WebSocket
from voicelive.transport import Nudged
from voicelive.transport._buffers import HIGH_WATER, LONGEST_BACKLOG, LOW_WATER, loop_buffer, not_read
from voicelive.transport._dial import dial_error
from voicelive.transport._forks import disown_in_forks
from voicelive.transport._proxy import Tunnel, choose_proxy, tunnel

__all__ = ("AsyncioTransport", "connect")

HAPPY_EYEBALLS_DELAY = 0.25
"""Seconds before the next address of a host is tried alongside (RFC 8305 section 5)."""


async def connect(address: Address, headers: Sequence[tuple[str, str]], options: TransportOptions) -> AsyncioTransport:
    """Open a connection; the caller bounds the time. Cancelling it closes the socket.

    Raises:
        ConnectError: No connection came about; see its subclasses.
        HandshakeError: The server answered with an HTTP status instead; see its subclasses.
    """
    loop = asyncio.get_running_loop()
    proxy = choose_proxy(address, options.proxy)
    steps = tunnel(proxy, address.host, address.port) if proxy else None
    websocket = WebSocket(address, headers, options)
    host, port = (proxy.host, proxy.port) if proxy else (address.host, address.port)
    # uvloop does not know the argument. An IP address has no other beside it: without the race, 40 µs less.
    race = isinstance(loop, asyncio.BaseEventLoop) and not host.replace(".", "").isdigit() and ":" not in host
    eyeballs = {"happy_eyeballs_delay": HAPPY_EYEBALLS_DELAY} if race else {}
    try:
        _, connection = await loop.create_connection(
            lambda: AsyncioTransport(loop, websocket, options, steps), host, port, **cast("Any", eyeballs)
        )
    except (OSError, UnicodeError) as error:
        raise dial_error(error, address, proxy) from error
    try:
        await connection.opened()
        if connection.failure is not None:
            raise connection.failure
        websocket.raise_if_refused()
    except BaseException:
        connection.abort()
        raise
    connection.start_heartbeat()
    return connection


class AsyncioTransport(asyncio.BufferedProtocol):
    """A connection on asyncio; see ``AsyncTransport``.

    Attributes:
        failure: Why the proxy gave no tunnel, if it gave none.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        websocket: WebSocket,
        options: TransportOptions,
        steps: Tunnel | None,
    ) -> None:
        self.failure: ConnectError | None = None
        self._loop = loop
        self._websocket = websocket
        self._close_timeout = options.close_timeout
        self._heartbeat = None if options.heartbeat is None else Heartbeat(websocket, options.heartbeat)
        self._tunnel = steps
        self._buffer = loop_buffer()
        self._transport: asyncio.Transport | None = None
        self._lost: asyncio.Future[None] = loop.create_future()
        self._opened: asyncio.Future[None] | None = None
        self._message: asyncio.Future[None] | None = None
        self._drained: asyncio.Future[None] | None = None
        self._paused = False
        self._deadline: asyncio.TimerHandle | None = None
        self._next_beat: asyncio.TimerHandle | None = None
        # Bytes of answers to pings among what the server does not read.
        self._backlog = 0
        self._nudged = False
        self._when_ready: list[Callable[[], None]] = []
        disown_in_forks(self)

    async def opened(self) -> None:
        """Wait until the answer to the upgrade has come, or it is certain that none will."""
        if self._websocket.opening:
            self._opened = self._loop.create_future()
            await self._opened
            self._opened = None

    # What AsyncTransport promises

    @property
    def closed(self) -> ConnectionClosed | None:
        """See ``AsyncTransport``."""
        return None if self._websocket.open else self._websocket.closed_error()

    @property
    def latency(self) -> float | None:
        """See ``AsyncTransport``."""
        return self._heartbeat.latency if self._heartbeat else None

    async def receive(self) -> bytes:
        """See ``AsyncTransport``."""
        websocket = self._websocket
        while not websocket.messages:
            if websocket.closed:
                raise websocket.closed_error()
            if self._nudged:
                self._nudged = False
                raise Nudged
            self._message = self._loop.create_future()
            try:
                await self._message
            finally:
                self._message = None
        message = websocket.pop()
        if self._paused and websocket.buffered < LOW_WATER:
            self._resume_reading()
        return message

    async def send(self, message: bytes) -> None:
        """See ``AsyncTransport``. The message is on its way once this waits: cancelling does not take it back."""
        # Nothing is awaited between building a frame and writing it, so frames cannot interleave.
        self._write(self._websocket.text(message))
        assert self._transport is not None
        if self._transport.is_closing():
            # Writing failed, now or before. Why is told in a moment, and until then bytes are dropped without a word.
            await asyncio.shield(self._lost)
        elif self._drained is not None:
            await asyncio.shield(self._drained)
        else:
            return
        if self._lost.done():
            raise self._websocket.closed_error()

    @property
    def ready(self) -> bool:
        """See ``Transport``."""
        if not self._websocket.open:
            return True
        return self._drained is None and self._transport is not None and not self._transport.is_closing()

    @property
    def unwritten(self) -> int:
        """See ``Transport``."""
        transport = self._transport
        if transport is None or self._lost.done():
            return 0
        for _ in range(100):
            with contextlib.suppress(RuntimeError):
                return transport.get_write_buffer_size()
            # Another thread asks, and the event loop changes what is counted meanwhile.
        return 0

    def post(self, message: bytes) -> None:
        """See ``Transport``."""
        self._write(self._websocket.text(message))

    def when_ready(self, function: Callable[[], None]) -> None:
        """See ``Transport``."""
        if function not in self._when_ready:
            self._when_ready.append(function)

    def soon(self, function: Callable[[], None]) -> None:
        """See ``Transport``."""
        try:
            here = asyncio.get_running_loop() is self._loop
        except RuntimeError:
            here = False
        if here:
            function()
            return
        try:
            self._loop.call_soon_threadsafe(function)
        except RuntimeError:
            raise ConnectionClosed(1006, "its event loop is closed", initiated_by="client") from None

    async def room(self) -> None:
        """See ``AsyncTransport``."""
        while not self.ready:
            await asyncio.shield(self._lost if self._drained is None else self._drained)
        if not self._websocket.open:
            raise self._websocket.closed_error()

    def nudge(self) -> None:
        """See ``Transport``."""
        if self._message is not None:
            self._nudged = True
            _settle(self._message)

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """See ``AsyncTransport``."""
        self._websocket.close(code, reason)
        if self._transport is None:
            return
        self._write(self._websocket.output())
        # The answer is behind what was not read yet.
        self._resume_reading()
        self._watch_closing()
        try:
            await asyncio.shield(self._lost)
        except asyncio.CancelledError:
            self.abort()
            raise

    def abort(self) -> None:
        """See ``AsyncTransport``."""
        self._websocket.abort()
        # Asyncio's own transport fails on this once it has closed with something to write.
        if self._transport is not None and not self._lost.done():
            self._transport.abort()
        self._wake()

    def disown(self) -> None:
        """See ``_forks.Owned``. The event loop is left alone: its selector is the parent's too."""
        self._websocket.disown()
        self._transport = self._message = None

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin with the tunnel, if there is a proxy, or else with the handshake."""
        self._transport = cast("asyncio.Transport", transport)
        self._write(self._websocket.start() if self._tunnel is None else next(self._tunnel))

    def get_buffer(self, sizehint: int) -> memoryview:
        """Lend the buffer, until ``buffer_updated`` has returned."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Take what was read."""
        data = self._buffer[:nbytes]
        if self._tunnel is None:
            self._websocket.receive(data)
            self._advance()
        else:
            self._dig(bytes(data))

    def eof_received(self) -> bool:
        """Take the server's end of the connection; ours is closed along with it."""
        if self._tunnel is None:
            self._websocket.receive_eof()
            self._advance()
        else:
            self._dig(b"")
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Settle everything that waits."""
        if self._tunnel is not None:
            self._dig(b"")
        self._websocket.receive_eof(exc)
        for timer in (self._deadline, self._next_beat):
            if timer is not None:
                timer.cancel()
        self._deadline = self._next_beat = None
        _settle(self._lost)
        self.resume_writing()
        self._wake()

    def pause_writing(self) -> None:
        """Make senders wait."""
        self._drained = self._loop.create_future()

    def resume_writing(self) -> None:
        """Let senders go on."""
        self._backlog = 0
        drained, self._drained = self._drained, None
        _settle(drained)
        waiting, self._when_ready = self._when_ready, []
        for function in waiting:
            function()

    # Inside

    def _dig(self, data: bytes) -> None:
        """Take the proxy's part of the conversation."""
        assert self._tunnel is not None
        steps, self._tunnel = self._tunnel, None
        try:
            self._write(steps.send(data))
            self._tunnel = steps
        except StopIteration as done:
            self._write(self._websocket.start())
            if done.value:
                self._websocket.receive(done.value)
                self._advance()
        except ConnectError as error:
            self.failure = error
            self.abort()

    def _advance(self) -> None:
        """Act on what the last bytes brought."""
        websocket = self._websocket
        if websocket.pending:
            self._answer(websocket.output())
        if websocket.pong and self._heartbeat is not None:
            self._heartbeat.answered(self._loop.time())
        if websocket.closed:
            self._watch_closing()
        elif websocket.buffered > HIGH_WATER and websocket.open and not self._paused:
            self._pause_reading()
        self._wake()

    def _answer(self, data: bytes) -> None:
        """Write what the protocol has to say to what it received."""
        self._write(data)
        if self._drained is not None:
            self._backlog += len(data)
            if self._backlog > LONGEST_BACKLOG and self._transport is not None:
                self._websocket.receive_eof(not_read())
                self._transport.abort()

    def _wake(self) -> None:
        websocket = self._websocket
        if self._message is not None and (websocket.messages or websocket.closed):
            _settle(self._message)
        if self._opened is not None and not websocket.opening:
            _settle(self._opened)

    def _write(self, data: bytes) -> None:
        if data and self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def _pause_reading(self) -> None:
        assert self._transport is not None
        self._paused = True
        if self._heartbeat is not None:
            self._heartbeat.excuse()
        self._transport.pause_reading()

    def _resume_reading(self) -> None:
        if self._paused and self._transport is not None and not self._transport.is_closing():
            self._paused = False
            self._transport.resume_reading()

    def _watch_closing(self) -> None:
        """Close our end when it is time to, and bound how long the server may take for its own."""
        assert self._transport is not None
        if self._websocket.eof:
            self._transport.close()
        if (
            self._deadline is None
            and not self._lost.done()
            and (self._websocket.eof or self._websocket.closing_expected)
        ):
            self._deadline = self._loop.call_later(self._close_timeout, self._transport.abort)

    def start_heartbeat(self) -> None:
        """Send the first ping one interval from now."""
        if self._heartbeat is not None and self._websocket.open:
            self._next_beat = self._loop.call_later(self._heartbeat.interval, self._beat)

    def _beat(self) -> None:
        assert self._heartbeat is not None
        assert self._transport is not None
        if self._paused:
            self._heartbeat.excuse()
        self._heartbeat.beat(self._loop.time())
        self._write(self._websocket.output())
        if self._websocket.eof:
            self._transport.abort()
            self._wake()
        self.start_heartbeat()


def _settle(future: asyncio.Future[None] | None) -> None:
    if future is not None and not future.done():
        future.set_result(None)
