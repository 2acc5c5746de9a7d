"""What every driver does, over real sockets, plain and with TLS 1.3; websockets' own client is the oracle."""

from __future__ import annotations

import contextlib
import os
import random
import select
import ssl
import struct
import threading
import zlib
from collections.abc import Callable

import pytest

from voicelive.exceptions import ConnectionClosed

from .conftest import Rig
from .harness import Connection, Harness
from .server import CLOSE, CONT, PING, PONG, TEXT, Peer, frame

MIB = 1024 * 1024
NEVER = 60.0
"""A close_timeout that no test waits out: what depends on it fails."""


async def ended(connection: Connection) -> ConnectionClosed:
    """The error with which the next receive ends."""
    with pytest.raises(ConnectionClosed) as caught:
        await connection.receive()
    return caught.value


# Receiving


def test_ping_is_answered_while_nobody_receives(any_rig: Rig) -> None:
    answered = threading.Event()

    def script(peer: Peer) -> None:
        peer.accept(frame(TEXT, b"hello"))
        peer.write(frame(PING, b"idle?"))
        assert peer.read_frame() == (PONG, b"idle?")
        answered.set()
        peer.text(b"done")
        peer.finish()

    async def talk(harness: Harness, connection: Connection) -> None:
        assert await connection.receive() == b"hello"
        await harness.wait(answered)
        assert await connection.receive() == b"done"
        await connection.close()

    any_rig.play(script, talk)


def test_ping_that_comes_with_the_answer_to_the_upgrade(any_rig: Rig) -> None:
    answered = threading.Event()

    def script(peer: Peer) -> None:
        peer.accept(frame(PING, b"early") + frame(TEXT, b"bird"))
        assert peer.read_frame() == (PONG, b"early")
        answered.set()
        peer.finish()

    async def talk(harness: Harness, connection: Connection) -> None:
        await harness.wait(answered)
        assert await connection.receive() == b"bird"
        await connection.close()

    any_rig.play(script, talk)


def test_fragments_byte_by_byte_with_pings_between(any_rig: Rig) -> None:
    parts = [b"ab" * 50, b"cd" * 200, b"ef" * 3]
    long = os.urandom(70_000)

    def script(peer: Peer) -> None:
        peer.accept()
        stream = b""
        for number, part in enumerate(parts):
            stream += frame(CONT if number else TEXT, part, fin=number == 2) + frame(PING, b"p%d" % number)
        stream += frame(TEXT, long)
        for position in range(900):
            peer.write(stream[position : position + 1])
        peer.write(stream[900:])
        assert [peer.read_frame() for _ in parts] == [(PONG, b"p0"), (PONG, b"p1"), (PONG, b"p2")]
        peer.finish()

    async def talk(harness: Harness, connection: Connection) -> None:
        assert await connection.receive() == b"".join(parts)
        assert await connection.receive() == long
        await connection.close()

    any_rig.play(script, talk)


def test_receives_given_up_at_random_moments_lose_nothing(any_rig: Rig) -> None:
    def script(peer: Peer) -> None:
        peer.accept()
        number = 0
        while number < 400:
            _, count = peer.read_frame()
            for _ in range(int(count)):
                peer.text(b"%d" % number)
                number += 1
        peer.finish()

    async def talk(harness: Harness, connection: Connection) -> None:
        chance = random.Random(7)
        received: list[int] = []
        while len(received) < 400:
            # Nothing is due: given up for certain.
            with pytest.raises(TimeoutError):
                await connection.receive(0.0)
            expected = min(400, len(received) + chance.randint(1, 4))
            await connection.send(b"%d" % (expected - len(received)))
            while len(received) < expected:
                with contextlib.suppress(TimeoutError):
                    received.append(int(await connection.receive(chance.choice([0.0, 0.0002, 0.001]))))
        assert received == list(range(400))
        await connection.close()

    any_rig.play(script, talk)


