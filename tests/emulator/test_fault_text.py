"""Faults as values and as text: what can be said, what cannot, and that both ways of saying mean the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicelive.emulator import Close, Fault, faults, frames
from voicelive.emulator.faults import After, Before, Drop, HalfOpen, Refuse, Send, SendBytes, Upgrade

EVENTS = st.sampled_from([*sorted(faults.SENT | faults.RECEIVED), "sent", "received"])
NTH = st.none() | st.integers(1, 1000)
SECONDS = st.floats(0, 1e6).map(lambda value: round(value, 6))
ABOVE_0 = st.floats(0.001, 1e9).map(lambda value: round(value, 3))
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
ANYWHERE = st.one_of(
    st.builds(faults.Delay, SECONDS),
    st.just(Drop()),
    st.just(faults.Reset()),
    st.just(HalfOpen()),
    st.builds(faults.Throttle, ABOVE_0),
    st.builds(faults.ReadSlowly, SECONDS),
    st.just(faults.IgnorePings()),
    st.builds(SendBytes, st.binary(max_size=20)),
)
OPEN = ANYWHERE | st.one_of(
    st.builds(Close, st.integers(0, 65535), TEXT),
    st.builds(Send, st.sampled_from(frames.KINDS), st.integers(1, 1000), ABOVE_0.filter(lambda mib: mib <= 256)),
    st.builds(faults.SendText, TEXT),
)
HEADERS = st.dictionaries(
    st.from_regex(r"[A-Za-z][A-Za-z0-9-]{0,10}", fullmatch=True),
    TEXT.map(str.strip).filter(lambda value: "\n" not in value and "\r" not in value),
    max_size=3,
)
UPGRADE = ANYWHERE | st.one_of(
    st.builds(Refuse, st.integers(200, 599), st.none() | TEXT, HEADERS),
    st.just(faults.WrongAccept()),
    st.builds(faults.Drip, ABOVE_0),
)
EVENT = OPEN | st.one_of(st.just(faults.Lose()), st.builds(faults.Repeat, st.integers(2, 9)), st.just(faults.Swap()))
MOMENTS_AND_ACTIONS = st.one_of(
    st.tuples(st.just(faults.Accept()), st.lists(ANYWHERE, min_size=1, max_size=3)),
    st.tuples(st.just(Upgrade()), st.lists(UPGRADE, min_size=1, max_size=3)),
    st.tuples(st.builds(Before, EVENTS, NTH), st.lists(EVENT, min_size=1, max_size=3)),
    st.tuples(st.builds(After, EVENTS, NTH), st.lists(OPEN, min_size=1, max_size=3)),
    st.tuples(
        st.builds(faults.AfterBytes, st.integers(1, 10**9), st.sampled_from(["sent", "received"])),
        st.lists(OPEN, min_size=1, max_size=3),
    ),
    st.tuples(st.builds(faults.AfterSeconds, SECONDS), st.lists(OPEN, min_size=1, max_size=3)),
)
FAULTS = st.builds(
    lambda both, connection, times: Fault(both[0], *both[1], connection=connection, times=times),
    MOMENTS_AND_ACTIONS,
    NTH,
    NTH,
)


@given(FAULTS)
def test_text_and_repr_give_the_fault_back(fault):
    assert Fault.parse(str(fault)) == fault
    assert eval(repr(fault), {**vars(faults)}) == fault


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("after=response.created drop", Fault(After("response.created"), Drop())),
        (
            "upgrade refuse=429 header='Retry-After: 2' times=3",
            Fault(Upgrade(), Refuse(429, headers={"Retry-After": "2"}), times=3),
        ),
        ("after=sent nth=10 reset connection=2", Fault(After("sent", nth=10), faults.Reset(), connection=2)),
        (
            "before=response.audio.delta nth=each delay=0.1 times=always",
            Fault(Before("response.audio.delta", nth=None), faults.Delay(0.1), times=None),
        ),
        (
            "after=session.created send=truncated-frame half-open",
            Fault(After("session.created"), Send("truncated-frame"), HalfOpen()),
        ),
        (
            'after-seconds=2 close=4002 reason="too bad"',
            Fault(faults.AfterSeconds(2), Close(4002, "too bad")),
        ),
        (
            "after-bytes=100 direction=received send-bytes=8100",
            Fault(faults.AfterBytes(100, "received"), SendBytes(b"\x81\0")),
        ),
    ],
)
def test_how_faults_are_spelled(text, fault):
    assert Fault.parse(text) == fault


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "it is empty"),
        ("drop", "drop is no moment"),
        ("dorp", "'dorp' is no moment; known are accept, upgrade, before"),
        ("after=respnse.created drop", "did you mean 'response.created'"),
        ("after=nonsense drop", "'sent' and 'received' stand for any"),
        ("after drop", "after needs a value: after=EVENT"),
        ("after=sent", "needs something to do"),
        ("after=sent dorp", "did you mean 'drop'"),
        ("after=sent drop after=sent", "after is no action"),
        ("after=sent drop=3", "drop takes no value"),
        ("after=sent delay", "delay needs a value: delay=SECONDS"),
        ("after=sent delay=-1", "delay needs a number"),
        ("after=sent delay=soon", "delay needs a number"),
        ("after=sent close=x", "close needs a whole number"),
        ("after=sent close=70000", "from 0 to 65535"),
        (f"after=sent close=1000 reason={'x' * 124}", "123 bytes"),
        ("after=sent nth=0 drop", "nth counts from 1"),
        ("after=sent drop times=0", "times counts from 1"),
        ("after=sent drop times=often", "times needs a whole number"),
        ("after=sent drop connection=always", "connection needs a whole number"),
        ("after=sent lose", "Lose is for moments of the kind Before"),
        ("after=sent refuse=401", "Refuse is for the moment Upgrade"),
        ("before=response.create fragment", "events that are sent"),
        ("before=sent fragment=2 pings=maybe", "pings is yes or no"),
        ("accept close=1000", "Close needs an open WebSocket"),
        ("upgrade send=pings", "Send needs an open WebSocket"),
        ("upgrade refuse=101", "200 to 599"),
        ("upgrade refuse=401 header=nonsense", "header=Retry-After: 2"),
        ("after=sent send=malformed", "did you mean 'malformed-json'"),
        ("after=sent send=pings count=0", "count is a number from 1"),
        ("after=sent send=huge-text mib=1000", "mib is a number above 0"),
        ("after=sent send-bytes=xyz", "hexadecimal"),
        ("after=sent throttle=0", "rate must be above 0"),
        ("after-bytes=5 direction=up drop", "direction is 'sent' or 'received'"),
        ("after=sent 'drop", "No closing quotation"),
    ],
)
def test_what_is_wrong_with_a_fault_is_said(text, message):
    with pytest.raises(ValueError, match="is not a fault: ") as caught:
        Fault.parse(text)
    assert message in str(caught.value)


@given(
    st.text(max_size=60)
    | st.lists(st.sampled_from(["after", "=", "sent", " ", "'", "drop", "times=", "9"])).map("".join)
)
def test_any_text_is_a_fault_or_a_value_error(text):
    try:
        fault = Fault.parse(text)
    except ValueError:
        return
    assert Fault.parse(str(fault)) == fault


def test_a_wrong_type_is_a_type_error():
    with pytest.raises(TypeError, match="a moment such as"):
        Fault("after=sent", Drop())
    with pytest.raises(TypeError, match="with brackets"):
        Fault(After("sent"), Drop)
