"""What is fuzzed: every place where bytes of a service come in. One input is one frame, or several, one a line.

An input is taken in four ways, and whatever comes of it is looked at as a program would:

* as events of the service: decoded, shown, compared with its JSON, written and read again, followed by a ledger that
  restores the session afterwards;
* as an event of a client, as the embedded service reads it;
* as a message on a WebSocket that is open, cut in two at a place that the input tells;
* as raw bytes in place of an answer to the upgrade, and behind one.

Only the exceptions of ``ALLOWED`` may come out.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

from websockets.utils import accept_key

from voicelive.exceptions import ConnectError, ConnectionClosed, HandshakeError, InvalidAudioError
from voicelive.models import InvalidServerEvent, ServerEventSessionCreated, UnknownServerEvent
from voicelive.protocol import decode_event, encode_event
from voicelive.protocol.address import Address
from voicelive.protocol.ledger import Ledger
from voicelive.protocol.options import TransportOptions
from voicelive.protocol.policy import ReconnectPolicy
from voicelive.protocol.responses import Responses
from voicelive.protocol.websocket import WebSocket
from voicelive.protocol.wire import decode_client_event, encode_json

ALLOWED: dict[str, tuple[type[Exception], ...]] = {
    # It holds NaN or infinity, or half a surrogate pair, which JSON's own escapes can express: said at encode_json.
    "encode": (ValueError,),
    # It is no event, or lacks what its type requires: said at decode_client_event. Never a ValidationError, which would
    # show the content.
    "decode_client_event": (ValueError,),
    # What is in an audio delta is no base64: said at its ``audio``.
    "audio": (InvalidAudioError,),
    # The answer to the upgrade is a refusal, or no HTTP: said at raise_if_refused.
    "upgrade": (HandshakeError, ConnectError),
}
"""Where an exception may come from, and which; nothing else may raise anything."""

LIMIT = 1 << 16
ADDRESS = Address(False, "fuzz.example", 80, "/voice-live/realtime")
OPTIONS = TransportOptions(max_msg_size=LIMIT)
RECORDED = (
    b'{"type":"session.update","event_id":"c1","session":{"instructions":"x"}}',
    b'{"type":"conversation.item.create","event_id":"c2","item":{"id":"item_1","type":"message","role":"user",'
    b'"content":[{"type":"input_text","text":"x"}]}}',
    b'{"type":"input_audio_buffer.append","audio":"AAAAAAAA"}',
    b'{"type":"input_audio_buffer.commit","event_id":"c3"}',
    b'{"type":"response.create","event_id":"c4"}',
    b'{"type":"conversation.item.truncate","event_id":"c5","item_id":"item_1","content_index":0,"audio_end_ms":1}',
)
CREATED: Any = decode_event(b'{"type":"session.created","event_id":"e","session":{"id":"sess"}}')
assert isinstance(CREATED, ServerEventSessionCreated)


class Found(AssertionError):
    """Something that must hold does not."""


def test_one_input(data: bytes) -> None:
    """Take an input in every way.

    Raises:
        Exception: It found something.
    """
    frames = data.split(b"\n")[:64]
    events = [_server_event(frame) for frame in frames]
    for frame in frames:
        _client_event(frame)
    _ledger(events)
    _messages(data)
    _raw(data)


test_one_input.__test__ = False  # type: ignore[attr-defined] # pytest would take it for a test


def _allowed(where: str, work: Callable[[], Any]) -> Any:
    try:
        return work()
    except ALLOWED[where]:
        return None


# As events


def _server_event(frame: bytes) -> Any:
    event = decode_event(frame)
    repr(event)
    wire = event.as_dict()
    if isinstance(event, InvalidServerEvent):
        str(event.error)
        return event
    given = json.loads(frame)
    if not _same(wire, given):
        raise Found("what came is not what the event holds")
    if (written := _allowed("encode", lambda: encode_json(event))) is not None:
        again = decode_event(written)
        if type(again) is not type(event) or not _same(again.as_dict(), wire):
            raise Found("written and read again it is another event")
    if not isinstance(event, UnknownServerEvent) and hasattr(type(event), "audio"):
        _allowed("audio", lambda: event.audio)
    return event


def _client_event(frame: bytes) -> None:
    event = _allowed("decode_client_event", lambda: decode_client_event(frame))
    if event is not None:
        repr(event)
        wire = event.as_dict()
        if (written := _allowed("encode", lambda: encode_event(event))) is not None:
            again = decode_client_event(written)
            if type(again) is not type(event) or not _same(again.as_dict(), wire):
                raise Found("written and read again it is another event of the client")


def _same(one: Any, other: Any) -> bool:
    """Compare JSON: 1.0 is 1, as numbers of the wire are, but True is not 1; NaN is itself."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, float) and isinstance(other, float) and math.isnan(one):
        return math.isnan(other)
    return bool(one == other and isinstance(one, bool) == isinstance(other, bool))


