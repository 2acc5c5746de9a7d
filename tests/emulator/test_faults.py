"""Faults on demand, as a client of bytes sees them; what voicelive makes of them is in another file."""

from __future__ import annotations

import contextlib
import json
import ssl
import threading
import time

import pytest
import trustme

from voicelive.emulator import Emulator, Fault, frames
from voicelive.emulator.faults import (
    Accept,
    After,
    AfterBytes,
    AfterSeconds,
    Before,
    Close,
    Delay,
    Drip,
    Drop,
    Fragment,
    HalfOpen,
    IgnorePings,
    Lose,
    ReadSlowly,
    Refuse,
    Repeat,
    Reset,
    Send,
    SendBytes,
    SendText,
    Swap,
    Throttle,
    Upgrade,
    WrongAccept,
)

from .raw import CLOSE, CONTINUATION, PING, PONG, TEXT, Raw


@pytest.fixture
def faulty(serve):
    """Starts an emulator with these faults."""
    return lambda *faults, **options: serve(faults=faults, **options)


def text_response(raw):
    raw.send("response.create", response={"modalities": ["text"]})


# --- At the accept ---------------------------------------------------------------------------------------------------


def test_a_drop_at_the_accept_ends_the_connection(faulty):
    with Raw(faulty(Fault(Accept(), Drop()))) as raw:
        assert raw.rest() == b""


def test_a_reset_at_the_accept_resets_the_connection(faulty):
    # It may come before connecting is over.
    with pytest.raises(ConnectionResetError), Raw(faulty(Fault(Accept(), Reset()))) as raw:
        raw.rest()


def test_half_open_at_the_accept_answers_nothing(faulty):
    with Raw(faulty(Fault(Accept(), HalfOpen()))) as raw:
        raw.ask()
        assert raw.silent()


def test_a_delay_at_the_accept_delays_the_answer(faulty):
    with Raw(faulty(Fault(Accept(), Delay(0.3)))) as raw:
        begun = time.monotonic()
        raw.open()
        assert time.monotonic() - begun > 0.25


def test_bytes_may_be_sent_before_http(faulty):
    with Raw(faulty(Fault(Accept(), SendBytes(b"SSH-2.0\r\n"), Drop()))) as raw:
        assert raw.rest() == b"SSH-2.0\r\n"


# --- At the upgrade --------------------------------------------------------------------------------------------------


def test_the_upgrade_is_refused_with_status_body_and_headers(faulty):
    refuse = Refuse(429, body="slow down", headers={"Retry-After": "2", "Content-Type": "text/plain"})
    with Raw(faulty(Fault(Upgrade(), refuse))) as raw:
        raw.ask()
        status, headers = raw.answer()
        assert status == 429
        assert headers["retry-after"] == "2"
        assert headers["content-type"] == "text/plain"
        assert raw.rest() == b"slow down"


def test_the_body_of_a_refusal_is_the_services_json_unless_given(faulty):
    with Raw(faulty(Fault(Upgrade(), Refuse(503)))) as raw:
        raw.ask()
        status, headers = raw.answer()
        assert status == 503
        assert headers["apim-request-id"]
        assert json.loads(raw.rest())["error"]["code"] == "503"


def test_a_redirect_names_its_location(faulty):
    with Raw(faulty(Fault(Upgrade(), Refuse(307, headers={"Location": "https://example.com/"})))) as raw:
        raw.ask()
        status, headers = raw.answer()
        assert (status, headers["location"]) == (307, "https://example.com/")


def test_the_accept_key_may_be_wrong(faulty):
    with Raw(faulty(Fault(Upgrade(), WrongAccept()))) as raw:
        raw.ask()
        status, headers = raw.answer()
        assert status == 101
        assert headers["sec-websocket-accept"] == "bm90IHRoZSByaWdodCBrZXk="


@pytest.mark.parametrize("refused", [False, True])
def test_the_answer_drips(faulty, refused):
    """Longer than the emulator's own patience with clients that are refused."""
    faults = [Fault(Upgrade(), Drip(0.005), *([Refuse(500)] if refused else []))]
    with Raw(faulty(*faults)) as raw:
        begun = time.monotonic()
        raw.ask()
        status, headers = raw.answer()
        elapsed = time.monotonic() - begun
        assert status == (500 if refused else 101)
        assert elapsed > 0.5
        if refused:
            assert json.loads(raw.rest())
        else:
            assert raw.event()["type"] == "session.created"
            raw.send("session.update", session={})
            assert raw.event()["type"] == "session.updated"


