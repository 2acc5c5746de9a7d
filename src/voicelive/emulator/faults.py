"""Faults: how the embedded service misbehaves, and when.

A :class:`Fault` is a moment and what happens then::

    Fault(After("response.created"), Drop())
    Fault(Upgrade(), Refuse(429, headers={"Retry-After": "2"}), times=3)
    Fault(Before("response.audio.delta", nth=2), Send("malformed-json"))

``str(fault)`` spells it as the command line takes it, and :meth:`Fault.parse` reads that::

    after=response.created drop
    upgrade refuse=429 header='Retry-After: 2' times=3
    before=response.audio.delta nth=2 send=malformed-json

Moments: :class:`Accept`, :class:`Upgrade`, :class:`Before`, :class:`After`, :class:`AfterBytes`, :class:`AfterSeconds`.

What happens: to the upgrade :class:`Refuse`, :class:`WrongAccept`, :class:`Drip`; to the connection :class:`Delay`,
:class:`Drop`, :class:`Reset`, :class:`HalfOpen`, :class:`Close`, :class:`Throttle`, :class:`ReadSlowly`,
:class:`IgnorePings`; beside the events :class:`Send`, :class:`SendText`, :class:`SendBytes`; to one event
:class:`Lose`, :class:`Repeat`, :class:`Swap`, :class:`Fragment`.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, get_args

from voicelive.emulator.frames import KINDS, Kind
from voicelive.emulator.script import Close
from voicelive.models.enums import ClientEventType, ServerEventType

__all__ = (
    "Accept",
    "Action",
    "After",
    "AfterBytes",
    "AfterSeconds",
    "Before",
    "Close",
    "Delay",
    "Drip",
    "Drop",
    "EventAction",
    "Fault",
    "Fragment",
    "HalfOpen",
    "IgnorePings",
    "Kind",
    "Lose",
    "Moment",
    "ReadSlowly",
    "Refuse",
    "Repeat",
    "Reset",
    "Send",
    "SendBytes",
    "SendText",
    "Swap",
    "Throttle",
    "Upgrade",
    "UpgradeAction",
    "WrongAccept",
)

SENT = frozenset(str(kind.value) for kind in ServerEventType)
"""Types of the events that the service sends."""
RECEIVED = frozenset(str(kind.value) for kind in ClientEventType)
"""Types of the events that clients send."""

# --- Moments ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Accept:
    """The TCP connection is accepted; nothing was read from it, not even for TLS."""


@dataclass(frozen=True, slots=True)
class Upgrade:
    """The request to upgrade has come and is not answered yet."""


@dataclass(frozen=True, slots=True)
class _Event:
    event: str
    """Type of an event, sent or received; or ``"sent"`` or ``"received"`` for any in that direction."""
    nth: int | None = 1
    """Which of them, counted on each connection; None for each of them."""

    def __post_init__(self) -> None:
        known = [*sorted(SENT | RECEIVED), "received", "sent"]
        if self.event not in known:
            near = difflib.get_close_matches(self.event, known, 1)
            hint = f"; did you mean {near[0]!r}?" if near else "; 'sent' and 'received' stand for any"
            raise ValueError(f"no event has the type {self.event!r}{hint}")
        if self.nth is not None and self.nth < 1:
            raise ValueError(f"nth counts from 1, and is not {self.nth}")

    @property
    def sent(self) -> bool:
        """Whether it is an event that the service sends."""
        return self.event in SENT or self.event == "sent"


class Before(_Event):
    """An event is about to be sent, or was received and is about to be followed."""

    __slots__ = ()


class After(_Event):
    """An event was sent, or was received, followed, and answered if it has an answer at once."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class AfterBytes:
    """That many bytes went over the connection, answer to the upgrade included, TLS not counted; exact to the byte."""

    count: int
    direction: Literal["sent", "received"] = "sent"

    def __post_init__(self) -> None:
        if self.count < 1:
            raise ValueError(f"count must be at least 1, not {self.count}")
        if self.direction not in ("sent", "received"):
            raise ValueError(f"direction is 'sent' or 'received', not {self.direction!r}")


@dataclass(frozen=True, slots=True)
class AfterSeconds:
    """That much time has passed since the connection was accepted, or since the fault was added if that was later."""

    seconds: float

    def __post_init__(self) -> None:
        _not_negative(self.seconds, "seconds")


Moment: TypeAlias = Accept | Upgrade | Before | After | AfterBytes | AfterSeconds
"""When a fault acts."""

