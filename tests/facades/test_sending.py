"""Sending without waiting, sending with a bound, and what a slow network does to both."""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
import trio
import trustme

import voicelive.aio
from voicelive.exceptions import ConnectionClosed, SendQueueFullError, SendTimeoutError
from voicelive.models import AudioDropped
from voicelive.protocol.policy import ReconnectPolicy

from .server import CREATED, Peer, Script, Server, live, saying
from .styles import HANG_GUARD, Style

PIECE = 48_000
"""Bytes of audio to fill the network with; large, so that it is full soon."""
LIMIT = 5 * 64_100
"""Room for five such pieces."""


class Valve:
    """A script that reads nothing until it is opened."""

    def __init__(self) -> None:
        self._open = threading.Event()
        self.open = self._open.set

    async def script(self, peer: Peer) -> None:
        # What the library reads ahead must not pass for a network that is fast.
        peer.connection.transport.pause_reading()
        await peer.send(CREATED)
        await asyncio.get_running_loop().run_in_executor(None, self._open.wait, HANG_GUARD)
        peer.connection.transport.resume_reading()
        await peer.listen()


@asynccontextmanager
async def connected(style: Style, script: Script = live, **options: Any) -> AsyncIterator[tuple[Any, Server]]:
    with Server(script, receive_buffer=32_768) as server:
        arguments = {"credential": "k", "model": "m", "connection_options": {"max_queued_bytes": LIMIT, **options}}
        async with style.connect(endpoint=server.endpoint, **arguments) as connection:
            await connection.recv()
            yield connection, server


def piece(number: int) -> bytes:
    return number.to_bytes(4, "big") * (PIECE // 4)


def heard(server: Server) -> list[int]:
    """Return the numbers of the pieces that the server got."""
    audio = [frame["audio"] for frame in server.frames if frame["type"] == "input_audio_buffer.append"]
    return [int.from_bytes(base64.b64decode(text)[:4], "big") for text in audio]


async def fill(style: Style, connection: Any, *, until: Callable[[], bool]) -> int:
    """Append pieces until that is so; return how many."""
    count = 0
    while not until():
        connection.input_audio_buffer.append_nowait(piece(count))
        count += 1
        await style.checkpoint()
    return count


# On a good network


async def test_what_is_appended_in_any_thread_is_sent_in_its_order(style: Style) -> None:
    def append(start: int) -> None:
        for number in range(start, start + 50):
            connection.input_audio_buffer.append_nowait(number.to_bytes(4, "big"))

    async with connected(style) as (connection, server):
        threads = [threading.Thread(target=append, args=(start,)) for start in (0, 1000, 2000)]
        for thread in threads:
            thread.start()
        for number in range(3000, 3050):
            connection.input_audio_buffer.append_nowait(number.to_bytes(4, "big"))
            await connection.input_audio_buffer.append(audio=(number + 1000).to_bytes(4, "big"))
        for thread in threads:
            await style.wait_for(thread.join)
        connection.send_nowait({"type": "response.cancel"})
        await connection.response.create()
    numbers = heard(server)
    own = [3000 + number // 2 + 1000 * (number % 2) for number in range(100)]
    assert len(numbers) == 250
    assert [number for number in numbers if number >= 3000] == own
    for start in (0, 1000, 2000):
        assert [number for number in numbers if start <= number < start + 1000] == list(range(start, start + 50))
    assert [frame["type"] for frame in server.frames[-2:]] == ["response.cancel", "response.create"]
    assert connection.dropped_audio_bytes == 0


async def test_audio_is_taken_as_append_takes_it(style: Style) -> None:
    async with connected(style) as (connection, server):
        append = connection.input_audio_buffer.append_nowait
        for audio in (b"abcd", bytearray(b"abcd"), memoryview(b"abcd"), "YWJjZA==", b""):
            append(audio)
        append(audio=b"abcd", event_id="mine")
        for bad, kind in ((3, TypeError), ("no base64", ValueError), (bytes(LIMIT), ValueError)):
            with pytest.raises(kind):
                append(bad)
        with pytest.raises(ValueError, match="type"):
            connection.send_nowait({"no": "type"})
        with pytest.raises(TypeError):
            connection.send_bytes_nowait(b"{}", droppable="much")
        with pytest.raises(ValueError, match="droppable"):
            connection.send_bytes_nowait(b"{}", droppable=-1)
    assert [frame["audio"] for frame in server.frames] == ["YWJjZA=="] * 4 + ["", "YWJjZA=="]
    assert server.frames[-1]["event_id"] == "mine"


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({"send_timeout": 0}, ValueError),
        ({"send_timeout": "1"}, TypeError),
        ({"max_queued_bytes": 0}, ValueError),
        ({"max_queued_bytes": None}, TypeError),
    ],
)
def test_bad_options_are_refused(options: Any, kind: type[Exception]) -> None:
    with pytest.raises(kind, match=next(iter(options))):
        voicelive.connect(endpoint="https://example.com", model="m", credential="k", connection_options=options)


