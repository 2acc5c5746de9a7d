"""What is done to the audio that comes in, and what is told about the audio that goes out."""

from __future__ import annotations

from typing import Annotated, Literal

from voicelive.models._base import Between, Int, Model, OpenEnum, Str
from voicelive.models.enums import AnimationOutputType, EchoCancellationReferenceSource

__all__ = ("Animation", "AudioEchoCancellation", "AudioInputTranscriptionOptions", "AudioNoiseReduction")


class AudioNoiseReduction(Model):
    """Takes noise out of the input audio, before turn detection and model hear it. Since api-version 2025-10-01."""

    type: OpenEnum[Literal["azure_deep_noise_suppression", "near_field", "far_field"] | Str]
    """How: Azure's deep noise suppression, or one made for a headset (``near_field``) or a room (``far_field``)."""


class AudioEchoCancellation(Model):
    """Takes the answer, as it comes back from the loudspeaker, out of the input audio. Since api-version 2025-10-01."""

    type: OpenEnum[Literal["server_echo_cancellation"] | Str] = "server_echo_cancellation"
    """Which echo cancellation this is; there is one."""

    reference_source: OpenEnum[EchoCancellationReferenceSource | Str] | None = None
    """Where it learns what the loudspeaker plays. The service's default: ``"server"``. Since api-version 2026-07-15."""

    channels: Annotated[Int | None, Between(1, 2, "channels")] = None
    """Channels of the input audio, 1 or 2; the second holds the reference. The service's default: 1.

    2 needs ``reference_source="client"`` and input as ``pcm16``. Since api-version 2026-07-15.
    """

    def _check(self) -> None:
        if self.channels == 2 and self.reference_source != EchoCancellationReferenceSource.CLIENT:
            raise ValueError(
                "AudioEchoCancellation: channels=2 sends a reference along, so write reference_source='client' too"
            )


class AudioInputTranscriptionOptions(Model):
    """How the user's audio is written down. Since api-version 2025-10-01.

    The transcript comes beside the conversation and need not be what a realtime model understood.
    """

    model: OpenEnum[
        Literal[
            "whisper-1",
            "gpt-4o-transcribe",
            "gpt-4o-mini-transcribe",
            "gpt-4o-transcribe-diarize",
            "mai-transcribe-1",
            "azure-speech",
        ]
        | Str
    ]
    """The model that transcribes."""

    language: Str | None = None
    """Language spoken, as a code such as ``"en"`` or ``"en-US"``. By default it is detected."""

    custom_speech: dict[Str, Str] | None = None
    """Custom speech models to use, by locale: ``{"en-US": "<model id>"}``. For ``azure-speech``."""

    phrase_list: list[Str] | None = None
    """Words and names to listen for."""


class Animation(Model):
    """Data to move an avatar's face by, in time with the audio. Since api-version 2025-10-01."""

    model_name: Str | None = None
    """The model that makes it. The service's default: ``"default"``."""

    outputs: list[OpenEnum[AnimationOutputType | Str]] | None = None
    """What to send. The service's default: ``["blendshapes"]``."""
