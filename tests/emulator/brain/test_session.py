"""A spoken conversation with the brain over a socket: it asks back, calls a function and speaks about its output."""

from __future__ import annotations

import json


def test_a_spoken_conversation(serve, dial, tool):
    said = iter(["Whats the weather", "in Paris please", "thank you bye"])
    client = dial(serve(recognizer=lambda pcm, rate: next(said)))
    weather = tool("get_weather", "The weather in a city", city={"type": "string"})
    client.update(tools=[weather], instructions="You are Ada.")

    def speak():
        client.speak()
        return client.until("response.done")[-1]["response"]["output"]

    def spoken(output):
        return [item["content"][0]["transcript"] for item in output if item["type"] == "message"]

    assert spoken(speak()) == ["Which city do you mean?"]
    (call,) = speak()
    assert (call["name"], json.loads(call["arguments"])) == ("get_weather", {"city": "Paris"})
    item = {"type": "function_call_output", "call_id": call["call_id"], "output": '{"temperature": 18, "sky": "clear"}'}
    client.send("conversation.item.create", item=item)
    client.expect("conversation.item.created")
    assert spoken(client.respond()[-1]["response"]["output"]) == ["The weather in Paris is 18 degrees and clear."]
    assert spoken(speak()) == ["Goodbye!"]


def test_instructions_of_a_response_go_before_those_of_the_session(serve, dial):
    client = dial(serve())
    client.update(instructions='Always say "The session."')
    client.write("Hello")
    for more, said in (({}, "The session."), ({"additional_instructions": "Always say no."}, "no.")):
        output = client.respond(**more)[-1]["response"]["output"]
        assert output[0]["content"][0]["transcript"] == said
