"""Fills the parameters of a function from what was said, so that they satisfy their JSON schema."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from typing import Any, NamedTuple

from voicelive.emulator.brain.numbers import Number
from voicelive.emulator.brain.schema import (
    Schema,
    allows,
    as_list,
    default_of,
    is_list,
    is_object,
    is_optional,
    least,
    parts,
    resolve,
    type_of,
)
from voicelive.emulator.brain.slots import Said, items_of
from voicelive.emulator.brain.topics import GENERIC, PERSON, PLACE, TEXT, related
from voicelive.emulator.brain.units import Unit, convert, unit_at
from voicelive.emulator.brain.words import STOP_WORDS, Words, name_words, stem, stems

__all__ = ("Filled", "Parameter", "fill", "fill_whatever")

_DEEPEST = 6
_NO = frozenset(("no", "not", "without", "never", "off", "disable", "nope", "false"))
_SWITCHES = frozenset(map(stem, ("on", "state", "power", "enabled", "active", "status", "turn", "value")))
_DIRECTIONS = {"from": frozenset(("from",)), "source": frozenset(("from",)), "to": frozenset(("to", "into", "in")),
               "target": frozenset(("to", "into", "in"))}  # fmt: skip
_MANNER = frozenset(("unit", "units", "format", "language", "mode", "locale", "timezone"))
"""What a function wants to be told, but nobody says: the first choice will do."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a function.

    Args:
        name: Its name, the last of the path.
        schema: Its schema, resolved.
        root: The document that holds the schema.
        path: The names that lead to it.
    """

    name: str
    schema: Schema
    root: Schema
    path: tuple[str, ...]

    @property
    def words(self) -> tuple[str, ...]:
        """The words of its name."""
        return tuple(name_words(self.name))

    @property
    def description(self) -> str:
        """Its description."""
        given = self.schema.get("description")
        return given[:1000] if isinstance(given, str) else ""

    @property
    def kind(self) -> str:
        """What a text stands for: ``place``, ``person``, ``date``, ``time``, ``moment`` or ``text``."""
        given = str(self.schema.get("format"))
        if given in _FORMATS:
            return _FORMATS[given]
        own = frozenset(self.words)
        for words in (own, frozenset(word.text for word in Words(self.description).words[:6])):
            for kind, known in _KINDS:
                if words & known:
                    return kind
            if words & TEXT:
                return "text"
        return "text"

    def allows(self, value: object) -> bool:
        """Whether its schema allows a value."""
        return allows(self.schema, value, self.root)


_FORMATS = {
    "date": "date", "time": "time", "date-time": "moment", "email": "email", "uri": "url", "url": "url",
    "duration": "duration", "phone": "phone",
}  # fmt: skip
_KINDS: Sequence[tuple[str, frozenset[str]]] = (
    ("email", frozenset(("email", "mail"))),
    ("phone", frozenset(("phone", "telephone", "mobile"))),
    ("url", frozenset(("url", "uri", "website", "link"))),
    ("moment", frozenset(("datetime", "timestamp", "when", "start", "end", "deadline", "due", "begin", "until"))),
    ("date", frozenset(("date", "day"))),
    ("time", frozenset(("time", "hour"))),
    ("duration", frozenset(("duration",))),
    ("number", frozenset(("id", "number", "code", "reference"))),
    ("place", PLACE),
    ("person", PERSON),
)


@dataclass(slots=True)
class Filled:
    """The arguments that were found, and the required parameters that were not."""

    arguments: dict[str, Any] = field(default_factory=dict[str, Any])
    missing: list[Parameter] = field(default_factory=list[Parameter])

    def completed(self, parameter: Parameter, value: object) -> Filled:
        """Return the same with one more argument."""
        arguments = copy.deepcopy(self.arguments)
        _put(arguments, parameter.path, value)
        return Filled(arguments, [each for each in self.missing if each is not parameter])


def fill(schema: Schema, said: Said, verbs: frozenset[str], *, known: Mapping[str, Any] | None = None) -> Filled:
    """Fill the parameters of a function.

    Args:
        schema: Their schema.
        said: What was said; takes note of the words that gave a value.
        verbs: Stems of what the function does, such as "play".
        known: Arguments that are known from earlier turns; they stay as they are.
    """
    root = resolve(schema, schema)
    return _Filler(said, verbs, schema).properties(root, (), known or {}, 0)


def fill_whatever(schema: Schema, filled: Filled, said: str) -> dict[str, Any]:
    """Return arguments for a call that must be made: what was not found is made up as simply as its schema allows."""
    for parameter in list(filled.missing):
        filled = filled.completed(parameter, least(parameter.schema, parameter.root, said))
    arguments = filled.arguments
    if allows(schema, arguments, schema):
        return arguments
    required = {name: value for name, value in arguments.items() if not is_optional(resolve(schema, schema), name)}
    fallback = least(schema, schema, said)
    choices = (required, {**fallback, **required}, fallback) if is_object(fallback) else (required,)
    return next((each for each in choices if allows(schema, each, schema)), arguments)


def _put(arguments: dict[str, Any], path: Sequence[str], value: object) -> None:
    for name in path[:-1]:
        inner = arguments.get(name)
        if not is_object(inner):
            inner = arguments[name] = {}
        arguments = inner
    arguments[path[-1]] = value


class _Choice(NamedTuple):
    """A choice that was said, from a word to another."""

    start: int
    end: int
    choice: Any


class _Filler:
    """Fills one function's parameters from one text."""

    def __init__(self, said: Said, verbs: frozenset[str], root: Schema) -> None:
        self._said = said
        self._verbs = verbs
        self._root = root
        self._numeric: list[Parameter] = []

    # Objects

    def properties(self, schema: Schema, path: tuple[str, ...], known: Mapping[str, Any], depth: int) -> Filled:
        """Fill the properties of an object, those first whose words are easiest to tell."""
        known_parts = {name: resolve(part, self._root) for name, part in parts(schema).items()}
        order = [Parameter(name, part, self._root, (*path, name)) for name, part in known_parts.items()]
        names = {parameter.name for parameter in order}
        unknown = [str(name) for name in as_list(schema.get("required")) if str(name) not in names]
        order += [Parameter(name, {}, self._root, (*path, name)) for name in unknown]
        self._numeric = [each for each in order if type_of(each.schema) in ("integer", "number")]
        filled = Filled()
        found: dict[str, Any] = {}
        for parameter in sorted(order, key=lambda each: (_rank(each), is_optional(schema, each.name))):
            if parameter.name in known:
                found[parameter.name] = known[parameter.name]
                continue
            self._one(parameter, not is_optional(schema, parameter.name), depth, found, filled)
        filled.arguments = {each.name: found[each.name] for each in order if each.name in found}
        filled.missing.sort(key=lambda each: [other.path for other in order].index(each.path[: len(path) + 1]))
        return filled

    def _one(self, parameter: Parameter, required: bool, depth: int, found: dict[str, Any], filled: Filled) -> None:
        if type_of(parameter.schema) == "object" and parts(parameter.schema) and depth < _DEEPEST:
            inner = self.properties(parameter.schema, parameter.path, {}, depth + 1)
            if required or (inner.arguments and not inner.missing and parameter.allows(inner.arguments)):
                found[parameter.name] = inner.arguments
                filled.missing += inner.missing
            return
        values = (value for value in self._values(parameter, required, depth) if value != [])
        value = next((value for value in values if parameter.allows(value)), None)
        has_own, own = default_of(parameter.schema, self._root)
        if value is not None:
            found[parameter.name] = value
        elif has_own and (required or own is not None):
            found[parameter.name] = own
        elif required:
            filled.missing.append(parameter)

    # Values

    def _values(self, parameter: Parameter, required: bool, depth: int) -> Iterator[Any]:
        """Yield what may be meant, the best first."""
        choices = parameter.schema.get("enum")
        if is_list(choices):
            yield from self._choice(parameter, choices, required)
            return
        match type_of(parameter.schema):
            case "integer" | "number" as kind:
                yield from self._number(parameter, kind, required)
            case "boolean":
                yield from self._boolean(parameter, required)
            case "array":
                yield from self._array(parameter, required, depth)
            case "string":
                yield from self._string(parameter, required)
            case "object":
                yield {}
            case _:
                pass

    def _choice(self, parameter: Parameter, choices: Sequence[Any], required: bool) -> Iterator[Any]:
        said = self._said_choices(choices)
        # "From dollars to euros" and "to euros from dollars" are the same.
        wanted = next((each for own, each in _DIRECTIONS.items() if own in parameter.words), frozenset[str]())
        said.sort(key=lambda each: self._said.words[each.start - 1] not in wanted)
        if said:
            self._said.use(said[0].start, said[0].end)
            yield said[0].choice
        elif required and frozenset(parameter.words) & _MANNER and choices:
            yield choices[0]

    def _all_choices(self, choices: Sequence[Any]) -> list[Any]:
        said = self._said_choices(choices)
        for each in said:
            self._said.use(each.start, each.end)
        return [each.choice for each in said]

    def _said_choices(self, choices: Sequence[Any]) -> list[_Choice]:
        """Return the choices that were said, in the order in which they were; the longer one of overlapping ones."""
        found: dict[int, _Choice] = {}
        for choice in choices:
            wanted = [stem(word) for word in name_words(str(choice))] if not isinstance(choice, bool | None) else []
            start = self._place_of(wanted)
            if start is not None and (start not in found or start + len(wanted) > found[start].end):
                found[start] = _Choice(start, min(start + len(wanted), len(self._said.words)), choice)
        return [found[start] for start in sorted(found)]

    def _place_of(self, wanted: Sequence[str]) -> int | None:
        words = self._said.words
        said = [stem(words[index]) if index not in self._said.used else "" for index in range(len(words))]
        for start in range(len(said) if wanted else 0):
            if said[start : start + len(wanted)] == list(wanted):
                return start
        if len(wanted) > 1 and all(each in said for each in wanted):
            return said.index(wanted[0])
        if len(wanted) == 1 and wanted[0] not in STOP_WORDS:
            near = related(wanted[0]) - {wanted[0]}
            return next((index for index, each in enumerate(said) if each in near), None)
        return None

    # Numbers

    def _number(self, parameter: Parameter, kind: str, required: bool) -> Iterator[int | float]:
        found = sorted(self._said.numbers(), key=lambda number: -self._evidence(number, parameter))
        for number in found:
            evidence = self._evidence(number, parameter)
            others = [other for other in self._numeric if other.name != parameter.name]
            if evidence == 0 and not required and others:
                continue
            if any(self._evidence(number, other) > max(evidence, 0) for other in others):
                continue
            exact = self._converted(number, parameter)
            value = round(exact) if kind == "integer" else _plain(exact)
            if not parameter.allows(value):
                continue
            self._said.use(number.start, number.end)
            yield value

    def _evidence(self, number: Number, parameter: Parameter) -> int:
        """Return how much speaks for a number to be meant for a parameter."""
        words = self._said.words
        own = frozenset(each for word in parameter.words for each in related(stem(word))) - GENERIC
        described = stems(word.text for word in Words(parameter.description).words)
        after = [stem(words[number.end]), stem(words[number.end + 1])]
        before = [stem(words[number.start - back]) for back in (1, 2, 3)]
        unit = unit_at(words, number.end)
        if unit is not None and any(each.kind == unit[0].kind for each in _units_of(parameter)):
            return 4
        return 3 * (after[0] in own) + (after[1] in own) + 2 * bool(own & set(before)) + (after[0] in described)

    def _converted(self, number: Number, parameter: Parameter) -> Fraction:
        unit = unit_at(self._said.words, number.end)
        if unit is None:
            is_share = self._said.words[number.end] in ("percent", "%")
            highest = parameter.schema.get("maximum")
            return number.value / 100 if is_share and highest == 1 else number.value
        wanted = next((each for each in _units_of(parameter) if each.kind == unit[0].kind), unit[0])
        return convert(number.value, unit[0], wanted)

    # Everything else

    def _boolean(self, parameter: Parameter, required: bool) -> Iterator[bool]:
        words = self._said.words
        own = frozenset(stem(word) for word in parameter.words if word not in STOP_WORDS) - GENERIC
        own -= {"includ", "enabl", "us", "should", "with", "allow"}
        raw = {word.text for word in words.words}
        said = [stem(words[index]) for index in range(len(words))]
        if own and own <= set(said):
            index = min(said.index(word) for word in own)
            yield not {words[index - back] for back in (1, 2, 3) if index >= back} & _NO
            return
        if frozenset(map(stem, parameter.words)) & _SWITCHES and raw & {"on", "off"}:
            yield "off" not in raw
        elif required:
            yield False

    def _array(self, parameter: Parameter, required: bool, depth: int) -> Iterator[list[Any]]:
        items = resolve(parameter.schema.get("items", {}), self._root)
        choices = items.get("enum")
        if is_list(choices):
            yield self._all_choices(choices)
        elif type_of(items) in ("integer", "number"):
            numbers = list(self._said.numbers())
            yield [round(n.value) if type_of(items) == "integer" else _plain(n.value) for n in numbers]
        elif type_of(items) == "object":
            if depth < _DEEPEST:
                inner = self.properties(items, parameter.path, {}, depth + 1)
                yield [inner.arguments] if inner.arguments and not inner.missing else []
        else:
            one = Parameter(parameter.name, {**items, "description": parameter.description}, self._root, parameter.path)
            text = next(self._string(one, required), None)
            more = list(self._said.more_names()) if text and one.kind in ("place", "person") else []
            yield [*(items_of(text) if text else []), *more]

    def _string(self, parameter: Parameter, required: bool) -> Iterator[str]:
        said = self._said
        match parameter.kind:
            case "email":
                yield from _if_found(said.email())
            case "phone":
                yield from _if_found(said.phone())
            case "url":
                yield from _if_found(said.url())
            case "date" | "time" | "moment":
                yield from _if_found(self._moment(parameter))
            case "duration":
                yield from _if_found(self._duration(parameter))
            case "place":
                yield from _if_found(said.place(parameter.words))
            case "person":
                receives = frozenset(parameter.words) & {"to", "recipient", "recipients"}
                yield from _if_found((said.email() if receives else None) or said.person(self._verbs))
            case "number":
                yield from _if_found(said.code())
            case _:
                own = frozenset(map(stem, parameter.words)) - GENERIC
                yield from _if_found(said.quoted() or said.introduced(own))
                if required:
                    yield from _if_found(said.remainder(self._verbs))

    def _moment(self, parameter: Parameter) -> str | None:
        kind, given = parameter.kind, parameter.schema.get("format")
        day = self._said.take_date() if kind in ("date", "moment") else None
        clock = self._said.take_time() if kind in ("time", "moment") else None
        if day is None and clock is None:
            return None
        now = self._said.now
        moment = clock.value if clock and isinstance(clock.value, time) else time(0)
        if kind == "time":
            return datetime.combine(now.date(), moment, now.tzinfo).timetz().isoformat() if given else f"{moment:%H:%M}"
        value = day.value if day and isinstance(day.value, date) else now.date()
        if kind == "date":
            return value.isoformat()
        whole = datetime.combine(value, moment, now.tzinfo)
        if day is None and whole < now:
            whole += timedelta(1)
        return whole.isoformat() if given or clock is not None else value.isoformat()

    def _duration(self, parameter: Parameter) -> str | None:
        for number in self._said.numbers():
            unit = unit_at(self._said.words, number.end)
            if unit is None or unit[0].kind != "time":
                continue
            self._said.use(number.start, unit[1])
            if parameter.schema.get("format") != "duration":
                return self._said.words.original(number.start, unit[1])
            return f"PT{_plain(number.value * unit[0].factor)}S"
        return None


def _if_found(value: str | None) -> Iterator[str]:
    if value is not None:
        yield value


def _plain(value: Fraction) -> int | float:
    return int(value) if value.denominator == 1 else float(value)


def _units_of(parameter: Parameter) -> Iterator[Unit]:
    """Yield the units that a parameter's name or description mentions."""
    for words in (Words(" ".join(parameter.words)), Words(parameter.description)):
        for index in range(len(words)):
            unit = unit_at(words, index)
            # "In" and "a" are words, not inches and years.
            if unit is not None and len(words[index]) > 1:
                yield unit[0]


def _rank(parameter: Parameter) -> int:
    """Return how easily the words of a parameter are told from others, the easiest first."""
    if "enum" in parameter.schema:
        return 0
    kind = type_of(parameter.schema)
    if kind in ("integer", "number"):
        return 3
    if kind != "string":
        return 5 if kind == "array" else 4
    return _RANKS.get(parameter.kind, 8)


_RANKS = {
    "email": 1, "phone": 1, "url": 1, "duration": 1, "date": 2, "time": 2, "moment": 2, "number": 3, "place": 6,
    "person": 7,
}  # fmt: skip