@pytest.mark.parametrize("action", [Drop(), Reset(), HalfOpen()])
def test_the_upgrade_is_never_answered(faulty, action):
    emulator = faulty(Fault(Upgrade(), action))
    with Raw(emulator) as raw:
        raw.ask()
        match action:
            case Drop():
                assert raw.rest() == b""
            case Reset():
                with pytest.raises(ConnectionResetError):
                    raw.rest()
            case HalfOpen():
                assert raw.silent()
    assert emulator.sessions == []


def test_the_answer_breaks_off_after_some_bytes(faulty):
    with Raw(faulty(Fault(AfterBytes(20), Drop()))) as raw:
        raw.ask()
        assert raw.rest() == b"HTTP/1.1 101 Switchi"


# --- Around events ---------------------------------------------------------------------------------------------------


def test_a_drop_after_an_event_lets_that_event_arrive(faulty):
    with Raw(faulty(Fault(After("response.created"), Drop()))).open() as raw:
        text_response(raw)
        assert raw.event()["type"] == "response.created"
        assert raw.rest() == b""


def test_a_drop_before_an_event_keeps_it_back(faulty):
    with Raw(faulty(Fault(Before("response.done"), Drop()))).open() as raw:
        text_response(raw)
        with pytest.raises(EOFError):
            raw.until("response.done")


def test_faults_act_around_what_was_received(faulty):
    emulator = faulty(Fault(Before("session.update"), Drop()))
    with Raw(emulator).open() as raw:
        raw.send("session.update", session={})
        assert raw.rest() == b""
    emulator = faulty(Fault(After("session.update", nth=2), SendText("{}")))
    with Raw(emulator).open() as raw:
        raw.send("session.update", session={})
        raw.send("session.update", session={})
        assert [raw.event().get("type") for _ in range(3)] == ["session.updated", "session.updated", None]


def test_the_nth_event_of_any_type(faulty):
    with Raw(faulty(Fault(After("sent", nth=3), Drop()))).open() as raw:
        for _ in range(5):
            raw.send("session.update", session={})
        assert [raw.event()["type"] for _ in range(2)] == ["session.updated"] * 2
        assert raw.rest() == b""


def test_each_of_many_events(faulty):
    fault = Fault(Before("session.updated", nth=None), SendText("{}"), times=None)
    with Raw(faulty(fault)).open() as raw:
        for _ in range(3):
            raw.send("session.update", session={})
            assert [raw.event(), raw.event()["type"]] == [{}, "session.updated"]


def test_a_delay_holds_the_event_and_all_after_it(faulty):
    with Raw(faulty(Fault(Before("session.updated"), Delay(0.3)))).open() as raw:
        begun = time.monotonic()
        raw.send("session.update", session={})
        raw.send_frame(PING, b"x")
        assert raw.event()["type"] == "session.updated"
        assert time.monotonic() - begun > 0.25
        assert raw.frame() == (0x80 | PONG, b"x")


@pytest.mark.parametrize("direction", ["sent", "received"])
def test_events_are_lost_repeated_and_swapped(faulty, direction):
    """The answer to session.update shows which instructions were followed, in which order."""
    event = "session.updated" if direction == "sent" else "session.update"

    def followed(action, nth):
        with Raw(faulty(Fault(Before(event, nth=nth), action))).open() as raw:
            for number in range(4):
                raw.send("session.update", session={"instructions": str(number)})
            raw.send("input_audio_buffer.clear")
            events = raw.until("input_audio_buffer.cleared")
            return [event["session"]["instructions"] for event in events[:-1]]

    assert followed(Lose(), 2) == ["0", "2", "3"]
    assert followed(Repeat(3), 2) == ["0", "1", "1", "1", "2", "3"]
    assert followed(Swap(), 2) == ["0", "2", "1", "3"]


