"""The session object and its updates, and what happens to events nobody can follow."""

from __future__ import annotations

import json

import pytest

COMMON = {
    "id",
    "model",
    "modalities",
    "instructions",
    "voice",
    "input_audio_format",
    "output_audio_format",
    "input_audio_transcription",
    "input_audio_noise_reduction",
    "turn_detection",
    "tools",
    "tool_choice",
    "max_response_output_tokens",
    "expires_at",
    "object",
    "input_audio_sampling_rate",
    "animation",
    "input_audio_echo_cancellation",
    "avatar",
    "output_audio_timestamp_types",
    "truncation_strategy",
    "include",
    "greeting",
    "handoff",
}


def created(serve, dial, model):
    return dial(serve(), model, opened=False).expect("session.created")["session"]


def test_realtime_model_gets_the_shape_and_defaults_of_the_service(serve, dial):
    session = created(serve, dial, "gpt-realtime")
    assert set(session) == COMMON
    assert session["model"] == "gpt-realtime-global-standard"
    assert session["voice"] == {"name": "alloy", "type": "openai"}
    assert session["output_audio_format"] is None
    assert session["input_audio_transcription"] is None
    assert session["object"] == "realtime.session"
    vad = session["turn_detection"]
    assert (vad["threshold"], vad["prefix_padding_ms"], vad["silence_duration_ms"]) == (0.5, 300, 200)
    assert vad["create_response"] is vad["interrupt_response"] is True


def test_cascaded_model_gets_the_shape_and_defaults_of_the_service(serve, dial):
    session = created(serve, dial, "gpt-5")
    assert set(session) == COMMON | {"temperature", "reasoning_effort"}
    assert session["model"] == "gpt-5"
    assert session["voice"]["type"] == "azure-standard"
    assert session["voice"]["pitch"] is None
    assert session["output_audio_format"] == "pcm16"
    assert session["input_audio_transcription"]["model"] == "azure-speech"
    assert session["turn_detection"]["silence_duration_ms"] == 500
    assert (session["temperature"], session["reasoning_effort"]) == (1.0, "minimal")


def test_update_changes_only_the_fields_that_are_present(client):
    first = client.update(instructions="Be brief.", temperature=0.7)
    second = client.update(tools=[{"type": "function", "name": "f", "parameters": {}}])
    assert second["instructions"] == "Be brief."
    assert second["temperature"] == 0.7
    assert second == {**first, "tools": [{"type": "function", "name": "f", "parameters": {}}]}


def test_voice_is_echoed_as_an_object(client):
    assert client.update(voice="marin")["voice"] == {"name": "marin", "type": "openai"}
    azure = client.update(voice="en-US-AvaNeural")["voice"]
    assert (azure["name"], azure["type"], azure["rate"]) == ("en-US-AvaNeural", "azure-standard", None)
    custom = client.update(voice={"type": "azure-custom", "name": "Mine", "endpoint_id": "e", "rate": "1.2"})["voice"]
    assert (custom["endpoint_id"], custom["rate"], custom["style"]) == ("e", "1.2", None)


def test_explicit_null_switches_turn_detection_off(client):
    assert client.update(turn_detection=None)["turn_detection"] is None
    assert client.update(instructions="x")["turn_detection"] is None
    client.append(bytes(9600))
    assert client.update(instructions="y")["instructions"] == "y"


def test_server_vad_defaults_change_after_an_update(client):
    vad = client.update(turn_detection={"type": "server_vad"})["turn_detection"]
    assert (vad["threshold"], vad["prefix_padding_ms"], vad["silence_duration_ms"]) == (0.5, 400, 500)
    vad = client.update(turn_detection={"type": "server_vad", "threshold": 0.3, "silence_duration_ms": 700})
    assert (vad["turn_detection"]["threshold"], vad["turn_detection"]["silence_duration_ms"]) == (0.3, 700)


