"""Conversation items: created, retrieved, truncated and deleted."""

from __future__ import annotations

import base64

import pytest

MESSAGE = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}]}
CALL = {"type": "function_call", "name": "f", "call_id": "call_1", "arguments": "{}"}


def create(client, item, **fields):
    client.send("conversation.item.create", item=item, **fields)
    return client.expect("conversation.item.created")


def test_items_keep_their_ids_and_are_echoed_complete(client):
    event = create(client, {**MESSAGE, "id": "mine"})
    assert event["previous_item_id"] is None
    assert event["item"] == {**MESSAGE, "id": "mine", "object": "realtime.item", "status": "completed"}
    assert create(client, MESSAGE)["previous_item_id"] == "mine"


def test_cascaded_models_have_an_empty_text_before_the_first_typed_item(serve, dial):
    assert create(dial(serve(), "gpt-4.1"), MESSAGE)["previous_item_id"] == ""


@pytest.mark.parametrize(
    ("item", "echo"),
    [
        ({"type": "message", "role": "system", "content": [{"type": "input_text", "text": "s"}]}, None),
        (
            {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "a"}]},
            {"content": [{"type": "text", "text": "a"}]},
        ),
        ({"type": "message", "role": "assistant", "content": [{"type": "text", "text": "a"}]}, None),
        (
            {
                "type": "message",
                "role": "user",
                "content": [{"type": "input_audio", "audio": "AAAA", "transcript": "t"}],
            },
            {"content": [{"type": "input_audio", "transcript": "t"}]},
        ),
        (
            {
                "type": "message",
                "role": "user",
                "content": [{"type": "input_image", "image_url": "data:image/png;base64,AAAA", "detail": "low"}],
            },
            None,
        ),
        (CALL, None),
    ],
)
def test_every_kind_of_item_is_accepted(client, item, echo):
    created = create(client, item)["item"]
    expected = {**item, **(echo or {})}
    assert {key: created[key] for key in expected} == expected
    assert created["object"] == "realtime.item"


def test_function_output_belongs_to_a_call(client):
    output = {"type": "function_call_output", "call_id": "call_1", "output": "42"}
    client.send("conversation.item.create", event_id="early", item=output)
    error = client.error()
    assert (error["code"], error["event_id"]) == ("invalid_tool_call_id", "early")
    create(client, CALL)
    created = create(client, output)["item"]
    assert {key: value for key, value in created.items() if key != "id"} == {**output, "object": "realtime.item"}


def test_items_go_where_previous_item_id_says(client):
    create(client, {**MESSAGE, "id": "a"})
    create(client, {**MESSAGE, "id": "b"})
    assert create(client, {**MESSAGE, "id": "after a"}, previous_item_id="a")["previous_item_id"] == "a"
    assert create(client, {**MESSAGE, "id": "first"}, previous_item_id="root")["previous_item_id"] is None
    assert create(client, {**MESSAGE, "id": "last"})["previous_item_id"] == "b"
    client.send("conversation.item.create", item=MESSAGE, previous_item_id="nobody", event_id="e")
    error = client.error()
    assert (error["code"], error["event_id"]) == ("item_create_invalid_previous_item_id", "e")


def test_ids_are_used_once(client):
    create(client, {**MESSAGE, "id": "twin"})
    client.send("conversation.item.create", item={**MESSAGE, "id": "twin"})
    assert client.error()["code"] == "item_create_duplicate_item_id"


