"""One test body for three styles: written as ``async def``, run blocking, on asyncio and on trio.

In the blocking style the connection's methods are wrapped into coroutines that never wait, which a loop of one line
runs. A body that is run in all three says the same of all three.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Any

import anyio
import anyio.lowlevel
import anyio.to_thread

import voicelive
import voicelive.aio
from voicelive._answering import Handle
from voicelive.resources import Commands

HANG_GUARD = 20
Body = Callable[..., Coroutine[Any, Any, Any]]
Start = Callable[..., None]


class AsyncStyle:
    """The async facade on one of the two libraries."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.facade = voicelive.aio

    def run(self, body: Body) -> Any:
        async def guarded() -> Any:
            with anyio.fail_after(HANG_GUARD):
                return await body()

        return anyio.run(guarded, backend=self.name)

    def connect(self, **arguments: Any) -> AbstractAsyncContextManager[Any]:
        return voicelive.aio.connect(**arguments)

    async def enter(self, **arguments: Any) -> Any:
        return await voicelive.aio.connect(**arguments).enter()

    @contextlib.asynccontextmanager
    async def background(self) -> AsyncIterator[Start]:
        """Give a function that starts bodies beside this one; wait for them at the end."""
        async with anyio.create_task_group() as group:
            yield group.start_soon

    def event(self) -> Any:
        return anyio.Event()

    async def wait_for(self, function: Callable[[], Any]) -> Any:
        """Run a function that blocks, and let the event loop go on meanwhile."""
        return await anyio.to_thread.run_sync(function)

    async def checkpoint(self) -> None:
        """Let others run."""
        await anyio.lowlevel.checkpoint()


class BlockingStyle:
    """The blocking facade, with threads for tasks."""

    name = "blocking"
    facade = voicelive

    def run(self, body: Body) -> Any:
        try:
            body().send(None)
        except StopIteration as done:
            return done.value
        raise AssertionError("a blocking call waited for an event loop")

    @contextlib.asynccontextmanager
    async def connect(self, **arguments: Any) -> AsyncIterator[Any]:
        with voicelive.connect(**arguments) as connection:
            yield Coroutines(connection)

    async def enter(self, **arguments: Any) -> Any:
        return Coroutines(voicelive.connect(**arguments).enter())

    @contextlib.asynccontextmanager
    async def background(self) -> AsyncIterator[Start]:
        threads: list[threading.Thread] = []
        errors: list[BaseException] = []

        def run(body: Body, *args: Any) -> None:
            try:
                self.run(partial(body, *args))
            except BaseException as error:
                errors.append(error)

        def start(body: Body, *args: Any) -> None:
            threads.append(threading.Thread(target=run, args=(body, *args), daemon=True))
            threads[-1].start()

        try:
            yield start
        finally:
            for thread in threads:
                thread.join(HANG_GUARD)
        assert not any(thread.is_alive() for thread in threads)
        if errors:
            raise errors[0]

    def event(self) -> Any:
        return _ThreadEvent()

    async def wait_for(self, function: Callable[[], Any]) -> Any:
        return function()

    async def checkpoint(self) -> None:
        threading.Event().wait(0.0005)


Style = AsyncStyle | BlockingStyle
STYLES: dict[str, Style] = {style.name: style for style in (BlockingStyle(), AsyncStyle("asyncio"), AsyncStyle("trio"))}


PLAIN = ("append_nowait", "off", "on", "once", "send_bytes_nowait", "send_nowait")
"""Methods that are the same in all styles."""


class Coroutines:
    """A blocking object seen with coroutines for methods."""

    def __init__(self, target: Any) -> None:
        self._target = target

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._target, name)
        if isinstance(value, Commands):
            return Coroutines(value)
        if not callable(value) or name in PLAIN:
            return value

        async def call(*args: Any, **kwargs: Any) -> Any:
            result = value(*args, **kwargs)
            return Coroutines(result) if isinstance(result, Handle) else result

        return call

    def __aiter__(self) -> _Iterator:
        return _Iterator(iter(self._target))

    def __repr__(self) -> str:
        return repr(self._target)


class _Iterator:
    def __init__(self, iterator: Any) -> None:
        self._iterator = iterator

    def __aiter__(self) -> _Iterator:
        return self

    async def __anext__(self) -> Any:
        try:
            return next(self._iterator)
        except StopIteration:
            raise StopAsyncIteration from None


class _ThreadEvent:
    def __init__(self) -> None:
        self._event = threading.Event()

    def set(self) -> None:
        self._event.set()

    def is_set(self) -> bool:
        return self._event.is_set()

    async def wait(self) -> None:
        assert self._event.wait(HANG_GUARD)
