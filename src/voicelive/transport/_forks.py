"""A forked process shares its parent's sockets, and must keep its hands off them."""

from __future__ import annotations

import os
import weakref
from typing import Protocol

__all__ = ("disown_in_forks",)


class Owned(Protocol):
    """What belongs to one process."""

    def disown(self) -> None:
        """Let go of the connection without a word on the wire: this process is a fork of the one that has it.

        No other thread runs, and locks may be held by threads that are gone.
        """
        ...


_owned: weakref.WeakSet[Owned] = weakref.WeakSet()


def disown_in_forks(connection: Owned) -> None:
    """Call ``connection.disown`` in every process that is forked from this one."""
    if hasattr(os, "register_at_fork"):
        _owned.add(connection)


def _disown_all() -> None:
    for connection in list(_owned):
        connection.disown()
    _owned.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_disown_all)
