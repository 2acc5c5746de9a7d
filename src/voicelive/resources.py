"""The commands of a connection, each written once: ``connection.response.cancel()`` sends ``response.cancel``.

A command builds its event, which checks the arguments, and hands it to the connection's ``send``. What ``send`` gives
back is the only difference between the styles: nothing on a blocking connection, a coroutine to await on an
``voicelive.aio`` one. So the ``...Commands`` classes are generic in that type, and the ``...Resource`` classes, here
for blocking connections and in ``voicelive.aio`` for the others, give it. A function that takes, say,
``SessionCommands[T]`` and returns ``T`` serves both.

Arguments left out, or ``None``, are not sent. Bad ones raise ``TypeError`` or ``ValueError``, and nothing is sent; a
connection that is gone raises ``ConnectionClosed``, which names what was not sent. All commands take ``event_id``, an
id of your own that the service's ``error`` event names if the command fails. Without it one is made up, except for
audio, so that errors can be told apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic, Protocol, TypeVar, cast

from voicelive.models import (
    ClientEvent,
    ClientEventConversationItemCreate,
    ClientEventConversationItemDelete,
    ClientEventConversationItemRetrieve,
    ClientEventConversationItemTruncate,
    ClientEventInputAudioBufferClear,
    ClientEventInputAudioBufferCommit,
    ClientEventInputAudioClear,
    ClientEventInputAudioTurnAppend,
    ClientEventInputAudioTurnCancel,
    ClientEventInputAudioTurnEnd,
    ClientEventInputAudioTurnStart,
    ClientEventInputTextDelta,
    ClientEventInputTextDone,
    ClientEventOutputAudioBufferClear,
    ClientEventResponseCancel,
    ClientEventResponseCreate,
    ClientEventSessionAvatarConnect,
    ClientEventSessionUpdate,
    ConversationRequestItem,
    MCPApprovalResponseRequestItem,
    RequestSession,
    ResponseCreateParams,
)
from voicelive.protocol._arguments import expect, expect_mapping
from voicelive.protocol.ledger import make_id
from voicelive.protocol.wire import encode_append

SentT_co = TypeVar("SentT_co", covariant=True)
"""What sending gives: ``None``, or ``Coroutine[Any, Any, None]`` on an async connection."""

Audio = bytes | bytearray | memoryview | str
"""Raw audio bytes in the session's input format, or base64 text (RFC 4648 section 4) of them."""


class Sender(Protocol[SentT_co]):
    """What commands need of a connection."""

    def send(self, event: ClientEvent | Mapping[str, Any]) -> SentT_co:
        """Send one event."""
        ...

    def send_bytes(self, frame: bytes | str) -> SentT_co:
        """Send one event that is encoded already."""
        ...


class Commands(Generic[SentT_co]):
    """Commands bound to a connection.

    Args:
        connection: What sends them.
    """

    __slots__ = ("_connection",)

    def __init__(self, connection: Sender[SentT_co]) -> None:
        self._connection = connection

    def _send(self, kind: type[ClientEvent], *, event_id: str | None, **fields: object) -> SentT_co:
        return self._connection.send(kind(event_id=_id(event_id), **given(fields)))


def _id(event_id: str | None) -> str:
    return make_id("event") if event_id is None else event_id


def given(fields: Mapping[str, object]) -> dict[str, Any]:
    """Return the arguments that were given, to build a model from."""
    # Models validate dicts and models, not every mapping.
    return {
        name: dict(cast("Mapping[str, object]", value)) if isinstance(value, Mapping) else value
        for name, value in fields.items()
        if value is not None
    }


class SessionCommands(Commands[SentT_co]):
    """``session.*``."""

    __slots__ = ()

    def update(self, *, session: RequestSession | Mapping[str, Any], event_id: str | None = None) -> SentT_co:
        """Change the session's settings; those left out stay, and an explicit ``None`` in them is sent.

        The service answers with ``session.updated``.

        Args:
            session: The settings. ``model`` cannot change, nor ``voice`` after the service has spoken.
            event_id: See the module.
        """
        return self._send(ClientEventSessionUpdate, session=session, event_id=event_id)


