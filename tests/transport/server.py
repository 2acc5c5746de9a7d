"""A raw WebSocket server: a script plays the server's part byte by byte, in a thread of its own.

It shares no code with what it tests, and says everything a server can say, right or wrong.
"""

from __future__ import annotations

import base64
import hashlib
import re
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from voicelive.protocol.address import Address

__all__ = ("CLOSE", "CONT", "PING", "PONG", "TEXT", "Peer", "Script", "Server", "frame")

CONT, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
GUARD = 20.0
"""Seconds after which a script that waits gives up: far beyond anything a test takes."""

Script = Callable[["Peer"], None]


def frame(opcode: int, payload: bytes = b"", *, fin: bool = True) -> bytes:
    size = len(payload)
    head = bytes([(fin << 7) | opcode])
    if size < 126:
        return head + bytes([size]) + payload
    if size < 1 << 16:
        return head + struct.pack("!BH", 126, size) + payload
    return head + struct.pack("!BQ", 127, size) + payload


class Peer:
    """The server's end of one connection."""

    def __init__(self, sock: socket.socket, tls: ssl.SSLContext | None) -> None:
        sock.settimeout(GUARD)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.tcp = sock
        self.sock = sock
        self._tls = tls
        self._buffer = bytearray()
        self.request = b""

    def start(self) -> None:
        if self._tls is not None:
            self.sock = self._tls.wrap_socket(self.tcp, server_side=True, suppress_ragged_eofs=False)

    def read_request(self) -> str:
        """Read the upgrade request and return its key."""
        while b"\r\n\r\n" not in self._buffer:
            self._fill()
        end = self._buffer.index(b"\r\n\r\n") + 4
        self.request = bytes(self._buffer[:end])
        del self._buffer[:end]
        key = re.search(rb"(?i)sec-websocket-key: (\S+)", self.request)
        assert key is not None
        return key[1].decode()

    def accept(self, behind: bytes = b"", *, extension: str = "") -> None:
        """Answer the upgrade; ``behind`` goes out in the same write."""
        key = self.read_request()
        digest = hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
        head = (
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {base64.b64encode(digest).decode()}\r\n"
        )
        if extension:
            head += f"Sec-WebSocket-Extensions: {extension}\r\n"
        self.write(head.encode() + b"\r\n" + behind)

    def write(self, data: bytes) -> None:
        self.sock.sendall(data)

    def text(self, payload: bytes) -> None:
        self.write(frame(TEXT, payload))

    def close_frame(self, code: int | None = None, reason: str = "") -> None:
        self.write(frame(CLOSE, b"" if code is None else struct.pack("!H", code) + reason.encode()))

    def read_frame(self) -> tuple[int, bytes]:
        """Read one frame: opcode and payload. A client has to mask it, and to send it in one piece."""
        first, second = self._exactly(2)
        assert second & 0x80, "a client must mask what it sends"
        assert first & 0x80, "nothing here sends fragments"
        length = second & 0x7F
        if length > 125:
            length = int.from_bytes(self._exactly(2 if length == 126 else 8), "big")
        mask = self._exactly(4)
        payload = self._exactly(length)
        stream = (mask * (length // 4 + 1))[:length]
        return first & 0x0F, (int.from_bytes(payload, "big") ^ int.from_bytes(stream, "big")).to_bytes(length, "big")

    def read_close(self) -> tuple[int, str]:
        """Read on up to the close frame: code (1005: none) and reason."""
        opcode, payload = self.read_frame()
        while opcode != CLOSE:
            opcode, payload = self.read_frame()
        return (int.from_bytes(payload[:2], "big") if payload else 1005), payload[2:].decode()

    def finish(self) -> tuple[int, str]:
        """Read the client's close, answer it, close: how a session normally ends."""
        code, reason = self.read_close()
        self.close_frame(None if code == 1005 else code, reason)
        return code, reason

    def read_eof(self) -> None:
        """Wait until the client has closed its end of the TCP connection."""
        try:
            while self.sock.recv(65536):
                pass
        except (ConnectionResetError, ssl.SSLError, BrokenPipeError):
            # A client that closes with bytes unread resets the connection.
            return

    def reset(self) -> None:
        """Break the connection with a TCP reset."""
        self.tcp = self.sock
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def close(self) -> None:
        self.sock.close()

    def _exactly(self, count: int) -> bytes:
        while len(self._buffer) < count:
            self._fill()
        data = bytes(self._buffer[:count])
        del self._buffer[:count]
        return data

    def _fill(self) -> None:
        data = self.sock.recv(65536)
        if not data:
            raise EOFError("the client closed the connection")
        self._buffer += data


class Server:
    """Runs the script for each connection; leaving the ``with`` block raises what a script raised."""

    def __init__(self, script: Script, tls: ssl.SSLContext | None = None, *, receive_buffer: int | None = None) -> None:
        self._script = script
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        if receive_buffer is not None:
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self._stopping = False
        self._errors: list[BaseException] = []
        self._threads: list[threading.Thread] = []
        self._peers: list[Peer] = []
        self._acceptor = threading.Thread(target=self._accept, name="test-acceptor")
        port = self._listener.getsockname()[1]
        self.address = Address(tls is not None, "127.0.0.1", port, "/realtime?api-version=1&secret=hidden")
        self.done = threading.Event()
        """The first script has come to its end."""

    def __enter__(self) -> Self:
        self._acceptor.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        # Closing a listener does not wake accept() everywhere; a connection does.
        self._stopping = True
        with socket.create_connection(self._listener.getsockname()):
            self._acceptor.join(GUARD)
        self._listener.close()
        if error is not None:
            for peer in self._peers:
                peer.tcp.close()
        for thread in self._threads:
            thread.join(2 * GUARD)
            assert not thread.is_alive(), "a script did not end"
        if error is None and self._errors:
            raise self._errors[0]

    def _accept(self) -> None:
        while True:
            sock, _ = self._listener.accept()
            if self._stopping:
                sock.close()
                return
            peer = Peer(sock, self._tls)
            self._peers.append(peer)
            thread = threading.Thread(target=self._play, args=(peer,), name="test-script")
            self._threads.append(thread)
            thread.start()

    def _play(self, peer: Peer) -> None:
        try:
            peer.start()
            self._script(peer)
        except BaseException as error:
            self._errors.append(error)
        finally:
            peer.close()
            self.done.set()