async def test_with_a_bound_everything_is_sent_as_without(style: Style) -> None:
    async with connected(style, send_timeout=HANG_GUARD) as (connection, server):
        for number in range(20):
            await connection.input_audio_buffer.append(audio=piece(number))
    assert heard(server) == list(range(20))


# On a slow one


async def test_the_oldest_audio_gives_way_and_the_reader_is_told(style: Style) -> None:
    valve = Valve()
    told: list[AudioDropped] = []

    async def read() -> None:
        async for event in connection:
            if isinstance(event, AudioDropped):
                told.append(event)
                reported.set()

    async with connected(style, valve.script) as (connection, server):
        reported = style.event()
        async with style.background() as start:
            start(read)
            count = await fill(style, connection, until=lambda: connection.dropped_audio_bytes >= 3 * PIECE)
            # The service says nothing: the reader waits, and is told all the same.
            await reported.wait()
            with pytest.raises(SendQueueFullError) as caught:
                connection.send_nowait({"type": "conversation.item.delete", "item_id": "i" * LIMIT, "event_id": "e"})
            assert (caught.value.type, caught.value.event_id) == ("conversation.item.delete", "e")
            assert caught.value.limit == LIMIT >= caught.value.queued
            valve.open()
            # Ordinary events wait until it is their turn.
            await connection.response.cancel()
            await connection.close()
    dropped = connection.dropped_audio_bytes // PIECE
    numbers = heard(server)
    assert numbers == sorted(set(numbers))
    assert len(numbers) == count - dropped
    # The newest is there.
    assert numbers[-4:] == list(range(count - 4, count))
    assert server.frames[-1]["type"] == "response.cancel"
    assert sum(event.size for event in told) == connection.dropped_audio_bytes
    assert sum(event.count for event in told) == dropped


