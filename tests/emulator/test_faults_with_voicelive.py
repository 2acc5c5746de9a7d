"""Faults of the embedded service as voicelive's own clients meet them, in all three styles."""

from __future__ import annotations

import pytest

import voicelive
from voicelive.emulator import Close, Emulator, Fault
from voicelive.emulator.faults import (
    Accept,
    After,
    AfterBytes,
    Before,
    Drip,
    Drop,
    Fragment,
    HalfOpen,
    Lose,
    Refuse,
    Repeat,
    Reset,
    Send,
    SendText,
    Swap,
    Upgrade,
    WrongAccept,
)

BROKEN = (voicelive.ConnectError, voicelive.ConnectionClosed)


def to(emulator, **options):
    return {"endpoint": emulator.endpoint, "credential": emulator.api_key, "model": "gpt-realtime", **options}


async def until(conn, kind):
    events = [await conn.recv()]
    while events[-1].type != kind:
        events.append(await conn.recv())
    return events


@pytest.mark.parametrize(
    ("refuse", "error"),
    [
        (Refuse(400), voicelive.HandshakeError),
        (Refuse(401), voicelive.AuthenticationError),
        (Refuse(403), voicelive.PermissionDeniedError),
        (Refuse(404), voicelive.NotFoundError),
        (Refuse(429, headers={"Retry-After": "2"}), voicelive.RateLimitError),
        (Refuse(503, "busy", {"Retry-After": "1"}), voicelive.ServiceUnavailableError),
        (Refuse(307, headers={"Location": "https://example.com/"}), voicelive.RedirectError),
        (Refuse(200), voicelive.HandshakeError),
    ],
)
async def test_refused_upgrades(style, refuse, error):
    with Emulator(faults=[Fault(Upgrade(), refuse)]) as emulator:
        with pytest.raises(error) as caught:
            await style.enter(**to(emulator))
        assert caught.value.status == refuse.status
        if "Retry-After" in refuse.headers:
            assert caught.value.retry_after == float(refuse.headers["Retry-After"])
        async with style.connect(**to(emulator)) as conn:
            assert (await conn.recv()).type == "session.created"


@pytest.mark.parametrize(
    "fault",
    [
        Fault(Accept(), Drop()),
        Fault(Accept(), Reset()),
        Fault(Upgrade(), Drop()),
        Fault(Upgrade(), Reset()),
        Fault(Upgrade(), WrongAccept()),
        Fault(AfterBytes(30), Drop()),
        Fault(AfterBytes(30), Reset()),
        Fault(Before("session.created"), Drop()),
        Fault(Before("session.created"), Close(1011)),
    ],
    ids=str,
)
async def test_connections_that_do_not_come_about(style, fault):
    with Emulator(faults=[fault]) as emulator, pytest.raises(BROKEN):
        await style.enter(**to(emulator))


@pytest.mark.parametrize(
    "fault", [Fault(Accept(), HalfOpen()), Fault(Upgrade(), HalfOpen()), Fault(Upgrade(), Drip(1))], ids=str
)
async def test_connections_that_take_too_long(style, fault):
    with Emulator(faults=[fault]) as emulator, pytest.raises(voicelive.ConnectTimeoutError):
        await style.enter(**to(emulator, connection_options={"handshake_timeout": 0.3}))


@pytest.mark.parametrize("code", [1000, 1001, 1005, 1006, 1008, 1011, 1012, 3000, 4002])
async def test_closes(style, code):
    with Emulator(faults=[Fault(After("session.created"), Close(code))]) as emulator:
        async with style.connect(**to(emulator)) as conn:
            assert (await conn.recv()).type == "session.created"
            with pytest.raises(voicelive.ConnectionClosed) as caught:
                await conn.recv()
            assert caught.value.code == code


