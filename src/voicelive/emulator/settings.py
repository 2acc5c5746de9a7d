"""The session object: the service's defaults, what an update changes, and the shapes they are echoed in.

Shapes and defaults follow recordings of the live service at api-version 2026-04-10, which sends null for most of what
is not set. Models that hear and speak themselves ("realtime") and models behind recognition and synthesis ("cascaded")
differ in several of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from voicelive.emulator.refusal import Refusal, array, boolean, mapping, one_of, required, text, whole

__all__ = ("Settings", "output_rate", "voice")

Json = dict[str, Any]

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
_TRANSCRIPTION: Json = dict.fromkeys(("language", "prompt", "delay", "custom_speech", "phrase_list"))
_SERVER_VAD: Json = {
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
_AFTER_UPDATE = {"prefix_padding_ms": 400, "silence_duration_ms": 500}
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
_ECHO_CANCELLATION: Json = {"reference_source": "server", "channels": 1}
_TURN_DETECTIONS: dict[str, Json] = {
    "server_vad": {**_SERVER_VAD, **_AFTER_UPDATE},
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
_RATES = {"pcm16": (24000, 16000, 8000), "g711_ulaw": (8000,), "g711_alaw": (8000,)}
_OUTPUT_RATES = {
    "pcm16": 24000,
    "pcm16_8000hz": 8000,
    "pcm16_16000hz": 16000,
    "g711_ulaw": 8000,
    "g711_alaw": 8000,
}
_MODALITIES = ("text", "audio", "animation", "avatar")


def output_rate(audio_format: str) -> int:
    """Return the samples per second of an output audio format."""
    return _OUTPUT_RATES[audio_format]


# Fields: each takes what the client wrote and returns what is echoed.


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
    for name in ("prefix_padding_ms", "silence_duration_ms", "speech_duration_ms"):
        if given.get(name) is not None:
            whole(given[name], f"{param}.{name}")
    for name in ("create_response", "interrupt_response", "auto_truncate", "remove_filler_words"):
        if given.get(name) is not None:
            boolean(given[name], f"{param}.{name}")
    if given.get("threshold") is not None:
        _number(given["threshold"], f"{param}.threshold", 0.0, 1.0)
    unset = {key: default for key, default in defaults.items() if given.get(key) is None}
    echo = {"type": kind, **{key: given.get(key) for key in defaults}, **given, **unset}
    if isinstance(end := echo.get("end_of_utterance_detection"), dict):
        echo["end_of_utterance_detection"] = {**_END_OF_UTTERANCE, **end}
    return echo


def _number(value: object, param: str, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Refusal(f"Invalid type for '{param}': expected a number.", "invalid_type", param)
    if not low <= value <= high:
        raise Refusal(f"Invalid value for '{param}': expected between {low} and {high}, but got {value}.", param=param)
    return value


def _transcription(value: object, param: str) -> Json:
    given = mapping(value, param)
    text(required(given, "model", f"{param}."), f"{param}.model")
    return {"model": given["model"], **_TRANSCRIPTION, **given}


def _modalities(value: object, param: str) -> list[str]:
    if not (given := array(value, param)):
        raise Refusal(f"Invalid value for '{param}': at least one modality is needed.", "invalid_value", param)
    return [one_of(item, _MODALITIES, f"{param}[{index}]") for index, item in enumerate(given)]


def _tools(value: object, param: str) -> list[Json]:
    tools = array(value, param)
    for index, tool in enumerate(tools):
        where = f"{param}[{index}]"
        kind = one_of(required(mapping(tool, where), "type", f"{where}."), ("function", "mcp"), f"{where}.type")
        for name in ("name",) if kind == "function" else ("server_label", "server_url"):
            text(required(tool, name, f"{where}."), f"{where}.{name}")
    return tools


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
    return _number(value, param, 0.0, 2.0)


def _output_format(value: object, param: str) -> str:
    # Clients of the first api-versions wrote a hyphen.
    return one_of(text(value, param).replace("-", "_"), tuple(_OUTPUT_RATES), param)


def _metadata(value: object, param: str) -> Json:
    given = mapping(value, param)
    if len(given) > 16 or any(
        not isinstance(item, str) or len(item) > 512 or len(key) > 64 for key, item in given.items()
    ):
        raise Refusal(f"'{param}' takes at most 16 texts of 512 characters under keys of 64.", "invalid_value", param)
    return given


def _echo_cancellation(value: object, param: str) -> Json:
    return {**_ECHO_CANCELLATION, **mapping(value, param)}


def _texts(value: object, param: str) -> list[str]:
    return [text(item, f"{param}[{index}]") for index, item in enumerate(array(value, param))]


_FIELDS: dict[str, Callable[[object, str], Any]] = {
    "modalities": _modalities,
    "animation": mapping,
    "voice": voice,
    "instructions": text,
    "input_audio_sampling_rate": whole,
    "input_audio_format": lambda value, param: one_of(text(value, param), tuple(_RATES), param),
    "output_audio_format": _output_format,
    "turn_detection": _turn_detection,
    "input_audio_noise_reduction": mapping,
    "input_audio_echo_cancellation": _echo_cancellation,
    "avatar": mapping,
    "input_audio_transcription": _transcription,
    "output_audio_timestamp_types": _texts,
    "tools": _tools,
    "tool_choice": _tool_choice,
    "parallel_tool_calls": boolean,
    "temperature": _temperature,
    "max_response_output_tokens": _max_tokens,
    "reasoning_effort": text,
    "interim_response": mapping,
    "include": _texts,
    "metadata": _metadata,
}
_RESPONSE_FIELDS: dict[str, Callable[[object, str], Any]] = {
    **{name: _FIELDS[name] for name in ("modalities", "voice", "instructions", "output_audio_format", "tools")},
    **{name: _FIELDS[name] for name in ("tool_choice", "temperature", "metadata")},
    "max_output_tokens": _max_tokens,
    "commit": boolean,
    "cancel_previous": boolean,
}


class Settings:
    """A session's settings.

    Args:
        session_id: The session's id.
        model: The model the client asked for; None for an agent.
        agent: The agent's name, or None.
        expires_at: When the session ends, in Unix seconds.
    """

    def __init__(self, session_id: str, model: str | None, agent: str | None, expires_at: int) -> None:
        self.realtime = model is not None and ("realtime" in model or model.startswith("phi4-mm"))
        self.model = model
        self._defaults = _defaults(session_id, model, self.realtime, expires_at)
        if agent is not None:
            self._defaults["agent"] = {
                "type": "agent",
                "name": agent,
                "description": None,
                "agent_id": agent,
                "thread_id": f"thread_{session_id.removeprefix('sess_')}",
            }
        self.echo: Json = dict(self._defaults)
        """The session object as it is sent."""

    def __getitem__(self, name: str) -> Any:
        return self.echo.get(name)

    @property
    def input_format(self) -> str:
        """Format of the input audio: ``pcm16``, ``g711_ulaw`` or ``g711_alaw``."""
        return str(self.echo["input_audio_format"])

    @property
    def input_rate(self) -> int:
        """Samples per second of the input audio."""
        return int(self.echo["input_audio_sampling_rate"])

    def update(self, changes: object, *, has_spoken: bool) -> list[str]:
        """Take over the fields that are present, or refuse and change nothing.

        Args:
            changes: The ``session`` of a ``session.update``.
            has_spoken: Whether the assistant has produced audio, after which the voice is fixed.

        Returns:
            The fields that no session has, and that were ignored.
        """
        given = mapping(changes, "session")
        new: Json = {}
        for name in given.keys() & _FIELDS.keys():
            value = given[name]
            new[name] = self._defaults_without(name) if value is None else _FIELDS[name](value, f"session.{name}")
        self._check_model(given.get("model"))
        if has_spoken and "voice" in new and new["voice"] != self.echo["voice"]:
            message = "Cannot update a conversation's voice if assistant audio is present."
            raise Refusal(message, "cannot_update_voice", "session.voice")
        self._fit_input_rate(new)
        self.echo = {**self.echo, **new}
        return sorted(given.keys() - _FIELDS.keys() - {"model", "type", "id", "object", "expires_at"})

    def _defaults_without(self, name: str) -> Any:
        # A field that must hold something goes back to what the session began with.
        fallback = ("modalities", "voice", "instructions", "input_audio_sampling_rate", "input_audio_format", "tools")
        return self._defaults[name] if name in (*fallback, "tool_choice", "max_response_output_tokens") else None

    def _check_model(self, model: object) -> None:
        if model is not None and model not in (self.model, self.echo["model"]):
            message = "The model of a session cannot be changed; connect again with the model you want."
            raise Refusal(message, "cannot_update_model", "session.model")

    def _fit_input_rate(self, new: Json) -> None:
        if "input_audio_format" not in new and "input_audio_sampling_rate" not in new:
            return
        audio_format = str(new.get("input_audio_format", self.input_format))
        rates = _RATES[audio_format]
        if "input_audio_sampling_rate" in new:
            one_of(new["input_audio_sampling_rate"], rates, "session.input_audio_sampling_rate")
        elif self.input_rate not in rates or audio_format != self.input_format:
            new["input_audio_sampling_rate"] = rates[0]

    def for_response(self, changes: object) -> Json:
        """Return what holds for one response: its own fields over the session's, by the names of the response."""
        given = mapping(changes, "response")
        echo = self.echo
        fields: Json = {name: echo.get(name) for name in _RESPONSE_FIELDS}
        fields["max_output_tokens"] = echo["max_response_output_tokens"]
        fields["metadata"] = None
        for name in given.keys() & _RESPONSE_FIELDS.keys():
            if given[name] is not None:
                fields[name] = _RESPONSE_FIELDS[name](given[name], f"response.{name}")
        fields["output_audio_format"] = fields["output_audio_format"] or "pcm16"
        return fields


