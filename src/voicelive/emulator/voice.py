"""The built-in voice: a formant synthesizer in plain Python.

It needs no install and no data, takes about a fiftieth of the time it speaks, and says the same text the same way
every time. It sounds like a machine of the 1980s, but it is speech: voiced sounds have harmonics and formants where a
man's voice has them, consonants their hiss and bursts, syllables their rhythm and sentences their melody.

Speech is built in three steps: phonemes become :class:`_Segment` s (steady sounds with a length), segments become
frames of 5 ms in which all parameters glide from sound to sound, and frames become samples: a glottal pulse train and
noise through a cascade of resonators (after Klatt, "Software for a cascade/parallel formant synthesizer", 1980).
"""

from __future__ import annotations

import math
import random
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from voicelive.emulator.audio import resample, to_pcm
from voicelive.emulator.phonemes import VOWELS, SpokenWord, read
from voicelive.emulator.speech import Speech, VisemeTime, WordTime
from voicelive.emulator.visemes import SILENCE, viseme_id

__all__ = ("BuiltinVoice",)

_FRAME_S = 0.005
_GLIDE_S = 0.035
"""Time over which the formants move from one sound to the next, half of it on each side."""
_FADE_S = 0.010
"""The same for loudness."""
_LOWEST_RATE = 16000
_LEVEL = 6500.0
"""Brings running speech to about -20 dBFS with peaks below full scale."""


class _Sound(NamedTuple):
    """How a steady sound is made; frequencies and bandwidths in Hz, strengths from 0 to 1."""

    formants: tuple[float, float, float] | None
    """The first three resonances of the mouth; None: those of the next sound."""
    seconds: float
    voicing: float = 0.0
    """Strength of the vocal cords."""
    breath: float = 0.0
    """Noise at the vocal cords, which goes through the same resonances."""
    hiss: float = 0.0
    """Noise made at teeth, tongue or lips."""
    hiss_at: float = 4000.0
    hiss_width: float = 2000.0


@dataclass(slots=True)
class _Segment:
    """A sound in its place."""

    sound: _Sound
    seconds: float
    formants: tuple[float, float, float]
    stressed: bool


def _vowel(first: float, second: float, third: float, seconds: float = 0.11) -> _Sound:
    return _Sound((first, second, third), seconds, voicing=1.0)


def _fricative(second: float, third: float, hiss: float, at: float, width: float, voicing: float = 0.0) -> _Sound:
    seconds = 0.065 if voicing else 0.095
    return _Sound((280.0, second, third), seconds, voicing=voicing, hiss=hiss, hiss_at=at, hiss_width=width)


def _stop(second: float, third: float, at: float, width: float, hiss: float, *, voiced: bool) -> tuple[_Sound, ...]:
    """Closure, burst, and for voiceless ones the breath before the voice sets in."""
    locus = (220.0, second, third)
    closure = _Sound(locus, 0.05, voicing=0.12 if voiced else 0.0)
    burst = _Sound(locus, 0.012, voicing=0.2 if voiced else 0.0, hiss=hiss, hiss_at=at, hiss_width=width)
    return (closure, burst) if voiced else (closure, burst, _Sound(None, 0.03, breath=0.5))


