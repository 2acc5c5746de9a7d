"""Events that the client sends."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from voicelive.models._base import Base64, Between, Int, Model, Needed, Rule, Secret, Str, Unknown
from voicelive.models._values import decoded_size
from voicelive.models.items import ConversationRequestItemUnion
from voicelive.models.response import ResponseCreateParams
from voicelive.models.session import RequestSession

__all__ = (
    "ClientEvent",
    "ClientEventConversationItemCreate",
    "ClientEventConversationItemDelete",
    "ClientEventConversationItemRetrieve",
    "ClientEventConversationItemTruncate",
    "ClientEventInputAudioBufferAppend",
    "ClientEventInputAudioBufferClear",
    "ClientEventInputAudioBufferCommit",
    "ClientEventInputAudioClear",
    "ClientEventInputAudioTurnAppend",
    "ClientEventInputAudioTurnCancel",
    "ClientEventInputAudioTurnEnd",
    "ClientEventInputAudioTurnStart",
    "ClientEventInputTextDelta",
    "ClientEventInputTextDone",
    "ClientEventOutputAudioBufferClear",
    "ClientEventResponseCancel",
    "ClientEventResponseCreate",
    "ClientEventSessionAvatarConnect",
    "ClientEventSessionUpdate",
    "ClientEventUnion",
    "KnownClientEvent",
    "UnknownClientEvent",
)


MAX_APPEND = 15 * 1024 * 1024
"""The most audio one event may carry, in bytes before base64."""


class _AtMost15MiB(Rule):
    def refusal(self, value: str) -> str | None:
        return (
            None if decoded_size(value) <= MAX_APPEND else "must be at most 15 MiB of audio; send it in several events"
        )


class ClientEvent(Model):
    """Base of the events that the client sends. Since api-version 2025-10-01."""

    event_id: Str | None = None
    """Id of your choice. An ``error`` that this event causes names it as ``error.event_id``."""


# Session


class ClientEventSessionUpdate(ClientEvent):
    """Changes the session. Answered by ``session.updated``.

    Only the fields that are set change. ``model`` cannot change, nor ``voice`` once audio was produced.
    Since api-version 2025-10-01.
    """

    type: Literal["session.update"] = "session.update"
    """Type of the event."""

    session: RequestSession
    """What to change."""


class ClientEventSessionAvatarConnect(ClientEvent):
    """Offers the avatar's WebRTC connection. Answered by ``session.avatar.connecting``.

    Since api-version 2025-10-01.
    """

    type: Literal["session.avatar.connect"] = "session.avatar.connect"
    """Type of the event."""

    client_sdp: Secret[str]
    """The client's SDP offer (RFC 8866), which holds ICE passwords and is not shown."""


# Audio of the user


class ClientEventInputAudioBufferAppend(ClientEvent):
    """Adds audio to the input buffer. Not answered.

    With turn detection the service finds the turns in it; without, end a turn with ``input_audio_buffer.commit``.
    Since api-version 2025-10-01.
    """

    type: Literal["input_audio_buffer.append"] = "input_audio_buffer.append"
    """Type of the event."""

    audio: Annotated[Base64, _AtMost15MiB()]
    """Audio as base64, in the session's ``input_audio_format``, at most 15 MiB. Bytes are encoded when given."""


class ClientEventInputAudioBufferCommit(ClientEvent):
    """Makes the buffered audio a user message. Answered by ``input_audio_buffer.committed``.

    An empty buffer is an error. No response is started: ask for it with ``response.create``. Turn detection commits by
    itself. Since api-version 2025-10-01.
    """

    type: Literal["input_audio_buffer.commit"] = "input_audio_buffer.commit"
    """Type of the event."""


class ClientEventInputAudioBufferClear(ClientEvent):
    """Discards the buffered audio. Answered by ``input_audio_buffer.cleared``. Since api-version 2025-10-01."""

    type: Literal["input_audio_buffer.clear"] = "input_audio_buffer.clear"
    """Type of the event."""


class ClientEventInputAudioClear(ClientEvent):
    """Discards all audio still being streamed in, that of open turns included. Since api-version 2025-10-01."""

    type: Literal["input_audio.clear"] = "input_audio.clear"
    """Type of the event."""


class _TurnEvent(ClientEvent):
    turn_id: Str
    """Id of the turn, chosen when it is started."""


class ClientEventInputAudioTurnStart(_TurnEvent):
    """Starts a turn of audio whose bounds the client sets. Since api-version 2025-10-01."""

    type: Literal["input_audio.turn.start"] = "input_audio.turn.start"
    """Type of the event."""


class ClientEventInputAudioTurnAppend(_TurnEvent):
    """Adds audio to a turn. Since api-version 2025-10-01."""

    type: Literal["input_audio.turn.append"] = "input_audio.turn.append"
    """Type of the event."""

    audio: Annotated[Base64, _AtMost15MiB()]
    """Audio as base64, in the session's ``input_audio_format``, at most 15 MiB. Bytes are encoded when given."""


class ClientEventInputAudioTurnEnd(_TurnEvent):
    """Ends a turn: its audio is complete. Since api-version 2025-10-01."""

    type: Literal["input_audio.turn.end"] = "input_audio.turn.end"
    """Type of the event."""


