"""How a client event is refused: by an ``error`` event; the session goes on. What the service says is in one table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeVar, cast

__all__ = ("Refusal", "array", "boolean", "mapping", "number", "one_of", "refuse", "required", "text", "whole")

V = TypeVar("V")


class Refusal(Exception):
    """A client event that cannot be followed; becomes an ``error`` event.

    Args:
        message: What is wrong. Never holds audio.
        code: Machine-readable reason.
        param: Path of the offending field, such as ``session.turn_detection.type``.
        kind: ``invalid_request_error`` or ``server_error``.
    """

    def __init__(
        self, message: str, code: str = "invalid_value", param: str | None = None, kind: str = "invalid_request_error"
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.param = param
        self.kind = kind


class _Error(NamedTuple):
    message: str
    code: str | None = None
    """The code on the wire, where it is not the name in the table."""
    param: str | None = None
    kind: str = "invalid_request_error"


_ERRORS = {
    # Frames and fields
    "not_json": _Error("The message is not valid JSON.", "invalid_json"),
    "not_an_object": _Error("The message is not a JSON object.", "invalid_json"),
    "internal_error": _Error("The emulator failed: {error}.", kind="server_error"),
    "missing_required_parameter": _Error("Missing required parameter: '{param}'."),
    "invalid_type": _Error("Invalid type for '{param}': expected {expected}, but got {got} instead."),
    "invalid_value": _Error("Invalid value: '{value}'. Supported values are: {known}."),
    "invalid_field": _Error("Invalid '{param}': {reason}.", "invalid_value"),
    "out_of_range": _Error("Invalid value for '{param}': expected {bounds}, but got {value}.", "invalid_value"),
    "invalid_audio": _Error(
        "Invalid '{param}'. Expected base64-encoded audio bytes (mono {format} at {rate} Hz) but got an invalid value.",
        "invalid_value",
    ),
    "audio_too_large": _Error("Invalid '{param}': {size} bytes are more than 15 MiB."),
    # The session
    "cannot_update_model": _Error("Cannot update a conversation's model.", param="session.model"),
    "cannot_update_voice": _Error(
        "Cannot update a conversation's voice if assistant audio is present.", param="session.voice"
    ),
    "interim_response_not_supported": _Error(
        "The interim response is not supported with this model; the rest of the update holds.",
        param="session.interim_response",
    ),
    "avatar_not_configured": _Error("The session has no avatar; set one with session.update first."),
    "avatar_uses_websocket": _Error(
        "The avatar's output_protocol is websocket; there is nothing to negotiate.", "invalid_value", "client_sdp"
    ),
    "invalid_sdp": _Error("Invalid 'client_sdp': {reason}.", "invalid_value", "client_sdp"),
    # Audio in
    "input_audio_buffer_commit_empty": _Error(
        "Error committing input audio buffer: buffer too small. Expected at least 100ms of audio, but buffer only has "
        "{length:.2f}ms of audio."
    ),
    "turn_empty": _Error("The turn holds no audio.", "input_audio_buffer_commit_empty", "turn_id"),
    "turn_unknown": _Error("No turn with id '{turn_id}' is open.", "invalid_value", "turn_id"),
    "turn_open": _Error("A turn with id '{turn_id}' is open already.", "invalid_value", "turn_id"),
    "text_unknown": _Error("No input text with id '{text_id}' was begun.", "invalid_value", "id"),
    "text_has_no_place": _Error(
        "Content part {index} of item '{text_id}' is no text of the user.", "invalid_value", "content_index"
    ),
    # The conversation
    "item_retrieve_invalid_item_id": _Error(
        "Error retrieving item: the item with id '{item_id}' does not exist.", param="item_id"
    ),
    "item_truncate_invalid_item_id": _Error(
        "Error truncating item: the item with id '{item_id}' does not exist.", param="item_id"
    ),
    "item_delete_invalid_item_id": _Error(
        "Error deleting item: the item with id '{item_id}' does not exist.", param="item_id"
    ),
    "item_create_duplicate_item_id": _Error(
        "Error adding item: an item with id '{item_id}' already exists in the conversation.", param="item.id"
    ),
    "item_create_invalid_previous_item_id": _Error(
        "Error adding item: the previous item with id '{item_id}' does not exist.", param="previous_item_id"
    ),
    "invalid_tool_call_id": _Error("Tool call ID '{call_id}' not found in conversation.", param="item.call_id"),
    "invalid_approval_request_id": _Error(
        "No approval request with id '{request_id}' is open.", "invalid_value", "item.approval_request_id"
    ),
    "truncate_role": _Error("Only model output audio messages can be truncated.", "invalid_value", "item_id"),
    "truncate_no_audio": _Error(
        "Content part {index} of item '{item_id}' holds no audio.", "invalid_value", "content_index"
    ),
    "truncate_too_long": _Error(
        "Audio content of {length}ms is already shorter than {end}ms", "invalid_value", "audio_end_ms"
    ),
    "item_already_truncated": _Error("The item with id '{item_id}' is already truncated.", param="item_id"),
    # Responses
    "conversation_already_has_active_response": _Error(
        "Conversation already has an active response in progress: {response_id}."
    ),
    "response_cancel_not_active": _Error("Cancellation failed: no active response found."),
}
"""What the service, or this emulator where its words are not known, says; see the emulator's guide."""


