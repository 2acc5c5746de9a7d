"""What a session is configured with, and what the service says it is configured with."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, ClassVar, Literal

from voicelive.models._base import Between, Bool, Float, Int, Metadata, Model, Needed, OpenEnum, Str, TokenLimit
from voicelive.models.audio import (
    Animation,
    AudioEchoCancellation,
    AudioInputTranscriptionOptions,
    AudioNoiseReduction,
)
from voicelive.models.avatar import AvatarConfig
from voicelive.models.enums import (
    AudioTimestampType,
    InputAudioFormat,
    Modality,
    OutputAudioFormat,
    ReasoningEffort,
    SessionIncludeOption,
)
from voicelive.models.interim import InterimResponseConfig
from voicelive.models.tools import ToolChoice, ToolUnion
from voicelive.models.turn_detection import TurnDetectionUnion
from voicelive.models.voices import Voice

__all__ = ("AgentConfig", "RequestSession", "ResponseSession", "SessionBase")


class AgentConfig(Model):
    """The Foundry agent that answers in a session, as the service reports it. Since api-version 2025-10-01.

    Agents of newer kinds may come without some of this; it then reads as None.
    """

    type: OpenEnum[Literal["agent"] | Str] = "agent"
    """Which kind of agent this is; there is one."""

    name: Needed[Str]
    """The agent's name."""

    description: Str | None = None
    """What the agent is for."""

    agent_id: Needed[Str]
    """Identifies the agent."""

    thread_id: Needed[Str]
    """Identifies the agent's conversation."""


class SessionBase(Model):
    """The configuration that `RequestSession` and `ResponseSession` share. Since api-version 2025-10-01."""

    _rates: ClassVar[dict[str, tuple[int, ...]]] = {
        InputAudioFormat.PCM16: (8000, 16000, 24000, 44100),
        InputAudioFormat.G711_ULAW: (8000,),
        InputAudioFormat.G711_ALAW: (8000,),
    }

    model: Str | None = None
    """The model that answers. It is chosen on connecting and cannot be changed."""

    modalities: list[OpenEnum[Modality | Str]] | None = None
    """What responses are made of."""

    animation: Animation | None = None
    """Data to move an avatar's face by; needs ``animation`` among the modalities."""

    voice: Voice | None = None
    """The voice. It cannot be changed after it has been heard. The default depends on the model."""

    instructions: Str | None = None
    """What the model is told before the conversation: who it is, how it answers. ``""`` takes it back."""

    input_audio_sampling_rate: Int | None = None
    """Sampling rate of the audio sent, in Hz: 8000, 16000, 24000 or 44100 for ``pcm16``, 8000 for G.711.

    The service's default: 24000. 44100 is not in its documents, but in the live tests of azure-ai-voicelive 1.3.1.
    """

    input_audio_format: OpenEnum[InputAudioFormat | Str] | None = None
    """Encoding of the audio sent. The service's default: ``"pcm16"``."""

    output_audio_format: OpenEnum[OutputAudioFormat | Str] | None = None
    """Encoding of the audio received. The service's default: ``"pcm16"``, at 24000 Hz."""

    turn_detection: TurnDetectionUnion | None = None
    """How the end of the user's turn is found. None turns it off: commit the audio, and ask for responses, yourself.

    By default it is on; which kind depends on the model.
    """

    input_audio_noise_reduction: AudioNoiseReduction | None = None
    """Takes noise out of the audio sent. Off by default."""

    input_audio_echo_cancellation: AudioEchoCancellation | None = None
    """Takes the answer's echo out of the audio sent. Off by default."""

    avatar: AvatarConfig | None = None
    """The avatar that speaks; needs ``avatar`` among the modalities."""

    input_audio_transcription: AudioInputTranscriptionOptions | None = None
    """How the user's audio is written down. Off by default with realtime models."""

    output_audio_timestamp_types: list[OpenEnum[AudioTimestampType | Str]] | None = None
    """Which times to send along with the audio. None by default."""

    tools: list[ToolUnion] | None = None
    """What the model may call. ``[]`` takes all away."""

    tool_choice: ToolChoice | None = None
    """Whether and what it must call. The service's default: ``"auto"``."""

    parallel_tool_calls: Bool | None = None
    """Whether it may call several tools at once. The service's default: true. Since api-version 2026-07-15."""

    temperature: Annotated[Float | None, Between(0, 2)] = None
    """How freely the model picks its words; less is more predictable.

    The accepted range and the default depend on the model; API descriptions speak of 0 to 1 with 0.7, and of 0.6 to
    1.2 with 0.8. Only what is outside of 0 to 2 is refused here.
    """

    max_response_output_tokens: TokenLimit | None = None
    """Longest response, tool calls included, in tokens: 1 to 4096, or ``"inf"``. The service's default: ``"inf"``."""

    reasoning_effort: OpenEnum[ReasoningEffort | Str] | None = None
    """How much a reasoning model thinks before it answers. Since api-version 2026-04-10."""

    interim_response: InterimResponseConfig | None = None
    """Something to say while the user waits. Off by default. Since api-version 2026-04-10."""

    include: list[OpenEnum[SessionIncludeOption | Str]] | None = None
    """Data that is sent only on request. Nothing by default. Since api-version 2026-04-10."""

    metadata: Metadata | None = None
    """Up to 16 pairs of text to keep with the session: keys of up to 64, values of up to 512 characters.

    Since api-version 2026-04-10.
    """

    def _check(self) -> None:
        name = type(self).__name__
        encoding, rate = self.input_audio_format or InputAudioFormat.PCM16, self.input_audio_sampling_rate
        rates = self._rates.get(encoding)
        if rate is not None and rates and rate not in rates:
            allowed = " or ".join(map(str, rates))
            raise ValueError(
                f"{name}: input_audio_sampling_rate={rate} does not go with {encoding} input; write {allowed} (Hz)"
            )
        echo = self.input_audio_echo_cancellation
        if echo and echo.channels == 2 and encoding != InputAudioFormat.PCM16:
            raise ValueError(
                f"{name}: echo cancellation with channels=2 takes pcm16 input, not {encoding}; "
                "write input_audio_format='pcm16', or channels=1"
            )


class RequestSession(SessionBase):
    """What to change about a session. Since api-version 2025-10-01.

    Only what is set is sent, and only what is sent changes. None is sent as null, which turns a feature off:
    ``RequestSession(turn_detection=None)``.
    """


class ResponseSession(SessionBase):
    """A session as the service has it, after connecting and after each update. Since api-version 2025-10-01.

    The service sends null for whatever is off or left to the model.
    """

    object: Str | None = None
    """``"realtime.session"``."""

    agent: AgentConfig | None = None
    """The agent that answers, where one does."""

    id: Str | None = None
    """Identifies the session."""

    expires_at: Int | None = None
    """When the session ends, in seconds since 1970 UTC. Since api-version 2026-07-15."""

    @property
    def expires_at_datetime(self) -> datetime | None:
        """When the session ends, as a datetime in UTC."""
        return None if self.expires_at is None else datetime.fromtimestamp(self.expires_at, UTC)
