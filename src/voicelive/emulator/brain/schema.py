"""As much of JSON Schema as parameters of functions use: what a schema allows, and the least that it asks for.

Keywords of drafts 7 to 2020-12 that restrict values; ``$ref`` within the document. What else a schema says is ignored,
and so is what a client got wrong in it.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from itertools import chain
from typing import Any, TypeGuard, cast

__all__ = (
    "Schema",
    "allows",
    "as_list",
    "as_mapping",
    "default_of",
    "is_list",
    "is_object",
    "is_optional",
    "least",
    "parts",
    "resolve",
    "type_of",
)

Schema = Mapping[str, Any]

_DEEPEST = 24
_DEEPEST_CHOICE = 4
_NOTHING: Schema = {}


def is_list(value: object) -> TypeGuard[list[Any]]:
    """Whether it is a list."""
    return isinstance(value, list)


def is_object(value: object) -> TypeGuard[dict[str, Any]]:
    """Whether it is an object."""
    return isinstance(value, dict)


def as_mapping(value: object) -> Schema:
    """Return an object as it is, and anything else as an empty one."""
    return cast(Schema, value) if isinstance(value, Mapping) else _NOTHING


def as_list(value: object) -> list[Any]:
    """Return a list as it is, and anything else as an empty one."""
    return value if is_list(value) else []


# --- Reading a schema ------------------------------------------------------------------------------------------------


def resolve(schema: object, root: Schema, depth: int = 0) -> Schema:
    """Return a schema with ``$ref`` followed and ``allOf`` merged in; of alternatives the first that is not null."""
    if depth > _DEEPEST or not isinstance(schema, Mapping):
        return _NOTHING
    found = cast(Schema, schema)
    if isinstance(reference := found.get("$ref"), str):
        siblings = {key: value for key, value in found.items() if key != "$ref"}
        found = {**resolve(_referred(reference, root), root, depth + 1), **siblings}
    for part in as_list(found.get("allOf")):
        found = _merged(found, resolve(part, root, depth + 1))
    for key in ("anyOf", "oneOf"):
        choices = [resolve(choice, root, depth + 1) for choice in as_list(found.get(key))]
        chosen = next((choice for choice in choices if choice.get("type") != "null"), None)
        if choices:
            found = _merged(found, chosen if chosen is not None else choices[0])
    return found


def _referred(reference: str, root: Schema) -> object:
    here: Any = root
    for step in reference.removeprefix("#").split("/")[1:]:
        here = as_mapping(here).get(step.replace("~1", "/").replace("~0", "~"))
    return here


def _merged(first: Schema, second: Schema) -> Schema:
    merged = {**second, **first}
    if "properties" in first and "properties" in second:
        merged["properties"] = {**as_mapping(second["properties"]), **as_mapping(first["properties"])}
    if "required" in first and "required" in second:
        merged["required"] = [*as_list(first["required"]), *as_list(second["required"])]
    return merged


def type_of(schema: Schema) -> str:
    """Return the type of a resolved schema's values, the first that is not null; guessed where it is not said."""
    given = schema.get("type")
    names = [given] if isinstance(given, str) else [name for name in as_list(given) if isinstance(name, str)]
    if names:
        return next((name for name in names if name != "null"), "null")
    if "properties" in schema or "required" in schema:
        return "object"
    if "items" in schema:
        return "array"
    values = [schema["const"]] if "const" in schema else as_list(schema.get("enum"))
    kinds: tuple[tuple[type, str], ...] = ((bool, "boolean"), (int, "integer"), (float, "number"), (str, "string"))
    return next((name for kind, name in kinds if values and all(isinstance(value, kind) for value in values)), "string")


def parts(schema: Schema) -> dict[str, Any]:
    """Return the properties of an object schema by name."""
    return {str(name): part for name, part in as_mapping(schema.get("properties")).items()}


def is_optional(schema: Schema, name: str) -> bool:
    """Whether an object may lack a property."""
    return name not in as_list(schema.get("required"))


def default_of(schema: Schema, root: Schema) -> tuple[bool, Any]:
    """Return whether a resolved schema has a value of its own, which its default or constant is, and that value."""
    for key in ("const", "default"):
        if key in schema and allows(schema, schema[key], root):
            return True, schema[key]
    choices = as_list(schema.get("enum"))
    if len(choices) == 1 and allows(schema, choices[0], root):
        return True, choices[0]
    return False, None


