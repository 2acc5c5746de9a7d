"""What is shown of events."""

from __future__ import annotations

import base64
import io
import json

import pytest

from voicelive.cli.console import Console
from voicelive.cli.events import EventRows, Row, describe
from voicelive.emulator.recording import recording
from voicelive.models import ServerEventUnion
from voicelive.protocol import decode_event

PLACE = {"response_id": "r", "item_id": "i", "output_index": 0, "content_index": 0}


def event(kind: str, **fields: object) -> ServerEventUnion:
    return decode_event(json.dumps({"type": kind, "event_id": "e", **fields}))


def audio(pcm: bytes) -> ServerEventUnion:
    return event("response.audio.delta", delta=base64.b64encode(pcm).decode(), **PLACE)


def text(delta: str) -> ServerEventUnion:
    return event("response.audio_transcript.delta", delta=delta, **PLACE)


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (event("session.created", session={"id": "s1", "model": "m"}), "s1, model m"),
        (
            event(
                "session.updated",
                session={
                    "turn_detection": {"type": "server_vad"},
                    "input_audio_transcription": {"model": "azure-speech"},
                    "voice": {"type": "openai", "name": "alloy"},
                },
            ),
            "turn detection server_vad, transcription azure-speech, voice alloy",
        ),
        (event("session.updated", session={"turn_detection": None, "voice": "ash"}), "no turn detection, voice ash"),
        (event("error", error={"type": "t", "code": "c", "message": "m"}), "c: m"),
        (event("error", error={"type": "t", "message": "m"}), "t: m"),
        (event("warning", warning={"message": "careful"}), "careful"),
        (event("input_audio_buffer.speech_started", audio_start_ms=240, item_id="i"), "at 240 ms of the audio"),
        (event("input_audio_buffer.speech_stopped", audio_end_ms=3500, item_id="i"), "at 3500 ms of the audio"),
        (event("input_audio_buffer.committed", item_id="i7"), "i7"),
        (
            event(
                "conversation.item.input_audio_transcription.completed", item_id="i", content_index=0, transcript="a\nb"
            ),
            '"a b"',
        ),
        (
            event(
                "conversation.item.created",
                item={"type": "message", "role": "user", "status": "completed", "id": "i", "content": []},
            ),
            "user message completed",
        ),
        (event("conversation.item.created", item=None), ""),
        (event("response.created", response={"id": "r1"}), "r1"),
        (event("response.content_part.added", part={"type": "audio"}, **PLACE), "audio"),
        (event("response.audio_transcript.done", transcript="Yes.", **PLACE), '"Yes."'),
        (event("response.text.done", text="No.", **PLACE), '"No."'),
        (
            event(
                "response.done",
                response={
                    "status": "completed",
                    "usage": {
                        "total_tokens": 3,
                        "input_tokens": 1,
                        "output_tokens": 2,
                        "input_token_details": {},
                        "output_token_details": {},
                    },
                },
            ),
            "completed; tokens: 1 in, 2 out",
        ),
        (event("response.done", response={"status": "cancelled"}), "cancelled"),
        (decode_event("[]"), "Input should be an object"),
        (event("something.new", secret="x"), ""),
    ],
)
def test_the_interesting_bits(shown: ServerEventUnion, expected: str) -> None:
    assert describe(shown) == expected


def test_deltas_become_a_row_a_second_and_before_anything_else() -> None:
    rows = EventRows()
    pcm = recording(24_000)
    shown: list[Row] = []
    for number in range(30):
        shown += rows.received(float(number), audio(pcm[:4800]))
        shown += rows.received(float(number), text(f"word{number} "))
    shown += rows.received(99.0, event("response.done", response={"status": "completed"}))
    kinds = [(row.kind, row.seconds) for row in shown]
    assert kinds == [
        ("response.audio.delta", 0.0),
        ("response.audio_transcript.delta", 0.0),
        ("response.audio_transcript.delta", 9.0),
        ("response.audio.delta", 10.0),
        ("response.audio_transcript.delta", 19.0),
        ("response.audio.delta", 20.0),
        ("response.audio_transcript.delta", 29.0),
        ("response.done", 99.0),
    ] or kinds == sorted(kinds, key=lambda pair: pair[1])
    assert shown[0].detail == "1000 ms x10"
    words = " ".join(row.detail.split('"')[1] for row in shown if row.kind == "response.audio_transcript.delta")
    assert words == " ".join(f"word{number}" for number in range(30))


def test_sent_audio_is_a_row_too() -> None:
    rows = EventRows()
    assert rows.sent(0, "session.update", "x") == [Row(0, True, "session.update", "x")]
    assert rows.sent(1, "input_audio_buffer.append", pcm=bytes(4800)) == []
    (row,) = rows.flush()
    assert (row.sent, row.detail) == (True, "100 ms")
    assert rows.flush() == []


def test_rows_are_one_line_with_time_direction_type_and_level() -> None:
    console = Console(io.StringIO(), {})
    line = Row(1.5, False, "response.audio.delta", "1000 ms", recording(24_000)).render(console)
    assert line.split() == [
        "1.50",
        "\u2190",
        "response.audio.delta",
        "\u2588" * 6 + "\u2591" * 4,
        "-23.4",
        "dBFS",
        "1000",
        "ms",
    ]
    silent = Row(1.5, True, "input_audio_buffer.append", "50 ms", bytes(2400)).render(console)
    assert "silence" in silent
