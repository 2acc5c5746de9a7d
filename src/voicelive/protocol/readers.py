"""Who may read: one at a time. No I/O; callers serialise."""

from __future__ import annotations

from contextlib import AbstractContextManager
from contextvars import ContextVar
from typing import Protocol

from voicelive.exceptions import ConcurrentReadError

__all__ = ("Readers", "Turn", "my_loops", "second_reader")

my_loops: ContextVar[tuple[object, ...]] = ContextVar("voicelive_loops", default=())
"""The loops over events that the running task or thread is inside of. Tasks it starts inherit them: on Python 3.11
``asyncio.wait_for(connection.recv(), ...)`` within a loop runs in a task of its own, and is the loop's reader all the
same."""


class Readers(Protocol):
    """Knows who reads: one at a time, so that nobody misses what somebody else gets."""

    guard: AbstractContextManager[object]

    def begin(self, loop: object) -> None:
        """Let a loop begin; it may be inside of another one.

        Args:
            loop: Stands for it.

        Raises:
            ConcurrentReadError: Somebody waits for the next event, or loops over them elsewhere.
        """

    def end(self, loop: object) -> None:
        """Take note that a loop is over."""


def second_reader() -> ConcurrentReadError:
    """Return the error for whoever reads where another one does."""
    return ConcurrentReadError(
        "another task or thread is reading this connection, and each would miss what the other gets; "
        "read in one place and hand the events on from there"
    )


class Turn:
    """The claim of one loop over the events: it lasts between two events too, and ends with the loop."""

    def __init__(self, readers: Readers) -> None:
        # Not the turn itself, which would then never be garbage.
        self._loop = object()
        self._readers = readers
        self._held = False

    def hold(self) -> None:
        """Claim the right to read for whoever runs the loop now.

        Raises:
            ConcurrentReadError: Another reader has it.
        """
        if not self._held:
            with self._readers.guard:
                self._readers.begin(self._loop)
            self._held = True
        mine = my_loops.get()
        if self._loop not in mine:
            my_loops.set((*mine, self._loop))

    def release(self) -> None:
        """Give the claim up."""
        if self._held:
            self._held = False
            with self._readers.guard:
                self._readers.end(self._loop)
            my_loops.set(tuple(loop for loop in my_loops.get() if loop is not self._loop))

    # A loop left by break or by an exception drops its iterator, and says nothing else.
    def __del__(self) -> None:
        self.release()