# --- Actions ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Refuse:
    """Answer the upgrade with this status. Only at :class:`Upgrade`."""

    status: int
    body: str | None = None
    """Default: an error in JSON as the service sends it."""
    headers: Mapping[str, str] = field(default_factory=dict[str, str], hash=False)
    """Headers besides ``Content-Type``, ``Content-Length`` and ``Connection``, or in place of them."""

    def __post_init__(self) -> None:
        if not 200 <= self.status <= 599:
            raise ValueError(f"status is a number from 200 to 599, not {self.status}")
        if any("\n" in text or "\r" in text for header in self.headers.items() for text in header):
            raise ValueError("headers must not contain line breaks")


@dataclass(frozen=True, slots=True)
class WrongAccept:
    """Answer the upgrade with a ``Sec-WebSocket-Accept`` that does not fit the key. Only at :class:`Upgrade`."""


@dataclass(frozen=True, slots=True)
class Drip:
    """Send the answer to the upgrade byte by byte. Only at :class:`Upgrade`."""

    seconds: float = 0.1
    """Between any two bytes."""

    def __post_init__(self) -> None:
        _above_0(self.seconds, "seconds")


@dataclass(frozen=True, slots=True)
class Delay:
    """Hold back everything that the service sends from now on for a while, then send it in order."""

    seconds: float

    def __post_init__(self) -> None:
        _not_negative(self.seconds, "seconds")


@dataclass(frozen=True, slots=True)
class Drop:
    """End the TCP connection (FIN) without closing the WebSocket; with TLS, without ``close_notify``."""


@dataclass(frozen=True, slots=True)
class Reset:
    """Break the TCP connection (RST). Some systems then discard what the client has not read yet."""


@dataclass(frozen=True, slots=True)
class HalfOpen:
    """Read and write nothing more, and keep the connection: as if the cable was cut. Lasts until the emulator stops."""


@dataclass(frozen=True, slots=True)
class Throttle:
    """Send at most that many bytes a second from now on."""

    rate: float

    def __post_init__(self) -> None:
        _above_0(self.rate, "rate")


@dataclass(frozen=True, slots=True)
class ReadSlowly:
    """Read at most about that many bytes a second from now on; 0 reads nothing more."""

    rate: float = 0

    def __post_init__(self) -> None:
        _not_negative(self.rate, "rate")


@dataclass(frozen=True, slots=True)
class IgnorePings:
    """Answer no ping from now on."""


@dataclass(frozen=True, slots=True)
class Send:
    """Send something wrong, or more than is good.

    As messages: ``malformed-json``, ``truncated-json``, ``json-array``, ``deep-json`` (100,000 arrays within each
    other), ``wrong-types``, ``unknown-event``, ``bad-base64`` (in an audio delta), ``empty-text``, ``binary``,
    ``huge-text`` (an event of an unknown type, ``mib`` large).

    Against RFC 6455: ``invalid-utf8``, ``masked-frame``, ``rsv-frame``, ``bad-opcode``, ``long-ping``,
    ``stray-continuation``, ``interleaved-fragments`` (a message amid the fragments of another), ``truncated-frame``
    (its second half never comes), ``deflate-bomb`` (``mib`` of spaces, compressed; against the RFC unless compression
    was agreed on).

    As a flood, ``count`` of them: ``pings``, ``tiny-frames``, ``empty-fragments`` (amid one message).
    """

    kind: Kind
    count: int = 1000
    """How many, for a flood."""
    mib: float = 5
    """Size of a large message, in MiB."""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            near = difflib.get_close_matches(str(self.kind), KINDS, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(KINDS)}"
            raise ValueError(f"there is nothing called {self.kind!r} to send; {hint}")
        if not 1 <= self.count <= 10_000_000:
            raise ValueError(f"count is a number from 1 to 10000000, not {self.count}")
        if not 0 < self.mib <= 256:
            raise ValueError(f"mib is a number above 0 up to 256, not {self.mib}")


@dataclass(frozen=True, slots=True)
class SendText:
    """Send a text message, whatever is in it."""

    text: str

    def __post_init__(self) -> None:
        self.text.encode()


