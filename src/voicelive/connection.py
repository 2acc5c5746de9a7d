"""The blocking connection. Its async counterpart is ``voicelive.aio.connection``."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar

from voicelive._connecting import BaseConnection, Connecting
from voicelive.credentials import authorize
from voicelive.exceptions import ConnectionClosed, ConnectTimeoutError, ReceiveTimeoutError
from voicelive.protocol.session import Readers, Session, Turn, as_frame, check_timeout
from voicelive.protocol.websocket import check_close
from voicelive.protocol.wire import encode_event
from voicelive.resources import (
    ConversationResource,
    InputAudioBufferResource,
    InputAudioResource,
    InputTextResource,
    OutputAudioBufferResource,
    ResponseResource,
    SessionResource,
    TranscriptionSessionResource,
)
from voicelive.transport import blocking

if TYPE_CHECKING:
    from voicelive.models import ClientEvent, ServerEventUnion
    from voicelive.transport import BlockingTransport

__all__ = ("VoiceLiveConnection", "connect")


class VoiceLiveConnection(BaseConnection):
    """A live session. It may be used from several threads: one reads, any of them send and close.

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

    def __init__(self, session: Session, transport: BlockingTransport, receive_timeout: float | None) -> None:
        super().__init__(session, transport, receive_timeout)
        self._transport = transport
        self._readers = _Threads()
        self.session = SessionResource(self)
        self.response = ResponseResource(self)
        self.input_audio_buffer = InputAudioBufferResource(self)
        self.input_audio = InputAudioResource(self)
        self.input_text = InputTextResource(self)
        self.output_audio_buffer = OutputAudioBufferResource(self)
        self.conversation = ConversationResource(self)
        self.transcription_session = TranscriptionSessionResource(self)

    def recv(self, timeout: float | None = None) -> ServerEventUnion:
        """Return the next event. An interrupted or timed-out call loses nothing.

        Args:
            timeout: Seconds to wait. Default: the ``receive_timeout`` option, without it for ever.

        Raises:
            ReceiveTimeoutError: No event came in time; the connection lives on.
            ConnectionClosed: The connection has ended, and all events before that were returned.
            ConcurrentReadError: Another thread is reading or iterating.
        """
        return self._session.decode(self.recv_bytes(timeout))

    def recv_bytes(self, timeout: float | None = None) -> bytes:
        """Return the next event as it came: UTF-8 JSON. See ``recv``."""
        limit = self._receive_timeout if timeout is None else check_timeout(timeout)
        self._readers.claim()
        try:
            if self._session.first is not None:
                return self._session.take_first()
            return self._transport.receive(limit)
        except ConnectionClosed as error:
            self._session.closed(error)
            raise
        finally:
            self._readers.release()

    def __iter__(self) -> Iterator[ServerEventUnion]:
        """Iterate over the events until the connection ends. See the class."""
        return _Events(self.recv_bytes, self._session, Turn(self._readers))

    def send(self, event: ClientEvent | Mapping[str, Any]) -> None:
        """Send an event.

        Args:
            event: An event, or a mapping by wire names with a ``type``. A known type is validated, an unknown one sent
                as it is.

        Raises:
            ValueError: The event is not valid; nothing was sent.
            ConnectionClosed: The connection has ended; the error names the event that was not sent.
        """
        self.send_bytes(encode_event(event))

    def send_bytes(self, frame: bytes | str) -> None:
        """Send an event that is encoded already: UTF-8 JSON, which is not validated. See ``send``."""
        frame = as_frame(frame)
        self._session.sending(frame)
        try:
            self._transport.send(frame)
        except ConnectionClosed as error:
            raise self._session.unsent(error, frame) from None

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the connection; closing it again does nothing. Waits for the service, at most ``close_timeout``.

        Args:
            code: 1000 (normal), or 3000 to 4999 for codes of your own.
            reason: At most 123 bytes of UTF-8.

        Raises:
            ValueError: A code that must not be sent, or a reason that is too long.
        """
        check_close(code, reason)
        self._session.closing()
        self._transport.close(code, reason)


class _Threads(Readers):
    def __init__(self) -> None:
        super().__init__()
        # Re-entrant: collecting a dropped iterator may end its loop in the midst of another call.
        self._guard = threading.RLock()

    def claim(self) -> None:
        with self._guard:
            super().claim()

    def begin(self, loop: object) -> None:
        with self._guard:
            super().begin(loop)

    def end(self, loop: object) -> None:
        with self._guard:
            super().end(loop)


class _Events(Iterator["ServerEventUnion"]):
    def __init__(self, read: Callable[[], bytes], session: Session, turn: Turn) -> None:
        self._read = read
        self._session = session
        self._turn = turn

    def __next__(self) -> ServerEventUnion:
        self._turn.hold()
        try:
            return self._session.decode(self._read())
        except ConnectionClosed as error:
            self._turn.release()
            if self._session.ends_quietly(error):
                raise StopIteration from None
            raise


# In lower case because it reads as a verb; a class because its signature is then written once, in the base.
class connect(Connecting):
    """Connect: ``with connect(endpoint=..., credential=..., model=...) as connection:``.

    The connection is live when the block begins, and closed when it ends. ``enter`` is for connections that outlive a
    block.
    """

    _connection_class: ClassVar[type] = VoiceLiveConnection
    _usage: ClassVar[str] = "with"

    _connection: VoiceLiveConnection | None = None

    def enter(self) -> VoiceLiveConnection:
        """Connect, and return the live session, to be closed with its ``close``.

        Raises:
            ConnectTimeoutError: Not connected within ``handshake_timeout``.
            HandshakeError: The service refused: ``AuthenticationError``, ``NotFoundError`` and so on.
            SessionRefusedError: It accepted the connection, but answered with an error.
            ConnectError: No connection: name lookup, refused, TLS, proxy.
            CredentialError: The credential gave no key or token.
        """
        self._begin()
        limit = self._options.handshake_timeout
        deadline = time.monotonic() + limit
        try:
            authorization = authorize(self._credential, self._scopes, limit) if self._credential is not None else None
            self._phase = "dial"
            transport = blocking.connect(self._address, self._headers(authorization), self._options, deadline=deadline)
        except ConnectTimeoutError as error:
            error.phase = self._phase
            raise
        except TimeoutError:
            raise self._timed_out() from None
        try:
            self._phase = "session.created"
            session = Session(self._address.display)
            session.begin(transport.receive(max(0.0, deadline - time.monotonic())))
        except ReceiveTimeoutError:
            transport.abort()
            raise self._timed_out() from None
        except BaseException:
            transport.abort()
            raise
        self._connection = VoiceLiveConnection(session, transport, self._options.receive_timeout)
        return self._connection

    def __enter__(self) -> VoiceLiveConnection:
        return self.enter()

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._connection is not None:
            self._connection.close()
