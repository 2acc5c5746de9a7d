"""The driver for threads: who calls ``receive`` reads the socket, and an idle thread serves those nobody reads.

Three locks, taken in this order: ``_reading`` and ``_writing`` give a thread the socket's one direction or the other,
``_state`` guards the ``WebSocket`` and its TLS and is never held while anything waits. So a send that is stuck because
the server does not read keeps nobody from receiving, and no TLS object is ever used by two threads at once.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
import time
from collections.abc import Callable, Sequence

from voicelive.exceptions import ConnectError, ConnectionClosed, ReceiveTimeoutError, SendTimeoutError
from voicelive.protocol.address import Address
from voicelive.protocol.heartbeat import Heartbeat
from voicelive.protocol.options import TransportOptions
from voicelive.protocol.websocket import WebSocket
from voicelive.transport import Nudged
from voicelive.transport._buffers import (
    HIGH_WATER,
    LONGEST_BACKLOG,
    LONGEST_WRITE,
    LOW_WATER,
    READ_BUFFER,
    borrow,
    give_back,
    not_read,
)
from voicelive.transport._dial import dial_error
from voicelive.transport._forks import disown_in_forks
from voicelive.transport._idle import PERIOD, forget, hurry, look_after
from voicelive.transport._proxy import Proxy, choose_proxy, drive, tunnel
from voicelive.transport._sockets import READ, SLICE, WRITE, Deadline, open_socket, wait

__all__ = ("SocketTransport", "connect")

CONGESTED = 0.02
"""Seconds until it is tried again to write what waits, while nobody waits for that."""
PATIENCE = 2.0
"""Seconds to wait for a thread that uses the socket to notice that it is shut down, far beyond what it takes."""

_logger = logging.getLogger("voicelive.transport")


def connect(
    address: Address,
    headers: Sequence[tuple[str, str]],
    options: TransportOptions,
    *,
    deadline: float,
    stop: Callable[[], bool] = lambda: False,
) -> SocketTransport:
    """Connect, through a proxy if there is one, and upgrade to a WebSocket. A failure leaves nothing behind.

    Args:
        address: Where to.
        headers: Headers of the upgrade request, the credential among them.
        options: See ``TransportOptions``.
        deadline: When to give up (``time.monotonic``); bounds name lookup, TCP, proxy, TLS and upgrade.
        stop: Asked now and then whether to give up before that.

    Raises:
        ConnectTimeoutError: The deadline has passed.
        ConnectError: No connection: ``ProxyError``, ``CertificateError`` or another cause.
        HandshakeError: The server refused the upgrade; the subclass for its status.
    """
    limit = Deadline(address, deadline, options.handshake_timeout, stop)
    proxy = choose_proxy(address, options.proxy)
    websocket = WebSocket(address, headers, options)
    sock, early = _dial(address, proxy, limit)
    try:
        _upgrade(sock, websocket, early, limit)
        transport = SocketTransport(sock, websocket, options)
        look_after(transport)
    except BaseException:
        sock.close()
        raise
    _logger.debug("connected to %s", address.display)
    return transport


def _dial(address: Address, proxy: Proxy | None, limit: Deadline) -> tuple[socket.socket, bytes]:
    """Return a socket to the server, and what it has said already."""
    sock = None
    try:
        if proxy is None:
            return open_socket(address.host, address.port, limit), b""
        sock = open_socket(proxy.host, proxy.port, limit)
        limit.phase = "tunnel through the proxy"
        steps = tunnel(proxy, address.host, address.port)
        early = drive(steps, lambda: limit.read(sock), lambda data: limit.write(sock, data))
    except BaseException as error:
        if sock is not None:
            sock.close()
        # A timeout of ours is an OSError as well.
        if isinstance(error, OSError) and not isinstance(error, ConnectError):
            raise dial_error(error, address, proxy) from error
        raise
    return sock, early


def _upgrade(sock: socket.socket, websocket: WebSocket, early: bytes, limit: Deadline) -> None:
    limit.phase = "handshake"
    try:
        limit.write(sock, websocket.start())
        data = early
        while websocket.opening:
            if data := data or limit.read(sock):
                websocket.receive(data)
            else:
                websocket.receive_eof()
            limit.write(sock, websocket.output())
            data = b""
    except ConnectError:
        raise
    except OSError as error:
        websocket.receive_eof(error)
    websocket.raise_if_refused()


class SocketTransport:
    """An open connection; see ``BlockingTransport`` for the promises.

    Args:
        sock: Connected and non-blocking; closed by this object from now on.
        websocket: Open.
        options: See ``TransportOptions``.
    """

    def __init__(self, sock: socket.socket, websocket: WebSocket, options: TransportOptions) -> None:
        self._sock = sock
        self._websocket = websocket
        self._close_timeout = options.close_timeout
        self._heartbeat = None if options.heartbeat is None else Heartbeat(websocket, options.heartbeat)
        self._next_beat = time.monotonic() + (options.heartbeat or 0.0)
        self._hang_up_at: float | None = None
        self._paused = False
        # Goes before anything else that is written; TLS has numbered it already.
        self._unwritten = bytearray()
        # Of it, the bytes of messages, at most; and bytes of what a thread in ``send`` could not write yet.
        self._posted = self._stuck = 0
        self._nudged = False
        self._when_ready: list[Callable[[], None]] = []
        self._make_locks()
        disown_in_forks(self)

    def _make_locks(self) -> None:
        self._state = threading.Lock()
        self._reading = threading.Lock()
        self._writing = threading.Lock()
        self._closing = threading.Lock()

    @property
    def closed(self) -> ConnectionClosed | None:
        """How the connection ended, or is about to; ``None`` while it is open."""
        with self._state:
            return None if self._websocket.open else self._websocket.closed_error()

    @property
    def latency(self) -> float | None:
        """Seconds that the last heartbeat took; ``None`` before the first."""
        return None if self._heartbeat is None else self._heartbeat.latency

    # Receiving

    def receive(self, timeout: float | None = None) -> bytes:
        """Return the next message. A timeout or Ctrl-C while waiting loses nothing.

        Args:
            timeout: Seconds to wait; ``None``: for ever.

        Raises:
            ReceiveTimeoutError: No message came in time.
            ConnectionClosed: The connection has ended, and every message before that was returned.
        """
        websocket = self._websocket
        expires: float | None = None
        left = SLICE
        while True:
            with self._state:
                if websocket.messages:
                    return websocket.pop()
                if not websocket.open:
                    raise websocket.closed_error()
                if self._nudged:
                    self._nudged = False
                    raise Nudged
            if timeout is not None:
                now = time.monotonic()
                if expires is None:
                    expires = now + timeout
                elif now >= expires:
                    raise ReceiveTimeoutError(timeout)
                left = expires - now
            with self._reading:
                # The idle thread may have read while this one waited for its turn.
                if not websocket.messages and not websocket.eof and wait(self._sock, READ, left):
                    self._take_in()

    def _take_in(self) -> bool:
        """Read once, without waiting, and act on it; return whether there was anything. Needs ``_reading``."""
        buffer = borrow()
        try:
            size, cause = 0, None
            try:
                size = self._sock.recv_into(buffer)
            except BlockingIOError:
                return False
            except OSError as error:
                cause = error
            self._digest(buffer[:size], cause)
        except BaseException:
            # Ctrl-C between taking bytes from the socket and having understood them: the rest makes no sense alone.
            self.abort()
            raise
        finally:
            give_back(buffer)
        if self._websocket.eof:
            self._hang_up()
        else:
            self._flush()
        return True

    def _digest(self, data: bytes | memoryview, cause: Exception | None = None) -> None:
        websocket = self._websocket
        with self._state:
            if data:
                websocket.receive(data)
            else:
                websocket.receive_eof(cause)
            if websocket.pending:
                self._unwritten += websocket.output()
            if len(self._unwritten) - self._posted > LONGEST_BACKLOG:
                websocket.receive_eof(not_read())
            if websocket.pong and self._heartbeat is not None:
                self._heartbeat.answered(time.monotonic())

    # Sending

    def send(self, message: bytes) -> None:
        """Send one text message (UTF-8); waits while the network is slower than the caller. Frames never interleave.

        Raises:
            ConnectionClosed: The connection is not open any more; the message was not sent.
        """
        try:
            with self._writing:
                with self._state:
                    data = self._websocket.text(message)
                    if self._unwritten:
                        data = self._take_unwritten() + data
                self._write(data)
        except OSError as error:
            raise self._lost(error) from error
        except Exception:
            # Refused before anything was written.
            raise
        except BaseException:
            # Ctrl-C in the middle of a frame: no other can follow.
            self.abort()
            raise
        self._flush()

    def _write(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[self._sock.send(rest[:LONGEST_WRITE]) :]
            except BlockingIOError:
                self._stuck = len(rest)
                wait(self._sock, WRITE, SLICE)
        self._stuck = 0

    @property
    def ready(self) -> bool:
        """See ``Transport``."""
        return not (self._unwritten or self._writing.locked()) or not self._websocket.open

    @property
    def unwritten(self) -> int:
        """See ``Transport``."""
        return len(self._unwritten) + self._stuck if self._websocket.open else 0

    def post(self, message: bytes) -> None:
        """See ``Transport``."""
        with self._state:
            data = self._websocket.text(message)
            self._unwritten += data
            self._posted += len(data)
        self._flush()

    def when_ready(self, function: Callable[[], None]) -> None:
        """See ``Transport``."""
        with self._state:
            if function not in self._when_ready:
                self._when_ready.append(function)
        hurry()

    def _call_when_ready(self) -> None:
        if self._when_ready and self.ready:
            with self._state:
                waiting, self._when_ready = self._when_ready, []
            for function in waiting:
                function()

    def soon(self, function: Callable[[], None]) -> None:
        """See ``Transport``. Any thread will do."""
        function()

    def room(self, timeout: float | None = None) -> None:
        """See ``BlockingTransport``."""
        expires = None if timeout is None else time.monotonic() + timeout
        while True:
            self._flush()
            with self._state:
                if not self._websocket.open:
                    raise self._websocket.closed_error()
            if self.ready:
                return
            left = SLICE if expires is None else min(SLICE, expires - time.monotonic())
            if timeout is not None and left <= 0:
                raise SendTimeoutError(timeout)
            # Whoever writes has the lock until that is done; otherwise the network is what has no room.
            if self._writing.acquire(timeout=left):
                try:
                    if self._unwritten and self._sock.fileno() >= 0:
                        wait(self._sock, WRITE, left)
                finally:
                    self._writing.release()

    def nudge(self) -> None:
        """See ``Transport``."""
        self._nudged = True

    def _take_unwritten(self) -> bytes:
        data = bytes(self._unwritten)
        self._unwritten.clear()
        self._posted = 0
        return data

    def _flush(self) -> None:
        """Write what can be written without waiting. A writer at work writes the rest, or the idle thread later."""
        try:
            going_on = True
            # Whoever has the lock looks again after giving it back, so nothing is left lying.
            while going_on and self._unwritten and self._writing.acquire(blocking=False):
                try:
                    going_on = self._flush_once()
                finally:
                    self._writing.release()
        except BaseException:
            self.abort()
            raise

    def _flush_once(self) -> bool:
        with self._state:
            posted = self._posted
            data = self._take_unwritten()
        try:
            sent = self._sock.send(data[:LONGEST_WRITE])
        except BlockingIOError:
            sent = 0
        except OSError:
            # What is still to be read says why.
            with contextlib.suppress(OSError):
                self._sock.shutdown(socket.SHUT_WR)
            return False
        if sent == len(data):
            return True
        with self._state:
            self._unwritten[:0] = data[sent:]
            self._posted += posted
        return sent > 0

    def _lost(self, error: OSError) -> ConnectionClosed:
        """Return why writing failed: the server's last words may not have been read yet."""
        with self._reading:
            while not self._websocket.eof and self._take_in():
                pass
            if not self._websocket.eof:
                self._digest(b"", error)
            self._hang_up()
        with self._state:
            return self._websocket.closed_error()

    # Looking after it while nobody reads

    def tend(self, now: float) -> float:
        """See ``_idle.Tended``."""
        try:
            if self._reading.acquire(blocking=False):
                try:
                    self._read_ahead()
                finally:
                    self._reading.release()
            self._beat(now)
            self._flush()
            self._call_when_ready()
            self._watch_closing(now)
        except Exception as error:
            _logger.error("dropped a connection: %s", type(error).__name__, exc_info=error)
            self.abort()
        if self._when_ready or self._posted:
            return CONGESTED
        return PERIOD if self._heartbeat is None else min(PERIOD, self._heartbeat.interval / 4)

    def _read_ahead(self) -> None:
        websocket = self._websocket
        # Not for ever: a reader may take messages as fast as they come, and there are other connections.
        for _ in range(HIGH_WATER // READ_BUFFER + 1):
            if websocket.eof:
                self._hang_up()
                return
            self._paused = websocket.buffered > (LOW_WATER if self._paused else HIGH_WATER)
            if self._paused and self._heartbeat is not None:
                with self._state:
                    self._heartbeat.excuse()
            if self._paused or not self._take_in():
                return

    def _beat(self, now: float) -> None:
        if self._heartbeat is None or now < self._next_beat:
            return
        self._next_beat = now + self._heartbeat.interval
        with self._state:
            self._heartbeat.beat(now)
            self._unwritten += self._websocket.output()
        if self._websocket.eof:
            self._end()

    def _watch_closing(self, now: float) -> None:
        """Bound how long the server may take to end the connection after a close."""
        with self._state:
            if not self._websocket.closing_expected:
                return
        if self._hang_up_at is None:
            self._hang_up_at = now + self._close_timeout
        elif now >= self._hang_up_at:
            self._end()

    # Closing

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Close, and wait for the server's side of it, at most ``close_timeout``. Closing twice is harmless.

        A ``receive`` or ``send`` of another thread ends with ``ConnectionClosed``.

        Raises:
            ValueError: A code that must not be sent, or a reason longer than 123 bytes.
        """
        websocket = self._websocket
        with self._closing:
            deadline = time.monotonic() + self._close_timeout
            with self._state:
                websocket.close(code, reason)
                self._unwritten += websocket.output()
            try:
                while not websocket.eof and (left := deadline - time.monotonic()) > 0:
                    self._flush()
                    if self._reading.acquire(timeout=min(left, SLICE)):
                        try:
                            self._await_end(left)
                        finally:
                            self._reading.release()
            finally:
                self._end(waiting=True)

    def _await_end(self, left: float) -> None:
        if not self._websocket.eof and wait(self._sock, READ | WRITE if self._unwritten else READ, left):
            self._take_in()

    def abort(self) -> None:
        """Drop the connection at once, without a word to the server."""
        with self._state:
            self._websocket.abort()
            # Half a frame may have gone out, which nothing can follow.
            self._websocket.output()
            self._unwritten.clear()
        self._end()

    def disown(self) -> None:
        """See ``_forks.Owned``."""
        self._make_locks()
        self._websocket.disown()
        self._unwritten.clear()
        # Shutting it down would end the parent's connection too.
        self._sock.close()

    def _end(self, *, waiting: bool = False) -> None:
        """End the connection here and now. A thread that uses the socket wakes up, and closes it if nobody waits."""
        if self._sock.fileno() < 0:
            return
        with self._state:
            self._websocket.receive_eof()
            self._unwritten += self._websocket.output()
        self._flush()
        self._shut_down()
        # A signal handler may have interrupted the very thread that reads, which then closes the socket itself.
        if self._reading.acquire(timeout=PATIENCE if waiting else 0):
            try:
                self._hang_up()
            finally:
                self._reading.release()

    def _hang_up(self) -> None:
        """Close the socket. Needs ``_reading``."""
        self._flush()
        self._shut_down()
        with self._writing:
            self._sock.close()
        forget(self)

    def _shut_down(self) -> None:
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)
