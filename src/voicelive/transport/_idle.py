"""One thread per process that looks after blocking connections while nobody reads them."""

from __future__ import annotations

import os
import threading
import time
import weakref
from typing import Protocol

__all__ = ("forget", "hurry", "look_after")

PERIOD = 0.25
"""Most seconds between two rounds, and so until a ping is answered that nobody reads."""
LINGER = 4
"""Rounds without a connection before the thread ends: starting and ending it takes 120 µs, a quarter of connecting."""


class Tended(Protocol):
    """What the thread looks after."""

    def tend(self, now: float) -> float:
        """Do what is due; never waits, never raises.

        Args:
            now: ``time.monotonic()``.

        Returns:
            Seconds until the next time, at most.
        """
        ...


class _Pump:
    """The thread and what it looks after. It ends soon after the last connection, and holds none of them alive."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Begin anew: a forked child has none of its parent's threads, and must not touch its connections."""
        self._guard = threading.Lock()
        self._tended: weakref.WeakSet[Tended] = weakref.WeakSet()
        self._changed = threading.Event()
        self._running = False

    def add(self, connection: Tended) -> None:
        with self._guard:
            self._tended.add(connection)
            if not self._running:
                self._changed = threading.Event()
                threading.Thread(target=self._run, args=(self._changed,), name="voicelive-idle", daemon=True).start()
                self._running = True

    def discard(self, connection: Tended) -> None:
        with self._guard:
            self._tended.discard(connection)

    def hurry(self) -> None:
        self._changed.set()

    def _run(self, changed: threading.Event) -> None:
        pause, left = PERIOD, LINGER
        while True:
            changed.wait(pause)
            with self._guard:
                changed.clear()
                left = LINGER if self._tended else left - 1
                if left < 0:
                    self._running = False
                    return
            pause = self._round()

    def _round(self) -> float:
        with self._guard:
            connections = list(self._tended)
        now = time.monotonic()
        return min((connection.tend(now) for connection in connections), default=PERIOD)


_pump = _Pump()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pump.reset)


def look_after(connection: Tended) -> None:
    """Call ``connection.tend`` several times a second until it is forgotten or garbage."""
    _pump.add(connection)


def forget(connection: Tended) -> None:
    """Stop that; harmless if it was stopped before."""
    _pump.discard(connection)


def hurry() -> None:
    """Have the next round begin at once: something has to be done sooner than was said."""
    _pump.hurry()
