"""The base of the models, by way of small models of its own."""

from __future__ import annotations

import base64
import copy
import pickle
import subprocess
import sys
from typing import Annotated, Any, ClassVar, Literal

import pytest
from pydantic import ConfigDict, Field, ValidationError

from voicelive.models._base import (
    Base64,
    Between,
    Bool,
    Float,
    Int,
    JsonValue,
    Model,
    NotEmpty,
    OpenEnum,
    Secret,
    Str,
    Text,
    Unknown,
    VoiceLiveEnum,
    encode_base64,
)


class Size(VoiceLiveEnum):
    SMALL = "small"
    LARGE = "large"


class Shape(Model):
    pass


class Circle(Shape):
    type: Literal["circle"] = "circle"
    radius: Annotated[Float | None, Between(0, 10, "mm", above=True)] = None


class Square(Shape):
    _also_accepts: ClassVar[dict[str, str]] = {"edge": "side"}

    type: Literal["square"] = "square"
    side: Annotated[Int, Between(1, unit="px")]
    inner: ShapeUnion | None = None


class UnknownShape(Unknown, Shape):
    pass


ShapeUnion = Annotated[
    Annotated[Circle | Square, Field(discriminator="type")] | UnknownShape, Field(union_mode="left_to_right")
]


class Drawing(Model):
    shape: ShapeUnion | None = None
    shapes: list[ShapeUnion] | None = None
    size: OpenEnum[Size | Str] | None = None
    title: Annotated[Str | None, NotEmpty()] = None
    visible: Bool | None = None
    weight: Text | None = None
    sound: Base64 | None = None
    key: Secret[str] | None = None
    keys_: Annotated[Secret[dict[Str, Str]] | None, Field(alias="keys")] = None
    version: Int = 3
    free: JsonValue = None


class Frozen(Model):
    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True)

    name: Str | None = None


# --- building by hand


def test_unknown_keyword_names_the_nearest_field() -> None:
    with pytest.raises(TypeError, match="Drawing has no field 'titel'; did you mean 'title'"):
        Drawing(titel="x")  # type: ignore[call-arg]


def test_unknown_keyword_without_a_near_one_lists_the_fields() -> None:
    with pytest.raises(TypeError, match="it has: radius, type"):
        Circle(zzzzzz=1)  # type: ignore[call-arg]


def test_a_mapping_may_hold_unknown_keys() -> None:
    assert Drawing({"title": "x", "new": [1]}).as_dict() == {"title": "x", "new": [1], "version": 3}


def test_mapping_and_keywords_combine() -> None:
    assert Drawing({"title": "x"}, visible=True).as_dict() == {"title": "x", "visible": True, "version": 3}


@pytest.mark.parametrize("wrong", [5, "text", ["list"], None])
def test_the_positional_argument_is_a_mapping(wrong: object) -> None:
    if wrong is None:
        assert Drawing(wrong).as_dict() == {"version": 3}
    else:
        with pytest.raises(TypeError, match="takes keywords or one mapping"):
            Drawing(wrong)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("title", 5),
        ("title", b"x"),
        ("visible", 1),
        ("visible", "true"),
        ("version", "3"),
        ("version", True),
        ("version", 3.0),
        ("size", 5),
        ("weight", True),
        ("weight", float("nan")),
        ("shape", 5),
        ("shapes", {}),
        ("key", 5),
        ("keys_", {"a": 5}),
    ],
)
def test_wrong_types_are_refused_by_field_name(name: str, value: object) -> None:
    with pytest.raises(ValidationError) as caught:
        Drawing(**{name: value})
    assert {error["loc"][0] for error in caught.value.errors()} == {name}


def test_not_a_number_is_refused() -> None:
    with pytest.raises(ValidationError, match="finite number"):
        Circle(radius=float("nan"))


def test_required_field_missing() -> None:
    with pytest.raises(ValidationError, match="Field required"):
        Square()