@pytest.mark.parametrize(
    "kind", ["azure_semantic_vad", "azure_semantic_vad_en", "azure_semantic_vad_multilingual", "semantic_vad"]
)
def test_other_turn_detections_are_echoed_filled_in(client, kind):
    vad = client.update(turn_detection={"type": kind})["turn_detection"]
    assert vad["type"] == kind
    assert vad["create_response"] is vad["interrupt_response"] is True


def test_input_rate_follows_the_format(client):
    assert client.update(input_audio_format="g711_ulaw")["input_audio_sampling_rate"] == 8000
    assert client.update(input_audio_format="pcm16")["input_audio_sampling_rate"] == 24000
    assert client.update(input_audio_sampling_rate=16000)["input_audio_sampling_rate"] == 16000


@pytest.mark.parametrize(
    ("session", "param"),
    [
        ({"turn_detection": {"type": "telepathy"}}, "session.turn_detection.type"),
        ({"turn_detection": {"type": "server_vad", "threshold": 3}}, "session.turn_detection.threshold"),
        (
            {"turn_detection": {"type": "server_vad", "silence_duration_ms": -1}},
            "session.turn_detection.silence_duration_ms",
        ),
        ({"turn_detection": {}}, "session.turn_detection.type"),
        ({"turn_detection": "server_vad"}, "session.turn_detection"),
        ({"voice": {"type": "azure-standard"}}, "session.voice"),
        ({"voice": {"type": "opera", "name": "x"}}, "session.voice.type"),
        ({"voice": 7}, "session.voice"),
        ({"modalities": ["smell"]}, "session.modalities[0]"),
        ({"modalities": []}, "session.modalities"),
        ({"input_audio_format": "mp3"}, "session.input_audio_format"),
        ({"input_audio_format": "g711_alaw", "input_audio_sampling_rate": 24000}, "session.input_audio_sampling_rate"),
        ({"input_audio_sampling_rate": 11025}, "session.input_audio_sampling_rate"),
        ({"output_audio_format": "ogg"}, "session.output_audio_format"),
        ({"tools": [{"type": "function"}]}, "session.tools[0].name"),
        ({"tools": {}}, "session.tools"),
        ({"tool_choice": {"type": "function"}}, "session.tool_choice"),
        ({"temperature": "hot"}, "session.temperature"),
        ({"max_response_output_tokens": 0}, "session.max_response_output_tokens"),
        ({"instructions": 5}, "session.instructions"),
        ({"input_audio_transcription": {}}, "session.input_audio_transcription.model"),
        ({"model": "gpt-5"}, "session.model"),
        ({"metadata": {"k": 1}}, "session.metadata"),
        ({"include": [1]}, "session.include[0]"),
        ({"avatar": {"character": 5}}, "session.avatar.character"),
        ({"input_audio_noise_reduction": {}}, "session.input_audio_noise_reduction.type"),
    ],
)
def test_invalid_values_are_refused_by_name_and_change_nothing(client, session, param):
    client.send("session.update", event_id="mine", session={"instructions": "new", **session})
    error = client.error()
    assert error["type"] == "invalid_request_error"
    assert error["param"] == param
    assert error["event_id"] == "mine"
    assert error["code"]
    assert client.update()["instructions"] == ""


def test_naming_the_sessions_own_model_is_no_change(client):
    assert client.update(model="gpt-realtime")["model"] == "gpt-realtime-global-standard"


def test_unknown_fields_are_ignored_with_a_warning(client):
    client.update(volume=11)
    assert client.expect("warning")["warning"]["param"] == "session.volume"


def test_voice_is_fixed_once_the_assistant_has_spoken(client):
    client.respond(response={"pre_generated_assistant_message": said("Hello.")})
    client.send("session.update", session={"voice": "cedar"})
    assert client.error()["code"] == "cannot_update_voice"
    assert client.update(voice="alloy")["voice"]["name"] == "alloy"


