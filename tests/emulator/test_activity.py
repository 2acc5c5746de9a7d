"""Voice activity by energy."""

from __future__ import annotations

import random
from array import array

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voicelive.emulator.activity import EnergyVoiceActivity
from voicelive.emulator.audio import level_dbfs, samples, to_pcm
from voicelive.emulator.recording import recording
from voicelive.emulator.speech import SpeechEdge, VoiceActivity, VoiceActivityFactory

RATE = 16000
factory: VoiceActivityFactory = EnergyVoiceActivity


def noise(seconds: float, dbfs: float, seed: int = 1) -> bytes:
    generator = random.Random(seed)
    scale = 32768 * 10 ** (dbfs / 20)
    return to_pcm(
        array("h", [max(-32768, min(32767, round(generator.gauss(0, scale)))) for _ in range(int(seconds * RATE))])
    )


def mixed(one: bytes, other: bytes) -> bytes:
    pairs = zip(samples(one), samples(other), strict=False)
    return to_pcm(array("h", [max(-32768, min(32767, a + b)) for a, b in pairs]))


def silence(seconds: float) -> bytes:
    return bytes(2 * int(seconds * RATE))


def seconds(edges: list[SpeechEdge]) -> list[tuple[float, bool]]:
    return [(edge.sample / RATE, edge.speaking) for edge in edges]


def test_each_burst_is_found_where_it_is() -> None:
    stream = silence(0.5) + noise(0.4, -20) + silence(0.6) + noise(1.0, -30) + silence(1.0)
    edges = seconds(EnergyVoiceActivity(RATE).feed(stream))
    assert [speaking for _, speaking in edges] == [True, False, True, False]
    assert [at for at, _ in edges] == pytest.approx([0.5, 0.9, 1.5, 2.5], abs=0.021)


def test_a_stream_may_begin_with_speech() -> None:
    edges = seconds(EnergyVoiceActivity(RATE).feed(noise(0.5, -20) + silence(0.5)))
    assert edges == [(0.0, True), (0.5, False)]


def test_silence_and_steady_noise_are_not_speech() -> None:
    assert EnergyVoiceActivity(RATE).feed(silence(3)) == []
    assert EnergyVoiceActivity(RATE).feed(noise(5, -45)) == []
    assert EnergyVoiceActivity(RATE).feed(to_pcm(array("h", [2000]) * RATE)) == [], "a constant is no sound"


def test_clicks_are_ignored_and_short_gaps_bridged() -> None:
    clicks = silence(0.5) + (noise(0.02, -10) + silence(0.3)) * 5
    assert EnergyVoiceActivity(RATE).feed(clicks) == []
    words = silence(0.5) + (noise(0.2, -20) + silence(0.06)) * 5 + silence(0.5)
    assert [edge.speaking for edge in EnergyVoiceActivity(RATE).feed(words)] == [True, False]
    assert len(EnergyVoiceActivity(RATE, min_speech_ms=20).feed(clicks)) == 10


def test_noise_that_sets_in_later_is_learnt() -> None:
    edges = seconds(EnergyVoiceActivity(RATE).feed(noise(2, -58) + noise(6, -42)))
    assert [speaking for _, speaking in edges] in ([], [True, False])
    assert not edges or edges[1][0] < 5


@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.8])
@pytest.mark.parametrize("rate", [8000, 16000, 24000])
def test_the_human_sentence_is_one_utterance(rate: int, threshold: float) -> None:
    """Forced alignment puts the words between 0.21 s and 3.02 s."""
    edges = EnergyVoiceActivity(rate, threshold).feed(recording(rate) + bytes(2 * rate))
    assert [edge.speaking for edge in edges] == [True, False]
    assert edges[0].sample / rate == pytest.approx(0.25, abs=0.1)
    assert edges[1].sample / rate == pytest.approx(3.0, abs=0.3)


@pytest.mark.parametrize("seed", range(3))
def test_the_human_sentence_is_found_in_noise_20_db_below_it(seed: int) -> None:
    speech = silence(1) + recording(RATE) + silence(2)
    heard = mixed(speech, noise(7, level_dbfs(recording(RATE)) - 20, seed))
    edges = seconds(EnergyVoiceActivity(RATE).feed(heard))
    assert [speaking for _, speaking in edges] == [True, False]
    assert 1.1 < edges[0][0] < 1.4
    assert 3.6 < edges[1][0] < 4.2


@given(st.lists(st.integers(0, 4000), max_size=40))
@settings(max_examples=25, deadline=None)
def test_how_the_audio_is_cut_makes_no_difference(cuts: list[int]) -> None:
    stream = recording(RATE) + silence(0.5)
    activity: VoiceActivity = factory(RATE, 0.5)
    edges: list[SpeechEdge] = []
    rest = stream
    for cut in cuts:
        edges += activity.feed(rest[: 2 * cut])
        rest = rest[2 * cut :]
    assert [*edges, *activity.feed(rest)] == factory(RATE, 0.5).feed(stream)


def test_a_higher_threshold_hears_less() -> None:
    stream = noise(1, -50) + mixed(noise(1, -50), noise(1, -38, 2)) + noise(1, -50)
    assert EnergyVoiceActivity(RATE, 0.4).feed(stream)
    assert not EnergyVoiceActivity(RATE, 0.9).feed(stream)


def test_bad_settings_are_refused() -> None:
    with pytest.raises(ValueError, match="threshold is a number from 0 to 1, not 2"):
        EnergyVoiceActivity(RATE, 2)
    with pytest.raises(ValueError, match="rate is a positive number"):
        EnergyVoiceActivity(0)
    with pytest.raises(ValueError, match="not 3 bytes"):
        EnergyVoiceActivity(RATE).feed(b"abc")
