"""Handlers, ``wait_for`` and ``run``: many takers of one stream, of which none takes anything from another."""

from __future__ import annotations

import logging
from typing import Any

import pytest

import voicelive
from voicelive.exceptions import (
    BENIGN_ERRORS,
    ConcurrentReadError,
    ConnectionClosed,
    ReceiveTimeoutError,
    ServerError,
)
from voicelive.models import (
    EventsDropped,
    ServerEvent,
    ServerEventError,
    ServerEventSessionCreated,
    ServerEventType,
    UnknownServerEvent,
)
from voicelive.models.server_events._base import ResponseItemFields
from voicelive.protocol import stream

from .server import CREATED, Peer, Server, live, saying
from .styles import Style
from .test_reading import collect, connected, numbered, once_told

DELTA = {
    "type": "response.text.delta",
    "response_id": "r",
    "item_id": "i",
    "output_index": 0,
    "content_index": 0,
    "delta": "hello",
}


def error(code: str = "bad", event_id: str | None = None) -> dict[str, Any]:
    return {
        "type": "error",
        "error": {"type": "invalid_request_error", "code": code, "message": "no", "event_id": event_id},
    }


# Handlers


async def test_handlers_are_called_in_order_the_specific_ones_first(style: Style) -> None:
    called: list[Any] = []
    async with connected(style, saying(DELTA, *numbered(1), close=1000)) as connection:
        connection.on("*", lambda event: called.append(("all", event.type)))
        connection.on("response.text.delta", lambda event: called.append(("text", event.delta)))
        connection.on(ServerEventType.RESPONSE_TEXT_DELTA, lambda event: called.append(("member", event.delta)))
        connection.on(ResponseItemFields, lambda event: called.append(("class", event.item_id)))
        connection.on("numbered", lambda event: called.append(("unknown", event["number"])))
        await connection.run()
    assert called == [
        ("all", "session.created"),
        ("text", "hello"),
        ("member", "hello"),
        ("class", "i"),
        ("all", "response.text.delta"),
        ("unknown", 1),
        ("all", "numbered"),
    ]


async def test_handlers_and_reading_go_together(style: Style) -> None:
    """A handler is done with an event before the reader gets it."""
    called: list[Any] = []
    async with connected(style, saying(*numbered(*range(5)), close=1000)) as connection:
        connection.on("numbered", lambda event: called.append(event["number"]))
        assert await connection.recv_bytes()
        async for event in connection:
            assert called[-1] == event["number"]
    assert called == [0, 1, 2, 3, 4]


async def test_handlers_can_be_added_before_there_is_a_connection(style: Style) -> None:
    called: list[str] = []
    with Server(saying(DELTA, close=1000)) as server:
        manager = style.facade.connect(endpoint=server.endpoint, credential="k", model="m")

        @manager.on("session.created")
        def ready(event: ServerEventSessionCreated) -> None:
            called.append(str(manager.connection.session_id))

        manager.once("response.text.delta", lambda event: called.append(event.delta))
        with pytest.raises(voicelive.NotConnectedError):
            manager.connection  # noqa: B018
        result = manager.run()
        if style.name != "blocking":
            await result
    assert called == ["sess_1", "hello"]
    assert ready.__name__ == "ready"


async def test_once_is_once_and_off_is_at_once(style: Style) -> None:
    called: list[Any] = []

    def each(event: Any) -> None:
        called.append(event["number"])
        if event["number"] == 2:
            connection.off("numbered", each)

    async with connected(style, saying(*numbered(*range(5)), close=1000)) as connection:
        connection.once("numbered", lambda event: called.append("once"))
        connection.on("numbered", each)
        await connection.run()
        with pytest.raises(ValueError, match="no such handler"):
            connection.off("numbered", each)
    assert called == ["once", 0, 1, 2]


@pytest.mark.parametrize("style", ["asyncio", "trio"], indirect=True)
async def test_coroutines_are_awaited_one_at_a_time(style: Style) -> None:
    called: list[Any] = []

    async def slow(event: Any) -> None:
        called.append(("begin", event["number"]))
        await style.checkpoint()
        called.append(("end", event["number"]))

    async with connected(style, saying(*numbered(1, 2), close=1000)) as connection:
        connection.on("numbered", slow)
        await connection.run()
    assert called == [("begin", 1), ("end", 1), ("begin", 2), ("end", 2)]


def test_a_blocking_connection_refuses_coroutines() -> None:
    async def handler(event: object) -> None: ...

    manager = voicelive.connect(endpoint="http://localhost:1", credential="k", model="m")
    with pytest.raises(TypeError, match="plain function"):
        manager.on("*", handler)


@pytest.mark.parametrize("kind", [3, None, object, int])
async def test_what_is_no_type_of_event_is_refused(style: Style, kind: Any) -> None:
    async with connected(style) as connection:
        with pytest.raises(TypeError, match="type of event"):
            connection.on(kind)
        with pytest.raises(TypeError, match="type of event"):
            await connection.wait_for(kind)
        with pytest.raises(TypeError, match="must be callable"):
            connection.on("error", 3)