# --- What it allows --------------------------------------------------------------------------------------------------


def allows(schema: object, value: Any, root: Schema, depth: int = 0) -> bool:
    """Whether a schema allows a value, as far as the keywords that are known here tell."""
    if schema is False:
        return False
    if not isinstance(schema, Mapping) or depth > _DEEPEST:
        return True
    known = cast(Schema, schema)
    reference = known.get("$ref")
    if isinstance(reference, str) and not allows(_referred(reference, root), value, root, depth + 1):
        return False
    if "const" in known and not _same(known["const"], value):
        return False
    if "enum" in known and not any(_same(choice, value) for choice in as_list(known["enum"])):
        return False
    return (
        _of_type(known.get("type"), value)
        and _combined(known, value, root, depth)
        and all(check(known, value, root, depth) for check in _CHECKS)
    )


def _same(one: object, other: object) -> bool:
    # True is not 1 in JSON, whatever Python thinks of it.
    return one == other and isinstance(one, bool) == isinstance(other, bool)


_TYPES: Mapping[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: _is_number(value) and float(value).is_integer(),
    "number": lambda value: _is_number(value),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
    "null": lambda value: value is None,
}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _of_type(names: object, value: Any) -> bool:
    if names is None:
        return True
    wanted = [names] if isinstance(names, str) else as_list(names)
    return any(isinstance(name, str) and name in _TYPES and _TYPES[name](value) for name in wanted)


def _combined(schema: Schema, value: Any, root: Schema, depth: int) -> bool:
    fits = [allows(each, value, root, depth + 1) for each in as_list(schema.get("allOf"))]
    if not all(fits):
        return False
    if (choices := as_list(schema.get("anyOf"))) and not any(allows(each, value, root, depth + 1) for each in choices):
        return False
    if (choices := as_list(schema.get("oneOf"))) and sum(allows(each, value, root, depth + 1) for each in choices) != 1:
        return False
    return not ("not" in schema and allows(schema["not"], value, root, depth + 1))


def _check_string(schema: Schema, value: Any, root: Schema, depth: int) -> bool:
    if not isinstance(value, str):
        return True
    if not _limit(schema, "minLength", 0) <= len(value) <= _limit(schema, "maxLength", math.inf):
        return False
    pattern = schema.get("pattern")
    return not isinstance(pattern, str) or _matches(pattern, value)


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str] | None:
    try:
        return re.compile(pattern)
    except (re.error, RecursionError, OverflowError):
        return None


def _matches(pattern: str, value: str) -> bool:
    compiled = _compiled(pattern)
    return compiled is not None and compiled.search(value) is not None


def _limit(schema: Schema, key: str, otherwise: float) -> float:
    value: Any = schema.get(key)
    return value if _is_number(value) else otherwise


def _check_number(schema: Schema, value: Any, root: Schema, depth: int) -> bool:
    if not _is_number(value):
        return True
    if not _limit(schema, "minimum", -math.inf) <= value <= _limit(schema, "maximum", math.inf):
        return False
    if not _limit(schema, "exclusiveMinimum", -math.inf) < value < _limit(schema, "exclusiveMaximum", math.inf):
        # Drafts before 6 say true here, which is no number and restricts nothing.
        return False
    step: Any = schema.get("multipleOf")
    return not (_is_number(step) and step > 0) or math.isclose(value / step, round(value / step), abs_tol=1e-9)


def _check_array(schema: Schema, value: Any, root: Schema, depth: int) -> bool:
    if not is_list(value):
        return True
    if not _limit(schema, "minItems", 0) <= len(value) <= _limit(schema, "maxItems", math.inf):
        return False
    if schema.get("uniqueItems") is True and len({json.dumps(item, sort_keys=True) for item in value}) < len(value):
        return False
    first = [*as_list(schema.get("prefixItems"))]
    rest = schema.get("items", True)
    if is_list(rest):  # Drafts before 2020-12.
        first, rest = [*rest], schema.get("additionalItems", True)
    return all(
        allows(first[index] if index < len(first) else rest, item, root, depth + 1) for index, item in enumerate(value)
    )


