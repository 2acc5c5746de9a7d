"""Frames and events: reading never fails and loses nothing, writing refuses what could not be read."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicelive.models import (
    ClientEventInputAudioBufferAppend,
    ClientEventResponseCreate,
    InvalidServerEvent,
    Response,
    ResponseSession,
    ServerEventResponseAudioDelta,
    ServerEventResponseDone,
    ServerEventSessionCreated,
    UnknownClientEvent,
    UnknownServerEvent,
)
from voicelive.models.client_events import MAX_APPEND
from voicelive.protocol import decode_event, encode_event
from voicelive.protocol.wire import decode_client_event, encode_append

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
numbers = st.integers(-(2**80), 2**80) | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | numbers | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=8,
)
extras = st.dictionaries(text.map("x_{}".format), values, max_size=3)

AUDIO_DELTA = {"response_id": "r", "item_id": "i", "output_index": 0, "content_index": 0, "delta": "AAEC"}


# Reading


@given(st.binary(max_size=200) | st.text(max_size=200) | values.map(json.dumps))
def test_reading_never_fails(frame: str | bytes) -> None:
    event = decode_event(frame)
    repr(event)
    event.as_dict()
    if isinstance(event, InvalidServerEvent):
        assert event.raw == frame
        assert event.error


@given(st.sampled_from(["response.done", "session.created", "error", "response.audio.delta"]), values, extras)
def test_reading_never_fails_whatever_is_inside_a_known_event(kind: str, value: Any, more: dict[str, Any]) -> None:
    for key in ("response", "session", "error", "delta"):
        event = decode_event(json.dumps({"type": kind, key: value, **more}))
        event.as_dict()


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        "",
        b"null",
        b"[]",
        b"{}",
        b'{"type": null}',
        b'{"type": 5}',
        b'{"type": ["x"]}',
        b"\xff\xfe\x00",
        b'{"type": "x", "a": "\xff"}',
        '{"type": "x", "a": "\ud800"}',
        '{"type": "x", "a": "\\ud800"}',
        b'{"type": "x", "a": ' + b"[" * 100_000,
        b'{"type": "x", "a": ' + b"9" * 10_000 + b"}",
        b'{"type": "response.done"}',
        b'{"type": "response.done", "response": null}',
        b'{"type": "response.done", "response": {"usage": {"total_tokens": "many"}}}',
        b'{"type": "response.done", "response": {"metadata": {"hunter2": 5}}}',
        b'{"type": "response.done", "response": {"output": [{"type": "hunter2", "id": 5}]}}',
    ],
    ids=lambda frame: ascii(frame)[:40],
)
def test_what_is_no_event_is_delivered_with_what_is_wrong_and_none_of_its_content(frame: str | bytes) -> None:
    event = decode_event(frame)
    assert isinstance(event, InvalidServerEvent)
    assert (event.type, event["type"], event.raw) == ("invalid", "invalid", frame)
    assert event.error
    assert "hunter2" not in event.error + repr(event)
    assert event.as_dict()["error"] == event.error


def test_an_invalid_event_names_the_place() -> None:
    event = decode_event(b'{"type": "response.done", "response": {"usage": {"total_tokens": "many"}}}')
    assert isinstance(event, InvalidServerEvent)
    assert event.error == "response.done: response.usage.total_tokens: Input should be a valid integer"


def test_a_type_called_invalid_is_an_unknown_event() -> None:
    assert isinstance(decode_event('{"type": "invalid"}'), UnknownServerEvent)


def test_anything_but_a_frame_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(TypeError, match="NoneType"):
        decode_event(None)


@given(extras)
def test_unknown_keys_are_kept_at_every_depth(more: dict[str, Any]) -> None:
    delta = {"type": "response.audio.delta", **AUDIO_DELTA, **more}
    event = decode_event(json.dumps(delta))
    assert isinstance(event, ServerEventResponseAudioDelta)
    assert event.as_dict() == delta

    part = {"type": "audio", "transcript": None, **more}
    item = {"type": "message", "role": "assistant", "status": "completed", "content": [part], **more}
    done = {"type": "response.done", "response": {"output": [item], "status": "odd", **more}, **more}
    assert decode_event(json.dumps(done)).as_dict() == done


@given(text.filter(lambda kind: "." not in kind and kind not in ("error", "warning")), extras)
def test_unknown_types_are_kept_whole(kind: str, more: dict[str, Any]) -> None:
    event = decode_event(json.dumps({"type": kind, **more}))
    assert isinstance(event, UnknownServerEvent)
    assert event.as_dict() == {"type": kind, **more}


SESSION = sorted(ResponseSession.model_fields)
RESPONSE = sorted(set(Response.model_fields) - {"object"})


@given(
    st.dictionaries(st.sampled_from(SESSION), st.sampled_from([None, ""])),
    st.dictionaries(st.sampled_from(RESPONSE), st.sampled_from([None, ""])),
)
def test_optional_values_may_be_null_or_empty_or_missing(session: dict[str, Any], response: dict[str, Any]) -> None:
    created = decode_event(json.dumps({"type": "session.created", "session": session}))
    done = decode_event(json.dumps({"type": "response.done", "response": response}))
    assert isinstance(created, ServerEventSessionCreated)
    assert isinstance(done, ServerEventResponseDone)
    assert created.as_dict()["session"] == session
    assert done.as_dict()["response"] == response
    for model, came in ((created.session, session), (done.response, response)):
        for key in came:
            assert getattr(model, key) in (None, "")
            assert model[key] == came[key]


def test_an_empty_string_reads_as_none_where_it_is_no_text_and_is_kept() -> None:
    wire = {
        "type": "session.created",
        "session": {"instructions": "", "turn_detection": {"type": "server_vad", "threshold": ""}, "tools": ""},
    }
    event = decode_event(json.dumps(wire))
    assert isinstance(event, ServerEventSessionCreated)
    assert event.session.instructions == ""
    assert event.session.tools is None
    assert event.session["tools"] == ""
    assert event.session.turn_detection is not None
    assert event.session.turn_detection.type == "server_vad"
    assert event.session.turn_detection.threshold is None
    assert event.as_dict() == wire


def test_whole_numbers_may_come_as_floats() -> None:
    event = decode_event(json.dumps({"type": "response.audio.delta", **AUDIO_DELTA, "output_index": 2.0}))
    assert isinstance(event, ServerEventResponseAudioDelta)
    assert event.output_index == 2
    assert isinstance(event.output_index, int)
    broken = decode_event(json.dumps({"type": "response.audio.delta", **AUDIO_DELTA, "output_index": 2.5}))
    assert isinstance(broken, InvalidServerEvent)


FIRST_USE = """
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from voicelive.protocol import decode_event
together = Barrier(8)
def read(frame):
    together.wait()
    return repr(decode_event(frame)), decode_event(frame).as_dict()
