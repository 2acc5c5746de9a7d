"""Tools of MCP servers in a session: found when the servers are named, called by responses, approved by the client."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from voicelive.emulator.context import Context, new_id
from voicelive.emulator.conversation import Conversation, Item
from voicelive.emulator.mcp import McpError, McpServer, is_loopback
from voicelive.emulator.refusal import refuse
from voicelive.emulator.steps import Join, Steps, Task, Work

__all__ = ("McpCall", "McpTools")

Json = dict[str, Any]

_DENIED = McpError("approval_denied", "The call was not approved.")
_OFFLINE = "The server is on another machine, and this emulator asks none unless it is told to."


@dataclass(slots=True)
class _Known:
    """A server that the session names."""

    described: Mapping[str, Any]
    server: McpServer
    task: Task | None = None
    tools: list[Json] = field(default_factory=list[Json])


@dataclass(slots=True)
class McpCall:
    """A call of a tool by a response."""

    item: Item
    response_id: str
    output_index: int


class McpTools:
    """The tools that a session's MCP servers offer.

    Args:
        context: The session's surroundings.
        conversation: Where items go.
    """

    def __init__(self, context: Context, conversation: Conversation) -> None:
        self._context = context
        self._conversation = conversation
        self._known: dict[str, _Known] = {}
        self._waiting: dict[str, McpCall] = {}

    # Finding tools

    def prepare(self, tools: Sequence[Json]) -> None:
        """Ask the servers among these tools what they offer, unless they were asked before."""
        for tool in tools:
            if tool["type"] != "mcp":
                continue
            known = self._known.get(tool["server_label"])
            if known is not None and known.described == tool:
                continue
            server = McpServer(tool["server_url"], tool.get("headers"), tool.get("authorization"))
            known = self._known[tool["server_label"]] = _Known(tool, server)
            known.task = self._context.spawn(self._list(known))

    def wait(self) -> Steps:
        """Go on when all servers have been asked."""
        for known in list(self._known.values()):
            if known.task is not None:
                yield Join(known.task)

    def _list(self, known: _Known) -> Steps:
        head = {"id": new_id("mcpl"), "object": "realtime.item", "type": "mcp_list_tools"}
        # The live tests of Microsoft's SDK for .NET have the item first, and no tools in it. Retrieving it shows them.
        item = Item({**head, "server_label": known.described["server_label"], "tools": []})
        self._conversation.add(item)
        self._conversation.announce(item)
        self._context.emit("mcp_list_tools.in_progress", item_id=item.id)
        try:
            if not self._context.remote_mcp and not is_loopback(known.described["server_url"]):
                raise McpError("http_error", _OFFLINE)
            yield Work(known.server.connect)
            offered: list[Json] = yield Work(known.server.tools)
        except McpError as error:
            self._context.emit("mcp_list_tools.failed", item_id=item.id)
            label = known.described["server_label"]
            message = f"The tools of the MCP server '{label}' could not be listed. {error.message}"
            warning = {"message": message, "code": "mcp_list_tools_failed", "param": "session.tools"}
            self._context.emit("warning", warning=warning)
            return
        allowed = known.described.get("allowed_tools")
        known.tools = [tool for tool in offered if allowed is None or tool["name"] in allowed]
        item.wire = {**item.wire, "tools": known.tools}
        self._context.emit("mcp_list_tools.completed", item_id=item.id)

    def functions(self, tools: Sequence[Json]) -> list[Json]:
        """Return tools as responders see them: what MCP servers offer looks like functions."""
        found: list[Json] = []
        for tool in tools:
            if tool["type"] == "function":
                found.append(tool)
            elif (known := self._known.get(tool["server_label"])) is not None:
                found += (_function(known, offered) for offered in known.tools)
        return found

    def choice(self, tools: Sequence[Json], chosen: Json | str | None) -> tuple[list[Json], Json | str]:
        """Return tools and the choice among them as responders see them: a choice of a server is one of its tools."""
        functions = self.functions(tools)
        if not isinstance(chosen, dict) or chosen.get("type") != "mcp":
            return functions, chosen or "auto"
        offered = [function for function in functions if function.get("server_label") == chosen.get("server_label")]
        name = chosen.get("name")
        return offered, "required" if name is None else {"type": "function", "name": name}

    # Calling them

    def needs_approval(self, function: Mapping[str, Any]) -> bool:
        """Tell whether the client is asked before this tool is called, which is so unless it said never."""
        approval = self._known[function["server_label"]].described.get("require_approval") or "always"
        if isinstance(approval, str):
            return approval == "always"
        return function["name"] not in (approval.get("never") or ())

    def ask(self, request_id: str, call: McpCall) -> None:
        """Wait with a call for the client's decision about a request."""
        self._waiting[request_id] = call

    def decide(self, decision: Item) -> Callable[[], None]:
        """Return what follows from the client's decision, or refuse: it decides nothing that is open."""
        request_id = str(decision.wire["approval_request_id"])
        call = self._waiting.pop(request_id, None)
        if call is None:
            raise refuse("invalid_approval_request_id", request_id=request_id)
        call.item.wire["approval_request_id"] = request_id
        return (lambda: self.start(call)) if decision.wire["approve"] else (lambda: self._fail(call, _DENIED))

    def start(self, call: McpCall) -> None:
        """Call the tool."""
        self._context.spawn(self._run(call))

    def _run(self, call: McpCall) -> Steps:
        wire = call.item.wire
        server = self._known[wire["server_label"]].server
        self._emit("in_progress", call)
        try:
            output = yield Work(lambda: server.call(wire["name"], wire["arguments"]))
        except McpError as error:
            self._fail(call, error)
            return
        call.item.wire = {**wire, "output": output}
        self._emit("completed", call)
        self._end(call, output)

    def _fail(self, call: McpCall, error: McpError) -> None:
        call.item.wire = {**call.item.wire, "error": error.wire}
        self._emit("failed", call)
        self._end(call, error.message)

    def _emit(self, state: str, call: McpCall) -> None:
        where = {"item_id": call.item.id, "output_index": call.output_index}
        self._context.emit(f"response.mcp_call.{state}", **where)

    def _end(self, call: McpCall, output: str) -> None:
        if self._conversation.find(call.item.id) is call.item:
            self._conversation.add_output(call.item, output)
        where = {"response_id": call.response_id, "output_index": call.output_index}
        self._context.emit("response.output_item.done", **where, item=dict(call.item.wire))


def _function(known: _Known, tool: Json) -> Json:
    described = {"type": "function", "name": tool["name"], "description": tool["description"] or ""}
    return {**described, "parameters": tool["input_schema"], "server_label": known.described["server_label"]}
