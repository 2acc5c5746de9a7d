"""Events about the user's audio and the items of the conversation."""

from __future__ import annotations

from typing import Literal

from voicelive.models._base import Int, Str
from voicelive.models.errors import VoiceLiveErrorDetails
from voicelive.models.items import ResponseItemUnion
from voicelive.models.server_events._base import ContentFields, ItemFields, ServerEvent
from voicelive.models.transcription import LogProbProperties, TranscriptionPhrase

__all__ = (
    "ServerEventConversationItemCreated",
    "ServerEventConversationItemDeleted",
    "ServerEventConversationItemInputAudioTranscriptionCompleted",
    "ServerEventConversationItemInputAudioTranscriptionDelta",
    "ServerEventConversationItemInputAudioTranscriptionFailed",
    "ServerEventConversationItemRetrieved",
    "ServerEventConversationItemTruncated",
    "ServerEventInputAudioBufferCleared",
    "ServerEventInputAudioBufferCommitted",
    "ServerEventInputAudioBufferSpeechStarted",
    "ServerEventInputAudioBufferSpeechStopped",
)


# Audio of the user


class ServerEventInputAudioBufferSpeechStarted(ItemFields):
    """The user has begun to speak. Playback of an answer should stop here.

    ``item_id`` is that of the message the speech will become. Since api-version 2025-10-01.
    """

    type: Literal["input_audio_buffer.speech_started"] = "input_audio_buffer.speech_started"
    """Type of the event."""

    audio_start_ms: Int
    """When, in ms of all audio sent in this session. Includes the ``prefix_padding_ms`` before the speech."""


class ServerEventInputAudioBufferSpeechStopped(ItemFields):
    """The user has stopped speaking. ``item_id`` is that of the message the speech becomes.

    Since api-version 2025-10-01.
    """

    type: Literal["input_audio_buffer.speech_stopped"] = "input_audio_buffer.speech_stopped"
    """Type of the event."""

    audio_end_ms: Int
    """When, in ms of all audio sent in this session. Includes the silence that ended the turn."""


class ServerEventInputAudioBufferCommitted(ItemFields):
    """The buffered audio has become a user message, by turn detection or ``input_audio_buffer.commit``.

    Since api-version 2025-10-01.
    """

    type: Literal["input_audio_buffer.committed"] = "input_audio_buffer.committed"
    """Type of the event."""

    previous_item_id: Str | None = None
    """Id of the item it comes after; None or empty for the first."""


class ServerEventInputAudioBufferCleared(ServerEvent):
    """The buffered audio was discarded; answers ``input_audio_buffer.clear``. Since api-version 2025-10-01."""

    type: Literal["input_audio_buffer.cleared"] = "input_audio_buffer.cleared"
    """Type of the event."""


# What the user said. Transcription runs beside the conversation: its events may come before or after the response's.


class ServerEventConversationItemInputAudioTranscriptionDelta(ItemFields):
    """A piece of the transcript of what the user said. Since api-version 2025-10-01."""

    type: Literal["conversation.item.input_audio_transcription.delta"] = (
        "conversation.item.input_audio_transcription.delta"
    )
    """Type of the event."""

    content_index: Int | None = None
    """Which part of the item's content, from 0."""

    delta: Str | None = None
    """The piece of text."""

    logprobs: list[LogProbProperties] | None = None
    """How sure each token is. Only sent if the session's ``include`` asks for it."""


class ServerEventConversationItemInputAudioTranscriptionCompleted(ItemFields, ContentFields):
    """The transcript of what the user said is complete. It is a guide, not what the model heard.

    Since api-version 2025-10-01.
    """

    type: Literal["conversation.item.input_audio_transcription.completed"] = (
        "conversation.item.input_audio_transcription.completed"
    )
    """Type of the event."""

    transcript: Str
    """The transcript."""

    logprobs: list[LogProbProperties] | None = None
    """How sure each token is. Only sent if the session's ``include`` asks for it. Since api-version 2026-04-10."""

    phrases: list[TranscriptionPhrase] | None = None
    """When what was said. Only sent if the session's ``include`` asks for it. Since api-version 2026-04-10."""


class ServerEventConversationItemInputAudioTranscriptionFailed(ItemFields, ContentFields):
    """What the user said could not be transcribed. The model still heard it. Since api-version 2025-10-01."""

    type: Literal["conversation.item.input_audio_transcription.failed"] = (
        "conversation.item.input_audio_transcription.failed"
    )
    """Type of the event."""

    error: VoiceLiveErrorDetails
    """Why not."""


# Items


class ServerEventConversationItemCreated(ServerEvent):
    """An item was added: by the user's speech, by a response, or by ``conversation.item.create``.

    Since api-version 2025-10-01.
    """

    type: Literal["conversation.item.created"] = "conversation.item.created"
    """Type of the event."""

    previous_item_id: Str | None = None
    """Id of the item it comes after; None or empty for the first."""

    item: ResponseItemUnion | None = None
    """The item."""


class ServerEventConversationItemRetrieved(ServerEvent):
    """An item as it was asked for with ``conversation.item.retrieve``. Since api-version 2025-10-01."""

    type: Literal["conversation.item.retrieved"] = "conversation.item.retrieved"
    """Type of the event."""

    item: ResponseItemUnion | None = None
    """The item, its audio included."""


class ServerEventConversationItemTruncated(ItemFields, ContentFields):
    """The audio of an assistant message was cut; answers ``conversation.item.truncate``.

    Since api-version 2025-10-01.
    """

    type: Literal["conversation.item.truncated"] = "conversation.item.truncated"
    """Type of the event."""

    audio_end_ms: Int
    """How much was kept, in ms from its beginning."""


class ServerEventConversationItemDeleted(ItemFields):
    """An item was removed; answers ``conversation.item.delete``. Since api-version 2025-10-01."""

    type: Literal["conversation.item.deleted"] = "conversation.item.deleted"
    """Type of the event."""
