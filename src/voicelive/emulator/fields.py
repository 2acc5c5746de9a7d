"""The fields of sessions and responses: each takes what a client wrote and returns what the service echoes, or refuses.

Shapes follow recordings of the live service at api-version 2026-04-10, which sends null for most of what is not set.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from typing import Any

from voicelive.emulator.refusal import array, boolean, mapping, number, one_of, refuse, required, text, whole

__all__ = (
    "AFTER_UPDATE",
    "INPUT_RATES",
    "RESPONSE_FIELDS",
    "SERVER_VAD",
    "SESSION_FIELDS",
    "TRANSCRIPTION",
    "output_rate",
    "shown_tools",
    "voice",
)

Json = dict[str, Any]
Field = Callable[[object, str], Any]

_OPENAI_VOICES = ("alloy", "ash", "ballad", "coral", "echo", "sage", "shimmer", "verse", "marin", "cedar")
_FULL_VOICE_TYPES = ("azure-standard", "azure-custom", "azure-personal")
_VOICE_TYPES = ("openai", "azure-realtime-native", "avatar-voice-sync", *_FULL_VOICE_TYPES)
_AZURE_VOICE: Json = dict.fromkeys(
    (
        "temperature",
        "custom_lexicon_url",
        "custom_text_normalization_url",
        "prefer_locales",
        "locale",
        "style",
        "pitch",
        "rate",
        "volume",
    )
)
TRANSCRIPTION: Json = dict.fromkeys(("language", "prompt", "delay", "custom_speech", "phrase_list"))
SERVER_VAD: Json = {
    "threshold": 0.5,
    "prefix_padding_ms": 300,
    "silence_duration_ms": 200,
    "create_response": True,
    "interrupt_response": True,
    "idle_timeout_ms": None,
    "speech_duration_ms": None,
    "auto_truncate": False,
    "appended_text_after_truncation": None,
    "end_of_utterance_detection": None,
}
AFTER_UPDATE = {"prefix_padding_ms": 400, "silence_duration_ms": 500}
_SEMANTIC_VAD: Json = {
    "threshold": None,
    "prefix_padding_ms": None,
    "silence_duration_ms": None,
    "create_response": True,
    "interrupt_response": True,
    "idle_timeout_ms": None,
    "profile": "classic",
    "end_of_utterance_detection": None,
    "neg_threshold": None,
    "speech_duration_ms": None,
    "window_size": None,
    "distinct_ci_phones": None,
    "require_vowel": None,
    "require_vowel_assistant_speaking": None,
    "remove_filler_words": False,
    "languages": None,
    "auto_truncate": False,
    "appended_text_after_truncation": None,
}
_END_OF_UTTERANCE: Json = {"threshold": None, "threshold_level": "default", "timeout": None, "timeout_ms": None}
_THRESHOLD_LEVELS = ("low", "medium", "high", "default")
_ECHO_CANCELLATION: Json = {"reference_source": "server", "channels": 1}
_TURN_DETECTIONS: dict[str, Json] = {
    "server_vad": {**SERVER_VAD, **AFTER_UPDATE},
    "azure_semantic_vad": _SEMANTIC_VAD,
    "azure_semantic_vad_en": {key: value for key, value in _SEMANTIC_VAD.items() if key != "languages"},
    "azure_semantic_vad_multilingual": _SEMANTIC_VAD,
    "semantic_vad": {
        "eagerness": "auto",
        "create_response": True,
        "interrupt_response": True,
        "auto_truncate": False,
    },
}
_TURN_FIELDS: dict[str, Field] = {
    **dict.fromkeys(("prefix_padding_ms", "silence_duration_ms", "speech_duration_ms"), whole),
    **dict.fromkeys(("create_response", "interrupt_response", "auto_truncate", "remove_filler_words"), boolean),
    "threshold": lambda value, param: number(value, param, 0.0, 1.0),
    "appended_text_after_truncation": text,
    "eagerness": lambda value, param: one_of(value, ("low", "medium", "high", "auto"), param),
}
INPUT_RATES = {"pcm16": (24000, 16000, 8000, 44100), "g711_ulaw": (8000,), "g711_alaw": (8000,)}
"""Rates of the input formats in Hz, the default first. 44100 is not in the documents."""
_OUTPUT_RATES = {
    "pcm16": 24000,
    "pcm16_8000hz": 8000,
    "pcm16_16000hz": 16000,
    "pcm16_22050hz": 22050,
    "pcm16_24000hz": 24000,
    "pcm16_44100hz": 44100,
    "pcm16_48000hz": 48000,
    "g711_ulaw": 8000,
    "g711_alaw": 8000,
}
_MODALITIES = ("text", "audio", "animation", "avatar")
_INCLUDE = (
    "item.input_audio_transcription.logprobs",
    "item.input_audio_transcription.phrases",
    "file_search_call.results",
)
_INTERIM: dict[str, Json] = {
    "static_interim_response": {"triggers": ["latency"], "latency_threshold_ms": 2000, "texts": None},
    "llm_interim_response": {
        "triggers": ["latency"],
        "latency_threshold_ms": 2000,
        "model": "gpt-4.1-mini",
        "instructions": None,
        "max_completion_tokens": 50,
    },
}


def output_rate(audio_format: str) -> int:
    """Return the samples per second of an output audio format."""
    return _OUTPUT_RATES[audio_format]


def voice(value: object, param: str = "session.voice") -> Json:
    """Return a voice as the object it is echoed as; a plain name becomes an OpenAI or an Azure standard voice."""
    if isinstance(value, str):
        value = {"name": value, "type": "openai" if value in _OPENAI_VOICES else "azure-standard"}
    given = mapping(value, param)
    kind = one_of(required(given, "type", f"{param}."), _VOICE_TYPES, f"{param}.type")
    if kind != "avatar-voice-sync":
        text(required(given, "name", f"{param}."), f"{param}.name")
    return {**given, **(_AZURE_VOICE if kind in _FULL_VOICE_TYPES else {}), **given}


def _turn_detection(value: object, param: str) -> Json | None:
    given = mapping(value, param)
    kind = text(required(given, "type", f"{param}."), f"{param}.type")
    if kind == "none":
        return None
    defaults = _TURN_DETECTIONS[one_of(kind, tuple(_TURN_DETECTIONS), f"{param}.type")]
    for name in _TURN_FIELDS.keys() & given.keys():
        if given[name] is not None:
            _TURN_FIELDS[name](given[name], f"{param}.{name}")
    unset = {key: default for key, default in defaults.items() if given.get(key) is None}
    echo = {"type": kind, **{key: given.get(key) for key in defaults}, **given, **unset}
    if (end := echo.get("end_of_utterance_detection")) is not None:
        echo["end_of_utterance_detection"] = _end_of_utterance(end, f"{param}.end_of_utterance_detection")
    return echo


def _end_of_utterance(value: object, param: str) -> Json:
    given = mapping(value, param)
    if given.get("threshold_level") is not None:
        one_of(given["threshold_level"], _THRESHOLD_LEVELS, f"{param}.threshold_level")
    if given.get("timeout_ms") is not None:
        whole(given["timeout_ms"], f"{param}.timeout_ms")
    # The first preview had seconds.
    if given.get("timeout") is not None:
        number(given["timeout"], f"{param}.timeout", 0, 3600)
    return {**_END_OF_UTTERANCE, **given}


def _transcription(value: object, param: str) -> Json:
    given = mapping(value, param)
    text(required(given, "model", f"{param}."), f"{param}.model")
    return {"model": given["model"], **TRANSCRIPTION, **given}


def _modalities(value: object, param: str) -> list[str]:
    if not (given := array(value, param)):
        raise refuse("invalid_field", param, reason="at least one modality is needed")
    return [one_of(item, _MODALITIES, f"{param}[{index}]") for index, item in enumerate(given)]


def _tools(value: object, param: str) -> list[Json]:
    tools = array(value, param)
    for index, tool in enumerate(tools):
        where = f"{param}[{index}]"
        kind = one_of(required(mapping(tool, where), "type", f"{where}."), ("function", "mcp"), f"{where}.type")
        if kind == "function":
            text(required(tool, "name", f"{where}."), f"{where}.name")
        else:
            _mcp_server(tool, where)
    return tools


def _mcp_server(tool: Json, where: str) -> None:
    for name in ("server_label", "server_url"):
        text(required(tool, name, f"{where}."), f"{where}.{name}")
    if tool.get("allowed_tools") is not None:
        _texts(tool["allowed_tools"], f"{where}.allowed_tools")
    approval = tool.get("require_approval")
    if isinstance(approval, dict):
        for mode, names in mapping(approval, f"{where}.require_approval").items():
            one_of(mode, ("never", "always"), f"{where}.require_approval")
            _texts(names, f"{where}.require_approval.{mode}")
    elif approval is not None:
        one_of(text(approval, f"{where}.require_approval"), ("never", "always"), f"{where}.require_approval")


def shown_tools(tools: Sequence[Json]) -> list[Json]:
    """Return tools without what opens the servers behind them."""
    return [{name: value for name, value in tool.items() if name not in ("authorization", "headers")} for tool in tools]


def _tool_choice(value: object, param: str) -> Any:
    if isinstance(value, str):
        return value
    given = mapping(value, param)
    if one_of(required(given, "type", f"{param}."), ("function", "mcp"), f"{param}.type") == "function":
        text(required(given, "name", f"{param}."), f"{param}.name")
    return given


def _max_tokens(value: object, param: str) -> int | str:
    return value if value == "inf" and isinstance(value, str) else whole(value, param, 1, 4096)


def _temperature(value: object, param: str) -> float:
    # The documents give 0 to 1 for sessions and 0.6 to 1.2 for responses, and the live service uses 1.0 for gpt-5.
    return number(value, param, 0.0, 2.0)


def _output_format(value: object, param: str) -> str:
    # Clients of the first api-versions wrote a hyphen.
    return one_of(text(value, param).replace("-", "_"), tuple(_OUTPUT_RATES), param)


def _metadata(value: object, param: str) -> Json:
    given = mapping(value, param)
    if len(given) > 16 or any(
        not isinstance(item, str) or len(item) > 512 or len(key) > 64 for key, item in given.items()
    ):
        reason = "at most 16 texts of 512 characters under keys of 64 are taken"
        raise refuse("invalid_field", param, reason=reason)
    return given


def _echo_cancellation(value: object, param: str) -> Json:
    return {**_ECHO_CANCELLATION, **mapping(value, param)}


def _texts(value: object, param: str) -> list[str]:
    return [text(item, f"{param}[{index}]") for index, item in enumerate(array(value, param))]


def _choices(*allowed: str) -> Field:
    def check(value: object, param: str) -> list[str]:
        return [one_of(item, allowed, f"{param}[{index}]") for index, item in enumerate(_texts(value, param))]

    return check


def _animation(value: object, param: str) -> Json:
    given = mapping(value, param)
    outputs = given.get("outputs")
    if outputs is not None:
        _choices("blendshapes", "viseme_id")(outputs, f"{param}.outputs")
    return {"model_name": "default", **given, "outputs": ["blendshapes"] if outputs is None else outputs}


def _avatar(value: object, param: str) -> Json:
    given = mapping(value, param)
    text(required(given, "character", f"{param}."), f"{param}.character")
    kind = one_of(given.get("type") or "video-avatar", ("video-avatar", "photo-avatar"), f"{param}.type")
    protocol = one_of(given.get("output_protocol") or "webrtc", ("webrtc", "websocket"), f"{param}.output_protocol")
    if kind == "photo-avatar":
        text(required(given, "model", f"{param}."), f"{param}.model")
    background = mapping(mapping(given.get("video") or {}, f"{param}.video").get("background") or {}, f"{param}.video")
    if background.get("color") is not None and background.get("image_url") is not None:
        raise refuse("invalid_field", f"{param}.video.background", reason="color and image_url exclude each other")
    unset = {"style": None, "customized": False, "output_audit_audio": False}
    # The service has its own relays; a WebSocket needs none.
    relays = (given.get("ice_servers") or [_relay()]) if protocol == "webrtc" else None
    return {**unset, **given, "type": kind, "output_protocol": protocol, "ice_servers": relays}


def _relay() -> Json:
    return {
        "urls": ["turn:127.0.0.1:3478?transport=udp", "turn:127.0.0.1:3478?transport=tcp"],
        "username": secrets.token_hex(8),
        "credential": secrets.token_urlsafe(16),
    }


def _interim(value: object, param: str) -> Json:
    given = mapping(value, param)
    kind = one_of(required(given, "type", f"{param}."), tuple(_INTERIM), f"{param}.type")
    if given.get("triggers") is not None:
        _choices("latency", "tool")(given["triggers"], f"{param}.triggers")
    if given.get("texts") is not None:
        _texts(given["texts"], f"{param}.texts")
    for name, low in (("latency_threshold_ms", 0), ("max_completion_tokens", 1)):
        if given.get(name) is not None:
            whole(given[name], f"{param}.{name}", low)
    return {"type": kind, **_INTERIM[kind], **{name: item for name, item in given.items() if item is not None}}


SESSION_FIELDS: dict[str, Field] = {
    "modalities": _modalities,
    "animation": _animation,
    "voice": voice,
    "instructions": text,
    "input_audio_sampling_rate": whole,
    "input_audio_format": lambda value, param: one_of(text(value, param), tuple(INPUT_RATES), param),
    "output_audio_format": _output_format,
    "turn_detection": _turn_detection,
    "input_audio_noise_reduction": mapping,
    "input_audio_echo_cancellation": _echo_cancellation,
    "avatar": _avatar,
    "input_audio_transcription": _transcription,
    "output_audio_timestamp_types": _choices("word"),
    "tools": _tools,
    "tool_choice": _tool_choice,
    "parallel_tool_calls": boolean,
    "temperature": _temperature,
    "max_response_output_tokens": _max_tokens,
    "reasoning_effort": text,
    "interim_response": _interim,
    "include": _choices(*_INCLUDE),
    "metadata": _metadata,
}
RESPONSE_FIELDS: dict[str, Field] = {
    **{name: SESSION_FIELDS[name] for name in ("modalities", "voice", "instructions", "output_audio_format", "tools")},
    **{name: SESSION_FIELDS[name] for name in ("tool_choice", "temperature", "metadata", "interim_response")},
    "max_output_tokens": _max_tokens,
    "reasoning_effort": text,
    "commit": boolean,
    "cancel_previous": boolean,
    "invoke_input": mapping,
}
