"""Which of the client's functions fits what was said."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from voicelive.emulator.brain.numbers import find_numbers
from voicelive.emulator.brain.schema import Schema, as_list, as_mapping, parts, resolve, type_of
from voicelive.emulator.brain.topics import ASKING_VERBS, GENERIC, PARTICLES, VAGUE_VERBS, VERBS, related
from voicelive.emulator.brain.words import STOP_WORDS, Words, listed, name_words, stem, stems

__all__ = ("THRESHOLD", "Tool", "best_tool", "clauses", "functions")

THRESHOLD = 0.84
"""A tool that fits less is not meant."""

_NOUN, _VERB, _PARTICLE = 1.0, 0.6, 0.3
_IMPERATIVE, _VAGUE_IMPERATIVE = 0.55, 0.35
_STATEMENT, _QUESTION, _NUMERIC = 0.2, 0.3, 0.05
_DESCRIBED, _CHOICE, _PARAMETER = 0.45, 0.5, 0.3
_MOST_DESCRIBED, _MOST_PARAMETERS = 1.35, 0.6
_FIRST_DESCRIBED = 6
"""So many words of a description tell what the tool is for; they count half as much again."""


@dataclass(frozen=True, slots=True, eq=False)
class Tool:
    """A function of the client, with the words that it is about."""

    name: str
    parameters: Schema
    """Its JSON schema; empty if there is none."""
    words: tuple[str, ...]
    """The words of its name."""
    nouns: frozenset[str]
    verbs: frozenset[str]
    particles: frozenset[str]
    described: Mapping[str, float]
    """Stems of the description, with what they count."""
    choices: frozenset[str]
    """Stems of the values of its parameters."""
    named: frozenset[str]
    """Stems of the names of its parameters."""
    takes_numbers: bool


def functions(tools: Iterable[Mapping[str, Any]]) -> list[Tool]:
    """Return the functions among the tools."""
    return [_tool(tool) for tool in tools if tool.get("type") == "function" and isinstance(tool.get("name"), str)]


def _tool(given: Mapping[str, Any]) -> Tool:
    parameters = as_mapping(given.get("parameters"))
    words = tuple(name_words(given["name"]))
    known = [stem(word) for word in words if stem(word) not in GENERIC] or [stem(word) for word in words]
    own = [word for word in known if word not in STOP_WORDS and word not in map(stem, PARTICLES)]
    verbs = frozenset(map(stem, words[:1])) & VERBS
    description = given.get("description")
    choices, named, takes_numbers = _of_parameters(parameters)
    return Tool(
        given["name"],
        parameters,
        words,
        nouns=frozenset(own) - verbs,
        verbs=verbs,
        particles=frozenset(words) & PARTICLES,
        described=_described(description if isinstance(description, str) else ""),
        choices=choices,
        named=named,
        takes_numbers=takes_numbers,
    )


def _described(description: str) -> dict[str, float]:
    told = [stem(word.text) for word in Words(description[:2000]).words if word.text not in STOP_WORDS]
    meaningful = [word for word in told if word not in GENERIC]
    counts: dict[str, float] = {}
    for index, word in enumerate(meaningful):
        counts.setdefault(word, _DESCRIBED * (1.5 if index < _FIRST_DESCRIBED else 1.0))
    return counts


def _of_parameters(schema: Schema) -> tuple[frozenset[str], frozenset[str], bool]:
    choices: set[str] = set()
    named: set[str] = set()
    takes_numbers = False
    for name, part in parts(resolve(schema, schema)).items():
        known = resolve(part, schema)
        takes_numbers = takes_numbers or type_of(known) in ("integer", "number")
        named |= stems(name_words(name)) - GENERIC
        for value in as_list(known.get("enum")):
            choices |= stems(name_words(str(value)))
    return frozenset(choices), frozenset(named), takes_numbers


def best_tool(words: Words, tools: Sequence[Tool]) -> tuple[Tool, float] | None:
    """Return the tool that fits best and how well; None if there are no tools. Equal ones: the first."""
    scored = [(_fit(words, tool), -index) for index, tool in enumerate(tools)]
    if not scored:
        return None
    fit, index = max(scored)
    return tools[-index], fit


def _fit(words: Words, tool: Tool) -> float:
    raw = frozenset(word.text for word in words.words)
    said = {word: related(word) for word in words.content}
    meant = frozenset[str]().union(*said.values())
    command = _imperative(words)
    # "Call mom" is not about the call that "end_call" ends.
    acted_on = {_first(words)} if tool.verbs and not command & tool.verbs else set[str]()
    hits = _name_weight((tool.nouns - acted_on) & meant, tool.verbs & meant, tool.particles & raw)
    all_of_it = _name_weight(tool.nouns, tool.verbs, tool.particles)
    # A name of which half is missing is meant less than half as likely.
    fit = hits * (0.6 + 0.4 * hits / all_of_it) if all_of_it else 0.0
    if commanded := command & tool.verbs:
        fit += _VAGUE_IMPERATIVE if commanded <= VAGUE_VERBS else _IMPERATIVE
    elif _first(words) in VERBS and command & set(list(tool.described)[:1]):
        fit += _VAGUE_IMPERATIVE
    fit -= _mood(words, tool, meant)
    others = [words for words in said.values() if not words & (tool.nouns | tool.verbs)]
    fit += min(_MOST_DESCRIBED, sum(max(tool.described.get(word, 0.0) for word in words) for words in others))
    others = [words for words in others if not words & tool.described.keys()]
    fit += _CHOICE * any(words & tool.choices for words in others)
    fit += min(_MOST_PARAMETERS, _PARAMETER * sum(bool(words & tool.named) for words in others))
    fit += _NUMERIC * (tool.takes_numbers and any(find_numbers(words)))
    # "Turn on" is never meant by "turn off".
    return fit - sum(_OPPOSITES.get(word, "") in raw for word in tool.particles - raw)


def _mood(words: Words, tool: Tool, meant: frozenset[str]) -> float:
    """Return how much speaks against a tool because nothing is asked for, or because it does something unasked."""
    if words[0] in _TELLING and not _WISHES & {words[1], words[2], words[3]}:
        return _STATEMENT
    acts = tool.verbs - ASKING_VERBS
    return _QUESTION if acts and not acts & meant and words[0] in _ASKING and words[0] not in _OFFERING else 0.0


_TELLING = frozenset(listed("i we he she they it that this my"))
_WISHES = frozenset(listed("want need would like can could please should must"))
_OFFERING = frozenset(listed("can could will would do"))
_ASKING = frozenset(listed("what who where when which how is are will does do did can could would"))
_OPPOSITES = {"on": "off", "off": "on", "up": "down", "down": "up"}


def _name_weight(nouns: frozenset[str], verbs: frozenset[str], particles: frozenset[str]) -> float:
    return _NOUN * len(nouns) + _VERB * len(verbs) + _PARTICLE * len(particles)


def _imperative(words: Words) -> frozenset[str]:
    """Return the stems for the verb with which a command begins."""
    return related(_first(words))


def _first(words: Words) -> str:
    return stem(next((word.text for word in words.words if word.text not in STOP_WORDS), ""))


# --- Several requests at once ----------------------------------------------------------------------------------------

_AND = re.compile(
    r"(?<=[.?!;])\s+|,?\s+(?:and\s+then|and\s+also|as\s+well\s+as|and|then|also|plus)\s+|,\s+(?=then\b|also\b)", re.I
)
_FREE_TEXT = re.compile(r"\b(?:saying|says|say|that|message|note|text|titled|subject|repeat|remind)\b|[\"“]", re.I)


def clauses(text: str, tools: Sequence[Tool]) -> Iterator[tuple[str, Tool]]:
    """Yield the requests in a text, each with its tool; one part of the text belongs to the request before it.

    A part counts as a request of its own only where it begins like one: with a question word or a verb of its tool.
    """
    found: list[tuple[str, Tool | None]] = []
    start = 0
    for joint in [*_AND.finditer(text), None]:
        if joint is not None and found and _FREE_TEXT.search(text[: joint.start()]):
            continue
        end = joint.start() if joint else len(text)
        part = text[start:end]
        tool = _tool_of(part, tools)
        previous = found[-1] if found else None
        if previous is None or (tool is not None and _begins(part, tool, previous[0]) and previous[1] is not None):
            found.append((part, tool))
            begin = start
        else:
            # What has no tool of its own is part of what was said before it.
            begin = text.rindex(previous[0], 0, start) if previous[0] else start
            whole = text[begin:end]
            found[-1] = (whole, _tool_of(whole, tools) or previous[1])
        start = joint.end() if joint else end
    yield from ((part, tool) for part, tool in found if tool is not None)


def _tool_of(part: str, tools: Sequence[Tool]) -> Tool | None:
    best = best_tool(Words(part), tools)
    return best[0] if best is not None and best[1] >= THRESHOLD else None


def _begins(part: str, tool: Tool, before: str) -> bool:
    words = Words(part)
    asked_before = Words(before)[0] in _ASKING
    return words[0] in _ASKING or (words[0] == "the" and asked_before) or bool(_imperative(words) & tool.verbs)
