"""Small servers in a thread of their own: an echo-and-count TCP server base, and proxies that really tunnel."""

from __future__ import annotations

import asyncio
import base64
import ssl
import threading
from collections.abc import Awaitable, Callable
from typing import Self

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Server:
    """An asyncio TCP server on 127.0.0.1, run by one thread, gone after the ``with`` block."""

    def __init__(self, handler: Handler | None = None, *, tls: ssl.SSLContext | None = None) -> None:
        if handler is not None:
            self.handle = handler
        self._tls = tls
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()), name="test-server")
        self.port = 0
        self.accepted = threading.Semaphore(0)
        self.connections = 0

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection; closed when it returns."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self.loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)
        assert not self._thread.is_alive()

    async def _main(self) -> None:
        self.loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        tasks: set[asyncio.Task[None]] = set()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            tasks.add(task)
            self.connections += 1
            self.accepted.release()
            try:
                await self.handle(reader, writer)
            except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                pass
            finally:
                writer.transport.abort() if self._stop.is_set() else writer.close()
                tasks.discard(task)

        server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=self._tls)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        for task in tuple(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Take what comes and never answer."""
    while await reader.read(65536):
        pass


async def relay(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str, port: int, greeting: bytes
) -> None:
    far_reader, far_writer = await asyncio.open_connection(host, port)
    try:
        writer.write(greeting)

        async def copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
            while data := await source.read(65536):
                sink.write(data)
                await sink.drain()
            if sink.can_write_eof():
                sink.write_eof()

        await asyncio.gather(copy(reader, far_writer), copy(far_reader, writer))
    finally:
        far_writer.close()


class HttpProxy(Server):
    """HTTP CONNECT. ``names`` maps the host names it knows to addresses; others are taken as they are."""

    def __init__(
        self, *, user: tuple[str, str] | None = None, status: str = "200 OK", names: dict[str, str] | None = None
    ) -> None:
        super().__init__()
        self.user, self.status, self.names = user, status, names or {}
        self.requests: list[str] = []

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("ascii")
        self.requests.append(head)
        if self.user is not None:
            wanted = base64.b64encode(":".join(self.user).encode()).decode()
            if f"Proxy-Authorization: Basic {wanted}\r\n" not in head:
                writer.write(b'HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm="x"\r\nContent-Length: 0\r\n\r\n')
                await writer.drain()
                return
        if not self.status.startswith("2"):
            writer.write(f"HTTP/1.1 {self.status}\r\nContent-Length: 0\r\n\r\n".encode())
            await writer.drain()
            return
        host, _, port = head.split()[1].rpartition(":")
        host = host.strip("[]")
        await relay(
            reader, writer, self.names.get(host, host), int(port), f"HTTP/1.1 {self.status}\r\nVia: x\r\n\r\n".encode()
        )


class SocksProxy(Server):
    """SOCKS5 (RFC 1928), with or without user name and password (RFC 1929)."""

    def __init__(
        self, *, user: tuple[str, str] | None = None, reply: int = 0, names: dict[str, str] | None = None
    ) -> None:
        super().__init__()
        self.user, self.reply, self.names = user, reply, names or {}
        self.targets: list[tuple[str, int]] = []

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        version, count = await reader.readexactly(2)
        assert version == 5
        methods = await reader.readexactly(count)
        method = 0 if self.user is None else 2
        if method not in methods:
            writer.write(b"\x05\xff")
            await writer.drain()
            return
        writer.write(bytes((5, method)))
        if self.user is not None:
            await reader.readexactly(1)
            user = tuple([(await reader.readexactly((await reader.readexactly(1))[0])).decode() for _ in range(2)])
            writer.write(b"\x01\x00" if user == self.user else b"\x01\x01")
            if user != self.user:
                await writer.drain()
                return
        _, _, _, kind = await reader.readexactly(4)
        if kind == 3:
            host = (await reader.readexactly((await reader.readexactly(1))[0])).decode()
        else:
            host = ".".join(map(str, await reader.readexactly(4)))
        port = int.from_bytes(await reader.readexactly(2), "big")
        self.targets.append((host, port))
        if self.reply:
            writer.write(bytes((5, self.reply, 0, 1)) + bytes(6))
            await writer.drain()
            return
        # Bound to a name: the longest of the three forms of the answer.
        await relay(reader, writer, self.names.get(host, host), port, b"\x05\x00\x00\x03\x05proxy\x00\x00")
