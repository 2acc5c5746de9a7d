"""Items of a conversation: those sent with ``conversation.item.create``, and those the service tells of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

from pydantic import Field, field_validator

from voicelive.models._base import Bool, JsonValue, Model, OpenEnum, Str, Unknown, refuse_known_kind
from voicelive.models.content import (
    ContentPartUnion,
    MessageContentPartUnion,
    OutputTextContentPart,
    RequestTextContentPart,
)
from voicelive.models.enums import ItemParamStatus, MessageRole, ResponseItemStatus
from voicelive.models.search import FileSearchResult
from voicelive.models.tools import MCPTool

__all__ = (
    "AssistantMessageItem",
    "ConversationItemBase",
    "ConversationRequestItem",
    "ConversationRequestItemUnion",
    "FunctionCallItem",
    "FunctionCallOutputItem",
    "MCPApprovalResponseRequestItem",
    "MessageItem",
    "ResponseFileSearchCallItem",
    "ResponseFunctionCallItem",
    "ResponseFunctionCallOutputItem",
    "ResponseItem",
    "ResponseItemUnion",
    "ResponseMCPApprovalRequestItem",
    "ResponseMCPApprovalResponseItem",
    "ResponseMCPCallItem",
    "ResponseMCPListToolItem",
    "ResponseMessageItem",
    "ResponseWebSearchCallItem",
    "SystemMessageItem",
    "UnknownConversationRequestItem",
    "UnknownMessageItem",
    "UnknownResponseItem",
    "UserMessageItem",
)


class ConversationItemBase(Model):
    """Base of every item, in both directions. Since api-version 2025-10-01."""


# Items that are sent


class ConversationRequestItem(ConversationItemBase):
    """Base of the items that are sent. Since api-version 2025-10-01."""

    id: Str | None = None
    """Id of the new item, kept by the service; it makes one up if there is none."""


class MessageItem(ConversationRequestItem):
    """Base of the messages, one kind per role. Since api-version 2025-10-01."""

    type: Literal["message"] = "message"
    """Which kind of item this is."""

    content: list[MessageContentPartUnion]
    """What it says: text, speech, images."""

    status: OpenEnum[ItemParamStatus | Str] | None = None
    """Whether the message is whole. Has no effect on the conversation."""


class SystemMessageItem(MessageItem):
    """Directions for the model, put into the conversation. Its parts are ``input_text``.

    Since api-version 2025-10-01.
    """

    role: Literal["system"] = "system"
    """Whose message it is."""


class UserMessageItem(MessageItem):
    """What the user said or wrote. Its parts are ``input_text``, ``input_audio`` and ``input_image``.

    Since api-version 2025-10-01.
    """

    role: Literal["user"] = "user"
    """Whose message it is."""


class AssistantMessageItem(MessageItem):
    """What the model is to have answered, such as earlier history. Its parts are ``text``; audio is not possible.

    Since api-version 2025-10-01.
    """

    role: Literal["assistant"] = "assistant"
    """Whose message it is."""

    @classmethod
    def _from_given(cls, given: dict[str, Any]) -> dict[str, Any]:
        # The part named after requests serves every role in older code; what an assistant says is of kind "text".
        if isinstance(parts := given.get("content"), list):
            given["content"] = [
                OutputTextContentPart(text=part.text or "") if isinstance(part, RequestTextContentPart) else part
                for part in cast("list[object]", parts)
            ]
        return super()._from_given(given)


class UnknownMessageItem(MessageItem):
    """A message of a role this version does not know; ``item["role"]`` tells which."""

    if TYPE_CHECKING:
        role: Literal["*"]
    else:
        role: Str
        """The role."""

        @field_validator("role", mode="after")
        @classmethod
        def _not_a_known_role(cls, value: str) -> str | None:
            return refuse_known_kind(cls, "role", value)


class FunctionCallItem(ConversationRequestItem):
    """A function call of the model's, put into the conversation as history. Since api-version 2025-10-01."""

    type: Literal["function_call"] = "function_call"
    """Which kind of item this is."""

    name: Str
    """Name of the function."""

    call_id: Str
    """Id of the call, which the output refers to."""

    arguments: Str
    """Its arguments, a JSON object as text."""

    status: OpenEnum[ItemParamStatus | Str] | None = None
    """Whether the call is whole. Has no effect on the conversation."""


class FunctionCallOutputItem(ConversationRequestItem):
    """What a function returned. Ask for a response after it: the service does not answer by itself.

    Since api-version 2025-10-01.
    """

    type: Literal["function_call_output"] = "function_call_output"
    """Which kind of item this is."""

    call_id: Str
    """Id of the call it answers."""

    output: Str
    """What the function returned, as text for the model to read; JSON is usual."""

    status: OpenEnum[ItemParamStatus | Str] | None = None
    """Has no effect on the conversation."""


class MCPApprovalResponseRequestItem(ConversationRequestItem):
    """Lets an MCP tool be called, or not. Since api-version 2026-04-10."""

    type: Literal["mcp_approval_response"] = "mcp_approval_response"
    """Which kind of item this is."""

    approval_request_id: Str
    """Id of the `ResponseMCPApprovalRequestItem` it answers."""

    approve: Bool
    """Whether the tool may be called."""


class UnknownConversationRequestItem(Unknown, ConversationRequestItem):
    """An item to send, of a kind this version does not know; ``item["type"]`` tells which."""


_Message = Annotated[SystemMessageItem | UserMessageItem | AssistantMessageItem, Field(discriminator="role")]

