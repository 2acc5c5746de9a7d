"""The trio driver: who calls ``receive`` reads the socket, and one task per run serves those nobody reads.

It is imported under trio only. What does not await is done before anybody else has a turn: a connection needs no locks.
Ctrl-C is no exception: it is raised where something waits, not between taking bytes and having understood them.
"""

from __future__ import annotations

import contextlib
import logging
import socket
from collections.abc import Callable, Sequence
from functools import partial

import trio
from trio.lowlevel import checkpoint_if_cancelled, enable_ki_protection, notify_closing, wait_readable, wait_writable

from voicelive.exceptions import ConnectionClosed
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
    loop_buffer,
    not_read,
)
from voicelive.transport._caretaker import caretaker
from voicelive.transport._dial import connect_error, dial_error
from voicelive.transport._forks import disown_in_forks
from voicelive.transport._idle import PERIOD
from voicelive.transport._proxy import Proxy, choose_proxy, drive_async, tunnel
from voicelive.transport._sockets import CHUNK

__all__ = ("TrioTransport", "connect")


_logger = logging.getLogger("voicelive.transport")


async def connect(address: Address, headers: Sequence[tuple[str, str]], options: TransportOptions) -> TrioTransport:
    """Open a connection; the caller bounds the time. Cancelling it closes the socket.

    Raises:
        ConnectError: No connection came about; see its subclasses.
        HandshakeError: The server answered with an HTTP status instead; see its subclasses.
    """
    proxy = choose_proxy(address, options.proxy)
    websocket = WebSocket(address, headers, options)
    sock, early = await _dial(address, proxy)
    transport = TrioTransport(sock, websocket, options)
    try:
        await transport.open(early)
        websocket.raise_if_refused()
    except BaseException:
        transport.abort()
        raise
    return transport


async def _dial(address: Address, proxy: Proxy | None) -> tuple[socket.socket, bytes]:
    """Return a socket to the server, and what it has said already."""
    host, port = (proxy.host, proxy.port) if proxy else (address.host, address.port)
    try:
        sock = await _open_socket(host, port)
    except (OSError, UnicodeError) as error:
        raise dial_error(error, address, proxy) from error
    if proxy is None:
        return sock, b""
    steps = tunnel(proxy, address.host, address.port)
    try:
        return sock, await drive_async(steps, partial(_read_some, sock), partial(_write_all, sock))
    except OSError as error:
        sock.close()
        raise dial_error(error, address, proxy) from error
    except BaseException:
        sock.close()
        raise


async def _open_socket(host: str, port: int) -> socket.socket:
    family = _family(host)
    if family is None:
        stream = await trio.open_tcp_stream(host, port)
        sock = socket.socket(fileno=stream.socket.detach())
        sock.setblocking(False)
    else:
        # There is no other address to try beside it.
        sock = await _connect(family, host, port)
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if family is None and hasattr(socket, "TCP_NOTSENT_LOWAT"):
            # The stream's was 16 KiB, and 0 is the system's.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, 0)
    return sock


def _family(host: str) -> socket.AddressFamily | None:
    """Return what kind of IP address this is; ``None`` for a name."""
    for family in (socket.AF_INET, socket.AF_INET6):
        with contextlib.suppress(OSError):
            socket.inet_pton(family, host)
            return family
    return None


async def _connect(family: socket.AddressFamily, host: str, port: int) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        try:
            sock.connect((host, port))
        except BlockingIOError:
            await wait_writable(sock)
            if code := sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                raise connect_error(code) from None
    except BaseException:
        sock.close()
        raise
    return sock


async def _read_some(sock: socket.socket) -> bytes:
    while True:
        await wait_readable(sock)
        with contextlib.suppress(BlockingIOError):
            return sock.recv(CHUNK)


async def _write_all(sock: socket.socket, data: bytes) -> None:
    while data:
        await wait_writable(sock)
        with contextlib.suppress(BlockingIOError):
            data = data[sock.send(data) :]