async def test_an_error_of_a_handler_is_raised_where_events_are_read_and_loses_nothing(style: Style) -> None:
    others: list[Any] = []

    def fail(event: Any) -> None:
        raise LookupError

    async with connected(style, saying(*numbered(1, 2), close=1000)) as connection:
        await connection.recv()
        connection.once("numbered", fail)
        connection.on("*", lambda event: others.append(event["number"]))
        with pytest.raises(LookupError):
            await connection.recv()
        assert [(await connection.recv())["number"] for _ in range(2)] == [1, 2]
    assert others == [1, 2]


async def test_a_handler_may_wait_for_another_event(style: Style) -> None:
    """What comes meanwhile is handled after it."""
    called: list[Any] = []

    if style.name == "blocking":

        def handler(event: Any) -> None:
            called.append(("waited", inner.wait_for("response.text.delta").delta))
    else:

        async def handler(event: Any) -> None:  # type: ignore[misc]
            called.append(("waited", (await inner.wait_for("response.text.delta")).delta))

    with Server(saying(*numbered(1, 2), DELTA, close=1000)) as server:
        async with style.connect(endpoint=server.endpoint, credential="k", model="m") as connection:
            inner = connection._target if style.name == "blocking" else connection
            connection.once("numbered", handler)
            connection.on("numbered", lambda event: called.append(event["number"]))
            assert len(await collect(connection)) == 4
    assert called == [("waited", "hello"), 1, 2]


# run


async def test_run_ends_as_iteration_does(style: Style) -> None:
    async with connected(style, saying(close=1011, reason="oops")) as connection:
        with pytest.raises(ConnectionClosed, match="oops"):
            await connection.run()
    async with connected(style, saying(close=1000)) as connection:
        await connection.run()
    async with connected(style) as connection:
        running = style.event()
        connection.once("session.created", lambda event: running.set())
        async with style.background() as start:
            start(connection.run)
            await running.wait()
            await connection.close()


async def test_run_is_a_reader(style: Style) -> None:
    async with connected(style) as connection, style.background() as start:
        running = style.event()
        connection.once("session.created", lambda event: running.set())
        start(connection.run)
        await running.wait()
        with pytest.raises(ConcurrentReadError):
            await connection.recv()
        await connection.close()


async def test_run_raises_an_error_that_nobody_handles(style: Style, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "voicelive"):
        async with connected(style, saying(error("response_cancel_not_active"), error("bad", "ev_7"))) as connection:
            with pytest.raises(ServerError, match="bad: no") as caught:
                await connection.run()
    assert (caught.value.code, caught.value.event_id, caught.value.benign) == ("bad", "ev_7", False)
    # Benign or not, nothing is silent.
    assert [record.getMessage() for record in caplog.records if "error of the service" in record.getMessage()] == [
        "error of the service: invalid_request_error, code response_cancel_not_active, event None",
        "error of the service: invalid_request_error, code bad, event ev_7",
    ]


@pytest.mark.parametrize("code", BENIGN_ERRORS)
async def test_how_a_benign_error_is_shown(style: Style, code: str, caplog: pytest.LogCaptureFixture) -> None:
    """Everywhere like any other, but it does not end ``run``; a call raises it, see test_answers."""
    script = saying(error(code), error(code), close=1000)
    async with connected(style, script) as connection:
        assert [event.error.code async for event in connection if event.type == "error"] == [code, code]
    async with connected(style, script) as connection:
        codes: list[Any] = []
        connection.once("error", lambda event: codes.append(event.error.code))
        await connection.run()
        assert codes == [code]
    logged = [record.levelname for record in caplog.records if f"code {code}," in record.getMessage()]
    assert logged == ["WARNING"] * 4


async def test_run_leaves_errors_to_handlers(style: Style) -> None:
    codes: list[Any] = []
    async with connected(style, saying(error("bad"), close=1000)) as connection:
        connection.on("error", lambda event: codes.append(event.error.code))
        await connection.run()
    assert codes == ["bad"]


# wait_for


async def test_wait_for_takes_nothing_from_the_reader(style: Style) -> None:
    async with connected(style, saying(*numbered(*range(5)), DELTA, close=1000)) as connection:
        created = await connection.wait_for(ServerEventSessionCreated)
        assert created.session.id == "sess_1"
        assert (await connection.wait_for(lambda event: event.get("number") == 3))["number"] == 3
        assert (await connection.wait_for(ServerEventType.RESPONSE_TEXT_DELTA, timeout=10)).delta == "hello"
        assert await collect(connection) == ["session.created", *["numbered"] * 5, "response.text.delta"]


async def test_wait_for_looks_at_what_arrives_from_now_on(style: Style) -> None:
    async with connected(style, saying(*numbered(*range(3)), close=1000)) as connection:
        seen = [(await connection.wait_for("numbered"))["number"] for _ in range(3)]
        assert seen == [0, 1, 2]
        with pytest.raises(ConnectionClosed):
            await connection.wait_for("numbered")
        assert len(await collect(connection)) == 4