def test_flood_into_an_application_that_does_not_read_stays_bounded_and_resumes(any_rig: Rig) -> None:
    size, count = 20_000, 3_000
    stalled = threading.Event()
    sent = 0

    def script(peer: Peer) -> None:
        nonlocal sent
        peer.accept()
        message = frame(TEXT, b"z" * size)
        for _ in range(count):
            if not stalled.is_set() and not select.select([], [peer.sock], [], 0.5)[1]:
                stalled.set()
            peer.write(message)
            sent += size
        assert stalled.is_set(), "all of it went into memory"
        peer.finish()

    async def talk(harness: Harness, connection: Connection) -> None:
        await harness.wait(stalled)
        assert sent < size * count / 2
        for _ in range(count):
            assert len(await connection.receive()) == size
        await connection.close()

    any_rig.play(script, talk)


def test_waiting_for_a_consumer_is_not_mistaken_for_a_silent_server(rig: Rig) -> None:
    heartbeats = threading.Event()

    def script(peer: Peer) -> None:
        peer.accept()
        for _ in range(200):
            if not select.select([], [peer.sock], [], 0.2)[1]:
                break
            peer.text(b"z" * 20_000)
        opcode, payload = peer.read_frame()
        assert opcode == PING
        # The answer would come behind what nobody reads yet. Several heartbeats go by.
        heartbeats.wait(1.2)
        heartbeats.set()
        while opcode != CLOSE:
            peer.write(frame(PONG, payload))
            opcode, payload = peer.read_frame()
        peer.write(frame(CLOSE, payload))

    async def talk(harness: Harness, connection: Connection) -> None:
        await harness.wait(heartbeats)
        for _ in range(40):
            await connection.receive()
        assert connection.closed is None
        await connection.close()

    rig.play(script, talk, heartbeat=0.5)


def test_messages_of_both_kinds_and_any_size(any_rig: Rig) -> None:
    sizes = [0, 1, 125, 126, 65_535, 65_536, 3 * MIB]

    def script(peer: Peer) -> None:
        peer.accept()
        for size in sizes:
            opcode, payload = peer.read_frame()
            assert (opcode, len(payload)) == (TEXT, size)
            peer.write(frame(TEXT if size % 2 else 2, payload))
        peer.finish()

    async def talk(harness: Harness, connection: Connection) -> None:
        for size in sizes:
            message = os.urandom(size)
            await connection.send(message)
            assert await connection.receive() == message
        await connection.close()

    any_rig.play(script, talk)


# Sending


def test_frames_of_concurrent_senders_never_interleave(any_rig: Rig) -> None:
    senders, each = 8, 20

    def script(peer: Peer) -> None:
        peer.accept()
        seen: list[tuple[int, int]] = []
        for _ in range(senders * each):
            opcode, payload = peer.read_frame()
            assert opcode == TEXT
            assert payload == payload[:1] * len(payload)
            seen.append((payload[0], len(payload)))
        for sender in range(senders):
            # Each one's messages come in the order it sent them.
            assert [size for who, size in seen if who == sender] == [sender * 9000 + n + 1 for n in range(each)]
        peer.finish()

    async def talk(harness: Harness, connection: Connection) -> None:
        def sender(who: int) -> Callable[[], object]:
            async def send() -> None:
                for number in range(each):
                    await connection.send(bytes([who]) * (who * 9000 + number + 1))

            return send

        await harness.together(*(sender(who) for who in range(senders)))
        await connection.close()

    any_rig.play(script, talk, receive_buffer=65536)


def test_send_waits_for_a_server_that_does_not_read_and_close_is_bounded_all_the_same(rig: Rig) -> None:
    over = threading.Event()

    def script(peer: Peer) -> None:
        peer.accept()
        assert over.wait(20)

    async def talk(harness: Harness, connection: Connection) -> None:
        async def send() -> None:
            with pytest.raises(ConnectionClosed) as caught:
                await connection.send(b"x" * (32 * MIB))
            assert caught.value.initiated_by == "client"

        await harness.together(send, connection.close)
        over.set()

    rig.play(script, talk, receive_buffer=65536, close_timeout=0.3)


