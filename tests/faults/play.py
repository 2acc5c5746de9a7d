"""Plays a case of the matrix: the emulator misbehaves, and a program in one of the three styles meets it."""

from __future__ import annotations

import functools
import ssl
import time
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import trustme

import voicelive
from voicelive.emulator import Emulator

from .cases import Case, Ends, Fails, GoesOn
from .leaks import nothing_left_behind, tasks, tasks_end
from .secrets import AUDIO, CONTENT, KEY, SECRET, check_error, check_shown

__all__ = ("arguments", "emulator_for", "play", "recover")

WITHIN = 10.0
"""Seconds that no case may take; those that have a deadline of their own have one below a second."""
FIRST = f"first {CONTENT}"
LAST = f"last {CONTENT}"


@functools.cache
def _authority() -> trustme.CA:
    return trustme.CA()


@functools.cache
def _serving(kind: str) -> ssl.SSLContext | None:
    if kind in ("", "none"):
        return None
    authority = trustme.CA() if kind == "unknown" else _authority()
    name = "other.example" if kind == "other name" else "127.0.0.1"
    until = datetime.now(UTC) - timedelta(days=1) if kind == "expired" else None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name, not_after=until).configure_cert(context)
    return context


@functools.cache
def _trusting() -> ssl.SSLContext:
    context = ssl.create_default_context()
    _authority().configure_trust(context)
    return context


def emulator_for(case: Case) -> Emulator:
    """Return an emulator that misbehaves as the case wants."""
    faults = [case.fault] if case.fault else []
    context = _serving(case.certificate)
    return Emulator(speech="builtin", speed=float("inf"), api_key=KEY, ssl_context=context, faults=faults)


def arguments(case: Case, emulator: Emulator, **more: Any) -> dict[str, Any]:
    """Return what to connect with."""
    endpoint = emulator.endpoint
    if case.certificate:
        endpoint = f"https://{endpoint.partition('://')[2]}"
        more["ssl_context"] = _trusting()
    return {
        "endpoint": endpoint,
        "credential": emulator.api_key,
        "model": "gpt-realtime",
        "query": {"signature": SECRET},
        "headers": {"X-Secret": SECRET},
        "connection_options": dict(case.options),
        **more,
    }


def play(case: Case, style: Any) -> None:
    """Play a case, and check that its outcome is as it says, in time, and that nothing is left of it.

    And that nothing secret is shown: all that the program sends is marked, and every error and ``repr`` is searched.
    """
    _run(_meet, case, style)


def recover(case: Case, style: Any) -> None:
    """Play a case with reconnecting, and check that the session is restored, in time, and nothing else is left."""
    _run(_be_restored, case, style)


def _run(body: Callable[[Case, Any, Emulator], Coroutine[Any, Any, None]], case: Case, style: Any) -> None:
    async def main() -> None:
        count = tasks(style.name)
        await body(case, style, emulator)
        await tasks_end(style.name, count)

    with nothing_left_behind():
        start = time.monotonic()
        with emulator_for(case) as emulator:
            style.run(main)
        assert time.monotonic() - start < WITHIN


async def _meet(case: Case, style: Any, emulator: Emulator) -> None:
    outcome = case.outcome
    if isinstance(outcome, Fails):
        with pytest.raises(outcome.error) as caught:
            await style.enter(**arguments(case, emulator))
        assert type(caught.value) is outcome.error
        assert {name: getattr(caught.value, name) for name in outcome.attributes} == outcome.attributes
        assert outcome.says in str(caught.value)
        check_error(caught.value)
        return
    manager = style.connect(**arguments(case, emulator))
    async with manager as connection:
        check_shown(repr(manager), repr(connection))
        if isinstance(outcome, Ends):
            await _end(case, connection, outcome)
        else:
            await _go_on(connection, outcome)


async def _end(case: Case, connection: Any, outcome: Ends) -> None:
    with pytest.raises(voicelive.ConnectionClosed) as caught:
        await (send_much(connection) if case.doing == "sending" else _read(case, connection))
    error = caught.value
    check_error(error)
    check_shown(repr(connection))
    assert (error.code, error.initiated_by) == (outcome.code, outcome.initiated_by)
    assert outcome.reason in error.reason
    if case.doing == "sending":
        assert error.unsent == "input_audio_buffer.append"
    # It stays so, for readers and senders alike.
    for use in (connection.recv, connection.response.cancel):
        with pytest.raises(voicelive.ConnectionClosed) as caught:
            while True:
                await use()
        assert caught.value.code == outcome.code
        check_error(caught.value)
    if outcome.quietly:
        assert [event async for event in connection] == []
    else:
        with pytest.raises(voicelive.ConnectionClosed):
            _ = [event async for event in connection]


async def _read(case: Case, connection: Any) -> None:
    if not case.fault.startswith("after-seconds"):
        await connection.session.update(session={"instructions": FIRST})
    while True:
        await connection.recv()


async def send_much(connection: Any) -> None:
    """Send audio for longer than it takes to see that nobody takes it."""
    until = time.monotonic() + WITHIN
    while time.monotonic() < until:
        await connection.input_audio_buffer.append(audio=AUDIO)


async def _go_on(connection: Any, outcome: GoesOn) -> None:
    assert (await connection.recv()).type == "session.created"
    await connection.session.update(session={"instructions": FIRST})
    if outcome.raises is not None:
        with pytest.raises(outcome.raises) as caught:
            await connection.recv()
        check_error(caught.value)
        while (await _patiently(connection)).type != "session.updated":
            pass
    else:
        assert (await connection.recv()).type == "session.updated"
    await connection.session.update(session={"instructions": LAST})
    events = []
    while (event := await _patiently(connection)).type != "session.updated":
        events.append(event)
    assert event.session.instructions == LAST
    assert {event.type for event in events} == set(outcome.events)
    if outcome.events == ("response.audio.delta",):
        with pytest.raises(voicelive.InvalidAudioError) as invalid:
            assert events[0].audio
        check_error(invalid.value)


async def _be_restored(case: Case, style: Any, emulator: Emulator) -> None:
    policy = voicelive.ReconnectPolicy(delay=0.01, first_dial=True)
    async with style.connect(**arguments(case, emulator, reconnect=policy)) as connection:
        await connection.session.update(session={"instructions": FIRST})
        if case.doing == "sending":
            for _ in range(50):
                await connection.input_audio_buffer.append(audio=AUDIO)
        if isinstance(case.outcome, Ends):
            await _until_restored(connection)
        await connection.session.update(session={"temperature": 0.7})
        while (event := await _patiently(connection)).type != "session.updated" or event.session.temperature != 0.7:
            pass
        assert event.session.instructions == FIRST


async def _until_restored(connection: Any) -> None:
    kinds = []
    while (event := await _patiently(connection)).type != "reconnected":
        kinds.append(event.type)
        check_shown(repr(event), content=False)
        if event.type == "reconnecting" and event.error is not None:
            check_error(event.error)
    assert kinds[-1] == "reconnecting"
    check_shown(repr(event))
    assert event.lost == [] or {lost.kind for lost in event.lost} == {"audio"}


async def _patiently(connection: Any) -> Any:
    return await connection.recv(timeout=WITHIN)
