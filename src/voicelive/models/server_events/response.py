"""Events about a response: its items, their parts, text, function calls and searches."""

from __future__ import annotations

from typing import Literal

from voicelive.models._base import Int, JsonValue, Str
from voicelive.models.content import ContentPartUnion
from voicelive.models.items import ResponseItemUnion
from voicelive.models.response import Response
from voicelive.models.server_events._base import (
    ResponseContentFields,
    ResponseItemFields,
    ResponseOutputFields,
    ServerEvent,
)

__all__ = (
    "ServerEventResponseContentPartAdded",
    "ServerEventResponseContentPartDone",
    "ServerEventResponseCreated",
    "ServerEventResponseDone",
    "ServerEventResponseFileSearchCallCompleted",
    "ServerEventResponseFileSearchCallInProgress",
    "ServerEventResponseFileSearchCallSearching",
    "ServerEventResponseFunctionCallArgumentsDelta",
    "ServerEventResponseFunctionCallArgumentsDone",
    "ServerEventResponseInvocationDelta",
    "ServerEventResponseOutputItemAdded",
    "ServerEventResponseOutputItemDone",
    "ServerEventResponseTextDelta",
    "ServerEventResponseTextDone",
    "ServerEventResponseWebSearchCallCompleted",
    "ServerEventResponseWebSearchCallInProgress",
    "ServerEventResponseWebSearchCallSearching",
)


class ServerEventResponseCreated(ServerEvent):
    """A response has begun. Since api-version 2025-10-01."""

    type: Literal["response.created"] = "response.created"
    """Type of the event."""

    response: Response
    """The response, with status ``"in_progress"`` and no output yet."""


class ServerEventResponseDone(ServerEvent):
    """A response has ended. Always comes, however it ended: ``response.status`` tells. Since api-version 2025-10-01."""

    type: Literal["response.done"] = "response.done"
    """Type of the event."""

    response: Response
    """The response with all its items, but without their audio."""


class ServerEventResponseOutputItemAdded(ResponseOutputFields):
    """A response has begun an item. Since api-version 2025-10-01."""

    type: Literal["response.output_item.added"] = "response.output_item.added"
    """Type of the event."""

    item: ResponseItemUnion | None = None
    """The item, still empty."""


class ServerEventResponseOutputItemDone(ResponseOutputFields):
    """An item of a response is complete, or was broken off. Since api-version 2025-10-01."""

    type: Literal["response.output_item.done"] = "response.output_item.done"
    """Type of the event."""

    item: ResponseItemUnion | None = None
    """The item."""


class ServerEventResponseContentPartAdded(ResponseContentFields):
    """A message of a response has begun a part. Since api-version 2025-10-01."""

    type: Literal["response.content_part.added"] = "response.content_part.added"
    """Type of the event."""

    part: ContentPartUnion
    """The part, still empty."""


class ServerEventResponseContentPartDone(ResponseContentFields):
    """A part of a message is complete, or was broken off. Since api-version 2025-10-01."""

    type: Literal["response.content_part.done"] = "response.content_part.done"
    """Type of the event."""

    part: ContentPartUnion
    """The part. Its ``text`` may be empty; ``response.text.done`` has it."""


# Text


class ServerEventResponseTextDelta(ResponseContentFields):
    """A piece of a written answer. Since api-version 2025-10-01."""

    type: Literal["response.text.delta"] = "response.text.delta"
    """Type of the event."""

    delta: Str
    """The piece of text."""


class ServerEventResponseTextDone(ResponseContentFields):
    """A written answer is complete, or was broken off. Since api-version 2025-10-01."""

    type: Literal["response.text.done"] = "response.text.done"
    """Type of the event."""

    text: Str
    """The whole text."""


# Function calls


class ServerEventResponseFunctionCallArgumentsDelta(ResponseItemFields):
    """A piece of the arguments of a function call. Since api-version 2025-10-01."""

    type: Literal["response.function_call_arguments.delta"] = "response.function_call_arguments.delta"
    """Type of the event."""

    call_id: Str
    """Id of the call."""

    delta: Str
    """The piece of JSON text."""


class ServerEventResponseFunctionCallArgumentsDone(ResponseItemFields):
    """The arguments of a function call are complete: call it, and send a `FunctionCallOutputItem`.

    Since api-version 2025-10-01.
    """

    type: Literal["response.function_call_arguments.done"] = "response.function_call_arguments.done"
    """Type of the event."""

    call_id: Str
    """Id of the call, for the output to refer to."""

    arguments: Str
    """All arguments, a JSON object as text."""

    name: Str
    """Name of the function."""


# Searches that the service makes


class _SearchFields(ResponseItemFields):
    sequence_number: Int
    """Counts the events of the search."""


class ServerEventResponseWebSearchCallInProgress(_SearchFields):
    """A web search has begun. Since api-version 2026-04-10."""

    type: Literal["response.web_search_call.in_progress"] = "response.web_search_call.in_progress"
    """Type of the event."""


class ServerEventResponseWebSearchCallSearching(_SearchFields):
    """A web search is under way. Since api-version 2026-04-10."""

    type: Literal["response.web_search_call.searching"] = "response.web_search_call.searching"
    """Type of the event."""


class ServerEventResponseWebSearchCallCompleted(_SearchFields):
    """A web search is done. Since api-version 2026-04-10."""

    type: Literal["response.web_search_call.completed"] = "response.web_search_call.completed"
    """Type of the event."""


class ServerEventResponseFileSearchCallInProgress(_SearchFields):
    """A search in files has begun. Since api-version 2026-04-10."""

    type: Literal["response.file_search_call.in_progress"] = "response.file_search_call.in_progress"
    """Type of the event."""


class ServerEventResponseFileSearchCallSearching(_SearchFields):
    """A search in files is under way. Since api-version 2026-04-10."""

    type: Literal["response.file_search_call.searching"] = "response.file_search_call.searching"
    """Type of the event."""


class ServerEventResponseFileSearchCallCompleted(_SearchFields):
    """A search in files is done. Since api-version 2026-04-10."""

    type: Literal["response.file_search_call.completed"] = "response.file_search_call.completed"
    """Type of the event."""


# Agents


class ServerEventResponseInvocationDelta(ServerEvent):
    """A piece of the free output of the agent behind the session. Since api-version 2026-07-15."""

    type: Literal["response.invocation.delta"] = "response.invocation.delta"
    """Type of the event."""

    delta: dict[Str, JsonValue]
    """The piece, as the agent made it."""
