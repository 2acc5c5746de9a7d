"""A scripted service on a real socket and a thread of its own: it says what it is told, and records what it hears."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

CREATED = {"type": "session.created", "event_id": "ev_1", "session": {"id": "sess_1", "model": "gpt-realtime"}}
REFUSED = {
    "type": "error",
    "event_id": "ev_1",
    "error": {"type": "invalid_request_error", "code": "ModelNotFound", "message": "no such model", "param": "model"},
}
HANG_GUARD = 20

# It would log headers, with the secrets that tests look for in the client's logs.
_quiet = logging.getLogger("scripted-service")
_quiet.setLevel(logging.CRITICAL)

stopping: list[threading.Thread] = []
"""Threads of servers that were told to stop; the fixture ``servers_stop`` waits for them."""


class Peer:
    """The service's end of one connection."""

    def __init__(self, connection: ServerConnection) -> None:
        self.connection = connection
        self.frames: list[Any] = []

    async def send(self, *events: Mapping[str, Any] | str | bytes) -> None:
        for event in events:
            await self.connection.send(event if isinstance(event, str | bytes) else json.dumps(event))

    async def recv(self) -> Any:
        """Return the next frame from the client, which is recorded too."""
        frame = json.loads(await self.connection.recv())
        self.frames.append(frame)
        return frame

    async def listen(self) -> None:
        """Record what the client sends until it closes."""
        try:
            while True:
                await self.recv()
        except ConnectionClosed:
            pass

    async def close(self, code: int = 1000, reason: str = "") -> None:
        await self.connection.close(code, reason)

    def drop(self) -> None:
        self.connection.transport.abort()


Script = Callable[[Peer], Awaitable[None]]


async def live(peer: Peer) -> None:
    """Open a session, and record what the client sends."""
    await peer.send(CREATED)
    await peer.listen()


def saying(*events: Mapping[str, Any] | str | bytes, close: int | None = None, reason: str = "") -> Script:
    """Return a script that opens a session, sends these events, and closes or listens."""

    async def script(peer: Peer) -> None:
        await peer.send(CREATED, *events)
        if close is not None:
            await peer.close(close, reason)
        await peer.listen()

    return script


class Server:
    """Serves until the block ends.

    Args:
        script: What to do with each connection.
        status: Refuse the handshake with this HTTP status, if not 101.
        headers: Headers of the refusal.
        body: Body of the refusal.
        ssl_context: Serve TLS.
        receive_buffer: Bytes that the system takes without the script reading them. Default: what it likes.
    """

    def __init__(
        self,
        script: Script = live,
        *,
        status: int = 101,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        ssl_context: ssl.SSLContext | None = None,
        receive_buffer: int | None = None,
    ) -> None:
        self._receive_buffer = receive_buffer
        self.requests: list[Request] = []
        self.peers: list[Peer] = []
        self.open = 0
        self._script = script
        self._refusal = None if status == 101 else (status, Headers(headers or {}), body)
        self._ssl = ssl_context
        self._quiet = threading.Condition()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    @property
    def endpoint(self) -> str:
        return f"{'https' if self._ssl else 'http'}://localhost:{self.port}"

    @property
    def frames(self) -> list[Any]:
        """What the clients sent, once they are all gone."""
        self.wait_for_quiet()
        return [frame for peer in self.peers for frame in peer.frames]

    def wait_for_quiet(self) -> None:
        """Wait until no connection is open."""
        with self._quiet:
            assert self._quiet.wait_for(lambda: not self.open, HANG_GUARD), "a connection was left open"

    def wait_for_peer(self) -> None:
        """Wait until somebody has connected."""
        with self._quiet:
            assert self._quiet.wait_for(lambda: self.peers, HANG_GUARD)

    def __enter__(self) -> Server:
        self._thread.start()
        assert self._ready.wait(HANG_GUARD)
        return self

    def __exit__(self, *_: object) -> None:
        # Waiting here could keep the client's event loop from closing its end.
        self._loop.call_soon_threadsafe(self._stop.set)
        stopping.append(self._thread)

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        sock = socket.create_server(("127.0.0.1", 0))
        if self._receive_buffer is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self._receive_buffer)
        async with serve(
            self._handle,
            sock=sock,
            process_request=self._answer,
            compression="deflate",
            ssl=self._ssl,
            max_size=None,
            close_timeout=2,
            ping_interval=None,
            logger=_quiet,
        ) as server:
            self.port = next(iter(server.sockets)).getsockname()[1]
            self._ready.set()
            await self._stop.wait()

    def _answer(self, connection: ServerConnection, request: Request) -> Response | None:
        self.requests.append(request)
        if self._refusal is None:
            return None
        status, headers, body = self._refusal
        headers = headers.copy()
        headers["Content-Length"] = str(len(body))
        return Response(status, "Refused", headers, body)

    async def _handle(self, connection: ServerConnection) -> None:
        peer = Peer(connection)
        with self._quiet:
            self.open += 1
            self.peers.append(peer)
            self._quiet.notify_all()
        try:
            await self._script(peer)
        except ConnectionClosed:
            pass
        finally:
            # Leaving the handler would close.
            await connection.wait_closed()
            with self._quiet:
                self.open -= 1
                self._quiet.notify_all()


class Silence:
    """Accepts TCP connections and says nothing, or one thing."""

    def __init__(self, answer: bytes = b"") -> None:
        self._answer = answer
        self._sock = socket.create_server(("127.0.0.1", 0))
        self._sock.settimeout(0.05)
        self.port = self._sock.getsockname()[1]
        self.endpoint = f"http://localhost:{self.port}"
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def _accept(self) -> None:
        accepted = []
        while not self._stop.is_set():
            try:
                connection, _ = self._sock.accept()
            except TimeoutError:
                continue
            accepted.append(connection)
            if self._answer:
                connection.settimeout(HANG_GUARD)
                connection.recv(65536)
                connection.sendall(self._answer)
        for connection in accepted:
            connection.close()

    def __enter__(self) -> Silence:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(HANG_GUARD)
        self._sock.close()
