"""A human recording to try and test with; ``data/recording.txt`` beside it tells where it comes from."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from voicelive.emulator.audio import read_wav, resample

__all__ = ("PATH", "TRANSCRIPT", "recording")

PATH = Path(__file__).with_name("data") / "recording.wav"
"""The file: 3.29 s of WAV, 16-bit PCM, mono, 16 kHz."""

TRANSCRIPT = "He might even have been made amiable himself."
"""What is said in it."""


@lru_cache(maxsize=4)
def recording(rate: int = 24000) -> bytes:
    """Return the recording as mono pcm16.

    Args:
        rate: Samples per second.

    Raises:
        ValueError: The rate is not positive.
    """
    return resample(*read_wav(PATH), rate)
