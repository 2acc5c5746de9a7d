"""The blocking driver among threads: what the suite shared by all drivers cannot ask."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import socket
import threading
import time
import warnings
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import websockets.asyncio.server

from voicelive.exceptions import ConnectError, ConnectionClosed, ConnectTimeoutError, ReceiveTimeoutError
from voicelive.protocol.address import Address
from voicelive.protocol.options import TransportOptions
from voicelive.transport._idle import hurry
from voicelive.transport.blocking import SocketTransport, connect

from . import proxies
from .conftest import Authority
from .server import CLOSE, PING, PONG, TEXT, Peer, Script, Server, frame

HANG = 20.0
"""Seconds after which a test has failed; nothing is measured with it."""

Dial = Callable[..., contextlib.AbstractContextManager[tuple[SocketTransport, Server]]]


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """No thread of ours long outlives the last connection; sockets left open warn, and warnings are errors."""
    yield
    until = time.monotonic() + HANG
    while any(thread.name in ("voicelive-idle", "voicelive-lookup") for thread in threading.enumerate()):
        assert time.monotonic() < until
        # Not to wait for all the rounds in which another connection may come.
        hurry()
        time.sleep(0.002)


@pytest.fixture
def talking_to(secure: bool, authority: Authority) -> Dial:
    """Connect to a server that plays a script once it has accepted; close at the end."""

    @contextlib.contextmanager
    def dial(
        script: Script, receive_buffer: int | None = None, **options: object
    ) -> Iterator[tuple[SocketTransport, Server]]:
        with serve(script, secure, authority, receive_buffer=receive_buffer) as server:
            transport = open_to(server.address, ssl_context=authority.client, **options)
            try:
                yield transport, server
            finally:
                transport.close()

    return dial


def serve(script: Script, secure: bool, authority: Authority, *, receive_buffer: int | None = None) -> Server:
    def play(peer: Peer) -> None:
        peer.accept()
        script(peer)

    return Server(play, authority.server if secure else None, receive_buffer=receive_buffer)


def open_to(address: Address, seconds: float = HANG, **options: object) -> SocketTransport:
    deadline = time.monotonic() + seconds
    return connect(address, [], TransportOptions(**options), deadline=deadline)  # type: ignore[arg-type]


def until(true: Callable[[], object]) -> None:
    """Wait for what tells nobody when it happens."""
    expires = time.monotonic() + HANG
    while not true():
        assert time.monotonic() < expires
        time.sleep(0.005)


def hear_nothing(peer: Peer) -> None:
    peer.read_eof()


# Receiving


def test_timeout_passes(talking_to: Dial) -> None:
    with talking_to(Peer.finish) as (transport, _):
        for timeout in (0, 0.3):
            with pytest.raises(ReceiveTimeoutError, match=f"within {timeout} s") as error:
                transport.receive(timeout)
            assert error.value.timeout == timeout
        assert transport.closed is None


def test_close_wakes_a_blocked_receive(talking_to: Dial) -> None:
    with talking_to(Peer.finish) as (transport, _), ThreadPoolExecutor() as pool:
        receiving = pool.submit(transport.receive)
        until(transport._reading.locked)
        transport.close(1001, "bye")
        with pytest.raises(ConnectionClosed) as error:
            receiving.result(HANG)
        assert (error.value.code, error.value.reason, error.value.initiated_by) == (1001, "bye", "client")


def test_close_wakes_a_blocked_receive_before_a_silent_server_does(talking_to: Dial) -> None:
    """The receive is over while the close still waits for the server's answer."""
    order: list[str] = []

    def receive(transport: SocketTransport) -> None:
        with pytest.raises(ConnectionClosed) as error:
            transport.receive()
        assert error.value.initiated_by == "client"
        order.append("received")

    with talking_to(hear_nothing, close_timeout=1.0) as (transport, _), ThreadPoolExecutor() as pool:
        receiving = pool.submit(receive, transport)
        until(transport._reading.locked)
        transport.close()
        order.append("closed")
        receiving.result(HANG)
    assert order == ["received", "closed"]


def test_a_message_that_had_come_survives_close(talking_to: Dial) -> None:
    def talk(peer: Peer) -> None:
        peer.text(b"early")
        peer.finish()

    with talking_to(talk) as (transport, _):
        until(lambda: transport._websocket.messages)
        transport.close()
        assert transport.receive() == b"early"
        with pytest.raises(ConnectionClosed):
            transport.receive()


