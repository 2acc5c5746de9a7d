"""A small client for MCP servers over streamable HTTP (revision 2025-06-18): lists their tools and calls them.

Every request is a POST of JSON-RPC; servers answer with JSON or with a stream of events that holds the answer.
"""

from __future__ import annotations

import ipaddress
import itertools
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast
from urllib.parse import urlsplit

import httpx

from voicelive._version import __version__

__all__ = ("McpError", "McpServer", "is_loopback")

Json = dict[str, Any]

_REVISION = "2025-06-18"
_SECONDS = 30.0
_MAX_PAGES = 100


class McpError(Exception):
    """A server that cannot be reached, does not speak MCP, or whose tool failed.

    Args:
        kind: ``http_error``, ``protocol_error`` or ``tool_execution_error``, as ``mcp_call`` items have it.
        message: What happened.
        code: HTTP status or JSON-RPC error code, if there is one.
    """

    def __init__(self, kind: str, message: str, code: int | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.code = code

    @property
    def wire(self) -> Json:
        """The ``error`` of an ``mcp_call`` item."""
        return {"type": self.kind, "message": self.message, **({} if self.code is None else {"code": self.code})}


def is_loopback(url: str) -> bool:
    """Tell whether a URL leads to this machine."""
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class McpServer:
    """One server. All methods block.

    Args:
        url: Where it listens, such as ``http://127.0.0.1:8000/mcp``.
        headers: Sent with every request.
        authorization: Sent as the header of that name; a bare token is sent as ``Bearer``.
    """

    def __init__(self, url: str, headers: Mapping[str, str] | None = None, authorization: str | None = None) -> None:
        self._url = url
        self._headers = {**(headers or {}), "Accept": "application/json, text/event-stream"}
        if authorization is not None:
            self._headers["Authorization"] = authorization if " " in authorization else f"Bearer {authorization}"
        self._ids = itertools.count(1)

    def connect(self) -> None:
        """Begin a session with the server.

        Raises:
            McpError: It cannot be reached, or does not speak MCP.
        """
        client = {"name": "voicelive-emulator", "version": __version__}
        params = {"protocolVersion": _REVISION, "capabilities": {}, "clientInfo": client}
        result = self._request("initialize", params)
        self._headers["MCP-Protocol-Version"] = str(result.get("protocolVersion", _REVISION))
        self._post({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def tools(self) -> list[Json]:
        """Return the tools, each with ``name``, ``description``, ``input_schema`` and ``annotations``.

        Raises:
            McpError: They cannot be listed.
        """
        found: list[Json] = []
        cursor: object = None
        for _ in range(_MAX_PAGES):
            page = self._request("tools/list", {"cursor": cursor} if cursor else {})
            found += (_tool(tool) for tool in _objects(page.get("tools")))
            cursor = page.get("nextCursor")
            if not cursor:
                break
        return found

    def call(self, name: str, arguments: str) -> str:
        """Call a tool and return what it says.

        Args:
            name: The tool's.
            arguments: A JSON object.

        Raises:
            McpError: The call failed.
        """
        try:
            given: Any = json.loads(arguments or "{}")
        except ValueError:
            raise McpError("protocol_error", "The arguments are no JSON.") from None
        result = self._request("tools/call", {"name": name, "arguments": given})
        said = "\n".join(_said(part) for part in _objects(result.get("content")))
        if not said and result.get("structuredContent") is not None:
            said = json.dumps(result["structuredContent"])
        if result.get("isError"):
            raise McpError("tool_execution_error", said or "The tool failed.")
        return said

    # JSON-RPC over HTTP

    def _request(self, method: str, params: Json) -> Json:
        number = next(self._ids)
        response = self._post({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        if (session := response.headers.get("Mcp-Session-Id")) is not None:
            self._headers["Mcp-Session-Id"] = session
        answer = next((message for message in _messages(response) if message.get("id") == number), None)
        if answer is None:
            raise McpError("protocol_error", f"The server did not answer {method}.")
        if (error := answer.get("error")) is not None:
            details = cast(Json, error) if isinstance(error, dict) else {}
            code = details.get("code")
            message = str(details.get("message", "unknown error"))
            raise McpError("protocol_error", message, code if isinstance(code, int) else None)
        result = answer.get("result")
        return cast(Json, result) if isinstance(result, dict) else {}

    def _post(self, message: Json) -> httpx.Response:
        # A connection each: nothing is left open when the session ends.
        secure = self._url.startswith("https:")
        try:
            with httpx.Client(timeout=_SECONDS, trust_env=secure, verify=secure) as client:
                response = client.post(self._url, json=message, headers=self._headers)
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            raise McpError("http_error", f"The server cannot be reached: {type(error).__name__}.") from None
        if not response.is_success:
            raise McpError(
                "http_error", f"The server answered with status {response.status_code}.", response.status_code
            )
        return response


def _messages(response: httpx.Response) -> Iterable[Json]:
    if response.headers.get("Content-Type", "").startswith("text/event-stream"):
        events = response.text.replace("\r\n", "\n").split("\n\n")
        texts: Sequence[str] = ["\n".join(_data(event)) for event in events]
    else:
        texts = [response.text]
    return [message for text in texts if text for message in _parsed(text)]


def _data(event: str) -> Iterable[str]:
    return (line[5:].removeprefix(" ") for line in event.split("\n") if line.startswith("data:"))


def _parsed(text: str) -> list[Json]:
    try:
        value: Any = json.loads(text)
    except (ValueError, RecursionError):
        raise McpError("protocol_error", "The server's answer is no JSON.") from None
    return _objects(value if isinstance(value, list) else [value])


def _objects(value: Any) -> list[Json]:
    items = cast("list[object]", value) if isinstance(value, list) else []
    return [cast(Json, item) for item in items if isinstance(item, dict)]


def _tool(tool: Json) -> Json:
    named = {"name": str(tool.get("name", "")), "description": tool.get("description")}
    return {**named, "input_schema": tool.get("inputSchema") or {}, "annotations": tool.get("annotations")}


def _said(part: Json) -> str:
    return str(part["text"]) if part.get("type") == "text" and "text" in part else json.dumps(part)
