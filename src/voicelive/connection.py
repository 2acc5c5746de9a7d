"""The blocking connection. Its async counterpart is ``voicelive.aio.connection``."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

from voicelive._answering import Answers, Handle, WhenActive, raise_unhandled
from voicelive._connecting import BaseConnection, Connecting
from voicelive._dialling import BlockingLinks, Mended
from voicelive._event_methods import BlockingWaiting
from voicelive._pulling import Puller, finish
from voicelive._sending import Outgoing
from voicelive.exceptions import ConnectionClosed, NotConnectedError, ReceiveTimeoutError
from voicelive.models import ClientEventResponseCreate
from voicelive.protocol.handlers import Handlers
from voicelive.protocol.readers import Turn
from voicelive.protocol.session import Session, check_timeout
from voicelive.protocol.stream import Stream
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
    given,
)
from voicelive.transport import Nudged
from voicelive.transport._sockets import SLICE

if TYPE_CHECKING:
    from voicelive._reconnecting import MakeReconnector
    from voicelive.calls import Call
    from voicelive.models import (
        ClientEvent,
        Response,
        ResponseCreateParams,
        ResponseFunctionCallItem,
        ServerEventUnion,
    )
    from voicelive.protocol.options import TransportOptions
    from voicelive.transport import BlockingTransport

__all__ = ("ResponseHandle", "VoiceLiveConnection", "connect")

T = TypeVar("T")


class VoiceLiveConnection(BlockingWaiting, BaseConnection):
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

    def __init__(
        self,
        session: Session,
        transport: BlockingTransport,
        options: TransportOptions,
        reconnector: MakeReconnector[BlockingTransport] | None = None,
        handlers: Handlers | None = None,
    ) -> None:
        super().__init__(session, transport, options)
        self._handlers = Handlers(coroutines=False) if handlers is None else handlers
        self._transport: BlockingTransport = transport
        # Re-entrant: collecting a dropped iterator may end its loop in the midst of another call.
        self._stream = Stream(session, self._handlers, threading.RLock())
        self._io = _IO(self, transport)
        self._puller = Puller(session, self._stream, self._io)
        mending = None if reconnector is None else reconnector(session, self._stream, self._io, transport)
        if mending is not None:
            self._puller = mending
            self._transport = self._link = Mended(mending)
        self._outgoing = Outgoing(session, self._stream, self._io.now, self._room, self._link, options)
        if mending is not None:
            mending.on_live = self._outgoing.drain
        self.session = SessionResource(self)
        self.response = ResponseResource(self)
        self.input_audio_buffer = InputAudioBufferResource(self)
        self.input_audio = InputAudioResource(self)
        self.input_text = InputTextResource(self)
        self.output_audio_buffer = OutputAudioBufferResource(self)
        self.conversation = ConversationResource(self)
        self.transcription_session = TranscriptionSessionResource(self)

    @cached_property
    def _answers(self) -> Answers:
        return Answers(self._session, self._stream, self._puller, self._io)

    def recv(self, timeout: float | None = None) -> ServerEventUnion:
        """Return the next event. An interrupted or timed-out call loses nothing.

        Args:
            timeout: Seconds to wait. Default: the ``receive_timeout`` option, without it for ever.

        Raises:
            ReceiveTimeoutError: No event came in time; the connection lives on.
            ConnectionClosed: The connection has ended, and all events before that were returned.
            ConcurrentReadError: Another thread is reading or iterating.
        """
        event: ServerEventUnion = self._receive(timeout)
        return event

    def recv_bytes(self, timeout: float | None = None) -> bytes:
        """Return the next event as it came: UTF-8 JSON. See ``recv``."""
        frame: bytes = self._receive(timeout, raw=True)
        return frame

    def _receive(self, timeout: float | None = None, *, raw: bool = False) -> Any:
        limit = self._receive_timeout if timeout is None else check_timeout(timeout)
        stream = self._stream
        with stream.guard:
            alone = stream.claim()
        if alone:
            # Most programs only ever come this way: it does without all that they do not need.
            try:
                frame = self._transport.receive(limit)
                if stream.idle:
                    return frame if raw else self._session.decode(frame)
                stream.waiting = True
                with stream.guard:
                    stream.route(frame)
            except (ConnectionClosed, Nudged):
                # The puller will meet the end too, or whatever there is to see.
                stream.waiting = True
            finally:
                stream.leader = None
                # In this order: whoever falls asleep looks for a leader afterwards.
                if stream.sleepers:
                    stream.yield_lead(None)
        try:
            arrived = finish(self._puller.take(stream.reader, limit))
            return arrived.as_frame() if raw else arrived.event
        finally:
            stream.waiting = False

    def __iter__(self) -> Iterator[ServerEventUnion]:
        """Iterate over the events until the connection ends. See the class."""
        return _Events(self._receive, self._session, Turn(self._stream))

    def _wait_for(self, event: Any, timeout: float | None) -> Any:
        return finish(self._answers.wait_for(event, timeout))

    def run(self) -> None:
        """Have the handlers called until the connection ends, for programs that do nothing else with events.

        Ends as iteration does.

        Raises:
            ServerError: The service sent an error that no handler and no call got, and that is not benign.
            ConnectionClosed: The connection ended otherwise than normally.
            ConcurrentReadError: Another thread is reading or iterating.
        """
        for _ in _Events(self._receive_handled, self._session, Turn(self._stream)):
            pass

    def _receive_handled(self) -> Any:
        stream = self._stream
        with stream.guard:
            stream.claim_with_others()
        try:
            arrived = finish(self._puller.take(stream.reader, self._receive_timeout))
        finally:
            stream.waiting = False
        raise_unhandled(arrived)
        return arrived.event

    def call(self, call: Call[T], *, timeout: float | None = None) -> T:
        """Send a command and wait for its answer: ``call(update_session(...))``; see ``voicelive.calls``.

        Args:
            call: The command.
            timeout: Seconds to wait for the answer. Default: for ever.

        Returns:
            The event that answers.

        Raises:
            ServerError: The service answered with an error.
            ReceiveTimeoutError: There was no answer in time; it may still come.
            EventLostError: The connection was made anew, and the command cannot be carried out on it.
            ConnectionClosed: The connection ended first.
        """
        return finish(self._answers.call(call, timeout))

    def respond(
        self,
        *,
        response: ResponseCreateParams | Mapping[str, Any] | None = None,
        additional_instructions: str | None = None,
        when_active: WhenActive = "wait",
        timeout: float | None = None,
    ) -> ResponseHandle:
        """Have the model respond, once no other response is active, and return a handle of the response.

        An entry in the response's ``metadata``, which the service sends back, tells it from those of turn detection.

        Args:
            response: Settings for this response only, instead of the session's.
            additional_instructions: Added to the session's instructions, for this response.
            when_active: What to do while another response is active: ``"wait"`` for its end, ``"cancel"`` it, or
                ``"refuse"`` to start another one.
            timeout: Seconds to wait until the response begins. Default: for ever.

        Raises:
            ResponseActiveError: Another one is active, and ``when_active="refuse"``.
            ServerError: The service refused.
            ReceiveTimeoutError: It did not begin in time. If it was asked for already, it may still begin.
            ConnectionClosed: The connection ended first.
        """
        event = ClientEventResponseCreate(
            **given({"response": response, "additional_instructions": additional_instructions})
        )
        return ResponseHandle(self._answers, finish(self._answers.respond(event, when_active, timeout)))

    def send(self, event: ClientEvent | Mapping[str, Any]) -> None:
        """Send an event.

        Args:
            event: An event, or a mapping by wire names with a ``type``. A known type is validated, an unknown one sent
                as it is.

        Raises:
            ValueError: The event is not valid; nothing was sent.
            SendTimeoutError: The network did not take it within the ``send_timeout`` option; the connection lives on.
            ConnectionClosed: The connection has ended; the error names the event that was not sent.
        """
        self.send_bytes(encode_event(event))

    def send_bytes(self, frame: bytes | str) -> None:
        """Send an event that is encoded already: UTF-8 JSON, which is not validated. See ``send``."""
        frame = self._session.sending(frame)
        outgoing = self._outgoing
        try:
            if outgoing.slow or outgoing.queue.busy:
                finish(outgoing.send(frame))
            else:
                self._transport.send(frame)
        except ConnectionClosed as error:
            raise self._session.unsent(error, frame) from None

    async def _room(self, timeout: float | None) -> None:
        self._transport.room(timeout)

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Close the connection; closing it again does nothing.

        What is queued is sent first. That takes at most ``close_timeout``, and so does waiting for the service then.

        Args:
            code: 1000 (normal), or 3000 to 4999 for codes of your own.
            reason: At most 123 bytes of UTF-8.

        Raises:
            ValueError: A code that must not be sent, or a reason that is too long.
        """
        check_close(code, reason)
        self._session.closing()
        try:
            if self._outgoing.used:
                finish(self._outgoing.flush())
            self._transport.close(code, reason)
        except BaseException:
            self._transport.abort()
            raise
        finally:
            if self._outgoing.used:
                self._outgoing.finish(self._link.closed or ConnectionClosed(code, reason, initiated_by="client"))