async def test_drops_that_nobody_reads_are_one_event(style: Style, caplog: pytest.LogCaptureFixture) -> None:
    valve = Valve()
    async with connected(style, valve.script) as (connection, _):
        await fill(style, connection, until=lambda: connection.dropped_audio_bytes >= 20 * PIECE)
        event = await connection.recv()
        assert isinstance(event, AudioDropped)
        assert (event.count, event.size) == (event.size // PIECE, connection.dropped_audio_bytes)
        valve.open()
    warnings = [record.getMessage() for record in caplog.records if "dropping" in record.getMessage()]
    # Once for each time that it was too slow, whatever was dropped then.
    assert 1 <= len(warnings) < event.count


async def test_events_are_never_dropped(style: Style) -> None:
    valve = Valve()
    async with connected(style, valve.script) as (connection, server):
        await fill(style, connection, until=lambda: connection.queued_bytes > 100_000)
        sent = 0
        while True:
            try:
                connection.send_nowait({"type": "response.cancel", "event_id": f"event_{sent}"})
            except SendQueueFullError:
                break
            sent += 1
            if sent % 100 == 0:
                await style.checkpoint()
        for number in range(20):
            connection.input_audio_buffer.append_nowait(piece(number))
        assert connection.dropped_audio_bytes > 0
        valve.open()
    ids = [frame["event_id"] for frame in server.frames if frame["type"] == "response.cancel"]
    assert ids == [f"event_{number}" for number in range(sent)]
    assert sent > 100


async def test_what_waits_goes_out_without_another_call(style: Style) -> None:
    valve = Valve()
    async with connected(style, valve.script, max_queued_bytes=20_000_000) as (connection, server):
        count = await fill(style, connection, until=lambda: connection.queued_bytes > 10_000_000)
        valve.open()
        deadline = time.monotonic() + HANG_GUARD
        while connection.queued_bytes and time.monotonic() < deadline:
            await style.checkpoint()
        assert connection.queued_bytes == 0
    assert heard(server) == list(range(count))


async def test_a_program_that_does_something_else_for_long_is_no_harm(style: Style) -> None:
    def append() -> None:
        for number in range(1000):
            connection.input_audio_buffer.append_nowait(number.to_bytes(4, "big") * 100)

    async with connected(style, max_queued_bytes=60_000) as (connection, server):
        thread = threading.Thread(target=append)
        thread.start()
        # The event loop stands still meanwhile.
        thread.join()
        assert connection.queued_bytes <= 60_000
        await connection.input_audio_buffer.append(audio=(1000).to_bytes(4, "big"))
    numbers = heard(server)
    assert numbers == sorted(set(numbers))
    assert numbers[-2:] == [999, 1000]
    assert len(numbers) == 1001 - connection.dropped_audio_bytes // 400


async def test_a_send_that_is_cancelled_is_whole_or_nothing(style: Style) -> None:
    if style.name == "blocking":
        return
    valve = Valve()
    async with connected(style, valve.script, send_timeout=HANG_GUARD, close_timeout=HANG_GUARD) as (
        connection,
        server,
    ):
        sent = 0
        with anyio.move_on_after(0.3):
            while True:
                await connection.input_audio_buffer.append(audio=piece(sent))
                sent += 1
        with anyio.move_on_after(0.01):
            await connection.response.cancel()
        valve.open()
        await connection.response.create()
    assert heard(server) in (list(range(sent)), list(range(sent + 1)))
    assert [frame["type"] for frame in server.frames[-2:]] == ["input_audio_buffer.append", "response.create"]


async def fill_up(connection: Any) -> tuple[list[int], list[SendTimeoutError]]:
    """Append until one is not even begun; return which were taken, and the errors on the way, that one last."""
    taken, errors = list[int](), list[SendTimeoutError]()
    for number in range(10_000):
        try:
            await connection.input_audio_buffer.append(audio=piece(number), event_id=f"event_{number}")
        except SendTimeoutError as error:
            errors.append(error)
            assert error.event_id == f"event_{number}"
            if not error.pending:
                return taken, errors
        taken.append(number)
    raise AssertionError("the network takes everything")


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])
async def test_a_send_that_takes_too_long_says_so_and_no_frame_is_cut(style: Style, secure: bool) -> None:
    authority = trustme.CA()
    serving, trusting = ssl_contexts(authority)
    valve = Valve()
    context = serving if secure else None
    with Server(valve.script, ssl_context=context, receive_buffer=32_768) as server:
        options = {"send_timeout": 0.05, "max_queued_bytes": LIMIT}
        async with style.connect(
            endpoint=server.endpoint, credential="k", model="m", connection_options=options, ssl_context=trusting
        ) as connection:
            taken, errors = await fill_up(connection)
            for error in errors:
                assert isinstance(error, TimeoutError)
                assert (error.type, error.timeout) == ("input_audio_buffer.append", 0.05)
            # Whatever is begun is completed; what comes then does not even begin.
            assert [error.pending for error in errors] == [True] * (len(errors) - 1) + [False]
            assert len(errors) > 1
            assert "do not send it again" in str(errors[0])
            assert "nothing of it" in str(errors[-1])
            assert connection.close_code is None
            assert connection.queued_bytes < 400_000
            valve.open()
            while True:
                try:
                    await connection.response.create(event_id="then")
                    break
                except SendTimeoutError as again:
                    if again.pending:
                        break
    assert heard(server) == taken
    assert [frame.get("event_id") for frame in server.frames[-2:]] == [f"event_{taken[-1]}", "then"]


def ssl_contexts(authority: trustme.CA) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    serving, trusting = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context()
    authority.issue_cert("localhost").configure_cert(serving)
    authority.configure_trust(trusting)
    return serving, trusting


# The end


