"""The async connection, on asyncio and trio. Its blocking counterpart is ``voicelive.connection``."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar

import anyio
import anyio.to_thread

from voicelive._connecting import BaseConnection, Connecting
from voicelive.aio.resources import (
    ConversationResource,
    InputAudioBufferResource,
    InputAudioResource,
    InputTextResource,
    OutputAudioBufferResource,
    ResponseResource,
    SessionResource,
    TranscriptionSessionResource,
)
from voicelive.credentials import authorize_async
from voicelive.exceptions import ConnectionClosed, ReceiveTimeoutError
from voicelive.protocol.session import Readers, Session, Turn, as_frame, check_timeout
from voicelive.protocol.websocket import check_close
from voicelive.protocol.wire import encode_event

if TYPE_CHECKING:
    from voicelive.models import ClientEvent, ServerEventUnion
    from voicelive.protocol.address import Address
    from voicelive.protocol.options import TransportOptions
    from voicelive.transport import AsyncTransport

__all__ = ("VoiceLiveConnection", "connect")


class VoiceLiveConnection(BaseConnection):
    """A live session. One task reads; any task sends and closes.

    Iterate over it for the service's events. Iteration ends when this side closes, or the service does with code 1000;
    any other end raises ``ConnectionClosed``.

    Made by ``connect``.
    """

    session: SessionResource
    """``session.*`` commands."""
    response: ResponseResource
    """``response.*`` commands."""
    input_audio_buffer: InputAudioBufferResource
    """``input_audio_buffer.*`` commands."""
    input_audio: InputAudioResource
    """``input_audio.*`` commands."""
    input_text: InputTextResource
    """``input_text.*`` commands."""
    output_audio_buffer: OutputAudioBufferResource
    """``output_audio_buffer.*`` commands."""
    conversation: ConversationResource
    """``conversation.*`` commands."""
    transcription_session: TranscriptionSessionResource
    """``transcription_session.*`` commands."""

    def __init__(
        self,
        session: Session,
        transport: AsyncTransport,
        receive_timeout: float | None,
    ) -> None:
        super().__init__(session, transport, receive_timeout)
        self._transport = transport
        self._readers = Readers()
        self.session = SessionResource(self)
        self.response = ResponseResource(self)
        self.input_audio_buffer = InputAudioBufferResource(self)
        self.input_audio = InputAudioResource(self)
        self.input_text = InputTextResource(self)
        self.output_audio_buffer = OutputAudioBufferResource(self)
        self.conversation = ConversationResource(self)
        self.transcription_session = TranscriptionSessionResource(self)

    async def recv(self, timeout: float | None = None) -> ServerEventUnion:
        """Return the next event. A cancelled or timed-out call loses nothing.

        Args:
            timeout: Seconds to wait. Default: the ``receive_timeout`` option, without it for ever.

        Raises:
            ReceiveTimeoutError: No event came in time; the connection lives on.
            ConnectionClosed: The connection has ended, and all events before that were returned.
            ConcurrentReadError: Another task is reading or iterating.
        """
        return self._session.decode(await self.recv_bytes(timeout))

    async def recv_bytes(self, timeout: float | None = None) -> bytes:
        """Return the next event as it came: UTF-8 JSON. See ``recv``."""
        limit = self._receive_timeout if timeout is None else check_timeout(timeout)
        self._readers.claim()
        try:
            if self._session.first is not None:
                return self._session.take_first()
            if limit is None:
                return await self._transport.receive()
            with anyio.move_on_after(limit):
                return await self._transport.receive()
            raise ReceiveTimeoutError(limit)
        except ConnectionClosed as error:
            self._session.closed(error)
            raise
        finally:
            self._readers.release()

    def __aiter__(self) -> AsyncIterator[ServerEventUnion]:
        """Iterate over the events until the connection ends. See the class."""
        return _Events(self.recv_bytes, self._session, Turn(self._readers))

    async def send(self, event: ClientEvent | Mapping[str, Any]) -> None:
        """Send an event.

        Args:
            event: An event, or a mapping by wire names with a ``type``. A known type is validated, an unknown one sent
                as it is.

        Raises:
            ValueError: The event is not valid; nothing was sent.
            ConnectionClosed: The connection has ended; the error names the event that was not sent.
        """
        await self.send_bytes(encode_event(event))

    async def send_bytes(self, frame: bytes | str) -> None:
        """Send an event that is encoded already: UTF-8 JSON, which is not validated. See ``send``."""
        frame = as_frame(frame)
        self._session.sending(frame)
        try:
            await self._transport.send(frame)
        except ConnectionClosed as error:
            raise self._session.unsent(error, frame) from None

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the connection; closing it again does nothing. Waits for the service, at most ``close_timeout``.

        Args:
            code: 1000 (normal), or 3000 to 4999 for codes of your own.
            reason: At most 123 bytes of UTF-8.

        Raises:
            ValueError: A code that must not be sent, or a reason that is too long.
        """
        check_close(code, reason)
        self._session.closing()
        try:
            await self._transport.close(code, reason)
        except BaseException:
            self._transport.abort()
            raise