# Vowel formants: Peterson and Barney (1952), averages of men. The rest: usual values of the phonetics literature.
_SOUNDS: dict[str, tuple[_Sound, ...]] = {
    "IY": (_vowel(270, 2290, 3010),),
    "IH": (_vowel(390, 1990, 2550, 0.09),),
    "EH": (_vowel(530, 1840, 2480),),
    "AE": (_vowel(660, 1720, 2410, 0.13),),
    "AH": (_vowel(640, 1190, 2390, 0.09),),
    "AA": (_vowel(730, 1090, 2440, 0.13),),
    "AO": (_vowel(570, 840, 2410, 0.13),),
    "UH": (_vowel(440, 1020, 2240, 0.09),),
    "UW": (_vowel(300, 870, 2240),),
    "ER": (_vowel(490, 1350, 1690, 0.12),),
    "AX": (_vowel(500, 1400, 2450, 0.06),),
    "EY": (_vowel(480, 1950, 2550, 0.07), _vowel(330, 2200, 2850, 0.07)),
    "AY": (_vowel(710, 1150, 2450, 0.09), _vowel(400, 2000, 2600, 0.07)),
    "OY": (_vowel(550, 850, 2400, 0.09), _vowel(400, 1950, 2550, 0.07)),
    "AW": (_vowel(710, 1250, 2450, 0.09), _vowel(430, 950, 2300, 0.07)),
    "OW": (_vowel(540, 920, 2400, 0.07), _vowel(370, 850, 2300, 0.07)),
    "W": (_Sound((300, 700, 2200), 0.06, voicing=0.7),),
    "Y": (_Sound((270, 2200, 3000), 0.06, voicing=0.7),),
    "R": (_Sound((330, 1150, 1500), 0.065, voicing=0.75),),
    "L": (_Sound((360, 1050, 2700), 0.065, voicing=0.7),),
    "M": (_Sound((250, 1000, 2200), 0.07, voicing=0.45),),
    "N": (_Sound((250, 1500, 2550), 0.065, voicing=0.45),),
    "NG": (_Sound((250, 2000, 2600), 0.07, voicing=0.45),),
    "HH": (_Sound(None, 0.06, breath=0.6),),
    "F": (_fricative(1100, 2300, 0.12, 6500, 6000),),
    "TH": (_fricative(1400, 2500, 0.10, 7000, 5000),),
    "S": (_fricative(1700, 2600, 0.40, 6200, 1800),),
    "SH": (_fricative(1900, 2500, 0.45, 3000, 1100),),
    "V": (_fricative(1100, 2300, 0.06, 6500, 6000, 0.4),),
    "DH": (_fricative(1400, 2500, 0.05, 7000, 5000, 0.45),),
    "Z": (_fricative(1700, 2600, 0.25, 6200, 1800, 0.35),),
    "ZH": (_fricative(1900, 2500, 0.28, 3000, 1100, 0.35),),
    "P": _stop(900, 2200, 1000, 1500, 0.25, voiced=False),
    "B": _stop(900, 2200, 800, 1500, 0.25, voiced=True),
    "T": _stop(1700, 2600, 4500, 3000, 0.5, voiced=False),
    "D": _stop(1700, 2600, 4000, 3000, 0.4, voiced=True),
    "K": _stop(1900, 2300, 1900, 1000, 0.5, voiced=False),
    "G": _stop(1900, 2300, 1800, 1000, 0.4, voiced=True),
}
_SOUNDS["CH"] = (_SOUNDS["T"][0], _SOUNDS["SH"][0]._replace(seconds=0.08))
_SOUNDS["JH"] = (_SOUNDS["D"][0], _SOUNDS["ZH"][0]._replace(seconds=0.06))
_SILENCE = _Sound(None, 0.0)
_NEUTRAL = (500.0, 1500.0, 2500.0)
_PAUSES = {"": 0.0, ",": 0.18, ".": 0.32, "?": 0.32, "!": 0.32}
_LEAD_S = 0.03