# Closing


@pytest.mark.parametrize(
    ("code", "reason"), [(1000, ""), (1001, "going home"), (1011, "boom"), (4242, "ours"), (None, "")], ids=str
)
def test_close_of_the_server(any_rig: Rig, code: int | None, reason: str) -> None:
    def script(peer: Peer) -> None:
        peer.accept()
        peer.write(
            frame(TEXT, b"last") + frame(CLOSE, b"" if code is None else struct.pack("!H", code) + reason.encode())
        )
        assert peer.read_close() == (code or 1005, reason)

    async def talk(harness: Harness, connection: Connection) -> None:
        assert await connection.receive() == b"last"
        error = await ended(connection)
        assert (error.code, error.reason, error.initiated_by) == (code or 1005, reason, "server")
        with pytest.raises(ConnectionClosed) as caught:
            await connection.send(b"late")
        assert caught.value.code == (code or 1005)
        assert connection.closed is not None
        await connection.close()
        await connection.close()
        assert (await ended(connection)).code == (code or 1005)

    any_rig.play(script, talk, close_timeout=NEVER)


def test_close_of_ours(any_rig: Rig) -> None:
    def script(peer: Peer) -> None:
        peer.accept()
        assert peer.finish() == (3001, "enough")
        peer.close()

    async def talk(harness: Harness, connection: Connection) -> None:
        await connection.close(3001, "enough")
        error = await ended(connection)
        assert (error.code, error.reason, error.initiated_by) == (3001, "enough", "client")
        with pytest.raises(ConnectionClosed):
            await connection.send(b"late")
        await connection.close()

    any_rig.play(script, talk, close_timeout=NEVER)


def test_close_wakes_a_waiting_receive(any_rig: Rig) -> None:
    def script(peer: Peer) -> None:
        peer.accept()
        peer.finish()

    async def talk(harness: Harness, connection: Connection) -> None:
        async def receive() -> None:
            error = await ended(connection)
            assert (error.code, error.initiated_by) == (1000, "client")

        await harness.together(receive, connection.close)

    any_rig.play(script, talk, close_timeout=NEVER)


def test_close_that_the_server_never_answers(rig: Rig) -> None:
    def script(peer: Peer) -> None:
        peer.accept()
        assert peer.read_close() == (1000, "")
        peer.read_eof()

    async def talk(harness: Harness, connection: Connection) -> None:
        await connection.close()
        error = await ended(connection)
        assert (error.code, error.initiated_by) == (1006, "client")
        assert "did not answer" in error.reason

    rig.play(script, talk, close_timeout=0.2)


def test_close_frame_without_an_end_of_the_tcp_connection(rig: Rig) -> None:
    def script(peer: Peer) -> None:
        peer.accept()
        peer.close_frame(1001, "bye")
        assert peer.read_close() == (1001, "bye")
        # The client hangs up in the end.
        peer.read_eof()

    async def talk(harness: Harness, connection: Connection) -> None:
        # Told at once, not after close_timeout.
        error = await ended(connection)
        assert (error.code, error.initiated_by) == (1001, "server")
        await connection.close()

    rig.play(script, talk, close_timeout=0.2)


@pytest.mark.parametrize("how", ["end", "reset"])
def test_connection_that_breaks_off(any_rig: Rig, how: str) -> None:
    received = threading.Event()

    def script(peer: Peer) -> None:
        peer.accept(frame(TEXT, b"hello"))
        assert received.wait(20)
        if how == "reset":
            peer.reset()

    async def talk(harness: Harness, connection: Connection) -> None:
        assert await connection.receive() == b"hello"
        received.set()
        error = await ended(connection)
        assert (error.code, error.initiated_by) == (1006, "network")
        with pytest.raises(ConnectionClosed):
            await connection.send(b"late")
        await connection.close()

    any_rig.play(script, talk, close_timeout=NEVER)


