"""What comes with spoken replies: times of words, visemes, blendshapes; formats and rates of the audio."""

from __future__ import annotations

import pytest

from voicelive.emulator import Speech, VisemeTime, WordTime, audio
from voicelive.emulator.animation import POSITIONS, frames
from voicelive.emulator.visemes import spelled

AZURE = "gpt-4.1"
TEXT = "Hello there. It costs 42 dollars."


class Plain:
    """Tells no times."""

    def synthesize(self, text, rate):
        return bytes(rate * 2)


class Pieces:
    """Speaks in pieces, each with times of its own."""

    def synthesize(self, text, rate):
        for word in text.split():
            shapes = (VisemeTime(7, 0), VisemeTime(0, 300))
            yield Speech(bytes(rate), (WordTime(word, 100, 400),), shapes)


@pytest.fixture
def spoken(serve, dial):
    """What a spoken reply sends."""

    def spoken(text=TEXT, model=AZURE, synthesizer=None, response=None, **session):
        options = {} if synthesizer is None else {"synthesizer": synthesizer}
        client = dial(serve(responder=lambda view: text, **options), model)
        client.send("session.update", session=session)
        client.until("session.updated")
        return client.respond(response=response or {})

    return spoken


def of(events, event_type):
    return [event for event in events if event["type"] == event_type]


@pytest.mark.parametrize("synthesizer", [None, Plain(), Pieces()])
def test_word_times_cover_the_reply_in_order(spoken, tools, synthesizer):
    events = spoken(synthesizer=synthesizer, output_audio_timestamp_types=["word"])
    words = of(events, "response.audio_timestamp.delta")
    assert [word["text"].strip(".") for word in words] == ["Hello", "there", "It", "costs", "42", "dollars"]
    assert {word["timestamp_type"] for word in words} == {"word"}
    starts = [word["audio_offset_ms"] for word in words]
    assert starts == sorted(starts)
    length = len(tools.audio_of(events)) / 48
    assert all(word["audio_duration_ms"] > 0 for word in words)
    assert words[-1]["audio_offset_ms"] + words[-1]["audio_duration_ms"] <= length
    kinds = tools.types(events)
    order = [kinds.index(f"response.{kind}.done") for kind in ("audio", "audio_timestamp", "audio_transcript")]
    assert order == sorted(order)


def test_word_times_come_before_the_audio_they_belong_to(spoken, tools):
    sent = 0.0
    for event in spoken(output_audio_timestamp_types=["word"]):
        if event["type"] == "response.audio_timestamp.delta":
            assert event["audio_offset_ms"] >= int(sent)
        sent += len(tools.audio_of([event])) / 48


def test_visemes_are_those_of_the_synthesizer(spoken):
    events = spoken("My boat.", animation={"outputs": ["viseme_id"]})
    shapes = of(events, "response.animation_viseme.delta")
    assert [shape["viseme_id"] for shape in shapes] == [0, 21, 11, 21, 8, 19, 0]
    assert shapes[0]["audio_offset_ms"] == 0
    assert not of(events, "response.animation_blendshapes.delta")


def test_pieces_count_from_their_own_beginnings(spoken):
    events = spoken("One two", synthesizer=Pieces(), animation={"outputs": ["viseme_id"]})
    shapes = [(shape["audio_offset_ms"], shape["viseme_id"]) for shape in of(events, "response.animation_viseme.delta")]
    assert shapes == [(0, 7), (300, 0), (500, 7), (800, 0)]


def test_visemes_follow_the_spelling_where_nobody_timed_them():
    shapes = spelled([WordTime("be", 100, 300), WordTime("me", 300, 500)])
    assert [(round(start), viseme) for viseme, start in shapes] == [
        (0, 0),
        (100, 21),
        (200, 6),
        (300, 21),
        (400, 6),
        (500, 0),
    ]


@pytest.mark.parametrize("synthesizer", [None, Plain()])
def test_blendshapes_are_60_frames_a_second(spoken, tools, synthesizer):
    events = spoken(synthesizer=synthesizer, animation={})
    batches = of(events, "response.animation_blendshapes.delta")
    index = 0
    for batch in batches:
        assert batch["frame_index"] == index
        index += len(batch["frames"])
        assert all(len(frame) == POSITIONS for frame in batch["frames"])
    seconds = len(tools.audio_of(events)) / 48000
    assert abs(index - seconds * 60) <= 1
    values = [value for batch in batches for frame in batch["frames"] for value in frame]
    assert 0 <= min(values) < 0.01
    assert 0.3 < max(values) <= 1
    (done,) = of(events, "response.animation_blendshapes.done")
    assert "content_index" not in done


def test_faces_glide_and_blink_the_same_way_every_time():
    shapes = [VisemeTime(0, 0), VisemeTime(2, 1000)]
    face = frames(shapes, 0, 300)
    assert face[:60] + face[60:] == frames(shapes, 0, 60) + frames(shapes, 60, 300)
    jaw = [frame[17] for frame in face]
    assert jaw[59] < jaw[61] < jaw[63] < jaw[70] == 0.6
    assert [index for index, frame in enumerate(face) if frame[0] == frame[7] > 0.85] == [4, 5, 244, 245]


def test_openai_voices_have_none_of_it(serve, dial, tools):
    client = dial(serve(), "gpt-realtime")
    client.update(output_audio_timestamp_types=["word"], animation={"outputs": ["viseme_id", "blendshapes"]})
    warned = {client.expect("warning")["warning"]["param"] for _ in range(2)}
    assert warned == {"session.output_audio_timestamp_types", "session.animation"}
    kinds = tools.types(client.respond())
    assert not [kind for kind in kinds if "timestamp" in kind or "animation" in kind]
    azure = tools.types(client.respond(response={"voice": "en-US-AvaNeural"}))
    assert "response.animation_viseme.delta" in azure


def test_text_has_none_of_it(spoken, tools):
    session = {"output_audio_timestamp_types": ["word"], "animation": {"outputs": ["viseme_id"]}}
    kinds = tools.types(spoken(response={"modalities": ["text"]}, **session))
    assert not [kind for kind in kinds if "timestamp" in kind or "animation" in kind]


@pytest.mark.parametrize("rate", [22050, 44100, 48000])
def test_formats_beyond_the_enum(spoken, tools, rate):
    audio_format = f"pcm16_{rate}hz"
    pcm = tools.audio_of(spoken("Hello.", output_audio_format=audio_format))
    assert 0.5 < len(pcm) / 2 / rate < 3
    assert audio.level_dbfs(pcm) > -40


def test_input_at_the_rate_of_compact_discs(client, tools):
    client.update(turn_detection={"type": "server_vad", "create_response": False}, input_audio_sampling_rate=44100)
    client.speak(600, 44100)
    events = client.until("conversation.item.created")
    assert abs(events[0]["audio_start_ms"] - 200) <= 60
