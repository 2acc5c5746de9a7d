"""A real MCP server over streamable HTTP on this machine, made with the package of the protocol's authors."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from mcp.server.mcpserver import MCPServer


@contextmanager
def serving(*, json_response: bool = False) -> Iterator[str]:
    """Yield the URL of a server with three tools."""
    server = MCPServer("weather")
    logging.getLogger("mcp").setLevel(logging.CRITICAL)

    @server.tool()
    def get_forecast(city: str, days: int = 1) -> str:
        """Forecast of the weather in a city."""
        return f"Sunny in {city}, {days} days long."

    @server.tool()
    def get_tide(harbour: str) -> str:
        """When the tide is high in a harbour."""
        raise ValueError("no tide tables")

    @server.tool()
    def delete_everything() -> str:
        """Not to be allowed."""
        return "gone"

    app = server.streamable_http_app(json_response=json_response)
    listener = socket.create_server(("127.0.0.1", 0))
    running = uvicorn.Server(uvicorn.Config(app, log_level="critical", ws="none"))
    started = threading.Event()
    startup = running.startup

    async def start(sockets: list[socket.socket] | None = None) -> None:
        await startup(sockets)
        started.set()

    running.startup = start
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        assert started.wait(20)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/mcp"
    finally:
        running.should_exit = True
        thread.join(20)
        listener.close()
