"""The protocol engine without a socket: whatever comes in, what goes out is right."""

from __future__ import annotations

import copy
import json
from collections import deque

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voicelive.emulator.activity import EnergyVoiceActivity
from voicelive.emulator.brain import Brain
from voicelive.emulator.context import Context, Services
from voicelive.emulator.refusal import Refusal
from voicelive.emulator.script import ScriptRun
from voicelive.emulator.session import Session, parse
from voicelive.emulator.settings import Settings
from voicelive.emulator.speech import SpeechEdge
from voicelive.emulator.steps import Join, Work
from voicelive.emulator.turns import TurnDetector, TurnPoint
from voicelive.emulator.unheard import DurationRecognizer
from voicelive.models import ClientEventType, InvalidServerEvent, UnknownServerEvent
from voicelive.protocol import decode_event


class Beep:
    def synthesize(self, text, rate):
        return bytes(rate // 5 * 2)


class Stage:
    """Drives a session by hand: work is done at once, pauses take no time, tasks run in turns."""

    def __init__(self, model="gpt-realtime"):
        self.sent = []
        self.tasks = deque()
        services = Services(DurationRecognizer(), Beep(), EnergyVoiceActivity, Brain())
        context = Context(
            Settings("sess_1", model, None, 0), services, self.send, self.spawn, lambda code, reason: None, 1.0
        )
        self.session = Session(context, ScriptRun())
        self.session.open()

    def send(self, event):
        self.sent.append(json.dumps(event, allow_nan=False))

    def spawn(self, steps):
        task = Running(steps)
        self.tasks.append(task)
        return task

    def receive(self, event):
        frame = json.dumps(event)
        try:
            Running(self.session.receive(parse(frame), frame)).run()
        except Refusal as refusal:
            self.session.refuse(refusal)

    def rest(self):
        """Let everything that was begun come to its end."""
        while self.tasks:
            task = self.tasks.popleft()
            if not task.step():
                self.tasks.append(task)

    def step(self):
        for task in list(self.tasks):
            if task.step():
                self.tasks.remove(task)


class Running:
    def __init__(self, steps):
        self.steps = steps
        self.done = False
        self.result = None
        self.awaited = None

    def cancel(self):
        self.steps.close()
        self.done = True

    def step(self):
        if self.done:
            return True
        if self.awaited is not None and not self.awaited.done:
            return False
        try:
            step = self.steps.send(self.result)
        except StopIteration:
            self.done = True
            return True
        except Exception as error:
            raise AssertionError(f"a task of the session ended with {error!r}") from error
        self.result = self.awaited = None
        if isinstance(step, Work):
            self.result = step.call()
        elif isinstance(step, Join):
            # Waiting for some time is over at once.
            self.awaited = step.task if step.seconds is None else None
            self.result = step.task.done
        return False

    def run(self):
        while not self.step():
            pass


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 30000) | st.floats(allow_nan=False, width=16) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=4,
)
ids = st.sampled_from(["a", "b"])
audio = st.sampled_from(["", "AAAA", "A" * 6400])
words = st.text("ab .", max_size=9)
parts = st.one_of(
    st.fixed_dictionaries({"type": st.sampled_from(["input_text", "text"]), "text": words}),
    st.fixed_dictionaries({"type": st.just("input_audio"), "audio": audio}, optional={"transcript": words}),
)
spoken = st.fixed_dictionaries({"type": st.just("text"), "text": words})
items = st.one_of(
    st.fixed_dictionaries(
        {"type": st.just("message"), "role": st.just("user"), "content": st.lists(parts, max_size=2)},
        optional={"id": ids},
    ),
    st.fixed_dictionaries(
        {"type": st.just("message"), "role": st.just("assistant"), "content": st.lists(spoken, max_size=2)},
        optional={"id": ids},
    ),
    st.fixed_dictionaries({"type": st.just("function_call"), "call_id": ids, "name": ids, "arguments": st.just("{}")}),
    st.fixed_dictionaries({"type": st.just("function_call_output"), "call_id": ids, "output": words}),
    st.fixed_dictionaries(
        {"type": st.just("mcp_approval_response"), "approval_request_id": ids, "approve": st.booleans()}
    ),
)
formats = st.sampled_from(["pcm16", "g711_ulaw", "g711_alaw"])
schema = st.fixed_dictionaries({"type": st.just("object"), "properties": st.just({"a": {"type": "string"}})})
server = {"type": "mcp", "server_label": "far", "server_url": "https://example.invalid/mcp"}
tools = st.lists(
    st.fixed_dictionaries({"type": st.just("function"), "name": ids}, optional={"parameters": schema | json_values})
    | st.just(server),
    max_size=2,
)
interim = st.fixed_dictionaries(
    {"type": st.sampled_from(["static_interim_response", "llm_interim_response"])},
    optional={
        "triggers": st.lists(st.sampled_from(["latency", "tool"]), max_size=2),
        "latency_threshold_ms": st.integers(0, 9),
        "texts": st.lists(words, max_size=2),
        "max_completion_tokens": st.integers(1, 9),
    },
)
avatar = st.fixed_dictionaries(
    {"character": words, "customized": st.booleans()},
    optional={"output_protocol": st.sampled_from(["webrtc", "websocket"])},
)
end_of_utterance = st.fixed_dictionaries(
    {"model": st.just("semantic_detection_v1")},
    optional={"timeout_ms": st.integers(0, 300), "threshold_level": st.sampled_from(["low", "high"])},
)
turn_detection = st.none() | st.fixed_dictionaries(
    {"type": st.sampled_from(["server_vad", "azure_semantic_vad", "semantic_vad", "none"])},
    optional={
        "threshold": st.floats(0, 1),
        "silence_duration_ms": st.integers(0, 500) | st.none(),
        "prefix_padding_ms": st.integers(0, 500),
        "speech_duration_ms": st.integers(0, 500),
        "create_response": st.booleans(),
        "interrupt_response": st.booleans(),
        "auto_truncate": st.booleans(),
        "appended_text_after_truncation": words,
        "remove_filler_words": st.booleans(),
        "end_of_utterance_detection": end_of_utterance,
        "eagerness": st.sampled_from(["low", "high"]),
    },
)
fields = {
    "modalities": st.sampled_from([["text"], ["text", "audio"]]),
    "voice": st.sampled_from(["alloy", "en-US-AvaNeural", {"type": "openai", "name": "ash"}]),
    "instructions": words,
    "tools": tools,
    "tool_choice": st.sampled_from(["auto", "none", "required", "a", {"type": "function", "name": "b"}]),
    "metadata": st.dictionaries(ids, words),
}
session = st.fixed_dictionaries(
    {},
    optional={
        **fields,
        "input_audio_format": formats,
        "output_audio_format": formats,
        "turn_detection": turn_detection,
        "avatar": st.none() | avatar,
        "animation": st.none()
        | st.fixed_dictionaries({"outputs": st.lists(st.sampled_from(["viseme_id", "blendshapes"]))}),
        "output_audio_timestamp_types": st.sampled_from([None, ["word"]]),
        "interim_response": st.none() | interim,
        "include": st.lists(
            st.sampled_from(["item.input_audio_transcription.logprobs", "item.input_audio_transcription.phrases"])
        ),
        "max_response_output_tokens": st.sampled_from([1, 5, "inf"]),
        "input_audio_transcription": st.sampled_from([None, {"model": "whisper-1"}]),
    },
)
response = st.fixed_dictionaries(
    {},
    optional={
        **{name: value for name, value in fields.items() if name != "tool_choice"},
        "output_audio_format": formats,
        "input_items": st.lists(items, max_size=2),
        "append_input_items": st.lists(items, max_size=1),
        "commit": st.booleans(),
        "cancel_previous": st.booleans(),
        "max_output_tokens": st.sampled_from([1, 3, "inf"]),
        "interim_response": interim,
        "invoke_input": st.dictionaries(ids, words),
        "conversation": st.sampled_from(["auto", "none"]),
    },
)
good = {
    "session": session,
    "response": response,
    "item": items,
    "item_id": ids,
    "previous_item_id": st.sampled_from([None, "", "root", "a"]),
    "content_index": st.integers(-1, 2),
    "audio_end_ms": st.integers(-1, 500),
    "audio": audio,
    "turn_id": ids,
    "id": ids,
    "delta": st.text(max_size=4),
    "client_sdp": st.sampled_from(["v=0", "e30=", "v=0\nm=audio 9 UDP/TLS/RTP/SAVPF 111\na=rtpmap:111 opus/48000/2"]),
    "approval_request_id": ids,
    "approve": st.booleans(),
    "response_id": ids,
    "additional_instructions": st.text(max_size=4),
}
takes = {
    "session.update": ["session"],
    "input_audio_buffer.append": ["audio"],
    "conversation.item.create": ["item", "previous_item_id"],
    "conversation.item.retrieve": ["item_id"],
    "conversation.item.delete": ["item_id"],
    "conversation.item.truncate": ["item_id", "content_index", "audio_end_ms"],
    "response.create": ["response", "additional_instructions"],
    "response.cancel": ["response_id"],
    "input_text.delta": ["id", "delta"],
    "input_text.done": ["id"],
    "session.avatar.connect": ["client_sdp"],
    "mcp_approval_response": ["approval_request_id", "approve"],
    **{f"input_audio.turn.{verb}": ["turn_id", "audio"] for verb in ("start", "append", "end", "cancel")},
}


