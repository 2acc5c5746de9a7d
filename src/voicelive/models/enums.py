"""The known values of every open set in the protocol.

A set that names no version has been there since api-version 2025-10-01; values that came later say so. Where a field
takes one of these, it takes any other string too, so a value that is newer than this package can be used and read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from voicelive.models._base import VoiceLiveEnum

__all__ = (
    "AnimationOutputType",
    "AudioTimestampType",
    "AvatarConfigTypes",
    "AvatarOutputProtocol",
    "AzureRealtimeNativeVoiceName",
    "AzureVoiceType",
    "ClientEventType",
    "ContentPartType",
    "EchoCancellationReferenceSource",
    "EouThresholdLevel",
    "InputAudioFormat",
    "InterimResponseConfigType",
    "InterimResponseTrigger",
    "ItemParamStatus",
    "ItemType",
    "MCPApprovalType",
    "MessageRole",
    "Modality",
    "OpenAIVoiceName",
    "OutputAudioFormat",
    "PersonalVoiceModels",
    "PhotoAvatarBaseModes",
    "ReasoningEffort",
    "RequestImageContentPartDetail",
    "ResponseItemStatus",
    "ResponseStatus",
    "ServerEventType",
    "SessionIncludeOption",
    "ToolChoiceLiteral",
    "ToolType",
    "TurnDetectionType",
)


class Modality(VoiceLiveEnum):
    """What a session or a response may produce."""

    TEXT = "text"
    """Written answers."""

    AUDIO = "audio"
    """Spoken answers, with their transcript."""

    ANIMATION = "animation"
    """Visemes or blendshapes for an avatar drawn by the client; see `Animation`."""

    AVATAR = "avatar"
    """Video of an avatar drawn by the service; see `AvatarConfig`."""


class InputAudioFormat(VoiceLiveEnum):
    """Encodings of the audio that is sent. Always one channel, unless echo cancellation takes a reference channel."""

    PCM16 = "pcm16"
    """Signed 16 bit little-endian samples at 24000 Hz, or at the session's ``input_audio_sampling_rate``."""

    G711_ULAW = "g711_ulaw"
    """G.711 mu-law, 8 bit samples at 8000 Hz."""

    G711_ALAW = "g711_alaw"
    """G.711 A-law, 8 bit samples at 8000 Hz."""


class OutputAudioFormat(VoiceLiveEnum):
    """Encodings of the audio that is received. Always one channel.

    The two rates below 24000 Hz were first published with a hyphen (``pcm16-8000hz``), which the service never took.
    The old spelling is still found, and goes out as the current one. Rates not listed here (``pcm16_44100hz``, ...) can
    be asked for by their string.
    """

    PCM16 = "pcm16"
    """Signed 16 bit little-endian samples at 24000 Hz."""

    PCM16_8000_HZ = "pcm16_8000hz"
    """Signed 16 bit little-endian samples at 8000 Hz."""

    PCM16_16000_HZ = "pcm16_16000hz"
    """Signed 16 bit little-endian samples at 16000 Hz."""

    G711_ULAW = "g711_ulaw"
    """G.711 mu-law, 8 bit samples at 8000 Hz."""

    G711_ALAW = "g711_alaw"
    """G.711 A-law, 8 bit samples at 8000 Hz."""

    if not TYPE_CHECKING:

        @classmethod
        def _missing_(cls, value):
            if value == "pcm16-8000hz":
                return cls.PCM16_8000_HZ
            return cls.PCM16_16000_HZ if value == "pcm16-16000hz" else None


class AudioTimestampType(VoiceLiveEnum):
    """How finely the audio of a response is timed."""

    WORD = "word"


class AnimationOutputType(VoiceLiveEnum):
    """What an animation is described by."""

    BLENDSHAPES = "blendshapes"
    """Weights of facial blendshapes, frame by frame."""

    VISEME_ID = "viseme_id"
    """The number of the mouth shape, with its time in the audio."""