class ResponseHandle(Handle):
    """A response that was asked for with ``respond``. Iterate over it for its events, up to ``response.done``.

    What it brings is there however the events are read; ``recv`` and iteration over the connection get them too.
    """

    def done(self, timeout: float | None = None, *, check: bool = False) -> Response:
        """Wait for its end, and return the complete response.

        Args:
            timeout: Seconds to wait. Default: for ever.
            check: Whether any other end than ``"completed"`` is an error.

        Raises:
            ResponseFailedError: It failed, was cancelled or is incomplete, and ``check`` was given.
            ReceiveTimeoutError: It did not end in time; it goes on.
            ConnectionClosed: The connection ended first.
        """
        return finish(self._answers.end(self._taker, timeout, check=check))

    def text(self, timeout: float | None = None) -> str:
        """Wait for its end, and return what it says: the text, or the transcript of its speech. See ``done``."""
        self.done(timeout)
        return self._taker.text()

    def audio(self, timeout: float | None = None) -> bytes:
        """Wait for its end, and return its audio in the session's ``output_audio_format``. See ``done``.

        Raises:
            EventsDroppedError: It is too long to be kept (more than about eight minutes): iterate instead.
            RuntimeError: It was iterated over, and the audio was to be taken there.
        """
        self.done(timeout)
        return self._taker.audio()

    def function_calls(self, timeout: float | None = None) -> list[ResponseFunctionCallItem]:
        """Wait for its end, and return the functions it calls. See ``done``."""
        self.done(timeout)
        return self._taker.function_calls()

    def cancel(self) -> None:
        """Cancel it; it ends with the status ``"cancelled"``. Does nothing once it has ended."""
        finish(self._answers.cancel(self._taker))

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> ServerEventUnion:
        event = finish(self._answers.next_event(self._taker))
        if event is None:
            raise StopIteration
        return event


