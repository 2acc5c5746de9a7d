"""How a client event is refused: by an ``error`` event; the session goes on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar, cast

__all__ = ("Refusal", "array", "boolean", "mapping", "one_of", "required", "text", "whole")

V = TypeVar("V")


class Refusal(Exception):
    """A client event that cannot be followed; becomes an ``error`` event.

    Args:
        message: What is wrong. Never holds audio.
        code: Machine-readable reason.
        param: Path of the offending field, such as ``session.turn_detection.type``.
        kind: ``invalid_request_error`` or ``server_error``.
    """

    def __init__(
        self, message: str, code: str = "invalid_value", param: str | None = None, kind: str = "invalid_request_error"
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.param = param
        self.kind = kind


def required(event: Mapping[str, Any], name: str, prefix: str = "") -> Any:
    """Return a field that must be there, and not null."""
    value = event.get(name)
    if value is None:
        param = prefix + name
        raise Refusal(f"Missing required parameter: '{param}'.", "missing_required_parameter", param)
    return value


def _invalid_type(value: object, expected: str, param: str) -> Refusal:
    names = {"str": "a string", "int": "an integer", "float": "a number", "bool": "a boolean", "list": "an array"}
    got = names.get(type(value).__name__, "null" if value is None else "an object")
    return Refusal(f"Invalid type for '{param}': expected {expected}, but got {got} instead.", "invalid_type", param)


def text(value: object, param: str) -> str:
    """Return a string or refuse."""
    if not isinstance(value, str):
        raise _invalid_type(value, "a string", param)
    return value


def boolean(value: object, param: str) -> bool:
    """Return a boolean or refuse."""
    if not isinstance(value, bool):
        raise _invalid_type(value, "a boolean", param)
    return value


def whole(value: object, param: str, low: int = 0, high: int | None = None) -> int:
    """Return an integer within bounds or refuse."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise _invalid_type(value, "an integer", param)
    if value < low or (high is not None and value > high):
        bounds = f"at least {low}" if high is None else f"between {low} and {high}"
        raise Refusal(f"Invalid value for '{param}': expected {bounds}, but got {value}.", "invalid_value", param)
    return value


def mapping(value: Any, param: str) -> dict[str, Any]:
    """Return an object or refuse."""
    if not isinstance(value, dict):
        raise _invalid_type(value, "an object", param)
    return cast("dict[str, Any]", value)


def array(value: Any, param: str) -> list[Any]:
    """Return a list or refuse."""
    if not isinstance(value, list):
        raise _invalid_type(value, "an array", param)
    return cast("list[object]", value)


def one_of(value: V, allowed: Sequence[V], param: str) -> V:
    """Return the value if it is allowed, or refuse."""
    if value not in allowed or isinstance(value, bool):
        known = ", ".join(f"'{choice}'" for choice in allowed)
        raise Refusal(f"Invalid value: '{value}'. Supported values are: {known}.", "invalid_value", param)
    return value
