"""What the model may call, and whether it must."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from operator import attrgetter
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self, cast

from pydantic import Field

from voicelive.models._base import JsonValue, Model, OpenEnum, Rule, Secret, Str, Unknown
from voicelive.models.enums import MCPApprovalType, ToolChoiceLiteral

__all__ = (
    "FunctionTool",
    "MCPServer",
    "MCPTool",
    "Tool",
    "ToolChoice",
    "ToolChoiceFunctionSelection",
    "ToolChoiceSelection",
    "ToolUnion",
    "UnknownTool",
    "UnknownToolChoiceSelection",
)


class Tool(Model):
    """Base of all kinds of tools."""


class FunctionTool(Tool):
    """A function that the client runs when the model calls it. Since api-version 2025-10-01."""

    type: Literal["function"] = "function"
    """Which kind of tool this is."""

    name: Str
    """The name the model calls it by."""

    description: Str | None = None
    """What it does and when to call it, for the model to read."""

    parameters: JsonValue = None
    """Its arguments, as a JSON Schema of an object."""


class _Approval(Rule):
    def refusal(self, value: Any) -> str | None:
        if not isinstance(value, dict):
            return None
        lists = cast("dict[str, list[str]]", value)
        if not lists or lists.keys() - {"never", "always"}:
            return "must be 'never', 'always' or lists of tools: {'never': [...], 'always': [...]}"
        both = {*lists.get("never", ())} & {*lists.get("always", ())}
        return f"must not have {min(both)!r} under both 'never' and 'always'" if both else None


class MCPServer(Tool):
    """An MCP server, whose tools the service lists and calls by itself. Since api-version 2026-04-10.

    The older form ``MCPServer(type="url", url=..., name=..., tool_configuration={"allowed_tools": [...]})`` is still
    taken, and goes out in the current one.
    """

    _also_accepts: ClassVar[Mapping[str, str]] = {
        "url": "server_url",
        "name": "server_label",
        "tool_configuration": "tool_configuration",
    }

    type: Literal["mcp"] = "mcp"
    """Which kind of tool this is."""

    server_label: Str
    """A name for the server, under which its calls are reported."""

    server_url: Str
    """Where it is."""

    authorization: Secret[str] | None = None
    """An access token for it. Not shown in a ``repr``."""

    headers: Secret[dict[Str, Str]] | None = None
    """HTTP headers to send to it. Not shown in a ``repr``."""

    allowed_tools: list[Str] | None = None
    """Which of its tools the model may use. The service's default: all."""

    require_approval: Annotated[OpenEnum[MCPApprovalType | Str | dict[Str, list[Str]]] | None, _Approval()] = None
    """Which calls wait for the client's consent: ``"never"``, ``"always"``, or tools by name under these two.

    ``{"never": ["search"], "always": ["delete"]}`` asks before ``delete`` only. Consent is given with an
    `MCPApprovalResponseRequestItem`.
    """

    if not TYPE_CHECKING:
        url = property(attrgetter("server_url"))
        name = property(attrgetter("server_label"))

    @classmethod
    def _fits(cls, given: Mapping[str, Any]) -> bool:
        return given.get("type") in ("mcp", "url")

    @classmethod
    def _from_given(cls, given: dict[str, Any]) -> dict[str, Any]:
        given = super()._from_given(given)
        if given.get("type") == "url":
            given["type"] = "mcp"
        if "tool_configuration" in given:
            configuration: object = given.pop("tool_configuration")
            if not isinstance(configuration, Mapping) or configuration.keys() - {"allowed_tools"}:
                raise TypeError(
                    "MCPServer: tool_configuration holds allowed_tools and nothing else; write allowed_tools="
                )
            given.update(cast("Mapping[str, Any]", configuration))
        return given


class UnknownTool(Unknown, Tool):
    """A tool of a kind this version does not know; all its keys are kept."""


ToolUnion = Annotated[
    Annotated[FunctionTool | MCPServer, Field(discriminator="type")] | UnknownTool,
    Field(union_mode="left_to_right"),
]
"""A tool of any kind; ``type`` tells which."""


class MCPTool(Model):
    """A tool of an MCP server, as the service lists it. Since api-version 2026-04-10.

    It is not what a session is given: that is the whole server, as an `MCPServer`.
    """

    name: Str
    """Its name."""

    description: Str | None = None
    """What it does."""

    input_schema: JsonValue
    """Its arguments, as a JSON Schema."""

    annotations: JsonValue = None
    """What the server says about it beyond that."""

    @classmethod
    def _refuse_unknown(cls, given: Iterable[str]) -> None:
        given = tuple(given)
        if "server_label" in given or "require_approval" in given:
            raise TypeError(
                "MCPTool is what a server's tool listing holds; a session takes the server: "
                "write MCPServer(server_label=..., server_url=...)"
            )
        super()._refuse_unknown(given)


class ToolChoiceSelection(Model, init=False):
    """Base of the choices of one tool. ``ToolChoiceSelection(name=...)`` makes a `ToolChoiceFunctionSelection`."""

    if TYPE_CHECKING:

        def __new__(cls, *, name: str, type: Literal["function"] = "function") -> ToolChoiceFunctionSelection:  # noqa: A002
            """Choose a function."""
            ...
    else:

        def __new__(cls, *_, **__):
            """Choose a function."""
            return super().__new__(ToolChoiceFunctionSelection if cls is ToolChoiceSelection else cls)


class ToolChoiceFunctionSelection(ToolChoiceSelection):
    """Makes the model call one function. Since api-version 2025-10-01."""

    if TYPE_CHECKING:

        def __new__(cls, *args: Any, **fields: Any) -> Self:
            """Make this one."""
            ...

    type: Literal["function"] = "function"
    """Which kind of tool is chosen."""

    name: Str
    """The function's name."""

    @classmethod
    def _from_given(cls, given: dict[str, Any]) -> dict[str, Any]:
        given = super()._from_given(given)
        # As chat completions have it.
        if isinstance(given.get("function"), Mapping) and "name" not in given:
            given.update(given.pop("function"))
        return given


class UnknownToolChoiceSelection(Unknown, ToolChoiceSelection):
    """A choice of a tool of a kind this version does not know (``mcp``, for one); all its keys are kept."""

    if TYPE_CHECKING:

        def __new__(cls, *args: Any, **fields: Any) -> Self:
            """Make this one."""
            ...


ToolChoice = Annotated[
    ToolChoiceLiteral | Str | ToolChoiceFunctionSelection | UnknownToolChoiceSelection,
    Field(union_mode="left_to_right"),
]
"""How the model uses tools: ``"auto"``, ``"none"``, ``"required"``, or one chosen tool."""