def test_an_event_in_fragments_with_pings_between_them(faulty):
    with Raw(faulty(Fault(Before("session.updated"), Fragment(100)))).open() as raw:
        raw.send("session.update", session={"instructions": "in pieces"})
        opcode, message = raw.frame()
        assert opcode == TEXT
        while True:
            opcode, payload = raw.frame()
            if opcode == 0x80 | PING:
                continue
            assert opcode & 0x0F == CONTINUATION
            message += payload
            if opcode & 0x80:
                break
            assert len(payload) == 100
        assert json.loads(message)["session"]["instructions"] == "in pieces"
        raw.send("session.update", session={})
        assert raw.event()["type"] == "session.updated"


# --- The connection --------------------------------------------------------------------------------------------------


def test_a_reset(faulty):
    with Raw(faulty(Fault(Before("session.updated"), Reset()))).open() as raw:
        raw.send("session.update", session={})
        with pytest.raises(ConnectionResetError):
            raw.rest()


def test_half_open_reads_and_writes_nothing_and_keeps_the_connection(faulty):
    with Raw(faulty(Fault(Before("session.updated"), HalfOpen()))).open() as raw:
        raw.send("session.update", session={})
        assert raw.silent()
        raw.send_frame(PING)
        raw.send_frame(CLOSE)
        assert raw.silent()
        assert raw.fill(bytes(1 << 16), 256 << 20) < 256 << 20


@pytest.mark.parametrize("code", [1000, 1001, 1008, 1009, 1011, 1012, 3000, 4002, 999, 1015, 0, 65535])
def test_a_close_with_any_code(faulty, code):
    with Raw(faulty(Fault(Before("session.updated"), Close(code, "why not")))).open() as raw:
        raw.send("session.update", session={})
        assert raw.closed() == (code, "why not")
        raw.send_frame(CLOSE, code.to_bytes(2, "big"))
        assert raw.rest() == b""


def test_a_close_without_a_code_and_one_that_is_none(faulty):
    with Raw(faulty(Fault(Before("session.created"), Close(1005)))) as raw:
        raw.ask()
        assert raw.answer()[0] == 101
        assert raw.closed() == (None, "")
    with Raw(faulty(Fault(After("session.created"), Close(1006)))).open() as raw:
        assert raw.rest() == b""


def test_a_close_of_a_script_takes_any_code_too(serve):
    from voicelive.emulator import Script, Turn

    with Raw(serve(script=Script([Turn(close=Close(1005))]))).open() as raw:
        text_response(raw)
        while (frame := raw.frame())[0] != 0x80 | CLOSE:
            pass
        assert frame[1] == b""


def test_throttled_writing(faulty):
    with Raw(faulty(Fault(After("session.created"), Throttle(5000)))).open() as raw:
        begun = time.monotonic()
        raw.send("session.update", session={"instructions": "x" * 2000})
        assert raw.event()["type"] == "session.updated"
        assert time.monotonic() - begun > 0.3


def test_reading_nothing_more_holds_the_client_up(faulty):
    with Raw(faulty(Fault(After("session.created"), ReadSlowly()))).open() as raw:
        assert raw.fill(bytes(1 << 16), 256 << 20) < 256 << 20


def test_reading_slowly_takes_its_time(faulty):
    with Raw(faulty(Fault(After("session.created"), ReadSlowly(20_000)))).open() as raw:
        begun = time.monotonic()
        raw.send("session.update", session={"instructions": "x" * 10_000})
        assert raw.event()["type"] == "session.updated"
        raw.send("session.update", session={})
        assert raw.event()["type"] == "session.updated"
        assert time.monotonic() - begun > 0.3


def test_pings_are_ignored(faulty):
    with Raw(faulty(Fault(After("session.created"), IgnorePings()))).open() as raw:
        raw.send_frame(PING, b"anybody?")
        raw.send("session.update", session={})
        assert raw.event()["type"] == "session.updated"


# --- What is sent ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", frames.KINDS)
def test_something_wrong_is_sent_where_it_was_asked_for(faulty, kind):
    expected = b"".join(frames.build(kind, count=300, mib=0.5))
    with Raw(faulty(Fault(After("session.created"), Send(kind, count=300, mib=0.5), Drop()))).open() as raw:
        assert raw.rest() == expected


def test_floods_and_large_messages_have_the_size_that_was_asked_for():
    assert sum(map(len, frames.build("pings", 10_000, 1))) == 10_000 * len(frames.frame(PING, b"flood"))
    assert len(b"".join(frames.build("huge-text", 1, 5))) == 5 * 1024 * 1024 + 10
    assert len(b"".join(frames.build("deflate-bomb", 1, 20))) < 50_000


