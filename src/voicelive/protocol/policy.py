"""When to connect anew, and when not: decisions only; the time and the dice are arguments."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import KW_ONLY, dataclass
from typing import cast

from voicelive.exceptions import (
    CertificateError,
    ConnectError,
    ConnectionClosed,
    CredentialError,
    ForkedError,
    HandshakeError,
    ProxyError,
    SessionRefusedError,
)
from voicelive.protocol._arguments import expect
from voicelive.protocol.options import LONGEST_WAIT

__all__ = ("RECOVERABLE_CODES", "ReconnectPolicy")

RECOVERABLE_CODES = frozenset((1001, 1005, 1006, 1011, 1012, 1013, 1014))
"""Closes that say nothing against trying again: going away (``session_expired`` too), no code, a broken connection,
server error, restart, overload, bad gateway."""

_RECOVERABLE_STATUS = frozenset((408, 429, 500, 502, 503, 504))
_RECOVERABLE_PROXY_STATUS = frozenset((None, 408, 429, 500, 502, 503, 504))
# A service that cannot start a session now says so in its first event.
_RECOVERABLE_ERROR_TYPES = frozenset(("server_error", "rate_limit_error", "rate_limit_exceeded"))


@dataclass(frozen=True, slots=True)
class ReconnectPolicy:
    """Whether and how a connection that broke is made anew, for ``connect(reconnect=ReconnectPolicy())``.

    The session is restored on the new connection, and the reader is told with `Reconnecting` and `Reconnected` events.

    Raises:
        TypeError: A value of the wrong type.
        ValueError: A value out of range.
    """

    _: KW_ONLY
    attempts: int = 6
    """How often to dial after one drop, at least once."""
    reconnects: int | None = None
    """How many drops to survive in all; ``None``: as many as come. Renewals do not count."""
    delay: float = 0.5
    """Seconds to wait before the first attempt; each further one waits twice as long."""
    max_delay: float = 30.0
    """Longest wait in seconds. A ``Retry-After`` of the service that asks for more ends it all."""
    jitter: float = 0.5
    """Share of every wait, from 0 to 1, that chance may take away, so that not all clients come back at once."""
    first_dial: bool = False
    """Whether failing to connect in the first place counts as a drop."""
    renew_before: float | None = 60.0
    """Seconds before the session's ``expires_at`` from when on it is renewed in the next pause of the conversation.

    ``None``: wait until the service ends it.
    """
    keep_audio: float = 30.0
    """Seconds of input audio to keep, and to send again as far as the service had not made a message of it.

    The oldest is dropped first. 0: keep none, and drop what comes while there is no connection.
    """
    max_queued: int = 1024 * 1024
    """Most bytes of events, audio not counted, that may wait for a new connection; sending more is an error."""
    codes: Collection[int] = RECOVERABLE_CODES
    """Close codes (RFC 6455 section 7.4) after which to connect anew."""

    def __post_init__(self) -> None:
        _whole("attempts", self.attempts, 1)
        if self.reconnects is not None:
            _whole("reconnects", self.reconnects, 0)
        _seconds("delay", self.delay)
        _seconds("max_delay", self.max_delay)
        _number("jitter", self.jitter, 1, "from 0 to 1")
        if self.renew_before is not None:
            _seconds("renew_before", self.renew_before)
        _seconds("keep_audio", self.keep_audio)
        _whole("max_queued", self.max_queued, 0)
        object.__setattr__(self, "codes", frozenset(_whole("a code", code, 1000) for code in self.codes))

    def covers(self, error: Exception, *, connected: bool = True) -> bool:
        """Whether to try again after this error.

        Args:
            error: Why the connection ended, or could not be made.
            connected: Whether the session was up before. A credential that gave nothing is worth another try then:
                what took the connection may be what kept it from getting a token.
        """
        match error:
            case ForkedError():
                return False
            case ConnectionClosed():
                return error.code in self.codes
            case HandshakeError():
                return error.status in _RECOVERABLE_STATUS
            case SessionRefusedError():
                return error.type in _RECOVERABLE_ERROR_TYPES
            case ProxyError():
                return error.status in _RECOVERABLE_PROXY_STATUS
            case CertificateError():
                return False
            case ConnectError():
                return True
            case CredentialError():
                return connected
            case _:
                return False

    def wait(self, attempt: int, error: Exception | None, chance: float) -> float | None:
        """Return the seconds to wait before an attempt, or ``None`` to give up.

        Args:
            attempt: Which one, from 1.
            error: What went wrong last; its ``retry_after`` is kept to.
            chance: A random number from 0 to 1.
        """
        if attempt > self.attempts:
            return None
        asked = error.retry_after if isinstance(error, HandshakeError) else None
        if asked is not None and asked > self.max_delay:
            return None
        # The exponent is bounded, for floats end at 2 ** 1023.
        backoff = min(self.max_delay, self.delay * 2.0 ** min(attempt - 1, 64))
        return max(backoff * (1 - self.jitter * chance), asked or 0.0)

    def renewal(self, expires_at: int | None, now: float) -> float | None:
        """Return in how many seconds to renew a session that has just begun, or ``None`` for never.

        Never before half of its life is over, so that a clock that is wrong cannot make it renew all the time.

        Args:
            expires_at: When it ends, in seconds since 1970 UTC, if the service says so.
            now: The time, likewise.
        """
        if self.renew_before is None or expires_at is None:
            return None
        life = expires_at - now
        return max(life - self.renew_before, life / 2) if life > 0 else None


def _whole(name: str, value: object, least: int) -> int:
    if expect(name, value, int, "a whole number") < least:
        raise ValueError(f"{name} must be at least {least}, not {value!r}")
    return cast(int, value)


def _number(name: str, value: object, most: float, unit: str) -> None:
    if not isinstance(value, int):
        expect(name, value, float, "a number")
    if not 0 <= cast(float, value) <= most:
        raise ValueError(f"{name} must be {unit}, not {value!r}")


def _seconds(name: str, value: object) -> None:
    _number(name, value, LONGEST_WAIT, "a number of seconds from 0 to a year")
