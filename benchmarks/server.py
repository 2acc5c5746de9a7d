"""The other end of the flood: a raw socket that replays prepared frames, so that the client is what is measured.

    server.py MIXES [CERTIFICATE]

Prints its port, then serves one connection after the other: upgrade, session.created, and, at the first message of the
client, the whole mix ``MIXES`` times and a close.
"""

from __future__ import annotations

import socket
import ssl
import sys

import frames
import framing
import harness


def read_request(connection: socket.socket) -> bytes:
    request = b""
    while b"\r\n\r\n" not in request:
        data = connection.recv(65536)
        if not data:
            raise OSError("no request")
        request += data
    return request


def serve(connection: socket.socket, floods: dict[str, tuple[bytes, bytes]], times: int) -> None:
    request = read_request(connection)
    first, flood = floods[framing.dialect(request)]
    connection.sendall(framing.accept(request) + first)
    opcode = connection.recv(65536)[:1]
    if opcode == b"\x81":
        for _ in range(times):
            connection.sendall(flood)
    connection.sendall(framing.CLOSE)
    # The server closes the TCP connection (RFC 6455 section 7.1.1), once both have sent a close.
    if opcode != b"\x88":
        connection.recv(65536)


def prepare(dialect: str) -> tuple[bytes, bytes]:
    mix = [framing.text(frame) for frame in frames.mix(dialect)]
    return mix[0], b"".join(mix)


def main(times: int, certificate: str | None) -> None:
    harness.pin(harness.SERVER_CORE)
    floods = {dialect: prepare(dialect) for dialect in (frames.VOICE_LIVE, frames.OPENAI)}
    context = None if certificate is None else framing.tls(certificate)
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    while True:
        connection, _ = listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            if context is not None:
                connection = context.wrap_socket(connection, server_side=True)
            serve(connection, floods, times)
        except (OSError, ssl.SSLError):
            pass  # The client left: it has had what it came for.
        finally:
            connection.close()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None)
