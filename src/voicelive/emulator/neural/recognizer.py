"""Speech recognition by Moonshine tiny: English, on the CPU, a hundred times as fast as people talk."""

from __future__ import annotations

import math
import re
from itertools import accumulate, pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np

from voicelive.emulator.neural.models import MOONSHINE, native_code, once, open_model
from voicelive.emulator.neural.resampling import Floats, floats, resample
from voicelive.emulator.neural.vad import RATE, WINDOW, speech_probabilities
from voicelive.emulator.speech import Token, Transcript, WordTime

__all__ = ("MoonshineRecognizer", "load")

_BEGIN, _END = 1, 2
"""The tokens that begin and end every text."""
_TOKENS_PER_SECOND = 6.5
"""More than people say; what goes on beyond it is the model repeating itself."""
_TOKENS_MORE = 8
_SURE_OF_SPEECH = 0.3
_LEAST_SPEECH = 3
"""Windows of speech that there must be; from anything less the model makes words up."""
_MARGIN = 3
"""Windows of silence to keep around the speech; with more, single words come out worse."""
_LONGEST = 20 * RATE // WINDOW
"""Windows to recognize at once: memory grows with the square of the length."""
_SPLIT_WITHIN = 8 * RATE // WINDOW
"""How far before the end of such a stretch to look for the best place to cut."""
_OLD_SPELLING = re.compile(r"(?<!\bday )\bto[ -](?=day\b|morrow\b)", re.IGNORECASE)
"""How books of the 19th century, which the model learnt from, write "today" and "tomorrow"."""


@once
def load() -> MoonshineRecognizer:
    """Load the recognizer, once per process.

    Raises:
        ModelUnavailableError: It cannot be used here.
    """
    return MoonshineRecognizer()


class MoonshineRecognizer:
    """Turns English speech into text. Safe to use from several threads at once.

    Raises:
        ModelUnavailableError: A model, or onnxruntime, cannot be used here.
    """

    def __init__(self) -> None:
        MOONSHINE.check()
        encoder, decoder, tokens = map(MOONSHINE.path, MOONSHINE.files)
        self._encoder = open_model(encoder)
        self._decoder = open_model(decoder)
        self._tokens = _read_tokens(tokens)
        self._outputs = [output.name for output in self._decoder.get_outputs()]
        self._empty_cache: dict[str, Floats] = {
            each.name: np.zeros((1, each.shape[1], 0, each.shape[3]), np.float32)
            for each in self._decoder.get_inputs()
            if each.name.startswith("past_key_values")
        }

    def transcribe(self, pcm: bytes, rate: int) -> Transcript:
        """Return what was said, with an empty text where nobody speaks.

        The model does not tell when a word was said: the times are approximate, spread over the speech by length.

        Args:
            pcm: Mono pcm16 of any length; what is longer than 20 s is cut where nobody speaks.
            rate: Samples per second.

        Raises:
            ValueError: The audio is not a whole number of samples, or the rate is not positive.
        """
        with native_code:
            return self._transcribe(resample(floats(pcm), rate, RATE))

    def _transcribe(self, samples: Floats) -> Transcript:
        words: list[WordTime] = []
        tokens: list[Token] = []
        for stretch in _stretches(speech_probabilities(samples)):
            found = self._recognize(samples[stretch.start * WINDOW : stretch.end * WINDOW])
            tokens += found
            words += _spread("".join(token.text for token in found), stretch)
        if not words:
            return Transcript("")
        tokens[0] = tokens[0]._replace(text=tokens[0].text.lstrip())
        confidence = math.exp(sum(token.logprob for token in tokens) / len(tokens))
        text = " ".join(word.text for word in words)
        # Where the spelling was mended, they are not the text any more.
        whole = "".join(token.text for token in tokens) == text
        return Transcript(text, words, "en-US", confidence, tokens if whole else ())

    def _recognize(self, samples: Floats) -> list[Token]:
        """Return the text of one stretch in tokens, with a blank in front of each word."""
        mask = np.ones((1, len(samples)), np.int64)
        encoded = self._encoder.run(None, {"input_values": samples[None], "attention_mask": mask})[0]
        shared = {"encoder_hidden_states": encoded, "encoder_attention_mask": mask}
        past = dict(self._empty_cache)
        token = _BEGIN
        said: list[Token] = []
        for step in range(int(len(samples) / RATE * _TOKENS_PER_SECOND) + _TOKENS_MORE):
            native_code.check()
            feeds = {"input_ids": np.array([[token]], np.int64), "use_cache_branch": np.array([step > 0])}
            scores, *present = self._decoder.run(None, {**feeds, **shared, **past})
            token = int(scores[0, -1].argmax())
            if token == _END:
                break
            text = self._tokens[token].decode(errors="ignore").replace("\u2581", " ")
            said.append(Token(text, _log_probability(scores[0, -1], token)))
            for name, value in zip(self._outputs[1:], present, strict=True):
                # What was heard stays the same after the first step, and comes back empty.
                if step == 0 or ".decoder." in name:
                    past[name.replace("present", "past_key_values")] = value
        return said


def _read_tokens(path: Path) -> list[bytes]:
    """Read the tokenizer's file: each token after its length, in one byte or, from 128 on, in two."""
    data = path.read_bytes()
    tokens: list[bytes] = []
    position = 0
    while position < len(data):
        length = data[position]
        position += 1
        if length >= 128:
            length += 128 * (data[position] - 1)
            position += 1
        tokens.append(data[position : position + length])
        position += length
    return tokens


def _log_probability(scores: Floats, token: int) -> float:
    return float(scores[token] - scores.max() - np.log(np.exp(scores - scores.max()).sum()))


class _Stretch(NamedTuple):
    """Windows to recognize at once, and among them those from the first that is speech to the last."""

    start: int
    end: int
    first: int
    last: int


def _stretches(probabilities: Floats) -> list[_Stretch]:
    """Return the stretches that hold speech, none too long and each without the silence before and after it."""
    found: list[_Stretch] = []
    parts = [(0, len(probabilities))]
    while parts:
        start, end = parts.pop(0)
        speech = start + np.flatnonzero(probabilities[start:end] >= _SURE_OF_SPEECH)
        if len(speech) < _LEAST_SPEECH:
            continue
        first, last = int(speech[0]), int(speech[-1]) + 1
        if last - first > _LONGEST:
            before = first + _LONGEST - _SPLIT_WITHIN
            cut = before + int(probabilities[before : first + _LONGEST].argmin())
            parts[:0] = [(start, cut), (cut, end)]
        else:
            found.append(_Stretch(max(start, first - _MARGIN), min(end, last + _MARGIN), first, last))
    return found


def _spread(text: str, stretch: _Stretch) -> list[WordTime]:
    """Spread words over the speech of a stretch, each as long as it is written."""
    words = _OLD_SPELLING.sub(lambda match: match[0][:2], text).split()
    first, last = (window * WINDOW * 1000 / RATE for window in (stretch.first, stretch.last))
    marks = list(accumulate((len(word) + 1 for word in words), initial=0))
    times = [round(first + (last - first) * mark / marks[-1], 1) for mark in marks] if words else []
    return [WordTime(word, *span) for word, span in zip(words, pairwise(times), strict=True)]
