"""Responses of the model: what is asked for, what comes, and why one ended early."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from voicelive.models._base import Between, Bool, Float, JsonValue, Metadata, Model, OpenEnum, Str, TokenLimit, Unknown
from voicelive.models.enums import Modality, OutputAudioFormat, ReasoningEffort, ResponseStatus
from voicelive.models.interim import InterimResponseConfig
from voicelive.models.items import AssistantMessageItem, ConversationRequestItemUnion, ResponseItemUnion
from voicelive.models.tools import ToolChoice, ToolUnion
from voicelive.models.usage import TokenUsage
from voicelive.models.voices import Voice

__all__ = (
    "Response",
    "ResponseCancelledDetails",
    "ResponseCreateParams",
    "ResponseFailedDetails",
    "ResponseIncompleteDetails",
    "ResponseStatusDetails",
    "ResponseStatusDetailsUnion",
    "UnknownResponseStatusDetails",
)


class ResponseStatusDetails(Model):
    """Base of what is said about the status of a response. Since api-version 2025-10-01."""


class ResponseCancelledDetails(ResponseStatusDetails):
    """The response was cancelled. Since api-version 2025-10-01."""

    type: Literal["cancelled"] = "cancelled"
    """The status these details belong to."""

    reason: Literal["turn_detected", "client_cancelled"] | Str
    """``"turn_detected"``: the user began to speak. ``"client_cancelled"``: with ``response.cancel``."""


class ResponseIncompleteDetails(ResponseStatusDetails):
    """The response was cut short. Since api-version 2025-10-01."""

    type: Literal["incomplete"] = "incomplete"
    """The status these details belong to."""

    reason: Literal["max_output_tokens", "content_filter"] | Str
    """``"max_output_tokens"``: it reached its limit. ``"content_filter"``: the rest was withheld."""


class ResponseFailedDetails(ResponseStatusDetails):
    """The response failed. Since api-version 2025-10-01."""

    type: Literal["failed"] = "failed"
    """The status these details belong to."""

    error: JsonValue
    """What went wrong, usually an object with ``code`` and ``message``."""


class UnknownResponseStatusDetails(Unknown, ResponseStatusDetails):
    """Details of a status without a class of its own, such as ``"completed"``; ``details["type"]`` tells which."""


ResponseStatusDetailsUnion = Annotated[
    Annotated[
        ResponseCancelledDetails | ResponseIncompleteDetails | ResponseFailedDetails,
        Field(discriminator="type"),
    ]
    | UnknownResponseStatusDetails,
    Field(union_mode="left_to_right"),
]
"""What is said about the status of a response, told apart by ``type``."""


class Response(Model):
    """A response: at ``response.created`` still empty, at ``response.done`` complete. Since api-version 2025-10-01."""

    id: Str | None = None
    """Id of the response, such as ``"resp_..."``."""

    object: Literal["realtime.response"] | None = None
    """Always ``"realtime.response"``."""

    status: OpenEnum[ResponseStatus | Str] | None = None
    """How it ended, or ``"in_progress"``."""

    status_details: ResponseStatusDetailsUnion | None = None
    """Why it ended that way; None if it was completed."""

    output: list[ResponseItemUnion] | None = None
    """The items it produced."""

    usage: TokenUsage | None = None
    """Tokens it took; None until it is done."""

    conversation_id: Str | None = None
    """Id of the conversation it belongs to. Empty with cascaded models."""

    voice: Voice | None = None
    """The voice that speaks it. Always sent as an object."""

    modalities: list[OpenEnum[Modality | Str]] | None = None
    """What it may consist of."""

    output_audio_format: OpenEnum[OutputAudioFormat | Str] | None = None
    """Encoding of its audio."""

    temperature: Float | None = None
    """How varied the wording is, 0.6 to 1.2. None with realtime models."""

    max_output_tokens: TokenLimit | None = None
    """The most tokens it may take, 1 to 4096 or ``"inf"``. None with cascaded models."""

    metadata: Metadata | None = None
    """What was attached to it in ``response.create``. Since api-version 2026-04-10."""


class ResponseCreateParams(Model):
    """Settings for one response. What is not set here is taken from the session.

    Older names are taken too: ``max_response_output_tokens``, ``input`` (for ``input_items``) and
    ``conversation="none"`` (for ``commit=False``; ``"auto"`` is what happens anyway). Since api-version 2025-10-01.
    """

    _also_accepts: ClassVar = {
        "max_response_output_tokens": "max_output_tokens",
        "input": "input_items",
        "conversation": "conversation",
    }

    commit: Bool | None = None
    """Whether the response becomes part of the conversation. The service's default is true."""

    cancel_previous: Bool | None = None
    """Whether a response still being made is cancelled first. The service's default is true."""

    append_input_items: list[ConversationRequestItemUnion] | None = None
    """Items for the model to read after the conversation, for this response only."""

    input_items: list[ConversationRequestItemUnion] | None = None
    """Items for the model to read instead of the conversation. An empty list: nothing but the instructions."""

    modalities: list[OpenEnum[Modality | Str]] | None = None
    """What it may consist of."""

    instructions: Str | None = None
    """Directions for the model, in place of the session's."""

    voice: Voice | None = None
    """The voice that speaks it. Cannot change once the session has produced audio."""

    output_audio_format: OpenEnum[OutputAudioFormat | Str] | None = None
    """Encoding of its audio. The service's default is ``"pcm16"``."""

    tools: list[ToolUnion] | None = None
    """Tools the model may use."""

    tool_choice: ToolChoice | None = None
    """Whether it uses a tool, or which."""

    temperature: Annotated[Float, Between(0, 2)] | None = None
    """How varied the wording is. The service takes 0.6 to 1.2; its default is 0.8."""

    max_output_tokens: TokenLimit | None = None
    """The most tokens it may take, 1 to 4096 or ``"inf"``, which is the service's default."""

    pre_generated_assistant_message: AssistantMessageItem | None = None
    """A finished answer to speak, so that the model is not asked. Since api-version 2026-04-10."""

    reasoning_effort: OpenEnum[ReasoningEffort | Str] | None = None
    """How long a reasoning model may think. Since api-version 2026-04-10."""

    metadata: Metadata | None = None
    """Text to attach to the response; the service sends it back. Since api-version 2026-04-10."""

    interim_response: InterimResponseConfig | None = None
    """What to say while the answer takes long. Since api-version 2026-04-10."""

    invoke_input: dict[Str, JsonValue] | None = None
    """Free input for the agent behind the session. Since api-version 2026-07-15."""

    @classmethod
    def _from_given(cls, given: dict[str, Any]) -> dict[str, Any]:
        conversation = given.pop("conversation", None)
        if conversation == "none":
            if given.setdefault("commit", False):
                raise ValueError("conversation='none' means commit=False, but commit=True was given too")
        elif conversation not in (None, "auto"):
            raise ValueError("conversation must be 'auto' or 'none'")
        return super()._from_given(given)
