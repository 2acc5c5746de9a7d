"""Something to say while the user waits. Since api-version 2026-04-10."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from voicelive.models._base import Between, Int, Model, OpenEnum, Str, Unknown
from voicelive.models.enums import InterimResponseTrigger

__all__ = (
    "InterimResponseConfig",
    "InterimResponseConfigBase",
    "LlmInterimResponseConfig",
    "StaticInterimResponseConfig",
    "UnknownInterimResponseConfig",
)


class InterimResponseConfigBase(Model):
    """Base of all kinds of interim responses. Since api-version 2026-04-10."""

    triggers: list[OpenEnum[InterimResponseTrigger | Str]] | None = None
    """What sets it off; any one does. The service's default: ``["latency"]``."""

    latency_threshold_ms: Annotated[Int | None, Between(0, unit="ms")] = None
    """How long the answer may take before ``latency`` sets it off, in ms. At least 0. The service's default: 2000."""


class StaticInterimResponseConfig(InterimResponseConfigBase):
    """Says one of some texts, picked at random. Since api-version 2026-04-10."""

    type: Literal["static_interim_response"] = "static_interim_response"
    """Which kind of interim response this is."""

    texts: list[Str] | None = None
    """What may be said."""


class LlmInterimResponseConfig(InterimResponseConfigBase):
    """Has a model write something that fits. Since api-version 2026-04-10."""

    type: Literal["llm_interim_response"] = "llm_interim_response"
    """Which kind of interim response this is."""

    model: Str | None = None
    """The model that writes it. The service's default: ``"gpt-4.1-mini"``."""

    instructions: Str | None = None
    """How to write it."""

    max_completion_tokens: Annotated[Int | None, Between(1, unit="tokens")] = None
    """How long it may get, in tokens. At least 1. The service's default: 50."""


class UnknownInterimResponseConfig(Unknown, InterimResponseConfigBase):
    """An interim response of a kind this version does not know; all its keys are kept."""


InterimResponseConfig = Annotated[
    Annotated[StaticInterimResponseConfig | LlmInterimResponseConfig, Field(discriminator="type")]
    | UnknownInterimResponseConfig,
    Field(union_mode="left_to_right"),
]
"""An interim response of any kind; ``type`` tells which."""
