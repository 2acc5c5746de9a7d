"""Recognition by Moonshine."""

from __future__ import annotations

import random
from array import array
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from voicelive.emulator.neural import recognizer, synthesizer
from voicelive.emulator.recording import TRANSCRIPT, recording
from voicelive.emulator.speech import Transcript

Rate = Callable[[list[tuple[str, str]]], float]

SENTENCES = [
    "Hello, how are you today?",
    "What is the weather like in London?",
    "Please book a table for two at seven o'clock.",
    "The capital of France is Paris.",
    "Turn off the lights in the kitchen.",
    "Can you repeat that, please?",
    "My name is Alice and I live in New York.",
    "Call me tomorrow, not today.",
    "I would like a cup of coffee without sugar.",
    "Stop talking now.",
    "The quick brown fox jumps over the lazy dog.",
    "She sells sea shells by the sea shore.",
    "What time is it in Tokyo?",
    "Remind me to water the plants on Monday morning.",
    "Thank you very much, goodbye!",
    "Is there a train to Manchester this evening?",
    "The meeting has been moved to the third floor.",
    "Could you speak a little louder?",
    "No, thanks.",
    "Okay, that sounds good.",
]


def spoken(text: str, rate: int = 24000) -> bytes:
    return b"".join(piece.pcm for piece in synthesizer.load().synthesize(text, rate))


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 24000, 44100, 48000])
def test_it_recognizes_the_human_recording_at_any_rate(rate: int) -> None:
    heard = recognizer.load().transcribe(recording(rate), rate)
    assert heard.text == TRANSCRIPT
    assert heard.confidence is not None and 0.8 < heard.confidence <= 1
    assert heard.language == "en-US"
    assert "".join(token.text for token in heard.tokens) == TRANSCRIPT
    assert all(-5 < token.logprob <= 0 for token in heard.tokens)


def test_words_have_approximate_times_within_the_speech() -> None:
    padding = bytes(2 * 16000)
    heard = recognizer.load().transcribe(padding + recording(16000) + padding, 16000)
    assert [word.text for word in heard.words] == TRANSCRIPT.split()
    times = [time for word in heard.words for time in (word.start_ms, word.end_ms)]
    assert times == sorted(times)
    assert 1000 <= times[0] < 1500 and 3700 < times[-1] < 4300


def test_it_recognizes_what_the_voice_says(word_error_rate: Rate) -> None:
    """At most 5 % of the words are wrong, in silence and in a little noise."""
    generator = random.Random(3)
    pairs: list[tuple[str, str]] = []
    for sentence in SENTENCES:
        pcm = spoken(sentence)
        pairs.append((sentence, recognizer.load().transcribe(pcm, 24000).text))
        noisy = array("h", (max(-32768, min(32767, v + int(generator.gauss(0, 30)))) for v in array("h", pcm)))
        pairs.append((sentence, recognizer.load().transcribe(noisy.tobytes(), 24000).text))
    assert word_error_rate(pairs) <= 0.05


def test_spelling_is_of_this_century() -> None:
    for sentence in ("Call me tomorrow, not today.", "Today is my birthday.", "We will see tomorrow."):
        for padding in (b"", bytes(15000), bytes(30000)):
            heard = recognizer.load().transcribe(padding + spoken(sentence) + padding, 24000).text.lower()
            assert "to day" not in heard and "to-day" not in heard
            assert "to morrow" not in heard and "to-morrow" not in heard


@pytest.mark.parametrize(
    "pcm",
    [
        b"",
        bytes(2),
        bytes(32000),
        bytes(320000),
        array("h", (int(random.Random(1).gauss(0, 2000)) for _ in range(1))).tobytes() * 32000,
        array("h", (random.Random(1).randrange(-3000, 3000) for _ in range(100))).tobytes() * 320,
        recording(16000)[:1000],
    ],
    ids=["nothing", "one sample", "1 s of silence", "10 s of silence", "a constant", "a buzz", "31 ms"],
)
def test_where_nobody_speaks_nothing_is_recognized(pcm: bytes) -> None:
    assert recognizer.load().transcribe(pcm, 16000) == Transcript("")


def test_long_speech_is_recognized_in_parts(word_error_rate: Rate) -> None:
    """A minute of speech with a long pause in it: nothing is lost or said twice, and nothing is heard in the pause."""
    text = " ".join(SENTENCES[:8])
    minute = spoken(text) + bytes(2 * 24000 * 25) + spoken(text)
    heard = recognizer.load().transcribe(minute, 24000)
    assert word_error_rate([(f"{text} {text}", heard.text)]) <= 0.05
    starts = [word.start_ms for word in heard.words]
    assert starts == sorted(starts)
    assert heard.words[-1].end_ms <= len(minute) / 48


def test_threads_share_one_recognizer() -> None:
    clips = [spoken(sentence) for sentence in SENTENCES[:6]] * 2
    alone = [recognizer.load().transcribe(clip, 24000) for clip in clips]
    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(lambda clip: recognizer.load().transcribe(clip, 24000), clips)) == alone


def test_bad_audio_is_refused() -> None:
    with pytest.raises(ValueError, match="2-byte"):
        recognizer.load().transcribe(b"odd", 16000)
    with pytest.raises(ValueError, match="positive"):
        recognizer.load().transcribe(b"", 0)
