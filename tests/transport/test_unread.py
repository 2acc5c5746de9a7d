"""Connections that nobody reads, or whose reader is called away."""

from __future__ import annotations

import contextlib
import gc
import select
import threading
import warnings
import weakref
from collections.abc import Iterator

import anyio
import pytest

from voicelive.exceptions import ConnectionClosed
from voicelive.transport import Nudged

from .conftest import Authority, Rig
from .harness import HARNESSES, Connection, Harness
from .server import CLOSE, PING, PONG, TEXT, Peer, Server, frame

BIG = 16 * 1024 * 1024
NEVER = 60.0
"""A close_timeout that no test waits out: what depends on it fails."""


@pytest.fixture
def trio_rig(authority: Authority, secure: bool) -> Rig:
    return Rig(HARNESSES["trio"], authority, secure)


# Nobody reads


def test_close_of_the_server_is_answered_while_nobody_receives(rig: Rig) -> None:
    def script(peer: Peer) -> None:
        peer.accept()
        peer.close_frame(1001, "bye")
        assert peer.read_close() == (1001, "bye")

    with rig.serve(script) as server:

        async def body(harness: Harness) -> None:
            connection = await rig.connect(server, close_timeout=NEVER)
            await harness.wait(server.done)
            assert connection.closed is not None
            assert (connection.closed.code, connection.closed.initiated_by) == (1001, "server")
            await connection.close()

        rig.harness.run(body)


def test_end_of_the_connection_is_bounded_while_nobody_receives(rig: Rig) -> None:
    """The server closes, and never ends the TCP connection."""

    def script(peer: Peer) -> None:
        peer.accept()
        peer.close_frame(1000)
        assert peer.read_close()[0] == 1000
        peer.read_eof()

    with rig.serve(script) as server:

        async def body(harness: Harness) -> None:
            connection = await rig.connect(server, close_timeout=0.1)
            await harness.wait(server.done)
            await connection.close()

        rig.harness.run(body)


def test_many_connections_at_once_that_nobody_receives_from(rig: Rig) -> None:
    count = 20
    answered = [threading.Event() for _ in range(count)]
    waiting = iter(answered)

    def script(peer: Peer) -> None:
        mine = next(waiting)
        peer.accept()
        peer.write(frame(PING, b"idle?"))
        assert peer.read_frame() == (PONG, b"idle?")
        mine.set()
        peer.finish()

    with rig.serve(script) as server:

        async def body(harness: Harness) -> None:
            connections = [await rig.connect(server, close_timeout=NEVER) for _ in answered]
            for event in answered:
                await harness.wait(event)
            await harness.together(*(connection.close for connection in connections))

        rig.harness.run(body)


def test_heartbeats_go_on_while_nobody_receives(rig: Rig) -> None:
    enough = threading.Event()

    def script(peer: Peer) -> None:
        peer.accept()
        pings = 0
        while (received := peer.read_frame())[0] != CLOSE:
            assert received[0] == PING
            peer.write(frame(PONG, received[1]))
            pings += 1
            if pings == 3:
                enough.set()
        peer.write(frame(*received))

    async def talk(harness: Harness, connection: Connection) -> None:
        await harness.wait(enough)
        assert connection.latency is not None
        await connection.close()

    rig.play(script, talk, heartbeat=0.05, close_timeout=NEVER)


# The reader is called away


def test_nudged_receive_loses_nothing(rig: Rig) -> None:
    waiting = threading.Event()

    def script(peer: Peer) -> None:
        peer.accept(frame(TEXT, b"one"))
        assert peer.read_frame() == (TEXT, b"go on")
        peer.text(b"two")
        peer.finish()

    async def talk(harness: Harness, connection: Connection) -> None:
        async def receive() -> None:
            assert await connection.receive() == b"one"
            waiting.set()
            with pytest.raises(Nudged):
                await connection.receive()

        async def nudge() -> None:
            await harness.wait(waiting)
            connection.transport.nudge()

        await harness.together(receive, nudge)
        await connection.send(b"go on")
        assert await connection.receive() == b"two"
        await connection.close()

    rig.play(script, talk, close_timeout=NEVER)


def test_nudge_leaves_a_send_alone_that_waits(rig: Rig) -> None:
    message = b"x" * BIG
    waiting, nudged = threading.Event(), threading.Event()

    def script(peer: Peer) -> None:
        peer.accept(frame(TEXT, b"one"))
        assert nudged.wait(20)
        assert peer.read_frame() == (TEXT, message)
        peer.finish()

    async def talk(harness: Harness, connection: Connection) -> None:
        async def send() -> None:
            await connection.send(message)

        async def receive() -> None:
            assert await connection.receive() == b"one"
            waiting.set()
            with pytest.raises(Nudged):
                await connection.receive()
            nudged.set()

        async def nudge() -> None:
            await harness.wait(waiting)
            connection.transport.nudge()

        await harness.together(send, receive, nudge)
        await connection.close()

    rig.play(script, talk, receive_buffer=65536, close_timeout=NEVER)