class SessionAvatarCommands(Commands[SentT_co]):
    """``session.avatar.*``."""

    __slots__ = ()

    def connect(self, *, client_sdp: str, event_id: str | None = None) -> SentT_co:
        """Offer a WebRTC connection for the avatar's video.

        The service answers with ``session.avatar.connecting``, which holds its own SDP.

        Args:
            client_sdp: The SDP offer, encoded as the browser sample does: base64 of its JSON.
            event_id: See the module.
        """
        return self._send(ClientEventSessionAvatarConnect, client_sdp=client_sdp, event_id=event_id)


class ResponseCommands(Commands[SentT_co]):
    """``response.*``."""

    __slots__ = ()

    def create(
        self,
        *,
        response: ResponseCreateParams | Mapping[str, Any] | None = None,
        event_id: str | None = None,
        additional_instructions: str | None = None,
    ) -> SentT_co:
        """Have the model respond.

        The service answers with ``response.created``, at the end ``response.done``. While another response is active
        it answers with an ``error``.

        Args:
            response: Settings for this response only, instead of the session's.
            event_id: See the module.
            additional_instructions: Added to the session's instructions, for this response.
        """
        return self._send(
            ClientEventResponseCreate,
            response=response,
            event_id=event_id,
            additional_instructions=additional_instructions,
        )

    def cancel(self, *, response_id: str | None = None, event_id: str | None = None) -> SentT_co:
        """Stop a response.

        The service answers with ``response.done`` whose status is ``cancelled``, or with an ``error`` if none is
        active.

        Args:
            response_id: The response. Default: the active one.
            event_id: See the module.
        """
        return self._send(ClientEventResponseCancel, response_id=response_id, event_id=event_id)


class InputAudioBufferCommands(Commands[SentT_co]):
    """``input_audio_buffer.*``."""

    __slots__ = ()

    def append(self, *, audio: Audio, event_id: str | None = None) -> SentT_co:
        """Add audio to the input buffer. The service does not answer.

        With turn detection on, ``input_audio_buffer.speech_started`` and ``...speech_stopped`` tell what it hears.

        Args:
            audio: Raw bytes in the session's ``input_audio_format``, at most 15 MiB, or base64 text of them.
            event_id: See the module.

        Raises:
            ValueError: Text that is not base64, or more than 15 MiB.
        """
        if event_id is not None:
            expect("event_id", event_id, str, "a text")
        return self._connection.send_bytes(encode_append(audio, event_id))

    def commit(self, *, event_id: str | None = None) -> SentT_co:
        """Make the buffered audio a user message. Needed only without turn detection.

        The service answers with ``input_audio_buffer.committed`` and ``conversation.item.created``, or with an
        ``error`` if the buffer is empty.
        """
        return self._send(ClientEventInputAudioBufferCommit, event_id=event_id)

    def clear(self, *, event_id: str | None = None) -> SentT_co:
        """Throw the buffered audio away. The service answers with ``input_audio_buffer.cleared``."""
        return self._send(ClientEventInputAudioBufferClear, event_id=event_id)


class InputAudioCommands(Commands[SentT_co]):
    """``input_audio.*``."""

    __slots__ = ()

    def clear(self, *, event_id: str | None = None) -> SentT_co:
        """Throw away the input audio being streamed. No answer of the service is documented (API 2026-07-15)."""
        return self._send(ClientEventInputAudioClear, event_id=event_id)


