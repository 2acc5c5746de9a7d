"""How much drivers read, write and keep, and what they read into."""

from __future__ import annotations

import threading

__all__ = (
    "HIGH_WATER",
    "LONGEST_BACKLOG",
    "LONGEST_WRITE",
    "LOW_WATER",
    "READ_BUFFER",
    "borrow",
    "give_back",
    "loop_buffer",
    "not_read",
)

HIGH_WATER = 512 * 1024
"""Bytes of messages that nobody has received yet, above which a driver stops reading."""
LOW_WATER = 128 * 1024
"""Bytes below which it goes on."""
READ_BUFFER = 256 * 1024
"""Bytes read at a time. In a flood, 1 to 2 µs less per event than with 64 KiB."""
LONGEST_WRITE = 1024 * 1024
"""Bytes given to the system at a time; Windows has no room for as many as one likes."""
LONGEST_BACKLOG = 1024 * 1024
"""Bytes of answers to pings that wait for a server to read them, before it is given up."""


class _Thread(threading.local):
    def __init__(self) -> None:
        self.buffer = memoryview(bytearray(READ_BUFFER))


_thread = _Thread()
_free: list[memoryview] = []


def loop_buffer() -> memoryview:
    """Return what the connections of this thread's event loop read into.

    It is used between two turns of the loop only. Not all threads share one: reading releases the GIL.
    """
    return _thread.buffer


def borrow() -> memoryview:
    """Return a buffer for one read and what becomes of it, to be given back before anything waits.

    There are as many as there were threads that read at once, and not one for each thread that ever reads.
    """
    try:
        return _free.pop()
    except IndexError:
        return memoryview(bytearray(READ_BUFFER))


def give_back(buffer: memoryview) -> None:
    """Let others have it."""
    _free.append(buffer)


def not_read() -> Exception:
    """Return why a connection with ``LONGEST_BACKLOG`` ends."""
    return ConnectionError("the server pings, but does not read the answers")