frames = ['{"type": "response.done", "response": {"id": "r", "temperature": ""}}', '{"type": "future"}'] * 4
with ThreadPoolExecutor(8) as threads:
    found = {repr(pair) for pair in threads.map(read, frames)}
assert len(found) == 2 and "Invalid" not in str(found), found
"""
BUILT_BEFORE = "from voicelive.models import Response; Response(id='r')"


@pytest.mark.parametrize("before", ["", BUILT_BEFORE], ids=["new", "used"])
def test_several_threads_may_be_the_first_to_read(before: str) -> None:
    subprocess.run([sys.executable, "-c", before + FIRST_USE], check=True, timeout=60)


def test_several_threads_may_use_the_audio_of_one_event() -> None:
    event = decode_event(json.dumps({"type": "response.audio.delta", **AUDIO_DELTA}))
    assert isinstance(event, ServerEventResponseAudioDelta)
    together = Barrier(4)

    def use(_: int) -> bytes:
        together.wait()
        return event.audio

    with ThreadPoolExecutor(4) as threads:
        assert set(threads.map(use, range(4))) == {b"\x00\x01\x02"}


# Reading what a client sent


def test_client_events_are_read_by_type() -> None:
    assert isinstance(decode_client_event('{"type": "response.create"}'), ClientEventResponseCreate)
    event = decode_client_event('{"type": "transcription_session.update", "session": {}}')
    assert isinstance(event, UnknownClientEvent)
    assert event["session"] == {}


@pytest.mark.parametrize(
    "frame",
    [b"", b"[]", b"{}", b"\xff", '{"type": "session.update", "session": {"metadata": {"hunter2": 5}}}',
     '{"type": "x", "event_id": 5, "y": "hunter2"}', '{"type": "hunter2", "a": "\ud800"}'],
    ids=ascii,
)  # fmt: skip
def test_broken_client_events_are_refused_without_a_word_of_them(frame: str | bytes) -> None:
    with pytest.raises(ValueError, match=".+") as caught:
        decode_client_event(frame)
    assert "hunter2" not in str(caught.value)


# Writing


def test_events_are_written_as_compact_utf8() -> None:
    event = ClientEventResponseCreate(additional_instructions="é✓", event_id="e")
    frame = encode_event(event)
    assert json.loads(frame) == {"type": "response.create", "additional_instructions": "é✓", "event_id": "e"}
    assert "é✓".encode() in frame
    assert b" " not in frame


def test_mappings_of_a_known_type_are_checked_and_others_are_not() -> None:
    assert encode_event({"type": "future", "a": [1]}) == b'{"type":"future","a":[1]}'
    nested = {"type": "future", "event": ClientEventResponseCreate()}
    assert encode_event(nested) == b'{"type":"future","event":{"type":"response.create"}}'
    with pytest.raises(ValueError, match="audio_end_ms"):
        encode_event({"type": "conversation.item.truncate", "item_id": "i", "content_index": 0, "audio_end_ms": "x"})


@pytest.mark.parametrize("event", [{}, {"type": None}, {"type": 5}, {"session": {}}])
def test_a_mapping_needs_a_type(event: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="'type'"):
        encode_event(event)


@pytest.mark.parametrize("event", [None, 5, "response.create", [("type", "response.create")]])
def test_only_events_and_mappings_are_written(event: Any) -> None:
    with pytest.raises(TypeError, match="a client event or a mapping"):
        encode_event(event)


def test_a_server_event_is_not_sent() -> None:
    with pytest.raises(TypeError, match="ServerEventResponseAudioDelta"):
        encode_event(decode_event(json.dumps({"type": "response.audio.delta", **AUDIO_DELTA})))


@pytest.mark.parametrize("kind", ["response.create", "future"])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\ud800"], ids=ascii)
def test_what_json_cannot_say_is_refused(kind: str, value: object) -> None:
    with pytest.raises(ValueError, match="JSON|surrogate"):
        encode_event({"type": kind, "key": {"deep": [value]}})


@pytest.mark.parametrize("kind", ["response.create", "future"])
def test_objects_that_are_no_json_are_refused(kind: str) -> None:
    with pytest.raises(TypeError, match="JSON"):
        encode_event({"type": kind, "key": object()})


# Writing audio


@given(st.binary(max_size=100), st.none() | text)
def test_audio_is_written_as_its_event_would_be(audio: bytes, event_id: str | None) -> None:
    same = {"audio": base64.b64encode(audio).decode(), "type": "input_audio_buffer.append"}
    if event_id is not None:
        same["event_id"] = event_id
    for given_audio in (audio, bytearray(audio), memoryview(audio), same["audio"]):
        assert json.loads(encode_append(given_audio, event_id)) == same
    assert json.loads(encode_event(ClientEventInputAudioBufferAppend(**same))) == same


def test_audio_may_be_a_view_with_gaps_or_of_samples() -> None:
    assert json.loads(encode_append(memoryview(b"a.b.c.")[::2]))["audio"] == "YWJj"
    assert json.loads(encode_append(memoryview(b"\x01\x00\x02\x00").cast("h")))["audio"] == "AQACAA=="


@pytest.mark.parametrize("audio", ["no base64", "AAE", "é", "----"])
def test_text_that_is_not_base64_is_refused(audio: str) -> None:
    with pytest.raises(ValueError, match="base64") as caught:
        encode_append(audio)
    assert audio not in str(caught.value)


def test_what_is_neither_bytes_nor_text_is_refused() -> None:
    with pytest.raises(TypeError, match="list"):
        encode_append([1, 2])


def test_one_event_carries_at_most_15_mib() -> None:
    most = bytes(MAX_APPEND)
    assert encode_append(most)
    assert encode_append(base64.b64encode(most).decode())
    for audio in (most + b"\x00", base64.b64encode(most + b"\x00").decode(), bytearray(most + b"\x00")):
        with pytest.raises(ValueError, match="15 MiB"):
            encode_append(audio)
        with pytest.raises(ValueError, match="15 MiB"):
            ClientEventInputAudioBufferAppend(audio=audio)