async def test_wait_for_gives_up_in_time(style: Style) -> None:
    script, tell = once_told(*numbered(7))
    async with connected(style, script) as connection:
        with pytest.raises(ReceiveTimeoutError, match="0.02 s"):
            await connection.wait_for("numbered", timeout=0.02)
        with pytest.raises(ValueError, match="timeout"):
            await connection.wait_for("numbered", timeout=-1)
        tell()
        assert (await connection.wait_for("*", timeout=10))["number"] == 7
        assert len([await connection.recv() for _ in range(2)]) == 2


async def test_what_a_predicate_raises_is_raised_where_it_is_waited_for(style: Style) -> None:
    def fail(event: object) -> bool:
        raise LookupError

    async with connected(style, saying(*numbered(1))) as connection:
        with pytest.raises(LookupError):
            await connection.wait_for(fail)
        assert (await connection.recv()).type == "session.created"


@pytest.mark.parametrize("reads", [True, False])
async def test_many_wait_while_one_reads_or_nobody_does(style: Style, reads: bool) -> None:
    """Whoever waits reads for all the others, and another one takes over when it leaves."""
    script, tell = once_told(*numbered(*range(20)), DELTA)
    found: list[int] = []
    waiting = []

    async def wait(connection: Any, number: int) -> None:
        def matches(event: Any) -> bool:
            waiting.append(number)
            return event.get("number") == number

        found.append((await connection.wait_for(matches, timeout=15))["number"])

    async def read(connection: Any) -> None:
        seen = [(await connection.recv()).type for _ in range(22)]
        assert seen.count("numbered") == 20

    async with connected(style, script) as connection:
        async with style.background() as start:
            for number in (19, 3, 11, 7, 0):
                start(wait, connection, number)
            if reads:
                start(read, connection)
            # The first event is there already: all wait for more by the time that each has seen it, but those that
            # began too late, of which there may be none.
            connection.on("session.created", lambda event: None)
            for _ in range(50):
                await style.checkpoint()
            tell()
            await connection.wait_for("response.text.delta", timeout=15)
        assert sorted(found) == [0, 3, 7, 11, 19]
        if not reads:
            assert len([await connection.recv() for _ in range(22)]) == 22


@pytest.mark.parametrize("style", ["asyncio", "trio"], indirect=True)
async def test_the_one_who_reads_for_all_may_be_cancelled(style: Style) -> None:
    import anyio

    script, tell = once_told(*numbered(1))

    async def wait(connection: Any, found: list[Any]) -> None:
        found.append((await connection.wait_for("numbered"))["number"])

    async with connected(style, script) as connection:
        found: list[Any] = []
        await connection.recv()
        async with style.background() as start:
            with anyio.move_on_after(0.05):
                start(wait, connection, found)
                start(wait, connection, found)
                await connection.wait_for("numbered")
            tell()
        assert found == [1, 1]
        assert (await connection.recv())["number"] == 1


async def test_events_that_nobody_takes_are_bounded_and_the_gap_is_told(
    style: Style, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(stream, "UNREAD_LIMIT", 200)
    with caplog.at_level(logging.WARNING, "voicelive"):
        async with connected(style, saying(*numbered(*range(50)), DELTA)) as connection:
            await connection.wait_for("response.text.delta")
            gap = await connection.recv()
            assert isinstance(gap, EventsDropped)
            assert gap.count >= 48
            rest = [await connection.recv() for _ in range(52 - gap.count)]
            assert rest[-1].type == "response.text.delta"
    assert [record.getMessage() for record in caplog.records if "dropping" in record.getMessage()]


async def test_an_event_class_matches_its_subclasses(style: Style) -> None:
    async with connected(style, saying(error(), *numbered(1))) as connection:
        assert (await connection.wait_for(ServerEvent)).type == "session.created"
        assert (await connection.wait_for(ServerEventError)).error.code == "bad"
        assert (await connection.wait_for(UnknownServerEvent))["number"] == 1


async def test_a_connection_with_handlers_still_times_out(style: Style) -> None:
    async with connected(style, live, receive_timeout=0.02) as connection:
        connection.on("*", lambda event: None)
        await connection.recv()
        with pytest.raises(ReceiveTimeoutError):
            await connection.recv()
        with pytest.raises(ReceiveTimeoutError):
            await connection.run()


async def test_programs_with_handlers_only_see_what_came_while_they_set_up(style: Style) -> None:
    seen: list[str] = []

    async def script(peer: Peer) -> None:
        await peer.send(CREATED, *numbered(1))
        await peer.recv()
        await peer.send(DELTA)
        await peer.close()

    async with connected(style, script) as connection:
        await connection.response.cancel()
        connection.on("*", lambda event: seen.append(event.type))
        await connection.run()
    assert seen == ["session.created", "numbered", "response.text.delta"]