def test_abort_wakes_a_waiting_receive_and_drops_the_connection(rig: Rig) -> None:
    def script(peer: Peer) -> None:
        peer.accept()
        peer.read_eof()

    async def talk(harness: Harness, connection: Connection) -> None:
        async def receive() -> None:
            error = await ended(connection)
            assert (error.code, error.reason, error.initiated_by) == (1006, "aborted", "client")

        async def abort() -> None:
            connection.abort()

        await harness.together(receive, abort)
        await connection.close()

    rig.play(script, talk, close_timeout=NEVER)


def test_message_over_the_limit(rig: Rig) -> None:
    # No oracle: websockets' client tells only after waiting four times close_timeout for the server.
    def script(peer: Peer) -> None:
        peer.accept()
        peer.write(frame(TEXT, b"y" * (17 * MIB)))
        code, _ = peer.read_close()
        assert code == 1009
        # The TCP connection is not closed from here: the client does not wait for ever.
        peer.read_eof()

    async def talk(harness: Harness, connection: Connection) -> None:
        error = await ended(connection)
        assert (error.code, error.initiated_by) == (1009, "client")
        assert "max_msg_size" in error.reason
        assert str(4 * MIB) in error.reason
        await connection.close()

    rig.play(script, talk, close_timeout=0.3)


@pytest.mark.parametrize(
    "wrong",
    [b"\x81\x850000hello", b"\xc1\x01a", b"\x83\x00", frame(CONT, b"a")],
    ids=["masked", "rsv", "opcode", "cont"],
)
def test_frame_against_the_protocol(any_rig: Rig, wrong: bytes) -> None:
    def script(peer: Peer) -> None:
        peer.accept(frame(TEXT, b"good") + wrong + frame(TEXT, b"ignored"))
        code, _ = peer.read_close()
        assert code == 1002

    async def talk(harness: Harness, connection: Connection) -> None:
        assert await connection.receive() == b"good"
        error = await ended(connection)
        assert (error.code, error.initiated_by) == (1002, "client")
        await connection.close()

    any_rig.play(script, talk)


# Options


def test_autoping_false_leaves_pings_unanswered(rig: Rig) -> None:
    def script(peer: Peer) -> None:
        peer.accept(frame(PING, b"a"))
        peer.write(frame(PING, b"b") + frame(TEXT, b"hello"))
        assert peer.read_frame() == (TEXT, b"first that comes")
        peer.finish()

    async def talk(harness: Harness, connection: Connection) -> None:
        assert await connection.receive() == b"hello"
        await connection.send(b"first that comes")
        await connection.close()

    rig.play(script, talk, autoping=False)


def test_autoclose_false_leaves_answering_the_close_to_us(rig: Rig) -> None:
    ours = threading.Event()

    def script(peer: Peer) -> None:
        peer.accept()
        peer.close_frame(1001, "bye")
        assert peer.read_close() == (1001, "bye")
        assert ours.is_set(), "answered without being asked"

    async def talk(harness: Harness, connection: Connection) -> None:
        error = await ended(connection)
        assert (error.code, error.reason, error.initiated_by) == (1001, "bye", "server")
        with pytest.raises(ConnectionClosed):
            await connection.send(b"late")
        ours.set()
        await connection.close()

    rig.play(script, talk, autoclose=False, close_timeout=NEVER)


def test_heartbeat_measures_latency(rig: Rig) -> None:
    def script(peer: Peer) -> None:
        peer.accept()
        payloads: list[bytes] = []
        for _ in range(2):
            opcode, payload = peer.read_frame()
            assert opcode == PING
            payloads.append(payload)
            peer.write(frame(PONG, b"unasked") + frame(PONG, payload))
        assert payloads[0] != payloads[1]
        peer.text(b"measured")
        while (answer := peer.read_frame())[0] != CLOSE:
            peer.write(frame(PONG, answer[1]))
        peer.write(frame(CLOSE, answer[1]))

    async def talk(harness: Harness, connection: Connection) -> None:
        assert connection.latency is None
        assert await connection.receive() == b"measured"
        assert connection.latency is not None
        assert 0 <= connection.latency < 20
        await connection.close()

    rig.play(script, talk, heartbeat=0.05)


