"""Voice activity by Silero VAD: tells voices from noise, at any level."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from voicelive.emulator.activity import EdgeFilter
from voicelive.emulator.neural.models import SILERO, Model, native_code, once, open_model
from voicelive.emulator.neural.resampling import Floats, Resampler, floats
from voicelive.emulator.speech import SpeechEdge

__all__ = ("RATE", "WINDOW", "SileroVoiceActivity", "load", "speech_probabilities")

RATE = 16000
WINDOW = 512
"""Samples at 16 kHz that get one probability: 32 ms."""
_CONTEXT = 64
_HYSTERESIS = 0.15
"""Speech goes on until it is this much less sure than what began it; the model's authors use the same."""
_LEAST = 0.01


@once
def load() -> Model:
    """Open the model, once per process.

    Raises:
        ModelUnavailableError: It cannot be used here.
    """
    SILERO.check()
    return open_model(SILERO.path("data/silero_vad.onnx"))


class _Stream:
    """The model's memory of one stream."""

    def __init__(self) -> None:
        self._model = load()
        self._state: Floats = np.zeros((2, 1, 128), np.float32)
        self._context: Floats = np.zeros((1, _CONTEXT), np.float32)
        self._pending: Floats = np.zeros(0, np.float32)

    def feed(self, samples: Floats) -> Iterator[float]:
        """Yield how sure the model is of speech in each window that is complete."""
        pending = np.concatenate([self._pending, samples])
        whole = len(pending) // WINDOW * WINDOW
        self._pending = pending[whole:]
        for window in pending[:whole].reshape(-1, 1, WINDOW):
            data = np.concatenate([self._context, window], axis=1)
            self._context = window[:, -_CONTEXT:]
            native_code.check()
            feeds = {"input": data, "state": self._state, "sr": np.array(RATE, np.int64)}
            probability, self._state = self._model.run(["output", "stateN"], feeds)
            yield float(probability[0, 0])


def speech_probabilities(samples: Floats) -> Floats:
    """Return how sure the model is of speech in each 512 samples (16 kHz) of a whole stretch."""
    silence = np.zeros(-len(samples) % WINDOW, np.float32)
    return np.array([*_Stream().feed(np.concatenate([samples, silence]))], np.float32)


class SileroVoiceActivity:
    """Finds the beginnings and ends of speech in a stream of pcm16.

    Making one costs nothing; the first audio loads the model unless it was loaded before.

    Args:
        rate: Samples per second.
        threshold: How sure of speech the model must be, from 0 (anything is speech) to 1.
        min_speech_ms: Anything shorter is ignored.
        min_silence_ms: Gaps within words that are shorter do not end the speech.

    Raises:
        ValueError: The rate is not positive, or the threshold is not from 0 to 1.
    """

    def __init__(self, rate: int, threshold: float = 0.5, *, min_speech_ms: int = 64, min_silence_ms: int = 96) -> None:
        if not 0 <= threshold <= 1:
            raise ValueError(f"threshold is a number from 0 to 1, not {threshold}")
        self._rate = rate
        self._resampler = Resampler(rate, RATE)
        self._threshold = threshold
        self._end_threshold = max(threshold - _HYSTERESIS, min(threshold, _LEAST))
        window_ms = WINDOW * 1000 // RATE
        self._edges = EdgeFilter(-(-min_speech_ms // window_ms), -(-min_silence_ms // window_ms))
        self._stream: _Stream | None = None
        self._windows = 0

    def feed(self, pcm: bytes) -> list[SpeechEdge]:
        """Take the next audio, in pieces of any length, and return the changes it brought, oldest first.

        A change is known ``min_speech_ms`` or ``min_silence_ms`` after it happened; its sample is where the 32 ms begin
        in which it happened.

        Raises:
            ValueError: The audio is not a whole number of samples.
            ModelUnavailableError: The model cannot be used here.
        """
        with native_code:
            self._stream = self._stream or _Stream()
            probabilities = [*self._stream.feed(self._resampler.feed(floats(pcm)))]
        edges = [self._hear(probability) for probability in probabilities]
        return [edge for edge in edges if edge is not None]

    def _hear(self, probability: float) -> SpeechEdge | None:
        start = self._windows * WINDOW * self._rate // RATE
        self._windows += 1
        return self._edges.add(start, probability >= (self._end_threshold if self._edges.speaking else self._threshold))
