"""The enums as a whole."""

from __future__ import annotations

import pytest

from voicelive.models import enums
from voicelive.models._base import VoiceLiveEnum
from voicelive.models.enums import Modality, OutputAudioFormat, PersonalVoiceModels

ENUMS = [getattr(enums, name) for name in enums.__all__]


@pytest.mark.parametrize("enum", ENUMS)
def test_members_are_found_by_name_in_any_case_and_by_exact_value(enum: type[VoiceLiveEnum]) -> None:
    for name, member in enum.__members__.items():
        assert enum[name.lower()] is enum[name.title()] is getattr(enum, name.lower()) is member
        assert enum(member.value) is member
        assert member == member.value


def test_values_are_matched_exactly() -> None:
    assert PersonalVoiceModels("DragonLatestNeural") is PersonalVoiceModels.DRAGON_LATEST_NEURAL
    with pytest.raises(ValueError, match="TEXT"):
        Modality("TEXT")


def test_the_older_spelling_of_output_formats_is_found() -> None:
    assert OutputAudioFormat("pcm16-8000hz") is OutputAudioFormat.PCM16_8000_HZ
    assert OutputAudioFormat("pcm16-16000hz") is OutputAudioFormat.PCM16_16000_HZ
    assert OutputAudioFormat.PCM16_8000_HZ == "pcm16_8000hz"
    with pytest.raises(ValueError, match="pcm16-44100hz"):
        OutputAudioFormat("pcm16-44100hz")
