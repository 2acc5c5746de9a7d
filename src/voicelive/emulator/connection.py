"""One TCP connection of the embedded service: its wire, its TLS, and the WebSocket library on top."""

from __future__ import annotations

import asyncio
import logging
import ssl
from typing import ClassVar, cast

from websockets.asyncio.server import ServerConnection
from websockets.datastructures import Headers
from websockets.http11 import Response

from voicelive.emulator import handshake
from voicelive.emulator.faults import Drip, Refuse, WrongAccept
from voicelive.emulator.injection import Injector
from voicelive.emulator.recorder import Recorder
from voicelive.emulator.wire import Wire

__all__ = ("Connection", "connection_class")

_log = logging.getLogger("voicelive.emulator")
_TLS_SECONDS = 10.0


class Connection(ServerConnection):
    """A connection whose bytes pass a wire that misbehaves when told to.

    TLS is begun here and not by the listener, so that faults may come before it.
    """

    injector: ClassVar[Injector]
    ssl_context: ClassVar[ssl.SSLContext | None]

    number: int
    wire: Wire
    recorder: Recorder | None = None
    talks = False
    """Whether the WebSocket library has it: the accept, and TLS, are over."""
    _early = b""
    _accepts_wrongly = False
    _securing: asyncio.Task[None] | None = None

    # asyncio's callbacks

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let the faults meant for the accept act, then go on."""
        self.number = self.injector.next_number()
        self.wire = Wire(cast(asyncio.Transport, transport), self)
        self.wire.pause_reading()
        self.injector.opened(self)
        self.injector.accepted(self)
        self.wire.then(self._begin)

    def _begin(self) -> None:
        if self.ssl_context is None:
            self._talk()
        else:
            self._securing = asyncio.get_running_loop().create_task(self._secure(self.ssl_context))

    async def _secure(self, context: ssl.SSLContext) -> None:
        transport = self.wire.transport
        try:
            secured = await asyncio.get_running_loop().start_tls(
                transport, self, context, server_side=True, ssl_handshake_timeout=_TLS_SECONDS
            )
        except (OSError, EOFError) as error:
            _log.info("connection %d did not get through TLS: %s", self.number, type(error).__name__)
            transport.abort()
            self._end()
            return
        if secured is None:  # It was lost meanwhile.
            self._end()
            return
        self.wire.use(secured)
        self._talk()

    def _talk(self) -> None:
        self.talks = True
        super().connection_made(self.wire)
        self.wire.resume_reading()
        self.wire.feed(self._early)

    def data_received(self, data: bytes) -> None:
        """Pass what came to the wire."""
        if self.talks:
            self.wire.feed(data)
        else:  # It came in one piece with the end of the TLS handshake.
            self._early += data

    def eof_received(self) -> None:
        """Tell the library that nothing more will come."""
        if self.talks:
            super().eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the library, and forget the connection."""
        self._end()
        if self.talks:
            super().connection_lost(exc)

    def _end(self) -> None:
        self.wire.lost()
        self.injector.closed(self)

    def pause_writing(self) -> None:
        """Pass on that the system takes no more."""
        self.wire.block()

    def resume_writing(self) -> None:
        """Pass on that the system takes more."""
        self.wire.unblock()

    # What the wire tells

    def deliver(self, data: bytes) -> None:
        """Take bytes that have come."""
        super().data_received(data)

    def pause_sending(self) -> None:
        """Let the library wait."""
        super().pause_writing()

    def resume_sending(self) -> None:
        """Let the library go on."""
        super().resume_writing()

    def note(self, fault: str) -> None:
        """Write down that a fault acts."""
        if self.recorder is not None:
            self.recorder.fault(fault)

    # The upgrade

    def upgrading(self) -> Response | None:
        """Let the faults meant for the upgrade act; return the answer that refuses it, if one does."""
        refused: Response | None = None
        for action in self.injector.upgrading(self):
            match action:
                case Drip():
                    self.wire.drip(action)
                case WrongAccept():
                    self._accepts_wrongly = True
                case Refuse():
                    refused = _refusal(action)
        return refused

    def answering(self, headers: Headers) -> None:
        """Spoil the headers of the answer if a fault says so."""
        if self._accepts_wrongly and "Sec-WebSocket-Accept" in headers:
            del headers["Sec-WebSocket-Accept"]
            headers["Sec-WebSocket-Accept"] = "bm90IHRoZSByaWdodCBrZXk="


def connection_class(injector: Injector, context: ssl.SSLContext | None) -> type[Connection]:
    """Return the class of an emulator's connections."""

    class Bound(Connection):
        pass

    Bound.injector = injector
    Bound.ssl_context = context
    return Bound


def _refusal(action: Refuse) -> Response:
    response = handshake.answer(action.status, "The service was told to refuse.")
    if action.body is not None:
        response.body = action.body.encode()
        del response.headers["Content-Length"]
        response.headers["Content-Length"] = str(len(response.body))
    for name, value in action.headers.items():
        if name in response.headers:
            del response.headers[name]
        response.headers[name] = value
    return response
