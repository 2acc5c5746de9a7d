"""Events about what is heard and seen of a response: audio, transcript, timing, animation, video."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any, Literal

import pybase64

from voicelive.exceptions import InvalidAudioError
from voicelive.models._base import Base64, Float, Int, JsonValue, Str
from voicelive.models.server_events._base import OutputFields, ResponseContentFields, ResponseItemFields, ServerEvent

__all__ = (
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
    "ServerEventResponseVideoDelta",
)


def _decoded(fields: MutableMapping[str, Any], name: str) -> bytes:
    """Return ``delta`` as bytes, which are kept under ``name``.

    ``cached_property`` would do the same; on Python 3.11 it takes a lock, and 0.3 µs more.
    """
    decoded: bytes | None = fields.get(name)
    if decoded is None:
        try:
            decoded = fields[name] = pybase64.b64decode(fields["delta"], validate=True)
        except ValueError:
            raise InvalidAudioError(fields["event_id"]) from None
    return decoded


# Audio


class ServerEventResponseAudioDelta(ResponseContentFields):
    """A piece of the spoken answer. ``event.audio`` has it as bytes. Since api-version 2025-10-01."""

    type: Literal["response.audio.delta"] = "response.audio.delta"
    """Type of the event."""

    delta: Base64
    """The audio as base64, as it came."""

    @property
    def audio(self) -> bytes:
        """The audio as bytes, in the session's ``output_audio_format``. Decoded when first used.

        Raises:
            InvalidAudioError: ``delta`` is not base64.
        """
        return _decoded(vars(self), "audio")


class ServerEventResponseAudioDone(ResponseContentFields):
    """The spoken answer is complete, or was broken off. Since api-version 2025-10-01."""

    type: Literal["response.audio.done"] = "response.audio.done"
    """Type of the event."""


class ServerEventOutputAudioBufferCleared(ServerEvent):
    """What the avatar still had to say was dropped; answers ``output_audio_buffer.clear``.

    Since api-version 2026-04-10.
    """

    type: Literal["output_audio_buffer.cleared"] = "output_audio_buffer.cleared"
    """Type of the event."""


# Transcript


class ServerEventResponseAudioTranscriptDelta(ResponseContentFields):
    """A piece of the transcript of the spoken answer. May run ahead of the audio. Since api-version 2025-10-01."""

    type: Literal["response.audio_transcript.delta"] = "response.audio_transcript.delta"
    """Type of the event."""

    delta: Str
    """The piece of text."""


class ServerEventResponseAudioTranscriptDone(ResponseContentFields):
    """The transcript of the spoken answer is complete, or was broken off. Since api-version 2025-10-01."""

    type: Literal["response.audio_transcript.done"] = "response.audio_transcript.done"
    """Type of the event."""

    transcript: Str
    """The whole transcript."""


class ServerEventResponseAudioTranscriptAnnotationAdded(ResponseContentFields):
    """A note on the transcript, such as the source of a statement. Since api-version 2026-04-10."""

    type: Literal["response.audio_transcript.annotation.added"] = "response.audio_transcript.annotation.added"
    """Type of the event."""

    annotation_index: Int
    """Which annotation of the part, from 0."""

    annotation: JsonValue
    """The annotation, usually an object with a ``type`` such as ``"url_citation"``."""


# Timing of words


class ServerEventResponseAudioTimestampDelta(ResponseContentFields):
    """When a word of the spoken answer is heard. Only sent if ``output_audio_timestamp_types`` asks for it.

    Since api-version 2025-10-01.
    """

    type: Literal["response.audio_timestamp.delta"] = "response.audio_timestamp.delta"
    """Type of the event."""

    audio_offset_ms: Int
    """Where it begins, in ms from the start of the answer's audio."""

    audio_duration_ms: Int
    """How long it lasts, in ms."""

    text: Str
    """The word."""

    timestamp_type: Literal["word"] = "word"
    """What is timed: words."""


class ServerEventResponseAudioTimestampDone(ResponseContentFields):
    """All words of the spoken answer are timed. Since api-version 2025-10-01."""

    type: Literal["response.audio_timestamp.done"] = "response.audio_timestamp.done"
    """Type of the event."""


# Animation, for an avatar that the client draws


class ServerEventResponseAnimationVisemeDelta(ResponseContentFields):
    """The position of the mouth from here on. Only sent if the session's ``animation`` asks for it.

    Since api-version 2025-10-01.
    """

    type: Literal["response.animation_viseme.delta"] = "response.animation_viseme.delta"
    """Type of the event."""

    audio_offset_ms: Int
    """When, in ms from the start of the answer's audio."""

    viseme_id: Int
    """Number of the viseme, as in Azure speech synthesis: 0 is silence, 1 to 21 are positions."""


class ServerEventResponseAnimationVisemeDone(ResponseContentFields):
    """All visemes of the spoken answer were sent. Since api-version 2025-10-01."""

    type: Literal["response.animation_viseme.done"] = "response.animation_viseme.done"
    """Type of the event."""


class ServerEventResponseAnimationBlendshapeDelta(ResponseContentFields):
    """Frames of facial expression. Only sent if the session's ``animation`` asks for it.

    Since api-version 2025-10-01.
    """

    type: Literal["response.animation_blendshapes.delta"] = "response.animation_blendshapes.delta"
    """Type of the event."""

    frames: list[list[Float]] | Str
    """One list of weights, from 0 to 1, per frame; or text in an encoding that is not documented."""

    frame_index: Int
    """Number of the first of these frames within the answer, from 0."""


class ServerEventResponseAnimationBlendshapeDone(ResponseItemFields):
    """All frames of facial expression were sent. Since api-version 2025-10-01."""

    type: Literal["response.animation_blendshapes.done"] = "response.animation_blendshapes.done"
    """Type of the event."""


# Video, of an avatar that the service draws


class ServerEventResponseVideoDelta(OutputFields):
    """A piece of the avatar's video. ``event.video`` has it as bytes.

    Only sent if the avatar's ``output_protocol`` is ``"websocket"``. Since api-version 2026-04-10.
    """

    type: Literal["response.video.delta"] = "response.video.delta"
    """Type of the event."""

    codec: Str
    """Encoding of the video, such as ``"h264"``."""

    delta: Base64
    """The video as base64, as it came."""

    @property
    def video(self) -> bytes:
        """The video as bytes. Decoded when first used.

        Raises:
            InvalidAudioError: ``delta`` is not base64.
        """
        return _decoded(vars(self), "video")
