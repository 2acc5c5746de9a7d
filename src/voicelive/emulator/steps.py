"""What the protocol engine asks of whoever drives it: work in a thread, a pause, the end of another task.

The engine is written as generators that yield these, so that it needs neither an event loop nor a clock.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from dataclasses import dataclass
from typing import Any, Protocol

__all__ = ("Await", "Join", "Pause", "Step", "Steps", "Task", "Work")


class Task(Protocol):
    """A generator that is being driven on its own."""

    def cancel(self) -> object:
        """Stop it where it waits; it does not run on."""
        ...


@dataclass(frozen=True, slots=True)
class Work:
    """Call this outside the event loop and send its result into the generator, or throw its exception."""

    call: Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Await:
    """Wait for this on the event loop and send its result into the generator, or throw its exception."""

    awaitable: Awaitable[Any]


@dataclass(frozen=True, slots=True)
class Pause:
    """Go on after this many seconds, and not before the client has taken what was sent."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Join:
    """Go on when the task has ended, however it ended, or after so many seconds; gives whether it has ended."""

    task: Task
    seconds: float | None = None


Step = Work | Await | Pause | Join
Steps = Generator[Step, Any, None]
