"""Which spoken words are which written ones: "$5" is written once and spoken as two words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

__all__ = ("Match", "align")


class Match(NamedTuple):
    """Written words, and the spoken words that say them."""

    written: Sequence[str]
    spoken: range


def align(written: Sequence[str], spoken: Sequence[str]) -> list[Match]:
    """Match words in order: every spoken word belongs to one match, and none of the matches is empty on either side.

    Args:
        written: Words as in the text, with their punctuation.
        spoken: The same text in words as they are said.
    """
    matcher = SequenceMatcher(None, [*map(_key, written)], [*map(_key, spoken)], autojunk=False)
    found: list[Match] = []
    for kind, first, last, begin, end in matcher.get_opcodes():
        if kind == "equal":
            pairs = zip(range(first, last), range(begin, end), strict=True)
            found += [Match(written[i : i + 1], range(j, j + 1)) for i, j in pairs]
        elif first == last or begin == end:
            _join(found, written[first:last], range(begin, end))
        else:
            found.append(Match(written[first:last], range(begin, end)))
    return found


def _key(word: str) -> str:
    return re.sub(r"\W", "", word).lower()


def _join(found: list[Match], written: Sequence[str], spoken: range) -> None:
    """Give words that have no counterpart to the match before them."""
    if found:
        before = found.pop()
        written = [*before.written, *written]
        spoken = range(before.spoken.start, max(before.spoken.stop, spoken.stop))
    if written and spoken:
        found.append(Match(written, spoken))