def _ledger(events: list[Any]) -> None:
    """Follow the events, lose the connection, and restore the session twice: the first attempt fails."""
    ledger, responses = Ledger(ReconnectPolicy()), Responses()
    ledger.begin(CREATED.session)
    for frame in RECORDED:
        ledger.record(frame)
    for event in events:
        ledger.received(event)
        responses.note(event)
        if isinstance(event, ServerEventSessionCreated):
            ledger.begin(event.session)
    for frame in ledger.dropped():
        if isinstance(decode_event(frame), InvalidServerEvent):
            raise Found("a response is ended with what is no event")
    ledger.restore(CREATED.session, with_items=True)
    ledger.failed()
    restoring = ledger.restore(CREATED.session, with_items=True)
    for frame in restoring.frames:
        json.loads(frame)
    for event in events:
        restoring.take(event)
    while ledger.take_unwritten():
        pass
    told = ledger.go_online(restoring)
    repr(told)
    told.as_dict()
    ledger.unsent()


# As bytes


def _head(size: int) -> bytes:
    if size < 126:
        return bytes((0x81, size))
    return b"\x81\x7e" + size.to_bytes(2, "big") if size < 1 << 16 else b"\x81\x7f" + size.to_bytes(8, "big")


def _opened() -> WebSocket:
    websocket = WebSocket(ADDRESS, [], OPTIONS)
    request = websocket.start()
    key = request.split(b"Sec-WebSocket-Key: ", 1)[1].split(b"\r\n", 1)[0].decode()
    websocket.receive(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept_key(key).encode() + b"\r\n\r\n"
    )
    websocket.raise_if_refused()
    return websocket


_open: list[WebSocket] = []


def _messages(data: bytes) -> None:
    """Send the input as a message over a connection that lasts for as long as nothing is wrong with it."""
    if len(data) > LIMIT:
        return
    websocket = _open[0] if _open else _opened()
    _open[:] = [websocket]
    stream = _head(len(data)) + data
    cut = sum(data[:8]) % len(stream)
    websocket.receive(stream[:cut])
    websocket.receive(memoryview(stream)[cut:])
    if not websocket.messages or websocket.pop() != data or websocket.messages or not websocket.open:
        _open.clear()
        raise Found("a message arrives as another one")


def _raw(data: bytes) -> None:
    """Send the input in place of an answer to the upgrade, and as frames behind one."""
    refused = WebSocket(ADDRESS, [], OPTIONS)
    refused.start()
    refused.receive(data)
    refused.receive_eof()
    refused.output()
    _allowed("upgrade", refused.raise_if_refused)
    websocket = _opened()
    cut = sum(data[:8]) % (len(data) + 1)
    websocket.receive(data[:cut])
    websocket.receive(memoryview(data)[cut:])
    websocket.output()
    websocket.receive_eof()
    websocket.output()
    error = websocket.closed_error()
    if not isinstance(error, ConnectionClosed) or not websocket.closed:
        raise Found("a connection that is over is not known to be")
    str(error)
    while websocket.messages:
        websocket.pop()
    if websocket.buffered:
        raise Found("what is buffered is counted wrong")
