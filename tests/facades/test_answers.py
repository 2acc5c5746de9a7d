"""Calls that wait for their answer, and responses that are asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from voicelive import calls
from voicelive.exceptions import (
    BENIGN_ERRORS,
    ConnectionClosed,
    EventsDroppedError,
    ReceiveTimeoutError,
    ResponseActiveError,
    ResponseFailedError,
    ServerError,
)
from voicelive.models import ServerEventSessionUpdated
from voicelive.protocol import stream

from .server import CREATED, Peer, Script
from .styles import Style
from .test_reading import connected

Json = dict[str, Any]


def error(event: Json, code: str) -> Json:
    return {
        "type": "error",
        "error": {"type": "invalid_request_error", "code": code, "message": "no", "event_id": event["event_id"]},
    }


def answering(answer: Callable[[Json], list[Json]]) -> Script:
    """Return a script that opens a session and answers each event."""

    async def script(peer: Peer) -> None:
        await peer.send(CREATED)
        while True:
            await peer.send(*answer(await peer.recv()))

    return script


PLACES = {"item_id": "i", "output_index": 0, "content_index": 0}
CALL = {
    "type": "function_call",
    "id": "f",
    "name": "get_time",
    "call_id": "c",
    "arguments": "{}",
    "status": "completed",
}


def created(response_id: str, event: Json | None = None) -> Json:
    metadata = event["response"]["metadata"] if event else None
    return {"type": "response.created", "response": {"id": response_id, "status": "in_progress", "metadata": metadata}}


def delta(response_id: str, text: str, audio: str = "AAAA") -> list[Json]:
    places = {"response_id": response_id, **PLACES}
    return [
        {"type": "response.audio_transcript.delta", "delta": text, **places},
        {"type": "response.audio.delta", "delta": audio, **places},
    ]


def done(response_id: str, status: str = "completed", **more: Any) -> Json:
    return {"type": "response.done", "response": {"id": response_id, "status": status, **more}}


def reply(event: Json, response_id: str, *texts: str, **more: Any) -> list[Json]:
    deltas = [each for text in texts for each in delta(response_id, text)]
    return [created(response_id, event), *deltas, done(response_id, **more)]


# Calls

CALLS: list[tuple[calls.Call[Any], Json, Json]] = [
    (calls.update_session({"voice": "alloy"}), {"type": "session.updated", "session": {"id": "s"}}, {}),
    (calls.connect_avatar("offer"), {"type": "session.avatar.connecting", "server_sdp": "answer"}, {}),
    (
        calls.create_item({"type": "message", "role": "user", "content": [], "id": "mine"}),
        {
            "type": "conversation.item.created",
            "item": {"type": "message", "role": "user", "content": [], "id": "mine", "status": "completed"},
        },
        {"item": {"type": "message", "role": "user", "content": [], "id": "other", "status": "completed"}},
    ),
    (
        calls.retrieve_item("mine"),
        {
            "type": "conversation.item.retrieved",
            "item": {"type": "message", "role": "user", "content": [], "id": "mine", "status": "completed"},
        },
        {"item": {"type": "message", "role": "user", "content": [], "id": "other", "status": "completed"}},
    ),
    (
        calls.truncate_item("mine", audio_end_ms=10),
        {"type": "conversation.item.truncated", "item_id": "mine", "content_index": 0, "audio_end_ms": 10},
        {"item_id": "other"},
    ),
    (calls.delete_item("mine"), {"type": "conversation.item.deleted", "item_id": "mine"}, {"item_id": "other"}),
    (calls.commit_audio(), {"type": "input_audio_buffer.committed", "item_id": "new"}, {}),
    (calls.clear_audio(), {"type": "input_audio_buffer.cleared"}, {}),
    (calls.clear_output_audio(), {"type": "output_audio_buffer.cleared"}, {}),
]


@pytest.mark.parametrize(("call", "answer", "wrong"), CALLS, ids=lambda value: getattr(value, "event", {}).get("type"))
async def test_a_call_returns_the_event_that_answers_it(
    style: Style, call: calls.Call[Any], answer: Json, wrong: Json
) -> None:
    """Not one about another item; and the reader gets both."""
    sent: list[Json] = []

    def answers(event: Json) -> list[Json]:
        sent.append(event)
        return [{**answer, **wrong}, answer] if wrong else [answer]

    async with connected(style, answering(answers)) as connection:
        got = await connection.call(call, timeout=15)
        assert {**got.as_dict(), **answer} == got.as_dict()
        for expected in ["session.created", *([answer["type"]] if wrong else []), answer["type"]]:
            assert (await connection.recv()).type == expected
    assert sent[0] == {**call.event.as_dict(), "event_id": sent[0]["event_id"]}


@pytest.mark.parametrize("call", [call for call, _, _ in CALLS], ids=lambda call: call.event.type)
async def test_a_call_raises_the_error_that_names_it(style: Style, call: calls.Call[Any]) -> None:
    def answers(event: Json) -> list[Json]:
        return [error({"event_id": "another"}, "not_mine"), error(event, "mine")]

    async with connected(style, answering(answers)) as connection:
        with pytest.raises(ServerError, match=r"could not carry out [a-z_.]+ \(mine: no\)") as caught:
            await connection.call(call, timeout=15)
        assert caught.value.code == "mine"


@pytest.mark.parametrize("code", [*BENIGN_ERRORS, "bad"])
async def test_a_call_tells_whether_an_error_is_benign(style: Style, code: str) -> None:
    async with connected(style, answering(lambda event: [error(event, code)])) as connection:
        with pytest.raises(ServerError) as caught:
            await connection.call(calls.commit_audio())
        assert (caught.value.code, caught.value.benign) == (code, code != "bad")


async def test_calls_of_a_kind_are_answered_in_the_order_they_were_made(style: Style) -> None:
    waiting: list[Json] = []

    def answers(event: Json) -> list[Json]:
        waiting.append(event)
        if len(waiting) < 3:
            return []
        return [{"type": "session.updated", "session": {"id": each["session"]["voice"]}} for each in waiting]

    got: dict[str, str] = {}

    async def update(connection: Any, voice: str) -> None:
        got[voice] = (await connection.call(calls.update_session({"voice": voice}), timeout=15)).session.voice

    async def one_after_the_other(connection: Any) -> None:
        async with style.background() as start:
            for number, voice in enumerate(("a", "b", "c")):
                start(update, connection, voice)
                while len(waiting) == number:
                    await style.checkpoint()

    def named(event: Json) -> list[Json]:
        return [
            {**each, "session": {"voice": {"type": "openai", "name": each["session"]["id"]}}} for each in answers(event)
        ]

    async with connected(style, answering(named)) as connection:
        await one_after_the_other(connection)
    assert {voice: answer["name"] for voice, answer in got.items()} == {"a": "a", "b": "b", "c": "c"}


async def test_the_answer_to_a_call_that_was_given_up_does_not_answer_the_next(style: Style) -> None:
    late: list[Json] = []

    def answers(event: Json) -> list[Json]:
        late.append({"type": "session.updated", "session": {"id": event["session"]["instructions"]}})
        return late if len(late) == 2 else []

    async with connected(style, answering(answers)) as connection:
        with pytest.raises(ReceiveTimeoutError):
            await connection.call(calls.update_session({"instructions": "first"}), timeout=0.05)
        second = await connection.call(calls.update_session({"instructions": "second"}), timeout=15)
        assert isinstance(second, ServerEventSessionUpdated)
        assert second.session.id == "second"


async def test_a_call_on_a_connection_that_ends_raises_so(style: Style) -> None:
    async def script(peer: Peer) -> None:
        await peer.send(CREATED)
        await peer.recv()
        await peer.close(1012, "restart")

    async with connected(style, script) as connection:
        with pytest.raises(ConnectionClosed, match="restart"):
            await connection.call(calls.clear_audio())
        with pytest.raises(ConnectionClosed, match=r"input_audio_buffer.clear '.*' was not sent"):
            await connection.call(calls.clear_audio())


async def test_calls_work_beside_a_loop_and_inside_of_it(style: Style) -> None:
    def answers(event: Json) -> list[Json]:
        return [{"type": "input_audio_buffer.cleared"}] * 2

    async def loop(connection: Any, seen: list[str]) -> None:
        async for event in connection:
            seen.append(event.type)
            if event.type == "session.created":
                await connection.call(calls.clear_audio(), timeout=15)

    async with connected(style, answering(answers)) as connection:
        seen: list[str] = []
        async with style.background() as start:
            start(loop, connection, seen)
            for _ in range(5):
                await connection.call(calls.clear_audio(), timeout=15)
            await connection.close()
    assert seen == ["session.created", *["input_audio_buffer.cleared"] * (len(seen) - 1)]


# Responses


async def test_a_response_can_be_awaited_for_all_it_brings(style: Style) -> None:
    async with connected(style, answering(lambda event: reply(event, "r1", "Hel", "lo", output=[CALL]))) as connection:
        handle = await connection.respond(additional_instructions="Be brief.")
        assert (handle.id, await handle.text(timeout=15)) == ("r1", "Hello")
        assert await handle.audio() == bytes(6)
        assert [call.name for call in await handle.function_calls()] == ["get_time"]
        response = await handle.done(check=True)
        assert (response.id, response.status, handle.status) == ("r1", "completed", "completed")
        assert "'r1', completed" in repr(handle)
        # The reader has it all too.
        assert len([await connection.recv() for _ in range(7)]) == 7


async def test_a_response_can_be_iterated_over(style: Style) -> None:
    def answers(event: Json) -> list[Json]:
        begin, *rest = reply(event, "r1", "Hi")
        return [begin, *delta("other", "not mine"), *rest]

    async with connected(style, answering(answers)) as connection:
        handle = await connection.respond()
        types = [event.type async for event in handle]
        assert types == ["response.created", "response.audio_transcript.delta", "response.audio.delta", "response.done"]
        assert [event.type async for event in handle] == []
        assert await handle.text() == "Hi"
        with pytest.raises(RuntimeError, match="iterated over"):
            await handle.audio()


async def test_another_response_waits_for_the_one_before(style: Style) -> None:
    """However many ask at once: the service never sees two."""
    sent: list[Json] = []
    active: list[str] = []

    def answers(event: Json) -> list[Json]:
        if active:
            return [error(event, "conversation_already_has_active_response")]
        sent.append(event)
        return reply(event, f"r{len(sent)}", "x")

    async def ask(connection: Any, texts: list[str]) -> None:
        handle = await connection.respond(timeout=15)
        texts.append(await handle.text())

    async with connected(style, answering(answers)) as connection:
        texts: list[str] = []
        async with style.background() as start:
            for _ in range(4):
                start(ask, connection, texts)
        assert texts == ["x"] * 4
    assert len({event["event_id"] for event in sent}) == 4


async def test_a_response_of_turn_detection_that_came_first_is_waited_for(style: Style) -> None:
    """It began while ours was on its way: the service refuses ours, which is asked for again after it."""
    sent: list[Json] = []

    def answers(event: Json) -> list[Json]:
        sent.append(event)
        if len(sent) == 1:
            return [error(event, "conversation_already_has_active_response"), done("vad")]
        return reply(event, "mine", "Hello")

    async with connected(style, answering(answers)) as connection:
        handle = await connection.respond(timeout=15)
        assert (handle.id, await handle.text()) == ("mine", "Hello")
    assert [event["type"] for event in sent] == ["response.create"] * 2


async def test_while_a_response_is_active_another_one_may_be_refused_or_replace_it(style: Style) -> None:
    sent: list[str] = []

    def answers(event: Json) -> list[Json]:
        sent.append(event["type"])
        if event["type"] == "response.cancel":
            return [done("vad", "cancelled")]
        return reply(event, "mine", "Hello") if "response.cancel" in sent else [created("vad")]

    async with connected(style, answering(answers)) as connection:
        await connection.response.create()
        await connection.wait_for("response.created", timeout=15)
        with pytest.raises(ResponseActiveError, match="when_active='wait'") as caught:
            await connection.respond(when_active="refuse")
        assert isinstance(caught.value, RuntimeError)
        with pytest.raises(ReceiveTimeoutError):
            await connection.respond(timeout=0.02)
        handle = await connection.respond(when_active="cancel", timeout=15)
        assert await handle.text() == "Hello"
        with pytest.raises(ValueError, match="'wait', 'refuse' or 'cancel'"):
            await connection.respond(when_active="now")
    assert sent == ["response.create", "response.cancel", "response.create"]


async def test_a_response_the_service_says_is_active_refuses_ours(style: Style) -> None:
    def answers(event: Json) -> list[Json]:
        return [error(event, "conversation_already_has_active_response")]

    async with connected(style, answering(answers)) as connection:
        with pytest.raises(ResponseActiveError):
            await connection.respond(when_active="refuse", timeout=15)


async def test_a_refused_response_raises_the_error(style: Style) -> None:
    async with connected(style, answering(lambda event: [error(event, "bad_voice")])) as connection:
        with pytest.raises(ServerError, match="could not carry out response.create"):
            await connection.respond(timeout=15)
        with pytest.raises(ServerError, match="bad_voice"):
            await connection.respond(timeout=15)


@pytest.mark.parametrize(
    ("status", "details", "reason"),
    [
        ("failed", {"type": "failed", "error": {"code": "oops", "message": "too bad"}}, "oops: too bad"),
        ("incomplete", {"type": "incomplete", "reason": "content_filter"}, "content_filter"),
        ("cancelled", {"type": "cancelled", "reason": "turn_detected"}, "turn_detected"),
    ],
)
async def test_how_a_response_ended_is_told_and_raised_only_if_asked(
    style: Style, status: str, details: Json, reason: str
) -> None:
    def answers(event: Json) -> list[Json]:
        return reply(event, "r1", "Hel", status=status, status_details=details)

    async with connected(style, answering(answers)) as connection:
        handle = await connection.respond()
        assert (await handle.done()).status == status
        assert handle.status == status
        assert await handle.text() == "Hel"
        with pytest.raises(ResponseFailedError, match=f"response r1 ended {status} .{reason}") as caught:
            await handle.done(check=True)
        assert (caught.value.status, caught.value.response.id) == (status, "r1")


async def test_a_response_can_be_cancelled(style: Style) -> None:
    def answers(event: Json) -> list[Json]:
        if event["type"] == "response.cancel":
            return [done(event["response_id"], "cancelled")]
        return [created("r1", event), *delta("r1", "Hel")]

    async with connected(style, answering(answers)) as connection:
        handle = await connection.respond()
        assert handle.status == "in_progress"
        with pytest.raises(ReceiveTimeoutError):
            await handle.done(timeout=0.02)
        await handle.cancel()
        assert (await handle.done()).status == "cancelled"
        await handle.cancel()


async def test_a_response_is_told_from_others_by_its_metadata(style: Style) -> None:
    """Once the service has shown that it sends metadata back, a response without is somebody else's."""
    sent: list[Json] = []

    def answers(event: Json) -> list[Json]:
        sent.append(event)
        if len(sent) == 1:
            return reply(event, "r1", "one")
        return [created("vad"), *delta("vad", "not mine"), done("vad", "cancelled"), *reply(event, "r2", "two")]

    async with connected(style, answering(answers)) as connection:
        metadata = {"mine": "yes"}
        assert await (await connection.respond(response={"metadata": metadata})).text() == "one"
        handle = await connection.respond()
        assert (handle.id, await handle.text()) == ("r2", "two")
    assert sent[0]["response"]["metadata"] == {"mine": "yes", "voicelive_event_id": sent[0]["event_id"]}


