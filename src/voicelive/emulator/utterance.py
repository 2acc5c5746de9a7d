"""What the words of an utterance tell: whether the speaker has come to an end, and which words only fill a pause.

Both are rules over English words, so that the same words always have the same result; the service asks a model.
"""

from __future__ import annotations

import re

__all__ = ("is_complete", "without_fillers")

_FILLER = r"(?:u+h+m*|u+m+|e+r+m*|a+h+|h+m+|m+h+m+|m{2,})"
_FILLERS = re.compile(rf"(?<![\w'’-]){_FILLER}(?![\w'’-])[,.…]*", re.IGNORECASE)
_LAST_WORD = re.compile(r"([\w'’]+)[^\w]*$")
_GOES_ON = frozenset(
    [
        "a",
        "although",
        "an",
        "and",
        "are",
        "as",
        "at",
        "because",
        "but",
        "for",
        "from",
        "i'm",
        "if",
        "in",
        "into",
        "is",
        "it's",
        "its",
        "my",
        "nor",
        "of",
        "on",
        "or",
        "our",
        "than",
        "the",
        "their",
        "they're",
        "to",
        "was",
        "we're",
        "were",
        "while",
        "with",
        "you're",
        "your",
    ]
)
"""Words that hardly ever end what somebody says; after a question mark they may ("Where are you?")."""
_ENDS = (".", "!", "?", "。", "！", "？", ")")
_NEEDED = {"low": 0.3, "medium": 0.5, "default": 0.5, "high": 0.7}


def is_complete(said: str, level: str | None = None) -> bool:
    """Tell whether an utterance has come to its end, or its speaker will go on after a pause.

    Args:
        said: What was recognized so far.
        level: How sure one must be of the end: ``low``, ``medium`` (also ``default``) or ``high``.
    """
    return _completeness(said) >= _NEEDED.get(level or "default", 0.5)


def _completeness(said: str) -> float:
    said = said.strip().rstrip("\"'”’")
    if not said:
        return 1.0
    if said.endswith(("...", "…", ",", "-", "–", "—", ":")):
        return 0.1
    last = _LAST_WORD.search(said)
    word = last[1].lower() if last else ""
    if re.fullmatch(_FILLER, word, re.IGNORECASE) or (word in _GOES_ON and not said.endswith("?")):
        return 0.1
    if said.endswith(_ENDS):
        return 0.6 if said.count(" ") == 0 else 0.9
    return 0.4


def without_fillers(said: str) -> str:
    """Return the text without "um", "uh" and the like, and what is left tidied up."""
    kept = re.sub(r"\s+", " ", _FILLERS.sub("", said)).strip(" ,…")
    kept = re.sub(r",?\s*([.!?;:])", r"\1", re.sub(r"\s+,", ",", kept))
    if not re.search(r"\w", kept):
        return ""
    begins_upper = said.lstrip()[:1].isupper()
    return kept[0].upper() + kept[1:] if begins_upper else kept
