"""Audio in: formats, the buffer, turns found by voice activity and turns marked by the client."""

from __future__ import annotations

import base64

import pytest

SPOKEN = [
    "input_audio_buffer.speech_started",
    "input_audio_buffer.speech_stopped",
    "input_audio_buffer.committed",
    "conversation.item.created",
]
FORMATS = [
    ("pcm16", 24000),
    ("pcm16", 16000),
    ("pcm16", 8000),
    ("g711_ulaw", 8000),
    ("g711_alaw", 8000),
]
VAD = {"type": "server_vad", "create_response": False}
TRANSCRIPTION = "conversation.item.input_audio_transcription"


@pytest.mark.parametrize(("audio_format", "rate"), FORMATS)
def test_a_spoken_turn_is_found_in_every_format(client, tools, audio_format, rate):
    vad = {**VAD, "silence_duration_ms": 400, "prefix_padding_ms": 200}
    client.update(input_audio_format=audio_format, input_audio_sampling_rate=rate, turn_detection=vad)
    client.speak(600, rate, audio_format)
    events = client.until("conversation.item.created")
    assert tools.types(events) == SPOKEN
    started, stopped, committed, created = events
    # Speech from 600 to 1200 ms, 200 ms before it and 400 ms after.
    assert abs(started["audio_start_ms"] - 400) <= 60
    assert abs(stopped["audio_end_ms"] - 1600) <= 80
    assert started["item_id"] == stopped["item_id"] == committed["item_id"] == created["item"]["id"]
    assert committed["previous_item_id"] is created["previous_item_id"] is None
    assert created["item"]["content"] == [{"type": "input_audio", "transcript": None}]
    client.send("conversation.item.retrieve", item_id=committed["item_id"])
    heard = client.expect("conversation.item.retrieved")["item"]["content"][0]["audio"]
    width = 2 if audio_format == "pcm16" else 1
    length = len(base64.b64decode(heard)) * 1000 // rate // width
    assert abs(length - (stopped["audio_end_ms"] - started["audio_start_ms"])) <= 1


def test_two_turns_in_one_long_append_are_told_apart(client, tools):
    client.update(turn_detection={**VAD, "silence_duration_ms": 300, "prefix_padding_ms": 100})
    pcm = (tools.silence(700) + tools.burst(500)) * 2 + tools.silence(900)
    client.append(pcm, len(pcm))
    first, second = client.until("conversation.item.created"), client.until("conversation.item.created")
    assert tools.types(first) == tools.types(second) == SPOKEN
    assert second[2]["previous_item_id"] == first[2]["item_id"]
    assert abs(second[0]["audio_start_ms"] - first[0]["audio_start_ms"] - 1200) <= 60


def test_short_pauses_do_not_end_a_turn(client, tools):
    client.update(turn_detection={**VAD, "silence_duration_ms": 800})
    client.append(tools.silence(600) + tools.burst(400) + tools.silence(500) + tools.burst(400) + tools.silence(1200))
    events = client.until("conversation.item.created")
    assert tools.types(events) == SPOKEN
    assert abs(events[1]["audio_end_ms"] - 2700) <= 80


def test_speech_duration_leaves_short_noises_out(client, tools):
    client.update(turn_detection={"type": "azure_semantic_vad", "speech_duration_ms": 300, "create_response": False})
    client.append(tools.silence(600) + tools.burst(120) + tools.silence(900) + tools.burst(600) + tools.silence(900))
    events = client.until("conversation.item.created")
    assert tools.types(events) == SPOKEN
    assert events[0]["audio_start_ms"] > 1000


def test_silence_alone_begins_no_turn(client, tools):
    client.append(tools.silence(2000))
    client.update()


def test_spoken_turns_are_answered_by_themselves(client, tools):
    client.speak()
    events = client.until("response.done")
    assert tools.types(events)[:5] == [*SPOKEN, "response.created"]
    assert tools.audio_of(events)


def test_create_response_false_leaves_the_answer_to_the_client(client, tools):
    client.update(turn_detection=VAD)
    client.speak()
    client.until("conversation.item.created")
    assert client.respond()[0]["type"] == "response.created"


def test_realtime_model_transcribes_only_when_asked(client, tools):
    client.update(turn_detection=VAD, input_audio_transcription={"model": "whisper-1"})
    client.speak()
    events = client.until(f"{TRANSCRIPTION}.completed")
    assert tools.types(events)[:4] == SPOKEN
    said = events[-1]
    assert said["transcript"].endswith("s of speech)")
    assert "".join(e["delta"] for e in events if e["type"] == f"{TRANSCRIPTION}.delta") == said["transcript"]
    client.send("conversation.item.retrieve", item_id=said["item_id"])
    item = client.expect("conversation.item.retrieved")["item"]
    assert item["content"][0]["transcript"] == said["transcript"]


