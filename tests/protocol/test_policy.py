"""When a connection is made anew, how often, and after which wait."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicelive.exceptions import (
    HANDSHAKE_ERRORS,
    CertificateError,
    ConnectError,
    ConnectionClosed,
    ConnectTimeoutError,
    CredentialError,
    HandshakeError,
    ProxyError,
    RateLimitError,
    RedirectError,
    ServiceUnavailableError,
    SessionRefusedError,
)
from voicelive.models import ServerEventError
from voicelive.protocol.policy import ReconnectPolicy

DEFAULT = ReconnectPolicy()


def refused(status: int, retry_after: float | None = None) -> HandshakeError:
    kind = HANDSHAKE_ERRORS.get(status, ServiceUnavailableError if status >= 500 else HandshakeError)
    return kind("no", status=status, headers={}, body="", retry_after=retry_after)


def not_started(kind: str) -> SessionRefusedError:
    return SessionRefusedError("no", event=ServerEventError(error={"type": kind, "message": "no"}))


@pytest.mark.parametrize("code", [1001, 1005, 1006, 1011, 1012, 1013, 1014])
def test_recovers_from_closes_that_say_nothing_against_it(code: int) -> None:
    assert DEFAULT.covers(ConnectionClosed(code))


@pytest.mark.parametrize("code", [1000, 1002, 1003, 1007, 1008, 1009, 1010, 3000, 4002])
def test_does_not_recover_from_closes_that_would_come_again(code: int) -> None:
    assert not DEFAULT.covers(ConnectionClosed(code))


def test_codes_can_be_chosen() -> None:
    policy = ReconnectPolicy(codes=[4002])
    assert policy.covers(ConnectionClosed(4002))
    assert not policy.covers(ConnectionClosed(1006))


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_tries_again_where_the_service_is_at_fault_or_busy(status: int) -> None:
    assert DEFAULT.covers(refused(status))


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 501])
def test_never_tries_again_where_the_configuration_is_at_fault(status: int) -> None:
    assert not DEFAULT.covers(refused(status))


def test_other_errors() -> None:
    assert DEFAULT.covers(ConnectError("no route"))
    assert DEFAULT.covers(ConnectTimeoutError("slow", timeout=1, phase="dial"))
    assert DEFAULT.covers(ProxyError("busy", status=503))
    assert not DEFAULT.covers(ProxyError("who?", status=407))
    assert not DEFAULT.covers(CertificateError("expired"))
    assert not DEFAULT.covers(RedirectError("there", status=302, headers={}, body=""))
    assert DEFAULT.covers(not_started("server_error"))
    assert not DEFAULT.covers(not_started("invalid_request_error"))
    assert not DEFAULT.covers(ValueError("a bug"))


def test_a_credential_that_worked_once_gets_another_try() -> None:
    error = CredentialError("no token")
    assert DEFAULT.covers(error, connected=True)
    assert not DEFAULT.covers(error, connected=False)


@given(st.integers(1, 2000), st.floats(0, 1), st.floats(0, 1))
def test_waits_grow_up_to_the_longest_and_chance_only_shortens_them(attempt: int, jitter: float, chance: float) -> None:
    policy = ReconnectPolicy(attempts=2000, delay=0.5, max_delay=8, jitter=jitter)
    wait = policy.wait(attempt, ConnectionClosed(1006), chance)
    full = min(8, 0.5 * 2 ** min(attempt - 1, 5))
    assert wait is not None
    assert full * (1 - jitter) - 1e-9 <= wait <= full


def test_gives_up_after_the_attempts() -> None:
    policy = ReconnectPolicy(attempts=2)
    assert policy.wait(2, None, 0.5) is not None
    assert policy.wait(3, None, 0.5) is None


def test_keeps_to_retry_after() -> None:
    policy = ReconnectPolicy(delay=0.5, max_delay=10)
    assert policy.wait(1, refused(429, retry_after=7), 1.0) == 7
    assert policy.wait(1, refused(503, retry_after=0.1), 0.0) == 0.5
    assert policy.wait(1, refused(503, retry_after=11), 0.0) is None
    assert isinstance(refused(429), RateLimitError)


@given(st.integers(0, 4_000_000_000), st.floats(0, 4e9), st.floats(0, 3600))
def test_renews_in_time_and_never_in_the_first_half_of_a_life(expires_at: int, now: float, before: float) -> None:
    after = ReconnectPolicy(renew_before=before).renewal(expires_at, now)
    life = expires_at - now
    if life <= 0:
        assert after is None
    else:
        assert after is not None
        assert life / 2 <= after <= life
        assert after >= life - before


def test_renewal_can_be_off() -> None:
    assert ReconnectPolicy(renew_before=None).renewal(100, 0) is None
    assert DEFAULT.renewal(None, 0) is None


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"attempts": 0}, ValueError),
        ({"attempts": True}, TypeError),
        ({"attempts": 1.5}, TypeError),
        ({"reconnects": -1}, ValueError),
        ({"delay": -1}, ValueError),
        ({"delay": float("nan")}, ValueError),
        ({"max_delay": float("inf")}, ValueError),
        ({"jitter": 1.1}, ValueError),
        ({"jitter": "half"}, TypeError),
        ({"renew_before": -1}, ValueError),
        ({"keep_audio": None}, TypeError),
        ({"max_queued": 1.0}, TypeError),
        ({"codes": ["1006"]}, TypeError),
        ({"codes": [0]}, ValueError),
    ],
)
def test_refuses_what_cannot_be(wrong: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error, match=next(iter(wrong)).removesuffix("s")):
        ReconnectPolicy(**wrong)
