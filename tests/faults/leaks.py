"""Nothing may be left of a connection: no thread, no task, no socket, and no memory that grows."""

from __future__ import annotations

import asyncio
import gc
import os
import stat
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import anyio.lowlevel
import trio

from voicelive.transport._idle import hurry

__all__ = ("assert_steady", "nothing_left_behind", "tasks", "tasks_end")

GUARD = 10.0
"""Seconds for what ends by itself to do so, far beyond what it takes."""
ALLOWED_GROWTH = 64 * 1024
"""Bytes by which memory may differ between two rounds: what the interpreter itself caches."""


def _sockets() -> set[str]:
    """Return the open sockets of this process; elsewhere than on Linux and macOS, ``ResourceWarning`` has to do."""
    if sys.platform == "win32":
        return set()
    found: set[str] = set()
    for entry in Path("/dev/fd").iterdir():
        try:
            status = os.fstat(int(entry.name))
        except OSError:
            continue
        if stat.S_ISSOCK(status.st_mode):
            found.add(f"{entry.name}: socket {status.st_ino}")
    return found


def _resources() -> set[str]:
    return {f"thread {thread.name} {thread.ident}" for thread in threading.enumerate()} | _sockets()


@contextmanager
def nothing_left_behind() -> Iterator[None]:
    """Check that the block leaves no thread and no socket; unclosed ones that are garbage give a warning."""
    before = _resources()
    yield
    gc.collect()
    until = time.monotonic() + GUARD
    while left := _resources() - before:
        assert time.monotonic() < until, f"left behind: {', '.join(sorted(left))}"
        # The idle thread waits a while for another connection.
        hurry()
        threading.Event().wait(0.005)


def tasks(style: str) -> int:
    """Count the tasks of the event loop that runs; 0 without one."""
    if style == "asyncio":
        return len(asyncio.all_tasks())
    return trio.lowlevel.current_statistics().tasks_living if style == "trio" else 0


async def tasks_end(style: str, count: int) -> None:
    """Wait until there are no more tasks than that."""
    until = time.monotonic() + GUARD
    while tasks(style) > count:
        assert time.monotonic() < until, f"{tasks(style) - count} tasks were left behind"
        await anyio.lowlevel.checkpoint()


def assert_steady(play: Callable[[], None], rounds: int) -> None:
    """Check that memory does not grow by doing something over and over."""
    for _ in range(rounds):
        play()
    gc.collect()
    tracemalloc.start()
    try:
        play()
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(rounds):
            play()
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert grown < ALLOWED_GROWTH, f"{grown} bytes more after {rounds} rounds"