def test_closing_twice_and_from_many_threads(talking_to: Dial) -> None:
    with talking_to(Peer.finish) as (transport, _), ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(transport.close) for _ in range(8)]:
            done.result(HANG)
        transport.close()
        transport.abort()
        with pytest.raises(ConnectionClosed, match="client"):
            transport.send(b"late")


def test_abort_wakes_and_closes(talking_to: Dial) -> None:
    with talking_to(hear_nothing) as (transport, server), ThreadPoolExecutor() as pool:
        receiving = pool.submit(transport.receive)
        until(transport._reading.locked)
        transport.abort()
        with pytest.raises(ConnectionClosed) as error:
            receiving.result(HANG)
        assert (error.value.code, error.value.initiated_by) == (1006, "client")
        assert server.done.wait(HANG)


# Sending


def test_senders_do_not_interleave(talking_to: Dial) -> None:
    """Eight threads, sizes around every header form, pongs in between; each one's messages stay in order."""
    got: list[bytes] = []

    def collect(peer: Peer) -> None:
        while (received := peer.read_frame())[0] != CLOSE:
            if received[0] == TEXT:
                got.append(received[1])
                peer.write(frame(PING, b"between"))
        peer.write(frame(*received))

    def send(transport: SocketTransport, sender: int) -> None:
        for number in range(20):
            transport.send(b"%d %d " % (sender, number) + bytes([64 + sender]) * (sender * 10_000 + number * 7))

    with talking_to(collect) as (transport, _), ThreadPoolExecutor(9) as pool:
        receiving = pool.submit(transport.receive)
        for sent in [pool.submit(send, transport, sender) for sender in range(8)]:
            sent.result(HANG)
        transport.close()
        assert isinstance(receiving.exception(HANG), ConnectionClosed)
    numbers: dict[int, list[int]] = {}
    for message in got:
        sender, number, rest = message.split(b" ", 2)
        assert rest == bytes([64 + int(sender)]) * (int(sender) * 10_000 + int(number) * 7)
        numbers.setdefault(int(sender), []).append(int(number))
    assert numbers == {sender: list(range(20)) for sender in range(8)}


def test_a_stuck_send_keeps_nobody_from_receiving(talking_to: Dial) -> None:
    """The server reads nothing until the client has received everything; pongs wait for the stuck frame to go out."""
    size = 16 << 20
    received = threading.Event()

    def talk_first(peer: Peer) -> None:
        for number in range(50):
            peer.text(b"%d" % number)
            peer.write(frame(PING, b"%d" % number))
        assert received.wait(HANG)
        frames = [peer.read_frame() for _ in range(51)]
        assert [payload for opcode, payload in frames if opcode == PONG] == [b"%d" % number for number in range(50)]
        assert [len(payload) for opcode, payload in frames if opcode == TEXT] == [size]
        peer.text(b"all there")
        peer.finish()

    with talking_to(talk_first, receive_buffer=65536) as (transport, _), ThreadPoolExecutor() as pool:
        sending = pool.submit(transport.send, b"x" * size)
        until(transport._writing.locked)
        assert [int(transport.receive(HANG)) for _ in range(50)] == list(range(50))
        assert not sending.done()
        received.set()
        assert transport.receive(HANG) == b"all there"
        sending.result(HANG)


def test_close_ends_a_stuck_send(talking_to: Dial) -> None:
    """A frame that went out by half is the last one."""
    over = threading.Event()

    def read_nothing(peer: Peer) -> None:
        assert over.wait(HANG)

    with talking_to(read_nothing, close_timeout=0.5) as (transport, _), ThreadPoolExecutor() as pool:
        sending = pool.submit(transport.send, b"x" * (64 << 20))
        until(transport._writing.locked)
        transport.close()
        with pytest.raises(ConnectionClosed):
            sending.result(HANG)
        with pytest.raises(ConnectionClosed):
            transport.send(b"more")
        over.set()


def test_send_tells_the_servers_last_words(talking_to: Dial) -> None:
    """A send that fails because the server has closed says the server's code, though nobody has read it yet."""

    def refuse(peer: Peer) -> None:
        peer.close_frame(1008, "quota")

    with talking_to(refuse) as (transport, server):
        assert server.done.wait(HANG)
        with pytest.raises(ConnectionClosed) as error:
            while True:
                transport.send(b"x" * 100_000)
        assert (error.value.code, error.value.reason, error.value.initiated_by) == (1008, "quota", "server")