class BuiltinVoice:
    """A synthesizer that is always there.

    Args:
        pitch: Mean pitch of the voice in Hz, from 60 to 400.
        speed: 1 is about four and a half syllables a second; 2 is twice as fast; from 0.25 to 4.

    Raises:
        ValueError: Pitch or speed is out of range.
    """

    def __init__(self, pitch: float = 115.0, speed: float = 1.0) -> None:
        if not 60 <= pitch <= 400:
            raise ValueError(f"pitch is from 60 to 400 Hz, not {pitch}")
        if not 0.25 <= speed <= 4:
            raise ValueError(f"speed is from 0.25 to 4, not {speed}")
        self._pitch = pitch
        self._speed = speed

    def synthesize(self, text: str, rate: int) -> Iterator[Speech]:
        """Speak, sentence by sentence. Text without anything to say gives nothing.

        Times of words and visemes are exact: the speech is built from them.

        Args:
            text: English; other Latin text is read as if it were, other scripts as one syllable a character.
            rate: Samples per second, from 8000 to 48000.

        Raises:
            ValueError: The rate is out of range.
        """
        _check_rate(rate)
        return (self._say(sentence, rate) for sentence in _sentences(read(text)))

    def speak(self, text: str, rate: int) -> Speech:
        """Speak all at once, and tell when each word is said; arguments and errors of :meth:`synthesize`."""
        _check_rate(rate)
        pcm = bytearray()
        words: list[WordTime] = []
        visemes: list[VisemeTime] = []
        for sentence in _sentences(read(text)):
            offset = len(pcm) // 2 * 1000 / rate
            said = self._say(sentence, rate)
            words += (WordTime(word, start + offset, end + offset) for word, start, end in said.words)
            visemes += (VisemeTime(viseme, start + offset) for viseme, start in said.visemes)
            pcm += said.pcm
        return Speech(bytes(pcm), tuple(words), tuple(visemes))

    def _say(self, sentence: list[SpokenWord], rate: int) -> Speech:
        segments, spans, shapes = _segments(sentence, self._speed)
        melody = _melody(segments, self._pitch, question=sentence[-1].pause == "?")
        # Below 16 kHz the resonators would crowd at the upper end of the band; filtering down is cleaner.
        made = max(rate, _LOWEST_RATE)
        pcm = resample(to_pcm(_render(_frames(segments, melody), made)), made, rate)
        words = (
            WordTime(word.text, round(1000 * start, 3), round(1000 * end, 3))
            for word, (start, end) in zip(sentence, spans, strict=True)
        )
        return Speech(pcm, tuple(words), tuple(shapes))


def _check_rate(rate: int) -> None:
    if not 8000 <= rate <= 48000:
        raise ValueError(f"the rate is from 8000 to 48000 samples per second, not {rate}")


def _sentences(words: list[SpokenWord]) -> Iterator[list[SpokenWord]]:
    sentence: list[SpokenWord] = []
    for word in words:
        sentence.append(word)
        if word.pause not in ("", ","):
            yield sentence
            sentence = []


# --- Phonemes to segments --------------------------------------------------------------------------------------------


def _segments(
    words: list[SpokenWord], speed: float
) -> tuple[list[_Segment], list[tuple[float, float]], list[VisemeTime]]:
    """Lay the sounds out in time; also returns where each word begins and ends, in seconds, and the mouth's shapes."""
    segments = [_Segment(_SILENCE, _LEAD_S / speed, _NEUTRAL, stressed=False)]
    spans: list[tuple[float, float]] = []
    shapes = [VisemeTime(SILENCE, 0.0)]
    now = segments[0].seconds
    for word in words:
        start = now
        last_vowel = max((i for i, sound in enumerate(word.phonemes) if sound[:2] in VOWELS), default=-1)
        for index, phoneme in enumerate(word.phonemes):
            shapes.append(VisemeTime(viseme_id(phoneme), round(1000 * now, 3)))
            stressed = phoneme.endswith("1")
            # The last syllable before a pause is drawn out.
            stretch = (1.45 if word.pause else 1.0) if index >= last_vowel else 1.0
            for sound in _SOUNDS[phoneme.rstrip("01")]:
                seconds = sound.seconds * stretch * _length(phoneme) / speed
                segments.append(_Segment(sound, seconds, sound.formants or _NEUTRAL, stressed))
                now += seconds
        spans.append((start, now))
        if pause := _PAUSES[word.pause] / speed:
            segments.append(_Segment(_SILENCE, pause, _NEUTRAL, stressed=False))
            shapes.append(VisemeTime(SILENCE, round(1000 * now, 3)))
            now += pause
    _inherit_formants(segments)
    return segments, spans, shapes


def _length(phoneme: str) -> float:
    return 1.15 if phoneme.endswith("1") else 0.75 if phoneme.endswith("0") else 1.0