def test_cascaded_model_transcribes_before_the_item_is_created(serve, dial, tools):
    client = dial(serve(), "gpt-4.1")
    client.speak()
    events = client.until("response.done")
    kinds = tools.types(events)
    assert kinds.index(f"{TRANSCRIPTION}.completed") < kinds.index("conversation.item.created")
    created = events[kinds.index("conversation.item.created")]
    assert created["previous_item_id"] is None
    assert created["item"]["content"][0]["transcript"].endswith("s of speech)")
    assert kinds.index("conversation.item.created") < kinds.index("response.created")
    assert events[-1]["response"]["conversation_id"] == ""


def test_manual_turns_are_committed_by_the_client(client, tools):
    client.update(turn_detection=None)
    client.append(tools.burst(500))
    client.send("input_audio_buffer.commit")
    assert tools.types([client.receive(), client.receive()]) == SPOKEN[2:]
    done = client.respond()[-1]["response"]
    assert "0.5 seconds" in done["output"][0]["content"][0]["transcript"]
    client.send("input_audio_buffer.commit", event_id="again")
    error = client.error()
    assert (error["code"], error["event_id"]) == ("input_audio_buffer_commit_empty", "again")


@pytest.mark.parametrize("event_type", ["input_audio_buffer.clear", "input_audio.clear"])
def test_clearing_empties_the_buffer(client, tools, event_type):
    client.update(turn_detection=None)
    client.append(tools.burst(100))
    client.send(event_type)
    client.expect("input_audio_buffer.cleared")
    client.send("input_audio_buffer.commit")
    assert client.error()["code"] == "input_audio_buffer_commit_empty"


def test_clearing_during_speech_forgets_the_turn(client, tools):
    client.update(turn_detection=VAD)
    client.append(tools.silence(600) + tools.burst(500))
    client.expect("input_audio_buffer.speech_started")
    client.send("input_audio_buffer.clear")
    client.expect("input_audio_buffer.cleared")
    client.append(tools.silence(1000))
    client.update()


def test_committing_during_speech_ends_the_turn(client, tools):
    client.update(turn_detection=VAD)
    client.append(tools.silence(600) + tools.burst(500))
    started = client.expect("input_audio_buffer.speech_started")
    client.send("input_audio_buffer.commit")
    assert client.expect("input_audio_buffer.committed")["item_id"] == started["item_id"]


def test_audio_that_is_not_base64_is_refused(client):
    client.send("input_audio_buffer.append", event_id="bad", audio="not base64!")
    error = client.error()
    assert (error["code"], error["param"], error["event_id"]) == ("invalid_value", "audio", "bad")


def test_more_than_15_mib_in_one_append_are_refused(client, tools):
    client.update(turn_detection=None)
    client.send("input_audio_buffer.append", audio=tools.base64_of(bytes(15 * 1024 * 1024 + 2)))
    assert client.error()["param"] == "audio"
    client.send("input_audio_buffer.append", audio=tools.base64_of(bytes(15 * 1024 * 1024)))
    assert client.update()


def test_a_stream_may_be_cut_in_the_middle_of_a_sample(client, tools):
    client.update(turn_detection=None)
    pcm = tools.burst(200)
    client.append(pcm, 777)
    client.send("input_audio_buffer.commit")
    item_id = client.expect("input_audio_buffer.committed")["item_id"]
    client.expect("conversation.item.created")
    client.send("conversation.item.retrieve", item_id=item_id)
    content = client.expect("conversation.item.retrieved")["item"]["content"]
    assert base64.b64decode(content[0]["audio"]) == pcm


def test_another_input_format_empties_the_buffer(client, tools):
    client.update(turn_detection=None)
    client.append(tools.burst(100))
    client.update(input_audio_format="g711_alaw")
    client.send("input_audio_buffer.commit")
    assert client.error()["code"] == "input_audio_buffer_commit_empty"


def test_turns_that_the_client_marks(client, tools):
    client.update(input_audio_transcription={"model": "whisper-1"})
    client.send("input_audio.turn.append", turn_id="t", audio="")
    assert client.error()["param"] == "turn_id"
    client.send("input_audio.turn.start", turn_id="t")
    client.send("input_audio.turn.start", turn_id="t")
    assert client.error()["param"] == "turn_id"
    client.send("input_audio.turn.append", turn_id="t", audio=tools.base64_of(tools.burst(400)))
    client.send("input_audio.turn.end", turn_id="t")
    events = client.until(f"{TRANSCRIPTION}.completed")
    assert tools.types(events)[:2] == SPOKEN[2:]
    assert events[-1]["transcript"] == "(0.4 s of speech)"
    client.send("input_audio.turn.start", turn_id="u")
    client.send("input_audio.turn.cancel", turn_id="u")
    client.send("input_audio.turn.end", turn_id="u")
    assert client.error()["param"] == "turn_id"
