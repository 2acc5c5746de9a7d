"""As much of RFC 6455 as the servers of the benchmark need."""

from __future__ import annotations

import base64
import hashlib
import ssl
import struct

import frames

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
CLOSE = b"\x88\x02" + struct.pack(">H", 1000)


def text(message: bytes) -> bytes:
    """Frame a message as a server does: unmasked, unfragmented (RFC 6455 section 5.2)."""
    length = len(message)
    if length < 126:
        return struct.pack(">BB", 0x81, length) + message
    if length < 65536:
        return struct.pack(">BBH", 0x81, 126, length) + message
    return struct.pack(">BBQ", 0x81, 127, length) + message


def accept(request: bytes) -> bytes:
    """Return the answer to an upgrade."""
    headers = dict(line.split(b": ", 1) for line in request.split(b"\r\n\r\n")[0].split(b"\r\n")[1:])
    key = next(value for name, value in headers.items() if name.lower() == b"sec-websocket-key")
    digest = base64.b64encode(hashlib.sha1(key.strip() + GUID).digest())
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + digest + b"\r\n\r\n"
    )


def dialect(request: bytes) -> str:
    """Return whose names the client wants, which its path tells."""
    return frames.VOICE_LIVE if b"/voice-live/" in request.split(b"\r\n", 1)[0] else frames.OPENAI


def frame_size(data: bytearray, start: int) -> tuple[int, int]:
    """Return the sizes of the header and of the payload of a client's frame; (0, 0) if its header is incomplete."""
    if len(data) < start + 6:
        return 0, 0
    length = data[start + 1] & 0x7F
    if length < 126:
        return 6, length
    if len(data) < start + 14:
        return 0, 0
    if length == 126:
        return 8, int.from_bytes(data[start + 2 : start + 4], "big")
    return 14, int.from_bytes(data[start + 2 : start + 10], "big")


def pong(frame: bytes) -> bytes:
    """Return the answer to a client's ping."""
    mask, payload = frame[2:6], frame[6:]
    return bytes((0x8A, len(payload))) + bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))


def tls(certificate: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(certificate)
    return context
