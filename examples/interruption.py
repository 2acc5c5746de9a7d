"""Speak while the service speaks: it stops, and is told how much of its reply was heard."""

import time

from voicelive import connect
from voicelive.emulator import Emulator, Script
from voicelive.emulator.recording import recording

BYTES_PER_MS = 48  # 24 kHz, 16 bit, mono
speech = recording(24_000) + bytes(1_000 * BYTES_PER_MS)
script = Script(
    [
        ("Tell me a story.", "Once upon a time there was a king. He had a daughter. She had a golden ball."),
        ("Stop, please.", "All right."),
    ]
)

with (
    Emulator(script=script, speed=1) as service,
    connect(endpoint=service.endpoint, credential=service.api_key, model="gpt-realtime") as conn,
):
    conn.input_audio_buffer.append(audio=speech)
    playing: str | None = None  # the reply that a player would be playing
    interrupted = False
    started, received_ms = 0.0, 0
    for event in conn:
        if event.type == "response.audio.delta":
            if playing != event.item_id:
                playing, started, received_ms = event.item_id, time.monotonic(), 0
            received_ms += len(event.audio) // BYTES_PER_MS
            if received_ms >= 500 and not interrupted:
                interrupted = True
                conn.input_audio_buffer.append(audio=speech)
        elif event.type == "input_audio_buffer.speech_started" and playing:
            # Audio arrives faster than it is played: only the clock of the player knows what was heard.
            heard_ms = min(round((time.monotonic() - started) * 1000), received_ms)
            conn.conversation.item.truncate(item_id=playing, content_index=0, audio_end_ms=heard_ms)
            print(f"interrupted after {heard_ms} ms")
            playing = None  # and the player drops what it still has
        elif event.type == "response.audio_transcript.done":
            print(event.transcript)
        elif event.type == "response.done":
            print(f"response {event.response.status}")
            if event.response.status == "completed":
                break
