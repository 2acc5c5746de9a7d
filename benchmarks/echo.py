"""The other end of conversations: answers every message with one audio delta, for thousands of connections at once.

    echo.py [CERTIFICATE]

Prints its port. A short message (20 ms of audio) is answered with 20 ms of audio, a longer one with 100 ms.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from typing import cast

import frames
import framing
import harness

try:
    from uvloop import run
except ImportError:  # not on Windows
    from asyncio import run

LONG = 4000
"""Bytes of a message that is answered with 100 ms."""


class Prepared:
    """The frames of one dialect."""

    def __init__(self, dialect: str) -> None:
        self.first = framing.text(frames.mix(dialect)[0])
        self.short = framing.text(frames.audio_delta(0.02, dialect))
        self.long = framing.text(frames.audio_delta(0.1, dialect))


class Echo(asyncio.Protocol):
    def __init__(self, prepared: dict[str, Prepared]) -> None:
        self.all = prepared
        self.mine: Prepared | None = None
        self.data = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        sock = self.transport.get_extra_info("socket")
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def data_received(self, data: bytes) -> None:
        self.data += data
        if self.mine is None:
            self.upgrade()
            return
        start, answers = 0, b""
        while True:
            header, length = framing.frame_size(self.data, start)
            end = start + header + length
            if not header or end > len(self.data):
                break
            answers += self.answer(self.data[start] & 0x0F, bytes(self.data[start:end]))
            start = end
        del self.data[:start]
        if answers:
            self.transport.write(answers)
        if answers.endswith(framing.CLOSE):
            self.transport.close()

    def upgrade(self) -> None:
        if b"\r\n\r\n" in self.data:
            request = bytes(self.data)
            self.data.clear()
            self.mine = self.all[framing.dialect(request)]
            self.transport.write(framing.accept(request) + self.mine.first)

    def answer(self, opcode: int, frame: bytes) -> bytes:
        assert self.mine is not None
        if opcode == 0x1:
            return self.mine.short if len(frame) < LONG else self.mine.long
        return {0x8: framing.CLOSE, 0x9: framing.pong(frame)}.get(opcode, b"")


async def main(certificate: str | None) -> None:
    harness.pin(harness.SERVER_CORE)
    harness.allow_many_files()
    prepared = {dialect: Prepared(dialect) for dialect in (frames.VOICE_LIVE, frames.OPENAI)}
    context = None if certificate is None else framing.tls(certificate)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Echo(prepared), "127.0.0.1", 0, ssl=context, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    run(main(sys.argv[1] if len(sys.argv) > 1 else None))
