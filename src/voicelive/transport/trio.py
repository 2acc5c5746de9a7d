"""The trio driver: a system task reads, so that a connection needs no nursery. Imported under trio only."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import trio

from voicelive.exceptions import ConnectionClosed
from voicelive.protocol.address import Address
from voicelive.protocol.heartbeat import Heartbeat
from voicelive.protocol.options import TransportOptions
from voicelive.protocol.websocket import WebSocket
from voicelive.transport import Nudged
from voicelive.transport._dial import HIGH_WATER, LONGEST_BACKLOG, LOW_WATER, dial_error, not_read
from voicelive.transport._forks import disown_in_forks
from voicelive.transport._proxy import choose_proxy, drive_async, tunnel

__all__ = ("TrioTransport", "connect")

READ_SIZE = 64 * 1024


async def connect(address: Address, headers: Sequence[tuple[str, str]], options: TransportOptions) -> TrioTransport:
    """Open a connection; the caller bounds the time. Cancelling it closes the socket.

    Raises:
        ConnectError: No connection came about; see its subclasses.
        HandshakeError: The server answered with an HTTP status instead; see its subclasses.
    """
    proxy = choose_proxy(address, options.proxy)
    websocket = WebSocket(address, headers, options)
    host, port = (proxy.host, proxy.port) if proxy else (address.host, address.port)
    try:
        stream = await trio.open_tcp_stream(host, port)
    except (OSError, UnicodeError) as error:
        raise dial_error(error, address, proxy) from error
    transport = TrioTransport(stream, websocket, options)
    try:
        early = b""
        if proxy:
            try:
                early = await drive_async(
                    tunnel(proxy, address.host, address.port), stream.receive_some, stream.send_all
                )
            except trio.BrokenResourceError as error:
                raise dial_error(_cause(error), address, proxy) from error
        await transport.open(early)
        websocket.raise_if_refused()
    except BaseException:
        transport.abort()
        raise
    transport.start_heartbeat()
    return transport


class TrioTransport:
    """A connection on trio; see ``AsyncTransport``."""

    def __init__(self, stream: trio.SocketStream, websocket: WebSocket, options: TransportOptions) -> None:
        self._stream = stream
        self._websocket = websocket
        self._close_timeout = options.close_timeout
        self._heartbeat = None if options.heartbeat is None else Heartbeat(websocket, options.heartbeat)
        self._sending = trio.Lock()
        self._flushing = self._disowned = False
        # Its deadline is how long the server may take to close; until then there is none.
        self._reading = trio.CancelScope()
        self._beating = trio.CancelScope()
        self._opened = trio.Event()
        self._lost = trio.Event()
        self._message: trio.Event | None = None
        self._room: trio.Event | None = None
        self._nudged = False
        # Frames of these are made when it is their turn to be written.
        self._posted: list[bytes] = []
        self._writing = 0
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

    async def receive(self) -> bytes:
        """See ``AsyncTransport``."""
        websocket = self._websocket
        while not websocket.messages:
            if websocket.closed:
                raise websocket.closed_error()
            if self._nudged:
                self._nudged = False
                raise Nudged
            self._message = trio.Event()
            try:
                await self._message.wait()
            finally:
                self._message = None
        message = websocket.pop()
        if websocket.buffered < LOW_WATER:
            self._resume_reading()
        return message

    async def send(self, message: bytes) -> None:
        """See ``AsyncTransport``. Cancelled in the middle of a frame, it ends the connection: nothing can follow."""
        async with self._sending:
            # From here on a frame exists, and has to be written to its end.
            await trio.lowlevel.checkpoint_if_cancelled()
            before = self._take_posted() if self._posted else b""
            await self._write(before + self._websocket.text(message))

    @property
    def ready(self) -> bool:
        """See ``Transport``."""
        if not self._websocket.open:
            return True
        return not (self._posted or self._flushing or self._sending.locked() or self._websocket.pending)

    @property
    def unwritten(self) -> int:
        """See ``Transport``. A frame counts in full until it is written to its end."""
        if not self._websocket.open:
            return 0
        return self._writing + self._websocket.backlog + sum(map(len, self._posted))

    def post(self, message: bytes) -> None:
        """See ``Transport``."""
        if not self._websocket.open:
            raise self._websocket.closed_error()
        self._posted.append(message)
        self._flush_soon()

    def when_ready(self, function: Callable[[], None]) -> None:
        """See ``Transport``."""
        if function not in self._when_ready:
            self._when_ready.append(function)
        # It comes after whoever writes just now.
        self._flush_soon()

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
        if self._message is not None:
            self._nudged = True
            self._message.set()

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """See ``AsyncTransport``."""
        self._websocket.close(code, reason)
        if self._disowned:
            return
        # The answer is behind what was not read yet.
        self._resume_reading()
        self._bound_closing()
        try:
            await self._flush()
            await self._lost.wait()
        except trio.Cancelled:
            self.abort()
            raise

    def abort(self) -> None:
        """See ``AsyncTransport``."""
        if not self._disowned:
            self._drop("aborted")

    def disown(self) -> None:
        """See ``_forks.Owned``. Trio is left alone: what it waits with is the parent's too."""
        self._disowned = True
        self._websocket.disown()
        self._sending = trio.Lock()
        self._message = None

    # Opening

    async def open(self, early: bytes) -> None:
        """Begin the handshake, and wait for the answer to the upgrade.

        Args:
            early: What was read of the server's bytes already.
        """
        async with self._sending:
            try:
                await self._write(self._websocket.start())
            except ConnectionClosed:
                # raise_if_refused says it better.
                return
        if early:
            self._websocket.receive(early)
        trio.lowlevel.spawn_system_task(self._read)
        await self._opened.wait()

    def start_heartbeat(self) -> None:
        """Send the first ping one interval from now."""
        if self._heartbeat is not None and self._websocket.open:
            trio.lowlevel.spawn_system_task(self._beat, self._heartbeat)

    # The system tasks. An exception in one would take the whole run down.

    async def _read(self) -> None:
        websocket = self._websocket
        try:
            with self._reading:
                while not websocket.eof:
                    self._advance()
                    if websocket.open and websocket.buffered > HIGH_WATER:
                        await self._wait_for_room()
                    data = await self._stream.receive_some(READ_SIZE)
                    if data:
                        websocket.receive(data)
                    else:
                        websocket.receive_eof()
        except trio.BrokenResourceError as error:
            websocket.receive_eof(_cause(error))
        except trio.ClosedResourceError:
            websocket.receive_eof()
        except Exception as error:
            websocket.receive_eof(error)
        finally:
            websocket.receive_eof()
            self._wake()
            try:
                with trio.move_on_after(self._close_timeout):
                    await self._flush()
            finally:
                self._stream.socket.close()
                self._beating.cancel()
                self._lost.set()
                self._writing = 0
                self._call_when_ready()

    async def _beat(self, heartbeat: Heartbeat) -> None:
        with self._beating:
            while self._websocket.open:
                await trio.sleep(heartbeat.interval)
                if self._room is not None:
                    heartbeat.excuse()
                heartbeat.beat(trio.current_time())
                if self._websocket.eof:
                    self._stream.socket.close()
                    self._wake()
                else:
                    self._flush_soon()

    def _flush_soon(self) -> None:
        # One task is enough, however many pings come while it waits for the server to read.
        if not self._flushing:
            self._flushing = True
            trio.lowlevel.spawn_system_task(self._flush_all)

    async def _flush_all(self) -> None:
        try:
            # In any case once: then nobody else is writing either.
            await self._flush()
            while self._websocket.pending or (self._posted and self._websocket.open):
                await self._flush()
        finally:
            self._flushing = False
            self._call_when_ready()

    def _call_when_ready(self) -> None:
        waiting, self._when_ready = self._when_ready, []
        for function in waiting:
            function()

    async def _flush(self) -> None:
        """Write what the protocol wants written."""
        try:
            async with self._sending:
                await self._write(self._take_posted() if self._posted else self._websocket.output())
        except ConnectionClosed:
            # Nobody called for this write; receive and send tell whoever uses the connection.
            return

    # Inside

    def _advance(self) -> None:
        """Act on what the last bytes brought."""
        websocket = self._websocket
        # A write may have to wait for the server to read, and must not keep us from reading meanwhile.
        if websocket.pending:
            if websocket.backlog > LONGEST_BACKLOG:
                websocket.receive_eof(not_read())
                self._stream.socket.close()
            self._flush_soon()
        if websocket.pong and self._heartbeat is not None:
            self._heartbeat.answered(trio.current_time())
        self._bound_closing()
        self._wake()

    def _wake(self) -> None:
        websocket = self._websocket
        if self._message is not None and (websocket.messages or websocket.closed):
            self._message.set()
        if not websocket.opening:
            self._opened.set()

    async def _wait_for_room(self) -> None:
        if self._heartbeat is not None:
            self._heartbeat.excuse()
        self._room = trio.Event()
        try:
            await self._room.wait()
        finally:
            self._room = None

    def _resume_reading(self) -> None:
        if self._room is not None:
            self._room.set()

    def _take_posted(self) -> bytes:
        posted, self._posted = self._posted, []
        return b"".join(map(self._websocket.text, posted))

    async def _write(self, data: bytes) -> None:
        """Write under the lock, so that the wire's order is the protocol's."""
        if not data:
            return
        self._writing = len(data)
        try:
            await self._stream.send_all(data)
            self._writing = 0
        except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
            self._websocket.receive_eof(_cause(error))
            self._wake()
            raise self._websocket.closed_error() from None
        except BaseException:
            self._drop("a send was cancelled in the middle of a frame")
            raise

    def _bound_closing(self) -> None:
        if self._websocket.closing_expected and self._reading.deadline == float("inf"):
            self._reading.deadline = trio.current_time() + self._close_timeout

    def _drop(self, reason: str) -> None:
        self._websocket.abort(reason)
        self._stream.socket.close()
        self._wake()


def _cause(error: Exception) -> Exception:
    """Return the socket's error behind trio's."""
    cause = error.__cause__
    return cause if isinstance(cause, OSError) else error