@pytest.mark.parametrize(
    ("model", "fields", "text"),
    [
        (Circle, {"radius": 0}, "radius\n  must be above 0 and at most 10 mm"),
        (Circle, {"radius": 11.5}, "radius\n  must be above 0 and at most 10 mm"),
        (Square, {"side": 0}, "side\n  must be at least 1 px"),
        (Drawing, {"title": ""}, "title\n  must not be empty"),
        (Drawing, {"shape": {"type": "circle", "radius": -1}}, "shape.radius\n  must be above 0"),
        (Drawing, {"shapes": [{"type": "circle"}, {"type": "square", "side": 0}]}, "shapes.1.side\n  must be at least"),
    ],
)
def test_out_of_range_names_field_range_and_unit(model: type[Model], fields: dict[str, Any], text: str) -> None:
    with pytest.raises(ValidationError) as caught:
        model(**fields)
    assert text in str(caught.value)


def test_what_the_service_sends_may_be_out_of_range() -> None:
    assert Circle.model_validate_json('{"type": "circle", "radius": -1}').radius == -1
    assert Drawing.model_validate({"title": "", "shape": {"type": "square", "side": 0}}).as_dict()["title"] == ""


def test_errors_name_fields_not_members_of_unions() -> None:
    with pytest.raises(ValidationError) as caught:
        Drawing(shapes=[{"type": "square", "side": "x"}])
    assert [error["loc"] for error in caught.value.errors()] == [("shapes", 0, "side")]


def test_errors_show_no_values() -> None:
    for fields in ({"key": b"hunter2"}, {"keys_": {"a": b"hunter2"}}, {"title": ["hunter2"]}, {"visible": "hunter2"}):
        with pytest.raises(ValidationError) as caught:
            Drawing(**fields)
        assert "hunter2" not in str(caught.value) + repr(caught.value)


def test_a_default_is_sent_and_a_missing_value_is_not() -> None:
    assert Drawing().as_dict() == {"version": 3}
    assert Drawing.model_validate({}).as_dict() == {}


def test_older_names_are_taken_at_any_depth_and_not_sent() -> None:
    expected = {"type": "square", "side": 2}
    assert Square(edge=2).as_dict() == expected  # type: ignore[call-arg]
    assert Drawing(shape={"type": "square", "edge": 2}).as_dict()["shape"] == expected
    assert Drawing({"shapes": [{"type": "square", "edge": 2}]}).as_dict()["shapes"] == [expected]


def test_a_field_given_under_both_names_is_refused() -> None:
    with pytest.raises(TypeError, match="'side' twice"):
        Square(side=1, edge=2)  # type: ignore[call-arg]


def test_a_nested_mapping_gets_its_defaults() -> None:
    class Sheet(Model):
        drawing: Drawing | None = None

    assert Sheet(drawing={}).as_dict() == {"drawing": {"version": 3}}


def test_combinations_are_checked_at_any_depth() -> None:
    class Never(Model):
        def _check(self) -> None:
            raise ValueError("never")

    class Holder(Model):
        inner: Never | None = None
        many: list[Never] | None = None

    with pytest.raises(ValueError, match="never"):
        Holder(inner={})
    with pytest.raises(ValueError, match="never"):
        Holder(many=[{}])
    assert Holder.model_validate({"inner": {}}).inner is not None


# --- null and unset


def test_explicit_none_is_sent_at_any_depth() -> None:
    drawing = Drawing(shape=Square(side=1, inner=Circle(radius=None)), title=None)
    assert drawing.as_dict() == {
        "shape": {"type": "square", "side": 1, "inner": {"type": "circle", "radius": None}},
        "title": None,
        "version": 3,
    }


def test_assigned_none_is_sent_and_deleted_is_not() -> None:
    drawing = Drawing(title="x")
    drawing.title = None
    assert drawing.as_dict() == {"title": None, "version": 3}
    del drawing.title
    assert drawing.title is None
    assert drawing.as_dict() == {"version": 3}