def test_text_and_bytes_of_ones_own(faulty):
    fault = Fault(After("session.created"), SendText("hé"), SendBytes(b"\x82\x01\x00"), SendText("{}"))
    with Raw(faulty(fault)).open() as raw:
        assert raw.frame() == (0x80 | TEXT, "hé".encode())
        assert raw.exactly(3) == b"\x82\x01\x00"
        raw.send("session.update", session={})
        assert [raw.event(), raw.event()["type"]] == [{}, "session.updated"]


# --- Bytes and seconds -----------------------------------------------------------------------------------------------


def test_cut_off_at_the_byte(faulty):
    with Raw(faulty(Fault(AfterBytes(1000), Drop()))) as raw:
        raw.ask()
        assert len(raw.rest()) == 1000


def test_after_bytes_that_were_received(faulty):
    with Raw(faulty(Fault(AfterBytes(5000, "received"), SendText("{}")))).open() as raw:
        raw.send("session.update", session={"instructions": "x" * 2000})
        assert raw.event()["type"] == "session.updated"
        raw.send("session.update", session={"instructions": "x" * 4000})
        assert [raw.event(), raw.event()["type"]] == [{}, "session.updated"]


def test_after_seconds(faulty):
    begun = time.monotonic()
    with Raw(faulty(Fault(AfterSeconds(0.3), Drop()))).open() as raw:
        assert raw.rest() == b""
        assert time.monotonic() - begun > 0.25


# --- Which connections, how often, and when it is changed ------------------------------------------------------------


def test_a_fault_acts_once_unless_told_otherwise(faulty):
    emulator = faulty(Fault(Upgrade(), Refuse(503), times=2))
    for status in (503, 503, 101):
        with Raw(emulator) as raw:
            raw.ask()
            assert raw.answer()[0] == status


def test_a_fault_for_one_connection(faulty):
    emulator = faulty(Fault(Upgrade(), Refuse(503), connection=2, times=None))
    for status in (101, 503, 101):
        with Raw(emulator) as raw:
            raw.ask()
            assert raw.answer()[0] == status


def test_events_are_counted_on_each_connection(faulty):
    emulator = faulty(Fault(After("session.updated", nth=2), Drop(), times=None))
    with Raw(emulator).open() as first, Raw(emulator).open() as second:
        for raw in (first, second, first, second):
            raw.send("session.update", session={})
            assert raw.event()["type"] == "session.updated"
        assert first.rest() == second.rest() == b""


def test_a_fault_added_while_it_runs_acts_on_open_connections_and_counts_from_then(serve):
    emulator = serve()
    with Raw(emulator).open() as raw:
        raw.send("session.update", session={})
        assert raw.event()["type"] == "session.updated"
        fault = emulator.add_fault("after=session.updated drop")
        later = emulator.add_fault(Fault(AfterBytes(10_000_000), Drop()))
        assert (fault.acted, str(fault.fault)) == (0, "after=session.updated drop")
        raw.send("session.update", session={})
        assert raw.event()["type"] == "session.updated"
        assert raw.rest() == b""
        assert fault.wait()
        assert (fault.acted, later.acted) == (1, 0)
        assert not fault.wait(0.01, times=2)


def test_bytes_and_seconds_count_from_when_the_fault_was_added(serve):
    emulator = serve()
    with Raw(emulator).open() as raw:
        emulator.add_fault(Fault(AfterBytes(7), Drop()))
        raw.send("session.update", session={})
        assert len(raw.rest()) == 7
    with Raw(emulator).open() as raw:
        assert emulator.add_fault(Fault(AfterSeconds(0), Close(4002))).wait()
        assert raw.closed() == (4002, "")


def test_a_fault_is_taken_back_at_the_end_of_its_block(serve):
    emulator = serve()
    with emulator.add_fault(Fault(Upgrade(), Refuse(401), times=None)) as fault:
        with Raw(emulator) as raw:
            raw.ask()
            assert raw.answer()[0] == 401
        assert fault.acted == 1
    with Raw(emulator).open():
        pass


def test_something_is_injected_now(serve):
    emulator = serve()
    with Raw(emulator).open() as first, Raw(emulator).open() as second:
        assert emulator.inject(SendText("{}"), Close(4002, "now"), connection=2) == 1
        assert second.event() == {}
        assert second.closed() == (4002, "now")
        assert emulator.inject(Drop(), connection=7) == 0
        assert emulator.inject(Drop()) >= 1
        assert first.rest() == b""


