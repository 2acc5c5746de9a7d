"""Responses: the order of their events, what they say and call, and how they end."""

from __future__ import annotations

import json
import threading

import pytest

from voicelive.emulator import Failure, FunctionCall, Reply, audio

GREETING = "Good morning! How can I help you?"
FUNCTION = {
    "type": "function",
    "name": "get_weather",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}


def assistant(text):
    return {"type": "message", "role": "assistant", "content": [{"type": "text", "text": text}]}


def without_repeats(kinds):
    return [kind for i, kind in enumerate(kinds) if i == 0 or kinds[i - 1] != kind]


def spoken(events):
    return events[-1]["response"]["output"][0]["content"][0]["transcript"]


def test_spoken_response_sends_its_events_in_order(client, tools):
    client.write("Good morning")
    events = client.respond()
    kinds = tools.types(events)
    assert kinds[:4] == [
        "response.created",
        "response.output_item.added",
        "conversation.item.created",
        "response.content_part.added",
    ]
    assert kinds[-5:] == [
        "response.audio.done",
        "response.audio_transcript.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.done",
    ]
    middle = kinds[4:-5]
    assert set(middle) == {"response.audio_transcript.delta", "response.audio.delta"}
    assert len(without_repeats(middle)) > 3, "transcript and audio are interleaved"
    created, added, item_created, part_added = events[:4]
    response_id, item_id = created["response"]["id"], added["item"]["id"]
    assert created["response"]["status"] == "in_progress"
    assert created["response"]["usage"] is None
    assert (added["item"]["status"], added["item"]["content"]) == ("in_progress", [])
    assert item_created["item"]["id"] == item_id
    assert part_added["part"] == {"type": "audio", "transcript": ""}
    for event in events[4:-2]:
        assert (event["response_id"], event["item_id"]) == (response_id, item_id)
        assert (event["output_index"], event["content_index"]) == (0, 0)
    transcript = "".join(e["delta"] for e in events if e["type"] == "response.audio_transcript.delta")
    assert transcript == GREETING
    done = events[-1]["response"]
    assert events[-4]["transcript"] == transcript
    assert events[-3]["part"] == {"type": "audio", "transcript": transcript}
    assert (done["id"], done["status"], done["status_details"]) == (response_id, "completed", None)
    assert done["output"] == [events[-2]["item"]]
    assert done["output"][0]["content"] == [{"type": "audio", "transcript": transcript}]


def test_usage_adds_up(client):
    client.write("Good morning")
    usage = client.respond()[-1]["response"]["usage"]
    into, out = usage["input_token_details"], usage["output_token_details"]
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]
    assert usage["input_tokens"] == into["text_tokens"] + into["audio_tokens"] > 0
    assert usage["output_tokens"] == out["text_tokens"] + out["audio_tokens"]
    assert out["audio_tokens"] > 0


def test_text_response_sends_text_only(client, tools):
    client.write("Good morning")
    events = client.respond(response={"modalities": ["text"]})
    assert without_repeats(tools.types(events)) == [
        "response.created",
        "response.output_item.added",
        "conversation.item.created",
        "response.content_part.added",
        "response.text.delta",
        "response.text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.done",
    ]
    assert "".join(e["delta"] for e in events if e["type"] == "response.text.delta") == GREETING
    assert events[-1]["response"]["output"][0]["content"] == [{"type": "text", "text": GREETING}]
    assert events[-1]["response"]["modalities"] == ["text"]


@pytest.mark.parametrize(
    ("audio_format", "rate"),
    [("pcm16", 24000), ("pcm16_16000hz", 16000), ("pcm16_8000hz", 8000), ("g711_ulaw", 8000), ("g711_alaw", 8000)],
)
@pytest.mark.parametrize("where", ["session", "response"])
def test_speech_comes_in_every_output_format(client, tools, audio_format, rate, where):
    if where == "session":
        client.update(output_audio_format=audio_format)
        events = client.respond()
    else:
        events = client.respond(response={"output_audio_format": audio_format})
    assert events[-1]["response"]["output_audio_format"] == audio_format
    pcm = audio.decode(tools.audio_of(events), audio_format)
    seconds = len(pcm) / 2 / rate
    assert 2 < seconds < 12
    assert audio.level_dbfs(pcm) > -40
    tokens = events[-1]["response"]["usage"]["output_token_details"]["audio_tokens"]
    assert abs(tokens / 20 - seconds) < 0.1


