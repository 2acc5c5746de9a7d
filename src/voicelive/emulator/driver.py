"""Drives one session's generators on an event loop, and its slow calls in threads."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable
from typing import Any, cast

from voicelive.emulator.steps import Await, Join, Pause, Steps, Task, Work

__all__ = ("Driver", "Threads")

_log = logging.getLogger("voicelive.emulator")

_CLEAN_UP_SECONDS = 0.5


class Threads:
    """Runs blocking calls, each in a daemon thread, so that one that hangs holds up nobody, not even the exit."""

    def __init__(self) -> None:
        self._running: list[threading.Thread] = []

    async def run(self, call: Callable[[], Any]) -> Any:
        """Return what the call returns, or raise what it raises. Cancelling abandons it."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()

        def deliver(result: Any, error: Exception | None) -> None:
            if future.cancelled():
                return
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)

        def work() -> None:
            result: Any = None
            failure: Exception | None = None
            try:
                result = call()
            except StopIteration:
                failure = RuntimeError("StopIteration was raised")
            except Exception as error:
                failure = error
            with contextlib.suppress(RuntimeError):  # The loop is closed: nobody waits any more.
                loop.call_soon_threadsafe(deliver, result, failure)

        thread = threading.Thread(target=work, name="voicelive-emulator-work", daemon=True)
        self._running = [*(other for other in self._running if other.is_alive()), thread]
        thread.start()
        return await future

    def join(self, seconds: float) -> None:
        """Wait for the calls that are still running, each at most this long."""
        for thread in self._running:
            thread.join(seconds)


class Driver:
    """Drives the generators of one session.

    Args:
        threads: Where blocking calls run.
        drained: Waits until the client has taken most of what was sent.
    """

    def __init__(self, threads: Threads, drained: Callable[[], Any]) -> None:
        self._threads = threads
        self._drained = drained
        self._tasks: set[asyncio.Task[None]] = set()

    def spawn(self, steps: Steps) -> Task:
        """Drive a generator in a task of its own."""
        task = asyncio.ensure_future(self.drive(steps))
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("a task of the session ended with %s", type(error).__name__)

    async def drive(self, steps: Steps) -> None:
        """Drive a generator to its end."""
        result: Any = None
        error: Exception | None = None
        try:
            while True:
                try:
                    step = steps.send(result) if error is None else steps.throw(error)
                except StopIteration:
                    return
                result, error = None, None
                match step:
                    case Work(call):
                        try:
                            result = await self._threads.run(call)
                        except Exception as failure:
                            error = failure
                    case Await(awaitable):
                        try:
                            result = await awaitable
                        except Exception as failure:
                            error = failure
                    case Pause(seconds):
                        await asyncio.sleep(seconds)
                        await self._drained()
                    case Join(task, seconds):
                        done, _ = await asyncio.wait([cast("asyncio.Task[None]", task)], timeout=seconds)
                        result = bool(done)
        finally:
            steps.close()

    async def close(self) -> None:
        """Cancel everything that is being driven, and wait until it is."""
        await self._cancel()
        # What was cancelled may have left tasks that clean up after it.
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_CLEAN_UP_SECONDS)
        await self._cancel()

    async def _cancel(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
