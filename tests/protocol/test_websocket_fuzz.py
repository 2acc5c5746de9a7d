"""Whatever a server sends, in whatever pieces: WebSocket does what websockets' plain ClientProtocol does."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from websockets.client import ClientProtocol
from websockets.extensions.permessage_deflate import (
    ClientPerMessageDeflateFactory,
    PerMessageDeflate,
    ServerPerMessageDeflateFactory,
)
from websockets.frames import Frame, Opcode
from websockets.uri import parse_uri
from websockets.utils import accept_key, apply_mask

from voicelive.protocol.address import Address
from voicelive.protocol.options import TransportOptions
from voicelive.protocol.websocket import MESSAGE_OVERHEAD, WebSocket

LIMIT = 100_000
DEFLATE = "permessage-deflate; server_max_window_bits=12; client_max_window_bits=12"


def frame(opcode: int, payload: bytes = b"", *, fin: bool = True, rsv: int = 0) -> bytes:
    size = len(payload)
    head = bytes([(fin << 7) | rsv | opcode])
    if size < 126:
        return head + bytes([size]) + payload
    if size < 1 << 16:
        return head + struct.pack("!BH", 126, size) + payload
    return head + struct.pack("!BQ", 127, size) + payload


def unmasked(data: bytes) -> list[tuple[int, bytes]]:
    """Frames that a client wrote: first byte and payload. Masks differ from run to run."""
    frames: list[tuple[int, bytes]] = []
    at = 0
    while at < len(data):
        first, length = data[at], data[at + 1] & 0x7F
        at += 2
        for code, width in ((126, 2), (127, 8)):
            if length == code:
                length = int.from_bytes(data[at : at + width], "big")
                at += width
                break
        mask, payload = data[at : at + 4], data[at + 4 : at + 4 + length]
        frames.append((first, apply_mask(payload, mask)))
        at += 4 + length
    return frames


def answer(request: bytes, *, compressed: bool = False) -> bytes:
    key = re.search(rb"Sec-WebSocket-Key: (\S+)", request)
    assert key is not None
    extension = f"Sec-WebSocket-Extensions: {DEFLATE}\r\n" if compressed else ""
    return (
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Accept: {accept_key(key[1].decode())}\r\n{extension}\r\n"
    ).encode()


@dataclass
class Seen:
    """What a connection came to, as far as a user or the server can tell."""

    messages: list[bytes] = field(default_factory=list)
    written: list[tuple[int, bytes]] = field(default_factory=list)
    open: bool = True
    code: int = 0
    reason: str = ""
    initiated_by: str = ""


class Reference:
    """Plain ClientProtocol, and what RFC 6455 section 7.1.5 calls the code of a connection."""

    def __init__(self, compression: int | None) -> None:
        extensions = None
        if compression is not None:
            window = compression
            extensions = [ClientPerMessageDeflateFactory(server_max_window_bits=window, client_max_window_bits=window)]
        self.protocol = ClientProtocol(parse_uri("ws://host/path"), max_size=LIMIT, extensions=extensions)
        self.protocol.send_request(self.protocol.connect())
        self.request = b"".join(self.protocol.data_to_send())
        self.seen = Seen()
        self.written = bytearray()
        self.fragments = b""

    def receive(self, data: bytes) -> None:
        self.protocol.receive_data(data)
        for event in self.protocol.events_received():
            if isinstance(event, Frame) and event.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
                self.fragments += bytes(event.data)
                if event.fin:
                    self.seen.messages.append(self.fragments)
                    self.fragments = b""
        self.written += b"".join(self.protocol.data_to_send())

    def close(self) -> None:
        if self.protocol.state.name == "OPEN":
            self.protocol.send_close(1000, "bye")

    def eof(self) -> None:
        self.protocol.receive_eof()
        self.written += b"".join(self.protocol.data_to_send())

    def result(self) -> Seen:
        protocol, seen = self.protocol, self.seen
        seen.written = unmasked(bytes(self.written))
        seen.open = protocol.state.name == "OPEN"
        sent, received, failure = protocol.close_sent, protocol.close_rcvd, protocol.parser_exc
        if failure is not None and not isinstance(failure, EOFError) and sent is not None:
            seen.code, seen.initiated_by = sent.code, "client"
        elif received is not None:
            seen.code, seen.reason = received.code, received.reason
            seen.initiated_by = "server"
        else:
            seen.code, seen.initiated_by = 1006, "network"
        return seen


class Ours:
    def __init__(self, compression: int | None, *, views: bool) -> None:
        options = TransportOptions(max_msg_size=LIMIT, compression=compression)
        self.websocket = WebSocket(Address(False, "host", 80, "/path"), [], options)
        self.request = self.websocket.start()
        self.written = bytearray()
        self.views = views

    def receive(self, data: bytes) -> None:
        if self.views:
            shared = bytearray(data)
            self.websocket.receive(memoryview(shared))
            # The next read overwrites the buffer.
            shared[:] = bytes(len(shared))
        else:
            self.websocket.receive(data)
        self.written += self.websocket.output()

    def eof(self) -> None:
        self.websocket.receive_eof()
        self.written += self.websocket.output()

    def result(self) -> Seen:
        websocket = self.websocket
        assert websocket.buffered == sum(len(message) + MESSAGE_OVERHEAD for message in websocket.messages)
        seen = Seen(list(websocket.messages), unmasked(bytes(self.written)), websocket.open)
        error = websocket.closed_error()
        seen.code, seen.initiated_by = error.code, error.initiated_by
        if error.initiated_by == "server":
            seen.reason = error.reason
        return seen


def pieces(data: bytes, sizes: list[int]) -> Iterator[bytes]:
    """Cut data at the given sizes, over and over; small ones only at first, or long data would take for ever."""
    at = 0
    for number in range(len(data)):
        if at >= len(data):
            return
        size = sizes[number % len(sizes)] if number < 400 else max(sizes[number % len(sizes)], 4096)
        yield data[at : at + size]
        at += size


def compare(stream: bytes, sizes: list[int], *, views: bool, whole: bool, compression: int | None) -> None:
    reference, ours = Reference(compression), Ours(compression, views=views)
    for side in (reference, ours):
        compressed = compression is not None
        for piece in pieces(answer(side.request, compressed=compressed) + stream, sizes):
            side.receive(piece)
    ours.websocket.raise_if_refused()
    if whole:
        assert ours.websocket.open == (reference.protocol.state.name == "OPEN")
        assert ours.websocket.closing_expected == reference.protocol.close_expected()
        assert unmasked(bytes(ours.written)) == unmasked(bytes(reference.written))
        assert list(ours.websocket.messages) == reference.seen.messages
    reference.eof()
    ours.eof()
    assert ours.result() == reference.result()


def payload(seed: bytes, size: int) -> bytes:
    return (seed * (size // len(seed) + 1))[:size]


lengths = st.one_of(
    st.integers(0, 400),
    st.sampled_from([0, 1, 125, 126, 127, 65_535, 65_536, 70_000, LIMIT, LIMIT + 1]),
)
payloads = st.builds(payload, st.binary(min_size=1, max_size=20), lengths)
parts = st.builds(payload, st.binary(min_size=1, max_size=20), st.sampled_from([0, 1, 90, 125, 126, 300, 40_000]))
short = st.binary(max_size=125)
messages = st.builds(frame, st.sampled_from([1, 1, 1, 2]), payloads)
controls = st.builds(frame, st.sampled_from([9, 10]), short)


@st.composite
def fragmented(draw: st.DrawFn) -> bytes:
    first, *middle, last = draw(st.lists(parts, min_size=2, max_size=4))
    out = frame(draw(st.sampled_from([1, 2])), first, fin=False)
    for part in middle:
        out += draw(st.one_of(st.just(b""), controls)) + frame(0, part, fin=False)
    return out + draw(st.one_of(st.just(b""), controls)) + frame(0, last)


closes = st.one_of(
    st.builds(
        lambda code, reason: frame(8, struct.pack("!H", code) + reason),
        st.one_of(st.sampled_from([1000, 1001, 1005, 1006, 1011, 1015, 999, 3000, 4999, 5000]), st.integers(0, 65535)),
        st.one_of(st.just(b""), st.text(max_size=30).map(str.encode), st.binary(max_size=60)),
    ),
    st.just(frame(8)),
    st.just(frame(8, b"x")),
)
EDGES = [
    frame(1, b"abcde", rsv=0x40),  # RSV1 without an extension
    frame(3, b"\0"),  # reserved opcodes
    frame(11, b"\0"),
    b"\x81\x851234abcde",  # masked
    frame(9, b"x" * 126),  # control frame too long
    frame(9, b"x", fin=False),  # fragmented control frame
    frame(0, b"c"),  # continuation of nothing
    frame(1, b"a", fin=False) + frame(1, b"b"),  # message inside a message
    frame(1, b"a", fin=False) + frame(8, b"\x03\xe8"),  # close inside a message
    frame(1, b"a" * 60_000, fin=False) + frame(0, b"a" * 60_000),  # too long in all
    b"\x81\x7f" + struct.pack("!Q", 1 << 40),  # too long
    b"\x81\x7f" + struct.pack("!Q", LIMIT + 1),
    b"\x81\x7f" + struct.pack("!Q", 1 << 63),
    b"\x81\x7e\x00\x05short",  # longer form than needed
    b"\x82\xff" + struct.pack("!Q", 5) + b"1234abcde",
]
scripts = st.lists(
    st.one_of(messages, messages, messages, controls, fragmented(), closes, st.sampled_from(EDGES)), max_size=12
)
cuts = st.lists(st.sampled_from([1, 2, 3, 7, 20, 999, 65_536, 1 << 20]), min_size=1, max_size=6)


@settings(max_examples=4000, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(script=scripts, sizes=cuts, views=st.booleans(), lost=st.one_of(st.none(), st.integers(0, 1 << 17)))
@example(script=[frame(1, b"a"), frame(8, b"\x03\xf3boom"), frame(1, b"late")], sizes=[1 << 20], views=True, lost=None)
@example(script=[frame(9, b"in the read of the 101"), frame(1, b"a")], sizes=[1 << 20], views=True, lost=None)
@example(script=[frame(1, b"x" * 70_000), frame(1, b"y")], sizes=[1], views=False, lost=3)
def test_any_frames_in_any_pieces(script: list[bytes], sizes: list[int], views: bool, lost: int | None) -> None:
    stream = b"".join(script)
    if lost:
        stream = stream[:-lost]
    compare(stream, sizes, views=views, whole=not lost, compression=None)


@pytest.mark.parametrize("sizes", [[1], [2], [3], [1 << 20]], ids=str)
@pytest.mark.parametrize("edge", range(len(EDGES)))
def test_each_edge_between_messages(edge: int, sizes: list[int]) -> None:
    stream = frame(1, b"before") + EDGES[edge] + frame(1, b"behind") + frame(9, b"ping")
    compare(stream, sizes, views=True, whole=False, compression=None)


@settings(max_examples=1000, deadline=None)
@given(junk=st.binary(max_size=400), sizes=cuts, views=st.booleans())
def test_any_bytes(junk: bytes, sizes: list[int], views: bool) -> None:
    compare(junk, sizes, views=views, whole=False, compression=None)


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(script=st.lists(st.tuples(st.booleans(), st.one_of(payloads, payloads)), max_size=8), sizes=cuts, end=closes)
def test_compressed_and_plain_messages_mixed(script: list[tuple[bool, bytes]], sizes: list[int], end: bytes) -> None:
    _, server = ServerPerMessageDeflateFactory().process_request_params(
        [("server_max_window_bits", "12"), ("client_max_window_bits", "12")], []
    )
    assert isinstance(server, PerMessageDeflate)
    stream = b""
    for compress, payload in script:
        message = Frame(Opcode.TEXT, payload)
        stream += message.serialize(mask=False, extensions=[server] if compress else [])
    compare(stream + end, sizes, views=True, whole=False, compression=12)


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(before=st.lists(messages, max_size=3), after=scripts, sizes=cuts)
def test_after_our_close_control_frames_are_handled_and_messages_dropped(
    before: list[bytes], after: list[bytes], sizes: list[int]
) -> None:
    stream = b"".join(after)
    reference, ours = Reference(None), Ours(None, views=True)
    for side in (reference, ours):
        for piece in pieces(answer(side.request) + b"".join(before), [1 << 20]):
            side.receive(piece)
    reference.close()
    ours.websocket.close(1000, "bye")
    kept = list(ours.websocket.messages)
    for side in (reference, ours):
        for piece in pieces(stream, sizes):
            side.receive(piece)
    assert unmasked(bytes(ours.written)) == unmasked(bytes(reference.written))
    assert ours.websocket.closing_expected == reference.protocol.close_expected()
    reference.eof()
    ours.eof()
    assert list(ours.websocket.messages) == kept


@settings(max_examples=500, deadline=None)
@given(message=st.one_of(payloads, st.binary(max_size=200)), compression=st.sampled_from([None, 12]))
def test_what_we_send_is_what_a_server_reads(message: bytes, compression: int | None) -> None:
    ours = Ours(compression, views=False)
    ours.receive(answer(ours.request, compressed=compression is not None))
    written = ours.websocket.text(message) + ours.websocket.text(b"next")
    extensions: list[PerMessageDeflate] = []
    if compression is not None:
        _, server = ServerPerMessageDeflateFactory().process_request_params(
            [("server_max_window_bits", "12"), ("client_max_window_bits", "12")], []
        )
        assert isinstance(server, PerMessageDeflate)
        extensions.append(server)
    received: list[bytes] = []
    for first, payload in unmasked(written):
        got = Frame(Opcode.TEXT, payload, rsv1=bool(first & 0x40))
        for extension in extensions:
            got = extension.decode(got)
        received.append(bytes(got.data))
    assert received == [message, b"next"]
