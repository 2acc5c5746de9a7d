"""Interim responses: what is said while the answer takes its time or a tool is called."""

from __future__ import annotations

import threading

import pytest

from voicelive.emulator import FunctionCall, Reply

CASCADED = "gpt-4.1"
STATIC = {"type": "static_interim_response", "texts": ["One moment.", "Still here."]}


@pytest.fixture
def slow(serve, dial):
    """A session whose responder answers when it is let."""
    release = threading.Event()
    answers = []
    views = []

    def respond(view):
        views.append(view)
        answer = answers.pop(0) if answers else "Here it is."
        assert release.wait(20)
        return answer

    client = dial(serve(responder=respond), CASCADED)
    yield client, release, answers, views
    release.set()


def transcripts(events):
    return [event["transcript"] for event in events if event["type"] == "response.audio_transcript.done"]


def test_something_is_said_when_the_answer_takes_longer_than_the_threshold(slow):
    client, release, _, views = slow
    config = client.update(interim_response={**STATIC, "latency_threshold_ms": 20})["interim_response"]
    assert config == {**STATIC, "triggers": ["latency"], "latency_threshold_ms": 20}
    for said in ("One moment.", "Still here.", "One moment."):
        release.clear()
        client.send("response.create")
        first = client.until("response.output_item.done")
        assert transcripts(first) == [said]
        release.set()
        rest = client.until("response.done")
        assert transcripts(rest) == ["Here it is."]
        output = rest[-1]["response"]["output"]
        assert [item["content"][0]["transcript"] for item in output] == [said, "Here it is."]
    texts = [part["transcript"] for item in views[-1].items for part in item["content"]]
    assert texts == ["Here it is.", "Here it is."], "the responder does not see what was said meanwhile"


def test_nothing_is_said_when_the_answer_is_quick(slow):
    client, release, _, _ = slow
    release.set()
    client.update(interim_response={**STATIC, "latency_threshold_ms": 20_000})
    assert transcripts(client.respond()) == ["Here it is."]


def test_a_tool_call_is_accompanied(slow):
    client, release, answers, _ = slow
    release.set()
    answers += [FunctionCall("f", {}), Reply("I will look.", calls=[FunctionCall("f", {})])]
    client.update(interim_response={**STATIC, "triggers": ["tool"], "latency_threshold_ms": 0})
    output = client.respond()[-1]["response"]["output"]
    assert [item["type"] for item in output] == ["message", "function_call"]
    assert transcripts(client.respond()) == ["I will look."], "a reply that says something itself needs no more"


def test_model_made_texts_keep_to_their_limit(slow):
    client, release, _, _ = slow
    config = {"type": "llm_interim_response", "latency_threshold_ms": 0, "max_completion_tokens": 3}
    assert client.update(interim_response=config)["interim_response"]["model"] == "gpt-4.1-mini"
    client.send("response.create")
    (said,) = transcripts(client.until("response.output_item.done"))
    assert 0 < len(said) <= 12
    release.set()
    client.until("response.done")


def test_a_response_may_have_its_own(slow):
    client, release, _, _ = slow
    client.send("response.create", response={"interim_response": {**STATIC, "latency_threshold_ms": 0}})
    assert transcripts(client.until("response.output_item.done")) == ["One moment."]
    release.set()
    client.until("response.done")


def test_cancelling_stops_the_waiting_too(slow):
    client, release, _, _ = slow
    client.update(interim_response={**STATIC, "latency_threshold_ms": 0})
    client.send("response.create")
    client.until("response.output_item.done")
    client.send("response.cancel")
    assert client.until("response.done")[-1]["response"]["status"] == "cancelled"
    release.set()
    assert transcripts(client.respond())[-1] == "Here it is."


def test_a_responder_that_fails_after_it_fails_the_response(serve, dial):
    release = threading.Event()

    def respond(view):
        assert release.wait(20)
        raise LookupError("nothing")

    client = dial(serve(responder=respond), CASCADED)
    client.update(interim_response={**STATIC, "latency_threshold_ms": 0})
    client.send("response.create")
    client.until("response.output_item.done")
    release.set()
    assert client.until("response.done")[-1]["response"]["status"] == "failed"


def test_realtime_models_have_none(client):
    client.send("session.update", event_id="mine", session={"instructions": "Hi.", "interim_response": STATIC})
    session = client.expect("session.updated")["session"]
    assert session["instructions"] == "Hi."
    assert session.get("interim_response") is None
    error = client.error()
    assert (error["code"], error["event_id"]) == ("interim_response_not_supported", "mine")


@pytest.mark.parametrize(
    "config",
    [
        {"type": "polite_interim_response"},
        {**STATIC, "triggers": ["boredom"]},
        {**STATIC, "latency_threshold_ms": -1},
        {"type": "llm_interim_response", "max_completion_tokens": 0},
    ],
)
def test_configurations_that_cannot_be_are_refused(serve, dial, config):
    client = dial(serve(), CASCADED)
    client.send("session.update", session={"interim_response": config})
    assert client.error()["param"].startswith("session.interim_response")
