"""Scripts: what is heard and answered, turn by turn."""

from __future__ import annotations

import json
import re

import pytest
from websockets.exceptions import ConnectionClosed

from voicelive.emulator import (
    Close,
    ConversationView,
    Emulator,
    Error,
    Failure,
    FunctionCall,
    Reply,
    Script,
    ScriptMismatch,
    Turn,
)


def transcript(events):
    return events[-1]["response"]["output"][0]["content"][0]["transcript"]


def test_spoken_turns_are_heard_and_answered_as_written(serve, dial):
    script = Script([("Hello there", "Good morning!"), Turn("Goodbye", "See you soon.")])
    client = dial(serve(script=script), "gpt-4.1")
    for heard, answer in (("Hello there", "Good morning!"), ("Goodbye", "See you soon.")):
        client.speak()
        events = client.until("response.done")
        completed = next(e for e in events if e["type"].endswith("transcription.completed"))
        assert completed["transcript"] == heard
        assert transcript(events) == answer
    client.speak()
    assert transcript(client.until("response.done")).startswith("I heard ")


def test_every_session_plays_the_script_from_the_beginning(serve, dial):
    emulator = serve(script=Script([Turn(reply="First."), Turn(reply="Second.")]))
    for _ in range(2):
        client = dial(emulator)
        assert [transcript(client.respond()), transcript(client.respond())] == ["First.", "Second."]


def test_transcript_alone_leaves_the_answer_to_the_responder(serve, dial):
    client = dial(serve(script=Script([Turn("It is late"), Turn(reply="Good night.")])))
    client.update(turn_detection={"type": "server_vad", "create_response": False})
    client.speak()
    client.until("conversation.item.created")
    assert transcript(client.respond()) == "Good night."
    assert transcript(client.respond()) == "I heard you say: It is late"


def test_function_call_and_the_answer_after_its_output(serve, dial):
    script = Script([(None, FunctionCall("get_weather", {"city": "Oslo"}, "call_1")), (None, "It is cold in Oslo.")])
    client = dial(serve(script=script))
    item = client.respond()[-1]["response"]["output"][0]
    assert (item["name"], item["call_id"], item["arguments"]) == ("get_weather", "call_1", '{"city":"Oslo"}')
    client.send("conversation.item.create", item={"type": "function_call_output", "call_id": "call_1", "output": "-3"})
    client.expect("conversation.item.created")
    assert transcript(client.respond()) == "It is cold in Oslo."


def test_failures_errors_and_incomplete_replies(serve, dial):
    script = Script(
        [
            Turn(reply=Failure()),
            Turn(error=Error("Too many requests.", code="rate_limit_exceeded")),
            Turn(reply=Reply("Cut", incomplete="max_output_tokens")),
        ]
    )
    client = dial(serve(script=script))
    assert client.respond()[-1]["response"]["status"] == "failed"
    client.send("response.create", event_id="mine")
    error = client.error()
    assert (error["type"], error["code"], error["event_id"]) == ("server_error", "rate_limit_exceeded", "mine")
    assert client.respond()[-1]["response"]["status"] == "incomplete"


def test_error_in_place_of_the_answer_to_a_spoken_turn(serve, dial):
    client = dial(serve(script=Script([Turn("Hi", error=Error("Broken."))])))
    client.speak()
    assert client.until("error")[-1]["error"]["event_id"] is None


@pytest.mark.parametrize("reply", [None, "Bye."])
def test_connection_ends_with_a_code(serve, dial, reply):
    emulator = serve(script=Script([Turn(reply=reply, close=Close(4000, "had enough"))]))
    client = dial(emulator)
    client.send("response.create")
    if reply:
        client.until("response.done")
    with pytest.raises(ConnectionClosed) as caught:
        client.receive()
    assert (caught.value.rcvd.code, caught.value.rcvd.reason) == (4000, "had enough")


@pytest.mark.parametrize(
    ("expect", "said"),
    [
        ("What's the weather in Paris?", "whats the weather in paris"),
        ("...", "..."),
        (re.compile("weather in (Paris|Oslo)"), "Tell me the weather in Oslo now"),
    ],
)
def test_expected_words_are_answered(serve, dial, expect, said):
    with Emulator(script=Script([Turn(reply="Sunny.", expect=expect)]), speed=200) as emulator:
        client = dial(emulator)
        client.write(said)
        assert transcript(client.respond()) == "Sunny."


def test_expected_outputs_are_compared_by_value():
    script = Script([Turn(expect='{"degrees": 21, "sky": "clear"}')])
    for output, met in (('{"sky":"clear","degrees":21.0}', True), ('{"degrees": 21}', False), ("21", False)):
        run = script.play()
        view = ConversationView(items=[{"type": "function_call_output", "call_id": "c", "output": output}])
        assert (run.check(*run.next_answer(), view) is None) is met


def test_unexpected_words_fail_the_response_and_the_block(dial):
    script = Script([Turn(reply="Sunny.", expect="What is the weather?"), Turn(reply="Bye.", expect=re.compile("bye"))])
    with pytest.raises(ScriptMismatch) as caught, Emulator(script=script, speed=200) as emulator:
        client = dial(emulator)
        client.write("What is the time?")
        events = client.respond()
        message = "turn 1 of the script expects 'What is the weather?', but got 'What is the time?'"
        error = next(e["error"] for e in events if e["type"] == "error")
        assert (error["code"], error["message"]) == ("script_mismatch", message)
        assert events[-1]["response"]["status_details"]["error"]["message"] == message
        assert [str(failure) for failure in emulator.failures] == [message]
        client.websocket.close()
    (first, second) = caught.value.mismatches
    assert (first.turn, first.expected, first.got) == (1, "What is the weather?", "What is the time?")
    assert (second.turn, second.expected, second.got) == (2, "/bye/", None)
    assert str(second) == "turn 2 of the script expects '/bye/', but the session ended before it"


def test_expectations_hold_for_spoken_turns_and_turns_that_hang_up(dial, tools):
    script = Script([Turn("Hello", "Hi."), Turn("Bye", close=Close(4000, "x"), expect="Good night")])
    mismatch = pytest.raises(ScriptMismatch, match="expects 'Good night', but got 'Bye'")
    with mismatch, Emulator(script=script, speed=200) as emulator:
        client = dial(emulator)
        client.update(turn_detection=None)
        for end in ("response.done", "error"):
            client.append(tools.burst(500))
            client.send("input_audio_buffer.commit")
            client.send("response.create")
            events = client.until(end)
        assert events[-1]["error"]["code"] == "script_mismatch"
        with pytest.raises(ConnectionClosed):
            client.receive()


def test_sessions_that_play_nothing_fail_nothing(dial):
    with Emulator(script=Script([Turn(expect="Hello")])) as emulator:
        dial(emulator).websocket.close()


def test_an_error_in_the_block_goes_first(dial):
    with pytest.raises(ZeroDivisionError), Emulator(script=Script([Turn(expect="Hello")]), speed=200) as emulator:
        client = dial(emulator)
        client.write("Bye")
        client.respond()
        raise ZeroDivisionError


def test_script_may_be_the_path_of_a_file(serve, dial, tmp_path):
    path = tmp_path / "talk.json"
    path.write_text(json.dumps([{"reply": "From a file."}]))
    for given in (path, str(path)):
        assert transcript(dial(serve(script=given)).respond()) == "From a file."