def test_close_goes_on_when_the_task_that_read_is_cancelled(async_rig: Rig) -> None:
    closing, cancelled = threading.Event(), threading.Event()

    def script(peer: Peer) -> None:
        peer.accept()
        code, _ = peer.read_close()
        closing.set()
        assert cancelled.wait(20)
        peer.close_frame(code)

    async def talk(harness: Harness, connection: Connection) -> None:
        async with anyio.create_task_group() as tasks, anyio.create_task_group() as readers:
            readers.start_soon(connection.receive)
            tasks.start_soon(connection.close)
            await harness.wait(closing)
            readers.cancel_scope.cancel()
            cancelled.set()
        assert connection.closed is not None
        assert (connection.closed.code, connection.closed.initiated_by) == (1000, "client")

    async_rig.play(script, talk, close_timeout=NEVER)


def test_receive_during_close_gets_what_comes_before_the_end(rig: Rig) -> None:
    """Whichever of the two reads."""
    closing = threading.Event()

    def script(peer: Peer) -> None:
        peer.accept()
        peer.read_close()
        closing.set()
        peer.close_frame(1000)

    async def talk(harness: Harness, connection: Connection) -> None:
        async def receive() -> None:
            await harness.wait(closing)
            with pytest.raises(ConnectionClosed) as caught:
                await connection.receive()
            assert caught.value.code == 1000

        await harness.together(connection.close, receive, connection.close)

    rig.play(script, talk, close_timeout=NEVER)


def test_close_of_the_server_is_answered_behind_a_send_that_waited(rig: Rig) -> None:
    """Whatever happens to those that would have come after it."""
    stuck, queued, closed = threading.Event(), threading.Event(), threading.Event()

    def script(peer: Peer) -> None:
        peer.accept()
        select.select([peer.sock], [], [])
        stuck.set()
        assert queued.wait(20)
        peer.close_frame(1001, "bye")
        assert closed.wait(20)
        assert peer.read_close() == (1001, "bye")

    async def talk(harness: Harness, connection: Connection) -> None:
        async def send() -> None:
            with contextlib.suppress(ConnectionClosed):
                await connection.send(b"x" * BIG)

        async def send_more() -> None:
            await harness.wait(stuck)
            queued.set()
            with contextlib.suppress(ConnectionClosed):
                await connection.send(b"more")

        async def receive() -> None:
            with pytest.raises(ConnectionClosed):
                await connection.receive()
            closed.set()

        await harness.together(send, send_more, receive)
        await connection.close()

    rig.play(script, talk, receive_buffer=65536, close_timeout=NEVER)


# Left behind on trio, where a task looks after all connections of a run


@contextlib.contextmanager
def served_once_tended(rig: Rig) -> Iterator[tuple[Server, threading.Event]]:
    """A server, and the event that a ping was answered which nobody read: the task has had a look."""
    tended = threading.Event()

    def script(peer: Peer) -> None:
        peer.accept()
        peer.write(frame(PING, b"idle?"))
        assert peer.read_frame() == (PONG, b"idle?")
        tended.set()
        peer.read_eof()

    with rig.serve(script) as server:
        yield server, tended
        assert server.done.wait(20)


def test_connections_left_to_the_garbage_collector(trio_rig: Rig) -> None:
    """The task keeps none alive."""
    with served_once_tended(trio_rig) as (server, tended):

        async def body(harness: Harness) -> None:
            connection = await trio_rig.connect(server)
            reference = weakref.ref(connection.transport)
            await harness.wait(tended)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ResourceWarning)
                del connection
                gc.collect()
            assert reference() is None
            await harness.wait(server.done)

        trio_rig.harness.run(body)


def test_end_of_a_run_ends_its_connections(trio_rig: Rig) -> None:
    """Nobody closes them. Every run has a task of its own."""
    left: list[Connection] = []
    for _ in range(2):
        with served_once_tended(trio_rig) as (server, tended):

            async def body(harness: Harness, server: Server = server, tended: threading.Event = tended) -> None:
                left.append(await trio_rig.connect(server))
                await harness.wait(tended)

            trio_rig.harness.run(body)
    for connection in left:
        assert connection.closed is not None
        connection.abort()