def test_a_server_that_pings_but_does_not_read_is_given_up(talking_to: Dial) -> None:
    """Answers to pings would fill memory."""
    over = threading.Event()

    def flood(peer: Peer) -> None:
        with contextlib.suppress(OSError):
            while not over.is_set():
                peer.write(frame(PING, b"p" * 125) * 100)

    with talking_to(flood, receive_buffer=65536) as (transport, _):
        with pytest.raises(ConnectionClosed, match="does not read") as error:
            transport.receive(HANG)
        over.set()
        assert error.value.initiated_by == "network"


# Looking after connections nobody reads


def test_pings_are_answered_while_nobody_reads(talking_to: Dial) -> None:
    answered = threading.Event()

    def ping(peer: Peer) -> None:
        peer.write(frame(PING, b"anyone?"))
        assert peer.read_frame() == (PONG, b"anyone?")
        answered.set()
        peer.text(b"good")
        peer.finish()

    with talking_to(ping) as (transport, _):
        assert answered.wait(HANG)
        assert transport.receive(HANG) == b"good"


def test_a_close_is_answered_while_nobody_reads(talking_to: Dial) -> None:
    """And the socket is closed: whoever asks later is told how it ended, after the messages before that."""

    def end(peer: Peer) -> None:
        peer.text(b"last")
        peer.close_frame(1011, "boom")
        assert peer.read_close() == (1011, "boom")

    with talking_to(end) as (transport, _):
        until(lambda: transport._sock.fileno() < 0)
        assert transport.receive() == b"last"
        with pytest.raises(ConnectionClosed, match="1011.*boom"):
            transport.receive()
        assert transport.closed is not None
        with pytest.raises(ConnectionClosed, match="1011.*boom"):
            transport.send(b"late")


def test_a_server_that_closes_but_does_not_go_is_left(talking_to: Dial) -> None:
    """It owes us the end of the TCP connection, for close_timeout at most."""

    def stay(peer: Peer) -> None:
        peer.close_frame(1000)
        assert peer.read_close() == (1000, "")
        peer.read_eof()

    with talking_to(stay, close_timeout=0.3) as (transport, server):
        with pytest.raises(ConnectionClosed):
            transport.receive(HANG)
        assert server.done.wait(HANG)
        until(lambda: transport._sock.fileno() < 0)


@pytest.mark.parametrize("reading", [True, False], ids=["reading", "idle"])
def test_heartbeat_finds_a_dead_server(talking_to: Dial, reading: bool) -> None:
    with talking_to(hear_nothing, heartbeat=0.1) as (transport, server):
        assert reading or server.done.wait(HANG)
        with pytest.raises(ConnectionClosed, match="no pong within 0.1 s") as error:
            transport.receive()
        assert (error.value.code, error.value.initiated_by) == (1006, "network")
        assert server.done.wait(HANG)


@pytest.mark.parametrize("reading", [True, False], ids=["reading", "idle"])
def test_heartbeat_measures_latency(talking_to: Dial, reading: bool) -> None:
    beats = threading.Semaphore(0)

    def answer(peer: Peer) -> None:
        while (received := peer.read_frame())[0] != CLOSE:
            peer.write(frame(PONG, received[1]))
            beats.release()
        peer.write(frame(*received))

    with talking_to(answer, heartbeat=0.1) as (transport, _), ThreadPoolExecutor() as pool:
        assert transport.latency is None
        receiving = pool.submit(transport.receive) if reading else None
        for _ in range(3):
            assert beats.acquire(timeout=HANG)
        assert transport.latency is not None
        assert 0 < transport.latency < HANG
        transport.close()
        assert receiving is None or isinstance(receiving.exception(HANG), ConnectionClosed)


def test_reading_ahead_is_bounded_and_goes_on(talking_to: Dial) -> None:
    """A server that floods a client nobody reads is held up, heartbeat or not; nothing is lost when somebody does."""
    size, count = 20_000, 1500
    sent = 0

    def flood(peer: Peer) -> None:
        nonlocal sent
        for _ in range(count):
            peer.text(b"z" * size)
            sent += 1
        while (received := peer.read_frame())[0] != CLOSE:
            peer.write(frame(PONG, received[1]))
        peer.write(frame(*received))

    with talking_to(flood, heartbeat=0.2) as (transport, _):
        until(lambda: transport._paused)
        for _ in range(3):
            transport.tend(time.monotonic())
        # The mark, and one read more at the most.
        assert 512 * 1024 < transport._websocket.buffered < 800 * 1024
        assert sent < count
        for _ in range(count):
            assert len(transport.receive(HANG)) == size


