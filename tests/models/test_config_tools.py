"""Tools, MCP servers and the choice of a tool."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from voicelive.models.enums import MCPApprovalType, ToolChoiceLiteral
from voicelive.models.session import RequestSession, ResponseSession
from voicelive.models.tools import (
    FunctionTool,
    MCPServer,
    MCPTool,
    ToolChoiceFunctionSelection,
    ToolChoiceSelection,
    UnknownTool,
    UnknownToolChoiceSelection,
)

SCHEMA: dict[str, Any] = {"type": "object", "properties": {"city": {"type": ["string", "null"]}}, "required": []}


def server(**fields: Any) -> MCPServer:
    return MCPServer(server_label="docs", server_url="https://example.com/mcp", **fields)


def test_a_function() -> None:
    tool = FunctionTool(name="weather", description=None, parameters=SCHEMA)
    wire = {"type": "function", "name": "weather", "description": None, "parameters": SCHEMA}
    assert RequestSession(tools=[tool]).as_dict() == {"tools": [wire]}
    assert RequestSession(tools=[wire]).tools == [tool]
    with pytest.raises(ValidationError, match="name\n  Field required"):
        RequestSession(tools=[{"type": "function"}])


def test_unknown_kinds_are_kept() -> None:
    wire = {"tools": [{"type": "web_search", "depth": 3}], "tool_choice": {"type": "mcp", "server_label": "docs"}}
    for session in (ResponseSession.model_validate(wire), RequestSession(wire)):
        assert session.tools is not None
        assert isinstance(session.tools[0], UnknownTool)
        assert isinstance(session.tool_choice, UnknownToolChoiceSelection)
        assert session.as_dict() == wire


def test_no_tools_are_sent_as_an_empty_list() -> None:
    assert RequestSession(tools=[]).as_dict() == {"tools": []}


@pytest.mark.parametrize(
    "approval", ["never", "always", "ask", None, {"never": ["search"]}, {"never": [], "always": ["delete"]}]
)
def test_approval(approval: Any) -> None:
    made = server(require_approval=approval)
    assert made.as_dict()["require_approval"] == approval
    assert MCPServer.model_validate(made.as_dict()) == made
    if approval == "never":
        assert made.require_approval is MCPApprovalType.NEVER


@pytest.mark.parametrize(
    ("approval", "text"),
    [
        ({}, "must be 'never', 'always' or lists of tools"),
        ({"sometimes": ["search"]}, "must be 'never', 'always' or lists of tools"),
        ({"never": ["search"], "always": ["search"]}, "must not have 'search' under both"),
        ({"never": "search"}, "valid list"),
        ({"never": [5]}, "valid string"),
        (True, "valid string"),
    ],
)
def test_impossible_approvals_are_refused(approval: Any, text: str) -> None:
    with pytest.raises(ValidationError, match="require_approval") as caught:
        server(require_approval=approval)
    assert text in str(caught.value)


def test_the_older_form_of_a_server_goes_out_as_the_current_one() -> None:
    older = {"type": "url", "url": "https://x", "name": "docs", "tool_configuration": {"allowed_tools": ["a"]}}
    current = {"type": "mcp", "server_url": "https://x", "server_label": "docs", "allowed_tools": ["a"]}
    made = MCPServer(**older)  # type: ignore[arg-type]
    assert made.as_dict() == current
    assert (made.url, made.name) == ("https://x", "docs")  # type: ignore[attr-defined]
    assert RequestSession(tools=[older]).as_dict() == {"tools": [current]}
    with pytest.raises(TypeError, match="allowed_tools and nothing else"):
        MCPServer(url="https://x", name="docs", tool_configuration={"enabled": True})  # type: ignore[call-arg]


def test_secrets_are_sent_and_not_shown() -> None:
    made = server(authorization="hunter2", headers={"x-key": "hunter2"})
    assert made.as_dict()["authorization"] == "hunter2"
    assert made.as_dict()["headers"] == {"x-key": "hunter2"}
    assert "hunter2" not in repr(made) + repr(RequestSession(tools=[made])) + str(made)
    with pytest.raises(ValidationError) as caught:
        server(authorization=["hunter2"], headers={"x": ["hunter2"]})
    assert "hunter2" not in str(caught.value)


def test_a_listed_tool_is_not_a_server() -> None:
    wire = {"name": "search", "input_schema": SCHEMA, "annotations": None, "new": 1}
    assert MCPTool.model_validate(wire).as_dict() == wire
    with pytest.raises(TypeError, match=r"write MCPServer\(server_label=\.\.\., server_url=\.\.\.\)"):
        MCPTool(server_label="docs")  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="did you mean 'input_schema'"):
        MCPTool(name="search", inputschema={})  # type: ignore[call-arg]


@pytest.mark.parametrize("choice", ["auto", "none", "required", "later"])
def test_a_choice_by_word(choice: str) -> None:
    assert RequestSession(tool_choice=choice).as_dict() == {"tool_choice": choice}
    assert RequestSession(tool_choice="auto").tool_choice is ToolChoiceLiteral.AUTO


def test_a_choice_of_one_function() -> None:
    choice = ToolChoiceSelection(name="weather")
    wire = {"type": "function", "name": "weather"}
    assert type(choice) is ToolChoiceFunctionSelection
    assert choice == ToolChoiceFunctionSelection(name="weather") == wire
    assert RequestSession(tool_choice=choice).as_dict() == {"tool_choice": wire}
    nested = RequestSession({"tool_choice": {"type": "function", "function": {"name": "weather"}}})
    assert nested.as_dict() == {"tool_choice": wire}
    assert type(ResponseSession.model_validate({"tool_choice": wire}).tool_choice) is ToolChoiceFunctionSelection
    with pytest.raises(ValidationError, match="name\n  Field required"):
        ToolChoiceSelection()  # type: ignore[call-arg]
