"""How those who wait for events take turns in reading them, written once for all styles.

These are coroutines, which an async connection awaits. A blocking one gives them primitives that block and never
suspend, and runs them with ``finish``.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from voicelive.exceptions import ConnectionClosed, ReceiveTimeoutError
from voicelive.transport import Nudged

if TYPE_CHECKING:
    from voicelive.protocol.session import Session
    from voicelive.protocol.stream import Arrived, Stream, Taker, Waker

__all__ = ("IO", "Puller", "finish")

T = TypeVar("T")


class IO(Protocol):
    """What differs between the styles.

    Attributes:
        asynchronous: Whether handlers may be awaited.
    """

    asynchronous: bool

    def now(self) -> float:
        """Return seconds on a monotonic clock."""
        ...

    def waker(self) -> Waker:
        """Return something to sleep on."""
        ...

    async def receive(self, timeout: float | None) -> bytes:
        """Return the next message of the connection.

        Raises:
            ReceiveTimeoutError: None came in time.
            ConnectionClosed: There will be none.
            Nudged: There is something else to look for.
        """
        ...

    async def send(self, frame: bytes) -> None:
        """Send an event that is encoded already."""


class Puller:
    """Reads from the connection for everybody who waits; see ``protocol.stream``.

    Args:
        session: What is known about the connection.
        stream: Who gets what.
        io: How to wait.
    """

    def __init__(self, session: Session, stream: Stream, io: IO) -> None:
        self._session = session
        self._stream = stream
        self._io = io

    async def take(self, taker: Taker, timeout: float | None) -> Arrived:
        """Return the next event of a taker; see ``until``."""
        return await self.until(taker, taker.pop, timeout)

    async def until(self, taker: Taker, ready: Callable[[], T | None], timeout: float | None) -> T:
        """Return what ``ready`` returns, once that is not ``None``.

        Args:
            taker: Whose events change what ``ready`` returns.
            ready: Looks whether there is a result. May raise.
            timeout: Seconds to wait for it; ``None``: for ever. Handlers may take longer.

        Raises:
            ReceiveTimeoutError: There was none in time.
            ConnectionClosed: There will be none.
        """
        io, stream = self._io, self._stream
        # The reader may have the lead already; there is one at a time.
        me = taker if taker is stream.reader else object()
        deadline = None if timeout is None else io.now() + timeout
        try:
            while True:
                await self._run_handlers(me)
                waker: Waker | None = None
                with stream.guard:
                    if (result := ready()) is not None:
                        return result
                    if not stream.take_lead(me):
                        waker = io.waker()
                        stream.sleep(waker, taker)
                left = None if deadline is None else max(0.0, deadline - io.now())
                await self._wait(waker, left)
        except ReceiveTimeoutError:
            raise ReceiveTimeoutError(timeout or 0.0) from None
        finally:
            with stream.guard:
                stream.yield_lead(me)
                stream.settle()

    async def _wait(self, waker: Waker | None, timeout: float | None) -> None:
        """Wait for the leader, or be it."""
        if waker is None:
            await self._pull(timeout)
            return
        try:
            await waker.wait(timeout)
        finally:
            with self._stream.guard:
                self._stream.sleepers.pop(waker, None)

    async def _pull(self, timeout: float | None) -> None:
        """Read one event and give it to everybody who wants it. The only place where the connection's end comes up."""
        io, session, stream = self._io, self._session, self._stream
        with stream.guard:
            if stream.route_announced() or stream.route_first():
                return
        try:
            frame = await io.receive(timeout)
        except Nudged:
            return
        except ConnectionClosed as error:
            session.closed(error)
            raise
        with stream.guard:
            stream.route(frame)

    async def _run_handlers(self, me: object) -> None:
        """Run the handlers that are due, unless somebody does already. Meanwhile another one may read."""
        io, stream = self._io, self._stream
        if not stream.due:
            return
        runner = object()
        try:
            while True:
                with stream.guard:
                    due = stream.next_due(runner)
                    if due is None:
                        return
                    stream.yield_lead(me)
                handler, event = due
                result = handler.call(event)
                if inspect.isawaitable(result):
                    if not io.asynchronous:
                        raise TypeError(
                            "a handler of a blocking connection must be a plain function, not a coroutine's"
                        )
                    await result
        finally:
            with stream.guard:
                stream.stop_running(runner)


def finish(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine whose primitives all block."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    raise AssertionError("a blocking call waited for an event loop")