def test_a_required_field_cannot_be_deleted_by_accident() -> None:
    square = Square(side=1)
    with pytest.raises(AttributeError):
        del square.sid  # type: ignore[attr-defined]


# --- assigning


def test_assigning_is_as_strict_as_building() -> None:
    circle = Circle(radius=1)
    with pytest.raises(ValidationError, match="must be above 0"):
        circle.radius = -1
    assert circle.as_dict() == {"type": "circle", "radius": 1}
    with pytest.raises(ValidationError, match="valid number"):
        circle.radius = "1"  # type: ignore[assignment]
    with pytest.raises(TypeError, match="did you mean 'radius'"):
        circle.radus = 1  # type: ignore[attr-defined]


def test_a_refused_assignment_leaves_the_field_unset() -> None:
    circle = Circle()
    with pytest.raises(ValidationError):
        circle.radius = 100
    assert circle.as_dict() == {"type": "circle"}


def test_assigning_takes_mappings_older_names_and_bytes() -> None:
    drawing, square = Drawing(), Square(side=1)
    drawing.shape = {"type": "square", "edge": 3}  # type: ignore[assignment]
    assert isinstance(drawing.shape, Square)
    square.edge = 4  # type: ignore[attr-defined]
    drawing.sound = b"\0\1"  # type: ignore[assignment]
    assert (drawing.shape.side, square.side, drawing.sound) == (3, 4, "AAE=")


def test_frozen_models_stay_as_they_are() -> None:
    model = Frozen(name="x")
    with pytest.raises(ValidationError, match="frozen"):
        model.name = "y"
    with pytest.raises(ValidationError, match="frozen"):
        del model.name
    assert model.name == "x"


# --- as a mapping


def test_reads_as_a_mapping_by_wire_name() -> None:
    drawing = Drawing.model_validate({"keys": {"a": "b"}, "title": None, "new": 1})
    assert drawing["keys"] == {"a": "b"}
    assert drawing["title"] is None
    assert drawing["new"] == 1
    assert drawing.get("shape", "nothing") == "nothing"
    assert "title" in drawing
    assert "shape" not in drawing
    assert "keys_" not in drawing
    assert list(drawing) == drawing.keys() == ["title", "keys", "new"]
    assert drawing.items() == list(zip(drawing.keys(), drawing.values(), strict=True))
    assert len(drawing) == 3
    assert dict(drawing) == {"title": None, "keys": {"a": "b"}, "new": 1}
    with pytest.raises(KeyError):
        drawing["shape"]


def test_an_empty_model_is_true() -> None:
    assert Drawing.model_validate({})


def test_equality_is_by_wire_form() -> None:
    assert Circle(radius=1) == Circle(radius=1.0)
    assert Circle(radius=1) == {"type": "circle", "radius": 1}
    assert Circle(radius=1) != Circle()
    assert Circle() != UnknownShape({"type": "oval"})
    assert Circle() != 5
    with pytest.raises(TypeError, match="unhashable"):
        hash(Circle())


def test_models_copy_and_pickle() -> None:
    drawing = Drawing({"shape": {"type": "square", "side": 1}, "new": 1})
    assert copy.deepcopy(drawing) == drawing
    assert pickle.loads(pickle.dumps(drawing)) == drawing
    assert drawing.model_copy() == drawing


# --- parsing


def test_unknown_kinds_are_kept_whole() -> None:
    wire = {"shape": {"type": "oval", "axes": [1, {"a": None}]}, "shapes": [{"no": "type"}], "size": "huge"}
    drawing = Drawing.model_validate(wire)
    assert isinstance(drawing.shape, UnknownShape)
    assert isinstance(drawing.shape, Shape)
    assert drawing.shape["type"] == "oval"
    assert drawing.as_dict() == wire


def test_a_broken_known_kind_is_not_taken_for_an_unknown_one() -> None:
    with pytest.raises(ValidationError):
        Drawing.model_validate({"shape": {"type": "square", "side": "x"}})
    with pytest.raises(ValidationError, match="known kind"):
        UnknownShape({"type": "square"})


