"""Answers from the table of facts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from voicelive.emulator.brain.fact_table import CAPITALS, ELEMENTS, FACTS, PLANETS, QUOTATIONS
from voicelive.emulator.brain.numbers import ORDINALS
from voicelive.emulator.brain.words import Words, listed, stem

__all__ = ("answer", "capitals", "quotation")

_ORDINAL_NAMES = {value: word for word, value in ORDINALS.items()}
# These words say nothing about which fact is asked for.
_EMPTY = frozenset(
    map(
        stem,
        listed(
            """
            actual adult away average body call earth ever exact happen human know many mount name question remind say
            think total wonder world year
            """
        ),
    )
)


class _Fact(NamedTuple):
    keys: tuple[frozenset[str], ...]
    answer: str


def answer(words: Words) -> str | None:
    """Return what is known about a question; None if nothing is."""
    for look_up in (_capital, _element, _planet, _fact):
        if (found := look_up(words)) is not None:
            return found
    return None


def quotation(words: Words) -> str | None:
    """Tell where a famous line comes from."""
    for line, source in _lines(QUOTATIONS):
        if line in words.plain:
            return f"That is a line from {source}."
    return None


def _lines(table: str) -> Iterator[tuple[str, str]]:
    for line in table.strip().splitlines():
        key, _, rest = line.partition(": ")
        yield key, rest


# --- Capitals --------------------------------------------------------------------------------------------------------


@cache
def capitals() -> dict[str, tuple[str, str]]:
    """Return countries and their capitals by the country's name in comparable form."""
    return {
        _bare(name): (names.split(", ")[0], city)
        for names, city in _lines(CAPITALS)
        for name in names.split(", ")
    }  # fmt: skip


@cache
def _countries() -> dict[str, tuple[str, str]]:
    return {_bare(city): (country, city) for country, city in capitals().values()}


def _bare(name: str) -> str:
    return Words(name).plain.removeprefix("the ")


_OF = re.compile(r"\bcapital(?: city)? (?:of|in|for) (?:the )?(?:country |state )?(?:of )?(?:the )?(.+)$")
_CAPITAL = re.compile(r"(?:is|has) (?:the )?(.+?) (?:is )?(?:the )?capital\b|^(?:the )?(.+?) capital(?: city)?$")
_CAPITAL_OF_WHAT = re.compile(r"(.+?) (?:is )?(?:the )?capital(?: city)? of\b")
_WHERE = re.compile(r"^(?:where|what|tell me about|which country) (?:is )?(?:in )?(?:the city (?:of )?)?(.+)$")


def _capital(words: Words) -> str | None:
    plain = words.plain
    if "capital" in plain:
        for pattern in (_OF, _CAPITAL):
            found = pattern.search(plain)
            known = _known(capitals(), (found[1] or found[found.lastindex or 1]) if found else "")
            if known is not None:
                return f"The capital of {known[0]} is {known[1].removesuffix('.')}."
        found = _CAPITAL_OF_WHAT.search(plain)
        known = _known(_countries(), found[1].rpartition(" is ")[2] if found else "")
        return f"{known[1]} is the capital of {known[0]}." if known else None
    found = _WHERE.match(plain)
    known = _countries().get(found[1]) if found else None
    return f"{known[1]} is the capital of {known[0]}." if known else None


def _known(table: dict[str, tuple[str, str]], asked: str) -> tuple[str, str] | None:
    """Look up what a text begins or ends with; people add "please" or "again"."""
    parts = asked.split()
    spans = [(0, end) for end in range(len(parts), 0, -1)] + [(start, len(parts)) for start in range(1, len(parts))]
    names = (" ".join(parts[start:end]) for start, end in spans)
    # "Germanys capital" is how a recognizer may write it.
    return next((table[each] for name in names for each in (name, name.removesuffix("s")) if each in table), None)


# --- Elements and planets --------------------------------------------------------------------------------------------


@cache
def _elements() -> dict[str, tuple[str, str, str]]:
    """Return number, symbol and name by names, symbols and "element 79"."""
    found: dict[str, tuple[str, str, str]] = {}
    for line in ELEMENTS.strip().splitlines():
        number, symbol, *names = line.split()
        entry = (number, symbol, names[0])
        found.update(dict.fromkeys((*names, symbol.lower(), number), entry))
    return found


def _element(words: Words) -> str | None:
    asks_for_symbol = "symbol" in words.plain or "abbreviation" in words.plain
    asks_for_number = "atomic number" in words.plain
    if not (asks_for_symbol or asks_for_number):
        return None
    for index in reversed(range(len(words))):
        word = words[index]
        # "What is" and "I" are no elements, even though I is one.
        if word not in _elements() or word in ("i", "o", "w", "he", "f", "k") and not words.is_capital(index):
            continue
        number, symbol, name = _elements()[word]
        if word in (symbol.lower(), number):
            return f"{symbol}, number {number}, is {name}."
        return (
            f"The chemical symbol of {name} is {symbol}."
            if asks_for_symbol
            else (f"The atomic number of {name} is {number}.")
        )
    return None


def _planet(words: Words) -> str | None:
    planets = list(_lines(PLANETS))
    ordinal = next((ORDINALS[word.text] for word in words.words if word.text in ORDINALS), 0)
    if "planet" in words.plain and "sun" in words.plain and 0 < ordinal <= len(planets):
        return f"{planets[ordinal - 1][0]} is the {_ORDINAL_NAMES[ordinal]} planet from the sun."
    for place, (name, about) in enumerate(planets, 1):
        moons, _, what = about.partition("; ")
        if name.lower() not in words.plain.split():
            continue
        if "moon" in words.plain and name != "Earth":
            return f"{name} has {'no moons' if moons.startswith('0') else moons}."
        if words.content <= {stem(name.lower()), stem("planet")} and name != "Earth":
            return f"{name} is the {_ORDINAL_NAMES[place]} planet from the sun: {what}."
    return None


# --- Everything else -------------------------------------------------------------------------------------------------


@cache
def _facts() -> tuple[_Fact, ...]:
    return tuple(
        _Fact(tuple(frozenset(map(stem, key.split("|"))) for key in keys.split()), answer)
        for keys, answer in _lines(FACTS)
    )


def _fact(words: Words) -> str | None:
    said = frozenset(stem(word.text) for word in words.words)
    asked = words.content - _EMPTY
    best: tuple[int, str] | None = None
    for keys, text in _facts():
        if not all(key & said for key in keys):
            continue
        unmatched = len(asked - frozenset().union(*keys))
        # A fact about something else is worse than none.
        if unmatched > len(keys) // 3:
            continue
        score = 4 * len(keys) - unmatched
        if best is None or score > best[0]:
            best = (score, text)
    return best[1] if best else None