class TrioTransport:
    """A connection on trio; see ``AsyncTransport``.

    Args:
        sock: Connected and non-blocking; closed by this object from now on.
        websocket: Not started.
        options: See ``TransportOptions``.
    """

    def __init__(self, sock: socket.socket, websocket: WebSocket, options: TransportOptions) -> None:
        self._sock = sock
        self._websocket = websocket
        self._close_timeout = options.close_timeout
        self._heartbeat = None if options.heartbeat is None else Heartbeat(websocket, options.heartbeat)
        self._next_beat = 0.0
        self._hang_up_at: float | None = None
        self._paused = False
        self._caretaker = caretaker()
        self._buffer = loop_buffer()
        # Whether a task waits to read, and whom to tell when it has: others that wait for bytes.
        self._reading = False
        self._read_over: trio.Event | None = None
        self._receiving = self._nudged = False
        # Goes before anything else that is written; TLS has numbered it already.
        self._unwritten = bytearray()
        # Of it, the bytes of messages, at most; and bytes of what a task that writes could not write yet.
        self._posted = self._stuck = 0
        # Whether a task has the turn to write, and who comes after it.
        self._writing = self._flushing = False
        self._queue: trio.lowlevel.ParkingLot | None = None
        self._when_ready: list[Callable[[], None]] = []
        self._token = trio.lowlevel.current_trio_token()
        disown_in_forks(self)

    # What AsyncTransport promises

    @property
    def closed(self) -> ConnectionClosed | None:
        """See ``AsyncTransport``."""
        return None if self._websocket.open else self._websocket.closed_error()

    @property
    def latency(self) -> float | None:
        """See ``AsyncTransport``."""
        return self._heartbeat.latency if self._heartbeat else None

    @enable_ki_protection
    async def receive(self) -> bytes:
        """See ``AsyncTransport``."""
        websocket = self._websocket
        while not websocket.messages:
            if websocket.closed:
                raise websocket.closed_error()
            if self._nudged:
                self._nudged = False
                raise Nudged
            self._receiving = True
            try:
                await self._read()
            finally:
                self._receiving = False
        return websocket.pop()

    @enable_ki_protection
    async def send(self, message: bytes) -> None:
        """See ``AsyncTransport``. Cancelled in the middle of a frame, it ends the connection: nothing can follow."""
        await checkpoint_if_cancelled()
        data = b""
        if self._writing or self._unwritten:
            await self._take_turn()
        else:
            data = self._websocket.text(message)
            data = data[self._put(data[:LONGEST_WRITE]) :]
            if not data:
                return
            self._writing = True
        try:
            # From here on a frame exists, and has to be written to its end.
            data = data or self._websocket.text(message)
            await self._write(self._take_unwritten() + data)
        finally:
            self._pass_turn()

    @property
    def ready(self) -> bool:
        """See ``Transport``."""
        return not (self._writing or self._unwritten) or not self._websocket.open

    @property
    def unwritten(self) -> int:
        """See ``Transport``."""
        return len(self._unwritten) + self._stuck if self._websocket.open else 0

    @enable_ki_protection
    def post(self, message: bytes) -> None:
        """See ``Transport``."""
        data = self._websocket.text(message)
        self._unwritten += data
        self._posted += len(data)
        self._flush()

    def when_ready(self, function: Callable[[], None]) -> None:
        """See ``Transport``."""
        if function not in self._when_ready:
            self._when_ready.append(function)
        if self.ready:
            self._token.run_sync_soon(self._call_when_ready, idempotent=True)

    def soon(self, function: Callable[[], None]) -> None:
        """See ``Transport``."""
        try:
            here = trio.lowlevel.current_trio_token() is self._token
        except RuntimeError:
            here = False
        if here:
            function()
            return
        try:
            self._token.run_sync_soon(function)
        except trio.RunFinishedError:
            raise ConnectionClosed(1006, "its event loop is closed", initiated_by="client") from None

    async def room(self) -> None:
        """See ``AsyncTransport``."""
        while not self.ready:
            event = trio.Event()
            self.when_ready(event.set)
            await event.wait()
        if not self._websocket.open:
            raise self._websocket.closed_error()

    def nudge(self) -> None:
        """See ``Transport``."""
        if self._receiving:
            self._nudged = True
            self._wake()

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """See ``AsyncTransport``."""
        self._websocket.close(code, reason)
        self._unwritten += self._websocket.output()
        try:
            self._flush()
            with trio.move_on_after(self._close_timeout):
                while not self._gone:
                    await self._read()
        except BaseException:
            self.abort()
            raise
        self.end()

    @enable_ki_protection
    def abort(self) -> None:
        """See ``AsyncTransport``."""
        self._drop("aborted")

    def disown(self) -> None:
        """See ``_forks.Owned``. Trio is left alone: what it waits with is the parent's too."""
        self._websocket.disown()
        self._unwritten.clear()
        self._when_ready.clear()
        self._reading = self._writing = False
        self._read_over = self._queue = None
        self._sock.close()

    # Opening

    async def open(self, early: bytes) -> None:
        """Begin the handshake, and wait for the answer to the upgrade.

        Args:
            early: What was read of the server's bytes already.
        """
        websocket = self._websocket
        self._unwritten += websocket.start()
        self._flush()
        if early:
            websocket.receive(early)
            self._advance()
        while websocket.opening:
            await self._read()
        if self._heartbeat is not None:
            self._next_beat = trio.current_time() + self._heartbeat.interval
        if not self._gone:
            self._caretaker.look_after(self)

    # Reading

    async def _read(self) -> None:
        """Wait until something was read, by whichever task, or something else has changed."""
        if self._reading or self._websocket.eof:
            if self._read_over is None:
                self._read_over = trio.Event()
            await self._read_over.wait()
            return
        self._reading = True
        try:
            await wait_readable(self._sock)
        except trio.ClosedResourceError:
            return
        except OSError as error:
            # The system cannot wait for yet another socket.
            self._lost(error)
            return
        finally:
            self._reading = False
            if self._read_over is not None:
                self._tell_readers()
        self._take_in()

    def _take_in(self) -> bool:
        """Read once, without waiting, and act on it; return whether there was anything."""
        if not self._recv():
            return False
        self._advance()
        return True

    def _recv(self) -> bool:
        websocket = self._websocket
        try:
            count = self._sock.recv_into(self._buffer)
        except BlockingIOError:
            return False
        except OSError as error:
            websocket.receive_eof(error)
            return True
        if count:
            websocket.receive(self._buffer[:count])
        else:
            websocket.receive_eof()
        if websocket.pong and self._heartbeat is not None:
            self._heartbeat.answered(trio.current_time())
        return True

    def _advance(self) -> None:
        """Act on what the last bytes brought."""
        websocket = self._websocket
        if websocket.pending:
            self._unwritten += websocket.output()
            if len(self._unwritten) - self._posted > LONGEST_BACKLOG:
                websocket.receive_eof(not_read())
                self._hang_up()
                return
            self._flush()
        if websocket.eof:
            self._finish()
        if self._reading:
            self._wake()

    def _wake(self) -> None:
        """Have those who wait for bytes look at the state again."""
        if self._reading and not self._gone:
            # It closes nothing. A task that waits to write wakes up as well, and waits again.
            notify_closing(self._sock)
        self._tell_readers()

    def _tell_readers(self) -> None:
        if self._read_over is not None:
            self._read_over.set()
            self._read_over = None

    # Writing

    def _put(self, data: bytes | bytearray | memoryview) -> int:
        """Give bytes to the system, without waiting, and return how many it took.

        Raises:
            ConnectionClosed: It failed.
        """
        try:
            return self._sock.send(data)
        except BlockingIOError:
            return 0
        except OSError as error:
            self._lost(error)
            raise self._websocket.closed_error() from error

    async def _write(self, data: bytes) -> None:
        """Write to the end. Needs the turn."""
        rest = memoryview(data)
        try:
            while rest:
                sent = self._put(rest[:LONGEST_WRITE])
                rest = rest[sent:]
                self._stuck = len(rest)
                if not sent:
                    with contextlib.suppress(trio.ClosedResourceError):
                        await wait_writable(self._sock)
        except ConnectionClosed:
            raise
        except OSError as error:
            # The system cannot wait for yet another socket.
            self._lost(error)
            raise self._websocket.closed_error() from error
        except BaseException:
            self._drop("a send was cancelled in the middle of a frame")
            raise
        finally:
            self._stuck = 0

    def _flush(self) -> None:
        """Write what can be written without waiting. Whoever writes now writes the rest, or else a task."""
        if self._writing or not self._unwritten:
            return
        try:
            sent = self._put(self._unwritten[:LONGEST_WRITE])
        except ConnectionClosed:
            # Nobody called for this write; receive and send tell whoever uses the connection.
            return
        del self._unwritten[:sent]
        self._posted = min(self._posted, len(self._unwritten))
        if self._unwritten and not self._flushing:
            self._flushing = True
            trio.lowlevel.spawn_system_task(self._flush_rest)

    async def _flush_rest(self) -> None:
        """Write what is left. A system task: an exception in one would take the whole run down."""
        try:
            await self._take_turn()
            try:
                await self._write(self._take_unwritten())
            finally:
                self._flushing = False
                self._pass_turn()
        except ConnectionClosed:
            # As in _flush.
            return
        except Exception as error:
            self._give_up(error)

    async def _take_turn(self) -> None:
        if not self._writing:
            self._writing = True
            return
        if self._queue is None:
            self._queue = trio.lowlevel.ParkingLot()
        await self._queue.park()

    def _pass_turn(self) -> None:
        if self._queue:
            self._queue.unpark()
            return
        self._writing = False
        self._flush()
        if self._websocket.eof:
            self._finish()
        self._call_when_ready()

    def _take_unwritten(self) -> bytes:
        data = bytes(self._unwritten)
        self._unwritten.clear()
        self._posted = 0
        return data

    def _call_when_ready(self) -> None:
        if self._when_ready and self.ready:
            waiting, self._when_ready = self._when_ready, []
            for function in waiting:
                function()

    # Looking after it while nobody reads

    def tend(self, now: float) -> float:
        """See ``_idle.Tended``."""
        try:
            beat = self._heartbeat is not None and now >= self._next_beat
            # A task that was woken may not have had its turn yet, and what it is to read decides who is alive.
            if beat or not self._reading:
                self._read_ahead()
            if beat:
                self._beat(now)
            if not self._websocket.open:
                self._watch_closing(now)
        except Exception as error:
            self._give_up(error)
        return PERIOD if self._heartbeat is None else min(PERIOD, self._heartbeat.interval / 4)

    def _read_ahead(self) -> None:
        websocket = self._websocket
        # Not for ever: a reader may take messages as fast as they come, and there are others.
        for _ in range(HIGH_WATER // len(self._buffer) + 1):
            self._paused = websocket.open and websocket.buffered > (LOW_WATER if self._paused else HIGH_WATER)
            if self._paused and self._heartbeat is not None:
                self._heartbeat.excuse()
            if self._paused or websocket.eof or not self._take_in():
                return

    def _beat(self, now: float) -> None:
        assert self._heartbeat is not None
        self._next_beat = now + self._heartbeat.interval
        self._heartbeat.beat(now)
        self._unwritten += self._websocket.output()
        self._flush()
        if self._websocket.eof:
            self._hang_up()

    def _watch_closing(self, now: float) -> None:
        """Bound how long the server may take to end the connection after a close."""
        if self._hang_up_at is not None:
            if now >= self._hang_up_at:
                self.end()
        elif self._websocket.closing_expected:
            self._hang_up_at = now + self._close_timeout

    def _give_up(self, error: Exception) -> None:
        _logger.error("dropped a connection: %s", type(error).__name__, exc_info=error)
        self.abort()

    # The end

    def end(self) -> None:
        """End the connection here and now."""
        self._websocket.receive_eof()
        self._unwritten += self._websocket.output()
        self._flush()
        self._hang_up()

    def _finish(self) -> None:
        """Hang up as soon as all is written: the server will send nothing more."""
        self._flush()
        if not (self._writing or self._unwritten):
            self._hang_up()
        elif self._hang_up_at is None:
            self._hang_up_at = trio.current_time() + self._close_timeout

    def _lost(self, error: OSError) -> None:
        """Take note that the connection broke. The server's last words may not have been read yet."""
        while not self._websocket.eof and self._recv():
            pass
        self._websocket.receive_eof(error)
        self._hang_up()

    def _drop(self, reason: str) -> None:
        self._websocket.abort(reason)
        self._hang_up()

    @property
    def _gone(self) -> bool:
        return self._sock.fileno() < 0

    def _hang_up(self) -> None:
        if not self._gone:
            notify_closing(self._sock)
            self._sock.close()
            self._caretaker.forget(self)
        self._unwritten.clear()
        self._tell_readers()
        self._call_when_ready()
