"""The base of every model: strict when built by hand, lenient when parsed, lossless both ways.

Pydantic does the validating; this module adds what the Voice Live wire needs on top:

* building by hand refuses unknown keywords (naming the nearest field) and wrong types;
* parsing keeps unknown keys, unknown kinds and unknown enum values;
* what was set is sent, an explicit ``None`` included, and what was not set is not;
* models read like the mapping they came from, under their wire names;
* no audio and no secret shows up in a ``repr`` or in an error.
"""

from __future__ import annotations

import difflib
import threading
from collections.abc import Iterator, Mapping
from enum import Enum, EnumMeta
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, TypeVar, cast, get_args

import pybase64
from pydantic import (
    AllowInfNan,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
    TypeAdapter,
    ValidationError,
    field_validator,
)
from pydantic.fields import FieldInfo
from pydantic_core import SchemaValidator

__all__ = (
    "Base64",
    "Bool",
    "Float",
    "Int",
    "JsonValue",
    "Model",
    "Needed",
    "OpenEnum",
    "Secret",
    "Str",
    "Text",
    "Unknown",
    "VoiceLiveEnum",
    "build_validator",
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
"""``OpenEnum[SomeEnum | str]``: a member where the value is known, the plain string where it is not."""


class _Hidden:
    """Marks a field whose value must not be shown."""


class _Audio(_Hidden):
    """Marks a field that holds base64 text, shown by its length only."""


Secret = Annotated[T, Strict(), _Hidden()]


class _Needed:
    """Marks a field that the service may leave out, though it must be given when building."""


# A default that type checkers do not see: to them, the keyword is required.
Needed = Annotated[T | None, Field(default=None), _Needed()]
"""``Needed[Str]``: required as a keyword, and ``None`` where a parsed object came without it."""


def encode_base64(audio: object) -> str:
    """Turn audio into the base64 text the wire carries (RFC 4648 section 4, padded).

    Args:
        audio: Raw bytes (``bytes``, ``bytearray``, ``memoryview``), or text that is base64 already.

    Raises:
        TypeError: It is neither bytes nor text.
        ValueError: It is text, but not base64.
    """
    if isinstance(audio, bytes | bytearray | memoryview):
        return pybase64.b64encode(cast(bytes, audio)).decode("ascii")
    if not isinstance(audio, str):
        raise TypeError(f"audio must be bytes, bytearray, memoryview or base64 text, not {type(audio).__name__}")
    try:
        pybase64.b64decode_as_bytearray(audio, validate=True)
    except ValueError:
        raise ValueError("audio is text, but not base64: pass the raw bytes and they are encoded for you") from None
    return audio


def _text(value: object) -> object:
    # Voices take pitch, rate and volume as text, yet people write numbers there.
    return format(value, "g") if isinstance(value, int | float) and not isinstance(value, bool) else value


Text = Annotated[str, BeforeValidator(_text), Strict()]
"""A string that may be given as a number."""

Base64 = Annotated[str, Strict(), _Audio()]
"""Base64 text. Bytes given to a constructor are encoded; parsed text is taken as it is."""


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


class VoiceLiveEnum(str, Enum, metaclass=_CaseInsensitive):
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

    def __str__(self) -> str:
        return str.__str__(self.value)

    def __format__(self, spec: str) -> str:
        return str.__format__(self.value, spec)


_building = threading.RLock()


class Model(BaseModel):
    """A JSON object of the Voice Live protocol.

    Build it with keywords, or from one mapping by wire names (``Model({...})``), which may hold keys this version does
    not know. ``as_dict()`` gives the wire form back. Reading works by attribute and, as in a mapping, by wire name
    (``event["session"]``, ``.get``, ``in``, ``.keys()``); keys that were never set are absent there and ``None`` as
    attributes.

    Raises:
        TypeError: An unknown keyword; the message names the nearest field.
        pydantic.ValidationError: A wrong type or a value out of range (a ``ValueError``; it never shows the value).
        ValueError: A combination the service refuses.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(
        extra="allow",
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        validate_assignment=True,
        hide_input_in_errors=True,
        protected_namespaces=(),
        # Halves the import time; the validators of all events are built together at the first use.
        defer_build=True,
    )

    _on_the_wire: ClassVar[bool] = True
    """Whether the service sends or takes this kind; false for what only the client makes."""

    _also_accepts: ClassVar[Mapping[str, str]] = {}
    """Older names of fields, accepted when building and never sent."""

    if not TYPE_CHECKING:

        def __init__(self, mapping: Mapping[str, Any] | None = None, /, **fields: Any) -> None:
            __tracebackhide__ = True
            cls = type(self)
            if mapping is None:
                given = fields
                cls._refuse_unknown(given)
            elif isinstance(mapping, Mapping):
                given = {**mapping, **fields}
            else:
                raise TypeError(f"{cls.__name__} takes keywords or one mapping, not {type(mapping).__name__}")
            cls._complete()
            given = cls._from_given({cls._also_accepts.get(name, name): value for name, value in given.items()})
            self.__pydantic_validator__.validate_python(given, self_instance=self)
            self.__pydantic_fields_set__.update(cls._shape().constants)
            if mapping is None:
                self._refuse_missing()
            self._check_all()

        # Tells pydantic that parsing need not come through here.
        __init__.__pydantic_base_init__ = True

    @classmethod
    @cache
    def _shape(cls) -> _Shape:
        return _Shape(cls, cls._also_accepts)

    @classmethod
    def _complete(cls) -> None:
        if not cls.__pydantic_complete__:
            with _building:
                cls.model_rebuild()

    @classmethod
    def _refuse_unknown(cls, given: Mapping[str, object]) -> None:
        known = cls._shape().accepted
        for name in given:
            if name not in known:
                near = difflib.get_close_matches(name, known, 1, 0.5)
                hint = f"did you mean {near[0]!r}?" if near else f"it has: {', '.join(sorted(known)) or 'no fields'}"
                raise TypeError(f"{cls.__name__} has no field {name!r}; {hint}")

    def _refuse_missing(self) -> None:
        if missing := [name for name in self._shape().needed if self.__dict__[name] is None]:
            raise ValidationError.from_exception_data(
                type(self).__name__,
                [{"type": "missing", "loc": (name,), "input": None} for name in missing],
                hide_input=True,
            )

    @classmethod
    def _from_given(cls, given: dict[str, Any]) -> dict[str, Any]:
        """Turn what a caller wrote into what is validated: bytes become base64, older shapes the current one."""
        for name in cls._shape().audio:
            if given.get(name) is not None:
                given[name] = encode_base64(given[name])
        return given

    def _check(self) -> None:
        """Refuse a combination that the service refuses. Runs on what was built by hand only."""

    def _check_all(self) -> None:
        self._check()
        for name in self.__pydantic_fields_set__:
            value = self.__dict__.get(name)
            for item in cast("list[object]", value) if isinstance(value, list) else (value,):
                if isinstance(item, Model):
                    item._check_all()

    # As the wire's JSON object

    def as_dict(self) -> dict[str, Any]:
        """Return the wire form: wire names, JSON values, all that was set and nothing else."""
        type(self)._complete()
        return cast(
            "dict[str, Any]",
            self.__pydantic_serializer__.to_python(self, mode="json", by_alias=True, exclude_unset=True),
        )

    def __getitem__(self, key: str) -> Any:
        name = self._shape().by_wire.get(key)
        if name is not None and name in self.__pydantic_fields_set__:
            return self.__dict__[name]
        return (self.__pydantic_extra__ or {})[key]

    def get(self, key: str, default: Any = None) -> Any:
        """Return the value under a wire name, or ``default`` if it was never set."""
        try:
            return self[key]
        except KeyError:
            return default

    def __contains__(self, key: object) -> bool:
        return key in self.keys()

    def keys(self) -> list[str]:
        """Return the wire names that were set."""
        shape = self._shape()
        return [*(w for w, n in shape.by_wire.items() if n in self.__pydantic_fields_set__), *(self.model_extra or ())]

    def values(self) -> list[Any]:
        """Return the values that were set."""
        return [self[key] for key in self.keys()]

    def items(self) -> list[tuple[str, Any]]:
        """Return pairs of wire name and value, of what was set."""
        return [(key, self[key]) for key in self.keys()]

    # Pydantic iterates over pairs; a mapping iterates over its keys.
    def __iter__(self) -> Iterator[str]:  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]
        return iter(self.keys())

    def __len__(self) -> int:
        return len(self.keys())

    # An empty model is still a model: without this, len() would decide.
    def __bool__(self) -> bool:
        return True

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Model):
            return type(self) is type(other) and self.as_dict() == other.as_dict()
        if isinstance(other, Mapping):
            return self.as_dict() == other
        return NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in type(self).model_fields and not name.startswith("_") and name not in (self.model_extra or {}):
            type(self)._refuse_unknown({name: value})
            name = type(self)._also_accepts.get(name, name)
        if name in self._shape().audio and value is not None:
            value = encode_base64(value)
        super().__setattr__(name, value)

    def __str__(self) -> str:
        return repr(self)

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        hidden = self._shape().hidden
        for name in type(self).model_fields:
            if name in self.__pydantic_fields_set__:
                value = self.__dict__[name]
                yield name, value if name not in hidden or value is None else _Redacted(value, hidden[name])
        if extra := self.__pydantic_extra__:
            # Nobody knows what an unknown key holds: name it, and keep its value out.
            yield "other_keys", sorted(extra)


class _Redacted:
    def __init__(self, value: object, kind: _Hidden) -> None:
        self.text = f"<{len(cast(str, value))} base64 characters>" if isinstance(kind, _Audio) else "<hidden>"

    def __repr__(self) -> str:
        return self.text


class _Shape:
    """What the base needs to know of a model class, worked out once."""

    def __init__(self, cls: type[Model], also_accepts: Mapping[str, str]) -> None:
        fields: Mapping[str, FieldInfo] = cls.model_fields
        self.by_wire = {field.alias or name: name for name, field in fields.items()}
        self.accepted = {*fields, *self.by_wire, *also_accepts}
        self.constants = {name for name, field in fields.items() if isinstance(field.default, str)}
        marks = [
            (name, mark) for name, field in fields.items() for mark in (*field.metadata, *_marks(field.annotation))
        ]
        self.hidden = {name: mark for name, mark in marks if isinstance(mark, _Hidden)}
        self.audio = {name for name, mark in self.hidden.items() if isinstance(mark, _Audio)}
        self.needed = [name for name, mark in marks if isinstance(mark, _Needed)]


def _marks(annotation: object) -> Iterator[object]:
    # `Secret[str] | None` keeps its mark inside the union.
    yield from getattr(annotation, "__metadata__", ())
    for part in get_args(annotation):
        yield from _marks(part)


class Unknown(Model):
    """Mixed into the open object that stands for any kind this version does not know; its keys are all kept."""

    if TYPE_CHECKING:
        # At run time this is the wire's own string. A plain str here would keep x.type == "..." from narrowing the
        # whole union; compare with x["type"].
        type: Literal["*"]
    else:
        type: Str | None = None

        @field_validator("type", mode="after")
        @classmethod
        def _not_a_known_kind(cls, value: str | None) -> str | None:
            # Else a broken object of a known kind would pass as an unknown one.
            if value in cls._known_kinds():
                raise ValueError(f"{value!r} is a known kind")
            return value

    @classmethod
    @cache
    def _known_kinds(cls) -> frozenset[object]:
        family = next(base for base in cls.__mro__[1:] if base not in (Unknown, Model) and issubclass(base, Model))
        leaves = [family]
        for leaf in leaves:
            leaves.extend(leaf.__subclasses__())
        return frozenset(
            leaf.model_fields["type"].default
            for leaf in leaves
            if "type" in leaf.model_fields and leaf._on_the_wire and not issubclass(leaf, Unknown)
        )


def build_validator(union: Any) -> SchemaValidator:
    """Build the validator of a union of models. Its ``validate_json`` is what parses fastest."""
    with _building:
        return cast(SchemaValidator, TypeAdapter[Any](union).validator)
