"""Write src/voicelive/_event_methods.py: what type checkers know about handlers and ``wait_for``, event by event.

``python scripts/event_methods.py`` writes it; with ``--check`` it fails if the file is not what this would write.
"""

# ruff: noqa: E501

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from voicelive.models import ServerEvent, ServerEventType, ServerEventUnion

TARGET = Path(__file__).resolve().parents[1] / "src" / "voicelive" / "_event_methods.py"

HEAD = '''"""Handlers and ``wait_for``, with the class of every event for type checkers.

Written by scripts/event_methods.py; edit that, and run it again.
"""

# ruff: noqa: A002, E501
# fmt: off

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar, overload

if TYPE_CHECKING:
    import voicelive.models as m
    from voicelive.models import ServerEventType as T
    from voicelive.protocol.handlers import Handlers

__all__ = ("AsyncWaiting", "BlockingWaiting", "Decorator", "HandlerMethods", "Register")

EventT = TypeVar("EventT", bound="m.ServerEvent")
HandledT = TypeVar("HandledT")
ResultT = TypeVar("ResultT")


class Decorator(Protocol[HandledT]):
    """Registers the function it decorates, and gives it back."""

    def __call__(self, handler: Callable[[HandledT], ResultT], /) -> Callable[[HandledT], ResultT]:
        """Register the function."""
        ...


class Register:
    """Registers functions to call with events: ``on(type, handler)``, or ``@on(type)``.

    Args:
        handlers: Where to register them.
        once: Whether each is called once only.
    """

    def __init__(self, handlers: Handlers, *, once: bool) -> None:
        self._handlers = handlers
        self._once = once

{register}
    @overload
    def __call__(self, type: type[EventT], handler: Callable[[EventT], object] | None = None, /) -> Decorator[EventT]: ...
    @overload
    def __call__(self, type: str, handler: Callable[[m.ServerEventUnion], object] | None = None, /) -> Decorator[Any]: ...
    def __call__(self, type: Any, handler: Callable[[Any], object] | None = None, /) -> Any:
        """Register a handler.

        Args:
            type: Type of event, as text or member of ``ServerEventType``; a class of events; or ``"*"`` for all.
            handler: The function; gets the event. Without it, what is returned decorates one.

        Raises:
            TypeError: No type of event, or no function; or a coroutine function on a blocking connection.
        """

        def decorate(function: Any) -> Any:
            self._handlers.add(type, function, once=self._once)
            return function

        if handler is None:
            self._handlers.check(type)
        else:
            decorate(handler)
        return decorate


class HandlerMethods:
    """``on``, ``once`` and ``off``, for connections and what makes them."""

    _handlers: Handlers

    @property
    def on(self) -> Register:
        """Call a function with every event of a type: ``on(type, handler)``, or ``@on(type)``. See the guide on events."""
        return Register(self._handlers, once=False)

    @property
    def once(self) -> Register:
        """The same, for the next event of that type only."""
        return Register(self._handlers, once=True)

    def off(self, type: str | type[m.ServerEvent], handler: Callable[..., object]) -> None:
        """Take a handler away. It is not called again, not even for events that have come already.

        Args:
            type: What it was registered for.
            handler: The function.

        Raises:
            ValueError: It is not registered.
        """
        self._handlers.remove(type, handler)
'''

WAITING = '''

class {name}:
    """``wait_for``, {style}."""

{overloads}
    @overload
    def wait_for(self, event: type[EventT], /, *, timeout: float | None = None) -> {event}: ...  # type: ignore[overload-overlap]
    @overload
    def wait_for(self, event: str | Callable[[m.ServerEventUnion], object], /, *, timeout: float | None = None) -> {union}: ...
    def wait_for(self, event: Any, /, *, timeout: float | None = None) -> Any:
        """Wait for an event, without taking it away from anybody else.

        The first matching one that arrives from now on. While nobody reads, this reads for everybody: ``recv`` and
        iteration find all of it afterwards.

        Args:
            event: Type of event, as text or member of ``ServerEventType``; a class of events; or a function that looks
                at an event and tells whether it is the one. It must be quick, and not use the connection.
            timeout: Seconds to wait. Default: for ever.

        Raises:
            ReceiveTimeoutError: It did not come in time; the connection lives on.
            ConnectionClosed: The connection ended first.
        """
        return self._wait_for(event, timeout)

    def _wait_for(self, event: Any, timeout: float | None) -> Any:
        raise NotImplementedError
'''


def leaves(union: Any) -> Iterator[type[ServerEvent]]:
    """Give the classes of a union that have a type of their own."""
    if isinstance(union, type):
        if isinstance(union.model_fields["type"].default, str):
            yield union
        return
    for part in get_args(union):
        # What Annotated adds is no class of events.
        if get_args(part) or (isinstance(part, type) and issubclass(part, ServerEvent)):
            yield from leaves(part)


def literals() -> Iterator[tuple[str, str]]:
    """Give the type of each event, as an annotation, and the name of its class."""
    members = {member.value: member.name for member in ServerEventType}
    for leaf in sorted(leaves(ServerEventUnion), key=lambda leaf: leaf.__name__):
        kind = leaf.model_fields["type"].default
        member = f", T.{members[kind]}" if kind in members else ""
        yield f'Literal["{kind}"{member}]', f"m.{leaf.__name__}"


def overloads(line: str) -> str:
    """Return the line for each event."""
    return "\n".join(f"    @overload\n    {line.format(kind=kind, event=event)}" for kind, event in literals())


def render() -> str:
    """Return the module."""
    register = overloads(
        "def __call__(self, type: {kind}, handler: Callable[[{event}], object] | None = None, /) -> Decorator[{event}]: ..."
    )
    text = HEAD.replace("{register}", register)
    for name, style, result in (
        ("BlockingWaiting", "blocking", "{}"),
        ("AsyncWaiting", "to await", "Coroutine[Any, Any, {}]"),
    ):
        line = (
            "def wait_for(self, event: {kind}, /, *, timeout: float | None = None) -> "
            + result.format("{event}")
            + ": ..."
        )
        text += WAITING.format(
            name=name,
            style=style,
            overloads=overloads(line),
            event=result.format("EventT"),
            union=result.format("m.ServerEventUnion"),
        )
    return text


def main() -> int:
    """Write the module, or check it."""
    if sys.argv[1:] == ["--check"]:
        current = TARGET.read_text(encoding="utf-8") == render()
        print("current" if current else f"{TARGET.name} is not current: run python scripts/event_methods.py")
        return 0 if current else 1
    TARGET.write_text(render(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