def test_pre_generated_message_is_spoken_as_it_stands(client):
    events = client.respond(response={"pre_generated_assistant_message": assistant("Welcome aboard!")})
    assert spoken(events) == "Welcome aboard!"


def test_metadata_voice_and_limits_are_echoed(client):
    client.update(max_response_output_tokens=400)
    events = client.respond(response={"metadata": {"turn": "7"}, "voice": "cedar"})
    for response in (events[0]["response"], events[-1]["response"]):
        assert response["metadata"] == {"turn": "7"}
        assert response["voice"] == {"name": "cedar", "type": "openai"}
        assert response["max_output_tokens"] == 400
    assert client.respond()[-1]["response"]["metadata"] is None


def test_reply_longer_than_the_limit_is_incomplete(client):
    text = "one two three four five six seven eight nine ten"
    events = client.respond(response={"pre_generated_assistant_message": assistant(text), "max_output_tokens": 4})
    response = events[-1]["response"]
    assert response["status"] == "incomplete"
    assert response["status_details"] == {"type": "incomplete", "reason": "max_output_tokens"}
    assert text.startswith(spoken(events))


def test_a_second_response_is_refused_while_one_is_active(serve, dial):
    client = dial(serve(speed=1))
    client.send("response.create")
    active = client.expect("response.created")["response"]["id"]
    client.send("response.create", event_id="second")
    client.send("response.cancel")
    events = client.until("response.done")
    error = next(e["error"] for e in events if e["type"] == "error")
    assert (error["code"], error["event_id"]) == ("conversation_already_has_active_response", "second")
    assert events[-1]["response"]["id"] == active


def test_cancel_previous_replaces_the_active_response(serve, dial):
    client = dial(serve(speed=1))
    client.send("response.create")
    first = client.expect("response.created")["response"]["id"]
    client.send("response.create", response={"cancel_previous": True, "modalities": ["text"]})
    assert client.until("response.done")[-1]["response"]["id"] == first
    assert client.until("response.done")[-1]["response"]["status"] == "completed"


def test_cancelled_response_ends_at_once_and_says_so(serve, dial, tools):
    client = dial(serve(speed=1))
    client.send("response.create")
    client.until("response.audio.delta")
    client.send("response.cancel")
    events = client.until("response.done")
    assert tools.types(events)[-5:-1] == [
        "response.audio.done",
        "response.audio_transcript.done",
        "response.content_part.done",
        "response.output_item.done",
    ]
    response = events[-1]["response"]
    assert response["status"] == "cancelled"
    assert response["status_details"] == {"type": "cancelled", "reason": "client_cancelled"}
    assert response["output"][0]["status"] == "incomplete"
    client.send("response.cancel", event_id="late")
    error = client.error()
    assert (error["code"], error["event_id"]) == ("response_cancel_not_active", "late")


def test_cancel_names_its_response(serve, dial):
    client = dial(serve(speed=1))
    client.send("response.create")
    response_id = client.expect("response.created")["response"]["id"]
    client.send("response.cancel", response_id="another")
    client.send("response.cancel", response_id=response_id)
    events = client.until("response.done")
    assert "response_cancel_not_active" in [e["error"]["code"] for e in events if e["type"] == "error"]
    assert events[-1]["response"]["status"] == "cancelled"


def test_speech_interrupts_a_response(serve, dial, tools):
    client = dial(serve(speed=1))
    client.send("response.create")
    client.until("response.audio.delta")
    client.append(tools.silence(600) + tools.burst(500))
    events = client.until("response.done")
    assert "input_audio_buffer.speech_started" in tools.types(events)
    response = events[-1]["response"]
    assert response["status_details"] == {"type": "cancelled", "reason": "turn_detected"}
    client.append(tools.silence(900))
    kinds = tools.types(client.until("response.created"))
    assert "response.audio.delta" not in kinds, "what was left of the first response is dropped"


def test_interrupt_response_false_lets_it_speak_on_and_answers_afterwards(serve, dial, tools):
    client = dial(serve(speed=3, responder=lambda view: "I am still talking."))
    client.update(turn_detection={"type": "server_vad", "interrupt_response": False, "silence_duration_ms": 300})
    client.send("response.create")
    client.until("response.audio.delta")
    client.speak()
    first = client.until("response.done")
    assert first[-1]["response"]["status"] == "completed"
    assert "input_audio_buffer.committed" in tools.types(first)
    assert client.until("response.done")[0]["type"] == "response.created"