class EchoCancellationReferenceSource(VoiceLiveEnum):
    """Where echo cancellation learns what the loudspeaker plays. Since api-version 2026-07-15."""

    SERVER = "server"
    """The audio the service sent out."""

    CLIENT = "client"
    """A reference channel the client sends along, interleaved as the second one."""


class OpenAIVoiceName(VoiceLiveEnum):
    """Voices of the realtime models."""

    ALLOY = "alloy"
    ASH = "ash"
    BALLAD = "ballad"
    CORAL = "coral"
    ECHO = "echo"
    SAGE = "sage"
    SHIMMER = "shimmer"
    VERSE = "verse"
    MARIN = "marin"
    """Since api-version 2026-04-10."""

    CEDAR = "cedar"
    """Since api-version 2026-04-10."""


class AzureVoiceType(VoiceLiveEnum):
    """Kinds of Azure voices."""

    AZURE_CUSTOM = "azure-custom"
    """A professional voice trained for, and deployed by, a customer."""

    AZURE_STANDARD = "azure-standard"
    """A voice out of the public catalogue."""

    AZURE_PERSONAL = "azure-personal"
    """A voice cloned from a short recording."""

    AVATAR_VOICE_SYNC = "avatar-voice-sync"
    """The voice that belongs to the avatar's character. Since api-version 2026-04-10."""


class AzureRealtimeNativeVoiceName(VoiceLiveEnum):
    """Voices spoken by the Azure realtime model itself. Since api-version 2026-07-15."""

    AARTI = "aarti"
    ANDREW = "andrew"
    AVA = "ava"
    DENISE = "denise"
    DIYA = "diya"
    ELSA = "elsa"
    FLORIAN = "florian"
    FRANCISCA = "francisca"
    MEERA = "meera"
    XIAOXIAO = "xiaoxiao"
    YUNXI = "yunxi"
    XIMENA = "ximena"


class PersonalVoiceModels(VoiceLiveEnum):
    """Models that speak a personal voice."""

    DRAGON_LATEST_NEURAL = "DragonLatestNeural"
    PHOENIX_LATEST_NEURAL = "PhoenixLatestNeural"
    PHOENIX_V2_NEURAL = "PhoenixV2Neural"
    DRAGON_HD_OMNI_LATEST_NEURAL = "DragonHDOmniLatestNeural"
    """Since api-version 2026-04-10."""

    MAI_VOICE1 = "MAI-Voice-1"
    """Since api-version 2026-04-10."""


class AvatarConfigTypes(VoiceLiveEnum):
    """Kinds of avatars. Since api-version 2026-04-10."""

    VIDEO_AVATAR = "video-avatar"
    """Made from recorded video."""

    PHOTO_AVATAR = "photo-avatar"
    """Made from one picture, by a base model; see `PhotoAvatarBaseModes`."""


class AvatarOutputProtocol(VoiceLiveEnum):
    """How the avatar's video travels. Since api-version 2026-04-10."""

    WEBRTC = "webrtc"
    """Over a WebRTC connection, negotiated with ``session.avatar.connect``."""

    WEBSOCKET = "websocket"
    """Over this connection, as ``response.video.delta`` events."""


class PhotoAvatarBaseModes(VoiceLiveEnum):
    """Models that animate a photo avatar. Since api-version 2026-04-10."""

    VASA1 = "vasa-1"


class TurnDetectionType(VoiceLiveEnum):
    """Ways to find out when the user starts and stops speaking."""

    SERVER_VAD = "server_vad"
    """By the loudness of the audio."""

    AZURE_SEMANTIC_VAD = "azure_semantic_vad"
    """By speech and its meaning."""

    AZURE_SEMANTIC_VAD_EN = "azure_semantic_vad_en"
    """By speech and its meaning, English only."""

    AZURE_SEMANTIC_VAD_MULTILINGUAL = "azure_semantic_vad_multilingual"
    """By speech and its meaning, in many languages."""


