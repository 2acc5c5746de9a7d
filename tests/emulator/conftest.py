"""A plain WebSocket client for the embedded service: nothing of voicelive stands between the tests and the wire."""

from __future__ import annotations

import base64
import json
import math
from array import array
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect

from voicelive.emulator import Emulator, audio
from voicelive.models import InvalidServerEvent, UnknownServerEvent
from voicelive.protocol import decode_event

Event = dict[str, Any]


def burst(milliseconds: int, rate: int = 24000) -> bytes:
    """Sound that is loud, voiced and uneven enough to pass for speech (pcm16)."""
    samples = rate * milliseconds // 1000
    return array(
        "h",
        (
            int(9000 * math.sin(2 * math.pi * 180 * i / rate) + 4000 * math.sin(2 * math.pi * 900 * i / rate))
            for i in range(samples)
        ),
    ).tobytes()


def silence(milliseconds: int, rate: int = 24000) -> bytes:
    return bytes(rate * milliseconds // 1000 * 2)


def base64_of(data: bytes) -> str:
    return base64.b64encode(data).decode()


class Client:
    """Sends client events and reads server events; each is also decoded by voicelive, into its own class."""

    def __init__(self, websocket: ClientConnection) -> None:
        self.websocket = websocket
        self.types: set[str] = set()
        """Types of all events that were sent and received."""

    def send(self, event_type: str, **fields: Any) -> None:
        self.types.add(event_type)
        self.websocket.send(json.dumps({"type": event_type, **fields}))

    def append(self, data: bytes, size: int = 4800) -> None:
        for start in range(0, len(data), size):
            self.send("input_audio_buffer.append", audio=base64_of(data[start : start + size]))

    def speak(self, milliseconds: int = 600, rate: int = 24000, audio_format: str = "pcm16", after: int = 900) -> None:
        pcm = silence(600, rate) + burst(milliseconds, rate) + silence(after, rate)
        self.append(audio.encode(pcm, audio_format))

    def write(self, text: str, **fields: Any) -> Event:
        content = [{"type": "input_text", "text": text}]
        self.send("conversation.item.create", item={"type": "message", "role": "user", "content": content}, **fields)
        return self.expect("conversation.item.created")["item"]

    def receive(self, timeout: float = 20) -> Event:
        frame = self.websocket.recv(timeout=timeout)
        event: Event = json.loads(frame)
        self.types.add(event["type"])
        decoded = decode_event(frame)
        assert not isinstance(decoded, InvalidServerEvent | UnknownServerEvent), event
        assert decoded.as_dict() == event
        return event

    def expect(self, event_type: str) -> Event:
        event = self.receive()
        assert event["type"] == event_type, event
        return event

    def until(self, event_type: str) -> list[Event]:
        """Every event up to the first of that type."""
        events = [self.receive()]
        while events[-1]["type"] != event_type:
            events.append(self.receive())
        return events

    def error(self) -> Event:
        return self.expect("error")["error"]

    def update(self, **session: Any) -> Event:
        self.send("session.update", session=session)
        return self.expect("session.updated")["session"]

    def respond(self, **fields: Any) -> list[Event]:
        self.send("response.create", **fields)
        return self.until("response.done")


Connect = Callable[..., Client]


@pytest.fixture
def dial() -> Iterator[Connect]:
    """Connects to an emulator and takes the first event off; all connections end with the test."""
    with ExitStack() as stack:

        def dial(
            emulator: Emulator, model: str = "gpt-realtime", *, opened: bool = True, version: str = "2026-07-15"
        ) -> Client:
            endpoint = emulator.endpoint.replace("http", "ws", 1)
            url = f"{endpoint}/voice-live/realtime?api-version={version}&model={model}"
            websocket = connect(url, additional_headers={"api-key": emulator.api_key}, max_size=None, close_timeout=1)
            client = Client(stack.enter_context(websocket))
            dial.clients.append(client)
            if opened:
                client.expect("session.created")
            return client

        dial.clients = []
        yield dial


@pytest.fixture
def serve() -> Iterator[Callable[..., Emulator]]:
    """Starts emulators that end with the test; fast by default, with parts that take plain sounds for speech."""
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(Emulator(**{"speed": 200.0, "speech": "builtin", **options}))


@pytest.fixture
def client(serve: Callable[..., Emulator], dial: Connect) -> Client:
    """A session with a realtime model, without voice activity detection in the way of typed turns."""
    return dial(serve())


def types(events: list[Event]) -> list[str]:
    return [event["type"] for event in events]


def audio_of(events: list[Event]) -> bytes:
    return b"".join(base64.b64decode(e["delta"]) for e in events if e["type"] == "response.audio.delta")


@pytest.fixture
def tools() -> Any:
    """The helpers of this file, for tests: files of tests are no package."""

    class Tools:
        pass

    for helper in (burst, silence, base64_of, types, audio_of):
        setattr(Tools, helper.__name__, staticmethod(helper))
    return Tools