class _IO:
    """See ``_pulling.IO``."""

    asynchronous = False

    def __init__(self, connection: VoiceLiveConnection, transport: BlockingTransport) -> None:
        self.now = time.monotonic
        self.waker = _Waker
        self._connection = connection
        self._transport = transport

    async def receive(self, timeout: float | None) -> bytes:
        """See ``_pulling.IO``."""
        return self._transport.receive(timeout)

    async def send(self, frame: bytes) -> None:
        """See ``_pulling.IO``."""
        self._connection.send_bytes(frame)


class _Waker:
    """See ``protocol.stream.Waker``."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self.set = self._event.set

    async def wait(self, timeout: float | None) -> None:
        """See ``protocol.stream.Waker``."""
        deadline = None if timeout is None else time.monotonic() + timeout
        # In slices: on Windows, Ctrl-C is seen in between only.
        while not self._event.wait(SLICE if deadline is None else max(0.0, min(SLICE, deadline - time.monotonic()))):
            if timeout is not None and deadline is not None and time.monotonic() >= deadline:
                raise ReceiveTimeoutError(timeout)


class _Events(Iterator["ServerEventUnion"]):
    def __init__(self, read: Callable[[], ServerEventUnion], session: Session, turn: Turn) -> None:
        self._read = read
        self._session = session
        self._turn = turn

    def __next__(self) -> ServerEventUnion:
        self._turn.hold()
        try:
            return self._read()
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
    _coroutines: ClassVar[bool] = False

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
        target = self._begin()
        links = BlockingLinks(target)
        session, transport = finish(self._open(links, _Waker))
        reconnector = self._reconnector(links, target)
        self._connection = VoiceLiveConnection(session, transport, target.options, reconnector, self._handlers)
        return self._connection

    @property
    def connection(self) -> VoiceLiveConnection:
        """The connection, for handlers that were added before it was open.

        Raises:
            NotConnectedError: It is not open yet.
        """
        if self._connection is None:
            raise NotConnectedError(f"there is no connection yet; write `{self._usage} connect(...) as connection:`")
        return self._connection

    def run(self) -> None:
        """Connect, have the handlers called until the connection ends, and close it.

        See ``run`` of the connection.
        """
        with self as connection:
            connection.run()

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
