"""The models hold the whole wire contract."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from pydantic import TypeAdapter

from voicelive import models
from voicelive.models import Model

from .contract import CONTRACT, MODELS, leaf, least, sample, wrong

FIELDS = [(name, field) for name, model in MODELS.items() for field in model["fields"]]

# A base has no field for what tells its leaves apart: it is a constant in each of them.
LEAVES_TELL = {(name, model["leaves"]["by"]) for name, model in MODELS.items() if "leaves" in model}
# A base is built as one of its leaves.
BUILT = [(name, field) for name, field in FIELDS if leaf(name) == name]

# Where building by hand is stricter or easier than the wire.
NEEDED = {("ClientEventConversationItemCreate", "item")}
FILLED_IN = {
    ("AvatarConfig", "customized"),
    ("AzurePersonalVoice", "model"),
    ("ServerEventResponseAudioTimestampDelta", "timestamp_type"),
}


def name_of(case: tuple[str, dict[str, Any]]) -> str:
    return f"{case[0]}.{case[1]['name']}"


def keywords(model: str) -> dict[str, Any]:
    needed = {field["name"]: sample(field["type"]) for name, field in FIELDS if (name, field["name"]) in NEEDED}
    return least(model) | (needed if any(model == name for name, _ in NEEDED) else {})


def build(model: str, given: dict[str, Any]) -> Model:
    return getattr(models, model)(**given)


def test_the_contract_is_whole() -> None:
    assert (len(CONTRACT["enums"]), len(MODELS), len(FIELDS), len(CONTRACT["unions"])) == (31, 168, 789, 3)


@pytest.mark.parametrize("name", CONTRACT["enums"])
def test_enums_have_the_members_and_values(name: str) -> None:
    enum = getattr(models, name)
    assert {member.name: member.value for member in enum} == CONTRACT["enums"][name]


@pytest.mark.parametrize("name", MODELS)
def test_models_have_their_bases_and_fields(name: str) -> None:
    model, declared = getattr(models, name), MODELS[name]
    assert all(issubclass(model, getattr(models, base)) for base in declared.get("bases", ()))
    wire = {(field.alias or key): key for key, field in model.model_fields.items()}
    for field in declared["fields"]:
        if (name, field["name"]) not in LEAVES_TELL:
            assert wire[field.get("wire", field["name"])] == field["name"]


@pytest.mark.parametrize("name", [name for name, model in MODELS.items() if "kind" in model])
def test_kinds_are_sent_though_nobody_sets_them(name: str) -> None:
    kind = MODELS[name]["kind"]
    if leaf(name) == name:
        assert build(name, keywords(name)).as_dict()[kind["field"]] == kind["value"]


@pytest.mark.parametrize("case", BUILT, ids=name_of)
def test_fields_take_their_type_and_nothing_else(case: tuple[str, dict[str, Any]]) -> None:
    model, field = case
    given, name = keywords(model), field["name"]
    value = 16000 if name == "input_audio_sampling_rate" else sample(field["type"])
    built = build(model, given | {name: value})
    assert getattr(built, name) is not None
    assert field.get("wire", name) in built.as_dict()
    if field["type"] != "any":
        with pytest.raises((TypeError, ValueError)):
            build(model, given | {name: wrong(field["type"])})


@pytest.mark.parametrize("case", BUILT, ids=name_of)
def test_required_fields_are_required_and_others_are_not(case: tuple[str, dict[str, Any]]) -> None:
    model, field = case
    name, given = field["name"], keywords(model)
    given.pop(name, None)
    required = field.get("required") and "const" not in field and (model, name) not in FILLED_IN
    if required or (model, name) in NEEDED:
        with pytest.raises((TypeError, ValueError), match=field.get("wire", name)):
            build(model, given)
    else:
        build(model, given)


@pytest.mark.parametrize(
    "case", [case for case in BUILT if case[1].get("open") and "const" not in case[1]], ids=name_of
)
def test_open_sets_take_values_of_the_future(case: tuple[str, dict[str, Any]]) -> None:
    model, field = case
    value = ["future"] if field["type"].startswith("list") else "future"
    built = build(model, keywords(model) | {field["name"]: value})
    assert built.as_dict()[field.get("wire", field["name"])] == value


@pytest.mark.parametrize("name", CONTRACT["unions"])
def test_unions_hold_their_kinds(name: str) -> None:
    adapter = TypeAdapter[Any](getattr(models, name))
    for kind, member in CONTRACT["unions"][name]["of"].items():
        value = getattr(models, member)(**least(member)).as_dict()
        assert value["type"] == kind
        assert type(adapter.validate_python(value)).__name__ == member
    if CONTRACT["unions"][name]["text"]:
        assert adapter.validate_python("future") == "future"


def classes_of(module: Any) -> Iterator[ast.ClassDef]:
    yield from (node for node in ast.parse(inspect.getsource(module)).body if isinstance(node, ast.ClassDef))


def documented(node: ast.ClassDef) -> set[str]:
    body = [
        *node.body,
        *(inner for part in node.body if isinstance(part, ast.If) for inner in (*part.body, *part.orelse)),
    ]
    return {
        field.target.id
        for field, text in zip(body, body[1:], strict=False)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
        and isinstance(text.value.value, str)
    }


@pytest.mark.parametrize("name", MODELS)
def test_every_model_and_field_is_documented(name: str) -> None:
    model = getattr(models, name)
    assert (model.__doc__ or "").strip()
    texts: set[str] = set()
    for cls in model.__mro__:
        if cls.__module__.startswith("voicelive.models"):
            node = next(node for node in classes_of(inspect.getmodule(cls)) if node.name == cls.__name__)
            texts |= documented(node)
    assert set(model.model_fields) <= texts


@pytest.mark.parametrize("name", CONTRACT["enums"])
def test_every_enum_is_documented(name: str) -> None:
    assert (getattr(models, name).__doc__ or "").strip()


def test_the_unions_of_events_hold_every_event() -> None:
    for union, base in ((models.ServerEventUnion, "ServerEvent"), (models.ClientEventUnion, "ClientEvent")):
        known = get_args(get_args(get_args(union)[0])[0])
        assert {cls.__name__ for cls in known} == set(MODELS[base]["leaves"]["of"].values())