@pytest.mark.parametrize(
    ("item", "param"),
    [
        ({}, "item.type"),
        ({"type": "poem"}, "item.type"),
        ({"type": "message", "content": []}, "item"),
        ({"type": "message", "role": "pirate", "content": []}, "item.role"),
        ({"type": "message", "role": "user"}, "item.content"),
        ({"type": "message", "role": "user", "content": "hi"}, "item.content"),
        ({"type": "message", "role": "user", "content": ["hi"]}, "item.content[0]"),
        ({"type": "message", "role": "user", "content": [{"type": "input_text"}]}, "item.content[0].text"),
        ({"type": "message", "role": "user", "content": [{"type": "input_audio"}]}, "item.content[0].audio"),
        (
            {"type": "message", "role": "user", "content": [{"type": "input_audio", "audio": "?"}]},
            "item.content[0].audio",
        ),
        (
            {"type": "message", "role": "system", "content": [{"type": "input_audio", "audio": ""}]},
            "item.content[0].type",
        ),
        ({**MESSAGE, "id": 5}, "item.id"),
        ({"type": "function_call", "name": "f", "call_id": "c"}, "item.arguments"),
        ({"type": "function_call_output", "call_id": "c"}, "item.output"),
        ({"type": "mcp_approval_response", "approval_request_id": "r"}, "item.approve"),
    ],
)
def test_items_that_cannot_be_are_refused_by_name(client, item, param):
    client.send("conversation.item.create", item=item, event_id="e")
    error = client.error()
    assert (error["type"], error["param"], error["event_id"]) == ("invalid_request_error", param, "e")


@pytest.mark.parametrize(
    ("verb", "more"), [("retrieve", {}), ("delete", {}), ("truncate", {"content_index": 0, "audio_end_ms": 0})]
)
def test_unknown_items_are_refused(client, verb, more):
    client.send(f"conversation.item.{verb}", item_id="nobody", event_id="e", **more)
    error = client.error()
    assert (error["code"], error["event_id"]) == (f"item_{verb}_invalid_item_id", "e")


def test_deleted_items_are_gone(client):
    create(client, {**MESSAGE, "id": "a"})
    create(client, {**MESSAGE, "id": "b"})
    client.send("conversation.item.delete", item_id="a")
    assert client.expect("conversation.item.deleted")["item_id"] == "a"
    client.send("conversation.item.retrieve", item_id="a")
    assert client.error()["code"] == "item_retrieve_invalid_item_id"
    assert create(client, {**MESSAGE, "id": "a"})["previous_item_id"] == "b"


def test_truncation_cuts_the_audio_and_the_transcript(client, tools):
    said = {"type": "message", "role": "assistant", "content": [{"type": "text", "text": "You wrote a long letter."}]}
    events = client.respond(response={"pre_generated_assistant_message": said})
    item_id = events[-1]["response"]["output"][0]["id"]
    spoken = tools.audio_of(events)
    client.send("conversation.item.truncate", item_id=item_id, content_index=0, audio_end_ms=300)
    truncated = client.expect("conversation.item.truncated")
    assert (truncated["item_id"], truncated["content_index"], truncated["audio_end_ms"]) == (item_id, 0, 300)
    client.send("conversation.item.retrieve", item_id=item_id)
    part = client.expect("conversation.item.retrieved")["item"]["content"][0]
    assert part["transcript"] == "You"
    assert base64.b64decode(part["audio"]) == spoken[: 24 * 300 * 2]


def test_truncation_out_of_range_is_refused(client):
    client.write("hello")
    item_id = client.respond()[-1]["response"]["output"][0]["id"]
    for fields, param in (
        ({"content_index": 0, "audio_end_ms": 600_000}, "audio_end_ms"),
        ({"content_index": 0, "audio_end_ms": -1}, "audio_end_ms"),
        ({"content_index": 3, "audio_end_ms": 0}, "content_index"),
    ):
        client.send("conversation.item.truncate", item_id=item_id, event_id="e", **fields)
        error = client.error()
        assert (error["code"], error["param"], error["event_id"]) == ("invalid_value", param, "e")


def test_only_the_assistants_audio_is_truncated(client):
    item_id = client.write("hello")["id"]
    client.send("conversation.item.truncate", item_id=item_id, content_index=0, audio_end_ms=0)
    assert client.error()["param"] == "item_id"


def test_audio_in_a_created_item_is_heard(client, tools):
    client.update(input_audio_transcription={"model": "whisper-1"})
    part = {"type": "input_audio", "audio": tools.base64_of(tools.burst(1200))}
    create(client, {"type": "message", "role": "user", "content": [part]})
    events = client.until("conversation.item.input_audio_transcription.completed")
    assert events[-1]["transcript"] == "(1.2 s of speech)"
