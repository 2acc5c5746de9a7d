"""The other end of ``growth.py``: says as much as a request asks for, and keeps a conversation.

Prints its port. ``echo`` is answered with a small event, ``audio`` with ``times`` deltas of ``size`` bytes,
``conversation.item.create`` with the item; ``drop`` ends the connection without a word, and appended audio is thrown
away.
"""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any, cast

import frames
import framing
import harness
from websockets.speedups import apply_mask

try:
    from uvloop import run
except ImportError:  # not on Windows
    from asyncio import run

LARGE = 4096
"""Bytes of messages that are audio."""
FIRST_EVENT = framing.text(frames.mix()[0])
SMALL_EVENT = framing.text(b'{"type":"input_audio_buffer.cleared","event_id":"event_1"}')


def frame(event: dict[str, Any]) -> bytes:
    return framing.text(json.dumps(event, separators=(",", ":")).encode())


class Session(asyncio.Protocol):
    def __init__(self) -> None:
        self.data = bytearray()
        self.upgraded = False
        self.items = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self.data += data
        if not self.upgraded:
            if b"\r\n\r\n" not in self.data:
                return
            self.transport.write(framing.accept(bytes(self.data)) + FIRST_EVENT)
            self.upgraded = True
            self.data.clear()
        start = 0
        while True:
            header, length = framing.frame_size(self.data, start)
            end = start + header + length
            if not header or end > len(self.data):
                break
            self.take(self.data[start] & 0x0F, start + header, end)
            start = end
        del self.data[:start]

    def take(self, opcode: int, start: int, end: int) -> None:
        if opcode == 0x8:
            self.transport.write(framing.CLOSE)
            self.transport.close()
        elif opcode == 0x9:
            self.transport.write(framing.pong(bytes(self.data[start - 6 : end])))
        elif opcode == 0x1 and end - start < LARGE:
            event = json.loads(apply_mask(bytes(self.data[start:end]), bytes(self.data[start - 4 : start])))
            self.answer(event)

    def answer(self, event: dict[str, Any]) -> None:
        match event["type"]:
            case "echo":
                self.transport.write(SMALL_EVENT)
            case "audio":
                text = base64.b64encode(bytes(event["size"])).decode()
                place = {"response_id": "resp_1", "item_id": "item_1", "output_index": 0, "content_index": 0}
                delta = frame({"type": "response.audio.delta", "event_id": "event_1", **place, "delta": text})
                for _ in range(event["times"]):
                    self.transport.write(delta)
            case "conversation.item.create":
                item = {"id": f"item_{id(self):x}_{self.items}", "object": "realtime.item", **event["item"]}
                self.items += 1
                made = {"type": "conversation.item.created", "event_id": "event_1", "previous_item_id": None}
                self.transport.write(frame({**made, "item": {**item, "status": "completed"}}))
            case "drop":
                self.transport.abort()
            case _:
                pass


async def main() -> None:
    harness.pin(harness.SERVER_CORE)
    harness.allow_many_files()
    server = await asyncio.get_running_loop().create_server(Session, "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    run(main())
