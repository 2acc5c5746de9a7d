"""When words are: spread evenly where nobody measured, and cut off where nobody heard them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from voicelive.emulator.speech import WordTime

__all__ = ("cut", "moved", "spread")

_WORD = re.compile(r"[^\W_]+(?:['’.,:/-][^\W_]+)*")


def spread(text: str, start_ms: float, end_ms: float) -> tuple[WordTime, ...]:
    """Return the words of a text over a stretch of time, longer words longer."""
    words = _WORD.findall(text)
    # A word takes time for its letters and for its being a word.
    weights = [len(word) + 2 for word in words]
    times: list[WordTime] = []
    at = start_ms
    for word, weight in zip(words, weights, strict=True):
        end = at + (end_ms - start_ms) * weight / sum(weights)
        times.append(WordTime(word, at, end))
        at = end
    return tuple(times)


def moved(words: Iterable[WordTime], ms: float) -> tuple[WordTime, ...]:
    """Return the words that much later."""
    return tuple(WordTime(text, start + ms, end + ms) for text, start, end in words)


def cut(text: str, words: Sequence[WordTime], end_ms: float) -> str:
    """Return the text up to the last word that was over by then, with the punctuation that sticks to it."""
    end = 0
    for word in words:
        if word.end_ms > end_ms:
            return text[:end].rstrip()
        if (found := text.find(word.text, end)) >= 0:
            end = found + len(word.text)
            end += len(text[end:]) - len(text[end:].lstrip(".,;:!?…)\"'”’"))
    return text if words else ""
