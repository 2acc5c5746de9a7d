"""What cancelling does to a connection on asyncio and trio."""

from __future__ import annotations

import threading

import anyio
import pytest

from voicelive.exceptions import ConnectionClosed

from .conftest import Rig
from .harness import Connection, Harness
from .server import TEXT, Peer, frame

BIG = 16 * 1024 * 1024


def test_send_cancelled_in_the_middle_of_a_frame_never_lets_another_follow_into_it(async_rig: Rig) -> None:
    read_on = threading.Event()
    trio = async_rig.harness.name == "trio"

    def script(peer: Peer) -> None:
        peer.accept()
        assert read_on.wait(20)
        if trio:
            # The connection ends inside the frame.
            with pytest.raises((EOFError, OSError)):
                peer.read_frame()
        else:
            assert peer.read_frame() == (TEXT, b"a" * BIG)
            assert peer.read_frame() == (TEXT, b"b")
            peer.finish()

    async def talk(harness: Harness, connection: Connection) -> None:
        with pytest.raises(TimeoutError):
            await connection.send(b"a" * BIG, 0.2)
        read_on.set()
        if trio:
            for _ in range(3):
                with pytest.raises(ConnectionClosed) as caught:
                    await connection.send(b"b")
                assert (caught.value.code, caught.value.initiated_by) == (1006, "client")
                assert "cancelled" in caught.value.reason
            with pytest.raises(ConnectionClosed):
                await connection.receive()
        else:
            await connection.send(b"b")
            await connection.close()

    async_rig.play(script, talk, receive_buffer=65536)


def test_send_cancelled_before_it_began_leaves_the_connection_alone(async_rig: Rig) -> None:
    def script(peer: Peer) -> None:
        peer.accept()
        assert peer.read_frame() == (TEXT, b"second")
        peer.finish()

    async def talk(harness: Harness, connection: Connection) -> None:
        if harness.name == "trio":
            with anyio.CancelScope() as scope:
                scope.cancel()
                await connection.send(b"first")
            assert scope.cancelled_caught
        await connection.send(b"second")
        await connection.close()

    async_rig.play(script, talk)


def test_cancelled_close_drops_the_connection(async_rig: Rig) -> None:
    closing = threading.Event()

    def script(peer: Peer) -> None:
        peer.accept()
        peer.read_close()
        closing.set()
        peer.read_eof()

    async def talk(harness: Harness, connection: Connection) -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(connection.close)
            await harness.wait(closing)
            tasks.cancel_scope.cancel()
        with pytest.raises(ConnectionClosed):
            await connection.receive()

    async_rig.play(script, talk, close_timeout=60.0)


def test_end_of_the_event_loop_with_an_open_connection_is_quiet(async_rig: Rig) -> None:
    def script(peer: Peer) -> None:
        peer.accept(frame(TEXT, b"hello"))
        peer.read_eof()

    with async_rig.serve(script) as server:

        async def body(harness: Harness) -> None:
            connection = await async_rig.connect(server, heartbeat=0.05)
            assert await connection.receive() == b"hello"
            connection.abort()

        async_rig.harness.run(body)
