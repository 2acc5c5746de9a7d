"""One way to drive every driver, so that one test body serves them all.

A body is a coroutine. Under asyncio and trio it runs as such; for the blocking driver its awaits never suspend, and a
trivial runner steps it through.
"""

from __future__ import annotations

import contextlib
import importlib.util
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import anyio
import anyio.to_thread
import websockets.asyncio.client
import websockets.exceptions

from voicelive.exceptions import ConnectionClosed
from voicelive.protocol.address import Address
from voicelive.protocol.options import TransportOptions

__all__ = ("HARNESSES", "ORACLES", "Body", "Connection", "Harness")

GUARD = 20.0
"""Seconds after which a test that hangs fails."""

Body = Callable[["Harness"], Coroutine[Any, Any, None]]
Step = Callable[[], Awaitable[object]]


class Connection(ABC):
    """An open connection of any driver."""

    transport: Any

    @property
    def latency(self) -> float | None:
        return self.transport.latency

    @property
    def closed(self) -> ConnectionClosed | None:
        return self.transport.closed

    def abort(self) -> None:
        self.transport.abort()

    @abstractmethod
    async def receive(self, timeout: float = GUARD) -> bytes:
        """Raises TimeoutError; nothing is lost by that."""

    @abstractmethod
    async def send(self, message: bytes, timeout: float = GUARD) -> None: ...

    @abstractmethod
    async def close(self, code: int = 1000, reason: str = "") -> None: ...


class Harness(ABC):
    name: str

    @abstractmethod
    def run(self, body: Body) -> None: ...

    @abstractmethod
    async def connect(self, address: Address, headers: tuple[tuple[str, str], ...] = (), **options: Any) -> Connection:
        """Connect; ``options`` are those of TransportOptions."""

    @abstractmethod
    async def wait(self, event: threading.Event) -> None:
        """Wait for something that happens in another thread, such as the server's."""

    @abstractmethod
    async def together(self, *steps: Step) -> None:
        """Run all at the same time."""


class AsyncConnection(Connection):
    def __init__(self, transport: Any) -> None:
        self.transport = transport

    async def receive(self, timeout: float = GUARD) -> bytes:
        with anyio.fail_after(timeout):
            message: bytes = await self.transport.receive()
        return message

    async def send(self, message: bytes, timeout: float = GUARD) -> None:
        with anyio.fail_after(timeout):
            await self.transport.send(message)

    async def close(self, code: int = 1000, reason: str = "") -> None:
        with anyio.fail_after(GUARD):
            await self.transport.close(code, reason)


class AsyncHarness(Harness):
    def __init__(self, name: str) -> None:
        self.name = name

    def run(self, body: Body) -> None:
        backend = "trio" if self.name == "trio" else "asyncio"
        options = {"use_uvloop": True} if self.name == "uvloop" else {}
        anyio.run(body, self, backend=backend, backend_options=options)

    async def connect(self, address: Address, headers: tuple[tuple[str, str], ...] = (), **options: Any) -> Connection:
        if self.name == "trio":
            from voicelive.transport.trio import connect
        else:
            from voicelive.transport.asyncio import connect  # type: ignore[assignment]
        with anyio.fail_after(GUARD):
            return AsyncConnection(await connect(address, headers, TransportOptions(**options)))

    async def wait(self, event: threading.Event) -> None:
        assert await anyio.to_thread.run_sync(event.wait, GUARD)

    async def together(self, *steps: Step) -> None:
        async with anyio.create_task_group() as tasks:
            for step in steps:
                tasks.start_soon(step)


class BlockingConnection(Connection):
    def __init__(self, transport: Any) -> None:
        self.transport = transport

    async def receive(self, timeout: float = GUARD) -> bytes:
        message: bytes = self.transport.receive(timeout)
        return message

    async def send(self, message: bytes, timeout: float = GUARD) -> None:
        self.transport.send(message)

    async def close(self, code: int = 1000, reason: str = "") -> None:
        self.transport.close(code, reason)


class BlockingHarness(Harness):
    name = "blocking"

    def run(self, body: Body) -> None:
        _step_through(body(self))

    async def connect(self, address: Address, headers: tuple[tuple[str, str], ...] = (), **options: Any) -> Connection:
        from voicelive.transport.blocking import connect

        deadline = time.monotonic() + GUARD
        return BlockingConnection(connect(address, headers, TransportOptions(**options), deadline=deadline))

    async def wait(self, event: threading.Event) -> None:
        assert event.wait(GUARD)

    async def together(self, *steps: Step) -> None:
        errors: list[BaseException] = []

        def play(step: Step) -> None:
            try:
                _step_through(step())
            except BaseException as error:
                errors.append(error)

        threads = [threading.Thread(target=play, args=(step,)) for step in steps]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(2 * GUARD)
            assert not thread.is_alive()
        if errors:
            raise errors[0]


def _step_through(awaitable: Awaitable[object]) -> None:
    iterator = awaitable.__await__()
    with contextlib.suppress(StopIteration):
        next(iterator)
        raise AssertionError("a blocking call suspended")


class OracleConnection(AsyncConnection):
    """websockets' own asyncio client, its errors put in our words."""

    @property
    def latency(self) -> float | None:
        raise NotImplementedError

    @property
    def closed(self) -> ConnectionClosed | None:
        return None if self.transport.close_code is None else self._translate(self.transport.protocol.close_exc)

    def abort(self) -> None:
        self.transport.transport.abort()

    async def receive(self, timeout: float = GUARD) -> bytes:
        with anyio.fail_after(timeout):
            try:
                message: bytes = await self.transport.recv(decode=False)
            except websockets.exceptions.ConnectionClosed as error:
                raise self._translate(error) from error
        return message

    async def send(self, message: bytes, timeout: float = GUARD) -> None:
        with anyio.fail_after(timeout):
            try:
                await self.transport.send(message, text=True)
            except websockets.exceptions.ConnectionClosed as error:
                raise self._translate(error) from error

    def _translate(self, error: websockets.exceptions.ConnectionClosed) -> ConnectionClosed:
        if error.rcvd is not None:
            return ConnectionClosed(
                error.rcvd.code,
                error.rcvd.reason,
                initiated_by="server" if error.rcvd_then_sent else "client",
            )
        if error.sent is not None:
            return ConnectionClosed(error.sent.code, error.sent.reason, initiated_by="client")
        return ConnectionClosed(1006, initiated_by="network")


class OracleHarness(AsyncHarness):
    async def connect(self, address: Address, headers: tuple[tuple[str, str], ...] = (), **options: Any) -> Connection:
        known = TransportOptions(**options)
        connection = await websockets.asyncio.client.connect(
            address.url,
            additional_headers=headers,
            ssl=known.ssl_context if address.secure else None,
            proxy=None,
            compression=None,
            max_size=known.max_msg_size,
            close_timeout=known.close_timeout,
            ping_interval=known.heartbeat,
        )
        return OracleConnection(connection)


HARNESSES: dict[str, Harness] = {"asyncio": AsyncHarness("asyncio"), "trio": AsyncHarness("trio")}
# uvloop does not exist for Windows.
if importlib.util.find_spec("uvloop"):
    HARNESSES["uvloop"] = AsyncHarness("uvloop")
HARNESSES["blocking"] = BlockingHarness()
ORACLES: dict[str, Harness] = {"oracle": OracleHarness("oracle")}
