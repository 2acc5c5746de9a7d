"""WebSocket frames as bytes (RFC 6455 section 5), right and wrong ones: libraries would send no wrong ones."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Literal, get_args

__all__ = (
    "BINARY",
    "CLOSE",
    "CONTINUATION",
    "KINDS",
    "PING",
    "PONG",
    "TEXT",
    "Kind",
    "build",
    "close",
    "fragments",
    "frame",
)

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10

Kind = Literal[
    "binary",
    "bad-base64",
    "bad-opcode",
    "deep-json",
    "deflate-bomb",
    "empty-fragments",
    "empty-text",
    "huge-text",
    "interleaved-fragments",
    "invalid-utf8",
    "json-array",
    "long-ping",
    "malformed-json",
    "masked-frame",
    "pings",
    "rsv-frame",
    "stray-continuation",
    "tiny-frames",
    "truncated-frame",
    "truncated-json",
    "unknown-event",
    "wrong-types",
]
"""What :class:`~voicelive.emulator.faults.Send` can send."""

KINDS: tuple[Kind, ...] = get_args(Kind)

_MASK = b"\x5a\xa5\x0f\xf0"


def frame(opcode: int, payload: bytes = b"", *, fin: bool = True, rsv: int = 0, masked: bool = False) -> bytes:
    """Return one frame.

    Args:
        opcode: 0 to 15.
        payload: What it carries, of any length.
        fin: Whether it ends the message.
        rsv: The three reserved bits, 0 to 7; RSV1 is 4.
        masked: Whether it is masked, which only a client may do.
    """
    size, mask = len(payload), 0x80 if masked else 0
    head = bytes([fin << 7 | rsv << 4 | opcode])
    if size < 126:
        head += bytes([mask | size])
    elif size < 1 << 16:
        head += struct.pack("!BH", mask | 126, size)
    else:
        head += struct.pack("!BQ", mask | 127, size)
    if not masked:
        return head + payload
    return head + _MASK + bytes(byte ^ _MASK[i % 4] for i, byte in enumerate(payload))


def close(code: int, reason: str = "") -> bytes:
    """Return a close frame; code 1005 stands for one without a code."""
    return frame(CLOSE, b"" if code == 1005 else struct.pack("!H", code) + reason.encode())


def fragments(message: bytes, size: int, *, pings: bool) -> bytes:
    """Return a text message in pieces of that many bytes, with a ping between any two of them if wanted."""
    pieces = [message[start : start + size] for start in range(0, len(message), size)] or [b""]
    between = frame(PING, b"between") if pings else b""
    last = len(pieces) - 1
    return between.join(
        frame(CONTINUATION if number else TEXT, piece, fin=number == last) for number, piece in enumerate(pieces)
    )


def build(kind: Kind, count: int, mib: float) -> Iterator[bytes]:
    """Yield what ``Send`` puts on the wire, in pieces of at most some MiB.

    Args:
        kind: What.
        count: How many frames, for the kinds that are many.
        mib: Size of the message in MiB, for the kinds that are large.
    """
    if kind in _MANY:
        yield from _MANY[kind](count)
    elif kind in _LARGE:
        yield _LARGE[kind](int(mib * 1024 * 1024))
    else:
        yield _ONE[kind]


def _event(event_type: str, **fields: object) -> bytes:
    return json.dumps({"type": event_type, "event_id": "event_fault", **fields}, separators=(",", ":")).encode()


_WARNING = _event("warning", warning={"message": "A message in pieces.", "code": "fault"})
_DELTA = {"response_id": "resp_fault", "item_id": "item_fault", "output_index": 0, "content_index": 0}

_ONE: Mapping[str, bytes] = {
    "binary": frame(BINARY, bytes(range(256))),
    "bad-base64": frame(TEXT, _event("response.audio.delta", **_DELTA, delta="no base64!")),
    "bad-opcode": frame(5, b"?"),
    "deep-json": frame(TEXT, b"[" * 100_000 + b"]" * 100_000),
    "empty-text": frame(TEXT),
    "interleaved-fragments": frame(TEXT, _WARNING[:20], fin=False) + frame(TEXT, _WARNING),
    "invalid-utf8": frame(TEXT, _event("warning", warning={"message": "?"}).replace(b"?", b"\xff\xfe")),
    "json-array": frame(TEXT, b'[{"type":"session.updated"}]'),
    "long-ping": frame(PING, bytes(126)),
    "malformed-json": frame(TEXT, b"{'type': session.updated}"),
    "masked-frame": frame(TEXT, _WARNING, masked=True),
    "rsv-frame": frame(TEXT, _WARNING, rsv=1),
    "stray-continuation": frame(CONTINUATION, _WARNING),
    "truncated-frame": frame(TEXT, _WARNING)[: len(_WARNING) // 2],
    "truncated-json": frame(TEXT, _WARNING[: len(_WARNING) // 2]),
    "unknown-event": frame(TEXT, _event("session.astonished", surprise={"level": 11})),
    "wrong-types": frame(
        TEXT, _event("response.audio_transcript.delta", **{**_DELTA, "output_index": "none"}, delta=7)
    ),
}


def _repeated(one: bytes, count: int) -> Iterator[bytes]:
    batch = max(1, (1 << 16) // len(one))
    for start in range(0, count, batch):
        yield one * min(batch, count - start)


def _empty_fragments(count: int) -> Iterator[bytes]:
    yield frame(TEXT, _WARNING, fin=False)
    yield from _repeated(frame(CONTINUATION, fin=False), count)
    yield frame(CONTINUATION)


_MANY: Mapping[str, Callable[[int], Iterator[bytes]]] = {
    "empty-fragments": _empty_fragments,
    "pings": lambda count: _repeated(frame(PING, b"flood"), count),
    "tiny-frames": lambda count: _repeated(frame(TEXT, b"{}"), count),
}


def _huge_text(size: int) -> bytes:
    bare = len(_event("session.huge", padding=""))
    return frame(TEXT, _event("session.huge", padding="x" * max(0, size - bare)))


def _deflate_bomb(size: int) -> bytes:
    compressor = zlib.compressobj(wbits=-15)
    packed = compressor.compress(b" " * size) + compressor.flush(zlib.Z_SYNC_FLUSH)
    # RFC 7692 section 7.2.1: the four bytes that end a sync flush are left out.
    return frame(TEXT, packed[:-4], rsv=4)


_LARGE: Mapping[str, Callable[[int], bytes]] = {"huge-text": _huge_text, "deflate-bomb": _deflate_bomb}