class ClientEventInputAudioTurnCancel(_TurnEvent):
    """Gives a turn up. Since api-version 2025-10-01."""

    type: Literal["input_audio.turn.cancel"] = "input_audio.turn.cancel"
    """Type of the event."""


# Text of the user


class ClientEventInputTextDelta(ClientEvent):
    """Streams a piece of text in. Since api-version 2026-07-15."""

    type: Literal["input_text.delta"] = "input_text.delta"
    """Type of the event."""

    id: Str
    """Id of the user message that the text builds up."""

    delta: Str
    """The piece of text."""

    content_index: Annotated[Int | None, Between(0)] = None
    """Which of the message's parts it belongs to. The service's default is 0."""


class ClientEventInputTextDone(ClientEvent):
    """Ends streamed text: it is complete. Since api-version 2026-07-15."""

    type: Literal["input_text.done"] = "input_text.done"
    """Type of the event."""

    id: Str
    """Id of the user message that the text built up."""

    content_index: Annotated[Int | None, Between(0)] = None
    """Which of the message's parts is complete. The service's default is 0."""


# Conversation


class ClientEventConversationItemCreate(ClientEvent):
    """Adds an item to the conversation. Answered by ``conversation.item.created``.

    It can be history or something new: a message, a function call, what a function returned, an MCP approval. Audio of
    the assistant cannot be added. Since api-version 2025-10-01.
    """

    type: Literal["conversation.item.create"] = "conversation.item.create"
    """Type of the event."""

    previous_item_id: Str | None = None
    """Id of the item to put it after. The service's default is the end."""

    item: Needed[ConversationRequestItemUnion]
    """The item."""


class ClientEventConversationItemRetrieve(ClientEvent):
    """Asks for an item, its audio included. Answered by ``conversation.item.retrieved``.

    Since api-version 2025-10-01.
    """

    type: Literal["conversation.item.retrieve"] = "conversation.item.retrieve"
    """Type of the event."""

    item_id: Str
    """Id of the item."""


class ClientEventConversationItemTruncate(ClientEvent):
    """Cuts the audio of an assistant message where playback stopped. Answered by ``conversation.item.truncated``.

    The service produces audio faster than it is played. After an interruption, this tells the model how much the user
    heard; the transcript of the rest is removed with it. Since api-version 2025-10-01.
    """

    type: Literal["conversation.item.truncate"] = "conversation.item.truncate"
    """Type of the event."""

    item_id: Str
    """Id of the assistant message."""

    content_index: Annotated[Int, Between(0)]
    """Which of its parts to cut, usually 0."""

    audio_end_ms: Annotated[Int, Between(0, unit="ms")]
    """How much to keep, in ms from its beginning. More than there is, is an error."""


class ClientEventConversationItemDelete(ClientEvent):
    """Removes an item from the conversation. Answered by ``conversation.item.deleted``.

    Since api-version 2025-10-01.
    """

    type: Literal["conversation.item.delete"] = "conversation.item.delete"
    """Type of the event."""

    item_id: Str
    """Id of the item."""


# Response


class ClientEventResponseCreate(ClientEvent):
    """Asks for a response. Answered by ``response.created``, and ``response.done`` in the end.

    With turn detection the service starts responses by itself. Since api-version 2025-10-01.
    """

    type: Literal["response.create"] = "response.create"
    """Type of the event."""

    response: ResponseCreateParams | None = None
    """Settings for this response. None: the session's."""

    additional_instructions: Str | None = None
    """Directions added to the session's, for this response only."""


class ClientEventResponseCancel(ClientEvent):
    """Cancels a response. Answered by ``response.done`` with status ``"cancelled"``. Since api-version 2025-10-01."""

    type: Literal["response.cancel"] = "response.cancel"
    """Type of the event."""

    response_id: Str | None = None
    """Id of the response. The service's default is the one in progress."""


class ClientEventOutputAudioBufferClear(ClientEvent):
    """Stops what the avatar still has to say. Answered by ``output_audio_buffer.cleared``.

    Since api-version 2026-04-10.
    """

    type: Literal["output_audio_buffer.clear"] = "output_audio_buffer.clear"
    """Type of the event."""


class UnknownClientEvent(Unknown, ClientEvent):
    """An event to send, of a type this version does not know; ``event["type"]`` tells which."""


KnownClientEvent: TypeAlias = Annotated[
    ClientEventSessionUpdate
    | ClientEventSessionAvatarConnect
    | ClientEventInputAudioBufferAppend
    | ClientEventInputAudioBufferCommit
    | ClientEventInputAudioBufferClear
    | ClientEventInputAudioClear
    | ClientEventInputAudioTurnStart
    | ClientEventInputAudioTurnAppend
    | ClientEventInputAudioTurnEnd
    | ClientEventInputAudioTurnCancel
    | ClientEventInputTextDelta
    | ClientEventInputTextDone
    | ClientEventConversationItemCreate
    | ClientEventConversationItemRetrieve
    | ClientEventConversationItemTruncate
    | ClientEventConversationItemDelete
    | ClientEventResponseCreate
    | ClientEventResponseCancel
    | ClientEventOutputAudioBufferClear,
    Field(discriminator="type"),
]
"""An event of a known type, told apart by ``type``."""

ClientEventUnion: TypeAlias = KnownClientEvent | UnknownClientEvent
"""What the client may send."""