def _inherit_formants(segments: list[_Segment]) -> None:
    """Give sounds without formants of their own those of the next sound that has them."""
    formants = _NEUTRAL
    for segment in reversed(segments):
        if segment.sound.formants is None:
            segment.formants = formants
        else:
            formants = segment.sound.formants


def _melody(segments: list[_Segment], pitch: float, *, question: bool) -> list[tuple[float, float]]:
    """The pitch, as points in time: falling through the sentence, raised where stressed, and the turn at its end."""
    total = sum(segment.seconds for segment in segments)
    voiced = [index for index, segment in enumerate(segments) if segment.sound.voicing >= 1.0]
    last = voiced[-1] if voiced else -1
    points: list[tuple[float, float]] = [(0.0, pitch * 1.12)]
    now = 0.0
    for index, segment in enumerate(segments):
        middle = now + segment.seconds / 2
        base = pitch * (1.12 - 0.22 * middle / total)
        if index == last:
            points.append((now, base))
            points.append((now + segment.seconds, pitch * (1.6 if question else 0.72)))
        elif segment.sound.voicing >= 1.0:
            points.append((middle, base * (1.14 if segment.stressed else 0.98)))
        now += segment.seconds
    points.append((now + 1.0, points[-1][1]))
    return points


# --- Segments to frames ----------------------------------------------------------------------------------------------


class _Frame(NamedTuple):
    """The state of the voice during 5 ms."""

    pitch: float
    formants: tuple[float, float, float]
    voicing: float
    breath: float
    hiss: float
    hiss_at: float
    hiss_width: float


def _frames(segments: list[_Segment], melody: list[tuple[float, float]]) -> Iterator[_Frame]:
    total = sum(segment.seconds for segment in segments)
    index, start, point = 0, 0.0, 0
    for number in range(max(1, round(total / _FRAME_S))):
        now = (number + 0.5) * _FRAME_S
        while index < len(segments) - 1 and now >= start + segments[index].seconds:
            start += segments[index].seconds
            index += 1
        while now >= melody[point + 1][0]:
            point += 1
        (t0, p0), (t1, p1) = melody[point], melody[point + 1]
        pitch = p0 + (p1 - p0) * (now - t0) / (t1 - t0)
        before = segments[index - 1] if index else segments[index]
        after = segments[index + 1] if index + 1 < len(segments) else segments[index]
        yield _blend(before, segments[index], after, now - start, pitch)


def _blend(before: _Segment, segment: _Segment, after: _Segment, elapsed: float, pitch: float) -> _Frame:
    remaining = segment.seconds - elapsed
    neighbour, distance = (before, elapsed) if elapsed < remaining else (after, remaining)
    # Half of the neighbour at the boundary itself, nothing of it once the glide is over.
    move = 0.5 * max(0.0, 1 - distance / min(_GLIDE_S, segment.seconds / 2))
    fade = 0.5 * max(0.0, 1 - distance / min(_FADE_S, segment.seconds / 2))
    first, second, third = (
        own + move * (other - own) for own, other in zip(segment.formants, neighbour.formants, strict=True)
    )
    own, other = segment.sound, neighbour.sound
    hissing = own if own.hiss else other
    return _Frame(
        pitch,
        (first, second, third),
        own.voicing + fade * (other.voicing - own.voicing),
        own.breath + fade * (other.breath - own.breath),
        own.hiss + fade * (other.hiss - own.hiss),
        hissing.hiss_at,
        hissing.hiss_width,
    )


# --- Frames to samples -----------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _noise() -> list[float]:
    generator = random.Random(1980)  # noqa: S311 - the same hiss every time
    return [generator.uniform(-1.0, 1.0) for _ in range(1 << 14)]


@lru_cache(maxsize=1)
def _glottal_pulse() -> list[float]:
    """One period of what the vocal cords give: a slow opening, a sudden closure, and 40 % of the time shut."""
    size, opened = 512, 0.6
    phases = (index / size / opened for index in range(size))
    return [2 * phase - 3 * phase * phase if phase < 1 else 0.0 for phase in phases]


