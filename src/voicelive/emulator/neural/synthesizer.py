"""Speech synthesis by hibari: an English voice on the CPU, with the time of every word and mouth position."""

from __future__ import annotations

import importlib
import re
import threading
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from voicelive.emulator.neural.alignment import Match, align
from voicelive.emulator.neural.models import HIBARI, ModelUnavailableError, native_code, once
from voicelive.emulator.neural.resampling import Floats, resample, to_pcm
from voicelive.emulator.neural.visemes import viseme_id
from voicelive.emulator.speech import Speech, VisemeTime, WordTime
from voicelive.emulator.voice import BuiltinVoice

__all__ = ("HibariSynthesizer", "load")

_RATE = 24000
_DURATIONS = "/Clip_output_0"
"""The tensor inside the model that tells how long each phoneme lasts; a detail of its export."""
_DURATION_S = 0.025
_EARLIER_S = 0.05
"""A phoneme is heard this much before its turn in that tensor, measured by the level of first words."""
_LONGEST = 400
"""Phonemes to speak at once; hibari's own limit."""
_LEAD_S = 0.1
"""Silence to leave before the first sound; the model begins with a quarter of a second."""
_SILENCE = 0.005
"""What is below this part of the loudest 5 ms is silence."""
_FRAME = _RATE // 200
_LONG_NUMBER = re.compile(r"\d[\d,]{15,}")
"""Beyond what hibari has words for; such numbers are read digit by digit."""
_STRESS = "\u02c8\u02cc"


@once
def load() -> HibariSynthesizer:
    """Load the synthesizer, once per process.

    Raises:
        ModelUnavailableError: It cannot be used here.
    """
    return HibariSynthesizer()


class _Phoneme(NamedTuple):
    symbol: str
    word: int
    """Number of the spoken word that it belongs to."""


class HibariSynthesizer:
    """Speaks English, the same text always in the same way. Safe to use from several threads at once.

    Raises:
        ModelUnavailableError: The voice, or onnxruntime, cannot be used here.
    """

    def __init__(self) -> None:
        HIBARI.check()
        try:
            # What is used of hibari is public there, but has no type hints.
            self._normalize: Any = importlib.import_module("hibari.g2p.normalize").normalize
            self._dsp: Any = importlib.import_module("hibari.dsp")
            self._voice, self._outputs = _open(importlib.import_module("hibari").Hibari)
            # Reading keeps no state today; nobody has promised that it never will.
            self._reading = threading.Lock()
            # Loads what is loaded at first use, and shows what does not work.
            tuple(self.synthesize("Xylofones.", _RATE))
        except Exception as error:  # Another version than the pinned one may fail in any way.
            raise ModelUnavailableError(f"hibari does not work here ({type(error).__name__}: {error})") from None

    def synthesize(self, text: str, rate: int) -> Iterator[Speech]:
        """Speak, sentence by sentence. Text without anything to say gives nothing.

        Args:
            text: English. Sentences in scripts that the voice cannot read at all are left to the built-in voice.
            rate: Samples per second, from 8000 to 48000.

        Raises:
            ValueError: The rate is out of range.
        """
        if not 8000 <= rate <= 48000:
            raise ValueError(f"the rate is from 8000 to 48000 samples per second, not {rate}")
        return (speech for sentence in self._voice.split_sentences(text) for speech in self._speak(sentence, rate))

    def _speak(self, sentence: str, rate: int) -> Iterator[Speech]:
        with native_code, self._reading:
            spoken, phonemes = self._read(sentence)
        if all(viseme_id(phoneme.symbol) == 0 for phoneme in phonemes):
            yield from BuiltinVoice().synthesize(sentence, rate)
            return
        matches = align(sentence.split(), spoken)
        for part in _parts(phonemes):
            with native_code:
                speech = self._say(part, matches, rate)
            if speech:
                yield speech

    def _read(self, sentence: str) -> tuple[list[str], list[_Phoneme]]:
        """Return the words that are spoken, and all phonemes that the model knows."""
        words = [""]
        phonemes: list[_Phoneme] = []
        sentence = _LONG_NUMBER.sub(lambda number: " ".join(number[0].replace(",", "")), sentence)
        reader = self._voice.g2p
        for token in reader.phonemize_tokens(reader.tokenize(self._normalize(sentence))):
            words[-1] += token.text
            blank = " " if token.whitespace else ""
            symbols = (symbol for symbol in (token.phonemes or "") + blank if symbol in self._voice.vocab)
            phonemes += (_Phoneme(symbol, len(words) - 1) for symbol in symbols)
            if blank:
                words.append("")
        return words, phonemes

    def _say(self, phonemes: Sequence[_Phoneme], matches: Sequence[Match], rate: int) -> Speech | None:
        samples, ends = self._make([phoneme.symbol for phoneme in phonemes])
        first, last = _heard(samples)
        if first == last:
            return None
        cut = max(0, first - round(_LEAD_S * _RATE))
        begin, end = first / _RATE, last / _RATE
        if ends is None:
            ends = np.linspace(begin, end, len(phonemes) + 1, dtype=np.float32)
        # The model counts the silence around the words as theirs, and the clipping takes it off them.
        bounds = np.clip(ends - _EARLIER_S, begin, end) - cut / _RATE
        pcm = to_pcm(resample(samples[cut:], _RATE, rate))
        return Speech(pcm, _words(phonemes, bounds, matches), _visemes(phonemes, bounds))

    def _make(self, symbols: list[str]) -> tuple[Floats, Floats | None]:
        """Return the sound of the phonemes, and in seconds where the first begins and each ends if it is known."""
        ids = self._voice.ids("".join(symbols))
        # The hiss in the voice is noise; the same text is to sound the same.
        noise = np.random.default_rng(0)
        if not self._outputs:
            return self._voice.from_ids(ids, 1.0, noise), None
        feeds = {"ids": np.array([ids], np.int64), "speed": np.ones(1, np.float32)}
        *spectra, durations = self._voice.sess.run(self._outputs, feeds)
        samples = self._dsp.synth(*(spectrum[0] for spectrum in spectra), noise)
        # The ids have a silence before and after the phonemes.
        return samples, np.cumsum(durations.reshape(-1)[:-1], dtype=np.float32) * np.float32(_DURATION_S)


