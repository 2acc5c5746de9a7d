"""Which faults act now: one list for all connections of an emulator."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Protocol

from voicelive.emulator.fault_text import spell_parts
from voicelive.emulator.faults import (
    Accept,
    Action,
    After,
    AfterBytes,
    AfterSeconds,
    Before,
    EventAction,
    Fault,
    Upgrade,
    UpgradeAction,
)
from voicelive.emulator.wire import Wire

__all__ = ("ActiveFault", "Injector", "Target")

_log = logging.getLogger("voicelive.emulator")


class Target(Protocol):
    """A connection, as faults see it."""

    number: int
    """Counted from 1."""
    wire: Wire
    talks: bool
    """Whether HTTP has begun."""

    def note(self, fault: str) -> None:
        """Take note that a fault acts."""
        ...


class ActiveFault:
    """A fault that an emulator was given. Used with ``with``, it is taken back at the end of the block.

    Attributes:
        fault: The fault.
    """

    def __init__(self, fault: Fault, injector: Injector) -> None:
        self.fault = fault
        self._injector = injector
        self._changed = threading.Condition()
        self._acted = 0
        self._seen: dict[int, int] = {}

    @property
    def acted(self) -> int:
        """How often it has acted."""
        return self._acted

    def wait(self, seconds: float = 10, *, times: int = 1) -> bool:
        """Wait until it has acted, from another thread than the emulator's.

        Args:
            seconds: How long at most.
            times: How often it must have acted.

        Returns:
            Whether it has.
        """
        with self._changed:
            return self._changed.wait_for(lambda: self._acted >= times, seconds)

    def remove(self) -> None:
        """Take it back. What it has done already stays."""
        self._injector.remove(self)

    def __enter__(self) -> ActiveFault:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.remove()

    def __repr__(self) -> str:
        return f"<{self.fault!r}, acted {self._acted} times>"

    def meets(self, number: int, moment: type[Accept | Upgrade | Before | After], names: Sequence[str]) -> bool:
        """Whether it acts at this moment of this connection."""
        when = self.fault.when
        if not isinstance(when, moment) or self.fault.connection not in (None, number):
            return False
        if isinstance(when, Before | After):
            if when.event not in names:
                return False
            self._seen[number] = self._seen.get(number, 0) + 1
            if when.nth not in (None, self._seen[number]):
                return False
        return self.take()

    def take(self) -> bool:
        """Count that it acts, unless it has acted often enough."""
        with self._changed:
            if self.fault.times is not None and self._acted >= self.fault.times:
                return False
            self._acted += 1
            self._changed.notify_all()
        return True

    def forget(self, number: int) -> None:
        """Forget what was counted on a connection that has ended."""
        self._seen.pop(number, None)


class Injector:
    """Lets faults act. All but the making of it belongs into the event loop's thread.

    Args:
        faults: What acts from the beginning.
    """

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self._faults: tuple[ActiveFault, ...] = ()
        self._targets: dict[int, Target] = {}
        self._accepted = 0
        for fault in faults:
            self.add(fault)

    @property
    def targets(self) -> list[Target]:
        """The connections there are."""
        return list(self._targets.values())

    def add(self, fault: Fault) -> ActiveFault:
        """Let a fault act from now on."""
        active = ActiveFault(fault, self)
        self._faults = (*self._faults, active)
        for target in self.targets:
            self._watch(active, target)
        return active

    def remove(self, active: ActiveFault) -> None:
        """Let it act no more. May be called from any thread."""
        self._faults = tuple(other for other in self._faults if other is not active)

    def next_number(self) -> int:
        """Return the number of the connection that was accepted just now."""
        self._accepted += 1
        return self._accepted

    def opened(self, target: Target) -> None:
        """Take note of a new connection."""
        self._targets[target.number] = target
        for active in self._faults:
            self._watch(active, target)

    def closed(self, target: Target) -> None:
        """Take note that a connection has ended."""
        self._targets.pop(target.number, None)
        for active in self._faults:
            active.forget(target.number)

    def accepted(self, target: Target) -> None:
        """Let what is meant for the accept happen."""
        self._due(target, Accept, ())

    def upgrading(self, target: Target) -> list[UpgradeAction]:
        """Let what is meant for the upgrade happen, and return what only who answers it can do."""
        return [action for action in self._due(target, Upgrade, ()) if isinstance(action, UpgradeAction)]

    def before(self, target: Target, event: str, direction: str) -> list[EventAction]:
        """Let what comes before an event happen, and return what happens to the event itself."""
        return [action for action in self._due(target, Before, (event, direction)) if isinstance(action, EventAction)]

    def after(self, target: Target, event: str, direction: str) -> None:
        """Let what comes after an event happen."""
        self._due(target, After, (event, direction))

    def inject(self, actions: Sequence[Action], connection: int | None) -> int:
        """Let something happen now, and return to how many connections it does."""
        chosen = [target for target in self.targets if connection in (None, target.number)]
        for target in chosen:
            self._perform(target, actions, f"now {spell_parts(actions)}")
        return len(chosen)

    def _due(
        self, target: Target, moment: type[Accept | Upgrade | Before | After], names: Sequence[str]
    ) -> list[Action]:
        rest: list[Action] = []
        for active in self._faults:
            if active.meets(target.number, moment, names):
                rest += self._perform(target, active.fault.do, str(active.fault))
        return rest

    def _watch(self, active: ActiveFault, target: Target) -> None:
        when = active.fault.when
        if active.fault.connection not in (None, target.number):
            return

        def act() -> None:
            if active in self._faults and active.take():
                self._perform(target, active.fault.do, str(active.fault))

        if isinstance(when, AfterBytes):
            target.wire.mark(when.direction, when.count, act)
        elif isinstance(when, AfterSeconds):
            target.wire.later(when.seconds, act)

    def _perform(self, target: Target, actions: Sequence[Action], what: str) -> list[Action]:
        """Let happen what happens to the connection, and return the rest."""
        _log.info("fault on connection %d: %s", target.number, what)
        target.note(what)
        rest: list[Action] = []
        for action in actions:
            if isinstance(action, UpgradeAction | EventAction):
                rest.append(action)
            else:
                target.wire.perform([action])
        return rest
