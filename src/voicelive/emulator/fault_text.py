"""Faults as text, for the command line: ``after=response.created drop``.

The words are the classes of :mod:`voicelive.emulator.faults`, their values the fields.
"""

from __future__ import annotations

import dataclasses
import difflib
import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NoReturn, get_args, get_origin, get_type_hints

from voicelive.emulator.faults import ACTIONS, MOMENTS, Action, Fault, Moment
from voicelive.emulator.script import Close

__all__ = ("parse", "spell", "spell_parts")

Word = tuple[str, str | None]
"""What stands before ``=`` and what behind it, if there is one."""


def parse(text: str) -> Fault:
    """Read a fault; see :meth:`Fault.parse`."""
    try:
        return _parse(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is not a fault: {error}") from None


def spell(fault: Fault) -> str:
    """Write a fault such that :func:`parse` gives it back."""
    words = [spell_parts([fault.when, *fault.do])]
    words += [f"connection={fault.connection}"] if fault.connection is not None else []
    words += [f"times={'always' if fault.times is None else fault.times}"] if fault.times != 1 else []
    return " ".join(words)


def spell_parts(parts: Iterable[Moment | Action]) -> str:
    """Write moments and actions."""
    return " ".join(_quoted(word) for part in parts for word in _spell(part))


def _parse(text: str) -> Fault:
    words: list[Word] = []
    common: dict[str, Any] = {}
    for word in shlex.split(text):
        name, equals, value = word.partition("=")
        if name in ("connection", "times"):
            common[name] = None if (name, value) == ("times", "always") else _whole(name, value)
        else:
            words.append((name, value if equals else None))
    if not words:
        raise ValueError("it is empty; write a moment and what happens then, such as 'after=response.created drop'")
    when = _take(words, _moments(), "moment")
    do: list[Action] = []
    while words:
        do.append(_take(words, _actions(), "action"))
    return Fault(when, *do, **common)


def _take(words: list[Word], known: Mapping[str, type[Any]], what: str) -> Any:
    """Take the first word and those that give its values off the list, and build what they stand for."""
    name, value = words.pop(0)
    if name not in known:
        _unknown(name, known, what)
    kind = known[name]
    fields = _fields(kind)
    values: dict[str, Any] = {}
    if value is not None:
        if not fields:
            raise ValueError(f"{name} takes no value")
        values[next(iter(fields))] = _value(name, value, next(iter(fields.values())))
    while words and (field := _field_name(words[0][0], fields)) is not None:
        option, given = words.pop(0)
        new = _value(option, given or "", fields[field])
        values[field] = {**values.get(field, {}), **new} if isinstance(new, dict) else new
    missing = [field for field in _required(kind) if field not in values]
    if missing:
        raise ValueError(f"{name} needs a value: {name}={missing[0].upper()}")
    return kind(**values)


def _unknown(name: str, known: Mapping[str, type[Any]], what: str) -> NoReturn:
    others = _actions() if what == "moment" else _moments()
    if name in others:
        raise ValueError(f"{name} is no {what}; a fault is one moment and then what happens")
    near = difflib.get_close_matches(name, known, 1)
    hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}"
    raise ValueError(f"{name!r} is no {what}; {hint}")


def _field_name(word: str, fields: Mapping[str, Any]) -> str | None:
    name = "headers" if word == "header" else word
    return name if name in fields else None


def _value(name: str, text: str, hint: Any) -> Any:
    """Convert the text to the type of the field."""
    if get_origin(hint) is Mapping:
        return _header(text)
    if int in get_args(hint) and text == "each":
        return None
    for kind, convert in _CONVERTERS.items():
        if kind in (hint, *get_args(hint)):
            return convert(name, text)
    return text


def _header(text: str) -> dict[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name):
        raise ValueError(f"a header is written 'header=Retry-After: 2', which {text!r} is not")
    return {name: value.strip()}


def _whole(name: str, text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,12}", text):
        raise ValueError(f"{name} needs a whole number, not {text!r}")
    return int(text)


def _number(name: str, text: str) -> float:
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?|\.[0-9]+", text):
        raise ValueError(f"{name} needs a number, not {text!r}")
    return float(text)


def _flag(name: str, text: str) -> bool:
    if text not in ("yes", "no"):
        raise ValueError(f"{name} is yes or no, not {text!r}")
    return text == "yes"


def _hex(name: str, text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise ValueError(f"{name} needs bytes in hexadecimal, such as 8100, not {text!r}") from None


_CONVERTERS: Mapping[type, Callable[[str, str], Any]] = {bytes: _hex, bool: _flag, float: _number, int: _whole}


def _spell(part: Moment | Action) -> Iterator[str]:
    word = _word(type(part))
    for number, (name, default) in enumerate(_defaults(type(part)).items()):
        value = getattr(part, name)
        if number == 0:
            yield word if value == default else f"{word}={_text(value)}"
        elif name == "headers":
            yield from (f"header={key}: {text}" for key, text in value.items())
        elif value != default:
            yield f"{name}={_text(value)}"
    if not _fields(type(part)):
        yield word


def _text(value: Any) -> str:
    match value:
        case None:
            return "each"
        case bool():
            return "yes" if value else "no"
        case bytes():
            return value.hex()
        case float():
            return f"{value:g}" if float(f"{value:g}") == value else repr(value)
        case _:
            return str(value)


def _quoted(word: str) -> str:
    name, equals, value = word.partition("=")
    return f"{name}{equals}{shlex.quote(value)}" if value else word


# --- The classes and their fields ------------------------------------------------------------------------------------


def _word(kind: type[Any]) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", kind.__name__).lower()


def _moments() -> dict[str, type[Any]]:
    return {_word(kind): kind for kind in MOMENTS}


def _actions() -> dict[str, type[Any]]:
    return {_word(kind): kind for kind in ACTIONS}


def _fields(kind: type[Any]) -> dict[str, Any]:
    """Names and types of the fields; the first is the main one."""
    return get_type_hints(kind)


def _defaults(kind: type[Any]) -> dict[str, Any]:
    if kind is Close:
        return dict(Close._field_defaults)
    defaults: dict[str, Any] = {}
    for field in dataclasses.fields(kind):
        factory = field.default_factory
        defaults[field.name] = field.default if factory is dataclasses.MISSING else factory()
    return defaults


def _required(kind: type[Any]) -> list[str]:
    return [name for name, default in _defaults(kind).items() if default is dataclasses.MISSING]