def test_what_cannot_be_is_refused_when_it_is_given(serve):
    emulator = serve()
    with pytest.raises(ValueError, match="use add_fault"):
        emulator.inject(Lose())
    with pytest.raises(TypeError, match="brackets"):
        emulator.inject(Drop)
    with pytest.raises(TypeError, match="a Fault is needed"):
        emulator.add_fault(Drop())
    with pytest.raises(ValueError, match="is not a fault"):
        Emulator(faults=["drop"])


# --- TLS -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def contexts():
    """A server's context with a certificate for 127.0.0.1, and a client's that trusts it."""
    authority = trustme.CA()
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(server)
    authority.configure_trust(client)
    return server, client


def test_faults_over_tls(faulty, contexts):
    server, client = contexts
    emulator = faulty(
        Fault(After("session.created"), Close(4002), connection=1),
        Fault(After("session.created"), Drop(), connection=2),
        Fault(After("session.created"), Reset(), connection=3),
        Fault(Upgrade(), Refuse(503), connection=4),
        Fault(After("session.created"), HalfOpen(), connection=5),
        ssl_context=server,
    )
    with Raw(emulator, client).open() as raw:
        assert raw.closed() == (4002, "")
    with Raw(emulator, client).open() as raw, pytest.raises(ssl.SSLEOFError):
        raw.rest()
    # OpenSSL tells of a reset as of an end.
    with Raw(emulator, client).open() as raw, pytest.raises((ConnectionResetError, ssl.SSLEOFError)):
        raw.rest()
    with Raw(emulator, client) as raw:
        raw.ask()
        assert raw.answer()[0] == 503
    with Raw(emulator, client).open() as raw:
        raw.send("session.update", session={})
        assert raw.silent()


def test_faults_before_tls(faulty, contexts):
    server, client = contexts
    emulator = faulty(Fault(Accept(), Drop()), Fault(Accept(), Delay(0.3), connection=2), ssl_context=server)
    with pytest.raises((ssl.SSLEOFError, ConnectionError)):
        Raw(emulator, client)
    begun = time.monotonic()
    with Raw(emulator, client).open():
        assert time.monotonic() - begun > 0.25


def test_a_client_that_does_not_trust_the_certificate_leaves_nothing_behind(serve, contexts):
    server, client = contexts
    emulator = serve(ssl_context=server)
    with pytest.raises(ssl.SSLCertVerificationError):
        Raw(emulator, ssl.create_default_context())
    with Raw(emulator, client).open():
        pass


# --- Bounds and ends -------------------------------------------------------------------------------------------------


def test_stopping_does_not_wait_for_faults():
    faults = [
        Fault(Accept(), HalfOpen(), connection=1),
        Fault(Accept(), Delay(60), connection=2),
        Fault(Upgrade(), HalfOpen(), connection=3),
        Fault(After("session.created"), HalfOpen(), connection=4),
        Fault(After("session.created"), ReadSlowly(), connection=5),
        Fault(After("session.created"), Delay(60), connection=6),
        Fault(After("session.created"), Close(4002), connection=7),
        Fault(After("session.created"), Drop(), connection=8),
    ]
    with Emulator(faults=faults) as emulator:
        clients = [Raw(emulator) for _ in faults]
        for raw in clients[2:]:
            raw.ask()
        for raw in clients[3:]:
            raw.answer()
            raw.event()
        stopping = time.monotonic()
    assert time.monotonic() - stopping < 5
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("voicelive-emulator")]
    for raw in clients:
        with raw, contextlib.suppress(ConnectionResetError):
            raw.rest()


@pytest.mark.parametrize("what", ["events", "pings", "garbage"])
def test_a_client_that_sends_and_never_reads_is_read_no_further(serve, what):
    """What it is owed stays within bounds, because at some point nothing more is taken from it."""
    with Raw(serve()).open() as raw:
        data = {
            "events": frames.frame(TEXT, b'{"type":"session.update","session":{}}', masked=True),
            "pings": frames.frame(PING, bytes(125), masked=True),
            "garbage": frames.frame(TEXT, b"{", masked=True),
        }[what]
        assert raw.fill(data * 500, 64 << 20) < 64 << 20
