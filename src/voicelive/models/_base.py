"""The base of every model: strict when built by hand, lenient when parsed, lossless both ways.

Pydantic does the validating; this module adds what the Voice Live wire needs on top:

* building by hand refuses unknown keywords (naming the nearest field), wrong types and values out of range;
* parsing keeps unknown keys, unknown kinds and unknown enum values;
* what was set is sent, an explicit ``None`` included, and what was not set is not;
* models read like the mapping they came from, under their wire names;
* no audio and no secret shows up in a ``repr`` or in an error.
"""

from __future__ import annotations

import difflib
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, cast, get_args, get_origin

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError, field_validator
from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema, ErrorDetails, InitErrorDetails, PydanticCustomError, SchemaValidator

from voicelive.models._values import (
    Audio,
    Base64,
    Between,
    Bool,
    Float,
    Hidden,
    Int,
    JsonValue,
    MayBeLeftOut,
    Metadata,
    Needed,
    NotEmpty,
    OpenEnum,
    Rule,
    Secret,
    Str,
    Text,
    TokenLimit,
    VoiceLiveEnum,
    encode_base64,
)

__all__ = (
    "Base64",
    "Between",
    "Bool",
    "Float",
    "Int",
    "JsonValue",
    "Metadata",
    "Model",
    "Needed",
    "NotEmpty",
    "OpenEnum",
    "Rule",
    "Secret",
    "Str",
    "Text",
    "TokenLimit",
    "Unknown",
    "VoiceLiveEnum",
    "build_validator",
    "encode_base64",
    "refuse_known_kind",
)

_building = threading.RLock()


