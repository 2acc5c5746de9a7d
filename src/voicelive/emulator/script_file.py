"""Scripts for the emulator, read from JSON or YAML."""

from __future__ import annotations

import difflib
import importlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Literal, cast

from voicelive.emulator.script import Close, Error, Script, Turn
from voicelive.emulator.speech import Answer, Failure, FunctionCall, Reply

__all__ = ("ScriptFileError", "read_script")

_INCOMPLETE = ("max_output_tokens", "content_filter")


class ScriptFileError(ValueError):
    """The file is no script; the message says where and why."""


def read_script(path: str | Path) -> Script:
    """Read a script.

    The file is YAML if its name ends in ``.yaml`` or ``.yml``, which needs the extra ``emulator``, else JSON. It holds
    a list of turns, objects with any of ``transcript``, ``reply``, ``error``, ``close`` and ``expect``::

        - expect: {regex: weather in (Paris|Oslo)}
          reply: {calls: [{name: get_weather, arguments: {city: Paris}}]}
        - expect: '{"degrees": 21}'
          reply: Sunny, with 21 degrees.
        - transcript: Bye!
          reply: Goodbye.
          close: {code: 1000, reason: done}
        - transcript: Break.
          reply: {failure: {message: Out of order, code: server_error}}
        - transcript: Refuse.
          error: {message: Not now, code: rate_limit_exceeded}

    Regular expressions ignore case.

    Raises:
        OSError: The file cannot be read.
        ScriptFileError: It is not JSON or YAML, or not of this form, or YAML cannot be read here.
    """
    path = Path(path)
    turns = _parsed(path)
    if not isinstance(turns, list):
        raise ScriptFileError(f"a script is a list of turns, not {_kind(turns)}")
    return Script([_turn(turn, f"turn {number}") for number, turn in enumerate(cast("list[object]", turns), 1)])


def _parsed(path: Path) -> object:
    data = path.read_bytes()
    if path.suffix.lower() in (".yaml", ".yml"):
        return _parsed_yaml(data)
    try:
        return json.loads(data.decode())
    except (ValueError, RecursionError) as error:
        raise ScriptFileError(f"not JSON: {error}") from None


def _parsed_yaml(data: bytes) -> object:
    try:
        yaml: Any = importlib.import_module("yaml")
    except ModuleNotFoundError:
        raise ScriptFileError("to read YAML: pip install 'voicelive[emulator]'; JSON needs no extra") from None
    try:
        return yaml.safe_load(data)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ScriptFileError(f"not YAML: {' '.join(str(error).split())}") from None


def _turn(value: object, where: str) -> Turn:
    fields = _object(value, where, ("transcript", "reply", "error", "close", "expect"))
    return Turn(
        _text(fields, "transcript", where),
        _optional(fields, "reply", where, _answer),
        error=_optional(fields, "error", where, _error),
        close=_optional(fields, "close", where, _close),
        expect=_optional(fields, "expect", where, _expect),
    )


def _expect(value: object, where: str) -> str | re.Pattern[str]:
    if isinstance(value, str):
        return value
    regex = _text(_object(value, where, ("regex",)), "regex", where)
    if regex is None:
        raise ScriptFileError(f"{where}: the regex is missing")
    try:
        return re.compile(regex, re.IGNORECASE)
    except re.error as error:
        raise ScriptFileError(f"{where}: {regex!r} is no regular expression: {error}") from None


def _answer(value: object, where: str) -> Answer:
    if isinstance(value, str):
        return value
    fields = _object(value, where, ("text", "calls", "incomplete", "failure"))
    if "failure" in fields:
        return Failure(**_texts(fields["failure"], f"{where}, failure", ("message", "code", "type")))
    calls = fields.get("calls", [])
    if not isinstance(calls, list):
        raise ScriptFileError(f"{where}: calls is a list, not {_kind(calls)}")
    return Reply(
        _text(fields, "text", where) or "",
        [_call(call, f"{where}, call {number}") for number, call in enumerate(cast("list[object]", calls), 1)],
        _incomplete(_text(fields, "incomplete", where), where),
    )


def _incomplete(value: str | None, where: str) -> Literal["max_output_tokens", "content_filter"] | None:
    match value:
        case None | "max_output_tokens" | "content_filter":
            return value
        case _:
            pass
    raise ScriptFileError(f"{where}: incomplete is one of {', '.join(_INCOMPLETE)}, not {value!r}")


def _call(value: object, where: str) -> FunctionCall:
    fields = _object(value, where, ("name", "arguments", "call_id"))
    name = _text(fields, "name", where)
    if not name:
        raise ScriptFileError(f"{where}: the name of the function is missing")
    arguments = fields.get("arguments", {})
    if not isinstance(arguments, str | dict):
        raise ScriptFileError(f"{where}: arguments is an object or JSON text, not {_kind(arguments)}")
    return FunctionCall(name, cast("str | dict[str, Any]", arguments), _text(fields, "call_id", where))


def _error(value: object, where: str) -> Error:
    texts = _texts(value, where, ("message", "code", "type", "param"))
    if "message" not in texts:
        raise ScriptFileError(f"{where}: the message is missing")
    return Error(**texts)


def _close(value: object, where: str) -> Close:
    fields = _object(value, where, ("code", "reason"))
    code = fields.get("code", 1000)
    if not isinstance(code, int) or isinstance(code, bool):
        raise ScriptFileError(f"{where}: code is a number, not {_kind(code)}")
    return Close(code, _text(fields, "reason", where) or "")


def _object(value: object, where: str, known: Iterable[str]) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise ScriptFileError(f"{where}: an object is needed, not {_kind(value)}")
    fields = cast("dict[str, object]", value)
    for name in map(str, fields):
        if name not in known:
            near = difflib.get_close_matches(name, list(known), 1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; known are {', '.join(known)}"
            raise ScriptFileError(f"{where}: {name!r} is not known{hint}")
    return fields


def _optional(fields: Mapping[str, object], name: str, where: str, read: Callable[[object, str], Any]) -> Any:
    value = fields.get(name)
    return None if value is None else read(value, f"{where}, {name}")


def _text(fields: Mapping[str, object], name: str, where: str) -> str | None:
    value = fields.get(name)
    if value is not None and not isinstance(value, str):
        raise ScriptFileError(f"{where}: {name} is text, not {_kind(value)}")
    return value


def _texts(value: object, where: str, known: Iterable[str]) -> dict[str, str]:
    fields = _object(value, where, known)
    texts = {name: _text(fields, name, where) for name in fields}
    return {name: text for name, text in texts.items() if text is not None}


def _kind(value: object) -> str:
    if value is None:
        return "null"
    kinds = ((dict, "an object"), (list, "a list"), (str, "text"), (bool, "true or false"), (date, "a date"))
    return next((name for kind, name in kinds if isinstance(value, kind)), "a number")