async def test_a_service_that_sends_no_metadata_back_is_understood(style: Style) -> None:
    def answers(event: Json) -> list[Json]:
        return [created("r1"), *delta("r1", "Hello"), done("r1")]

    async with connected(style, answering(answers)) as connection:
        for _ in range(2):
            assert await (await connection.respond()).text() == "Hello"


async def test_a_response_that_is_not_complete_when_the_connection_ends_raises_so(style: Style) -> None:
    async def script(peer: Peer) -> None:
        await peer.send(CREATED)
        await peer.send(created("r1", await peer.recv()), *delta("r1", "Hel"))
        await peer.close(1000)

    async with connected(style, script) as connection:
        handle = await connection.respond()
        with pytest.raises(ConnectionClosed):
            await handle.text()
        seen = []
        with pytest.raises(ConnectionClosed):
            async for event in handle:
                seen += [event.type]
        assert len(seen) == 3


async def test_audio_that_was_too_much_to_keep_is_not_passed_off_as_all(
    style: Style, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "UNREAD_LIMIT", 1000)
    texts = ["x"] * 20
    async with connected(style, answering(lambda event: reply(event, "r1", *texts))) as connection:
        handle = await connection.respond()
        assert await handle.text() == "x" * 20
        with pytest.raises(EventsDroppedError, match="not complete"):
            await handle.audio()