def said(text):
    return {"type": "message", "role": "assistant", "content": [{"type": "text", "text": text}]}


@pytest.mark.parametrize(
    "frame",
    [
        "{",
        "",
        "[1]",
        '"x"',
        "null",
        '{"type": NaN}',
        '{"type": "session.update", "session": {"tools": [{"type": "function", "name": "f", "parameters": 1e999}]}}',
        '{"type": "\\ud800"}',
        b'{"type": "\\uD800"}',
        b"\xff\xfe",
        "[" * 100_000,
    ],
)
def test_frames_that_hold_no_json_object_are_refused_and_the_session_goes_on(client, frame):
    client.websocket.send(frame)
    error = client.error()
    assert (error["type"], error["code"]) == ("invalid_request_error", "invalid_json")
    assert client.update()


@pytest.mark.parametrize(
    ("event", "param"),
    [
        ({}, "type"),
        ({"type": 5}, "type"),
        ({"type": "session.explode"}, "type"),
        ({"type": "mcp_approval_response"}, "approval_request_id"),
        ({"type": "session.update"}, "session"),
        ({"type": "session.update", "session": None}, "session"),
        ({"type": "session.update", "session": []}, "session"),
        ({"type": "input_audio_buffer.append"}, "audio"),
        ({"type": "input_audio_buffer.append", "audio": 5}, "audio"),
        ({"type": "input_audio.turn.start"}, "turn_id"),
        ({"type": "conversation.item.create"}, "item"),
        ({"type": "conversation.item.retrieve"}, "item_id"),
        ({"type": "conversation.item.delete", "item_id": 4}, "item_id"),
        ({"type": "conversation.item.truncate", "item_id": "x"}, "content_index"),
        ({"type": "response.create", "response": 5}, "response"),
        ({"type": "response.create", "response": {"modalities": "audio"}}, "response.modalities"),
        ({"type": "response.create", "response": {"input_items": 4}}, "response.input_items"),
        ({"type": "response.create", "additional_instructions": 4}, "additional_instructions"),
        ({"type": "response.cancel", "response_id": 4}, "response_id"),
        ({"type": "input_text.delta", "id": "t"}, "delta"),
        ({"type": "input_text.done", "id": "never begun"}, "id"),
        ({"type": "session.avatar.connect"}, "client_sdp"),
    ],
)
def test_events_that_cannot_be_followed_are_answered_with_an_error(client, event, param):
    client.websocket.send(json.dumps({"event_id": "event_7", **event}))
    if param is None:
        client.until("response.done")
        return
    error = client.error()
    assert error["type"] == "invalid_request_error"
    assert error["param"] == param
    assert error["event_id"] == "event_7"
    assert client.update()


def test_binary_frames_are_taken_as_text(client):
    client.websocket.send(json.dumps({"type": "session.update", "session": {"instructions": "binär"}}).encode())
    assert client.expect("session.updated")["session"]["instructions"] == "binär"


def test_avatar_is_answered_once_it_is_configured(client):
    client.send("session.avatar.connect", client_sdp="v=0\r\n")
    assert client.error()["code"] == "avatar_not_configured"
    client.update(avatar={"character": "lisa", "customized": False})
    client.send("session.avatar.connect", client_sdp="v=0\r\n")
    assert client.expect("session.avatar.connecting")["server_sdp"].startswith("v=0")


def test_clearing_the_output_buffer_is_confirmed(client):
    client.send("output_audio_buffer.clear")
    client.expect("output_audio_buffer.cleared")


def test_streamed_text_becomes_a_user_message(client):
    client.send("input_text.delta", id="text_1", delta="Good ")
    client.send("input_text.delta", id="text_1", delta="morning")
    client.send("input_text.done", id="text_1")
    item = client.expect("conversation.item.created")["item"]
    assert item["id"] == "text_1"
    assert item["content"] == [{"type": "input_text", "text": "Good morning"}]
