"""Tools of MCP servers: listed, called and approved, with a real server and with broken ones."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from voicelive.emulator import FunctionCall, Reply
from voicelive.emulator.mcp import McpError, McpServer, is_loopback

from .mcp_server import serving

FORECAST = FunctionCall("get_forecast", {"city": "Oslo", "days": 2})
SAID = "Sunny in Oslo, 2 days long."


@pytest.fixture(scope="module", params=[False, True], ids=["stream", "json"])
def url(request):
    with serving(json_response=request.param) as url:
        yield url


@pytest.fixture
def weather(serve, dial, url):
    """A session with the server's tools, what it lists, and what its responder is asked."""

    def weather(*answers, **fields):
        views, left = [], list(answers)

        def respond(view):
            views.append(view)
            return left.pop(0) if left else "Done."

        client = dial(serve(responder=respond))
        server = {"type": "mcp", "server_label": "weather", "server_url": url, **fields}
        session = client.update(tools=[server])
        return client, client.until("mcp_list_tools.completed"), views, session

    return weather


def test_tools_are_listed_when_the_server_is_named(weather, tools):
    client, events, _, _ = weather(allowed_tools=["get_forecast", "get_tide"])
    assert tools.types(events) == [
        "conversation.item.created",
        "mcp_list_tools.in_progress",
        "mcp_list_tools.completed",
    ]
    item = events[0]["item"]
    assert events[1]["item_id"] == events[2]["item_id"] == item["id"]
    assert (item["type"], item["server_label"], item["tools"]) == ("mcp_list_tools", "weather", [])
    client.send("conversation.item.retrieve", item_id=item["id"])
    item = client.expect("conversation.item.retrieved")["item"]
    assert [tool["name"] for tool in item["tools"]] == ["get_forecast", "get_tide"]
    assert item["tools"][0]["description"] == "Forecast of the weather in a city."
    assert item["tools"][0]["input_schema"]["required"] == ["city"]
    client.update(instructions="The tools are not listed again.")
    assert client.update()


def test_secrets_are_not_echoed(weather):
    _, _, _, session = weather(authorization="secret-token", headers={"X-Key": "secret-key"})
    assert "secret" not in json.dumps(session)


def test_responders_see_functions(weather):
    client, _, views, _ = weather(allowed_tools=["get_forecast"])
    client.respond()
    (tool,) = views[0].tools
    assert (tool["type"], tool["name"], tool["server_label"]) == ("function", "get_forecast", "weather")
    assert tool["parameters"]["required"] == ["city"]


def test_a_call_that_needs_no_approval_is_made_after_the_response(weather, tools):
    client, _, views, _ = weather(FORECAST, require_approval="never")
    client.write("Oslo?")
    events = client.respond()
    kinds = tools.types(events)
    assert [kind for i, kind in enumerate(kinds) if kind not in kinds[:i]] == [
        "response.created",
        "response.output_item.added",
        "conversation.item.created",
        "response.mcp_call_arguments.delta",
        "response.mcp_call_arguments.done",
        "response.done",
    ]
    added, done = events[1]["item"], events[-2]
    assert (added["type"], added["name"], added["arguments"]) == ("mcp_call", "get_forecast", "")
    deltas = "".join(event["delta"] for event in events if event["type"].endswith("arguments.delta"))
    assert deltas == done["arguments"] == '{"city":"Oslo","days":2}'
    after = client.until("response.output_item.done")
    assert tools.types(after) == [
        "response.mcp_call.in_progress",
        "response.mcp_call.completed",
        "response.output_item.done",
    ]
    item = after[-1]["item"]
    assert {event["item_id"] for event in after[:2]} == {item["id"]} == {added["id"]}
    assert (item["output"], item["error"]) == (SAID, None)
    client.send("conversation.item.retrieve", item_id=item["id"])
    assert client.expect("conversation.item.retrieved")["item"] == item
    client.respond()
    call, output = views[-1].items[-2:]
    assert (call["type"], call["name"], call["call_id"]) == ("function_call", "get_forecast", item["id"])
    assert output == {"type": "function_call_output", "call_id": item["id"], "output": SAID}


@pytest.mark.parametrize("approval", [None, "always", {"always": ["get_forecast"]}, {"never": ["get_tide"]}])
@pytest.mark.parametrize("approve", [True, False])
def test_the_client_approves_a_call_or_not(weather, tools, approval, approve):
    client, _, views, _ = weather(FORECAST, **({} if approval is None else {"require_approval": approval}))
    client.write("Oslo?")
    done = client.respond()[-1]["response"]
    call, request = done["output"]
    assert (request["type"], request["server_label"], request["name"]) == (
        "mcp_approval_request",
        "weather",
        "get_forecast",
    )
    assert json.loads(request["arguments"]) == {"city": "Oslo", "days": 2}
    answer = {"type": "mcp_approval_response", "approval_request_id": request["id"], "approve": approve}
    client.send("conversation.item.create", item=answer)
    assert client.expect("conversation.item.created")["item"]["approve"] is approve
    after = client.until("response.output_item.done")
    item = after[-1]["item"]
    assert (item["id"], item["approval_request_id"]) == (call["id"], request["id"])
    if approve:
        assert tools.types(after)[:2] == ["response.mcp_call.in_progress", "response.mcp_call.completed"]
        assert item["output"] == SAID
    else:
        assert tools.types(after)[0] == "response.mcp_call.failed"
        assert item["error"]["type"] == "approval_denied"
    client.send("conversation.item.create", item=answer, event_id="again")
    error = client.error()
    assert (error["param"], error["event_id"]) == ("item.approval_request_id", "again")
    client.write("And?")
    client.respond()
    kinds = [item["type"] for item in views[-1].items]
    assert kinds == ["message", "function_call", "function_call_output", "message"]


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (FunctionCall("get_tide", {"harbour": "Oslo"}), "tool_execution_error"),
        (FunctionCall("get_tide", "no json"), "protocol_error"),
        (FunctionCall("get_forecast", {"days": "many"}), "tool_execution_error"),
    ],
)
def test_calls_that_fail_say_why(weather, tools, call, error):
    client, _, _, _ = weather(call, require_approval="never")
    client.respond()
    after = client.until("response.output_item.done")
    assert tools.types(after)[:2] == ["response.mcp_call.in_progress", "response.mcp_call.failed"]
    assert after[-1]["item"]["error"]["type"] == error
    assert after[-1]["item"]["output"] is None


