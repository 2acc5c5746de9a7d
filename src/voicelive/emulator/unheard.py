"""What the embedded service makes of speech when nothing can recognize it."""

from __future__ import annotations

import re

__all__ = ("UNHEARD", "DurationRecognizer")

UNHEARD = re.compile(r"\([\d.]+ s of speech\)")
"""What :class:`DurationRecognizer` returns."""


class DurationRecognizer:
    """Cannot recognize words, and says so: a transcript such as ``(2.1 s of speech)``."""

    def transcribe(self, pcm: bytes, rate: int) -> str:
        """Return how long the audio is."""
        return f"({len(pcm) / 2 / rate:.1f} s of speech)"
