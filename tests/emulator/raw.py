"""A client that speaks bytes: it sees what a WebSocket library would hide, and shares no code with what it tests."""

from __future__ import annotations

import base64
import json
import os
import socket
import ssl
import struct
from types import TracebackType
from typing import Any

from voicelive.emulator import Emulator

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
GUARD = 20.0
PATH = "/voice-live/realtime?api-version=2026-07-15&model=gpt-realtime"


class Raw:
    """One TCP connection to an emulator."""

    def __init__(self, emulator: Emulator, tls: ssl.SSLContext | None = None) -> None:
        host, _, port = emulator.endpoint.rpartition("//")[2].rpartition(":")
        self._key = emulator.api_key
        self._host = f"{host}:{port}"
        self.socket = socket.create_connection((host, int(port)), timeout=GUARD)
        if tls is not None:
            try:
                self.socket = tls.wrap_socket(self.socket, server_hostname=host, suppress_ragged_eofs=False)
            except OSError:
                self.socket.close()
                raise
        self._buffer = b""

    def __enter__(self) -> Raw:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.socket.close()

    # The upgrade

    def ask(self, path: str = PATH, **headers: str) -> None:
        """Send the request to upgrade."""
        fields = {
            "Host": self._host,
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
            "Sec-WebSocket-Version": "13",
            "api-key": self._key,
            **headers,
        }
        lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        self.socket.sendall(f"GET {path} HTTP/1.1\r\n{lines}\r\n".encode())

    def answer(self) -> tuple[int, dict[str, str]]:
        """Read the head of the answer: status and headers."""
        while b"\r\n\r\n" not in self._buffer:
            self._fill()
        head, self._buffer = self._buffer.split(b"\r\n\r\n", 1)
        status, *lines = head.decode().split("\r\n")
        return int(status.split()[1]), {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}

    def open(self) -> Raw:
        """Upgrade, and take ``session.created`` off."""
        self.ask()
        assert self.answer()[0] == 101
        assert self.event()["type"] == "session.created"
        return self

    # Frames

    def send(self, event_type: str, **fields: Any) -> None:
        self.send_frame(TEXT, json.dumps({"type": event_type, **fields}).encode())

    def send_frame(self, opcode: int, payload: bytes = b"") -> None:
        size = len(payload)
        head = bytes([0x80 | opcode])
        if size < 126:
            head += bytes([0x80 | size])
        elif size < 1 << 16:
            head += struct.pack("!BH", 0x80 | 126, size)
        else:
            head += struct.pack("!BQ", 0x80 | 127, size)
        self.socket.sendall(head + bytes(4) + payload)  # A mask of zeros changes nothing.

    def frame(self) -> tuple[int, bytes]:
        """Read a frame: its first byte and its payload."""
        first, second = self.exactly(2)
        assert not second & 0x80
        size = second
        if size > 125:
            size = int.from_bytes(self.exactly(2 if size == 126 else 8), "big")
        return first, self.exactly(size)

    def event(self) -> dict[str, Any]:
        first, payload = self.frame()
        assert first == 0x80 | TEXT, (first, payload)
        event: dict[str, Any] = json.loads(payload)
        return event

    def until(self, event_type: str) -> list[dict[str, Any]]:
        events = [self.event()]
        while events[-1]["type"] != event_type:
            events.append(self.event())
        return events

    def closed(self) -> tuple[int | None, str]:
        """Read a close frame: code and reason."""
        first, payload = self.frame()
        assert first == 0x80 | CLOSE, (first, payload)
        return (int.from_bytes(payload[:2], "big") if payload else None), payload[2:].decode()

    # Bytes

    def exactly(self, size: int) -> bytes:
        while len(self._buffer) < size:
            self._fill()
        data, self._buffer = self._buffer[:size], self._buffer[size:]
        return data

    def rest(self) -> bytes:
        """Read up to the end of the connection."""
        while data := self.socket.recv(1 << 16):
            self._buffer += data
        data, self._buffer = self._buffer, b""
        return data

    def silent(self, seconds: float = 0.3) -> bool:
        """Whether nothing comes for a moment, not even an end."""
        self.socket.settimeout(seconds)
        try:
            self._buffer += self.socket.recv(1 << 16)
        except TimeoutError:
            return not self._buffer
        finally:
            self.socket.settimeout(GUARD)
        return False

    def fill(self, data: bytes, most: int) -> int:
        """Send this again and again until no more is taken, and return how many bytes were."""
        taken = 0
        self.socket.settimeout(1)
        try:
            while taken < most:
                taken += self.socket.send(data)
        except TimeoutError:
            return taken
        finally:
            self.socket.settimeout(GUARD)
        return taken

    def _fill(self) -> None:
        data = self.socket.recv(1 << 16)
        if not data:
            raise EOFError(f"the connection ended with {len(self._buffer)} bytes read")
        self._buffer += data