class EouThresholdLevel(VoiceLiveEnum):
    """How sure end-of-utterance detection must be."""

    LOW = "low"
    """Takes the turn early, at the risk of cutting in."""

    MEDIUM = "medium"
    HIGH = "high"
    """Waits until it is quite sure."""

    DEFAULT = "default"
    """What the service thinks fit."""


class MessageRole(VoiceLiveEnum):
    """Who a message is from."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


class ItemType(VoiceLiveEnum):
    """Kinds of conversation items."""

    MESSAGE = "message"
    FUNCTION_CALL = "function_call"
    FUNCTION_CALL_OUTPUT = "function_call_output"
    MCP_LIST_TOOLS = "mcp_list_tools"
    """Since api-version 2026-04-10."""

    MCP_CALL = "mcp_call"
    """Since api-version 2026-04-10."""

    MCP_APPROVAL_REQUEST = "mcp_approval_request"
    """Since api-version 2026-04-10."""

    MCP_APPROVAL_RESPONSE = "mcp_approval_response"
    """Since api-version 2026-04-10."""

    WEB_SEARCH_CALL = "web_search_call"
    """Since api-version 2026-04-10."""

    FILE_SEARCH_CALL = "file_search_call"
    """Since api-version 2026-04-10."""


class ItemParamStatus(VoiceLiveEnum):
    """States a client may give to an item it adds. The service accepts them and makes nothing of them."""

    COMPLETED = "completed"
    INCOMPLETE = "incomplete"


class ResponseItemStatus(VoiceLiveEnum):
    """States of an item the service reports."""

    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    INCOMPLETE = "incomplete"


class ContentPartType(VoiceLiveEnum):
    """Kinds of content in a message."""

    INPUT_TEXT = "input_text"
    INPUT_AUDIO = "input_audio"
    INPUT_IMAGE = "input_image"
    """Since api-version 2026-04-10."""

    TEXT = "text"
    AUDIO = "audio"


class RequestImageContentPartDetail(VoiceLiveEnum):
    """How closely the model looks at an image. Since api-version 2026-04-10."""

    AUTO = "auto"
    LOW = "low"
    HIGH = "high"


class ToolType(VoiceLiveEnum):
    """Kinds of tools."""

    FUNCTION = "function"
    """A function that the client runs."""

    MCP = "mcp"
    """The tools of an MCP server, which the service runs. Since api-version 2026-04-10."""


class ToolChoiceLiteral(VoiceLiveEnum):
    """Ways for the model to use tools."""

    AUTO = "auto"
    """As the model sees fit."""

    NONE = "none"
    """Never."""

    REQUIRED = "required"
    """At least one."""


class MCPApprovalType(VoiceLiveEnum):
    """When a call of an MCP tool waits for the client's consent. Since api-version 2026-04-10."""

    NEVER = "never"
    ALWAYS = "always"


class ReasoningEffort(VoiceLiveEnum):
    """How much a reasoning model thinks before it answers; less is faster. Since api-version 2026-04-10."""

    NONE = "none"
    MINIMAL = "minimal"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    XHIGH = "xhigh"


class InterimResponseConfigType(VoiceLiveEnum):
    """Kinds of interim responses. Since api-version 2026-04-10."""

    STATIC_INTERIM_RESPONSE = "static_interim_response"
    """One of the given texts."""

    LLM_INTERIM_RESPONSE = "llm_interim_response"
    """Written by a model for the occasion."""


class InterimResponseTrigger(VoiceLiveEnum):
    """What sets off an interim response. Since api-version 2026-04-10."""

    LATENCY = "latency"
    """The answer takes longer than the threshold."""

    TOOL = "tool"
    """A tool is being called."""


class SessionIncludeOption(VoiceLiveEnum):
    """Data that the service sends only on request. Since api-version 2026-04-10."""

    ITEM_INPUT_AUDIO_TRANSCRIPTION_LOGPROBS = "item.input_audio_transcription.logprobs"
    """How probable each token of a transcript was."""

    ITEM_INPUT_AUDIO_TRANSCRIPTION_PHRASES = "item.input_audio_transcription.phrases"
    """The phrases and words of a transcript, with their times."""

    FILE_SEARCH_CALL_RESULTS = "file_search_call.results"
    """What a file search found."""


