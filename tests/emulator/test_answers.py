"""Answers that come in pieces: what is spoken when, and that nothing goes on in the background."""

from __future__ import annotations

import asyncio
import threading

import pytest

from voicelive.emulator import Failure, FunctionCall, Reply


def spoken(events):
    return events[-1]["response"]["output"][0]["content"][0]["transcript"]


def answer(*pieces):
    """The same answer in every way a responder may give it."""

    async def coroutine(view):
        await asyncio.sleep(0)
        return list(pieces)

    def generator(view):
        yield from pieces

    async def asynchronous_generator(view):
        for piece in pieces:
            await asyncio.sleep(0)
            yield piece

    class Object:
        def respond(self, view):
            return iter(pieces)

    return [coroutine, generator, asynchronous_generator, Object(), lambda view: list(pieces)]


@pytest.mark.parametrize("way", range(5))
def test_pieces_make_one_answer(serve, dial, way):
    pieces = ("One mo", "ment. Two", FunctionCall("f", {"a": 1}), " moments.", Reply(" Three.", [FunctionCall("g")]))
    client = dial(serve(responder=answer(*pieces)[way]))
    events = client.respond()
    output = events[-1]["response"]["output"]
    assert [item["type"] for item in output] == ["message", "function_call", "function_call"]
    assert spoken(events) == "One moment. Two moments. Three."
    assert "".join(e["delta"] for e in events if e["type"] == "response.audio_transcript.delta") == spoken(events)
    assert [item["name"] for item in output[1:]] == ["f", "g"]


@pytest.mark.parametrize("modality", ["text", "audio"])
@pytest.mark.parametrize("asynchronous", [False, True])
def test_the_first_sentence_is_out_before_the_second_is_made(serve, dial, asynchronous, modality):
    heard = threading.Event()

    def generator(view):
        yield "The first. "
        assert heard.wait(20)
        yield "The second."

    async def asynchronous_generator(view):
        yield "The first. "
        assert await asyncio.to_thread(heard.wait, 20)
        yield "The second."

    client = dial(serve(responder=asynchronous_generator if asynchronous else generator))
    client.send("response.create", response={"modalities": [modality]})
    client.until("response.text.delta" if modality == "text" else "response.audio.delta")
    heard.set()
    part = client.until("response.done")[-1]["response"]["output"][0]["content"][0]
    assert (part.get("text") or part["transcript"]) == "The first. The second."


def test_failure_after_a_sentence_ends_the_response_failed(serve, dial):
    client = dial(serve(responder=lambda view: iter(["Well. ", Failure("Lost.", code="gone"), "Never said."])))
    response = client.respond()[-1]["response"]
    assert (response["status"], response["status_details"]["error"]["code"]) == ("failed", "gone")
    assert response["output"][0]["status"] == "incomplete"
    assert response["output"][0]["content"][0]["transcript"] == "Well."


def test_exception_after_a_sentence_ends_the_response_failed(serve, dial):
    async def respond(view):
        yield "Well. "
        raise LookupError("no such thing")

    client = dial(serve(responder=respond))
    response = client.respond()[-1]["response"]
    assert response["status_details"]["error"]["message"] == "LookupError: no such thing"


@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize("end", ["cancel", "leave", "limit"])
def test_generators_are_closed_when_nobody_listens_any_more(serve, dial, asynchronous, end):
    closed = threading.Event()

    async def asynchronous_generator(view):
        try:
            while True:
                await asyncio.sleep(0)
                yield "On and on. "
        finally:
            closed.set()

    def generator(view):
        try:
            while True:
                yield "On and on. "
        finally:
            closed.set()

    client = dial(serve(responder=asynchronous_generator if asynchronous else generator, speed=20))
    client.send("response.create", response={"max_output_tokens": 4} if end == "limit" else {})
    client.until("response.audio.delta")
    if end == "cancel":
        client.send("response.cancel")
    elif end == "leave":
        client.websocket.close()
    assert closed.wait(20)


def test_coroutine_is_cancelled_with_its_response(serve, dial):
    begun, cancelled = threading.Event(), threading.Event()

    async def respond(view):
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise

    client = dial(serve(responder=respond))
    client.send("response.create")
    assert begun.wait(20)
    client.send("response.cancel")
    assert cancelled.wait(20)


@pytest.mark.parametrize("wrong", [None, 5, [None], b"bytes"])
def test_other_answers_fail_the_response_with_what_is_allowed(serve, dial, wrong):
    client = dial(serve(responder=lambda view: wrong))
    error = client.respond()[-1]["response"]["status_details"]["error"]
    assert error["message"].startswith("TypeError: a responder answers with str, Reply, FunctionCall or Failure, not ")
