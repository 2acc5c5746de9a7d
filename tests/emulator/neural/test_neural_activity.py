"""Voice activity by Silero."""

from __future__ import annotations

import math
import random
from array import array

import pytest

from voicelive.emulator.neural.vad import SileroVoiceActivity
from voicelive.emulator.recording import recording
from voicelive.emulator.speech import SpeechEdge

RATES = [8000, 16000, 24000, 44100]


def silence(milliseconds: int, rate: int) -> bytes:
    return bytes(rate * milliseconds // 1000 * 2)


def noise(milliseconds: int, rate: int, level: float) -> bytes:
    generator = random.Random(7)
    return array("h", (int(generator.gauss(0, level)) for _ in range(rate * milliseconds // 1000))).tobytes()


def edges(pcm: bytes, rate: int, threshold: float = 0.5, piece_ms: int = 100) -> list[SpeechEdge]:
    detector = SileroVoiceActivity(rate, threshold)
    size = rate * piece_ms // 1000 * 2
    return [edge for start in range(0, len(pcm), size) for edge in detector.feed(pcm[start : start + size])]


@pytest.mark.parametrize("rate", RATES)
def test_it_finds_the_recording_where_it_is(rate: int) -> None:
    """The speech is from 0.32 s to 3.0 s of the recording, which stands after a second of silence."""
    found = edges(silence(1000, rate) + recording(rate) + silence(1000, rate), rate)
    assert [edge.speaking for edge in found] == [True, False]
    begin, end = (edge.sample / rate for edge in found)
    assert 1.25 <= begin <= 1.45
    assert 3.8 <= end <= 4.2


def test_pieces_of_any_size_give_the_same_edges() -> None:
    pcm = recording(24000) + silence(700, 24000) + recording(24000) + silence(700, 24000)
    whole = edges(pcm, 24000, piece_ms=60_000)
    assert [edge.speaking for edge in whole] == [True, False] * 2
    assert edges(pcm, 24000, piece_ms=7) == edges(pcm, 24000, piece_ms=250) == whole


@pytest.mark.parametrize(
    "sound",
    [
        silence(3000, 24000),
        noise(3000, 24000, 300),
        noise(3000, 24000, 6000),
        array("h", (int(9000 * math.sin(i / 10)) for i in range(72000))).tobytes(),
    ],
    ids=["silence", "hiss", "loud noise", "a tone"],
)
def test_what_is_no_voice_is_no_speech(sound: bytes) -> None:
    assert edges(sound, 24000) == []


def test_voices_are_found_in_noise_and_however_quiet() -> None:
    rate = 16000
    speech = array("h", recording(rate))
    loud = array("h", noise(len(speech) * 1000 // rate, rate, 700))
    noisy = array("h", (max(-32768, min(32767, a + b)) for a, b in zip(speech, loud, strict=False)))
    quiet = array("h", (value // 30 for value in speech))
    for pcm in (noisy.tobytes(), quiet.tobytes()):
        assert edges(pcm + silence(800, rate), rate)[0].speaking


def test_the_threshold_is_honoured() -> None:
    pcm = silence(500, 24000) + recording(24000) + silence(500, 24000)
    assert edges(pcm, 24000, 0.0) == [SpeechEdge(0, True)]
    assert edges(pcm, 24000, 1.0) == []

    def speech(threshold: float) -> int:
        found = edges(pcm, 24000, threshold)
        return sum(b.sample - a.sample for a, b in zip(found[::2], found[1::2], strict=True))

    assert speech(0.1) >= speech(0.5) >= speech(0.9) > 0


def test_bad_arguments_are_refused() -> None:
    with pytest.raises(ValueError, match="threshold"):
        SileroVoiceActivity(24000, 1.5)
    with pytest.raises(ValueError, match="rate"):
        SileroVoiceActivity(0)
    with pytest.raises(ValueError, match="2-byte"):
        SileroVoiceActivity(24000).feed(b"x")