class ResponseStatus(VoiceLiveEnum):
    """States of a response."""

    COMPLETED = "completed"
    CANCELLED = "cancelled"
    """Ended by the client, or by the user who started to speak."""

    FAILED = "failed"
    INCOMPLETE = "incomplete"
    """Cut short by the token limit or by the content filter."""

    IN_PROGRESS = "in_progress"


class ClientEventType(VoiceLiveEnum):
    """Types of the events that a client sends. Each has a model, but for ``mcp_approval_response``.

    An approval is not an event of its own: it is sent as an item, in ``conversation.item.create``.
    """

    SESSION_UPDATE = "session.update"
    INPUT_AUDIO_BUFFER_APPEND = "input_audio_buffer.append"
    INPUT_AUDIO_BUFFER_COMMIT = "input_audio_buffer.commit"
    INPUT_AUDIO_BUFFER_CLEAR = "input_audio_buffer.clear"
    INPUT_AUDIO_TURN_START = "input_audio.turn.start"
    INPUT_AUDIO_TURN_APPEND = "input_audio.turn.append"
    INPUT_AUDIO_TURN_END = "input_audio.turn.end"
    INPUT_AUDIO_TURN_CANCEL = "input_audio.turn.cancel"
    INPUT_AUDIO_CLEAR = "input_audio.clear"
    CONVERSATION_ITEM_CREATE = "conversation.item.create"
    CONVERSATION_ITEM_RETRIEVE = "conversation.item.retrieve"
    CONVERSATION_ITEM_TRUNCATE = "conversation.item.truncate"
    CONVERSATION_ITEM_DELETE = "conversation.item.delete"
    RESPONSE_CREATE = "response.create"
    RESPONSE_CANCEL = "response.cancel"
    SESSION_AVATAR_CONNECT = "session.avatar.connect"
    MCP_APPROVAL_RESPONSE = "mcp_approval_response"
    """Since api-version 2026-04-10."""

    OUTPUT_AUDIO_BUFFER_CLEAR = "output_audio_buffer.clear"
    """Since api-version 2026-04-10."""

    INPUT_TEXT_DELTA = "input_text.delta"
    """Since api-version 2026-07-15."""

    INPUT_TEXT_DONE = "input_text.done"
    """Since api-version 2026-07-15."""


