"""The other end of the flood: a raw socket that replays prepared frames, so that the client is what is measured.

Prints its port, then serves one connection after the other: upgrade, session.created, and, at the first message of the
client, the whole mix a number of times and a close.
"""

from __future__ import annotations

import base64
import hashlib
import socket
import ssl
import struct
import sys

import frames
import harness

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


def upgrade(connection: socket.socket) -> None:
    request = b""
    while b"\r\n\r\n" not in request:
        data = connection.recv(65536)
        if not data:
            raise OSError("no request")
        request += data
    headers = dict(line.split(b": ", 1) for line in request.split(b"\r\n\r\n")[0].split(b"\r\n")[1:])
    key = next(value for name, value in headers.items() if name.lower() == b"sec-websocket-key")
    accept = base64.b64encode(hashlib.sha1(key.strip() + GUID).digest())
    connection.sendall(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
    )


def serve(connection: socket.socket, first: bytes, flood: bytes, times: int) -> None:
    upgrade(connection)
    connection.sendall(first)
    opcode = connection.recv(65536)[:1]
    if opcode == b"\x81":
        for _ in range(times):
            connection.sendall(flood)
    connection.sendall(CLOSE)
    # The server closes the TCP connection (RFC 6455 section 7.1.1), once both have sent a close.
    if opcode != b"\x88":
        connection.recv(65536)


def main(times: int, certificate: str | None) -> None:
    harness.pin(harness.SERVER_CORE)
    mix = frames.mix()
    first, flood = text(mix[0]), b"".join(map(text, mix))
    context = None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    while True:
        connection, _ = listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            if context is not None:
                connection = context.wrap_socket(connection, server_side=True)
            serve(connection, first, flood, times)
        except OSError:
            pass  # The client left: it has had what it came for.
        finally:
            connection.close()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None)
