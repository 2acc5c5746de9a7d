"""When a heartbeat pings, and when it gives up; time is an argument."""

from __future__ import annotations

import pytest
from websockets.utils import accept_key

from voicelive.protocol.address import Address
from voicelive.protocol.heartbeat import Heartbeat
from voicelive.protocol.options import TransportOptions
from voicelive.protocol.websocket import WebSocket


@pytest.fixture
def websocket() -> WebSocket:
    websocket = WebSocket(Address(False, "host", 80, "/"), [], TransportOptions())
    key = websocket.start().split(b"Sec-WebSocket-Key: ")[1].split(b"\r\n")[0].decode()
    websocket.receive(
        b"HTTP/1.1 101 OK\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept_key(key).encode() + b"\r\n\r\n"
    )
    assert websocket.open
    return websocket


def payload(ping: bytes) -> bytes:
    """Of one masked control frame."""
    assert ping[0] == 0x89
    mask, data = ping[2:6], ping[6:]
    return bytes(byte ^ mask[index % 4] for index, byte in enumerate(data))


def answer(websocket: WebSocket, data: bytes) -> None:
    websocket.receive(bytes([0x8A, len(data)]) + data)


def test_pings_at_every_beat_and_measures_the_way_there_and_back(websocket: WebSocket) -> None:
    heartbeat = Heartbeat(websocket, 30)
    for number in range(3):
        heartbeat.beat(100 + 30 * number)
        answer(websocket, payload(websocket.output()))
        assert websocket.pong
        heartbeat.answered(100.25 + 30 * number)
        assert heartbeat.latency == 0.25
        assert not websocket.pong
    assert websocket.open


def test_no_answer_by_the_next_beat_ends_the_connection(websocket: WebSocket) -> None:
    heartbeat = Heartbeat(websocket, 30)
    heartbeat.beat(0)
    assert websocket.output()
    answer(websocket, b"not what was asked")
    assert not websocket.pong
    heartbeat.beat(30)
    error = websocket.closed_error()
    assert (error.code, error.initiated_by) == (1006, "network")
    assert error.reason == "no pong within 30 s of a ping"
    assert isinstance(error.__cause__, TimeoutError)


def test_an_answer_that_could_not_be_read_is_not_held_against_the_server(websocket: WebSocket) -> None:
    heartbeat = Heartbeat(websocket, 30)
    heartbeat.beat(0)
    websocket.output()
    heartbeat.excuse()
    heartbeat.beat(30)
    assert websocket.open
    assert websocket.output() == b"", "one question at a time"
    heartbeat.beat(60)
    assert not websocket.open


def test_nothing_happens_once_the_connection_is_closing(websocket: WebSocket) -> None:
    heartbeat = Heartbeat(websocket, 30)
    websocket.close()
    websocket.output()
    heartbeat.beat(0)
    assert websocket.output() == b""