class ServerEventType(VoiceLiveEnum):
    """Types of the events that the service sends, one model each."""

    ERROR = "error"
    WARNING = "warning"
    """Since api-version 2026-04-10."""

    SESSION_AVATAR_CONNECTING = "session.avatar.connecting"
    SESSION_CREATED = "session.created"
    SESSION_UPDATED = "session.updated"
    CONVERSATION_ITEM_INPUT_AUDIO_TRANSCRIPTION_COMPLETED = "conversation.item.input_audio_transcription.completed"
    CONVERSATION_ITEM_INPUT_AUDIO_TRANSCRIPTION_DELTA = "conversation.item.input_audio_transcription.delta"
    CONVERSATION_ITEM_INPUT_AUDIO_TRANSCRIPTION_FAILED = "conversation.item.input_audio_transcription.failed"
    CONVERSATION_ITEM_CREATED = "conversation.item.created"
    CONVERSATION_ITEM_RETRIEVED = "conversation.item.retrieved"
    CONVERSATION_ITEM_TRUNCATED = "conversation.item.truncated"
    CONVERSATION_ITEM_DELETED = "conversation.item.deleted"
    INPUT_AUDIO_BUFFER_COMMITTED = "input_audio_buffer.committed"
    INPUT_AUDIO_BUFFER_CLEARED = "input_audio_buffer.cleared"
    INPUT_AUDIO_BUFFER_SPEECH_STARTED = "input_audio_buffer.speech_started"
    INPUT_AUDIO_BUFFER_SPEECH_STOPPED = "input_audio_buffer.speech_stopped"
    RESPONSE_CREATED = "response.created"
    RESPONSE_DONE = "response.done"
    RESPONSE_OUTPUT_ITEM_ADDED = "response.output_item.added"
    RESPONSE_OUTPUT_ITEM_DONE = "response.output_item.done"
    RESPONSE_CONTENT_PART_ADDED = "response.content_part.added"
    RESPONSE_CONTENT_PART_DONE = "response.content_part.done"
    RESPONSE_TEXT_DELTA = "response.text.delta"
    RESPONSE_TEXT_DONE = "response.text.done"
    RESPONSE_AUDIO_TRANSCRIPT_DELTA = "response.audio_transcript.delta"
    RESPONSE_AUDIO_TRANSCRIPT_DONE = "response.audio_transcript.done"
    RESPONSE_AUDIO_DELTA = "response.audio.delta"
    RESPONSE_AUDIO_DONE = "response.audio.done"
    RESPONSE_ANIMATION_BLENDSHAPES_DELTA = "response.animation_blendshapes.delta"
    RESPONSE_ANIMATION_BLENDSHAPES_DONE = "response.animation_blendshapes.done"
    RESPONSE_AUDIO_TIMESTAMP_DELTA = "response.audio_timestamp.delta"
    RESPONSE_AUDIO_TIMESTAMP_DONE = "response.audio_timestamp.done"
    RESPONSE_ANIMATION_VISEME_DELTA = "response.animation_viseme.delta"
    RESPONSE_ANIMATION_VISEME_DONE = "response.animation_viseme.done"
    RESPONSE_FUNCTION_CALL_ARGUMENTS_DELTA = "response.function_call_arguments.delta"
    RESPONSE_FUNCTION_CALL_ARGUMENTS_DONE = "response.function_call_arguments.done"

    # Since api-version 2026-04-10
    MCP_LIST_TOOLS_IN_PROGRESS = "mcp_list_tools.in_progress"
    MCP_LIST_TOOLS_COMPLETED = "mcp_list_tools.completed"
    MCP_LIST_TOOLS_FAILED = "mcp_list_tools.failed"
    RESPONSE_MCP_CALL_ARGUMENTS_DELTA = "response.mcp_call_arguments.delta"
    RESPONSE_MCP_CALL_ARGUMENTS_DONE = "response.mcp_call_arguments.done"
    RESPONSE_MCP_CALL_IN_PROGRESS = "response.mcp_call.in_progress"
    RESPONSE_MCP_CALL_COMPLETED = "response.mcp_call.completed"
    RESPONSE_MCP_CALL_FAILED = "response.mcp_call.failed"
    SESSION_AVATAR_SWITCH_TO_SPEAKING = "session.avatar.switch_to_speaking"
    SESSION_AVATAR_SWITCH_TO_IDLE = "session.avatar.switch_to_idle"
    RESPONSE_VIDEO_DELTA = "response.video.delta"
    RESPONSE_WEB_SEARCH_CALL_SEARCHING = "response.web_search_call.searching"
    RESPONSE_WEB_SEARCH_CALL_IN_PROGRESS = "response.web_search_call.in_progress"
    RESPONSE_WEB_SEARCH_CALL_COMPLETED = "response.web_search_call.completed"
    RESPONSE_FILE_SEARCH_CALL_SEARCHING = "response.file_search_call.searching"
    RESPONSE_FILE_SEARCH_CALL_IN_PROGRESS = "response.file_search_call.in_progress"
    RESPONSE_FILE_SEARCH_CALL_COMPLETED = "response.file_search_call.completed"
    OUTPUT_AUDIO_BUFFER_CLEARED = "output_audio_buffer.cleared"
    RESPONSE_AUDIO_TRANSCRIPT_ANNOTATION_ADDED = "response.audio_transcript.annotation.added"

    # Since api-version 2026-07-15
    RESPONSE_INVOCATION_DELTA = "response.invocation.delta"