async def test_a_tool_loop_never_asks_too_soon(style: Style) -> None:
    """The race of function calling: the answer to a call is given inside the response that calls."""
    sent: list[Json] = []

    async def script(peer: Peer) -> None:
        await peer.send(CREATED)
        sent.append(await peer.recv())
        await peer.send(created("r1", sent[0]))
        call = {"type": "response.output_item.done", "response_id": "r1", "output_index": 0, "item": CALL}
        await peer.send(call)
        sent.append(output := await peer.recv())
        await peer.send({"type": "conversation.item.created", "item": {**output["item"], "status": "completed"}})
        await peer.send(done("r1"))
        sent.append(event := await peer.recv())
        await peer.send(*reply(event, "r2", "noon"))
        await peer.listen()

    async with connected(style, script) as connection:
        first = await connection.respond()
        async for event in first:
            if event.type == "response.output_item.done":
                result = {"type": "function_call_output", "call_id": event.item.call_id, "output": "12:00"}
                await connection.call(calls.create_item(result), timeout=15)
                second = await connection.respond(timeout=15)
        assert await second.text() == "noon"
        assert [call.call_id for call in await first.function_calls()] == ["c"]
    assert [event["type"] for event in sent] == ["response.create", "conversation.item.create", "response.create"]


async def test_an_error_that_a_response_only_waits_beside_is_not_silent(style: Style) -> None:
    """Waiting for the turn looks at errors too, but takes care of none that is not about it."""

    async def script(peer: Peer) -> None:
        await peer.send(CREATED, created("busy"))
        assert (await peer.recv())["type"] == "response.cancel"
        await peer.send(error({"event_id": "another"}, "bad"))
        await peer.listen()

    async with connected(style, script) as connection, style.background() as start:
        assert [(await connection.recv()).type for _ in range(2)] == ["session.created", "response.created"]

        async def respond() -> None:
            with pytest.raises(ConnectionClosed):
                await connection.respond(when_active="cancel")

        start(respond)
        with pytest.raises(ServerError, match="bad"):
            await connection.run()
        await connection.close()


async def test_programs_that_only_use_handles_leave_no_reader_behind(style: Style) -> None:
    async with connected(style, answering(lambda event: reply(event, "r", "x"))) as connection:
        for _ in range(3):
            await (await connection.respond()).done()
        assert len([await connection.recv() for _ in range(13)]) == 13
        with pytest.raises(ReceiveTimeoutError):
            await connection.recv(timeout=0.01)