@st.composite
def events(draw):
    kind = draw(st.sampled_from([*takes, *takes, *map(str, ClientEventType), "made.up"]))
    event = {"type": kind, **{name: draw(good[name]) for name in takes.get(kind, ())}}
    match draw(st.integers(0, 9)):
        case 0:
            event[draw(st.sampled_from(sorted(event)))] = draw(json_values)
        case 1:
            del event[draw(st.sampled_from(sorted(event)))]
        case 2:
            # A copy: the strategies' own values are drawn again.
            event = copy.deepcopy(event)
            _spoil(draw, event)
    return event


def _spoil(draw, event):
    """Put anything anywhere inside."""
    places = [event]
    for place in places:
        inner = place.values() if isinstance(place, dict) else place
        places += [value for value in inner if isinstance(value, dict | list) and value]
    place = draw(st.sampled_from(places[1:] or places))
    place[draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))] = draw(json_values)


@given(st.sampled_from(["gpt-realtime", "gpt-4.1"]), st.lists(st.tuples(events(), st.booleans()), max_size=12))
@settings(max_examples=150, deadline=None)
def test_no_sequence_of_events_brings_a_session_down(model, sequence):
    stage = Stage(model)
    for event, breathe in sequence:
        stage.receive(event)
        if breathe:
            stage.step()
    stage.rest()
    sent = [json.loads(frame) for frame in stage.sent]
    assert not [e for e in sent if e["type"] == "error" and e["error"]["code"] == "internal_error"]
    for frame in stage.sent:
        decoded = decode_event(frame)
        assert not isinstance(decoded, InvalidServerEvent | UnknownServerEvent), (frame, decoded)
        assert decoded.as_dict() == json.loads(frame)
    begun = [e["response"]["id"] for e in sent if e["type"] == "response.created"]
    ended = [e["response"]["id"] for e in sent if e["type"] == "response.done"]
    # Those that are not committed run beside the others.
    assert sorted(begun) == sorted(ended)
    assert len({e["event_id"] for e in sent}) == len(sent)


