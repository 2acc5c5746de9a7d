"""Turn detection: every parameter of the four kinds has its effect, at exact places in the audio."""

from __future__ import annotations

import pytest

from voicelive.emulator import Script, SpeechEdge, Turn
from voicelive.emulator.turns import turn_timing
from voicelive.emulator.utterance import is_complete, without_fillers

KINDS = ["server_vad", "azure_semantic_vad", "azure_semantic_vad_en", "azure_semantic_vad_multilingual"]
STARTED, STOPPED = "input_audio_buffer.speech_started", "input_audio_buffer.speech_stopped"
TRANSCRIPTION = "conversation.item.input_audio_transcription.completed"


class Level:
    """Speech is what is not silent, told at once and exactly; threshold and rate are kept."""

    made = []

    def __init__(self, rate, threshold):
        self.made.append((rate, threshold))
        self.sample = 0
        self.speaking = False

    def feed(self, pcm):
        edges = []
        for start in range(0, len(pcm), 2):
            speaking = pcm[start : start + 2] != b"\0\0"
            if speaking != self.speaking:
                edges.append(SpeechEdge(self.sample + start // 2, speaking))
                self.speaking = speaking
        self.sample += len(pcm) // 2
        return edges


def sound(milliseconds, rate=24000):
    return b"\x10\x10" * (milliseconds * rate // 1000)


@pytest.fixture
def session(serve, dial):
    def session(model="gpt-4.1", **options):
        return dial(serve(voice_activity=Level, **options), model)

    return session


def stopped(client):
    return client.until(STOPPED)[-1]["audio_end_ms"]


@pytest.mark.parametrize("kind", KINDS)
def test_padding_silence_and_least_speech_are_honoured_by_every_kind(session, tools, kind):
    client = session()
    vad = {"type": kind, "prefix_padding_ms": 150, "silence_duration_ms": 250, "speech_duration_ms": 120}
    client.update(turn_detection={**vad, "create_response": False})
    client.append(tools.silence(500) + sound(100) + tools.silence(500) + sound(300) + tools.silence(400))
    events = client.until("conversation.item.created")
    assert [event["audio_start_ms"] for event in events if event["type"] == STARTED] == [950]
    assert [event["audio_end_ms"] for event in events if event["type"] == STOPPED] == [1650]
    client.send("conversation.item.retrieve", item_id=events[-1]["item"]["id"])
    content = client.expect("conversation.item.retrieved")["item"]["content"][0]
    assert len(content["audio"]) * 3 // 4 // 48 == 700


def test_threshold_and_rate_reach_the_detector(session):
    client = session()
    Level.made.clear()
    client.update(turn_detection={"type": "server_vad", "threshold": 0.8})
    client.update(input_audio_sampling_rate=44100)
    assert Level.made == [(24000, 0.8), (44100, 0.8)]


def test_defaults_are_the_documented_ones():
    server = turn_timing({"type": "server_vad"})
    assert (server.threshold, server.padding_ms, server.silence_ms, server.speech_ms) == (0.5, 400, 500, 200)
    azure = turn_timing({"type": "azure_semantic_vad"})
    assert (azure.threshold, azure.padding_ms, azure.silence_ms, azure.speech_ms) == (0.5, 420, 500, 80)
    assert azure.patience_ms == 0
    semantic = {"model": "semantic_detection_v1", "threshold_level": "high"}
    waiting = turn_timing({"type": "azure_semantic_vad", "end_of_utterance_detection": semantic})
    assert (waiting.patience_ms, waiting.level) == (1000, "high")
    seconds = turn_timing({"type": "server_vad", "end_of_utterance_detection": {"timeout": 1.5}})
    assert seconds.patience_ms == 1500
    eager = [turn_timing({"type": "semantic_vad", "eagerness": eagerness}).patience_ms for eagerness in ("high", "low")]
    assert eager == [2000, 8000]


@pytest.mark.parametrize("kind", KINDS)
def test_a_turn_that_ends_in_mid_sentence_waits_for_more(session, tools, kind):
    heard = ["I would like two coffees and", "That is all, thank you."]
    client = session(script=Script([Turn(transcript) for transcript in heard]))
    end = {"model": "semantic_detection_v1", "timeout_ms": 700}
    vad = {"type": kind, "silence_duration_ms": 200, "end_of_utterance_detection": end, "create_response": False}
    client.update(turn_detection=vad)
    client.append(tools.silence(300) + sound(300) + tools.silence(1000))
    assert stopped(client) == 600 + 200 + 700
    client.until("conversation.item.created")
    client.append(sound(300) + tools.silence(300))
    assert stopped(client) == 1600 + 300 + 200


def test_more_speech_within_the_timeout_belongs_to_the_same_turn(session, tools):
    heard = []

    def recognize(pcm, rate):
        heard.append(len(pcm) // 2 * 1000 // rate)
        return "I would like" if len(heard) == 1 else "I would like two coffees."

    client = session(recognizer=recognize)
    end = {"model": "semantic_detection_v1_multilingual", "timeout_ms": 2000}
    vad = {"silence_duration_ms": 200, "prefix_padding_ms": 0, "end_of_utterance_detection": end}
    client.update(turn_detection={"type": "azure_semantic_vad_multilingual", **vad, "create_response": False})
    client.append(sound(300) + tools.silence(500) + sound(300) + tools.silence(500))
    events = client.until("conversation.item.created")
    assert [event["audio_end_ms"] for event in events if event["type"] == STOPPED] == [1300]
    assert events[-1]["item"]["content"][0]["transcript"] == "I would like two coffees."
    assert heard == [500, 1300], "what was recognized to find the end is not recognized again"


def test_a_recognizer_that_fails_ends_the_turn_at_its_pause(session, tools):
    def explode(pcm, rate):
        raise LookupError

    client = session(recognizer=explode)
    vad = {"type": "server_vad", "silence_duration_ms": 200, "create_response": False}
    client.update(turn_detection={**vad, "end_of_utterance_detection": {"model": "semantic_detection_v1"}})
    client.append(sound(300) + tools.silence(300))
    assert stopped(client) == 500
    assert client.until("conversation.item.created")[-2]["type"].endswith("failed")


@pytest.mark.parametrize(("level", "ends"), [("low", 600), ("default", 1100), ("medium", 1100), ("high", 1100)])
def test_level_tells_how_complete_a_sentence_must_be(session, tools, level, ends):
    client = session(script=Script([Turn("nothing at the end tells")]))
    end = {"model": "semantic_detection_v1", "timeout_ms": 500, "threshold_level": level}
    vad = {"type": "azure_semantic_vad", "silence_duration_ms": 300, "create_response": False}
    client.update(turn_detection={**vad, "end_of_utterance_detection": end})
    client.append(sound(300) + tools.silence(1000))
    assert stopped(client) == ends


def test_eagerness_of_the_other_semantic_detection(session, tools):
    client = session("gpt-realtime", script=Script([Turn("Well, I"), Turn("Done and")]))
    client.update(turn_detection={"type": "semantic_vad", "eagerness": "high", "create_response": False})
    client.append(sound(300) + tools.silence(2500))
    assert stopped(client) == 300 + 300 + 2000


@pytest.mark.parametrize(
    ("said", "levels"),
    [
        ("What time is it?", 3),
        ("I think so.", 3),
        ("Yes.", 2),
        ("no full stop at all", 1),
        ("I would like to", 0),
        ("A coffee, um.", 0),
        ("And then...", 0),
        ("My number is five,", 0),
        ("Who is it for?", 3),
        ("(1.2 s of speech)", 3),
        ("", 3),
    ],
)
def test_words_tell_how_complete_an_utterance_is(said, levels):
    assert sum(is_complete(said, level) for level in ("low", "medium", "high")) == levels


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("Um, I want a pizza.", "I want a pizza."),
        ("I want, uh, two pizzas.", "I want, two pizzas."),
        ("Hmm. Er... Yes!", "Yes!"),
        ("The umbrella is hers.", "The umbrella is hers."),
        ("Uh. Um.", ""),
        ("It is 10:30, er, today", "It is 10:30, today"),
        ("well um okay", "well okay"),
    ],
)
def test_filler_words_are_taken_out(said, kept):
    assert without_fillers(said) == kept


def test_remove_filler_words_cleans_the_transcript(session, tools):
    client = session(script=Script([("Um, what time is it, uh?", "Ten."), Turn("Uh.")]))
    client.update(turn_detection={"type": "azure_semantic_vad", "remove_filler_words": True})
    client.append(sound(300) + tools.silence(600))
    events = client.until("response.done")
    assert [event["transcript"] for event in events if event["type"] == TRANSCRIPTION] == ["What time is it?"]
    client.append(sound(300) + tools.silence(600))
    assert client.until("conversation.item.created")[-1]["item"]["content"][0]["transcript"] == ""
    assert client.update(), "nothing is answered to a turn of nothing but fillers"


@pytest.mark.parametrize("kind", KINDS)
def test_create_response_and_interrupt_response(session, tools, kind):
    client = session(speed=1, script=Script([Turn("Hi.", "This takes quite a while to say, does it not?")]))
    client.update(turn_detection={"type": kind, "create_response": True, "interrupt_response": True})
    client.append(sound(300) + tools.silence(600))
    client.until("response.audio.delta")
    client.append(sound(300))
    done = client.until("response.done")[-1]["response"]
    assert done["status_details"] == {"type": "cancelled", "reason": "turn_detected"}
