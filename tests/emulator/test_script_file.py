"""Scripts in files."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from voicelive.emulator import Close, Error, Failure, FunctionCall, Reply, ScriptFileError, Turn
from voicelive.emulator.script_file import read_script


def write(folder: Path, content: object) -> Path:
    path = folder / "script.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def test_everything_a_turn_can_be(tmp_path: Path) -> None:
    script = read_script(
        write(
            tmp_path,
            [
                {"transcript": "Hé", "reply": "Hello."},
                {"reply": {"text": "Wait.", "calls": [{"name": "f", "arguments": {"a": [1]}, "call_id": "c"}]}},
                {"reply": {"calls": [{"name": "g", "arguments": "{}"}, {"name": "h"}]}},
                {"reply": {"text": "Cut", "incomplete": "max_output_tokens"}},
                {"reply": {"failure": {"message": "No", "code": "c", "type": "t"}}},
                {"reply": {"failure": {}}},
                {"error": {"message": "No", "param": "p"}},
                {"transcript": "Bye", "close": {"code": 1001, "reason": "gone"}},
                {"close": {}, "transcript": None},
                {"reply": "Fine.", "expect": "How are you?"},
                {},
            ],
        )
    )
    assert script.turns == (
        Turn("Hé", "Hello."),
        Turn(reply=Reply("Wait.", [FunctionCall("f", {"a": [1]}, "c")])),
        Turn(reply=Reply("", [FunctionCall("g", "{}"), FunctionCall("h", {})])),
        Turn(reply=Reply("Cut", [], "max_output_tokens")),
        Turn(reply=Failure("No", "c", "t")),
        Turn(reply=Failure()),
        Turn(error=Error("No", param="p")),
        Turn("Bye", close=Close(1001, "gone")),
        Turn(close=Close()),
        Turn(reply="Fine.", expect="How are you?"),
        Turn(),
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "not JSON: "),
        ({"turns": []}, "a script is a list of turns, not an object"),
        (["hi"], "turn 1: an object is needed, not text"),
        ([{}, {"replay": "x"}], "turn 2: 'replay' is not known; did you mean 'reply'"),
        ([{"zzz": 1}], "turn 1: 'zzz' is not known; known are transcript, reply, error, close, expect"),
        ([{"transcript": 5}], "turn 1: transcript is text, not a number"),
        ([{"reply": ["x"]}], "turn 1, reply: an object is needed, not a list"),
        ([{"reply": {"calls": {}}}], "turn 1, reply: calls is a list, not an object"),
        ([{"reply": {"calls": [{"arguments": {}}]}}], "turn 1, reply, call 1: the name of the function is missing"),
        ([{"reply": {"calls": [{"name": "f", "arguments": 1}]}}], "arguments is an object or JSON text, not a number"),
        ([{"reply": {"incomplete": "later"}}], "incomplete is one of max_output_tokens, content_filter, not 'later'"),
        ([{"reply": {"failure": {"message": True}}}], "turn 1, reply, failure: message is text, not true or false"),
        ([{"error": {"code": "x"}}], "turn 1, error: the message is missing"),
        ([{"close": {"code": "1000"}}], "turn 1, close: code is a number, not text"),
        ([{"expect": ["x"]}], "turn 1, expect: an object is needed, not a list"),
        ([{"expect": {}}], "turn 1, expect: the regex is missing"),
        ([{"expect": {"regex": "("}}], "turn 1, expect: '(' is no regular expression: "),
    ],
)
def test_mistakes_are_named_with_their_place(tmp_path: Path, content: object, message: str) -> None:
    with pytest.raises(ScriptFileError) as caught:
        read_script(write(tmp_path, content))
    assert message in str(caught.value)


def test_other_bytes_are_not_json(tmp_path: Path) -> None:
    path = tmp_path / "script.json"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ScriptFileError, match="not JSON"):
        read_script(path)


YAML = """
- expect: {regex: "weather in (paris|oslo)"}
  reply: {calls: [{name: get_weather, arguments: {city: Paris}}]}
- transcript: Bye!
  reply: Goodbye.
  close: {code: 1000, reason: done}
"""


@pytest.mark.parametrize("name", ["talk.yaml", "talk.YML"])
def test_yaml(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text(YAML, encoding="utf-8")
    first, second = read_script(str(path)).turns
    assert first.reply == Reply(calls=[FunctionCall("get_weather", {"city": "Paris"})])
    assert isinstance(first.expect, re.Pattern) and first.expect.search("What is the Weather in Paris?")
    assert second == Turn("Bye!", "Goodbye.", close=Close(1000, "done"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("- reply: [", "not YAML: while parsing"),
        ("- reply: yes", "turn 1, reply: an object is needed, not true or false"),
        ("- transcript: 2026-11-20", "turn 1: transcript is text, not a date"),
        ("- 1: x", "turn 1: '1' is not known"),
        ("", "a script is a list of turns, not null"),
        ("- !!python/name:os.system", "not YAML: could not determine a constructor"),
    ],
)
def test_mistakes_in_yaml_are_named_with_their_place(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "talk.yaml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ScriptFileError) as caught:
        read_script(path)
    assert message in str(caught.value)


def test_yaml_without_the_extra_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "talk.yaml"
    path.write_text(YAML, encoding="utf-8")
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(ScriptFileError, match=r"pip install 'voicelive\[emulator\]'"):
        read_script(path)
