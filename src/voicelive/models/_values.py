"""What the fields of the models are made of: scalars, open sets, and the rules for values written by hand."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import EnumMeta, StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar, cast

import pybase64
from pydantic import AllowInfNan, BeforeValidator, Field, Strict

__all__ = (
    "Audio",
    "Base64",
    "Between",
    "Bool",
    "Float",
    "Hidden",
    "Int",
    "JsonValue",
    "MayBeLeftOut",
    "Metadata",
    "Needed",
    "NotEmpty",
    "OpenEnum",
    "Rule",
    "Secret",
    "Str",
    "Text",
    "TokenLimit",
    "VoiceLiveEnum",
    "decoded_size",
    "encode_base64",
)

JsonValue = Any
"""Free JSON: ``None``, ``bool``, ``int``, ``float``, ``str``, ``list`` or ``dict`` with text keys."""

T = TypeVar("T")

# Scalars refuse lookalikes ("300" for 300, True for 1), which pydantic would convert by default.
Str = Annotated[str, Strict()]
Int = Annotated[int, Strict()]
Float = Annotated[float, Strict(), AllowInfNan(False)]
Bool = Annotated[bool, Strict()]
OpenEnum = Annotated[T, Field(union_mode="left_to_right")]
"""``OpenEnum[SomeEnum | Str]``: a member where the value is known, the plain string where it is not."""


class Hidden:
    """Marks a field whose value must not be shown."""


class Audio(Hidden):
    """Marks a field that holds base64 text, shown by its length only."""


Secret = Annotated[T, Strict(), Hidden()]


def encode_base64(audio: object) -> str:
    """Turn audio into the base64 text the wire carries (RFC 4648 section 4, padded).

    Args:
        audio: Raw bytes (``bytes``, ``bytearray``, ``memoryview``), or text that is base64 already.

    Raises:
        TypeError: It is neither bytes nor text.
        ValueError: It is text, but not base64.
    """
    if isinstance(audio, memoryview) and not audio.c_contiguous:
        audio = audio.tobytes()
    if isinstance(audio, bytes | bytearray | memoryview):
        return pybase64.b64encode(cast(bytes, audio)).decode("ascii")
    if not isinstance(audio, str):
        raise TypeError(f"audio must be bytes, bytearray, memoryview or base64 text, not {type(audio).__name__}")
    try:
        pybase64.b64decode_as_bytearray(audio, validate=True)
    except ValueError:
        raise ValueError("audio is text, but not base64: pass the raw bytes and they are encoded for you") from None
    return audio


def decoded_size(text: str) -> int:
    """Return how many bytes a base64 text stands for."""
    return len(text) // 4 * 3 - text[-2:].count("=")


Base64 = Annotated[str, Strict(), Audio()]
"""Base64 text. Bytes given to a constructor are encoded; parsed text is taken as it is."""


def _text(value: object) -> object:
    if isinstance(value, float) and math.isfinite(value):
        return format(value, ".12g")
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Text = Annotated[str, BeforeValidator(_text), Strict()]
"""A string that may be given as a number: voices take pitch, rate and volume as text, yet people write numbers."""


class Rule:
    """A rule for a field that holds for values written by hand only, put into its annotation.

    A constraint of pydantic's would also run on what the service sends, and lose a whole event over one odd number.
    """

    def refusal(self, value: Any) -> str | None:
        """Say what the value must be, or None if it is."""
        raise NotImplementedError


@dataclass(frozen=True)
class Between(Rule):
    """A number within ``low`` and ``high``, both included unless ``above`` leaves out ``low``."""

    low: float
    high: float | None = None
    unit: str = ""
    above: bool = False

    def refusal(self, value: Any) -> str | None:
        """Say what the value must be, or None if it is."""
        if not isinstance(value, int | float):
            return None
        low_enough = self.high is None or value <= self.high
        if low_enough and (value > self.low or (value == self.low and not self.above)):
            return None
        if self.high is None:
            text = f"must be {'above' if self.above else 'at least'} {self.low:g}"
        elif self.above:
            text = f"must be above {self.low:g} and at most {self.high:g}"
        else:
            text = f"must be from {self.low:g} to {self.high:g}"
        return f"{text} {self.unit}".rstrip()


class MayBeLeftOut:
    """Marks a field that must be given when building, though the service may leave it out."""


# A default that type checkers do not see: to them, the keyword is required.
Needed = Annotated[T | None, Field(default=None), MayBeLeftOut()]
"""``Needed[Str]``: required as a keyword, and ``None`` where a parsed object came without it."""


class NotEmpty(Rule):
    """A string with something in it."""

    def refusal(self, value: Any) -> str | None:
        """Say what the value must be, or None if it is."""
        return None if value else "must not be empty"


class _MetadataLimits(Rule):
    def refusal(self, value: Any) -> str | None:
        pairs = cast("Mapping[str, str]", value)
        if len(pairs) > 16:
            return "must have at most 16 pairs"
        if any(len(key) > 64 for key in pairs):
            return "must have keys of at most 64 characters"
        if any(len(text) > 512 for text in pairs.values()):
            return "must have values of at most 512 characters"
        return None


Metadata = Annotated[dict[Str, Str], _MetadataLimits()]
"""Up to 16 pairs of text: keys of up to 64, values of up to 512 characters."""


def _count(value: object) -> object:
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else value


TokenLimit = Annotated[Int | Literal["inf"], BeforeValidator(_count), Between(1, 4096, "tokens")]
"""A number of tokens from 1 to 4096, or ``"inf"`` for no limit. Digits given as text are taken as the number."""


if TYPE_CHECKING:
    # With a metaclass of our own in sight, pyright no longer takes the members for enum members.
    _CaseInsensitive = EnumMeta
else:

    class _CaseInsensitive(EnumMeta):
        """``Modality["Text"]`` and ``Modality.text`` find ``Modality.TEXT``."""

        def __getitem__(cls, name):
            return super().__getitem__(name.upper())

        def __getattr__(cls, name):
            member = cls.__dict__.get("_member_map_", {}).get(name.upper())
            if member is None or name.startswith("_"):
                raise AttributeError(f"{cls.__name__} has no member {name!r}")
            return member


class VoiceLiveEnum(StrEnum, metaclass=_CaseInsensitive):
    """A set of known wire strings. Members equal, hash and print as their value.

    Every set is open: where a field is typed ``SomeEnum | str``, a value that is not listed stays a plain string.
    Members are found by name whatever the case; values are matched exactly.
    """

    # Stated, though str's would do: type checkers take an own __eq__ as leave to compare a member with any string.
    def __eq__(self, other: object) -> bool:
        return str.__eq__(self, cast(str, other))

    def __ne__(self, other: object) -> bool:
        return str.__ne__(self, cast(str, other))

    __hash__ = str.__hash__