@pytest.mark.parametrize("action", [Drop(), Reset()], ids=repr)
async def test_broken_connections(style, action):
    with Emulator(faults=[Fault(After("session.updated"), action)]) as emulator:
        async with style.connect(**to(emulator)) as conn:
            await conn.recv()
            await conn.session.update(session={})
            with pytest.raises(voicelive.ConnectionClosed) as caught:
                await until(conn, "nothing")
            assert (caught.value.code, caught.value.initiated_by) == (1006, "network")


async def test_half_open_connections_are_found_by_the_heartbeat(style):
    with Emulator(faults=[Fault(After("session.created"), HalfOpen())]) as emulator:
        options = {"heartbeat": 0.2, "close_timeout": 0.2}
        async with style.connect(**to(emulator, connection_options=options)) as conn:
            await conn.recv()
            with pytest.raises(voicelive.ConnectionClosed) as caught:
                await conn.recv()
            assert caught.value.initiated_by == "network"


@pytest.mark.parametrize(
    "kind",
    [
        "malformed-json",
        "truncated-json",
        "json-array",
        "deep-json",
        "wrong-types",
        "empty-text",
        "binary",
        "invalid-utf8",
        "tiny-frames",
    ],
)
async def test_bad_messages_are_events_and_the_stream_goes_on(style, kind):
    with Emulator(faults=[Fault(After("session.created"), Send(kind, count=100))]) as emulator:
        async with style.connect(**to(emulator)) as conn:
            await conn.session.update(session={})
            events = await until(conn, "session.updated")
            assert {event.type for event in events[1:-1]} == {"invalid"}


async def test_unknown_events_bad_audio_fragments_and_floods_of_pings(style):
    wrong = [Send("unknown-event"), Send("bad-base64"), Send("pings"), Send("empty-fragments")]
    faults = [Fault(After("session.created"), *wrong), Fault(Before("session.updated"), Fragment(7))]
    with Emulator(faults=faults) as emulator:
        async with style.connect(**to(emulator)) as conn:
            await conn.session.update(session={"instructions": "pieces"})
            _, unknown, audio, warning, updated = await until(conn, "session.updated")
            assert unknown["surprise"] == {"level": 11}
            assert warning.warning.message == "A message in pieces."
            assert updated.session.instructions == "pieces"
            with pytest.raises(voicelive.InvalidAudioError):
                assert audio.audio


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("masked-frame", 1002),
        ("rsv-frame", 1002),
        ("bad-opcode", 1002),
        ("long-ping", 1002),
        ("stray-continuation", 1002),
        ("interleaved-fragments", 1002),
        ("deflate-bomb", 1002),
        ("huge-text", 1009),
    ],
)
async def test_frames_against_the_rfc_end_the_connection(style, kind, code):
    with Emulator(faults=[Fault(After("session.created"), Send(kind))]) as emulator:
        async with style.connect(**to(emulator)) as conn:
            await conn.recv()
            with pytest.raises(voicelive.ConnectionClosed) as caught:
                await conn.recv()
            assert caught.value.code == code


async def test_a_frame_that_breaks_off(style):
    with Emulator(faults=[Fault(After("session.created"), Send("truncated-frame"), Drop())]) as emulator:
        async with style.connect(**to(emulator)) as conn:
            await conn.recv()
            with pytest.raises(voicelive.ConnectionClosed) as caught:
                await conn.recv()
            assert caught.value.code == 1006


async def test_lost_repeated_and_swapped_events(style):
    with Emulator() as emulator:
        async with style.connect(**to(emulator)) as conn:
            await conn.recv()
            emulator.add_fault(Fault(Before("session.updated", nth=1), Lose()))
            emulator.add_fault(Fault(Before("session.updated", nth=2), Swap()))
            emulator.add_fault(Fault(Before("session.updated", nth=4), Repeat()))
            emulator.add_fault(Fault(After("session.updated", nth=5), SendText('{"type": "end"}')))
            for number in range(5):
                await conn.session.update(session={"instructions": str(number)})
            *events, _ = await until(conn, "end")
            assert [event.session.instructions for event in events] == ["2", "1", "3", "3", "4"]
