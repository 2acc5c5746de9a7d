"""Which functions to call with which event, and which events a taker wants."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from voicelive.models import ServerEvent

if TYPE_CHECKING:
    from voicelive.models import ServerEventUnion

__all__ = ("Handler", "Handlers", "matcher")

Key = str | type[ServerEvent]


class Handler:
    """A function that is called with events.

    Attributes:
        active: Not taken away since.
    """

    __slots__ = ("active", "call", "once")

    def __init__(self, call: Callable[[Any], object], *, once: bool) -> None:
        self.call = call
        self.once = once
        self.active = True


class Handlers:
    """The handlers of a connection; they may be added before there is one.

    An event goes to the handlers of its type first, then to those of all events, in the order they were added.

    Args:
        coroutines: Whether handlers may be coroutine functions.

    Attributes:
        on_change: Called when a handler was added or taken away.
    """

    def __init__(self, *, coroutines: bool) -> None:
        self.on_change: Callable[[], None] = lambda: None
        self._coroutines = coroutines
        # Replaced, never changed: other threads may be going through them.
        self._specific: tuple[tuple[Key, Handler], ...] = ()
        self._general: tuple[tuple[Key, Handler], ...] = ()

    def __bool__(self) -> bool:
        return bool(self._specific or self._general)

    def add(self, type: object, call: object, *, once: bool) -> None:  # noqa: A002 - the name it has for callers
        """Add a handler.

        Raises:
            TypeError: ``type`` is no type of event, or ``call`` cannot be called.
        """
        key = _key(type)
        if not callable(call):
            raise TypeError(f"a handler must be callable, which {call.__class__.__name__} is not")
        if not self._coroutines and _is_coroutine_function(call):
            raise TypeError("a handler of a blocking connection must be a plain function: nothing would await it")
        entry = (key, Handler(call, once=once))
        if _is_general(key):
            self._general += (entry,)
        else:
            self._specific += (entry,)
        self.on_change()

    def check(self, type: object) -> None:  # noqa: A002 - the name it has for callers
        """Check that a type is one.

        Raises:
            TypeError: It is not.
        """
        _key(type)

    def remove(self, type: object, call: object) -> None:  # noqa: A002 - the name it has for callers
        """Take a handler away; it is not called again, not even for events that have come already.

        Raises:
            ValueError: It is not there.
        """
        key = _key(type)
        found = [entry for entry in self._specific + self._general if entry[0] == key and entry[1].call == call]
        if not found:
            raise ValueError(f"there is no such handler of {key!r} events")
        found[0][1].active = False
        self._clear()

    def take(self, event: ServerEventUnion) -> list[Handler]:
        """Return the handlers of an event, in order; those that run once are taken away."""
        due = [
            handler
            for key, handler in self._specific + self._general
            if key == "*" or (event.type == key if isinstance(key, str) else isinstance(event, key))
        ]
        if any(handler.once for handler in due):
            once = {id(handler) for handler in due if handler.once}
            self._specific = tuple(entry for entry in self._specific if id(entry[1]) not in once)
            self._general = tuple(entry for entry in self._general if id(entry[1]) not in once)
            self.on_change()
        return due

    def _clear(self) -> None:
        self._specific = tuple(entry for entry in self._specific if entry[1].active)
        self._general = tuple(entry for entry in self._general if entry[1].active)
        self.on_change()


def matcher(wanted: object) -> Callable[[ServerEventUnion], object]:
    """Return whether an event is wanted, as a function.

    Args:
        wanted: A type of event, as for handlers, or such a function.

    Raises:
        TypeError: It is neither.
    """
    if not isinstance(wanted, str | type) and callable(wanted):
        return wanted
    key = _key(wanted)
    if key == "*":
        return lambda event: True
    if isinstance(key, str):
        return lambda event: event.type == key
    return lambda event: isinstance(event, key)


def _key(kind: object) -> Key:
    """Return what to compare: a class with a type of its own stands for that type."""
    if isinstance(kind, str):
        # A member of ServerEventType is its value.
        return str(getattr(kind, "value", kind))
    if isinstance(kind, type) and issubclass(kind, ServerEvent):
        field = kind.model_fields.get("type")
        own = None if field is None else field.default
        return own if isinstance(own, str) else kind
    raise TypeError(
        "a type of event is a text such as 'response.done', a member of ServerEventType, or a class of events, "
        f"not {kind if isinstance(kind, type) else type(kind).__name__!r}"
    )


def _is_general(key: Key) -> bool:
    return key == "*" or key is ServerEvent


def _is_coroutine_function(call: Callable[..., object]) -> bool:
    return inspect.iscoroutinefunction(call) or inspect.iscoroutinefunction(getattr(call, "__call__", None))  # noqa: B004
