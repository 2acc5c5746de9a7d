"""Sessions as a whole."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from voicelive.models._base import Model, VoiceLiveEnum
from voicelive.models.audio import Animation, AudioEchoCancellation, AudioInputTranscriptionOptions, AudioNoiseReduction
from voicelive.models.enums import InputAudioFormat, Modality, OutputAudioFormat, ReasoningEffort
from voicelive.models.interim import (
    LlmInterimResponseConfig,
    StaticInterimResponseConfig,
    UnknownInterimResponseConfig,
)
from voicelive.models.session import AgentConfig, RequestSession, ResponseSession, SessionBase

LIVE = {
    "id": "sess_1",
    "object": "realtime.session",
    "model": "gpt-realtime",
    "modalities": ["text", "audio", "smell"],
    "instructions": "",
    "voice": {"type": "azure-standard", "name": "en-US-AvaNeural", "temperature": None, "locale": None, "rate": None},
    "input_audio_format": "pcm16",
    "output_audio_format": None,
    "input_audio_transcription": {"model": "azure-speech", "language": "", "prompt": None, "custom_speech": None},
    "turn_detection": {"type": "server_vad", "threshold": None, "idle_timeout_ms": None, "create_response": True},
    "tools": [],
    "tool_choice": "auto",
    "max_response_output_tokens": "inf",
    "expires_at": 1790000000,
    "input_audio_echo_cancellation": {"type": "server_echo_cancellation", "reference_source": "server", "channels": 1},
    "greeting": None,
    "handoff": {"to": ["a"]},
    "temperature": 1.7,
    "reasoning_effort": "minimal",
}


def test_what_the_service_sends_is_read_and_kept_whole() -> None:
    session = ResponseSession.model_validate_json(json.dumps(LIVE))
    assert session.as_dict() == LIVE
    assert session.modalities == [Modality.TEXT, Modality.AUDIO, "smell"]
    assert session.reasoning_effort is ReasoningEffort.MINIMAL
    assert session.avatar is None
    assert session["handoff"] == {"to": ["a"]}
    assert session.expires_at == 1790000000
    assert session.expires_at_datetime == datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC)
    assert ResponseSession().expires_at_datetime is None


def test_both_sessions_are_sessions() -> None:
    assert issubclass(RequestSession, SessionBase)
    assert issubclass(ResponseSession, SessionBase)


def test_every_optional_field_may_be_null() -> None:
    wire = dict.fromkeys(ResponseSession.model_fields)
    assert ResponseSession.model_validate(wire).as_dict() == wire
    fields = dict.fromkeys(RequestSession.model_fields)
    assert RequestSession(**fields).as_dict() == fields


def test_an_agent() -> None:
    wire = {"agent": {"type": "agent", "name": "a", "description": None, "agent_id": "i", "thread_id": "t"}}
    agent = ResponseSession.model_validate(wire).agent
    assert agent == AgentConfig(name="a", description=None, agent_id="i", thread_id="t")
    with pytest.raises(ValidationError, match="thread_id\n  Field required"):
        AgentConfig(name="a", agent_id="i")  # type: ignore[call-arg]
    newer = ResponseSession.model_validate({"agent": {"name": "a", "thread_id": None}}).agent
    assert newer is not None
    assert newer.as_dict() == {"name": "a", "thread_id": None}


def test_a_misspelt_keyword_is_named() -> None:
    with pytest.raises(TypeError, match="did you mean 'instructions'"):
        RequestSession(instruction="Be brief.")  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("fields", "loc"),
    [
        ({"modalities": "text"}, ("modalities",)),
        ({"modalities": ["text", 5]}, ("modalities", 1)),
        ({"instructions": 5}, ("instructions",)),
        ({"input_audio_sampling_rate": "16000"}, ("input_audio_sampling_rate",)),
        ({"temperature": 2.5}, ("temperature",)),
        ({"max_response_output_tokens": 4097}, ("max_response_output_tokens",)),
        ({"max_response_output_tokens": "0"}, ("max_response_output_tokens",)),
        ({"max_response_output_tokens": "many"}, ("max_response_output_tokens",)),
        ({"max_response_output_tokens": 1.0}, ("max_response_output_tokens",)),
        ({"max_response_output_tokens": True}, ("max_response_output_tokens",)),
        ({"metadata": {"k": 5}}, ("metadata",)),
        ({"metadata": {"k" * 65: "v"}}, ("metadata",)),
        ({"metadata": {"k": "v" * 513}}, ("metadata",)),
        ({"metadata": {str(n): "v" for n in range(17)}}, ("metadata",)),
        ({"input_audio_transcription": {"language": "en"}}, ("input_audio_transcription", "model")),
        ({"input_audio_echo_cancellation": {"channels": 3}}, ("input_audio_echo_cancellation", "channels")),
        ({"interim_response": {"type": "static_interim_response", "texts": [5]}}, ("interim_response", "texts", 0)),
        ({"tools": [{"type": "function", "name": 5}]}, ("tools", 0, "name")),
    ],
)
def test_wrong_values_are_refused_where_they_are(fields: dict[str, Any], loc: tuple[str | int, ...]) -> None:
    with pytest.raises(ValidationError) as caught:
        RequestSession(**fields)
    assert {error["loc"] for error in caught.value.errors()} == {loc}


@pytest.mark.parametrize(("value", "sent"), [(1, 1), (4096, 4096), ("inf", "inf"), ("500", 500), (None, None)])
def test_token_limits(value: Any, sent: object) -> None:
    assert RequestSession(max_response_output_tokens=value).as_dict() == {"max_response_output_tokens": sent}


def test_metadata_up_to_its_limits() -> None:
    metadata = {f"{n:064}": "v" * 512 for n in range(16)}
    assert RequestSession(metadata=metadata).metadata == metadata


# --- audio


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        ("pcm16-8000hz", "pcm16_8000hz"),
        ("pcm16-16000hz", "pcm16_16000hz"),
        ("pcm16_44100hz", "pcm16_44100hz"),
        (OutputAudioFormat.PCM16_8000_HZ, "pcm16_8000hz"),
    ],
)
def test_output_formats(value: str, sent: str) -> None:
    session = RequestSession(output_audio_format=value)
    assert session.as_dict() == {"output_audio_format": sent}
    session.output_audio_format = value
    assert session.as_dict() == {"output_audio_format": sent}
    assert RequestSession({"output_audio_format": value}).as_dict() == {"output_audio_format": sent}


@pytest.mark.parametrize(
    ("encoding", "rate", "fine"),
    [
        (None, 8000, True),
        (None, 24000, True),
        (None, 44100, True),
        (InputAudioFormat.PCM16, 16000, True),
        ("pcm16", 48000, False),
        ("g711_ulaw", 8000, True),
        ("g711_ulaw", 44100, False),
        ("g711_alaw", 24000, False),
        ("opus", 48000, True),
    ],
)
def test_the_sampling_rate_goes_with_the_format(encoding: str | None, rate: int, fine: bool) -> None:
    fields: dict[str, Any] = {"input_audio_sampling_rate": rate}
    if encoding is not None:
        fields["input_audio_format"] = encoding
    if fine:
        assert RequestSession(**fields).as_dict() == fields
    else:
        with pytest.raises(
            ValueError, match=rf"input_audio_sampling_rate={rate} does not go with \w+ input; write \d+"
        ):
            RequestSession(**fields)
    assert ResponseSession.model_validate(fields).as_dict() == fields


def test_a_reference_channel_needs_the_client_and_pcm16() -> None:
    with pytest.raises(ValueError, match="write reference_source='client'"):
        AudioEchoCancellation(channels=2)
    with pytest.raises(ValueError, match="write reference_source='client'"):
        RequestSession(input_audio_echo_cancellation={"channels": 2, "reference_source": "server"})
    both = AudioEchoCancellation(channels=2, reference_source="client")
    with pytest.raises(ValueError, match="write input_audio_format='pcm16', or channels=1"):
        RequestSession(input_audio_format="g711_ulaw", input_audio_echo_cancellation=both)
    assert RequestSession(input_audio_echo_cancellation=both).as_dict()["input_audio_echo_cancellation"] == {
        "type": "server_echo_cancellation",
        "reference_source": "client",
        "channels": 2,
    }


def test_audio_settings() -> None:
    session = RequestSession(
        input_audio_noise_reduction=AudioNoiseReduction(type="near_field"),
        input_audio_transcription=AudioInputTranscriptionOptions(model="next-year", custom_speech={"en-US": "id"}),
        animation=Animation(outputs=["viseme_id", "tail"]),
    )
    assert RequestSession(session.as_dict()) == session
    with pytest.raises(ValidationError, match="type\n  Field required"):
        AudioNoiseReduction()  # type: ignore[call-arg]


# --- interim responses


def test_interim_responses() -> None:
    static = StaticInterimResponseConfig(texts=["One moment."], triggers=["tool"], latency_threshold_ms=0)
    llm = LlmInterimResponseConfig(max_completion_tokens=1, instructions=None)
    for made in (static, llm):
        session = RequestSession(interim_response=made)
        assert RequestSession(session.as_dict()) == session
        assert type(ResponseSession.model_validate(session.as_dict()).interim_response) is type(made)
    unknown = ResponseSession.model_validate({"interim_response": {"type": "hum", "key": "c"}}).interim_response
    assert isinstance(unknown, UnknownInterimResponseConfig)
    with pytest.raises(ValidationError, match="latency_threshold_ms\n  must be at least 0 ms"):
        StaticInterimResponseConfig(latency_threshold_ms=-1)
    with pytest.raises(ValidationError, match="max_completion_tokens\n  must be at least 1 tokens"):
        LlmInterimResponseConfig(max_completion_tokens=0)


# --- whatever is sent

TEXT = st.text(max_size=8)
JSON = st.recursive(st.none() | st.booleans() | st.integers(-99, 99) | TEXT, lambda inner: st.lists(inner, max_size=2))


def wire(annotation: Any) -> st.SearchStrategy[Any]:
    """Wire values of a type."""
    if get_origin(annotation) is Annotated:
        return wire(get_args(annotation)[0])
    if get_origin(annotation) is Literal:
        return st.sampled_from(get_args(annotation))
    if get_origin(annotation) is list:
        return st.lists(wire(get_args(annotation)[0]), max_size=2)
    if get_origin(annotation) is dict:
        return st.dictionaries(TEXT, wire(get_args(annotation)[1]), max_size=2)
    if arguments := get_args(annotation):
        return st.one_of([wire(argument) for argument in arguments])
    if issubclass(annotation, Model):
        return wire_object(annotation)
    if issubclass(annotation, VoiceLiveEnum):
        return st.sampled_from([member.value for member in annotation])
    return {
        NoneType: st.none(),
        str: TEXT,
        bool: st.booleans(),
        int: st.integers(-(2**53), 2**53),
        float: st.floats(allow_nan=False, allow_infinity=False),
    }[annotation]


def wire_object(model: type[Model]) -> st.SearchStrategy[dict[str, Any]]:
    needed, optional = {}, {f"x_{name}": JSON for name in ("new", "newer")}
    for name, field in model.model_fields.items():
        values = JSON if field.annotation is Any else st.deferred(lambda kind=field.annotation: wire(kind))
        kept = field.is_required() or isinstance(field.default, str)
        (needed if kept and not model.__name__.startswith("Unknown") else optional)[field.alias or name] = values
    return st.fixed_dictionaries(needed, optional=optional)


@given(wire_object(ResponseSession))
def test_any_session_comes_back_as_it_was(session: dict[str, Any]) -> None:
    parsed = ResponseSession.model_validate_json(json.dumps(session))
    assert parsed.as_dict() == session
    assert ResponseSession.model_validate(parsed.as_dict()) == parsed


@given(wire_object(RequestSession))
def test_any_session_written_by_hand_is_refused_or_sent_as_it_was_written(session: dict[str, Any]) -> None:
    try:
        made = RequestSession(session)
    except (TypeError, ValueError):
        return
    sent = made.as_dict()
    assert sent.keys() == session.keys()
    assert RequestSession(sent).as_dict() == sent
    assert RequestSession.model_validate(sent) == made
