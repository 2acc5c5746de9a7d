"""Events that the service sends."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import Field

from voicelive.models.server_events._base import (
    InvalidServerEvent,
    ServerEvent,
    UnknownServerEvent,
)
from voicelive.models.server_events.audio import (
    ServerEventOutputAudioBufferCleared,
    ServerEventResponseAnimationBlendshapeDelta,
    ServerEventResponseAnimationBlendshapeDone,
    ServerEventResponseAnimationVisemeDelta,
    ServerEventResponseAnimationVisemeDone,
    ServerEventResponseAudioDelta,
    ServerEventResponseAudioDone,
    ServerEventResponseAudioTimestampDelta,
    ServerEventResponseAudioTimestampDone,
    ServerEventResponseAudioTranscriptAnnotationAdded,
    ServerEventResponseAudioTranscriptDelta,
    ServerEventResponseAudioTranscriptDone,
    ServerEventResponseVideoDelta,
)
from voicelive.models.server_events.conversation import (
    ServerEventConversationItemCreated,
    ServerEventConversationItemDeleted,
    ServerEventConversationItemInputAudioTranscriptionCompleted,
    ServerEventConversationItemInputAudioTranscriptionDelta,
    ServerEventConversationItemInputAudioTranscriptionFailed,
    ServerEventConversationItemRetrieved,
    ServerEventConversationItemTruncated,
    ServerEventInputAudioBufferCleared,
    ServerEventInputAudioBufferCommitted,
    ServerEventInputAudioBufferSpeechStarted,
    ServerEventInputAudioBufferSpeechStopped,
)
from voicelive.models.server_events.flow import AudioDropped, EventsDropped
from voicelive.models.server_events.mcp import (
    ServerEventMcpListToolsCompleted,
    ServerEventMcpListToolsFailed,
    ServerEventMcpListToolsInProgress,
    ServerEventResponseMcpCallArgumentsDelta,
    ServerEventResponseMcpCallArgumentsDone,
    ServerEventResponseMcpCallCompleted,
    ServerEventResponseMcpCallFailed,
    ServerEventResponseMcpCallInProgress,
)
from voicelive.models.server_events.reconnection import LocalEvent, Lost, Reconnected, Reconnecting
from voicelive.models.server_events.response import (
    ServerEventResponseContentPartAdded,
    ServerEventResponseContentPartDone,
    ServerEventResponseCreated,
    ServerEventResponseDone,
    ServerEventResponseFileSearchCallCompleted,
    ServerEventResponseFileSearchCallInProgress,
    ServerEventResponseFileSearchCallSearching,
    ServerEventResponseFunctionCallArgumentsDelta,
    ServerEventResponseFunctionCallArgumentsDone,
    ServerEventResponseInvocationDelta,
    ServerEventResponseOutputItemAdded,
    ServerEventResponseOutputItemDone,
    ServerEventResponseTextDelta,
    ServerEventResponseTextDone,
    ServerEventResponseWebSearchCallCompleted,
    ServerEventResponseWebSearchCallInProgress,
    ServerEventResponseWebSearchCallSearching,
)
from voicelive.models.server_events.session import (
    ServerEventError,
    ServerEventSessionAvatarConnecting,
    ServerEventSessionAvatarSwitchToIdle,
    ServerEventSessionAvatarSwitchToSpeaking,
    ServerEventSessionCreated,
    ServerEventSessionUpdated,
    ServerEventWarning,
)

__all__ = (
    "AudioDropped",
    "EventsDropped",
    "InvalidServerEvent",
    "KnownServerEvent",
    "LocalEvent",
    "Lost",
    "Reconnected",
    "Reconnecting",
    "ServerEvent",
    "ServerEventConversationItemCreated",
    "ServerEventConversationItemDeleted",
    "ServerEventConversationItemInputAudioTranscriptionCompleted",
    "ServerEventConversationItemInputAudioTranscriptionDelta",
    "ServerEventConversationItemInputAudioTranscriptionFailed",
    "ServerEventConversationItemRetrieved",
    "ServerEventConversationItemTruncated",
    "ServerEventError",
    "ServerEventInputAudioBufferCleared",
    "ServerEventInputAudioBufferCommitted",
    "ServerEventInputAudioBufferSpeechStarted",
    "ServerEventInputAudioBufferSpeechStopped",
    "ServerEventMcpListToolsCompleted",
    "ServerEventMcpListToolsFailed",
    "ServerEventMcpListToolsInProgress",
    "ServerEventOutputAudioBufferCleared",
    "ServerEventResponseAnimationBlendshapeDelta",
    "ServerEventResponseAnimationBlendshapeDone",
    "ServerEventResponseAnimationVisemeDelta",
    "ServerEventResponseAnimationVisemeDone",
    "ServerEventResponseAudioDelta",
    "ServerEventResponseAudioDone",
    "ServerEventResponseAudioTimestampDelta",
    "ServerEventResponseAudioTimestampDone",
    "ServerEventResponseAudioTranscriptAnnotationAdded",
    "ServerEventResponseAudioTranscriptDelta",
    "ServerEventResponseAudioTranscriptDone",
    "ServerEventResponseContentPartAdded",
    "ServerEventResponseContentPartDone",
    "ServerEventResponseCreated",
    "ServerEventResponseDone",
    "ServerEventResponseFileSearchCallCompleted",
    "ServerEventResponseFileSearchCallInProgress",
    "ServerEventResponseFileSearchCallSearching",
    "ServerEventResponseFunctionCallArgumentsDelta",
    "ServerEventResponseFunctionCallArgumentsDone",
    "ServerEventResponseInvocationDelta",
    "ServerEventResponseMcpCallArgumentsDelta",
    "ServerEventResponseMcpCallArgumentsDone",
    "ServerEventResponseMcpCallCompleted",
    "ServerEventResponseMcpCallFailed",
    "ServerEventResponseMcpCallInProgress",
    "ServerEventResponseOutputItemAdded",
    "ServerEventResponseOutputItemDone",
    "ServerEventResponseTextDelta",
    "ServerEventResponseTextDone",
    "ServerEventResponseVideoDelta",
    "ServerEventResponseWebSearchCallCompleted",
    "ServerEventResponseWebSearchCallInProgress",
    "ServerEventResponseWebSearchCallSearching",
    "ServerEventSessionAvatarConnecting",
    "ServerEventSessionAvatarSwitchToIdle",
    "ServerEventSessionAvatarSwitchToSpeaking",
    "ServerEventSessionCreated",
    "ServerEventSessionUpdated",
    "ServerEventUnion",
    "ServerEventWarning",
    "UnknownServerEvent",
)

KnownServerEvent: TypeAlias = Annotated[
    ServerEventConversationItemCreated
    | ServerEventConversationItemDeleted
    | ServerEventConversationItemInputAudioTranscriptionCompleted
    | ServerEventConversationItemInputAudioTranscriptionDelta
    | ServerEventConversationItemInputAudioTranscriptionFailed
    | ServerEventConversationItemRetrieved
    | ServerEventConversationItemTruncated
    | ServerEventError
    | ServerEventInputAudioBufferCleared
    | ServerEventInputAudioBufferCommitted
    | ServerEventInputAudioBufferSpeechStarted
    | ServerEventInputAudioBufferSpeechStopped
    | ServerEventMcpListToolsCompleted
    | ServerEventMcpListToolsFailed
    | ServerEventMcpListToolsInProgress
    | ServerEventOutputAudioBufferCleared
    | ServerEventResponseAnimationBlendshapeDelta
    | ServerEventResponseAnimationBlendshapeDone
    | ServerEventResponseAnimationVisemeDelta
    | ServerEventResponseAnimationVisemeDone
    | ServerEventResponseAudioDelta
    | ServerEventResponseAudioDone
    | ServerEventResponseAudioTimestampDelta
    | ServerEventResponseAudioTimestampDone
    | ServerEventResponseAudioTranscriptAnnotationAdded
    | ServerEventResponseAudioTranscriptDelta
    | ServerEventResponseAudioTranscriptDone
    | ServerEventResponseContentPartAdded
    | ServerEventResponseContentPartDone
    | ServerEventResponseCreated
    | ServerEventResponseDone
    | ServerEventResponseFileSearchCallCompleted
    | ServerEventResponseFileSearchCallInProgress
    | ServerEventResponseFileSearchCallSearching
    | ServerEventResponseFunctionCallArgumentsDelta
    | ServerEventResponseFunctionCallArgumentsDone
    | ServerEventResponseInvocationDelta
    | ServerEventResponseMcpCallArgumentsDelta
    | ServerEventResponseMcpCallArgumentsDone
    | ServerEventResponseMcpCallCompleted
    | ServerEventResponseMcpCallFailed
    | ServerEventResponseMcpCallInProgress
    | ServerEventResponseOutputItemAdded
    | ServerEventResponseOutputItemDone
    | ServerEventResponseTextDelta
    | ServerEventResponseTextDone
    | ServerEventResponseVideoDelta
    | ServerEventResponseWebSearchCallCompleted
    | ServerEventResponseWebSearchCallInProgress
    | ServerEventResponseWebSearchCallSearching
    | ServerEventSessionAvatarConnecting
    | ServerEventSessionAvatarSwitchToIdle
    | ServerEventSessionAvatarSwitchToSpeaking
    | ServerEventSessionCreated
    | ServerEventSessionUpdated
    | ServerEventWarning,
    Field(discriminator="type"),
]
"""An event of a known type, told apart by ``type``."""

ServerEventUnion: TypeAlias = (
    KnownServerEvent
    | UnknownServerEvent
    | InvalidServerEvent
    | Reconnecting
    | Reconnected
    | AudioDropped
    | EventsDropped
)
"""What may be received: what the service sends, and what this side tells of the connection."""