def test_connections_in_a_row_share_the_idle_thread(talking_to: Dial) -> None:
    def idle_threads() -> list[threading.Thread]:
        return [thread for thread in threading.enumerate() if thread.name == "voicelive-idle"]

    with talking_to(hear_nothing):
        [first] = idle_threads()
    with talking_to(hear_nothing):
        assert idle_threads() == [first]


def test_connections_left_to_the_garbage_collector(secure: bool, authority: Authority) -> None:
    """The idle thread keeps none alive, and ends without any."""
    with serve(hear_nothing, secure, authority) as server:
        transport = open_to(server.address, ssl_context=authority.client)
        reference = weakref.ref(transport)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            del transport
            until(lambda: gc.collect() < 0 or reference() is None)
        assert server.done.wait(HANG)


# Connecting


@pytest.mark.parametrize(
    ("kind", "phase"),
    [
        ("server", "handshake"),
        ("http proxy", "tunnel through the proxy"),
        ("socks5 proxy", "tunnel through the proxy"),
        ("server behind proxy", "handshake"),
    ],
)
def test_deadline_bounds_silence(secure: bool, kind: str, phase: str) -> None:
    """Whoever falls silent, the deadline ends it and the socket is closed."""
    gone = threading.Event()

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await proxies.silent(reader, writer)
        gone.set()

    with contextlib.ExitStack() as stack:
        server = stack.enter_context(proxies.Server(say_nothing))
        proxy: str | bool = False
        if kind == "server behind proxy":
            proxy = f"http://127.0.0.1:{stack.enter_context(proxies.HttpProxy()).port}"
        elif kind != "server":
            proxy = f"{kind.split()[0]}://127.0.0.1:{server.port}"
        with pytest.raises(ConnectTimeoutError, match="within 0.3 s") as error:
            open_to(Address(secure, "127.0.0.1", server.port, "/"), 0.3, handshake_timeout=0.3, proxy=proxy)
        assert (error.value.timeout, error.value.phase) == (0.3, phase)
        assert gone.wait(HANG)


def test_deadline_bounds_name_lookup(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answer.wait(HANG) and [])
    try:
        with pytest.raises(ConnectTimeoutError) as error:
            open_to(Address(False, "some.example", 80, "/"), 0.3)
        assert error.value.phase == "name lookup"
    finally:
        answer.set()


@pytest.mark.parametrize("host", ["name.invalid", "a" * 64 + ".example"])
def test_a_name_that_cannot_be_looked_up(host: str) -> None:
    with pytest.raises(ConnectError, match="could not be looked up") as error:
        open_to(Address(False, host, 80, "/"))
    assert isinstance(error.value.__cause__, OSError)


def test_an_address_that_does_not_answer_is_passed_over(
    secure: bool, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first address refuses, or has no network at all; the next one does it."""
    with serve(Peer.finish, secure, authority) as server:
        port = server.address.port
        found = [
            (family, socket.SOCK_STREAM, 6, "", where)
            for family, where in (
                (socket.AF_INET6, ("::1", 1, 0, 0)),
                (socket.AF_INET, ("127.0.0.1", 1)),
                (socket.AF_INET, ("127.0.0.1", port)),
            )
        ]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
        open_to(Address(secure, "localhost", port, "/"), ssl_context=authority.client).close()


def test_tls_connects_in_a_row(authority: Authority) -> None:
    """websockets' own blocking client stalls about once in 300 TLS 1.3 connects; benchmarks/connects.py does more."""

    async def greet(connection: websockets.asyncio.server.ServerConnection) -> None:
        await connection.send("hello")
        await connection.wait_closed()

    async def main() -> None:
        nonlocal port
        async with websockets.asyncio.server.serve(greet, "127.0.0.1", 0, ssl=authority.server) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            ready.set()
            await stop.wait()

    port = 0
    ready, stop, loop = threading.Event(), asyncio.Event(), asyncio.new_event_loop()
    thread = threading.Thread(target=lambda: loop.run_until_complete(main()))
    thread.start()
    try:
        assert ready.wait(HANG)
        address = Address(True, "127.0.0.1", port, "/")
        for _ in range(300):
            transport = open_to(address, ssl_context=authority.client)
            assert transport.receive(HANG) == b"hello"
            transport.close()
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(HANG)
        loop.close()
