"""The WebSocket core by itself: what the socket tests cannot show."""

from __future__ import annotations

import contextlib
import logging
import ssl
import struct

import pytest
import trustme
from websockets.utils import accept_key

from voicelive.exceptions import ConnectionClosed
from voicelive.protocol.address import Address
from voicelive.protocol.options import TransportOptions
from voicelive.protocol.tls import TLS, default_ssl_context
from voicelive.protocol.websocket import MESSAGE_OVERHEAD, WebSocket

PLAIN = Address(False, "host", 80, "/path?query=1")


def upgrade(request: bytes) -> bytes:
    key = request.split(b"Sec-WebSocket-Key: ")[1].split(b"\r\n")[0].decode()
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept_key(key).encode() + b"\r\n\r\n"
    )


def opened(**options: object) -> WebSocket:
    websocket = WebSocket(PLAIN, [("api-key", "hush")], TransportOptions(**options))  # type: ignore[arg-type]
    websocket.receive(upgrade(websocket.start()))
    websocket.raise_if_refused()
    return websocket


def test_upgrade_request() -> None:
    request = WebSocket(
        Address(False, "::1", 8080, "/p?q=1"), [("api-key", "k"), ("X-A", "b")], TransportOptions()
    ).start()
    lines = request.decode().split("\r\n")
    assert lines[0] == "GET /p?q=1 HTTP/1.1"
    assert "Host: [::1]:8080" in lines
    assert "api-key: k" in lines
    assert "X-A: b" in lines
    assert not any(line.startswith("Sec-WebSocket-Extensions") for line in lines)


@pytest.mark.parametrize("window", [9, 15])
def test_compression_is_offered_with_its_window(window: int) -> None:
    request = WebSocket(PLAIN, [], TransportOptions(compression=window)).start().decode()
    offer = request.split("Sec-WebSocket-Extensions: ")[1].split("\r\n")[0]
    assert offer.startswith("permessage-deflate")
    assert ("server_max_window_bits=9" in offer) == (window == 9)


def test_no_secret_and_no_content_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("voicelive.websocket").setLevel(logging.DEBUG)
    websocket = opened()
    websocket.receive(b"\x81\x07private" + b"\x89\x01p")
    websocket.text(b"private too")
    websocket.close()
    websocket.receive_eof()
    assert "hush" not in caplog.text
    assert "private" not in caplog.text


@pytest.mark.parametrize("code", [0, 999, 1004, 1005, 1006, 1015, 2999, 5000])
def test_close_codes_that_must_not_be_sent(code: int) -> None:
    websocket = opened()
    with pytest.raises(ValueError, match="must not be sent"):
        websocket.close(code)
    assert websocket.open


def test_close_reason_has_room_for_123_bytes() -> None:
    websocket = opened()
    with pytest.raises(ValueError, match="123 bytes"):
        websocket.close(1000, "é" * 62)
    with pytest.raises(TypeError):
        websocket.close("1000")  # type: ignore[arg-type]
    websocket.close(1000, "x" * 123)
    assert len(websocket.output()) == 6 + 2 + 123


def test_using_a_connection_that_is_not_open() -> None:
    websocket = opened()
    websocket.close(4000, "mine")
    with pytest.raises(ConnectionClosed) as caught:
        websocket.text(b"late")
    assert (caught.value.code, caught.value.reason, caught.value.initiated_by) == (4000, "mine", "client")
    error = websocket.closed_error(unsent="response.create", unsent_event_id="e1")
    assert (error.unsent, error.unsent_event_id) == ("response.create", "e1")


def test_both_sides_close_at_once() -> None:
    websocket = opened()
    websocket.close(1000, "ours")
    websocket.receive(b"\x88\x06" + struct.pack("!H", 1011) + b"boom")
    error = websocket.closed_error()
    assert (error.code, error.reason, error.initiated_by) == (1011, "boom", "server")


def test_cause_of_a_broken_connection_is_its_reason() -> None:
    websocket = opened()
    websocket.receive_eof(ConnectionResetError(104, "Connection reset by peer"))
    websocket.receive_eof(OSError("later"))
    error = websocket.closed_error()
    assert (error.code, error.reason, error.initiated_by) == (1006, "Connection reset by peer", "network")
    assert isinstance(error.__cause__, ConnectionResetError)


def test_what_came_before_the_end_stays() -> None:
    websocket = opened()
    websocket.receive(b"\x81\x01a\x81\x02bb\x88\x02\x03\xe8\x81\x04late")
    websocket.receive_eof()
    assert websocket.buffered == 3 + 2 * MESSAGE_OVERHEAD
    assert [websocket.pop(), websocket.pop()] == [b"a", b"bb"]
    assert websocket.buffered == 0
    with pytest.raises(IndexError):
        websocket.pop()
    websocket.receive(b"\x81\x01x")
    assert not websocket.messages


def test_masks_are_never_used_twice() -> None:
    websocket = opened()
    masks = {websocket.text(b"x")[2:6] for _ in range(1000)}
    assert len(masks) > 990


def test_default_context_is_built_once() -> None:
    assert default_ssl_context() is default_ssl_context()
    assert default_ssl_context().verify_mode is ssl.CERT_REQUIRED
    assert default_ssl_context().check_hostname


class Wire:
    """A TLS server over memory, and a client of ours."""

    def __init__(self, version: ssl.TLSVersion) -> None:
        ca = trustme.CA()
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.minimum_version = server.maximum_version = version
        ca.issue_cert("host.example").configure_cert(server)
        client = ssl.create_default_context()
        ca.configure_trust(client)
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.server = server.wrap_bio(self.incoming, self.outgoing, server_side=True)
        self.client = TLS(client, "host.example")

    def exchange(self) -> bytes:
        """Carry bytes both ways until none are left; return what the client read."""
        plaintext = b""
        while True:
            self.incoming.write(self.client.output())
            with contextlib.suppress(ssl.SSLWantReadError):
                self.server.do_handshake()
            data = self.outgoing.read()
            if not data:
                return plaintext
            # One byte at a time, as a network may.
            for at in range(len(data)):
                plaintext += self.client.receive(data[at : at + 1])


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=str)
def test_tls_keeps_what_is_sent_early_and_passes_everything_on(version: ssl.TLSVersion) -> None:
    wire = Wire(version)
    early, large = b"sent before the handshake", b"l" * 300_000
    wire.client.start()
    wire.client.send(early)
    wire.exchange()
    assert wire.client.established
    assert wire.server.read(1000) == early
    wire.client.send(large)
    wire.incoming.write(wire.client.output())
    received = b""
    while len(received) < len(large):
        received += wire.server.read(65536)
    assert received == large
    wire.server.write(large)
    assert wire.exchange() == large
    assert not wire.client.closed


def test_tls_close_notify_and_garbage() -> None:
    wire = Wire(ssl.TLSVersion.TLSv1_3)
    wire.client.start()
    wire.exchange()
    wire.server.write(b"last words")
    with pytest.raises(ssl.SSLWantReadError):
        wire.server.unwrap()
    assert wire.client.receive(wire.outgoing.read()) == b"last words"
    assert wire.client.closed
    assert wire.client.error is None
    wire.client.close()
    wire.incoming.write(wire.client.output())
    wire.server.unwrap()

    wire = Wire(ssl.TLSVersion.TLSv1_3)
    wire.client.start()
    wire.exchange()
    wire.server.write(b"good")
    assert wire.client.receive(wire.outgoing.read() + b"\x17\x03\x03\x00\x20" + bytes(32)) == b"good"
    assert wire.client.closed
    assert wire.client.error is not None
