"""Floods of small things stay within bounds in every driver, and what was sent arrives when the connection closes."""

from __future__ import annotations

import contextlib
import select
import threading

import pytest

from voicelive.exceptions import ConnectionClosed

from .conftest import Rig
from .harness import Connection, Harness
from .server import CLOSE, PING, TEXT, Peer, frame

NEVER = 60.0
"""A close_timeout that no test waits out."""


def test_a_server_that_pings_but_does_not_read_is_given_up(rig: Rig) -> None:
    """The answers would fill memory."""
    over = threading.Event()

    def script(peer: Peer) -> None:
        peer.accept()
        with contextlib.suppress(OSError):
            while not over.is_set():
                peer.write(frame(PING, b"p" * 125) * 100)

    async def talk(harness: Harness, connection: Connection) -> None:
        with pytest.raises(ConnectionClosed, match="does not read") as error:
            await connection.receive()
        over.set()
        assert error.value.initiated_by == "network"
        await connection.close()

    rig.play(script, talk, receive_buffer=65536, close_timeout=NEVER)


def test_pings_that_are_answered_may_come_without_end(rig: Rig) -> None:
    count = 30_000

    def script(peer: Peer) -> None:
        peer.accept()
        answers = 0
        for _ in range(count // 1000):
            peer.write(frame(PING, b"p" * 125) * 1000)
            while answers % 1000 or not answers:
                peer.read_frame()
                answers += 1
            answers = 0
        peer.text(b"enough")
        peer.finish()

    async def talk(harness: Harness, connection: Connection) -> None:
        assert await connection.receive() == b"enough"
        await connection.close()

    rig.play(script, talk, close_timeout=NEVER)


@pytest.mark.parametrize("message", [b"", b"{}"], ids=["empty", "tiny"])
def test_tiny_messages_that_nobody_takes_stop_the_reading(rig: Rig, message: bytes) -> None:
    """Each takes far more memory than it has bytes."""
    stalled = threading.Event()
    batch = frame(TEXT, message) * 10_000

    def script(peer: Peer) -> None:
        peer.accept()
        for _ in range(5_000):
            if not select.select([], [peer.sock], [], 0.5)[1]:
                break
            with contextlib.suppress(OSError):
                peer.write(batch)
        else:
            raise AssertionError("all of it went into memory")
        stalled.set()
        peer.read_eof()

    async def talk(harness: Harness, connection: Connection) -> None:
        await harness.wait(stalled)
        assert await connection.receive() == message
        connection.abort()

    rig.play(script, talk, close_timeout=NEVER)


def test_what_was_sent_arrives_before_the_close(rig: Rig) -> None:
    message = b"x" * 20_000
    sent = 0
    stuck, closing = threading.Event(), threading.Event()
    received = 0

    def script(peer: Peer) -> None:
        nonlocal received
        peer.accept()
        stuck.wait(20)
        assert closing.wait(20)
        opcode, payload = peer.read_frame()
        while opcode != CLOSE:
            assert payload == message
            received += 1
            opcode, payload = peer.read_frame()
        peer.write(frame(CLOSE, payload))

    async def talk(harness: Harness, connection: Connection) -> None:
        nonlocal sent

        async def send() -> None:
            nonlocal sent
            with contextlib.suppress(ConnectionClosed):
                while True:
                    if sent == 3:
                        stuck.set()
                    await connection.send(message)
                    sent += 1

        async def close() -> None:
            await harness.wait(stuck)
            closing.set()
            await connection.close()

        await harness.together(send, close)
        with pytest.raises(ConnectionClosed) as error:
            await connection.receive()
        assert (error.value.code, error.value.initiated_by) == (1000, "client")

    rig.play(script, talk, receive_buffer=65536, close_timeout=20.0)
    assert received >= sent >= 3
