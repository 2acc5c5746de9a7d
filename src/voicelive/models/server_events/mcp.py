"""Events about tools of MCP servers, which the service calls itself."""

from __future__ import annotations

from typing import Literal

from voicelive.models._base import Str
from voicelive.models.server_events._base import ItemFields, OutputFields, ResponseItemFields

__all__ = (
    "ServerEventMcpListToolsCompleted",
    "ServerEventMcpListToolsFailed",
    "ServerEventMcpListToolsInProgress",
    "ServerEventResponseMcpCallArgumentsDelta",
    "ServerEventResponseMcpCallArgumentsDone",
    "ServerEventResponseMcpCallCompleted",
    "ServerEventResponseMcpCallFailed",
    "ServerEventResponseMcpCallInProgress",
)


class ServerEventMcpListToolsInProgress(ItemFields):
    """The service asks an MCP server for its tools. Since api-version 2026-04-10."""

    type: Literal["mcp_list_tools.in_progress"] = "mcp_list_tools.in_progress"
    """Type of the event."""


class ServerEventMcpListToolsCompleted(ItemFields):
    """The tools of an MCP server are known; retrieve the item to see them. Since api-version 2026-04-10."""

    type: Literal["mcp_list_tools.completed"] = "mcp_list_tools.completed"
    """Type of the event."""


class ServerEventMcpListToolsFailed(ItemFields):
    """An MCP server did not tell its tools; the model goes without. Since api-version 2026-04-10."""

    type: Literal["mcp_list_tools.failed"] = "mcp_list_tools.failed"
    """Type of the event."""


class ServerEventResponseMcpCallArgumentsDelta(ResponseItemFields):
    """A piece of the arguments of an MCP call. Since api-version 2026-04-10."""

    type: Literal["response.mcp_call_arguments.delta"] = "response.mcp_call_arguments.delta"
    """Type of the event."""

    delta: Str
    """The piece of JSON text."""

    obfuscation: Str | None = None
    """Padding, which hides the length of the piece from those who watch the encrypted connection."""


class ServerEventResponseMcpCallArgumentsDone(ResponseItemFields):
    """The arguments of an MCP call are complete. Since api-version 2026-04-10."""

    type: Literal["response.mcp_call_arguments.done"] = "response.mcp_call_arguments.done"
    """Type of the event."""

    arguments: Str | None = None
    """All arguments, a JSON object as text."""


class _CallFields(ItemFields, OutputFields):
    pass


class ServerEventResponseMcpCallInProgress(_CallFields):
    """An MCP tool is being called. Since api-version 2026-04-10."""

    type: Literal["response.mcp_call.in_progress"] = "response.mcp_call.in_progress"
    """Type of the event."""


class ServerEventResponseMcpCallCompleted(_CallFields):
    """An MCP tool has returned. Since api-version 2026-04-10."""

    type: Literal["response.mcp_call.completed"] = "response.mcp_call.completed"
    """Type of the event."""


class ServerEventResponseMcpCallFailed(_CallFields):
    """The call of an MCP tool failed. Since api-version 2026-04-10."""

    type: Literal["response.mcp_call.failed"] = "response.mcp_call.failed"
    """Type of the event."""
