"""One client's session on its connection: reads events, writes events, ends in time."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

from websockets.exceptions import ConnectionClosed, ProtocolError

from voicelive.emulator import frames, handshake
from voicelive.emulator.connection import Connection
from voicelive.emulator.context import Context, Services, new_id
from voicelive.emulator.driver import Driver, Threads
from voicelive.emulator.faults import EventAction, Fragment, Lose, Repeat, SendBytes, Swap
from voicelive.emulator.recorder import Recorder
from voicelive.emulator.refusal import Refusal
from voicelive.emulator.script import Close, ScriptRun
from voicelive.emulator.session import Session, parse
from voicelive.emulator.settings import Settings
from voicelive.emulator.versions import ApiVersion

__all__ = ("Exchange", "SessionRecord")

_log = logging.getLogger("voicelive.emulator")

_UNSENT_EVENTS = 64
"""With more than this many, no new speech is made."""
_MAX_UNSENT_EVENTS = 1024
_MAX_UNSENT = 8 * 1024 * 1024
"""Beyond this many events or characters, nothing more is read from the client."""
_HANG_UP_SECONDS = 5.0
_KEPT_BYTES = 8 * 1024 * 1024

T = TypeVar("T")


class SessionRecord:
    """What a session received, for tests to look at. Safe to read from any thread.

    Attributes:
        id: The session's id.
        query: Query parameters of the connection, without a key.
        closed: Close code and reason, once the session is over.
    """

    def __init__(self, session_id: str, query: dict[str, str]) -> None:
        self.id = session_id
        self.query = query
        self.closed: tuple[int, str] | None = None
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._received: deque[tuple[int, dict[str, Any]]] = deque()
        self._bytes = 0

    @property
    def received(self) -> list[dict[str, Any]]:
        """The client events, oldest first; only the newest 8 MiB of them are kept."""
        with self._lock:
            return [event for _, event in self._received]

    def wait(self, seconds: float = 10) -> bool:
        """Wait until the session is over and all that came was followed.

        Args:
            seconds: How long at most.

        Returns:
            Whether it is over.
        """
        return self._over.wait(seconds)

    def end(self, code: int, reason: str) -> None:
        """Take note that the session is over."""
        self.closed = (code, reason)
        self._over.set()

    def add(self, size: int, event: dict[str, Any]) -> None:
        """Keep one more event, and drop the oldest if they grow too many."""
        with self._lock:
            self._received.append((size, event))
            self._bytes += size
            while self._bytes > _KEPT_BYTES and len(self._received) > 1:
                self._bytes -= self._received.popleft()[0]


class _Outgoing(NamedTuple):
    event: Mapping[str, Any]
    text: str


class _Incoming(NamedTuple):
    event: dict[str, Any]
    frame: str | bytes


class _Followed(NamedTuple):
    """An event of the client was followed, and what it was answered at once waits before this."""

    kind: str


class _Line(Generic[T]):
    """Events of one direction, as faults lose, repeat and swap them."""

    def __init__(self) -> None:
        self._swapped: list[T] = []

    def arrange(self, item: T, actions: Sequence[EventAction]) -> list[T]:
        """Return what is to be handled now."""
        items, swap = [item], False
        for action in actions:
            match action:
                case Lose():
                    items = []
                case Repeat(count):
                    items = items * count
                case Swap():
                    swap = True
                case Fragment():
                    pass
        if swap:
            self._swapped += items
            return []
        items, self._swapped = items + self._swapped, []
        return items


class Exchange:
    """One client: reads its events, writes the session's, ends the session in time.

    Args:
        connection: The connection, open.
        services: What hears, thinks and speaks.
        script: What is heard and answered.
        speed: How many times faster than real time spoken replies are sent.
        seconds: How long the session may last.
        threads: Where blocking calls run.
        folder: Where to write what goes over, if anywhere.
        remote_mcp: Whether MCP servers on other machines are asked as well.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        services: Services,
        script: ScriptRun,
        speed: float,
        seconds: float,
        threads: Threads,
        folder: Path | None,
        remote_mcp: bool = False,
    ) -> None:
        assert connection.request is not None
        query = handshake.query_of(connection.request)
        session_id = new_id("sess")
        agent = query.get("agent-name") or query.get("agent-id")
        version = ApiVersion(query["api-version"])
        self._settings = Settings(session_id, query.get("model"), agent, int(time.time() + seconds), version)
        self.record = SessionRecord(session_id, handshake.without_secrets(query))
        self._connection = connection
        self._seconds = seconds
        self._unsent: asyncio.Queue[_Outgoing | _Followed | Close] = asyncio.Queue()
        self._unsent_characters = 0
        self._ended = False
        self._room = asyncio.Event()
        self._room_to_answer = asyncio.Event()
        self._make_room()
        self._received, self._sent = _Line[_Incoming](), _Line[_Outgoing]()
        if folder is not None:
            header = {"connection": connection.number, "model": query.get("model"), "agent": agent}
            connection.recorder = _recorder(folder, session_id, {**header, "query": self.record.query})
        self._driver = Driver(threads, self._room.wait)
        self._script = script
        context = Context(
            self._settings, services, self._send, self._driver.spawn, self._hang_up, speed, remote_mcp=remote_mcp
        )
        self._session = Session(context, script)

    async def run(self) -> None:
        """Serve the client until the connection ends."""
        writer = asyncio.create_task(self._write())
        expiry = asyncio.get_running_loop().call_later(self._seconds, self._hang_up, 1001, "session_expired")
        _log.info("session %s opened", self.record.id)
        try:
            self._session.open()
            async for frame in self._connection:
                await self._receive(frame)
                await self._room_to_answer.wait()
                if self._connection.wire.stopping and self._connection.close_code is not None:
                    break  # What came before the end and was not looked at yet would hold the emulator up.
        except ConnectionClosed:
            pass
        finally:
            expiry.cancel()
            await self._driver.close()
            self._script.ended()
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)
            self._finish()

    def _finish(self) -> None:
        code, reason = self._connection.close_code or 1006, self._connection.close_reason or ""
        if self._connection.recorder is not None:
            self._connection.recorder.close(code, reason)
        self.record.end(code, reason)
        _log.info("session %s closed with code %d", self.record.id, code)

    # What comes

    async def _receive(self, frame: str | bytes) -> None:
        recorder = self._connection.recorder
        try:
            event = parse(frame)
        except Refusal as refusal:
            if recorder is not None:
                recorder.invalid(frame)
            self._session.refuse(refusal)
            return
        kind = str(event.get("type"))
        self.record.add(len(frame), event)
        if recorder is not None:
            recorder.received(event, self._settings.input_format, self._settings.input_rate)
        _log.debug("received %s, %d bytes", kind, len(frame))
        actions = self._connection.injector.before(self._connection, kind, "received")
        for item in self._received.arrange(_Incoming(event, frame), actions):
            await self._driver.drive(self._session.receive(item.event, item.frame))
            self._unsent.put_nowait(_Followed(str(item.event.get("type"))))

    # What goes

    def _send(self, event: dict[str, Any]) -> None:
        text = json.dumps(event, ensure_ascii=False, separators=(",", ":"))
        _log.debug("sent %s, %d characters", event["type"], len(text))
        self._unsent.put_nowait(_Outgoing(event, text))
        self._unsent_characters += len(text)
        self._make_room()

    def _make_room(self) -> None:
        """Let wait, or go on, who makes events, and who asks for them."""
        waiting = self._unsent.qsize()
        bounds = waiting < _UNSENT_EVENTS, waiting < _MAX_UNSENT_EVENTS and self._unsent_characters < _MAX_UNSENT
        for event, free in zip((self._room, self._room_to_answer), bounds, strict=True):
            # Nothing is written any more once the connection has ended: whoever waited would wait for ever.
            if free or self._ended:
                event.set()
            else:
                event.clear()

    def _hang_up(self, code: int, reason: str) -> None:
        self._unsent.put_nowait(Close(code, reason))
        # A client that does not read would never get to see it.
        asyncio.get_running_loop().call_later(_HANG_UP_SECONDS, self._connection.transport.abort)

    async def _write(self) -> None:
        try:
            while True:
                message = await self._unsent.get()
                if isinstance(message, Close):
                    await self._close(message)
                    return
                if isinstance(message, _Followed):
                    self._connection.injector.after(self._connection, message.kind, "received")
                else:
                    self._unsent_characters -= len(message.text)
                    await self._write_next(message)
                self._make_room()
        except ConnectionClosed:
            pass
        finally:
            self._ended = True
            self._make_room()

    async def _write_next(self, message: _Outgoing) -> None:
        actions = self._connection.injector.before(self._connection, str(message.event["type"]), "sent")
        fragment = next((action for action in actions if isinstance(action, Fragment)), None)
        for item in self._sent.arrange(message, actions):
            await self._write_one(item, fragment)

    async def _write_one(self, message: _Outgoing, fragment: Fragment | None) -> None:
        connection = self._connection
        if connection.recorder is not None:
            connection.recorder.sent(message.event)
        if fragment is None:
            await connection.send(message.text)
        else:
            data = frames.fragments(message.text.encode(), fragment.size, pings=fragment.pings)
            connection.wire.perform([SendBytes(data)])
        connection.injector.after(connection, str(message.event["type"]), "sent")

    async def _close(self, close: Close) -> None:
        try:
            await self._connection.close(*close)
        except ProtocolError:  # One that a library does not let through, such as 1005.
            self._connection.wire.perform([close])


def _recorder(folder: Path, session_id: str, fields: Mapping[str, Any]) -> Recorder | None:
    try:
        return Recorder(folder, session_id, fields)
    except OSError as error:
        # Found out at the start where it can be; here only what has happened to the disk since.
        _log.error("a session cannot be recorded: %s", error.strerror)
        return None