async def test_close_sends_what_is_queued(style: Style) -> None:
    valve = Valve()
    async with connected(style, valve.script, max_queued_bytes=20_000_000, close_timeout=HANG_GUARD) as (
        connection,
        server,
    ):
        count = await fill(style, connection, until=lambda: connection.queued_bytes > 10_000_000)
        valve.open()
    assert heard(server) == list(range(count))
    assert connection.close_code == 1000
    assert connection.queued_bytes == 0


async def test_close_tells_what_was_not_sent(style: Style, caplog: pytest.LogCaptureFixture) -> None:
    valve = Valve()
    async with connected(style, valve.script, close_timeout=0.1) as (connection, _):
        await fill(style, connection, until=lambda: connection.dropped_audio_bytes > 0)
        connection.send_nowait({"type": "response.cancel", "event_id": "a secret"})
        began = time.monotonic()
        await connection.close()
        assert time.monotonic() - began < 5
        valve.open()
        with pytest.raises(ConnectionClosed) as caught:
            connection.input_audio_buffer.append_nowait(b"")
        assert caught.value.unsent == "input_audio_buffer.append"
    text = caplog.text
    assert "bytes are given up" in text
    assert "events were not sent before the connection ended" in text
    assert "secret" not in text
    assert connection.queued_bytes == 0


async def test_an_error_is_raised_by_the_next_append_and_seen_by_readers(style: Style) -> None:
    async def script(peer: Peer) -> None:
        await peer.send(CREATED)
        await peer.recv()
        peer.drop()

    async with connected(style, script) as (connection, _):
        caught: list[ConnectionClosed] = []

        def append() -> None:
            deadline = time.monotonic() + HANG_GUARD
            while time.monotonic() < deadline:
                try:
                    connection.input_audio_buffer.append_nowait(b"abcd", event_id="mine")
                except ConnectionClosed as error:
                    caught.append(error)
                    if len(caught) == 2:
                        return

        thread = threading.Thread(target=append)
        thread.start()
        with pytest.raises(ConnectionClosed) as seen:
            while True:
                # It appends faster than the network takes.
                assert isinstance(await connection.recv(), AudioDropped)
        await style.wait_for(thread.join)
        assert seen.value.code == 1006
        assert [(error.code, error.unsent, error.unsent_event_id) for error in caught] == [
            (1006, "input_audio_buffer.append", "mine")
        ] * 2
        with pytest.raises(ConnectionClosed):
            connection.send_nowait({"type": "response.cancel"})


async def test_nothing_is_left_behind(style: Style) -> None:
    before = _others(style)
    valve = Valve()
    async with connected(style, valve.script, close_timeout=0.1) as (connection, server):
        during = _others(style)
        connection.input_audio_buffer.append_nowait(b"abcd")
        await fill(style, connection, until=lambda: connection.dropped_audio_bytes > 0)
        await connection.close()
        valve.open()
    await style.wait_for(server.wait_for_quiet)
    deadline = time.monotonic() + HANG_GUARD
    while _others(style) > before and time.monotonic() < deadline:
        await style.checkpoint()
    assert _others(style) <= before
    # The server's thread with its executor, and what every connection has: a thread per process, a system task on trio.
    assert during - before <= 4


def _others(style: Style) -> int:
    """Count what runs besides this test: threads, and tasks."""
    threads = sum(not thread.name.startswith(("asyncio_", "Trio thread", "AnyIO")) for thread in threading.enumerate())
    if style.name == "asyncio":
        return threads + len(asyncio.all_tasks())
    if style.name == "trio":
        return threads + trio.lowlevel.current_statistics().tasks_living
    return threads


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_without_its_event_loop_a_connection_says_so(backend: str) -> None:
    async def connect() -> Any:
        connection = await voicelive.aio.connect(endpoint=server.endpoint, credential="k", model="m").enter()
        await connection.recv()
        return connection

    with Server() as server:
        if backend == "asyncio":
            loop = asyncio.new_event_loop()
            connection = loop.run_until_complete(connect())
            connection._transport.abort()  # Or else its socket would be left open.
            loop.run_until_complete(asyncio.sleep(0))
            loop.close()
        else:
            connection = trio.run(connect)
        with pytest.raises(ConnectionClosed, match=r"append.* was not sent"):
            connection.input_audio_buffer.append_nowait(b"abcd")


# Where the connection is made anew