def _check_object(schema: Schema, value: Any, root: Schema, depth: int) -> bool:
    if not is_object(value):
        return True
    if not _limit(schema, "minProperties", 0) <= len(value) <= _limit(schema, "maxProperties", math.inf):
        return False
    if any(str(name) not in value for name in as_list(schema.get("required"))):
        return False
    known = parts(schema)
    more = schema.get("additionalProperties", True)
    return all(allows(known.get(name, more), item, root, depth + 1) for name, item in value.items())


_CHECKS = (_check_string, _check_number, _check_array, _check_object)


# --- The least it asks for -------------------------------------------------------------------------------------------


def least(schema: object, root: Schema, said: str, depth: int = 0) -> Any:
    """Return a value for a call that must be made although nothing was said about it.

    Args:
        schema: What it has to satisfy; it does if the schema can be satisfied by simple means.
        root: The document that holds the schema.
        said: What was said: the best guess for a text.
        depth: How deep this is in the document.
    """
    known = resolve(schema, root)
    has_own, own = default_of(known, root)
    if has_own:
        return own
    simple = [*as_list(known.get("enum")), *_candidates(known, root, said, depth)]
    given = as_mapping(schema)
    others = [*as_list(given.get("anyOf")), *as_list(given.get("oneOf"))] if depth < _DEEPEST_CHOICE else []
    candidates = chain(simple, (least(other, root, said, depth + 1) for other in others))
    return next((each for each in candidates if allows(schema, each, root)), simple[0] if simple else None)


def _candidates(schema: Schema, root: Schema, said: str, depth: int) -> list[Any]:
    match type_of(schema):
        case "integer" | "number" as kind:
            return _numbers(schema, kind)
        case "boolean":
            return [False, True]
        case "null":
            return [None]
        case "array":
            size = int(min(_limit(schema, "minItems", 0), 64))
            items = schema.get("items", {})
            return [[] if depth > _DEEPEST else [least(items, root, said, depth + 1) for _ in range(size)]]
        case "object":
            known = parts(schema)
            names = () if depth > _DEEPEST else as_list(schema.get("required"))
            return [{str(name): least(known.get(str(name), {}), root, said, depth + 1) for name in names}]
        case _:
            return _texts(schema, said)


def _numbers(schema: Schema, kind: str) -> list[float]:
    low = max(_limit(schema, "minimum", -math.inf), _limit(schema, "exclusiveMinimum", -math.inf))
    high = min(_limit(schema, "maximum", math.inf), _limit(schema, "exclusiveMaximum", math.inf))
    step = _limit(schema, "multipleOf", 1) or 1
    near: list[float] = [1, 0, low, low + step, high, high - step, (low + high) / 2]
    if math.isfinite(low / step):
        near += [math.ceil(low / step) * step, math.floor(low / step + 1) * step]
    if math.isfinite(high / step):
        near += [math.floor(high / step) * step, math.ceil(high / step - 1) * step]
    if kind == "integer" and math.isfinite(low):
        near.append(math.floor(low) + 1)
    numbers = [float(number) for number in near if math.isfinite(number)]
    return [
        int(number) if number.is_integer() else number for number in numbers if kind == "number" or number.is_integer()
    ]


_OF_FORMAT = {
    "date": "2000-01-01", "time": "00:00:00+00:00", "date-time": "2000-01-01T00:00:00+00:00", "duration": "PT0S",
    "email": "nobody@example.com", "uri": "https://example.com/", "hostname": "example.com", "ipv4": "127.0.0.1",
    "uuid": "00000000-0000-0000-0000-000000000000",
}  # fmt: skip
_LONGEST_TEXT = 10_000


def _texts(schema: Schema, said: str) -> list[str]:
    low = int(min(_limit(schema, "minLength", 0), _LONGEST_TEXT))
    high = int(min(_limit(schema, "maxLength", _LONGEST_TEXT), _LONGEST_TEXT))
    texts = [_OF_FORMAT.get(str(schema.get("format")), said), said, "", "x"]
    return [fitting for text in texts for fitting in (text, text.ljust(low, "x")[:high])]