class InputAudioTurnCommands(Commands[SentT_co]):
    """``input_audio.turn.*``: user turns whose bounds the client sets.

    No answers of the service are documented (API 2026-07-15).
    """

    __slots__ = ()

    def start(self, *, turn_id: str, event_id: str | None = None) -> SentT_co:
        """Begin a turn.

        Args:
            turn_id: An id of your own for the turn.
            event_id: See the module.
        """
        return self._send(ClientEventInputAudioTurnStart, turn_id=turn_id, event_id=event_id)

    def append(self, *, turn_id: str, audio: Audio, event_id: str | None = None) -> SentT_co:
        """Add audio to a turn.

        Args:
            turn_id: The id the turn was started with.
            audio: Raw bytes in the session's ``input_audio_format``, or base64 text of them.
            event_id: See the module.
        """
        return self._send(ClientEventInputAudioTurnAppend, turn_id=turn_id, audio=audio, event_id=event_id)

    def end(self, *, turn_id: str, event_id: str | None = None) -> SentT_co:
        """End a turn: its audio is complete."""
        return self._send(ClientEventInputAudioTurnEnd, turn_id=turn_id, event_id=event_id)

    def cancel(self, *, turn_id: str, event_id: str | None = None) -> SentT_co:
        """Drop a turn and its audio."""
        return self._send(ClientEventInputAudioTurnCancel, turn_id=turn_id, event_id=event_id)


class InputTextCommands(Commands[SentT_co]):
    """``input_text.*``: text input in pieces.

    No answers of the service are documented (API 2026-07-15).
    """

    __slots__ = ()

    def delta(
        self,
        *,
        id: str,  # noqa: A002 - the name on the wire
        delta: str,
        content_index: int | None = None,
        event_id: str | None = None,
    ) -> SentT_co:
        """Send the next piece of a text.

        Args:
            id: An id of your own for the text.
            delta: The piece.
            content_index: Index of the content part it belongs to. The service's default: 0.
            event_id: See the module.
        """
        return self._send(ClientEventInputTextDelta, id=id, delta=delta, content_index=content_index, event_id=event_id)

    def done(
        self,
        *,
        id: str,  # noqa: A002 - the name on the wire
        content_index: int | None = None,
        event_id: str | None = None,
    ) -> SentT_co:
        """End a text: its pieces are complete.

        Args:
            id: The id of its pieces.
            content_index: Index of the content part it belongs to. The service's default: 0.
            event_id: See the module.
        """
        return self._send(ClientEventInputTextDone, id=id, content_index=content_index, event_id=event_id)


class OutputAudioBufferCommands(Commands[SentT_co]):
    """``output_audio_buffer.*``."""

    __slots__ = ()

    def clear(self, *, event_id: str | None = None) -> SentT_co:
        """Throw away audio that the service has not sent yet.

        The service answers with ``output_audio_buffer.cleared``.
        """
        return self._send(ClientEventOutputAudioBufferClear, event_id=event_id)


