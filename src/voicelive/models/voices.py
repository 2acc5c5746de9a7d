"""The voices that speak a response."""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from voicelive.models._base import Between, Float, Model, NotEmpty, OpenEnum, Str, Text, Unknown
from voicelive.models.enums import AzureRealtimeNativeVoiceName, OpenAIVoiceName, PersonalVoiceModels

__all__ = (
    "AzureAvatarVoiceSyncVoice",
    "AzureCustomVoice",
    "AzurePersonalVoice",
    "AzureRealtimeNativeVoice",
    "AzureStandardVoice",
    "AzureVoice",
    "OpenAIVoice",
    "UnknownVoice",
    "Voice",
)


class _VoiceObject(Model):
    # What all voices that are objects have in common, for telling unknown kinds from broken known ones.
    pass


class OpenAIVoice(_VoiceObject):
    """A voice of a realtime model, the same as its plain name. Since api-version 2025-10-01."""

    type: Literal["openai"] = "openai"
    """Which kind of voice this is."""

    name: OpenEnum[OpenAIVoiceName | Str]
    """The voice."""


class AzureRealtimeNativeVoice(_VoiceObject):
    """A voice spoken by the Azure realtime model itself. Since api-version 2026-07-15."""

    type: Literal["azure-realtime-native"] = "azure-realtime-native"
    """Which kind of voice this is."""

    name: OpenEnum[AzureRealtimeNativeVoiceName | Str]
    """The voice."""


class AzureVoice(_VoiceObject):
    """Base of the voices of Azure's speech synthesis."""


class _Synthesized(AzureVoice):
    temperature: Annotated[Float | None, Between(0, 1)] = None
    """How lively the delivery is, from 0 (even) to 1 (varied)."""

    custom_lexicon_url: Str | None = None
    """Address of a lexicon (PLS) that says how words are pronounced."""

    custom_text_normalization_url: Str | None = None
    """Address of rules for reading out numbers, units and the like. Since api-version 2026-04-10."""

    prefer_locales: list[Str] | None = None
    """Accents to prefer where a language has several, such as ``["en-GB", "es-MX"]``."""

    locale: Str | None = None
    """The only locale to speak, such as ``"en-US"``. By default the voice follows the language of the text."""

    style: Str | None = None
    """A speaking style that the voice has, such as ``"cheerful"``."""

    pitch: Text | None = None
    """Pitch, relative to the voice's own, as in SSML's ``prosody``: ``"+5%"``, ``"high"``. Numbers become text."""

    rate: Text | None = None
    """Speaking rate, where 1 is the voice's own: ``"1.2"``, or as a number."""

    volume: Text | None = None
    """Volume, as in SSML's ``prosody``: ``"loud"``, ``"80"``. Numbers become text."""


class AzureStandardVoice(_Synthesized):
    """A voice out of Azure's public catalogue. Since api-version 2025-10-01."""

    type: Literal["azure-standard"] = "azure-standard"
    """Which kind of voice this is."""

    name: Annotated[Str, NotEmpty()]
    """The voice, such as ``"en-US-AvaNeural"``."""


class AzureCustomVoice(_Synthesized):
    """A voice trained for a customer, at its own endpoint. Since api-version 2025-10-01."""

    type: Literal["azure-custom"] = "azure-custom"
    """Which kind of voice this is."""

    name: Annotated[Str, NotEmpty()]
    """The voice's name."""

    endpoint_id: Annotated[Str, NotEmpty()]
    """The deployment that speaks it."""


class AzurePersonalVoice(_Synthesized):
    """A voice cloned from a recording of its speaker.

    Since api-version 2025-10-01 with ``name``, ``model`` and ``temperature``; the others since 2026-04-10. The
    speaker was once named ``speaker_profile_id``, which is still taken.
    """

    _also_accepts: ClassVar[Mapping[str, str]] = {"speaker_profile_id": "name"}

    type: Literal["azure-personal"] = "azure-personal"
    """Which kind of voice this is."""

    name: Annotated[Str, NotEmpty()]
    """The speaker, by profile id."""

    model: OpenEnum[PersonalVoiceModels | Str] = PersonalVoiceModels.DRAGON_LATEST_NEURAL
    """The model that speaks it. The service demands one: when none is given, ``DragonLatestNeural`` is sent."""

    if not TYPE_CHECKING:
        speaker_profile_id = property(attrgetter("name"))


class AzureAvatarVoiceSyncVoice(_Synthesized):
    """The voice that belongs to the avatar's character. Since api-version 2026-04-10."""

    type: Literal["avatar-voice-sync"] = "avatar-voice-sync"
    """Which kind of voice this is."""

    model: OpenEnum[PersonalVoiceModels | Str]
    """The model that speaks it."""


class UnknownVoice(Unknown, _VoiceObject):
    """A voice of a kind this version does not know; all its keys are kept."""


Voice = Annotated[
    OpenAIVoiceName
    | Str
    | Annotated[
        OpenAIVoice
        | AzureStandardVoice
        | AzureCustomVoice
        | AzurePersonalVoice
        | AzureAvatarVoiceSyncVoice
        | AzureRealtimeNativeVoice,
        Field(discriminator="type"),
    ]
    | UnknownVoice,
    Field(union_mode="left_to_right"),
]
"""A voice: by its name alone, of a realtime model or of Azure's catalogue, or as an object.

The service answers with objects.
"""
