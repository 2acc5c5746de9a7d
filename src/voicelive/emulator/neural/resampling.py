"""Samples as numpy arrays, and changing their rate: of a whole stretch, or of a stream piece by piece."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

__all__ = ("Floats", "Resampler", "floats", "resample", "to_pcm")

Floats = NDArray[np.float32]
"""Samples from -1 to 1."""

_ZERO_CROSSINGS = 16
_KAISER_BETA = 7.0
_PASSED = 0.92
"""The part of the lower rate's band that is kept."""


def floats(pcm: bytes) -> Floats:
    """Unpack pcm16.

    Raises:
        ValueError: The bytes are not a whole number of 2-byte samples.
    """
    if len(pcm) % 2:
        raise ValueError(f"pcm16 audio is a whole number of 2-byte samples, not {len(pcm)} bytes")
    return np.frombuffer(pcm, "<i2").astype(np.float32) / np.float32(32768)


def to_pcm(samples: Floats) -> bytes:
    """Pack into pcm16; what is louder than full scale is clipped."""
    return np.clip(np.rint(samples * 32768), -32768, 32767).astype("<i2").tobytes()


def resample(samples: Floats, rate_in: int, rate_out: int) -> Floats:
    """Change the rate of a whole stretch; it is neither delayed nor cut."""
    resampler = Resampler(rate_in, rate_out)
    count = round(len(samples) * rate_out / rate_in)
    return np.concatenate([resampler.feed(samples), resampler.finish()])[:count]


class Resampler:
    """Changes the rate of a stream. Sample ``n`` of the output lies exactly at ``n / rate_out`` seconds.

    A windowed-sinc filter (Kaiser), as in ``voicelive.emulator.audio``, and much faster.

    Args:
        rate_in: Its rate in Hz.
        rate_out: The rate wanted, in Hz.

    Raises:
        ValueError: A rate is not positive.
    """

    def __init__(self, rate_in: int, rate_out: int) -> None:
        if rate_in <= 0 or rate_out <= 0:
            raise ValueError(f"sampling rates are positive, not {rate_in} and {rate_out}")
        divisor = math.gcd(rate_in, rate_out)
        self._up, self._down = rate_out // divisor, rate_in // divisor
        self._filters = _filters(self._up, self._down)
        self._reach = self._filters.shape[1] // 2
        self._done = 0
        # Silence before the first sample, for the filter to reach into.
        self._kept: Floats = np.zeros(self._reach - 1, np.float32)
        self._kept_from = 1 - self._reach

    def feed(self, samples: Floats) -> Floats:
        """Take the next samples and return those of the other rate that they complete."""
        if self._up == self._down:
            return samples
        up, down, reach = self._up, self._down, self._reach
        source = np.concatenate([self._kept, samples])
        # Sample n needs the input up to n * down // up + reach.
        end = max(self._done, -(-(self._kept_from + len(source) - reach) * up // down))
        result = np.empty(end - self._done, np.float32)
        if len(result):
            windows: Floats = sliding_window_view(source, 2 * reach)
            for offset in range(min(up, len(result))):
                whole, fraction = divmod((self._done + offset) * down, up)
                count = -(-(len(result) - offset) // up)
                rows = windows[whole + 1 - reach - self._kept_from :: down][:count]
                result[offset::up] = rows @ self._filters[fraction]
        self._done = end
        first = max(self._kept_from, end * down // up + 1 - reach)
        self._kept = source[first - self._kept_from :].copy()
        self._kept_from = first
        return result

    def finish(self) -> Floats:
        """Return the samples that waited for more input; there may be a few too many."""
        silence: Floats = np.zeros(self._reach + 1 if self._up != self._down else 0, np.float32)
        return self.feed(silence)


@lru_cache(maxsize=16)
def _filters(up: int, down: int) -> Floats:
    """One filter a row, for each position of an output sample between two input samples."""
    cutoff = _PASSED * min(1.0, up / down)
    reach = math.ceil(_ZERO_CROSSINGS / cutoff)
    distances = np.arange(1 - reach, reach + 1)[None, :] - np.arange(up)[:, None] / up
    window = np.i0(_KAISER_BETA * np.sqrt(np.maximum(0.0, 1 - (distances / reach) ** 2)))
    filters: NDArray[np.float64] = window * np.sinc(cutoff * distances)
    scaled: NDArray[np.float64] = filters / filters.sum(axis=1, keepdims=True)
    return scaled.astype(np.float32)