class Edges:
    """A detector that reports what it is told to."""

    def __init__(self, edges):
        self.edges = deque(edges)
        self.fed = 0

    def feed(self, pcm):
        self.fed += len(pcm) // 2
        found = []
        while self.edges and self.edges[0].sample <= self.fed:
            found.append(self.edges.popleft())
        return found


@given(
    st.lists(st.integers(1, 50), max_size=12),
    st.lists(st.integers(1, 80), min_size=1, max_size=20),
    st.integers(0, 40),
    st.integers(0, 30),
    st.integers(0, 20),
)
def test_turns_do_not_depend_on_how_the_audio_is_cut(gaps, cuts, silence, speech, patience):
    position, edges = 0, []
    for number, gap in enumerate(gaps):
        position += gap
        edges.append(SpeechEdge(position, number % 2 == 0))

    def turns(pieces):
        detector = TurnDetector(Edges(edges), origin=7, silence=silence, speech=speech, patience=patience)
        found = []
        for piece in pieces:
            for edge in detector.follow(detector.hear(bytes(2 * piece)), piece):
                if edge.point is TurnPoint.PAUSED and edge.sample % 2:
                    detector.end()
                    edge = edge._replace(point=TurnPoint.ENDED)
                found.append(edge)
        return found

    found = turns(cuts)
    assert found == turns([sum(cuts)])
    turns_alone = [edge.point for edge in found if edge.point is not TurnPoint.PAUSED]
    assert turns_alone == [[TurnPoint.BEGAN, TurnPoint.ENDED][n % 2] for n in range(len(turns_alone))]
    assert [edge.sample for edge in found] == sorted(edge.sample for edge in found)


@pytest.mark.parametrize(
    ("frame", "code"), [("{}x", "invalid_json"), ("[]", "invalid_json"), (b"\x00", "invalid_json")]
)
def test_parse_refuses_what_is_no_object(frame, code):
    with pytest.raises(Refusal) as caught:
        parse(frame)
    assert caught.value.code == code