def test_an_unknown_kind_built_by_hand_takes_any_keyword_and_needs_a_type() -> None:
    assert UnknownShape(type="oval", axes=2).as_dict() == {"type": "oval", "axes": 2}  # type: ignore[arg-type, call-arg]
    with pytest.raises(ValueError, match="needs a 'type'"):
        Drawing(shape={"radius": 1})


# --- audio, secrets, text


def test_audio_is_encoded_and_checked_when_built_by_hand() -> None:
    sound = bytes(range(256))
    text = base64.b64encode(sound).decode()
    for given in (sound, bytearray(sound), memoryview(sound), text):
        assert Drawing(sound=given).sound == text
    with pytest.raises(ValueError, match="not base64"):
        Drawing(sound="not base64!")
    with pytest.raises(TypeError, match="must be bytes"):
        Drawing(sound=[1])
    with pytest.raises(ValueError, match="pass the raw bytes"):
        encode_base64("?")


def test_repr_shows_neither_audio_nor_secrets_nor_unknown_values() -> None:
    drawing = Drawing({"sound": "AAAA", "key": "hunter2", "keys": {"a": "hunter2"}, "new": "hunter2", "title": "t"})
    text = repr(drawing) + str(drawing) + f"{drawing}"
    assert "hunter2" not in text
    assert "AAAA" not in text
    assert "<4 base64 characters>" in text
    assert "other_keys=['new']" in text
    assert repr(Drawing(key=None)) == "Drawing(key=None, version=3)"


@pytest.mark.parametrize(("given", "text"), [(1, "1"), (1.0, "1"), (1.25, "1.25"), (10**7, "10000000"), ("+5%", "+5%")])
def test_numbers_become_text(given: object, text: str) -> None:
    assert Drawing(weight=given).weight == text


# --- enums


def test_enum_members_are_found_whatever_the_case() -> None:
    assert Size["small"] is Size["Small"] is Size["SMALL"] is Size.small is Size.Small is Size.SMALL
    assert Size("small") is Size.SMALL
    with pytest.raises(ValueError, match="SMALL"):
        Size("SMALL")
    with pytest.raises(KeyError):
        Size["huge"]
    with pytest.raises(AttributeError, match="Size has no member 'huge'"):
        _ = Size.huge


def test_enum_members_are_their_value() -> None:
    assert Size.SMALL == "small"
    assert Size.SMALL != "large"
    assert hash(Size.SMALL) == hash("small")
    assert f"{Size.SMALL} {Size.SMALL!s:>6}" == "small  small"
    assert {"small": 1}[Size.SMALL] == 1


def test_open_sets_take_members_and_other_strings() -> None:
    assert Drawing(size="small").size is Size.SMALL
    assert Drawing(size=Size.LARGE).size is Size.LARGE
    assert type(Drawing(size="huge").size) is str


# --- threads

_AT_ONCE = """
import sys, threading
from voicelive.models.session import RequestSession, ResponseSession
from voicelive.models.tools import FunctionTool
from voicelive.models.turn_detection import ServerVad

sys.setswitchinterval(1e-6)
jobs = [
    lambda: RequestSession(turn_detection={"type": "server_vad"}).as_dict(),
    lambda: ResponseSession.model_validate_json('{"turn_detection": {"type": "server_vad"}, "tools": []}').as_dict(),
    lambda: ServerVad(end_of_utterance_detection={"timeout_ms": 3}).as_dict(),
    lambda: FunctionTool.model_validate({"name": "f"}).as_dict(),
] * 4
start, failures = threading.Barrier(len(jobs)), []

def run(job):
    start.wait()
    try:
        job()
    except BaseException as error:
        failures.append(error)

threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
for thread in threads: thread.start()
for thread in threads: thread.join()
sys.exit(repr(failures) if failures else 0)
"""


def test_many_threads_may_use_models_for_the_first_time_at_once() -> None:
    done = subprocess.run([sys.executable, "-c", _AT_ONCE], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
