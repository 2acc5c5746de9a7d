"""The built-in voice: what it says looks like speech."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voicelive.emulator.activity import EnergyVoiceActivity
from voicelive.emulator.audio import level_dbfs, resample, samples
from voicelive.emulator.phonemes import VOWELS, number_words, pronounce, read
from voicelive.emulator.speech import Synthesizer
from voicelive.emulator.voice import BuiltinVoice

RATE = 16000
SENTENCE = "He might even have been made amiable himself."


def say(text: str, rate: int = RATE, **options: float) -> bytes:
    voice: Synthesizer = BuiltinVoice(**options)
    return b"".join(piece.pcm for piece in voice.synthesize(text, rate))


def spectrum(pcm: bytes, rate: int, hertz: list[float]) -> list[float]:
    """Level in dB at some frequencies (Goertzel), with a Hann window over all of it."""
    values = samples(pcm)
    count = len(values)
    shaped = [v * (0.5 - 0.5 * math.cos(2 * math.pi * n / count)) for n, v in enumerate(values)]
    levels: list[float] = []
    for frequency in hertz:
        turn = 2 * math.cos(2 * math.pi * frequency / rate)
        last = older = 0.0
        for value in shaped:
            last, older = value + turn * last - older, last
        levels.append(10 * math.log10(max(1e-9, last * last + older * older - turn * last * older)))
    return levels


def middle(pcm: bytes, start_ms: float, end_ms: float, rate: int = RATE) -> bytes:
    quarter = (end_ms - start_ms) / 4
    first, last = (int(rate * at / 1000) * 2 for at in (start_ms + quarter, end_ms - quarter))
    return pcm[first:last]


def peak(pcm: bytes, low: int, high: int, step: int = 20, smooth: int = 120) -> float:
    """The strongest place between two frequencies, the single harmonics smoothed away."""
    hertz = [float(f) for f in range(low, high, step)]
    levels = [10 ** (level / 10) for level in spectrum(pcm, RATE, hertz)]
    reach = smooth // step
    sums = [sum(levels[max(0, i - reach) : i + reach + 1]) for i in range(len(levels))]
    return hertz[sums.index(max(sums))]


def pitch_of(pcm: bytes, rate: int = RATE) -> float:
    """Autocorrelation: the lag at which the sound is most like itself."""
    values = samples(pcm)
    lags = range(rate // 300, rate // 60)
    count = len(values) - lags[-1]
    best = max(lags, key=lambda lag: sum(values[n] * values[n + lag] for n in range(count)))
    return rate / best


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 24000, 44100, 48000])
def test_it_speaks_at_any_rate_with_the_same_length_and_level(rate: int) -> None:
    pcm = say(SENTENCE, rate)
    assert len(pcm) / 2 / rate == pytest.approx(3.05, abs=0.1)
    assert level_dbfs(pcm) == pytest.approx(-21.8, abs=1)
    assert max(map(abs, samples(pcm))) < 32767


def test_the_same_text_sounds_the_same() -> None:
    assert say(SENTENCE) == say(SENTENCE)
    assert say("One.") != say("Two.")


def test_syllables_rise_and_fall() -> None:
    """The level, taken every 10 ms, goes up and down some 3 to 7 times a second."""
    pcm = say("Hello! How are you today? What is the weather like in London?")
    frame = RATE // 50 * 2
    levels = [max(-60.0, level_dbfs(pcm[at : at + frame])) for at in range(0, len(pcm) - frame, frame // 2)]
    smooth = [sum(levels[max(0, i - 3) : i + 4]) / len(levels[max(0, i - 3) : i + 4]) for i in range(len(levels))]
    peaks = sum(smooth[i - 1] < smooth[i] >= smooth[i + 1] and smooth[i] > -35 for i in range(1, len(smooth) - 1))
    assert 2 < peaks / (len(pcm) / 2 / RATE) < 8


def test_it_is_heard_as_speech() -> None:
    edges = EnergyVoiceActivity(RATE).feed(say(SENTENCE) + bytes(RATE))
    assert [edge.speaking for edge in edges] == [True, False]


@pytest.mark.parametrize(
    ("word", "first", "second"),
    [
        ("see", 270, 2290),
        ("saw", 570, 840),
        ("law", 570, 840),
        ("zoo", 300, 870),
        ("ah", 660, 1720),
        ("fur", 490, 1350),
    ],
)
def test_vowels_have_their_formants(word: str, first: float, second: float) -> None:
    said = BuiltinVoice().speak(word, RATE)
    start, end = said.words[0].start_ms, said.words[0].end_ms
    vowel = middle(said.pcm, start + (end - start) * 0.45, end)
    assert peak(vowel, 150, 1000) == pytest.approx(first, abs=110)
    between = int((first + second) / 2)
    assert peak(vowel, between, 2700) == pytest.approx(second, abs=150)


def test_the_voice_has_harmonics_of_its_pitch() -> None:
    for pitch in (100.0, 180.0):
        said = BuiltinVoice(pitch=pitch).speak("no", RATE)
        assert pitch_of(said.pcm[: int(0.16 * RATE) * 2]) == pytest.approx(pitch * 1.15, rel=0.12)


def test_statements_fall_and_questions_rise() -> None:
    def end_pitch(text: str) -> float:
        said = BuiltinVoice().speak(text, RATE)
        end = int(said.words[-1].end_ms * RATE / 1000)
        return pitch_of(said.pcm[2 * (end - RATE // 12) : 2 * (end - RATE // 50)])

    assert end_pitch("Is it you?") > 1.3 * 115 > 0.9 * 115 > end_pitch("It is you.")


def test_fricatives_are_high_noise_and_vowels_are_low() -> None:
    said = BuiltinVoice().speak("see", RATE)
    hiss = said.pcm[int(0.05 * RATE) * 2 : int(0.11 * RATE) * 2]
    vowel = said.pcm[int(0.2 * RATE) * 2 : int(0.26 * RATE) * 2]

    def high_share(pcm: bytes) -> float:
        low = resample(resample(pcm, RATE, 6000), 6000, RATE)
        return level_dbfs(pcm) - level_dbfs(low)

    assert high_share(hiss) > 6
    assert high_share(vowel) < 1


def test_word_times_cover_the_speech() -> None:
    text = "Hello, it costs $42.50 today. Does it?"
    said = BuiltinVoice().speak(text, 24000)
    assert [word.text for word in said.words] == ["Hello", "it", "costs", "$42.50", "today", "Does", "it"]
    times = [at for word in said.words for at in (word.start_ms, word.end_ms)]
    assert times == sorted(times)
    assert times[-1] < len(said.pcm) / 2 / 24
    for before, after in zip(said.words, said.words[1:], strict=False):
        gap = said.pcm[int(before.end_ms * 24 + 480) * 2 : int(after.start_ms * 24 - 480) * 2]
        assert level_dbfs(gap) < -45
    assert said.pcm == b"".join(piece.pcm for piece in BuiltinVoice().synthesize(text, 24000))


def test_sentences_come_one_by_one() -> None:
    assert len(list(BuiltinVoice().synthesize("One. Two, three! Four", RATE))) == 3


def test_speed_shortens_everything() -> None:
    slow, fast = BuiltinVoice(speed=1).speak(SENTENCE, RATE), BuiltinVoice(speed=2).speak(SENTENCE, RATE)
    assert len(fast.pcm) == pytest.approx(len(slow.pcm) / 2, rel=0.02)
    assert fast.words[-1].end_ms == pytest.approx(slow.words[-1].end_ms / 2, rel=0.02)


@pytest.mark.parametrize("text", ["", " ", "...", "😀", "-- !"])
def test_nothing_to_say_is_no_audio(text: str) -> None:
    assert say(text) == b""


@given(st.text(max_size=40))
@settings(max_examples=60, deadline=None)
def test_any_text_is_said_without_clipping(text: str) -> None:
    pcm = say(text)
    assert len(pcm) % 2 == 0
    words = read(text)
    assert bool(pcm) == bool(words)
    assert not words or words[-1].pause in (".", "?", "!")


def test_other_scripts_get_a_syllable_a_character() -> None:
    assert sum(sound[:2] in VOWELS for sound in read("你好吗")[0].phonemes) == 3
    assert len(say("你好吗")) > RATE


def test_bad_settings_are_refused() -> None:
    with pytest.raises(ValueError, match="from 8000 to 48000 samples per second, not 4000"):
        BuiltinVoice().synthesize("hi", 4000)
    with pytest.raises(ValueError, match="pitch is from 60 to 400 Hz, not 5"):
        BuiltinVoice(pitch=5)
    with pytest.raises(ValueError, match="speed is from 0.25 to 4, not 9"):
        BuiltinVoice(speed=9)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0, "zero"),
        (13, "thirteen"),
        (42, "forty two"),
        (101, "one hundred one"),
        (1250, "one thousand two hundred fifty"),
        (3_000_007, "three million seven"),
    ],
)
def test_numbers_are_spelled_out(value: int, words: str) -> None:
    assert number_words(value) == words


@pytest.mark.parametrize(
    ("word", "phonemes"),
    [
        ("nation", "N AE1 SH AX0 N"),
        ("making", "M EY1 K IH0 NG"),
        ("walked", "W AO1 L K T"),
        ("phone", "F OW1 N"),
        ("knight", "N AY1 T"),
        ("queen", "K W IY1 N"),
        ("Hello", "HH AX0 L OW1"),
        ("dog's", "D AA1 G Z"),
        ("cat's", "K AE1 T S"),
        ("HTTP", "EY1 CH T IY1 T IY1 P IY1"),
        ("naïve", "N EY1 V"),
        ("electricity", "IH0 L EH0 K T R IH1 S IH0 T IY0"),
    ],
)
def test_words_are_pronounced(word: str, phonemes: str) -> None:
    assert " ".join(pronounce(word)) == phonemes


def test_codes_years_and_money_are_read_as_people_do() -> None:
    def said(text: str) -> tuple[str, ...]:
        return tuple(sound for word in read(text) for sound in word.phonemes)

    assert said("007") == said("zero zero seven")
    assert said("1984") == said("nineteen eighty four")
    assert said("$1,250") == said("one thousand two hundred fifty dollars")
    assert said("3.14") == said("three point one four")
    assert said("7:30") == said("seven thirty")


def test_visemes_follow_the_sounds() -> None:
    said = BuiltinVoice().speak("My boat. Fish", 24000)
    assert [viseme for viseme, _ in said.visemes] == [0, 21, 11, 21, 8, 19, 0, 0, 18, 6, 16, 0]
    starts = [start for _, start in said.visemes]
    assert starts == sorted(starts)
    assert starts[1] == said.words[0].start_ms
