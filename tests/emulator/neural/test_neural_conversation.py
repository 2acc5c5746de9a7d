"""Conversations over a socket in which words are recognized and spoken."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from voicelive.emulator import Emulator, audio
from voicelive.emulator.neural import recognizer, synthesizer
from voicelive.emulator.recording import TRANSCRIPT, recording


@pytest.fixture
def neural(serve: Callable[..., Emulator]) -> Emulator:
    return serve(speech="neural", responder=lambda view: f"You said: {view.last_text()}")


def spoken(text: str, rate: int = 24000) -> bytes:
    speech = b"".join(piece.pcm for piece in synthesizer.load().synthesize(text, rate))
    return bytes(rate) + speech + bytes(2 * rate)


def words_of(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def of_type(events: list[dict[str, Any]], event_type: str) -> dict[str, Any]:
    (event,) = (event for event in events if event["type"] == event_type)
    return event


COMPLETED = "conversation.item.input_audio_transcription.completed"


@pytest.mark.parametrize("model", ["gpt-realtime", "gpt-4.1"])
def test_a_human_is_understood_and_answered_aloud(neural: Emulator, dial: Any, tools: Any, model: str) -> None:
    client = dial(neural, model)
    client.update(input_audio_transcription={"model": "azure-speech"})
    client.append(recording(24000) + bytes(48000))
    events = client.until("response.done")
    assert of_type(events, COMPLETED)["transcript"] == TRANSCRIPT
    assert of_type(events, "response.audio_transcript.done")["transcript"] == f"You said: {TRANSCRIPT}"
    reply = recognizer.load().transcribe(tools.audio_of(events), 24000).text
    assert words_of(reply) == words_of(f"You said: {TRANSCRIPT}")


@pytest.mark.parametrize(
    ("audio_format", "rate"), [("pcm16", 8000), ("pcm16", 16000), ("g711_ulaw", 8000), ("g711_alaw", 8000)]
)
def test_it_understands_every_format(neural: Emulator, dial: Any, audio_format: str, rate: int) -> None:
    client = dial(neural)
    client.update(
        input_audio_format=audio_format,
        input_audio_sampling_rate=rate,
        input_audio_transcription={"model": "azure-speech"},
    )
    client.append(audio.encode(spoken("Turn off the lights in the kitchen.", rate), audio_format))
    heard = of_type(client.until("response.done"), COMPLETED)["transcript"]
    assert words_of(heard) == words_of("Turn off the lights in the kitchen.")


def test_several_turns_and_noise_between_them(neural: Emulator, dial: Any, tools: Any) -> None:
    client = dial(neural)
    client.update(input_audio_transcription={"model": "azure-speech"})
    for sentence in ("What time is it in Tokyo?", "Could you speak a little louder?"):
        client.append(tools.burst(600) + spoken(sentence))
        events = client.until("response.done")
        assert tools.types(events).count("input_audio_buffer.speech_started") == 1
        assert of_type(events, COMPLETED)["transcript"] == sentence


def test_a_manual_turn_of_silence_has_an_empty_transcript(neural: Emulator, dial: Any) -> None:
    client = dial(neural)
    client.update(turn_detection=None, input_audio_transcription={"model": "azure-speech"})
    client.append(bytes(48000))
    client.send("input_audio_buffer.commit")
    assert client.until(COMPLETED)[-1]["transcript"] == ""


def test_word_times_and_visemes_come_from_the_voice(neural: Emulator, dial: Any, tools: Any) -> None:
    client = dial(neural)
    azure = {"type": "azure-standard", "name": "en-US-AvaNeural"}
    client.update(voice=azure, output_audio_timestamp_types=["word"], animation={"outputs": ["viseme_id"]})
    client.write("Good morning.")
    events = client.respond()
    words = [event for event in events if event["type"] == "response.audio_timestamp.delta"]
    visemes = [event for event in events if event["type"] == "response.animation_viseme.delta"]
    assert [word["text"].strip(" .:") for word in words] == ["You", "said", "Good", "morning"]
    length = len(tools.audio_of(events)) / 48
    for event in (*words, *visemes):
        assert 0 <= event["audio_offset_ms"] <= length
    assert {20, 21, 0} <= {event["viseme_id"] for event in visemes} <= set(range(22))


def test_log_probabilities_come_from_the_recognizer(neural: Emulator, dial: Any) -> None:
    client = dial(neural)
    include = ["item.input_audio_transcription.logprobs"]
    client.update(input_audio_transcription={"model": "gpt-4o-transcribe"}, include=include)
    client.append(recording(24000) + bytes(48000))
    events = client.until("response.done")
    told = of_type(events, COMPLETED)["logprobs"]
    assert "".join(entry["token"] for entry in told) == TRANSCRIPT
    assert all(bytes(entry["bytes"]).decode() == entry["token"] and entry["logprob"] <= 0 for entry in told)
    assert len({entry["logprob"] for entry in told}) > 5
    deltas = [event for event in events if event["type"] == COMPLETED.replace("completed", "delta")]
    assert len(deltas) > 1
    assert [entry for event in deltas for entry in event["logprobs"]] == told
    for event in deltas:
        assert "".join(entry["token"] for entry in event["logprobs"]) == event["delta"]


def test_sessions_side_by_side_do_not_mix(neural: Emulator, dial: Any) -> None:
    sentences = ["The capital of France is Paris.", "My name is Alice.", "Stop talking now.", "Is there a train?"]
    clients = [dial(neural) for _ in sentences]

    def talk(client: Any, sentence: str) -> str:
        client.update(input_audio_transcription={"model": "azure-speech"})
        client.append(spoken(sentence))
        return str(of_type(client.until("response.done"), COMPLETED)["transcript"])

    with ThreadPoolExecutor(len(sentences)) as pool:
        assert list(pool.map(talk, clients, sentences)) == sentences


def test_the_demo_prints_what_was_recognized(tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", "-m", "voicelive", "demo", "--speed", "5"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, encoding="utf-8", timeout=100)
    assert (done.returncode, done.stderr) == (0, "")
    assert "neural speech: activity by Silero VAD, recognition by Moonshine tiny, voice by hibari" in done.stdout
    assert "scripted" not in done.stdout.replace("Nothing is scripted", "")
    completed = next(line for line in done.stdout.splitlines() if COMPLETED in line)
    assert json.dumps(TRANSCRIPT) in completed
    pcm, rate = audio.read_wav(tmp_path / "reply.wav")
    assert recognizer.load().transcribe(pcm, rate).text
