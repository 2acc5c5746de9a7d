"""Synthesis by hibari."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from voicelive.emulator.audio import level_dbfs
from voicelive.emulator.neural import synthesizer
from voicelive.emulator.neural.alignment import align
from voicelive.emulator.speech import Speech

TEXT = "It costs $5.99 in 2024, Dr. Smith \u2014 really! Isn't that cheap?"


def say(text: str, rate: int = 24000) -> list[Speech]:
    return list(synthesizer.load().synthesize(text, rate))


def check_times(speech: Speech, rate: int) -> None:
    """Words in order and inside the audio, mouth positions among Azure's and in order."""
    length = len(speech.pcm) / 2 / rate * 1000
    times = [time for word in speech.words for time in (word.start_ms, word.end_ms)]
    assert times == sorted(times)
    assert all(0 <= time <= length + 0.1 for time in times)
    visemes = speech.visemes
    assert visemes[0] == (0, 0.0)
    assert visemes[-1].viseme_id == 0
    assert all(0 <= viseme.viseme_id <= 21 for viseme in visemes)
    assert all(a.start_ms < b.start_ms for a, b in pairwise(visemes))
    assert visemes[-1].start_ms <= length


def test_it_speaks_sentence_by_sentence() -> None:
    first, second = say(TEXT)
    assert [word.text for word in first.words] == ["It", "costs", "$5.99", "in", "2024,", "Dr.", "Smith", "really!"]
    assert [word.text for word in second.words] == ["Isn't", "that", "cheap?"]
    for speech in (first, second):
        check_times(speech, 24000)
        assert -40 < level_dbfs(speech.pcm) < -10


def test_speech_begins_soon_and_words_lie_where_they_are_heard() -> None:
    (speech,) = say("Stop.")
    (word,) = speech.words

    def level(start_ms: float, end_ms: float) -> float:
        return level_dbfs(speech.pcm[round(start_ms) * 48 : round(end_ms) * 48])

    assert word.start_ms <= 150
    assert level(0, 60) < -50
    assert level(word.start_ms, word.end_ms) > -35
    assert level(word.end_ms + 20, len(speech.pcm) / 48) < -50


def test_mouth_positions_follow_the_sounds() -> None:
    (speech,) = say("Mama, shoes.")
    shapes = [viseme.viseme_id for viseme in speech.visemes]
    assert shapes == [0, 21, 2, 21, 1, 0, 16, 7, 15, 0]


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 24000, 44100, 48000])
def test_every_rate_has_the_same_speech(rate: int) -> None:
    (speech,), (native,) = say("Hello there.", rate), say("Hello there.")
    assert speech.words == native.words
    assert speech.visemes == native.visemes
    assert abs(len(speech.pcm) / 2 / rate - len(native.pcm) / 48000) < 0.001
    check_times(speech, rate)


def test_the_same_text_is_the_same_audio_also_in_another_process() -> None:
    program = (
        "import sys; from voicelive.emulator.neural import synthesizer\n"
        f"for speech in synthesizer.load().synthesize({TEXT!r}, 16000): sys.stdout.buffer.write(speech.pcm)"
    )
    other = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, timeout=60).stdout
    here = b"".join(speech.pcm for speech in say(TEXT, 16000))
    assert here == other == b"".join(speech.pcm for speech in say(TEXT, 16000))


def test_threads_share_one_voice() -> None:
    texts = [f"This is sentence number {number}, of xylographic interest." for number in range(6)]
    alone = [say(text) for text in texts]
    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(say, texts)) == alone


def test_without_durations_in_the_model_words_are_spread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(synthesizer, "_DURATIONS", "/not there")
    (speech,) = synthesizer.HibariSynthesizer().synthesize("Hello, how are you today?", 24000)
    assert [word.text for word in speech.words] == ["Hello,", "how", "are", "you", "today?"]
    check_times(speech, 24000)
    assert speech.pcm == say("Hello, how are you today?")[0].pcm


def test_very_long_sentences_are_spoken_in_parts() -> None:
    words = ["banana"] * 200
    parts = say(" ".join(words) + ".")
    assert len(parts) > 1
    assert [word.text for part in parts for word in part.words] == [*words[:-1], "banana."]
    for part in parts:
        check_times(part, 24000)


@pytest.mark.parametrize("text", ["", " \n ", "...", "?!", "\u2014", "\U0001f600"])
def test_nothing_to_say_is_no_audio(text: str) -> None:
    assert say(text) == []


def test_what_the_voice_cannot_read_is_left_to_the_built_in_one() -> None:
    (speech,) = say("\u65e5\u672c\u8a9e")
    assert speech.words and level_dbfs(speech.pcm) > -40


@given(
    st.text(st.sampled_from("abc def.,!?'\"-0123456789$%&@#/:;()[]\n\u00e9\u2014\u65e5\u0416\U0001f642"), max_size=60)
)
@example("211#@")
@settings(max_examples=60, deadline=None)
def test_any_text_can_be_spoken(text: str) -> None:
    for speech in say(text, 8000):
        check_times(speech, 8000)


@pytest.mark.parametrize("text", ["9" * 400, "1" + ",000" * 60, "a" * 600, "-" * 600 + " yes", "\u0663" * 50])
def test_odd_texts_can_be_spoken(text: str) -> None:
    assert say(text, 8000)


def test_rates_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match="rate"):
        synthesizer.load().synthesize("Hello", 4000)


@pytest.mark.parametrize(
    ("written", "spoken", "expected"),
    [
        ("a b c", "a b c", [("a", "a"), ("b", "b"), ("c", "c")]),
        (
            "I have $5 now",
            "I have five dollars now",
            [("I", "I"), ("have", "have"), ("$5", "five dollars"), ("now", "now")],
        ),
        ("well \u2014 yes", "well yes", [("well \u2014", "well"), ("yes", "yes")]),
        ("3 pm", "three p m", [("3 pm", "three p m")]),
    ],
)
def test_written_and_spoken_words_are_matched(written: str, spoken: str, expected: Sequence[tuple[str, str]]) -> None:
    words = spoken.split()
    found = align(written.split(), words)
    assert [(" ".join(w), " ".join(words[i] for i in s)) for w, s in found] == expected