ConversationRequestItemUnion = Annotated[
    Annotated[
        _Message | FunctionCallItem | FunctionCallOutputItem | MCPApprovalResponseRequestItem,
        Field(discriminator="type"),
    ]
    | UnknownMessageItem
    | UnknownConversationRequestItem,
    Field(union_mode="left_to_right"),
]
"""An item that is sent, told apart by ``type`` and, for messages, ``role``."""


# Items that are received


class ResponseItem(ConversationItemBase):
    """Base of the items that the service tells of. Since api-version 2025-10-01."""

    id: Str | None = None
    """Id of the item, such as ``"item_..."`` or ``"msg_..."``."""

    object: Literal["realtime.item"] | None = None
    """Always ``"realtime.item"``."""


class ResponseMessageItem(ResponseItem):
    """A message of the user, the model or the system. Since api-version 2025-10-01."""

    type: Literal["message"] = "message"
    """Which kind of item this is."""

    role: OpenEnum[MessageRole | Str]
    """Whose message it is."""

    content: list[ContentPartUnion]
    """What it says; empty while a response has just begun."""

    status: OpenEnum[ResponseItemStatus | Str]
    """How far it is. A new one of the model's is ``"in_progress"`` or, with cascaded models, ``"incomplete"``."""


class ResponseFunctionCallItem(ResponseItem):
    """The model wants a function called. Answer with a `FunctionCallOutputItem` once the arguments are complete.

    Since api-version 2025-10-01.
    """

    type: Literal["function_call"] = "function_call"
    """Which kind of item this is."""

    name: Str
    """Name of the function."""

    call_id: Str
    """Id of the call, for the output to refer to."""

    arguments: Str
    """Its arguments, a JSON object as text; empty while they are still being streamed."""

    status: OpenEnum[ResponseItemStatus | Str]
    """How far it is."""


class ResponseFunctionCallOutputItem(ResponseItem):
    """What a function returned. Since api-version 2025-10-01."""

    type: Literal["function_call_output"] = "function_call_output"
    """Which kind of item this is."""

    call_id: Str
    """Id of the call it answers."""

    output: Str
    """What the function returned."""


class ResponseMCPListToolItem(ResponseItem):
    """The tools of an MCP server. Since api-version 2026-04-10."""

    type: Literal["mcp_list_tools"] = "mcp_list_tools"
    """Which kind of item this is."""

    tools: list[MCPTool]
    """The tools; empty until ``mcp_list_tools.completed``."""

    server_label: Str
    """Name of the server, as the session gave it."""


class ResponseMCPCallItem(ResponseItem):
    """A call of an MCP tool, made by the service. Since api-version 2026-04-10."""

    type: Literal["mcp_call"] = "mcp_call"
    """Which kind of item this is."""

    approval_request_id: Str | None = None
    """Id of the approval request it waited for."""

    arguments: Str
    """Its arguments, a JSON object as text."""

    server_label: Str
    """Name of the server, as the session gave it."""

    name: Str
    """Name of the tool."""

    output: Str | None = None
    """What the tool returned, once it did."""

    error: JsonValue = None
    """Why the call failed, as the server put it."""


class ResponseMCPApprovalRequestItem(ResponseItem):
    """The service asks whether it may call an MCP tool. Since api-version 2026-04-10.

    Answer with a `MCPApprovalResponseRequestItem` that refers to the item's ``id``.
    """

    type: Literal["mcp_approval_request"] = "mcp_approval_request"
    """Which kind of item this is."""

    arguments: Str | None = None
    """The arguments it would call it with, a JSON object as text."""

    name: Str
    """Name of the tool."""

    server_label: Str
    """Name of the server, as the session gave it."""


class ResponseMCPApprovalResponseItem(ResponseItem):
    """Whether an MCP tool might be called. Since api-version 2026-04-10."""

    type: Literal["mcp_approval_response"] = "mcp_approval_response"
    """Which kind of item this is."""

    approval_request_id: Str
    """Id of the approval request it answers."""

    approve: Bool
    """Whether the tool may be called."""

    reason: Str | None = None
    """Why, if somebody said so."""


class ResponseWebSearchCallItem(ResponseItem):
    """A web search, made by the service. Since api-version 2026-04-10."""

    type: Literal["web_search_call"] = "web_search_call"
    """Which kind of item this is."""

    status: Literal["in_progress", "searching", "completed", "failed"] | Str
    """How far it is."""


class ResponseFileSearchCallItem(ResponseItem):
    """A search in files, made by the service. Since api-version 2026-04-10."""

    type: Literal["file_search_call"] = "file_search_call"
    """Which kind of item this is."""

    queries: list[Str] | None = None
    """What was searched for."""

    status: Literal["in_progress", "searching", "completed", "incomplete", "failed"] | Str
    """How far it is."""

    results: list[FileSearchResult] | None = None
    """What was found. Only sent if the session's ``include`` asks for it."""


class UnknownResponseItem(Unknown, ResponseItem):
    """An item of a kind this version does not know; ``item["type"]`` tells which."""


ResponseItemUnion = Annotated[
    Annotated[
        ResponseMessageItem
        | ResponseFunctionCallItem
        | ResponseFunctionCallOutputItem
        | ResponseMCPListToolItem
        | ResponseMCPCallItem
        | ResponseMCPApprovalRequestItem
        | ResponseMCPApprovalResponseItem
        | ResponseWebSearchCallItem
        | ResponseFileSearchCallItem,
        Field(discriminator="type"),
    ]
    | UnknownResponseItem,
    Field(union_mode="left_to_right"),
]
"""An item that the service tells of, told apart by ``type``."""
