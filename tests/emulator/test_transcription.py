"""Input audio transcription: languages, phrases with word times, and log probabilities."""

from __future__ import annotations

import math

import pytest

from voicelive.emulator import Transcript, WordTime

EVENT = "conversation.item.input_audio_transcription"
WORDS = (
    WordTime("Good", 100, 300),
    WordTime("morning", 300, 700),
    WordTime("Who", 900, 1000),
    WordTime("is", 1000, 1100),
)
INCLUDE = ["item.input_audio_transcription.logprobs", "item.input_audio_transcription.phrases"]


@pytest.fixture
def heard(serve, dial):
    """What is sent about a spoken turn that was recognized like this."""

    def heard(result, model="gpt-4.1", **session):
        client = dial(serve(recognizer=lambda pcm, rate: result), model)
        client.update(turn_detection={"type": "server_vad", "create_response": False}, **session)
        client.speak(800)
        events = client.until(f"{EVENT}.completed")
        return [event for event in events if event["type"] == f"{EVENT}.delta"], events[-1]

    return heard


@pytest.mark.parametrize(
    ("transcription", "count"),
    [("azure-speech", 0), ("mai-transcribe-1", 0), ("whisper-1", 1), ("gpt-4o-transcribe", 2)],
)
@pytest.mark.parametrize("model", ["gpt-4.1", "gpt-realtime"])
def test_deltas_make_up_the_transcript_of_models_that_send_any(heard, model, transcription, count):
    said = "One two three four five."
    deltas, completed = heard(said, model, input_audio_transcription={"model": transcription})
    assert completed["transcript"] == said
    assert "".join(delta["delta"] for delta in deltas) == (said if count else "")
    assert len(deltas) == count
    assert completed.get("language") == (None if count else "en-US")
    assert not completed.keys() & {"logprobs", "phrases"}


@pytest.mark.parametrize(
    ("result", "configured", "language"),
    [
        ("Hallo.", {"model": "azure-speech", "language": "de-DE"}, "de-DE"),
        ("Hallo.", {"model": "azure-speech", "language": "de,fr"}, "de"),
        (Transcript("Hej.", language="da-DK"), {"model": "azure-speech", "language": "de-DE"}, "da-DK"),
    ],
)
def test_language_is_what_was_heard_or_configured(heard, result, configured, language):
    assert heard(result, input_audio_transcription=configured)[1]["language"] == language


def test_phrases_have_the_times_that_the_recognizer_gives(heard):
    result = Transcript("Good morning. Who is", WORDS, "en-GB", 0.8)
    first, second = heard(result, include=INCLUDE)[1]["phrases"]
    assert (first["text"], first["offset_milliseconds"], first["duration_milliseconds"]) == ("Good morning.", 100, 600)
    assert (first["locale"], first["confidence"]) == ("en-GB", 0.8)
    assert first["words"][1] == {"text": "morning", "offset_milliseconds": 300, "duration_milliseconds": 400}
    assert second["words"][0]["offset_milliseconds"] == 900


def test_words_without_times_are_spread_over_the_speech(heard):
    (phrase,) = heard("One two three.", include=INCLUDE)[1]["phrases"]
    words = phrase["words"]
    assert [word["text"] for word in words] == ["One", "two", "three"]
    # 400 ms of padding before 800 ms of speech.
    assert abs(words[0]["offset_milliseconds"] - 400) <= 60
    end = words[-1]["offset_milliseconds"] + words[-1]["duration_milliseconds"]
    assert abs(end - 1200) <= 80


@pytest.mark.parametrize("model", ["gpt-4.1", "gpt-realtime"])
def test_log_probabilities_cover_the_text(heard, model):
    transcription = {"model": "gpt-4o-transcribe"}
    deltas, completed = heard(
        "Grüß Gott, one and all.", model, include=INCLUDE, input_audio_transcription=transcription
    )
    for event, text in (*((delta, delta["delta"]) for delta in deltas), (completed, completed["transcript"])):
        assert "".join(entry["token"] for entry in event["logprobs"]) == text
        for entry in event["logprobs"]:
            assert bytes(entry["bytes"]).decode() == entry["token"]
            assert 0 < math.exp(entry["logprob"]) < 1