def test_tool_call_round_trip(client, tools):
    client.update(tools=[FUNCTION])
    client.write("What is the weather in Oslo?")
    events = client.respond()
    assert without_repeats(tools.types(events)) == [
        "response.created",
        "response.output_item.added",
        "conversation.item.created",
        "response.function_call_arguments.delta",
        "response.function_call_arguments.done",
        "response.output_item.done",
        "response.done",
    ]
    added, done, item = events[1]["item"], events[-3], events[-2]["item"]
    assert (added["type"], added["name"], added["arguments"]) == ("function_call", "get_weather", "")
    deltas = "".join(e["delta"] for e in events if e["type"].endswith("arguments.delta"))
    assert deltas == done["arguments"] == item["arguments"]
    assert json.loads(deltas) == {"city": "Oslo"}
    assert done["call_id"] == item["call_id"] == added["call_id"]
    assert events[-1]["response"]["output"] == [item]
    output = {"type": "function_call_output", "call_id": item["call_id"], "output": '{"temperature": "4 degrees"}'}
    client.send("conversation.item.create", item=output)
    assert client.expect("conversation.item.created")["previous_item_id"] == item["id"]
    assert spoken(client.respond()) == "The weather in Oslo is 4 degrees."


@pytest.mark.parametrize(
    ("said", "choice", "called"),
    [
        ("What is the weather in Oslo?", "auto", "get_weather"),
        ("Tell me a joke", "auto", None),
        ("Tell me a joke", "required", "get_weather"),
        ("What is the weather in Oslo?", "none", None),
        ("What is the weather?", {"type": "function", "name": "book_table"}, "book_table"),
    ],
)
def test_tool_choice_is_honoured(client, said, choice, called):
    client.update(tools=[FUNCTION, {"type": "function", "name": "book_table"}], tool_choice=choice)
    client.write(said)
    output = client.respond(response={"modalities": ["text"]})[-1]["response"]["output"][0]
    assert output.get("name") == called


def test_arguments_follow_their_schema(client):
    properties = {
        "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
        "days": {"type": "integer"},
        "alert": {"type": "boolean"},
        "place": {"type": "object", "properties": {"city": {"type": "string"}}},
    }
    function = {**FUNCTION, "parameters": {"type": "object", "properties": properties, "required": list(properties)}}
    client.update(tools=[function])
    client.write("The weather in New York for 3 days in fahrenheit with an alert please")
    item = client.respond()[-1]["response"]["output"][0]
    expected = {"unit": "fahrenheit", "days": 3, "alert": True, "place": {"city": "New York"}}
    assert json.loads(item["arguments"]) == expected


def test_out_of_band_response_leaves_the_conversation_alone(client, tools):
    client.write("in the conversation")
    item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "beside it"}]}
    events = client.respond(response={"commit": False, "input_items": [item]})
    assert "conversation.item.created" not in tools.types(events)
    assert spoken(events) == "You wrote: beside it"
    client.send("conversation.item.retrieve", item_id=events[-1]["response"]["output"][0]["id"])
    assert client.error()["code"] == "item_retrieve_invalid_item_id"


def test_appended_items_are_read_with_the_conversation(client):
    client.write("in the conversation")
    item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "and more"}]}
    assert spoken(client.respond(response={"append_input_items": [item]})) == "You wrote: and more"


def test_responder_sees_what_it_answers_to(serve, dial):
    seen = []

    def respond(view):
        seen.append(view)
        return "Fine."

    client = dial(serve(responder=respond))
    client.update(instructions="Be kind.", tools=[FUNCTION], tool_choice="none")
    client.write("How are you?")
    events = client.respond(additional_instructions="Be quick.", response={"metadata": {"k": "v"}})
    assert spoken(events) == "Fine."
    (view,) = seen
    assert view.instructions == "Be kind.\nBe quick."
    assert (view.last_text(), view.heard_seconds, view.number) == ("How are you?", None, 1)
    assert (view.tools, view.tool_choice, view.metadata) == ([FUNCTION], "none", {"k": "v"})


def test_responder_may_speak_and_call_several_functions(serve, dial):
    calls = [FunctionCall("f", {"a": 1}, call_id="one"), FunctionCall("g", '{ "b":2}')]
    client = dial(serve(responder=lambda view: Reply("One moment.", calls=calls)))
    output = client.respond()[-1]["response"]["output"]
    assert [item["type"] for item in output] == ["message", "function_call", "function_call"]
    assert (output[1]["call_id"], output[1]["arguments"], output[2]["arguments"]) == ("one", '{"a":1}', '{ "b":2}')


