"""Voices by name and as objects."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from voicelive.models._base import Model
from voicelive.models.enums import OpenAIVoiceName, PersonalVoiceModels
from voicelive.models.session import RequestSession, ResponseSession
from voicelive.models.voices import (
    AzureAvatarVoiceSyncVoice,
    AzureCustomVoice,
    AzurePersonalVoice,
    AzureRealtimeNativeVoice,
    AzureStandardVoice,
    AzureVoice,
    OpenAIVoice,
    UnknownVoice,
)


@pytest.mark.parametrize(
    ("voice", "wire"),
    [
        (OpenAIVoice(name="alloy"), {"type": "openai", "name": "alloy"}),
        (AzureStandardVoice(name="en-US-AvaNeural"), {"type": "azure-standard", "name": "en-US-AvaNeural"}),
        (AzureCustomVoice(name="n", endpoint_id="e"), {"type": "azure-custom", "name": "n", "endpoint_id": "e"}),
        (
            AzurePersonalVoice(name="p", model="MAI-Voice-1"),
            {"type": "azure-personal", "name": "p", "model": "MAI-Voice-1"},
        ),
        (AzureAvatarVoiceSyncVoice(model="m"), {"type": "avatar-voice-sync", "model": "m"}),
        (AzureRealtimeNativeVoice(name="ava"), {"type": "azure-realtime-native", "name": "ava"}),
    ],
)
def test_each_kind_goes_out_and_comes_back(voice: Any, wire: dict[str, Any]) -> None:
    assert voice.as_dict() == wire
    assert RequestSession(voice=voice).as_dict() == {"voice": wire}
    assert RequestSession(voice=wire).voice == voice
    parsed = ResponseSession.model_validate({"voice": wire}).voice
    assert type(parsed) is type(voice)
    assert isinstance(voice, AzureVoice) == (wire["type"] in {
        "azure-standard", "azure-custom", "azure-personal", "avatar-voice-sync"
    })  # fmt: skip


def test_a_voice_by_name() -> None:
    assert RequestSession(voice="alloy").voice is OpenAIVoiceName.ALLOY
    assert RequestSession(voice=OpenAIVoiceName.ECHO).as_dict() == {"voice": "echo"}
    assert RequestSession(voice="en-US-AvaNeural").as_dict() == {"voice": "en-US-AvaNeural"}


def test_an_unknown_kind_of_voice_is_kept() -> None:
    wire = {"voice": {"type": "azure-singing", "range": [1, 2]}}
    session = ResponseSession.model_validate(wire)
    assert isinstance(session.voice, UnknownVoice)
    assert session.as_dict() == wire
    assert RequestSession(wire).as_dict() == wire


@pytest.mark.parametrize("broken", [{"type": "openai"}, {"type": "azure-standard", "name": 5}, {"name": "alloy"}, 5])
def test_a_broken_voice_is_refused(broken: object) -> None:
    with pytest.raises(ValueError, match="voice|type"):
        RequestSession({"voice": broken})


def test_numbers_for_pitch_rate_and_volume_become_text() -> None:
    voice = AzureStandardVoice(name="x", pitch=5, rate=1.2, volume=80)  # type: ignore[arg-type]
    assert (voice.pitch, voice.rate, voice.volume) == ("5", "1.2", "80")


@pytest.mark.parametrize("temperature", [-0.1, 1.1])
def test_temperature_is_from_0_to_1(temperature: float) -> None:
    with pytest.raises(ValidationError, match="temperature\n  must be from 0 to 1"):
        AzureStandardVoice(name="x", temperature=temperature)
    assert AzureStandardVoice.model_validate({"name": "x", "temperature": temperature}).temperature == temperature


@pytest.mark.parametrize(
    ("model", "fields"),
    [(AzureStandardVoice, {"name": ""}), (AzureCustomVoice, {"name": "n", "endpoint_id": ""})],
)
def test_names_are_not_empty(model: type[Model], fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="must not be empty"):
        model(**fields)


def test_a_personal_voice_by_its_older_form() -> None:
    voice = AzurePersonalVoice(speaker_profile_id="p")  # type: ignore[call-arg]
    assert voice.as_dict() == {"type": "azure-personal", "name": "p", "model": "DragonLatestNeural"}
    assert voice.model is PersonalVoiceModels.DRAGON_LATEST_NEURAL
    assert voice.speaker_profile_id == "p"  # type: ignore[attr-defined]
    session = RequestSession({"voice": {"type": "azure-personal", "speaker_profile_id": "p"}})
    assert session["voice"] == voice