def _open(hibari: Any) -> tuple[Any, list[str]]:
    """Open the voice so that the model tells its durations; also return its outputs, none if it does not tell them."""
    try:
        voice = hibari(model=_with_output(HIBARI.path("assets/hibari.onnx").read_bytes(), _DURATIONS))
    except Exception:  # onnxruntime's errors have no base class of their own.
        return hibari(), []
    return voice, [output.name for output in voice.sess.get_outputs()]


def _with_output(model: bytes, tensor: str) -> bytes:
    """Return an ONNX model that has one of its inner tensors among its outputs.

    Messages of Protocol Buffers merge when they are joined, so what is appended adds to the graph: field 7 of the model
    is the graph, field 12 of the graph an output, field 1 of an output its name (onnx.proto).
    """

    def message(field: int, content: bytes) -> bytes:
        assert len(content) < 128
        return bytes([field << 3 | 2, len(content)]) + content

    return model + message(7, message(12, message(1, tensor.encode())))


def _parts(phonemes: list[_Phoneme]) -> Iterator[list[_Phoneme]]:
    """Cut between words what is too long to be spoken at once."""
    while len(phonemes) > _LONGEST:
        blanks = (index for index in range(_LONGEST, 0, -1) if phonemes[index - 1].symbol == " ")
        cut = next(blanks, _LONGEST)
        yield phonemes[:cut]
        phonemes = phonemes[cut:]
    if phonemes:
        yield phonemes


def _heard(samples: Floats) -> tuple[int, int]:
    """Return where the first sound begins and the last ends."""
    frames = samples[: len(samples) // _FRAME * _FRAME].reshape(-1, _FRAME)
    levels = np.sqrt(np.square(frames).mean(axis=1))
    sound = np.flatnonzero(levels > _SILENCE * levels.max(initial=1e-3))
    return (int(sound[0]) * _FRAME, (int(sound[-1]) + 1) * _FRAME) if len(sound) else (0, 0)


def _words(phonemes: Sequence[_Phoneme], bounds: Floats, matches: Sequence[Match]) -> list[WordTime]:
    """Return the times of the written words that end in this part; words said as one share its time by length."""
    sounding = [(index, word) for index, (symbol, word) in enumerate(phonemes) if viseme_id(symbol) != 0]
    starts = {word: float(bounds[index]) for index, word in reversed(sounding)}
    ends = {word: float(bounds[index + 1]) for index, word in sounding}
    found: list[WordTime] = []
    for written, spoken in matches:
        said = [word for word in spoken if word in ends]
        if not said or spoken[-1] > phonemes[-1].word:
            continue
        start, end = starts[said[0]], ends[said[-1]]
        marks = np.cumsum([0, *map(len, written)])
        times = [round(float(time), 1) for time in 1000 * (start + (end - start) * marks / marks[-1])]
        found += [WordTime(word, times[i], times[i + 1]) for i, word in enumerate(written)]
    return found


def _visemes(phonemes: Sequence[_Phoneme], bounds: Floats) -> list[VisemeTime]:
    """Return the changes of the mouth, from silence to silence."""
    found = [VisemeTime(0, 0.0)]
    began: float | None = None
    for (symbol, _), bound in zip(phonemes, bounds, strict=False):
        time = float(bound) if began is None else began
        # A mark of stress has its own time, in which the mouth is at the sound that follows it.
        began = time if symbol in _STRESS else None
        shape = None if symbol == " " else viseme_id(symbol)
        if shape is not None:
            _change(found, shape, time)
    _change(found, 0, float(bounds[-1]))
    return found


def _change(visemes: list[VisemeTime], shape: int, seconds: float) -> None:
    """Add a change of the mouth, in place of one at the same time, and unless it is no change."""
    start = round(1000 * seconds, 1)
    if len(visemes) > 1 and visemes[-1].start_ms >= start:
        visemes.pop()
    if visemes[-1].viseme_id != shape:
        visemes.append(VisemeTime(shape, start))
