"""Changing rates, of whole stretches and of streams."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicelive.emulator import audio
from voicelive.emulator.neural.resampling import Resampler, floats, resample, to_pcm
from voicelive.emulator.recording import recording

RATES = [8000, 16000, 22050, 24000, 44100, 48000]


@pytest.mark.parametrize("rate_in", RATES)
@pytest.mark.parametrize("rate_out", RATES)
def test_tones_keep_their_place_and_height(rate_in: int, rate_out: int) -> None:
    time_in, time_out = (np.arange(rate // 2) / rate for rate in (rate_in, rate_out))
    tone = (0.5 * np.sin(2 * np.pi * 1000 * time_in)).astype(np.float32)
    expected = 0.5 * np.sin(2 * np.pi * 1000 * time_out)
    result = resample(tone, rate_in, rate_out)
    assert len(result) == len(expected)
    # The ends border on silence.
    inner = slice(rate_out // 50, -rate_out // 50)
    assert np.abs(result[inner] - expected[inner]).max() < 0.002


def test_what_is_too_high_is_suppressed() -> None:
    tone = np.sin(2 * np.pi * 10000 * np.arange(24000) / 24000).astype(np.float32)
    result = resample(tone, 24000, 16000)[500:-500]
    assert 20 * np.log10(np.sqrt(np.mean(result**2))) < -60


def test_it_agrees_with_plain_python() -> None:
    pcm = recording(16000)[:16000]
    assert np.abs(floats(audio.resample(pcm, 16000, 24000)) - resample(floats(pcm), 16000, 24000)).max() < 1e-3


@given(st.lists(st.integers(0, 3000), max_size=12), st.sampled_from([8000, 24000, 44100]))
def test_pieces_make_no_difference(sizes: list[int], rate: int) -> None:
    samples = floats(recording(24000))[20000 : 20000 + sum(sizes)]
    whole = Resampler(rate, 16000).feed(samples)
    resampler, position, pieces = Resampler(rate, 16000), 0, []
    for size in sizes:
        pieces.append(resampler.feed(samples[position : position + size]))
        position += size
    joined = np.concatenate([*pieces, np.zeros(0, np.float32)])
    assert len(joined) == len(whole)
    assert np.allclose(joined, whole, atol=1e-6)


@given(st.lists(st.integers(-32768, 32767)))
def test_pcm16_survives(values: list[int]) -> None:
    pcm = np.array(values, "<i2").tobytes()
    assert to_pcm(floats(pcm)) == pcm


def test_bad_arguments_are_refused() -> None:
    with pytest.raises(ValueError, match="2-byte"):
        floats(b"x")
    with pytest.raises(ValueError, match="positive"):
        Resampler(0, 16000)
