"""The server's frames that every measure uses: what exchanges with a spoken reply look like on the wire.

The mix has 100 frames, about 1.1 MB: 70 audio deltas (35 of 100 ms and 35 of 400 ms at 24 kHz, 16 bit), 20 transcript
deltas, 4 of function call arguments, 2 of speech_started, session.created, session.updated and 2 of response.done, all
as compact JSON. For openai's client the same frames have the names and shapes that its own models know: with others it
would be slower.
"""

from __future__ import annotations

import array
import base64
import json
import math
import random
import sys
from typing import Any

SECOND = 24_000
VOICE_LIVE, OPENAI = "voice-live", "openai"
SENTENCE = "Well, the next train leaves at ten past four from platform two, and takes about an hour."
WORDS = SENTENCE.split()


def mix(dialect: str = VOICE_LIVE) -> list[bytes]:
    """Return the 100 frames; session.created comes first, the rest in an order that is always the same."""
    frames = _mix()
    return frames if dialect == VOICE_LIVE else [_as_openai(frame) for frame in frames]


def audio_delta(seconds: float, dialect: str = VOICE_LIVE) -> bytes:
    """Return one audio delta."""
    frame = _audio(seconds, start=0)
    return frame if dialect == VOICE_LIVE else _as_openai(frame)


def _mix() -> list[bytes]:
    rest = [
        _frame("session.updated", session=_session()),
        *(_audio(0.1, start=index) for index in range(35)),
        *(_audio(0.4, start=index) for index in range(35)),
        *(_in_reply("response.audio_transcript.delta", delta=f" {WORDS[index % len(WORDS)]}") for index in range(20)),
        *(_call(part) for part in ('{"cit', 'y":"P', "ari", 's"}')),
        *(_frame("input_audio_buffer.speech_started", audio_start_ms=at, item_id="item_user01") for at in (480, 9120)),
        *(_frame("response.done", response=_response()) for _ in range(2)),
    ]
    random.Random(1).shuffle(rest)
    return [_frame("session.created", session=_session()), *rest]


def pcm(seconds: float, start: int = 0) -> bytes:
    """Return 16 bit mono audio at 24 kHz that is as varied as speech: a falling tone, its harmonics and some noise."""
    noise = random.Random(start)
    samples = array.array("h")
    for index in range(round(seconds * SECOND)):
        at = start / 10 + index / SECOND
        voiced = sum(math.sin(2 * math.pi * 140 * n * at) / n for n in (1, 2, 3, 5))
        samples.append(round(6000 * voiced * (0.6 + 0.4 * math.sin(9 * at)) + noise.gauss(0, 400)))
    if sys.byteorder == "big":
        samples.byteswap()
    return samples.tobytes()


def _frame(kind: str, **fields: Any) -> bytes:
    event = {"event_id": f"event_{random.Random(kind).getrandbits(64):016x}", "type": kind, **fields}
    return json.dumps(event, separators=(",", ":")).encode()


def _in_reply(kind: str, **fields: Any) -> bytes:
    place = {"response_id": "resp_7c1d02", "item_id": "item_reply01", "output_index": 0, "content_index": 0}
    return _frame(kind, **place, **fields)


def _audio(seconds: float, start: int) -> bytes:
    return _in_reply("response.audio.delta", delta=base64.b64encode(pcm(seconds, start)).decode())


def _call(part: str) -> bytes:
    place = {"response_id": "resp_7c1d02", "item_id": "item_call01", "output_index": 1, "call_id": "call_01"}
    return _frame("response.function_call_arguments.delta", **place, delta=part)


def _session() -> dict[str, Any]:
    return {
        "id": "sess_2f9b61",
        "object": "realtime.session",
        "model": "gpt-realtime",
        "modalities": ["text", "audio"],
        "instructions": "You are a helpful assistant. Answer in one or two short sentences.",
        "voice": {"type": "azure-standard", "name": "en-US-Ava:DragonHDLatestNeural", "temperature": 0.8},
        "input_audio_format": "pcm16",
        "output_audio_format": "pcm16",
        "input_audio_sampling_rate": 24000,
        "turn_detection": {
            "type": "azure_semantic_vad",
            "threshold": 0.3,
            "prefix_padding_ms": 300,
            "silence_duration_ms": 500,
            "create_response": True,
            "interrupt_response": True,
            "remove_filler_words": False,
        },
        "input_audio_noise_reduction": {"type": "azure_deep_noise_suppression"},
        "input_audio_echo_cancellation": {"type": "server_echo_cancellation"},
        "input_audio_transcription": {"model": "azure-speech", "language": "en"},
        "tools": [
            {
                "type": "function",
                "name": "get_weather",
                "description": "Get the weather of a city.",
                "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
            }
        ],
        "tool_choice": "auto",
        "temperature": 0.8,
        "max_response_output_tokens": "inf",
    }


def _response() -> dict[str, Any]:
    content = [{"type": "audio", "transcript": SENTENCE}]
    message = {"id": "item_reply01", "object": "realtime.item", "type": "message", "role": "assistant"}
    call = {"id": "item_call01", "object": "realtime.item", "type": "function_call", "name": "get_weather"}
    return {
        "id": "resp_7c1d02",
        "object": "realtime.response",
        "status": "completed",
        "status_details": None,
        "output": [
            {**message, "status": "completed", "content": content},
            {**call, "status": "completed", "call_id": "call_01", "arguments": '{"city":"Paris"}'},
        ],
        "conversation_id": "conv_01",
        "modalities": ["text", "audio"],
        "output_audio_format": "pcm16",
        "temperature": 0.8,
        "usage": {
            "total_tokens": 412,
            "input_tokens": 301,
            "output_tokens": 111,
            "input_token_details": {
                "cached_tokens": 128,
                "text_tokens": 201,
                "audio_tokens": 100,
                "cached_tokens_details": {"text_tokens": 128, "audio_tokens": 0},
            },
            "output_token_details": {"text_tokens": 21, "audio_tokens": 90},
        },
    }


_NAMES = {
    "response.audio.delta": "response.output_audio.delta",
    "response.audio_transcript.delta": "response.output_audio_transcript.delta",
}


def _as_openai(frame: bytes) -> bytes:
    event = json.loads(frame)
    event["type"] = _NAMES.get(event["type"], event["type"])
    if "session" in event:
        event["session"] = _openai_session(event["session"])
    if response := event.get("response"):
        response["output_modalities"] = response.pop("modalities")
        response["audio"] = {"output": {"format": _OPENAI_FORMAT, "voice": "marin"}}
        del response["output_audio_format"], response["temperature"]
        response["output"][0]["content"][0]["type"] = "output_audio"
    return json.dumps(event, separators=(",", ":")).encode()


_OPENAI_FORMAT = {"type": "audio/pcm", "rate": SECOND}


def _openai_session(session: dict[str, Any]) -> dict[str, Any]:
    turns = {**session["turn_detection"], "type": "server_vad"}
    del turns["remove_filler_words"]
    return {
        **{name: session[name] for name in ("id", "model", "instructions", "tools", "tool_choice")},
        "type": "realtime",
        "object": "realtime.session",
        "output_modalities": ["audio"],
        "audio": {
            "input": {
                "format": _OPENAI_FORMAT,
                "turn_detection": turns,
                "noise_reduction": {"type": "near_field"},
                "transcription": {"model": "gpt-4o-transcribe", "language": "en"},
            },
            "output": {"format": _OPENAI_FORMAT, "voice": "marin", "speed": 1.0},
        },
        "max_output_tokens": "inf",
    }