def _resonator(frequency: float, width: float, rate: int) -> tuple[float, float, float]:
    """Coefficients a, b, c of y[n] = a x[n] + b y[n-1] + c y[n-2], with a gain of 1 at 0 Hz."""
    c = -math.exp(-2 * math.pi * width / rate)
    b = 2 * math.exp(-math.pi * width / rate) * math.cos(2 * math.pi * frequency / rate)
    return 1 - b - c, b, c


def _render(frames: Iterator[_Frame], rate: int) -> array[int]:
    tract, mouth = _Tract(rate), _Mouth(rate)
    pcm = array("h")
    for number, frame in enumerate(frames):
        count = round((number + 1) * _FRAME_S * rate) - len(pcm)
        values = tract.run(frame, count)
        if frame.hiss:
            values = [value + hiss for value, hiss in zip(values, mouth.run(frame, count), strict=True)]
        pcm.extend([max(-32768, min(32767, int(_LEVEL * value))) for value in values])
    return pcm


class _Tract:
    """Vocal cords and throat: pulses and breath through four resonances, one after the other."""

    _WIDTHS = (70.0, 100.0, 150.0)
    _FOURTH = (3450.0, 260.0)
    _BREATHINESS = 0.02

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._fourth = _resonator(*self._FOURTH, rate)
        # Raises what lies above 2 kHz, which a loud voice has more of than these simple pulses.
        self._tilt = math.exp(-2 * math.pi * 2000 / rate)
        self._memory = (0.0,) * 8
        self._phase = 0.0
        self._strength = 0.0
        self._position = 0

    def run(self, frame: _Frame, count: int) -> list[float]:
        if not (frame.voicing or frame.breath or self._strength) and max(map(abs, self._memory)) < 1e-4:
            return [0.0] * count
        (a1, b1, c1), (a2, b2, c2), (a3, b3, c3) = (
            _resonator(formant, width, self._rate) for formant, width in zip(frame.formants, self._WIDTHS, strict=True)
        )
        a4, b4, c4 = self._fourth
        y1, z1, y2, z2, y3, z3, y4, z4 = self._memory
        phase, strength, position = self._phase, self._strength, self._position
        step = frame.pitch / self._rate
        breath = frame.breath + self._BREATHINESS * frame.voicing
        pulse, noise = _glottal_pulse(), _noise()
        tilt, bright = self._tilt, 1 / (1 - self._tilt)
        size, mask = len(pulse), len(noise) - 1
        values: list[float] = []
        for _ in range(count):
            phase += step
            if phase >= 1.0:
                # Loudness changes with the cords shut: in the middle of a pulse it would click.
                phase -= 1.0
                strength = frame.voicing
            position = (position + 1) & mask
            source = strength * pulse[int(phase * size)] + breath * noise[position]
            y1, z1 = a1 * source + b1 * y1 + c1 * z1, y1
            y2, z2 = a2 * y1 + b2 * y2 + c2 * z2, y2
            y3, z3 = a3 * y2 + b3 * y3 + c3 * z3, y3
            y4, z4 = a4 * y3 + b4 * y4 + c4 * z4, y4
            values.append(bright * (y4 - tilt * z4))
        self._memory = (y1, z1, y2, z2, y3, z3, y4, z4)
        self._phase, self._strength, self._position = phase, strength, position
        return values


class _Mouth:
    """Teeth, tongue and lips: noise through one band."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._memory = (0.0,) * 4
        self._position = 0

    def run(self, frame: _Frame, count: int) -> list[float]:
        _, b, c = _resonator(min(frame.hiss_at, 0.43 * self._rate), frame.hiss_width, self._rate)
        gain = frame.hiss * (1 + c) / 2
        noise = _noise()
        mask = len(noise) - 1
        y, z, last, older = self._memory
        values: list[float] = []
        position = self._position
        for _ in range(count):
            position = (position + 1) & mask
            source = noise[position]
            y, z = gain * (source - older) + b * y + c * z, y
            last, older = source, last
            values.append(y)
        self._memory = (y, z, last, older)
        self._position = position
        return values