class ConversationItemCommands(Commands[SentT_co]):
    """``conversation.item.*``."""

    __slots__ = ()

    def create(
        self,
        *,
        item: ConversationRequestItem | Mapping[str, Any],
        previous_item_id: str | None = None,
        event_id: str | None = None,
    ) -> SentT_co:
        """Add an item to the conversation.

        The service answers with ``conversation.item.created``, and does not respond to the item before
        ``response.create``.

        Args:
            item: A message, a function call or its output, or an approval.
            previous_item_id: The item to add it after; ``"root"``: at the beginning. Default: at the end.
            event_id: See the module.
        """
        return self._send(
            ClientEventConversationItemCreate, item=item, previous_item_id=previous_item_id, event_id=event_id
        )

    def delete(self, *, item_id: str, event_id: str | None = None) -> SentT_co:
        """Remove an item. The service answers with ``conversation.item.deleted``."""
        return self._send(ClientEventConversationItemDelete, item_id=item_id, event_id=event_id)

    def retrieve(self, *, item_id: str, event_id: str | None = None) -> SentT_co:
        """Ask for an item as the service holds it. The service answers with ``conversation.item.retrieved``."""
        return self._send(ClientEventConversationItemRetrieve, item_id=item_id, event_id=event_id)

    def truncate(self, *, item_id: str, audio_end_ms: int, content_index: int, event_id: str | None = None) -> SentT_co:
        """Cut off what the user did not hear of a spoken assistant message, its text included.

        The service answers with ``conversation.item.truncated``.

        Args:
            item_id: The assistant's message.
            audio_end_ms: Milliseconds of it that were played.
            content_index: Index of the content part with the audio.
            event_id: See the module.
        """
        return self._send(
            ClientEventConversationItemTruncate,
            item_id=item_id,
            audio_end_ms=audio_end_ms,
            content_index=content_index,
            event_id=event_id,
        )

    def approve_mcp(self, *, approval_request_id: str, approve: bool, event_id: str | None = None) -> SentT_co:
        """Allow or refuse a tool call of an MCP server that asks for approval.

        Sends ``conversation.item.create`` with an ``mcp_approval_response``; the service answers with
        ``conversation.item.created``.

        Args:
            approval_request_id: Id of the ``mcp_approval_request`` item.
            approve: Whether the tool may run.
            event_id: See the module.
        """
        item = MCPApprovalResponseRequestItem(approval_request_id=approval_request_id, approve=approve)
        return self.create(item=item, event_id=event_id)


class TranscriptionSessionCommands(Commands[SentT_co]):
    """``transcription_session.*``."""

    __slots__ = ()

    def update(self, *, session: Mapping[str, Any], event_id: str | None = None) -> SentT_co:
        """Change the settings of a transcription session. They are sent as they are: no model of them is documented.

        Args:
            session: The settings, under their names on the wire.
            event_id: See the module.
        """
        settings = dict(expect_mapping("session", session))
        return self._connection.send(
            {"type": "transcription_session.update", "event_id": _id(event_id), "session": settings}
        )


class SessionAvatarResource(SessionAvatarCommands[None]):
    """``session.avatar.*``, blocking."""

    __slots__ = ()


class SessionResource(SessionCommands[None]):
    """``session.*``, blocking."""

    __slots__ = ("avatar",)

    def __init__(self, connection: Sender[None]) -> None:
        super().__init__(connection)
        self.avatar: SessionAvatarResource = SessionAvatarResource(connection)


class ResponseResource(ResponseCommands[None]):
    """``response.*``, blocking."""

    __slots__ = ()


class InputAudioBufferResource(InputAudioBufferCommands[None]):
    """``input_audio_buffer.*``, blocking."""

    __slots__ = ()


class InputAudioTurnResource(InputAudioTurnCommands[None]):
    """``input_audio.turn.*``, blocking."""

    __slots__ = ()


class InputAudioResource(InputAudioCommands[None]):
    """``input_audio.*``, blocking."""

    __slots__ = ("turn",)

    def __init__(self, connection: Sender[None]) -> None:
        super().__init__(connection)
        self.turn: InputAudioTurnResource = InputAudioTurnResource(connection)


class InputTextResource(InputTextCommands[None]):
    """``input_text.*``, blocking."""

    __slots__ = ()


class OutputAudioBufferResource(OutputAudioBufferCommands[None]):
    """``output_audio_buffer.*``, blocking."""

    __slots__ = ()


class ConversationItemResource(ConversationItemCommands[None]):
    """``conversation.item.*``, blocking."""

    __slots__ = ()


class ConversationResource(Commands[None]):
    """``conversation.*``, blocking."""

    __slots__ = ("item",)

    def __init__(self, connection: Sender[None]) -> None:
        super().__init__(connection)
        self.item: ConversationItemResource = ConversationItemResource(connection)


class TranscriptionSessionResource(TranscriptionSessionCommands[None]):
    """``transcription_session.*``, blocking."""

    __slots__ = ()
