"""``recv``, iteration and the end of a connection."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest

import voicelive
import voicelive.aio
from voicelive.exceptions import ConcurrentReadError, ConnectionClosed, InvalidAudioError, ReceiveTimeoutError

from .server import CREATED, Peer, Script, Server, live, saying
from .styles import Style


def numbered(*numbers: int) -> list[dict[str, Any]]:
    return [{"type": "numbered", "number": number} for number in numbers]


@asynccontextmanager
async def connected(style: Style, script: Script = live, **options: Any) -> AsyncIterator[Any]:
    arguments = {"credential": "k", "model": "m", "connection_options": options}
    with Server(script) as server:
        async with style.connect(endpoint=server.endpoint, **arguments) as connection:
            yield connection


def once_told(*events: Any) -> tuple[Script, Callable[[], None]]:
    """Return a script that sends the events when told to, and the telling."""
    told = threading.Event()

    async def script(peer: Peer) -> None:
        await peer.send(CREATED)
        await asyncio.get_running_loop().run_in_executor(None, told.wait, 20)
        await peer.send(*events)
        await peer.listen()

    return script, told.set


# One event after the other


async def test_events_come_in_order_and_as_what_they_are(style: Style) -> None:
    odd = ['{"type": "not.known"}', "[1]", "", '{"type":"session.updated","session":{"id":3}}']
    async with connected(style, saying(*odd, *numbered(1))) as connection:
        events = [await connection.recv() for _ in range(6)]
    assert [event.type for event in events[:2]] == ["session.created", "not.known"]
    assert [type(event).__name__ for event in events[1:4]] == ["UnknownServerEvent"] + ["InvalidServerEvent"] * 2
    assert events[5]["number"] == 1


async def test_recv_bytes_returns_the_frame_as_it_came(style: Style) -> None:
    frame = '{ "type" : "ä" }'
    async with connected(style, saying(frame, frame.encode())) as connection:
        assert json.loads(await connection.recv_bytes()) == CREATED
        assert await connection.recv_bytes() == frame.encode()
        assert await connection.recv_bytes() == frame.encode()


async def test_recv_and_iteration_can_take_turns(style: Style) -> None:
    async with connected(style, saying(*numbered(*range(6)))) as connection:
        assert (await connection.recv()).type == "session.created"
        async for event in connection:
            assert event["number"] == 0
            break
        seen = []
        async for event in connection:
            seen.append(event["number"])
            if event["number"] == 1:
                # Reading on inside the loop, to wait for a certain event, is nobody else's read.
                seen.append((await connection.recv())["number"])
                async for inner in connection:
                    seen.append(inner["number"])
                    break
            if event["number"] == 4:
                break
        assert seen == [1, 2, 3, 4]
        assert (await connection.recv())["number"] == 5


async def test_audio_that_is_not_base64_is_an_error_when_it_is_asked_for(style: Style) -> None:
    places = {"response_id": "r", "item_id": "i", "output_index": 0, "content_index": 0}
    audio = {"type": "response.audio.delta", "event_id": "ev_9", "delta": "no base64!", **places}
    async with connected(style, saying(audio)) as connection:
        await connection.recv()
        event = await connection.recv()
        assert event.delta == "no base64!"
        with pytest.raises(InvalidAudioError, match="'ev_9'"):
            event.audio  # noqa: B018


async def test_latency_is_what_the_last_heartbeat_took(style: Style) -> None:
    script, tell = once_told(*numbered(1))
    async with connected(style, script, heartbeat=0.02) as connection:
        await connection.recv()
        while connection.latency is None:
            with contextlib.suppress(ReceiveTimeoutError):
                await connection.recv(timeout=0.02)
        assert 0 < connection.latency < 10
        tell()


async def test_without_heartbeat_there_is_no_latency(style: Style) -> None:
    async with connected(style, heartbeat=None) as connection:
        assert connection.latency is None


# Timeouts


async def test_recv_in_time_loses_nothing(style: Style) -> None:
    script, tell = once_told(*numbered(7))
    async with connected(style, script) as connection:
        await connection.recv()
        with pytest.raises(ReceiveTimeoutError) as caught:
            await connection.recv(timeout=0.01)
        assert isinstance(caught.value, TimeoutError)
        assert caught.value.timeout == 0.01
        with pytest.raises(ReceiveTimeoutError):
            await connection.recv(0)
        tell()
        assert (await connection.recv(timeout=10))["number"] == 7


async def test_the_receive_timeout_option_is_the_default(style: Style) -> None:
    script, tell = once_told(*numbered(7))
    async with connected(style, script, receive_timeout=0.05) as connection:
        assert (await connection.recv()).type == "session.created"
        with pytest.raises(ReceiveTimeoutError, match="0.05 s"):
            await connection.recv()
        with pytest.raises(ReceiveTimeoutError):
            async for _ in connection:
                pass
        tell()
        assert (await connection.recv(timeout=10))["number"] == 7


@pytest.mark.parametrize(
    ("timeout", "error"),
    [("1", TypeError), (True, TypeError), (-1, ValueError), (float("nan"), ValueError), (float("inf"), ValueError)],
)
async def test_wrong_timeouts_are_refused(style: Style, timeout: Any, error: type[Exception]) -> None:
    async with connected(style) as connection:
        with pytest.raises(error, match="timeout must be a number of seconds"):
            await connection.recv(timeout=timeout)
        assert (await connection.recv()).type == "session.created"


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_recv_cancelled_400_times_at_any_moment_loses_nothing(backend: str) -> None:
    enough = threading.Event()
    sent = 0

    async def script(peer: Peer) -> None:
        nonlocal sent
        await peer.send(CREATED)
        while not enough.is_set():
            await peer.send(*numbered(sent))
            sent += 1
            await asyncio.sleep(random.random() * 0.002)
        await peer.send(*numbered(-1))
        await peer.listen()

    async def main() -> None:
        with Server(script) as server:
            async with voicelive.aio.connect(endpoint=server.endpoint, credential="k", model="m") as connection:
                await connection.recv()
                seen: list[int] = []
                cancelled = 0
                while cancelled < 400:
                    with anyio.move_on_after(random.random() * 0.002) as scope:
                        seen.append((await connection.recv())["number"])
                    cancelled += scope.cancelled_caught
                enough.set()
                while -1 not in seen[-1:]:
                    seen.append((await connection.recv(timeout=10))["number"])
                assert seen == [*range(sent), -1]

    anyio.run(main, backend=backend)


def test_a_task_cancelled_the_asyncio_way_loses_nothing_either() -> None:
    async def main() -> None:
        script, tell = once_told(*numbered(1))
        async with connected_asyncio(script) as connection:
            await connection.recv()
            for _ in range(3):
                task = asyncio.create_task(connection.recv())
                await asyncio.sleep(0)
                await asyncio.sleep(0)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(connection.recv(), 0.01)
            tell()
            assert (await connection.recv())["number"] == 1

    asyncio.run(main())


@asynccontextmanager
async def connected_asyncio(script: Script) -> AsyncIterator[voicelive.aio.VoiceLiveConnection]:
    with Server(script) as server:
        async with voicelive.aio.connect(endpoint=server.endpoint, credential="k", model="m") as connection:
            yield connection


def test_blocking_recv_timed_out_at_any_moment_loses_nothing() -> None:
    count = 200

    async def script(peer: Peer) -> None:
        await peer.send(CREATED)
        for number in range(count):
            await peer.send(*numbered(number))
            await asyncio.sleep(random.random() * 0.002)
        await peer.listen()

    with (
        Server(script) as server,
        voicelive.connect(endpoint=server.endpoint, credential="k", model="m") as connection,
    ):
        connection.recv()
        seen: list[int] = []
        late = 0
        while len(seen) < count:
            try:
                event: Any = connection.recv(timeout=random.random() * 0.002)
                seen.append(event["number"])
            except ReceiveTimeoutError:
                late += 1
        assert seen == list(range(count))
        assert late > 10


# The end


async def collect(connection: Any) -> list[str]:
    return [event.type async for event in connection]


async def test_iteration_ends_with_a_normal_close(style: Style) -> None:
    async with connected(style, saying(*numbered(1), close=1000, reason="done")) as connection:
        assert await collect(connection) == ["session.created", "numbered"]
        assert (connection.close_code, connection.close_reason) == (1000, "done")
        # It has ended for recv too, which has no other way to say so.
        with pytest.raises(ConnectionClosed) as caught:
            await connection.recv()
        assert (caught.value.code, caught.value.reason, caught.value.initiated_by) == (1000, "done", "server")
        assert await collect(connection) == []


@pytest.mark.parametrize("code", [1001, 1008, 1011, 1012, 3000, 4999])
async def test_iteration_raises_after_any_other_close(style: Style, code: int) -> None:
    async with connected(style, saying(*numbered(1), close=code, reason="session_expired")) as connection:
        assert [(await connection.recv()).type for _ in range(2)] == ["session.created", "numbered"]
        with pytest.raises(ConnectionClosed) as caught:
            await collect(connection)
        error = caught.value
        assert (error.code, error.reason, error.initiated_by) == (code, "session_expired", "server")
        assert (connection.close_code, connection.close_reason) == (code, "session_expired")


async def test_a_close_without_code_is_not_normal(style: Style) -> None:
    async def script(peer: Peer) -> None:
        await peer.send(CREATED)
        peer.connection.transport.write(b"\x88\x00")
        await peer.listen()

    async with connected(style, script) as connection:
        with pytest.raises(ConnectionClosed) as caught:
            await collect(connection)
        assert caught.value.code == 1005


async def test_a_broken_connection_is_not_a_normal_end(style: Style) -> None:
    async def script(peer: Peer) -> None:
        await peer.send(CREATED)
        peer.drop()

    with Server(script) as server:
        # The break may come before or after the first event was read.
        with pytest.raises(ConnectionClosed) as caught:
            async with style.connect(endpoint=server.endpoint, credential="k", model="m") as connection:
                await collect(connection)
        assert (caught.value.code, caught.value.initiated_by) == (1006, "network")


async def test_a_frame_that_is_too_long_is_named(style: Style) -> None:
    async with connected(style, saying("x" * 2000), max_msg_size=1000) as connection:
        with pytest.raises(ConnectionClosed, match="max_msg_size") as caught:
            await collect(connection)
        assert caught.value.code == 1009


async def test_our_own_close_ends_iteration_and_wakes_recv(style: Style) -> None:
    async def read(connection: Any, outcome: list[Any], reading: Any) -> None:
        async for _ in connection:
            reading.set()
        outcome.append("ended")

    async def wait(connection: Any, outcome: list[Any], reading: Any) -> None:
        await connection.recv()
        reading.set()
        try:
            await connection.recv()
        except ConnectionClosed as error:
            outcome.append((error.code, error.reason, error.initiated_by))

    for body, expected in ((read, "ended"), (wait, (3000, "bye", "client"))):
        async with connected(style) as connection:
            outcome: list[Any] = []
            reading = style.event()
            async with style.background() as start:
                start(body, connection, outcome, reading)
                await reading.wait()
                await connection.close(3000, "bye")
            assert outcome == [expected]
            assert (connection.close_code, connection.close_reason) == (3000, "bye")


async def test_closing_inside_the_loop_ends_it(style: Style) -> None:
    async with connected(style, saying(*numbered(*range(100)))) as connection:
        async for event in connection:
            if event.type == "numbered":
                await connection.close()
        assert connection.close_code == 1000


async def test_closing_again_does_nothing(style: Style) -> None:
    async with connected(style) as connection:
        await connection.close(3000, "first")
        await connection.close(3001, "second")
        assert (connection.close_code, connection.close_reason) == (3000, "first")


@pytest.mark.parametrize(
    ("arguments", "error"),
    [((1005,), ValueError), ((999,), ValueError), (("1000",), TypeError), ((1000, "x" * 124), ValueError)],
)
async def test_a_bad_close_is_refused_and_changes_nothing(
    style: Style, arguments: tuple[Any, ...], error: type[Exception]
) -> None:
    async with connected(style) as connection:
        with pytest.raises(error):
            await connection.close(*arguments)
        assert (await connection.recv()).type == "session.created"
        await connection.response.cancel()


# One reader


async def test_a_second_reader_is_refused_at_once(style: Style) -> None:
    async def read(connection: Any, reading: Any, seen: list[Any]) -> None:
        async for event in connection:
            seen.append(event.type)
            reading.set()

    async with connected(style) as connection:
        seen: list[Any] = []
        reading = style.event()
        async with style.background() as start:
            start(read, connection, reading, seen)
            await reading.wait()
            with pytest.raises(ConcurrentReadError, match="another task or thread is reading"):
                await connection.recv()
            with pytest.raises(ConcurrentReadError):
                await connection.recv_bytes(timeout=1)
            with pytest.raises(ConcurrentReadError):
                await collect(connection)
            # Sending is anybody's right all the while.
            await connection.response.cancel()
            await connection.close()
        assert seen == ["session.created"]


async def test_a_single_recv_is_a_reader_too(style: Style) -> None:
    async def read(connection: Any, seen: list[Any]) -> None:
        while not seen:
            # The other one may be first, in which case this is the second reader.
            with contextlib.suppress(ConcurrentReadError):
                seen.append((await connection.recv())["number"])
            await style.checkpoint()

    async def refused(connection: Any) -> bool:
        await style.checkpoint()
        try:
            await connection.recv(timeout=0.001)
        except ReceiveTimeoutError:
            return False
        except ConcurrentReadError:
            return True
        raise AssertionError("there was nothing to receive")

    script, tell = once_told(*numbered(1))
    async with connected(style, script) as connection:
        await connection.recv()
        seen: list[Any] = []
        async with style.background() as start:
            start(read, connection, seen)
            assert any([await refused(connection) for _ in range(100)])
            tell()
        assert seen == [1]


async def test_the_right_to_read_goes_to_the_next_when_the_loop_is_left(style: Style) -> None:
    async def take(connection: Any, seen: list[Any]) -> None:
        async for event in connection:
            seen.append(event.type)
            break

    async def fail(connection: Any, seen: list[Any]) -> None:
        with pytest.raises(LookupError):
            async for event in connection:
                seen.append(event.type)
                raise LookupError

    async with connected(style, saying(*numbered(*range(4)))) as connection:
        seen: list[Any] = []
        for body in (take, fail, take):
            async with style.background() as start:
                start(body, connection, seen)
        seen.append((await connection.recv()).type)
        assert seen == ["session.created"] + ["numbered"] * 3


async def test_a_loop_that_pauses_keeps_its_right_to_read(style: Style) -> None:
    """Between two events too, or a second reader would take some of what the loop is waiting for."""

    async def read(connection: Any, inside: Any, leave: Any) -> None:
        async for _ in connection:
            inside.set()
            await leave.wait()
            break

    async with connected(style, saying(*numbered(1))) as connection:
        inside, leave = style.event(), style.event()
        async with style.background() as start:
            start(read, connection, inside, leave)
            await inside.wait()
            with pytest.raises(ConcurrentReadError):
                await connection.recv()
            leave.set()
        assert (await connection.recv())["number"] == 1


@pytest.mark.parametrize("style", ["asyncio", "trio"], indirect=True)
async def test_a_task_started_inside_a_loop_may_read_while_the_loop_waits_for_it(style: Style) -> None:
    """As asyncio.wait_for does on Python 3.11, and with it programs that wait for an answer inside their loop."""

    async def answer(connection: Any, seen: list[Any]) -> None:
        seen.append((await connection.recv())["number"])

    async with connected(style, saying(*numbered(*range(3)))) as connection:
        seen: list[Any] = []
        async for event in connection:
            if event.type != "session.created":
                seen.append(event["number"])
            async with style.background() as start:
                start(answer, connection, seen)
            if len(seen) == 3:
                break
        assert seen == [0, 1, 2]


async def test_an_iterator_kept_by_hand_may_change_hands_but_not_be_shared(style: Style) -> None:
    async def step(iterator: Any, seen: list[Any]) -> None:
        seen.append((await iterator.__anext__()).type)

    async with connected(style, saying(*numbered(1, 2))) as connection:
        iterator = connection.__aiter__()
        seen: list[Any] = []
        for _ in range(2):
            async with style.background() as start:
                start(step, iterator, seen)
        await step(iterator, seen)
        assert seen == ["session.created", "numbered", "numbered"]


def test_one_thread_appends_one_iterates_one_closes() -> None:
    async def script(peer: Peer) -> None:
        await peer.send(CREATED)
        for number in range(50):
            await peer.recv()
            await peer.send(*numbered(number))
        await peer.listen()

    with (
        Server(script) as server,
        voicelive.connect(endpoint=server.endpoint, credential="k", model="m") as connection,
    ):
        seen: list[Any] = []
        unsent: list[Any] = []
        fifty = threading.Event()

        def read() -> None:
            for event in connection:
                seen.append(event.type)
                if len(seen) == 51:
                    fifty.set()

        def append() -> None:
            try:
                while True:
                    connection.input_audio_buffer.append(audio=b"\0" * 4800)
            except ConnectionClosed as error:
                unsent.append(error.unsent)

        threads = [threading.Thread(target=body) for body in (read, append)]
        for thread in threads:
            thread.start()
        assert fifty.wait(20)
        connection.close()
        for thread in threads:
            thread.join(20)
            assert not thread.is_alive()
        assert len(seen) == 51
        assert unsent == ["input_audio_buffer.append"]
