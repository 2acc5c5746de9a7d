"""The session object: the service's defaults, what an update changes, and what holds for one response.

Models that hear and speak themselves ("realtime") and models behind recognition and synthesis ("cascaded") differ in
several of the defaults, which are those of recordings of the live service at api-version 2026-04-10.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from voicelive.emulator.fields import (
    AFTER_UPDATE,
    INPUT_RATES,
    RESPONSE_FIELDS,
    SERVER_VAD,
    SESSION_FIELDS,
    TRANSCRIPTION,
    shown_tools,
    voice,
)
from voicelive.emulator.refusal import Refusal, mapping, one_of, refuse
from voicelive.emulator.turns import TurnTiming, turn_timing
from voicelive.emulator.versions import ApiVersion

__all__ = ("Settings", "Updated")

Json = dict[str, Any]

_NOT_FOR_CLIENTS = {"model", "type", "id", "object", "expires_at"}
_NEVER_NULL = (
    "modalities",
    "voice",
    "instructions",
    "input_audio_sampling_rate",
    "input_audio_format",
    "tools",
    "tool_choice",
    "max_response_output_tokens",
)


class Updated(NamedTuple):
    """What an update left out."""

    unknown: list[str]
    """Fields that no session of the api-version has."""
    refusals: list[Refusal]
    """What is said about fields that this session cannot have."""


class Settings:
    """A session's settings.

    Args:
        session_id: The session's id.
        model: The model the client asked for; None for an agent.
        agent: The agent's name, or None.
        expires_at: When the session ends, in Unix seconds.
        version: The api-version that the client asked for.
    """

    def __init__(
        self,
        session_id: str,
        model: str | None,
        agent: str | None,
        expires_at: int,
        version: ApiVersion = ApiVersion(),  # noqa: B008 - frozen
    ) -> None:
        self.realtime = model is not None and ("realtime" in model or model.startswith("phi4-mm"))
        self.model = model
        self.version = version
        defaults = _defaults(session_id, model, self.realtime, expires_at)
        self._defaults = {name: value for name, value in defaults.items() if version.has_session_field(name)}
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
        self.tools: list[Json] = []
        """The tools as the client described them; what opens MCP servers is not echoed."""

    def __getitem__(self, name: str) -> Any:
        return self.echo.get(name)

    def within(self, name: str) -> Json:
        """Return a field that is an object, an empty one where the field is null."""
        value: Json | None = self.echo.get(name)
        return value or {}

    @property
    def input_format(self) -> str:
        """Format of the input audio: ``pcm16``, ``g711_ulaw`` or ``g711_alaw``."""
        return str(self.echo["input_audio_format"])

    @property
    def input_rate(self) -> int:
        """Samples per second of the input audio."""
        return int(self.echo["input_audio_sampling_rate"])

    @property
    def turn_timing(self) -> TurnTiming | None:
        """The durations of the turn detection, None if the client marks turns itself."""
        turn_detection = self.echo["turn_detection"]
        return None if turn_detection is None else turn_timing(turn_detection)

    def update(self, changes: object, *, has_spoken: bool) -> Updated:
        """Take over the fields that are present, or refuse and change nothing.

        Args:
            changes: The ``session`` of a ``session.update``.
            has_spoken: Whether the assistant has produced audio, after which the voice is fixed.
        """
        given = mapping(changes, "session")
        known = {name for name in SESSION_FIELDS if self.version.has_session_field(name)}
        new: Json = {}
        for name in given.keys() & known:
            value = given[name]
            new[name] = self._without(name) if value is None else SESSION_FIELDS[name](value, f"session.{name}")
        self._check(given, new, has_spoken=has_spoken)
        self._fit_input_rate(new)
        refusals: list[Refusal] = []
        if self.realtime and new.pop("interim_response", None) is not None:
            refusals.append(refuse("interim_response_not_supported"))
        if "tools" in new:
            self.tools = new["tools"]
            new["tools"] = shown_tools(self.tools)
        self.echo = {**self.echo, **new}
        if "avatar" in new or self.echo["avatar"] is not None:
            self._show_avatar()
        return Updated(sorted(given.keys() - known - _NOT_FOR_CLIENTS), refusals)

    def _without(self, name: str) -> Any:
        # A field that must hold something goes back to what the session began with.
        return self._defaults[name] if name in _NEVER_NULL else None

    def _check(self, given: Json, new: Json, *, has_spoken: bool) -> None:
        model = given.get("model")
        if model is not None and model not in (self.model, self.echo["model"]):
            raise refuse("cannot_update_model")
        if has_spoken and "voice" in new and new["voice"] != self.echo["voice"]:
            raise refuse("cannot_update_voice")
        if not self.version.has("mcp"):
            for index, tool in enumerate(new.get("tools") or ()):
                one_of(tool["type"], ("function",), f"session.tools[{index}].type")
        if not self.version.has("auto_truncate") and new.get("turn_detection"):
            for name in ("auto_truncate", "appended_text_after_truncation"):
                new["turn_detection"].pop(name, None)

    def _show_avatar(self) -> None:
        modalities = [modality for modality in self.echo["modalities"] if modality != "avatar"]
        self.echo["modalities"] = [*modalities, *(["avatar"] if self.echo["avatar"] is not None else [])]

    def _fit_input_rate(self, new: Json) -> None:
        if "input_audio_format" not in new and "input_audio_sampling_rate" not in new:
            return
        audio_format = str(new.get("input_audio_format", self.input_format))
        rates = INPUT_RATES[audio_format]
        if "input_audio_sampling_rate" in new:
            one_of(new["input_audio_sampling_rate"], rates, "session.input_audio_sampling_rate")
        elif self.input_rate not in rates or audio_format != self.input_format:
            new["input_audio_sampling_rate"] = rates[0]

    def for_response(self, changes: object) -> Json:
        """Return what holds for one response: its own fields over the session's, by the names of the response."""
        given = dict(mapping(changes, "response"))
        echo = self.echo
        fields: Json = {name: echo.get(name) for name in RESPONSE_FIELDS}
        fields["max_output_tokens"] = echo["max_response_output_tokens"]
        fields["metadata"] = None
        fields["tools"] = self.tools
        # The reference documents call it what sessions call it; OpenAI's API has "conversation" for "commit".
        given.setdefault("max_output_tokens", given.pop("max_response_output_tokens", None))
        if given.pop("conversation", None) == "none":
            given.setdefault("commit", False)
        for name in given.keys() & RESPONSE_FIELDS.keys():
            if given[name] is not None and self.version.has_response_field(name):
                fields[name] = RESPONSE_FIELDS[name](given[name], f"response.{name}")
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
        "input_audio_transcription": None if realtime else {"model": "azure-speech", **TRANSCRIPTION},
        "input_audio_noise_reduction": None,
        "turn_detection": {"type": "server_vad", **SERVER_VAD, **({} if realtime else AFTER_UPDATE)},
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