def test_functions_and_tools_may_be_called_together(weather):
    calls = [FORECAST, FunctionCall("mine", {}), FORECAST]
    client, _, _, _ = weather(Reply("Let me see.", calls=calls), require_approval="never")
    output = client.respond()[-1]["response"]["output"]
    assert [item["type"] for item in output] == ["message", "mcp_call", "function_call", "mcp_call"]
    done = [client.until("response.output_item.done")[-1] for _ in range(2)]
    assert {event["output_index"] for event in done} == {1, 3}


def test_a_response_may_bring_its_own_server(serve, dial, url):
    client = dial(serve(responder=lambda view: FORECAST))
    server = {"type": "mcp", "server_label": "mine", "server_url": url, "require_approval": "never"}
    events = client.respond(response={"tools": [server]})
    assert events[-1]["response"]["output"][0]["server_label"] == "mine"


@pytest.mark.parametrize(
    ("choice", "seen"),
    [
        ({"type": "mcp", "server_label": "weather"}, "required"),
        ({"type": "mcp", "server_label": "weather", "name": "get_tide"}, {"type": "function", "name": "get_tide"}),
    ],
)
def test_a_server_may_be_chosen(weather, choice, seen):
    client, _, views, session = weather(allowed_tools=["get_tide"])
    mine = {"type": "function", "name": "mine"}
    client.update(tools=[mine, *session["tools"]], tool_choice=choice)
    client.respond()
    assert [tool["name"] for tool in views[0].tools] == ["get_tide"]
    assert views[0].tool_choice == seen


# Servers that are none


class Odd(BaseHTTPRequestHandler):
    """Answers with what the path says."""

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        answers = {
            "/status": (503, "text/plain", ""),
            "/text": (200, "application/json", "hello"),
            "/error": (200, "application/json", json.dumps({"id": 1, "error": {"code": -32601, "message": "no"}})),
            "/other": (200, "text/event-stream", 'data: {"id": 99, "result": {}}\n\n'),
            "/list": (200, "application/json", "[1, 2]"),
        }
        status, kind, body = answers[self.path]
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def odd():
    with ThreadingHTTPServer(("127.0.0.1", 0), Odd) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("path", "kind", "code"),
    [
        ("/status", "http_error", 503),
        ("/text", "protocol_error", None),
        ("/error", "protocol_error", -32601),
        ("/other", "protocol_error", None),
        ("/list", "protocol_error", None),
    ],
)
def test_servers_that_do_not_speak_mcp(odd, path, kind, code):
    with pytest.raises(McpError) as caught:
        McpServer(odd + path).connect()
    assert (caught.value.kind, caught.value.code) == (kind, code)


@pytest.mark.parametrize("path", ["/status", None])
def test_a_server_that_cannot_be_asked_is_told_in_a_warning(client, odd, path):
    url = "http://127.0.0.1:9/mcp" if path is None else odd + path
    client.update(tools=[{"type": "mcp", "server_label": "broken", "server_url": url, "authorization": "secret"}])
    client.expect("conversation.item.created")
    client.expect("mcp_list_tools.in_progress")
    client.expect("mcp_list_tools.failed")
    warning = client.expect("warning")["warning"]
    assert warning["code"] == "mcp_list_tools_failed"
    assert "broken" in warning["message"]
    assert "secret" not in warning["message"]
    assert client.respond()[-1]["response"]["status"] == "completed"


def test_servers_on_other_machines_are_not_asked(client):
    client.update(tools=[{"type": "mcp", "server_label": "far", "server_url": "https://mcp.example.test/mcp"}])
    client.until("mcp_list_tools.failed")
    assert "another machine" in client.expect("warning")["warning"]["message"]


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("http://127.0.0.1:80/mcp", True),
        ("http://localhost/mcp", True),
        ("http://[::1]:5/", True),
        ("http://127.9.9.9/", True),
        ("http://example.test/", False),
        ("http://localhost.example.test/", False),
        ("http://10.0.0.1/", False),
        ("nonsense", False),
        ("http://[", False),
    ],
)
def test_what_is_on_this_machine(url, here):
    assert is_loopback(url) is here


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"server_url": None}, "session.tools[0].server_url"),
        ({"require_approval": "sometimes"}, "session.tools[0].require_approval"),
        ({"require_approval": {"sometimes": []}}, "session.tools[0].require_approval"),
    ],
)
def test_servers_that_are_described_badly_are_refused(client, fields, param):
    server = {"type": "mcp", "server_label": "s", "server_url": "http://127.0.0.1/", **fields}
    client.send("session.update", session={"tools": [server]})
    assert client.error()["param"].startswith(param)