def _defaults(session_id: str, model: str | None, realtime: bool, expires_at: int) -> Json:
    session: Json = {
        "id": session_id,
        # The one realtime model in the recordings is echoed as its deployment.
        "model": "gpt-realtime-global-standard" if model == "gpt-realtime" else model,
        "modalities": ["audio"] if realtime else ["audio", "text"],
        "instructions": "",
        "voice": voice("alloy" if realtime else "en-US-AvaNeural"),
        "input_audio_format": "pcm16",
        "output_audio_format": None if realtime else "pcm16",
        "input_audio_transcription": None if realtime else {"model": "azure-speech", **_TRANSCRIPTION},
        "input_audio_noise_reduction": None,
        "turn_detection": {"type": "server_vad", **_SERVER_VAD, **({} if realtime else _AFTER_UPDATE)},
        "tools": [],
        "tool_choice": "auto",
        "max_response_output_tokens": "inf",
        "expires_at": expires_at,
        "object": "realtime.session",
        "input_audio_sampling_rate": 24000,
        **dict.fromkeys(("animation", "input_audio_echo_cancellation", "avatar", "output_audio_timestamp_types")),
        **dict.fromkeys(("truncation_strategy", "include", "greeting", "handoff")),
    }
    if model == "gpt-realtime-2":
        session["voice"] = voice("marin")
    if not realtime:
        session["temperature"] = 1.0 if model and model.startswith("gpt-5") else 0.8
        if model and model.startswith("gpt-5"):
            session["reasoning_effort"] = "minimal"
    return session