@dataclass(frozen=True, slots=True)
class SendBytes:
    """Put bytes on the wire as they are; :func:`voicelive.emulator.frames.frame` builds frames, right or wrong."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Lose:
    """The event is not sent, or not followed. Only at :class:`Before`."""


@dataclass(frozen=True, slots=True)
class Repeat:
    """The event is sent, or followed, several times. Only at :class:`Before`."""

    count: int = 2

    def __post_init__(self) -> None:
        if self.count < 2:
            raise ValueError(f"count must be at least 2, not {self.count}")


@dataclass(frozen=True, slots=True)
class Swap:
    """The event changes places with the next one in its direction. Only at :class:`Before`."""


@dataclass(frozen=True, slots=True)
class Fragment:
    """The event is sent in fragments, with pings between them, as RFC 6455 allows. Only :class:`Before` sent events."""

    size: int = 16
    """Bytes in each fragment."""
    pings: bool = True

    def __post_init__(self) -> None:
        if self.size < 1:
            raise ValueError(f"size must be at least 1, not {self.size}")


UpgradeAction: TypeAlias = Refuse | WrongAccept | Drip
"""What can happen to the upgrade."""
EventAction: TypeAlias = Lose | Repeat | Swap | Fragment
"""What can happen to one event."""
WireAction: TypeAlias = (
    Delay | Drop | Reset | HalfOpen | Close | Throttle | ReadSlowly | IgnorePings | Send | SendText | SendBytes
)
"""What can happen to the connection at any moment."""
Action: TypeAlias = UpgradeAction | EventAction | WireAction
"""What a fault does."""

MOMENTS: tuple[type[Moment], ...] = get_args(Moment)
ACTIONS: tuple[type[Action], ...] = get_args(Action)


def check_action(action: object) -> None:
    """Raise for what is no action, and for a close that no frame can carry."""
    if not isinstance(action, ACTIONS):
        hint = ", with brackets behind its name" if isinstance(action, type) else ""
        raise TypeError(f"an action such as Drop() is needed{hint}, not {action!r}")
    if isinstance(action, Close):
        if not 0 <= action.code <= 65535:
            raise ValueError(f"a close code is a number from 0 to 65535, not {action.code}")
        if len(action.reason.encode()) > 123:
            raise ValueError("the reason of a close must not exceed 123 bytes of UTF-8 (RFC 6455 section 5.5)")


# --- Faults ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, init=False, repr=False)
class Fault:
    """A moment, and what happens then.

    Args:
        when: The moment.
        do: What happens, one after the other.
        connection: Number of the connection it is for, counted from 1 since the emulator was made; None for any.
        times: How often it acts in all; None for as often as its moment comes.

    Raises:
        TypeError: Something is neither moment nor action.
        ValueError: No action is given, or one that cannot be at that moment.
    """

    when: Moment
    do: tuple[Action, ...]
    connection: int | None
    times: int | None

    def __init__(self, when: Moment, *do: Action, connection: int | None = None, times: int | None = 1) -> None:
        if not isinstance(when, MOMENTS):
            raise TypeError(f"the first argument is a moment such as After('response.created'), not {when!r}")
        if not do:
            raise ValueError("a fault needs something to do, such as Drop()")
        for action in do:
            check_action(action)
            _check_moment(when, action)
        for name, number in (("connection", connection), ("times", times)):
            if number is not None and number < 1:
                raise ValueError(f"{name} counts from 1, and is not {number}")
        object.__setattr__(self, "when", when)
        object.__setattr__(self, "do", do)
        object.__setattr__(self, "connection", connection)
        object.__setattr__(self, "times", times)

    @classmethod
    def parse(cls, text: str) -> Fault:
        """Read a fault as the command line takes it, such as ``"after=response.created drop"``.

        A moment comes first, then one or more actions, each word with its main value behind ``=`` and its other values
        as further words; ``connection=2``, ``times=3`` and ``times=always`` anywhere. Names are those of the classes in
        lower case with hyphens; quotes work as in a shell.

        Raises:
            ValueError: It cannot be read; the message says what is wrong.
        """
        from voicelive.emulator.fault_text import parse

        return parse(text)

    def __str__(self) -> str:
        from voicelive.emulator.fault_text import spell

        return spell(self)

    def __repr__(self) -> str:
        parts = [repr(self.when), *map(repr, self.do)]
        parts += [f"connection={self.connection}"] if self.connection is not None else []
        parts += [f"times={self.times}"] if self.times != 1 else []
        return f"Fault({', '.join(parts)})"


def _check_moment(when: Moment, action: Action) -> None:
    name = type(action).__name__
    if isinstance(action, UpgradeAction) and not isinstance(when, Upgrade):
        raise ValueError(f"{name} is for the moment Upgrade()")
    if isinstance(action, EventAction) and not isinstance(when, Before):
        raise ValueError(f"{name} is for moments of the kind Before('response.created')")
    if isinstance(action, Fragment) and isinstance(when, Before) and not when.sent:
        raise ValueError(f"{name} is for events that are sent, which {when.event!r} is not")
    if isinstance(action, Close | Send | SendText) and isinstance(when, Accept | Upgrade):
        raise ValueError(f"{name} needs an open WebSocket, which there is not at {type(when).__name__}()")


def _above_0(value: float, name: str) -> None:
    if not 0 < value < float("inf"):
        raise ValueError(f"{name} must be above 0, not {value}")


def _not_negative(value: float, name: str) -> None:
    if not 0 <= value < float("inf"):
        raise ValueError(f"{name} must be 0 or more, not {value}")