async def test_while_there_is_no_connection_audio_is_kept_for_the_next(style: Style) -> None:
    appended = threading.Event()

    async def script(peer: Peer) -> None:
        session = {"id": f"s{len(server.peers)}", "turn_detection": None}
        if peer is not server.peers[0]:
            # Not before something was appended in between.
            await asyncio.get_running_loop().run_in_executor(None, appended.wait, HANG_GUARD)
        await peer.send({"type": "session.created", "session": session})
        if peer is server.peers[0]:
            await peer.recv()
            peer.drop()
        await peer.listen()

    with Server(script) as server:
        policy = ReconnectPolicy(delay=0.01)
        arguments = {"credential": "k", "model": "m", "reconnect": policy}
        async with style.connect(endpoint=server.endpoint, **arguments) as connection:
            await connection.recv()
            connection.input_audio_buffer.append_nowait(piece(0))
            assert (await connection.recv()).type == "reconnecting"

            def append() -> None:
                for number in range(1, 6):
                    connection.input_audio_buffer.append_nowait(piece(number))
                connection.send_nowait({"type": "input_audio_buffer.commit"})
                appended.set()

            thread = threading.Thread(target=append)
            thread.start()
            assert (await connection.recv()).type == "reconnected"
            await style.wait_for(thread.join)
            connection.input_audio_buffer.append_nowait(piece(6))
            assert connection.dropped_audio_bytes == 0
    server.wait_for_quiet()
    second = server.peers[1].frames
    assert [frame["type"].rpartition(".")[2] for frame in second] == ["append"] * 6 + ["commit", "append"]
    numbers = [int.from_bytes(base64.b64decode(frame["audio"])[:4], "big") for frame in second if "audio" in frame]
    assert numbers == list(range(7))


async def test_an_event_too_many_for_the_next_connection_waits_for_it(style: Style) -> None:
    appended = threading.Event()

    async def script(peer: Peer) -> None:
        if peer is not server.peers[0]:
            await asyncio.get_running_loop().run_in_executor(None, appended.wait, HANG_GUARD)
        await peer.send(CREATED)
        if peer is server.peers[0]:
            await peer.recv()
            peer.drop()
        await peer.listen()

    with Server(script) as server:
        arguments = {"credential": "k", "model": "m", "reconnect": ReconnectPolicy(delay=0.01, max_queued=300)}
        async with style.connect(endpoint=server.endpoint, **arguments) as connection:
            await connection.recv()
            await connection.response.cancel()
            assert (await connection.recv()).type == "reconnecting"
            for number in range(10):
                connection.send_nowait({"type": "response.create", "event_id": f"event_{number}"})
            assert connection.queued_bytes > 0
            with pytest.raises(SendQueueFullError) as caught:
                await connection.response.create(event_id="too many")
            assert (caught.value.type, caught.value.event_id) == ("response.create", "too many")
            appended.set()
            assert (await connection.recv()).type == "reconnected"
    server.wait_for_quiet()
    ids = [frame["event_id"] for frame in server.peers[1].frames]
    assert ids == [f"event_{number}" for number in range(10)]


async def test_frames_sent_without_waiting_may_be_anything(style: Style) -> None:
    async with connected(style) as (connection, server):
        connection.send_bytes_nowait(json.dumps({"type": "odd", "number": 1}))
        connection.send_bytes_nowait(b'{"type":"odd","number":2}', droppable=3)
        with pytest.raises(TypeError):
            connection.send_bytes_nowait(3)
    assert [frame["number"] for frame in server.frames] == [1, 2]


async def test_handlers_are_told_of_drops(style: Style) -> None:
    valve = Valve()
    async with connected(style, valve.script) as (connection, _):
        told = style.event()
        connection.on("audio_dropped", lambda event: told.set())
        async with style.background() as start:

            async def run() -> None:
                await connection.run()

            start(run)
            await fill(style, connection, until=lambda: connection.dropped_audio_bytes > 0)
            await told.wait()
            valve.open()
            await connection.close()


async def test_closing_says_how_it_ended_to_what_comes_later(style: Style) -> None:
    async with connected(style, saying()) as (connection, _):
        await connection.close(3000, "enough")
        with pytest.raises(ConnectionClosed) as caught:
            connection.send_nowait({"type": "response.cancel", "event_id": "late"})
        assert (caught.value.code, caught.value.unsent_event_id) == (3000, "late")
