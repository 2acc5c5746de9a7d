"""Numbers in words and digits."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

from voicelive.emulator.brain.words import Words, listed

__all__ = ("ORDINALS", "Number", "find_numbers", "number_at", "written")

_ONES = listed("""
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
    eighteen nineteen
""")
_TENS = listed("twenty thirty forty fifty sixty seventy eighty ninety")
_SMALL = {word: value for value, word in enumerate(_ONES)} | {word: 10 * n for n, word in enumerate(_TENS, 2)}
_SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_ORDINAL_ONES = listed("""
    zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth
    fifteenth sixteenth seventeenth eighteenth nineteenth
""")
_LONGEST_DIGITS = 30

ORDINALS = {word: value for value, word in enumerate(_ORDINAL_ONES)} | {"twentieth": 20, "thirtieth": 30}
"""Ordinal words by value, but for those like "twenty first"."""


class Number(NamedTuple):
    """A number in a text."""

    value: Fraction
    start: int
    """Its first word."""
    end: int
    """The word after it."""


def find_numbers(words: Words) -> Iterator[Number]:
    """Yield the numbers of a text, signs included."""
    index = 0
    while index < len(words):
        found = number_at(words, index)
        if found is None:
            index += 1
            continue
        sign = words[index - 1] in ("minus", "negative", "-") and not _is_number(words[index - 2])
        yield Number(-found.value, index - 1, found.end) if sign else found
        index = found.end


def _is_number(word: str) -> bool:
    return word in _SMALL or word.replace(".", "").isdigit()


def number_at(words: Words, start: int) -> Number | None:
    """Return the number that begins at a word, without a sign; None if none does."""
    if words[start] == "half" and words[start + 1] == "a" and words[start + 2] == "dozen":
        return Number(Fraction(6), start, start + 3)
    whole, index = _whole(words, start)
    if whole is None:
        return None
    if words[index] == "point" and (decimals := _decimals(words, index + 1)):
        whole += Fraction(int(decimals), 10 ** len(decimals))
        index += 1 + _length_of_decimals(words, index + 1)
    if words[index] in _SCALES:
        whole, index = whole * _SCALES[words[index]], index + 1
    if words[index] == "dozen":
        whole, index = whole * 12, index + 1
    if [words[index], words[index + 1], words[index + 2]] == ["and", "a", "half"]:
        whole, index = whole + Fraction(1, 2), index + 3
    return Number(whole, start, index)


def _whole(words: Words, start: int) -> tuple[Fraction | None, int]:
    """Read digits, or words such as "two hundred and three thousand"."""
    if (literal := _literal(words[start])) is not None:
        return literal, start + 1
    index = start
    if words[index] == "a" and words[index + 1] in ("hundred", "dozen", *_SCALES):
        index += 1
        if words[index] == "dozen":
            return Fraction(1), index
    elif words[index] not in _SMALL:
        return None, start
    total = current = 0
    room = 10**15  # What comes next must be smaller than what was said last.
    while True:
        word = words[index]
        if word in _SMALL and _fits(_SMALL[word], room):
            current += _SMALL[word]
            room = 10 if word in _TENS else 1
        elif word == "hundred" and current < 100:
            current, room = (current or 1) * 100, 100
        elif word in _SCALES and (index > start or words[start] == "a"):
            total, current, room = total + (current or 1) * _SCALES[word], 0, 1000
        elif word == "and" and room in (100, 1000) and words[index + 1] in _SMALL:
            pass
        else:
            return Fraction(total + current), index
        index += 1


def _fits(value: int, room: int) -> bool:
    # After "twenty" comes one to nine, after "five" nothing.
    return value < room and (room != 10 or value > 0) and room > 1


def _literal(word: str) -> Fraction | None:
    plain = word.replace(",", "")
    if len(plain) > _LONGEST_DIGITS or not plain.isascii() or not plain.replace(".", "", 1).isdigit():
        return None
    return Fraction(plain)


def _decimals(words: Words, start: int) -> str:
    if words[start].isascii() and words[start].isdigit():
        return words[start][:_LONGEST_DIGITS]
    digits = ""
    while (value := _SMALL.get(words[start + len(digits)], 10)) < 10:
        digits += str(value)
    return digits


def _length_of_decimals(words: Words, start: int) -> int:
    return 1 if words[start].isdigit() else len(_decimals(words, start))


def written(value: Fraction | float) -> str:
    """Return a number as people write it: at most six decimals, none if they are zero."""
    if isinstance(value, Fraction) and value.denominator == 1:
        return str(value.numerator)
    text = f"{float(value):.6f}".rstrip("0").rstrip(".")
    return text if text.strip("-0.") else f"{float(value):.3g}"