class _Events(AsyncIterator["ServerEventUnion"]):
    def __init__(
        self,
        read: Callable[[], Coroutine[Any, Any, bytes]],
        session: Session,
        turn: Turn,
    ) -> None:
        self._read = read
        self._session = session
        self._turn = turn

    async def __anext__(self) -> ServerEventUnion:
        self._turn.hold()
        try:
            return self._session.decode(await self._read())
        except ConnectionClosed as error:
            self._turn.release()
            if self._session.ends_quietly(error):
                raise StopAsyncIteration from None
            raise


# In lower case because it reads as a verb; a class because its signature is then written once, in the base.
class connect(Connecting):
    """Connect: ``async with connect(endpoint=..., credential=..., model=...) as connection:``.

    The connection is live when the block begins, and closed when it ends. ``await connect(...).enter()`` is for
    connections that outlive a block. Works on asyncio and trio.
    """

    _connection_class: ClassVar[type] = VoiceLiveConnection
    _usage: ClassVar[str] = "async with"

    _connection: VoiceLiveConnection | None = None

    async def enter(self) -> VoiceLiveConnection:
        """Connect, and return the live session, to be closed with its ``close``.

        Raises:
            ConnectTimeoutError: Not connected within ``handshake_timeout``.
            HandshakeError: The service refused: ``AuthenticationError``, ``NotFoundError`` and so on.
            SessionRefusedError: It accepted the connection, but answered with an error.
            ConnectError: No connection: name lookup, refused, TLS, proxy.
            CredentialError: The credential gave no key or token.
        """
        self._begin()
        with anyio.move_on_after(self._options.handshake_timeout):
            self._connection = await self._open()
            return self._connection
        raise self._timed_out()

    async def _open(self) -> VoiceLiveConnection:
        in_thread = partial(anyio.to_thread.run_sync, abandon_on_cancel=True)
        authorization = (
            await authorize_async(self._credential, self._scopes, in_thread) if self._credential is not None else None
        )
        self._phase = "dial"
        transport = await _driver()(self._address, self._headers(authorization), self._options)
        try:
            self._phase = "session.created"
            session = Session(self._address.display)
            session.begin(await transport.receive())
        except BaseException:
            transport.abort()
            raise
        return VoiceLiveConnection(session, transport, self._options.receive_timeout)

    async def __aenter__(self) -> VoiceLiveConnection:
        return await self.enter()

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._connection is not None:
            await self._connection.close()


Dial = Callable[["Address", Sequence[tuple[str, str]], "TransportOptions"], Coroutine[Any, Any, "AsyncTransport"]]


def _driver() -> Dial:
    """Return what dials under the library that is running."""
    # trio is imported by whoever runs it.
    trio = sys.modules.get("trio")
    if trio is not None and trio.lowlevel.in_trio_run():
        from voicelive.transport import trio as trio_driver

        return trio_driver.connect
    from voicelive.transport import asyncio as asyncio_driver

    return asyncio_driver.connect