def test_heartbeat_ends_a_connection_to_a_server_that_fell_silent(rig: Rig) -> None:
    def script(peer: Peer) -> None:
        peer.accept(frame(TEXT, b"hello"))
        assert peer.read_frame()[0] == PING
        peer.read_eof()

    async def talk(harness: Harness, connection: Connection) -> None:
        assert await connection.receive() == b"hello"
        error = await ended(connection)
        assert (error.code, error.initiated_by) == (1006, "network")
        assert "no pong" in error.reason
        await connection.close()

    rig.play(script, talk, heartbeat=0.05, close_timeout=NEVER)


def test_heartbeat_none_sends_no_pings(rig: Rig) -> None:
    def script(peer: Peer) -> None:
        peer.accept()
        assert peer.read_frame() == (TEXT, b"only this")
        peer.finish()

    async def talk(harness: Harness, connection: Connection) -> None:
        assert connection.latency is None
        await connection.send(b"only this")
        await connection.close()

    rig.play(script, talk, heartbeat=None)


def deflate(data: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-12)
    return (compressor.compress(data) + compressor.flush(zlib.Z_SYNC_FLUSH))[:-4]


DEFLATE = (
    "permessage-deflate; server_no_context_takeover; client_no_context_takeover; "
    "server_max_window_bits=12; client_max_window_bits=12"
)


@pytest.mark.parametrize("window", [12, 15])
def test_compression(rig: Rig, window: int) -> None:
    message = b"again and " * 5000

    def script(peer: Peer) -> None:
        peer.accept(extension=DEFLATE if window == 12 else "permessage-deflate; client_no_context_takeover")
        assert b"permessage-deflate" in peer.request
        compressed = frame(TEXT, deflate(message))
        peer.write(bytes([compressed[0] | 0x40]) + compressed[1:] + frame(TEXT, b"plain"))
        opcode, payload = peer.read_frame()
        assert len(payload) < len(message) / 10
        assert zlib.decompressobj(wbits=-15).decompress(payload + b"\0\0\xff\xff") == message
        peer.finish()

    async def talk(harness: Harness, connection: Connection) -> None:
        assert await connection.receive() == message
        assert await connection.receive() == b"plain"
        await connection.send(message)
        await connection.close()

    rig.play(script, talk, compression=window)


def test_compressed_message_that_inflates_over_the_limit(rig: Rig) -> None:
    def script(peer: Peer) -> None:
        peer.accept(extension=DEFLATE)
        bomb = frame(TEXT, deflate(bytes(64 * MIB)))
        assert len(bomb) < MIB
        peer.write(bytes([bomb[0] | 0x40]) + bomb[1:])
        code, _ = peer.read_close()
        assert code == 1009

    async def talk(harness: Harness, connection: Connection) -> None:
        error = await ended(connection)
        assert (error.code, error.initiated_by) == (1009, "client")
        assert "max_msg_size" in error.reason
        await connection.close()

    rig.play(script, talk, compression=12)


# TLS


@pytest.mark.parametrize("secure", [True], indirect=False, ids=["tls"])
def test_close_notify_without_an_end_of_the_tcp_connection(rig: Rig) -> None:
    def script(peer: Peer) -> None:
        peer.accept(frame(TEXT, b"hello"))
        assert isinstance(peer.sock, ssl.SSLSocket)
        # Says that nothing will follow, and waits for the client to say so too.
        peer.sock = peer.sock.unwrap()
        peer.read_eof()

    async def talk(harness: Harness, connection: Connection) -> None:
        assert await connection.receive() == b"hello"
        error = await ended(connection)
        assert (error.code, error.initiated_by) == (1006, "network")
        await connection.close()

    rig.play(script, talk, close_timeout=NEVER)
