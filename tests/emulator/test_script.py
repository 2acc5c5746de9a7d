"""Scripts: what is heard and answered, turn by turn."""

from __future__ import annotations

import pytest
from websockets.exceptions import ConnectionClosed

from voicelive.emulator import Close, Error, Failure, FunctionCall, Reply, Script, Turn


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
    assert (item["name"], item["call_id"], item["arguments"]) == ("get_weather", "call_1", '{"city": "Oslo"}')
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
