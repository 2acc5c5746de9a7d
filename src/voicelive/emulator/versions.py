"""What each api-version of the service knows: older ones neither take nor send what came later.

The versions are those that Microsoft's SDKs were generated from, and the dates those at which the names entered them.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ("API_VERSIONS", "ApiVersion")

API_VERSIONS = (
    "2025-05-01-preview",
    "2025-10-01",
    "2026-01-01-preview",
    "2026-04-10",
    "2026-06-01-preview",
    "2026-07-15",
)
"""The api-versions that are served, oldest first."""

_CLIENT_EVENTS = {
    "mcp_approval_response": "2026-01-01",
    "output_audio_buffer.clear": "2026-04-10",
    "input_text.delta": "2026-06-01",
    "input_text.done": "2026-06-01",
}
_SERVER_EVENTS = {
    "warning": "2026-01-01",
    "mcp_list_tools.": "2026-01-01",
    "response.mcp_call": "2026-01-01",
    "session.avatar.switch_to_": "2026-04-10",
    "response.video.": "2026-04-10",
    "response.web_search_call.": "2026-04-10",
    "response.file_search_call.": "2026-04-10",
    "response.audio_transcript.annotation.": "2026-04-10",
    "response.invocation.": "2026-06-01",
}
_SESSION_FIELDS = {
    "reasoning_effort": "2026-01-01",
    "interim_response": "2026-01-01",
    "include": "2026-04-10",
    "metadata": "2026-04-10",
    "parallel_tool_calls": "2026-06-01",
}
_RESPONSE_FIELDS = {
    "pre_generated_assistant_message": "2026-01-01",
    "reasoning_effort": "2026-01-01",
    "metadata": "2026-01-01",
    "interim_response": "2026-04-10",
    "invoke_input": "2026-06-01",
}
_FEATURES = {"mcp": "2026-01-01", "auto_truncate": "2026-01-01", "searches": "2026-04-10", "language": "2026-04-10"}


@dataclass(frozen=True, slots=True)
class ApiVersion:
    """One api-version.

    Args:
        name: Such as ``2026-07-15``; the date in it is what counts.
    """

    name: str = API_VERSIONS[-1]

    def _has(self, since: str | None) -> bool:
        return since is None or self.name[:10] >= since

    def takes_event(self, event_type: str) -> bool:
        """Whether clients may send it."""
        return self._has(_CLIENT_EVENTS.get(event_type))

    def sends_event(self, event_type: str) -> bool:
        """Whether the service sends it."""
        return all(self._has(since) for start, since in _SERVER_EVENTS.items() if event_type.startswith(start))

    def has_session_field(self, name: str) -> bool:
        """Whether sessions have the field."""
        return self._has(_SESSION_FIELDS.get(name))

    def has_response_field(self, name: str) -> bool:
        """Whether ``response.create`` has the field."""
        return self._has(_RESPONSE_FIELDS.get(name))

    def has(self, feature: str) -> bool:
        """Whether it has a feature: ``mcp``, ``auto_truncate``, ``searches`` or ``language``."""
        return self._has(_FEATURES[feature])