def refuse(name: str, param: str | None = None, **details: object) -> Refusal:
    """Return the refusal of that name in the table; ``details`` fill its message."""
    error = _ERRORS[name]
    param = param or error.param
    return Refusal(error.message.format(param=param, **details), error.code or name, param, error.kind)


def required(event: Mapping[str, Any], name: str, prefix: str = "") -> Any:
    """Return a field that must be there, and not null."""
    value = event.get(name)
    if value is None:
        raise refuse("missing_required_parameter", prefix + name)
    return value


def _invalid_type(value: object, expected: str, param: str) -> Refusal:
    names = {"str": "a string", "int": "an integer", "float": "a number", "bool": "a boolean", "list": "an array"}
    got = names.get(type(value).__name__, "null" if value is None else "an object")
    return refuse("invalid_type", param, expected=expected, got=got)


def text(value: object, param: str) -> str:
    """Return a string or refuse."""
    if not isinstance(value, str):
        raise _invalid_type(value, "a string", param)
    return value


def boolean(value: object, param: str) -> bool:
    """Return a boolean or refuse."""
    if not isinstance(value, bool):
        raise _invalid_type(value, "a boolean", param)
    return value


def whole(value: object, param: str, low: int = 0, high: int | None = None) -> int:
    """Return an integer within bounds or refuse."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise _invalid_type(value, "an integer", param)
    if value < low or (high is not None and value > high):
        bounds = f"at least {low}" if high is None else f"between {low} and {high}"
        raise refuse("out_of_range", param, bounds=bounds, value=value)
    return value


def number(value: object, param: str, low: float, high: float) -> float:
    """Return a number within bounds or refuse."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _invalid_type(value, "a number", param)
    if not low <= value <= high:
        raise refuse("out_of_range", param, bounds=f"between {low} and {high}", value=value)
    return value


def mapping(value: Any, param: str) -> dict[str, Any]:
    """Return an object or refuse."""
    if not isinstance(value, dict):
        raise _invalid_type(value, "an object", param)
    return cast("dict[str, Any]", value)


def array(value: Any, param: str) -> list[Any]:
    """Return a list or refuse."""
    if not isinstance(value, list):
        raise _invalid_type(value, "an array", param)
    return cast("list[object]", value)


def one_of(value: V, allowed: Sequence[V], param: str) -> V:
    """Return the value if it is allowed, or refuse."""
    if value not in allowed or isinstance(value, bool):
        raise refuse("invalid_value", param, value=value, known=", ".join(f"'{choice}'" for choice in allowed))
    return value