class Model(BaseModel):
    """A JSON object of the Voice Live protocol.

    Build it with keywords, or from one mapping by wire names (``Model({...})``), which may hold keys this version does
    not know. ``as_dict()`` gives the wire form back. Reading works by attribute and, as in a mapping, by wire name
    (``event["session"]``, ``.get``, ``in``, ``.keys()``); keys that were never set are absent there and ``None`` as
    attributes. ``del model.field`` makes a field unset again.

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
        # What is not JSON is refused when it is sent, not turned into null.
        ser_json_inf_nan="constants",
        protected_namespaces=(),
        # Halves the import time; the validators of all events are built together at the first use.
        defer_build=True,
    )

    _also_accepts: ClassVar[Mapping[str, str]] = {}
    """Older names of fields, accepted when building and never sent."""

    _local: ClassVar[bool] = False
    """Whether it is made on this side only, and its type is unknown to the wire."""

    if not TYPE_CHECKING:

        def __init__(self, mapping: Mapping[str, Any] | None = None, /, **fields: Any) -> None:
            __tracebackhide__ = True
            cls = type(self)
            cls._complete()
            if mapping is None:
                cls._refuse_unknown(fields)
            elif isinstance(mapping, Mapping):
                fields = {**mapping, **fields}
            else:
                raise TypeError(f"{cls.__name__} takes keywords or one mapping, not {type(mapping).__name__}")
            given = cls._prepare(fields)
            try:
                self.__pydantic_validator__.validate_python(given, self_instance=self)
            except ValidationError as error:
                raise cls._readable(error) from None
            if mapping is None:
                self._refuse_missing()
            self._check_all()

        # Tells pydantic that parsing need not come through here.
        __init__.__pydantic_base_init__ = True

        def __init_subclass__(cls, *, init: bool = True, **options: Any) -> None:
            # init=False is for type checkers: a class whose __new__ says what calling it makes.
            super().__init_subclass__(**options)

        @classmethod
        def model_rebuild(cls, **options):
            # Pydantic comes here too when a model is used for the first time, by as many threads as there are.
            # Names are those of the module: the caller's own have no place in an annotation.
            with _building:
                return super().model_rebuild(**{**options, "_parent_namespace_depth": 0})

    @classmethod
    @cache
    def _shape(cls) -> _Shape:
        return _Shape(cls, cls._also_accepts)

    @classmethod
    def _complete(cls) -> None:
        if not cls.__pydantic_complete__:
            cls.model_rebuild()

    # What was written by hand, on its way to the validator

    @classmethod
    def _refuse_unknown(cls, given: Iterable[str]) -> None:
        known = cls._shape().names
        for name in given:
            if name not in known:
                near = difflib.get_close_matches(name, known, 1, 0.5)
                hint = f"did you mean {near[0]!r}?" if near else f"it has: {', '.join(sorted(known)) or 'no fields'}"
                raise TypeError(f"{cls.__name__} has no field {name!r}; {hint}")

    @classmethod
    def _prepare(cls, given: Mapping[str, Any]) -> dict[str, Any]:
        """Turn what a caller wrote into what is validated, in the mappings inside it too."""
        prepared = cls._prepare_values(given)
        for name, value in cls._shape().constants.items():
            prepared.setdefault(name, value)
        return prepared

    @classmethod
    def _prepare_values(cls, given: Mapping[str, Any]) -> dict[str, Any]:
        shape = cls._shape()
        renamed: dict[str, Any] = {}
        for key, value in given.items():
            name = shape.names.get(key, key)
            if name in renamed:
                raise TypeError(f"{cls.__name__} was given {name!r} twice, once as {key!r}")
            renamed[name] = value
        prepared = cls._from_given(renamed)
        for name, kinds in shape.kinds.items():
            if isinstance(value := prepared.get(name), list):
                prepared[name] = [cls._prepare_nested(kinds, item) for item in cast("list[object]", value)]
            elif value is not None:
                prepared[name] = cls._prepare_nested(kinds, value)
        return prepared

    @staticmethod
    def _prepare_nested(kinds: list[type[Model]], value: object) -> object:
        if not isinstance(value, Mapping):
            return value
        given = cast("Mapping[str, Any]", value)
        for kind in kinds:
            if len(kinds) == 1 or kind._fits(given):
                return kind._prepare(given)
        return dict(given)

    @classmethod
    def _from_given(cls, given: dict[str, Any]) -> dict[str, Any]:
        """Turn bytes into base64, and older shapes into the current one. May change and return what it is given."""
        for name in cls._shape().audio:
            if given.get(name) is not None:
                given[name] = encode_base64(given[name])
        return given

    @classmethod
    def _fits(cls, given: Mapping[str, Any]) -> bool:
        """Say whether a mapping, found where several kinds may stand, is meant to be of this one."""
        tags = cls._shape().tags
        return any(name in given for name in tags) and all(given.get(name, tag) == tag for name, tag in tags.items())

    # The rules for what was written by hand

    def _refuse_missing(self) -> None:
        if missing := [name for name in self._shape().needed if self.__dict__[name] is None]:
            lines = [InitErrorDetails(type="missing", loc=(name,), input=None) for name in missing]
            raise ValidationError.from_exception_data(type(self).__name__, lines, hide_input=True)

    def _check(self) -> None:
        """Refuse a combination that the service refuses. Runs on what was built by hand only."""

    def _check_all(self) -> None:
        if refusals := list(self._refusals(())):
            raise ValidationError.from_exception_data(type(self).__name__, refusals, hide_input=True)

    def _refusals(self, loc: tuple[str | int, ...]) -> Iterator[InitErrorDetails]:
        for name in type(self).model_fields:
            if name in self.__pydantic_fields_set__:
                yield from self._refusals_of(name, loc)
        self._check()

    def _refusals_of(self, name: str, loc: tuple[str | int, ...]) -> Iterator[InitErrorDetails]:
        value = self.__dict__.get(name)
        if value is None:
            return
        for rule in self._shape().rules.get(name, ()):
            if refusal := rule.refusal(value):
                error = PydanticCustomError("not_accepted", "{refusal}", {"refusal": refusal})
                yield InitErrorDetails(type=error, loc=(*loc, name), input=None)
        if isinstance(value, Model):
            yield from value._refusals((*loc, name))
        elif isinstance(value, list):
            for index, item in enumerate(cast("list[object]", value)):
                if isinstance(item, Model):
                    yield from item._refusals((*loc, name, index))

    # What the validator said of it

    @classmethod
    def _readable(cls, error: ValidationError) -> ValidationError:
        """Leave out what pydantic tells of unions: which members it tried, and why the others did not fit."""
        found: dict[tuple[object, ...], InitErrorDetails] = {}
        for detail in error.errors(include_url=False, include_input=False):
            if not any(str(part).startswith("Unknown") for part in detail["loc"]):
                loc = cls._fields_only(detail["loc"])
                found[(*loc, detail["msg"])] = _again(detail, loc)
        paths = [line.get("loc", ()) for line in found.values()]
        lines = [
            line
            for line, path in zip(found.values(), paths, strict=True)
            if not any(len(other) > len(path) and other[: len(path)] == path for other in paths)
        ]
        return ValidationError.from_exception_data(error.title, lines, hide_input=True) if lines else error

    @classmethod
    def _fields_only(cls, loc: tuple[str | int, ...]) -> tuple[str | int, ...]:
        kinds: list[type[Model]] = [cls]
        kept: list[str | int] = []
        for part in loc:
            if isinstance(part, int):
                kept.append(part)
                continue
            holders = [shape for shape in (kind._shape() for kind in kinds) if part in shape.names]
            if holders:
                kept.append(part)
                kinds = [nested for shape in holders for nested in shape.kinds.get(shape.names[part], ())]
        return tuple(kept)

    # As the wire's JSON object

    def as_dict(self) -> dict[str, Any]:
        """Return the wire form: wire names, JSON values, all that was set and nothing else."""
        type(self)._complete()
        return cast(
            "dict[str, Any]",
            # Warnings would be about what was put into a list later, and show it.
            self.__pydantic_serializer__.to_python(
                self, mode="json", by_alias=True, exclude_unset=True, warnings=False
            ),
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
            related = isinstance(other, type(self)) or isinstance(self, type(other))
            return related and self.as_dict() == other.as_dict()
        if isinstance(other, Mapping):
            return self.as_dict() == other
        return NotImplemented

    __hash__ = None  # type: ignore[assignment]

    # Assigning is writing by hand

    def __setattr__(self, name: str, value: Any) -> None:
        cls = type(self)
        own = getattr(cls, name, None)
        if name.startswith("_") or name in (self.model_extra or ()) or (isinstance(own, property) and own.fset):
            super().__setattr__(name, value)
            return
        cls._refuse_unknown((name,))
        for field, prepared in cls._prepare_values({name: value}).items():
            self._assign(field, prepared)

    def _assign(self, name: str, value: Any) -> None:
        before, was_set = self.__dict__.get(name), name in self.__pydantic_fields_set__
        try:
            super().__setattr__(name, value)
        except ValidationError as error:
            raise type(self)._readable(error) from None
        if refusals := list(self._refusals_of(name, ())):
            vars(self)[name] = before
            if not was_set:
                self.__pydantic_fields_set__.discard(name)
            raise ValidationError.from_exception_data(type(self).__name__, refusals, hide_input=True)

    def __delattr__(self, name: str) -> None:
        field = type(self).model_fields.get(self._shape().names.get(name, name))
        if field is None or field.is_required() or self.model_config.get("frozen"):
            super().__delattr__(name)
            return
        name = self._shape().names[name]
        vars(self)[name] = field.default
        self.__pydantic_fields_set__.discard(name)

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
    def __init__(self, value: object, kind: Hidden) -> None:
        self.text = f"<{len(cast(str, value))} base64 characters>" if isinstance(kind, Audio) else "<hidden>"

    def __repr__(self) -> str:
        return self.text


class _Shape:
    """What the base needs to know of a model class, worked out once."""

    def __init__(self, cls: type[Model], also_accepts: Mapping[str, str]) -> None:
        fields: Mapping[str, FieldInfo] = cls.model_fields
        self.by_wire = {field.alias or name: name for name, field in fields.items()}
        self.names = {**{name: name for name in fields}, **also_accepts, **self.by_wire}
        # A default other than None is part of the wire form, and sent.
        self.constants = {
            name: field.default
            for name, field in fields.items()
            if not field.is_required() and field.default is not None
        }
        # What tells this kind from others of its family.
        self.tags = {
            name: value for name, value in self.constants.items() if get_origin(fields[name].annotation) is Literal
        }
        self.rules: dict[str, list[Rule]] = {}
        self.hidden: dict[str, Hidden] = {}
        self.kinds: dict[str, list[type[Model]]] = {}
        self.needed: list[str] = []
        for name, field in fields.items():
            for part in (*field.metadata, *_parts(field.annotation)):
                if isinstance(part, Rule):
                    self.rules.setdefault(name, []).append(part)
                elif isinstance(part, MayBeLeftOut):
                    self.needed.append(name)
                elif isinstance(part, Hidden):
                    self.hidden[name] = part
                elif isinstance(part, type) and issubclass(part, Model):
                    self.kinds.setdefault(name, []).append(part)
        self.audio = {name for name, mark in self.hidden.items() if isinstance(mark, Audio)}


def _parts(annotation: object) -> Iterator[object]:
    """Yield the classes and marks an annotation is made of."""
    if get_origin(annotation) is Annotated:
        base, *marks = get_args(annotation)
        yield from marks
        yield from _parts(base)
    elif arguments := get_args(annotation):
        for argument in arguments:
            yield from _parts(argument)
    else:
        yield annotation


def _again(detail: ErrorDetails, loc: tuple[str | int, ...]) -> InitErrorDetails:
    # The text is done already: as the only value of a template, its own braces are safe.
    again = PydanticCustomError(cast("Any", detail["type"]), "{text}", {"text": detail["msg"]})
    return InitErrorDetails(type=again, loc=loc, input=None)


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
            return refuse_known_kind(cls, "type", value)

    @classmethod
    def _refuse_unknown(cls, given: Iterable[str]) -> None:
        """Take any keyword."""

    def _check(self) -> None:
        if self.get("type") is None:
            raise ValueError(f"{type(self).__name__} needs a 'type', which says what kind it is")


def refuse_known_kind(cls: type[Model], name: str, value: str | None) -> str | None:
    """Keep a broken object of a known kind from passing as one of an unknown kind.

    Raises:
        ValueError: ``value`` is the ``name`` (type, model, ...) of a known kind in the family that ``cls`` stands for.
    """
    if value in _known_kinds(cls, name):
        raise ValueError(f"{value!r} is a known kind")
    return value


@cache
def _known_kinds(cls: type[Model], name: str) -> frozenset[object]:
    family = next(base for base in cls.__mro__[1:] if base not in (Unknown, Model) and issubclass(base, Model))
    leaves = [family]
    for leaf in leaves:
        leaves.extend(leaf.__subclasses__())
    return frozenset(
        leaf.model_fields[name].default
        for leaf in leaves
        if name in leaf.model_fields and not leaf.__name__.startswith("Unknown") and not leaf._local  # pyright: ignore[reportPrivateUsage]
    )


_validators: dict[tuple[int, object], SchemaValidator] = {}


def build_validator(union: Any, change: Callable[[CoreSchema], CoreSchema] | None = None) -> SchemaValidator:
    """Build the validator of a union of models, once. Its ``validate_json`` is the fastest way to parse.

    Args:
        union: A module's constant: it is told by its identity.
        change: Makes the schema that is wanted from the union's own.
    """
    with _building:
        if (id(union), change) not in _validators:
            adapter = TypeAdapter[Any](union)
            validator = adapter.validator if change is None else SchemaValidator(change(adapter.core_schema))
            _validators[id(union), change] = cast(SchemaValidator, validator)
        return _validators[id(union), change]