def test_failures_and_incomplete_replies_are_told_apart(serve, dial):
    answers = iter([Failure("Overloaded.", code="rate_limit"), Reply("Well", incomplete="content_filter")])
    client = dial(serve(responder=lambda view: next(answers)))
    failed = client.respond()[-1]["response"]
    error = {"type": "server_error", "code": "rate_limit", "message": "Overloaded."}
    assert (failed["status"], failed["status_details"]) == ("failed", {"type": "failed", "error": error})
    incomplete = client.respond()[-1]["response"]
    assert incomplete["status_details"] == {"type": "incomplete", "reason": "content_filter"}


def test_parts_that_raise_end_the_response_not_the_session(serve, dial):
    def explode(*args):
        raise LookupError("no such thing")

    class Mute:
        synthesize = staticmethod(explode)

    client = dial(serve(responder=explode))
    details = client.respond()[-1]["response"]["status_details"]
    assert details["error"]["message"] == "LookupError: no such thing"
    assert client.update()
    client = dial(serve(synthesizer=Mute(), recognizer=explode), "gpt-4.1")
    client.update(turn_detection={"type": "server_vad", "create_response": False})
    client.speak()
    assert client.until("conversation.item.created")[-2]["type"].endswith("transcription.failed")
    assert client.respond()[-1]["response"]["status"] == "failed"


def test_slow_parts_hold_up_nobody(serve, dial):
    release, asked = threading.Event(), threading.Event()

    def respond(view):
        asked.set()
        assert release.wait(20)
        return "At last."

    emulator = serve(responder=respond)
    slow, other = dial(emulator), dial(emulator)
    slow.send("response.create")
    slow.expect("response.created")
    assert asked.wait(20)
    assert other.update(instructions="x")
    assert slow.update(instructions="y")
    release.set()
    assert spoken(slow.until("response.done")) == "At last."


def test_synthesizer_may_speak_piece_by_piece(serve, dial, tools):
    class Pieces:
        def synthesize(self, text, rate):
            return (tools.burst(150, rate) for _ in range(3))

    client = dial(serve(synthesizer=Pieces()))
    events = client.respond(response={"pre_generated_assistant_message": assistant("One. Two.")})
    assert len(tools.audio_of(events)) == 2 * 3 * 150 * 24 * 2
    assert spoken(events) == "One. Two."


def test_responses_that_are_not_committed_run_beside_the_active_one(serve, dial):
    client = dial(serve(speed=1))
    client.send("response.create")
    active = client.expect("response.created")["response"]["id"]
    item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Quick question"}]}
    beside = {"modalities": ["text"], "input_items": [item], "metadata": {"k": "beside"}}
    for out_of_band in ({"commit": False}, {"conversation": "none"}):
        client.send("response.create", response={**beside, **out_of_band})
        done = client.until("response.done")[-1]["response"]
        assert done["id"] != active
        assert done["metadata"] == {"k": "beside"}
        assert done["output"][0]["content"][0]["text"] == "You wrote: Quick question"
        client.send("conversation.item.retrieve", item_id=done["output"][0]["id"])
        assert client.until("error")[-1]["error"]["code"] == "item_retrieve_invalid_item_id"
    client.send("response.create")
    assert client.until("error")[-1]["error"]["code"] == "conversation_already_has_active_response"
    client.send("response.cancel")
    assert client.until("response.done")[-1]["response"]["id"] == active


def test_a_response_beside_the_active_one_is_cancelled_by_its_id(serve, dial):
    client = dial(serve(speed=1))
    client.send("response.create")
    active = client.expect("response.created")["response"]["id"]
    client.send("response.create", response={"commit": False})
    beside = client.until("response.created")[-1]["response"]["id"]
    client.send("response.cancel", response_id=beside)
    assert client.until("response.done")[-1]["response"]["id"] == beside
    client.send("response.cancel")
    assert client.until("response.done")[-1]["response"]["id"] == active


def test_the_limit_goes_by_the_name_of_the_documents_too(client):
    text = "one two three four five six seven eight nine ten"
    limit = {"pre_generated_assistant_message": assistant(text), "max_response_output_tokens": 4}
    assert client.respond(response=limit)[-1]["response"]["status"] == "incomplete"
