"""Answers from a model behind a chat endpoint: a small local server stands for it, well-behaved and otherwise."""

from __future__ import annotations

import json
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicelive.emulator import ChatResponder, ConversationView, FunctionCall, Reply
from voicelive.emulator.chat_protocol import ChatProtocolError, ChatReader, request_body

DONE = "data: [DONE]\n\n"
KEY = "sk-very-secret"
WEATHER = {
    "type": "function",
    "name": "get_weather",
    "description": "The weather",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
}


class ChatServer(ThreadingHTTPServer):
    """Answers each request by calling the next of its handlers, the last one for ever."""

    daemon_threads = True

    def __init__(self, *handlers: Callable[[ChatHandler], None]) -> None:
        super().__init__(("127.0.0.1", 0), ChatHandler)
        self.handlers = list(handlers)
        self.requests: list[dict[str, Any]] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}/v1"
        self.gone = threading.Event()

    def handle_error(self, request: Any, client_address: Any) -> None:
        self.gone.set()  # The client has left, as some tests want it to.


class ChatHandler(BaseHTTPRequestHandler):
    server: ChatServer

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        request = {"path": self.path, "headers": dict(self.headers), "body": json.loads(self.rfile.read(length))}
        self.server.requests.append(request)
        handlers = self.server.handlers
        (handlers.pop(0) if len(handlers) > 1 else handlers[0])(self)

    def begin(self, status: int = 200, content_type: str = "text/event-stream", **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": content_type, **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def write(self, data: str) -> None:
        self.wfile.write(data.encode())
        self.wfile.flush()

    def log_message(self, *args: Any) -> None:
        pass


def chunk(finish: str | None = None, **delta: Any) -> str:
    return f"data: {json.dumps({'choices': [{'index': 0, 'delta': delta, 'finish_reason': finish}]})}\n\n"


def saying(*texts: str, finish: str = "stop") -> Callable[[ChatHandler], None]:
    return streaming(
        chunk(role="assistant"), *(chunk(content=text) for text in texts), chunk(finish), "data: [DONE]\n\n"
    )


def streaming(*parts: str) -> Callable[[ChatHandler], None]:
    def answer(handler: ChatHandler) -> None:
        handler.begin()
        for part in parts:
            handler.write(part)

    return answer


def refusing(status: int, body: Any = "", **headers: str) -> Callable[[ChatHandler], None]:
    def answer(handler: ChatHandler) -> None:
        handler.begin(status, "application/json", **headers)
        handler.write(body if isinstance(body, str) else json.dumps(body))

    return answer


def calling(index: int | None, call_id: str | None, name: str | None, arguments: Any) -> str:
    function = {key: value for key, value in (("name", name), ("arguments", arguments)) if value is not None}
    call = {
        key: value for key, value in (("index", index), ("id", call_id), ("function", function)) if value is not None
    }
    return chunk(tool_calls=[call])


@pytest.fixture
def chat() -> Iterator[Callable[..., ChatServer]]:
    with ExitStack() as stack:

        def start(*handlers: Callable[[ChatHandler], None]) -> ChatServer:
            server = stack.enter_context(ChatServer(*handlers))
            thread = threading.Thread(target=server.serve_forever, args=(0.01,))
            thread.start()
            stack.callback(thread.join)
            stack.callback(server.shutdown)
            return server

        yield start


@pytest.fixture
def ask(serve, dial) -> Callable[..., dict[str, Any]]:
    """Asks a question and returns the response."""

    def ask(server: ChatServer, **options: Any) -> dict[str, Any]:
        client = dial(serve(responder=ChatResponder(server.url, "tiny", **options)))
        client.write("Hello")
        return client.respond(response={"modalities": ["text"]})[-1]["response"]

    return ask


def failure(response: dict[str, Any]) -> tuple[str, str]:
    assert response["status"] == "failed", response
    error = response["status_details"]["error"]
    return error["code"], error["message"]


# --- What is asked ---------------------------------------------------------------------------------------------------


def test_text_goes_both_ways(chat, serve, dial):
    server = chat(saying("Good ", "morning. ", "How are you?"))
    responder = ChatResponder(f"{server.url}/", "tiny", api_key=KEY, options={"temperature": 0})
    client = dial(serve(responder=responder))
    client.update(instructions="Be kind.")
    client.write("Hello")
    events = client.respond()
    part = events[-1]["response"]["output"][0]["content"][0]
    assert part == {"type": "audio", "transcript": "Good morning. How are you?"}
    client.write("Fine")
    client.respond()
    first, second = server.requests
    assert first["path"] == "/v1/chat/completions"
    assert first["headers"]["Authorization"] == f"Bearer {KEY}"
    assert first["body"] == {
        "model": "tiny",
        "stream": True,
        "temperature": 0,
        "messages": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hello"}],
    }
    assert second["body"]["messages"][2:] == [
        {"role": "assistant", "content": "Good morning. How are you?"},
        {"role": "user", "content": "Fine"},
    ]


def test_tool_calls_and_their_outputs_go_both_ways(chat, serve, dial):
    parts = [
        calling(0, "call_1", "get_weather", ""),
        calling(0, None, None, '{"city":'),
        calling(0, None, None, '"Oslo"}'),
    ]
    server = chat(streaming(*parts, chunk("tool_calls"), DONE), saying("It is cold."))
    client = dial(serve(responder=ChatResponder(server.url, "tiny")))
    client.update(tools=[WEATHER])
    client.write("What is the weather in Oslo?")
    item = client.respond()[-1]["response"]["output"][0]
    assert (item["type"], item["name"], item["call_id"]) == ("function_call", "get_weather", "call_1")
    assert json.loads(item["arguments"]) == {"city": "Oslo"}
    client.send("conversation.item.create", item={"type": "function_call_output", "call_id": "call_1", "output": "-3"})
    client.expect("conversation.item.created")
    output = client.respond(response={"modalities": ["text"]})[-1]["response"]["output"][0]
    assert output["content"] == [{"type": "text", "text": "It is cold."}]
    asked = server.requests[0]["body"]
    function = {key: WEATHER[key] for key in ("name", "description", "parameters")}
    assert asked["tools"] == [{"type": "function", "function": function}]
    assert asked["tool_choice"] == "auto"
    called = {"name": "get_weather", "arguments": item["arguments"]}
    assert server.requests[1]["body"]["messages"][1:] == [
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": "call_1", "type": "function", "function": called}],
        },
        {"role": "tool", "tool_call_id": "call_1", "content": "-3"},
    ]


@pytest.mark.parametrize(
    ("choice", "sent"),
    [
        ("auto", "auto"),
        ("none", "none"),
        ("required", "required"),
        ({"type": "function", "name": "get_weather"}, {"type": "function", "function": {"name": "get_weather"}}),
        ("get_weather", {"type": "function", "function": {"name": "get_weather"}}),
        ({"type": "function", "name": "unknown"}, "auto"),
    ],
)
def test_tool_choice_in_its_words(choice, sent):
    view = ConversationView(items=[], tools=[WEATHER], tool_choice=choice)
    assert request_body(view, "m", {})["tool_choice"] == sent


def message(role, *parts):
    return {"type": "message", "role": role, "content": list(parts)}


def call(call_id, name="f"):
    return {"type": "function_call", "call_id": call_id, "name": name, "arguments": "{}"}


def output(call_id, text="ok"):
    return {"type": "function_call_output", "call_id": call_id, "output": text}


def test_conversations_are_put_in_the_order_that_the_protocol_demands():
    items = [
        message("user", {"type": "input_audio", "transcript": "Two things"}),
        call("a"),
        call("b"),
        call("never answered"),
        message("user", {"type": "input_audio", "transcript": None}),
        output("b", "second"),
        output("a", "first"),
        message(
            "user",
            {"type": "input_text", "text": "Look"},
            {"type": "input_image", "image_url": "data:image/png;base64,"},
        ),
        message("assistant", {"type": "audio", "transcript": None}),
        {"type": "mcp_list_tools"},
    ]
    messages = request_body(ConversationView(items=items), "m", {})["messages"]
    assert [each["role"] for each in messages] == ["user", "assistant", "tool", "tool", "user", "user", "assistant"]
    assert [each["id"] for each in messages[1]["tool_calls"]] == ["a", "b"]
    assert [each["content"] for each in messages[2:5]] == ["first", "second", "(speech that was not understood)"]
    assert [each["type"] for each in messages[5]["content"]] == ["text", "image_url"]
    assert messages[6]["content"] == ""


# --- What comes back -------------------------------------------------------------------------------------------------


def read(*lines: str | bytes) -> list[Any]:
    reader = ChatReader()
    data = b"".join(line if isinstance(line, bytes) else line.encode() for line in lines)
    return [*reader.feed(data), *reader.end()]


def spoken(*lines: str) -> str:
    return "".join(piece for piece in read(*lines) if isinstance(piece, str))


def test_streams_may_be_cut_anywhere():
    stream = (chunk(content="Grüße, ") + chunk(content="Welt\u2028!") + chunk("stop") + "data: [DONE]\r\n").encode()
    for size in (1, 2, 3, 7, len(stream)):
        reader = ChatReader()
        pieces = [p for at in range(0, len(stream), size) for p in reader.feed(stream[at : at + size])]
        assert "".join([*pieces, *reader.end()]) == "Grüße, Welt\u2028!"


@pytest.mark.parametrize(
    "stream",
    [
        [": waiting\n", "event: x\n", "id: 1\n", "\n", chunk(content="Hi"), chunk("stop")],
        [chunk(content="Hi"), 'data: {"choices": [], "usage": {}}\n', "data:[DONE]"],
        [chunk(content="Hi"), chunk("stop"), "data: [DONE]\n", "data: rubbish\n"],
        [chunk(content=None, reasoning_content="hm"), chunk(content="Hi", finish="stop")],
        [
            chunk(content="<think>"),
            chunk(content="\nhm, hm"),
            chunk(content="</thi"),
            chunk(content="nk>\n\nHi"),
            chunk("stop"),
        ],
        [chunk(content=" <"), chunk(content="think>x</think>Hi"), chunk("stop")],
    ],
)
def test_what_servers_add_is_left_out(stream):
    assert spoken(*stream) == "Hi"


def test_text_that_only_looks_like_a_thought_is_said():
    assert spoken(chunk(content="<"), chunk(content="3 you <think>"), chunk("stop")) == "<3 you <think>"
    assert spoken(chunk(content="<thi"), chunk("stop")) == "<thi"
    assert spoken(chunk(content="<think>for ever"), chunk("stop")) == ""


@pytest.mark.parametrize(
    ("parts", "calls"),
    [
        ([calling(0, "a", "f", "{}"), calling(1, "b", "g", '{"x"'), calling(1, None, None, ":1}")],
         ["f{}", 'g{"x":1}']),
        ([calling(0, "a", "f", '{"x":1}'), calling(0, "b", "g", "{}")], ['f{"x":1}', "g{}"]),
        ([calling(None, None, "f", "{}"), calling(None, None, "g", "{}")], ["f{}", "g{}"]),
        ([calling(0, "a", "f", {"x": 1})], ['f{"x": 1}']),
        ([calling(0, "a", "f", None)], ["f{}"]),
        ([calling(1, "b", "g", ""), calling(0, "a", "f", ""), calling(1, "b", None, "{}"), calling(0, "a", None, "{}")],
         ["g{}", "f{}"]),
    ],
)  # fmt: skip
def test_tool_calls_of_all_kinds_of_servers(parts, calls):
    pieces = read(*parts, chunk("tool_calls"))
    assert [f"{each.name}{each.arguments}" for each in pieces] == calls


@pytest.mark.parametrize(("finish", "reason"), [("length", "max_output_tokens"), ("content_filter", "content_filter")])
def test_answers_that_break_off_are_incomplete(chat, ask, finish, reason):
    response = ask(chat(saying("Once upon", finish=finish)))
    assert (response["status"], response["status_details"]["reason"]) == ("incomplete", reason)
    assert response["output"][0]["content"][0]["text"] == "Once upon"


def test_servers_that_do_not_stream_are_understood(chat, ask):
    said = {"choices": [{"message": {"role": "assistant", "content": "All at once."}, "finish_reason": "stop"}]}
    assert ask(chat(refusing(200, said)))["output"][0]["content"][0]["text"] == "All at once."


FRAGMENTS = [
    b"data: ",
    b"[DONE]",
    b"\n",
    b'{"choices":',
    b'[{"delta":{"content":"x"}}]}',
    b'{"error":1}',
    chunk("stop").encode(),
    b'data: {"choices":[{"delta":{"tool_calls":[{"function":{}}]}}]}\n',
    b'data: {"choices":[5]}\n',
    b"data: []\n",
]


@given(st.lists(st.one_of(st.binary(max_size=30), st.sampled_from(FRAGMENTS))))
def test_any_bytes_are_pieces_or_a_clear_error(parts):
    try:
        pieces = read(*parts)
    except ChatProtocolError:
        return
    assert all(isinstance(piece, str | Reply | FunctionCall) for piece in pieces)


def test_the_first_sentence_is_spoken_while_the_rest_streams(chat, serve, dial):
    heard = threading.Event()

    def answer(handler: ChatHandler) -> None:
        handler.begin()
        handler.write(chunk(content="The first sentence. And"))
        assert heard.wait(20)
        handler.write(chunk(content=" the second.") + chunk("stop") + DONE)

    client = dial(serve(responder=ChatResponder(chat(answer).url, "tiny")))
    client.send("response.create")
    client.until("response.audio.delta")
    heard.set()
    part = client.until("response.done")[-1]["response"]["output"][0]["content"][0]
    assert part["transcript"] == "The first sentence. And the second."


@pytest.mark.parametrize("end", ["cancel", "leave"])
def test_the_request_ends_when_nobody_listens_any_more(chat, serve, dial, end):
    def answer(handler: ChatHandler) -> None:
        handler.begin()
        while not handler.server.gone.wait(0.01):
            handler.write(chunk(content="On and on. "))

    server = chat(answer)
    client = dial(serve(responder=ChatResponder(server.url, "tiny"), speed=20))
    client.send("response.create")
    client.until("response.audio.delta")
    if end == "cancel":
        client.send("response.cancel")
    else:
        client.websocket.close()
    assert server.gone.wait(20)


# --- Failures --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body", "key", "code", "told"),
    [
        (401, {"error": {"message": f"Incorrect key: {KEY}"}}, KEY, "chat_unauthorized", "refuses the key"),
        (403, "", None, "chat_unauthorized", "asks for a key; give one (api_key, on the command line VOICELIVE_CHAT_"),
        (404, {"error": {"message": 'model "tiny" not found, try pulling it first'}}, None, "chat_model_not_found",
         "ollama pull tiny"),
        (404, "404 page not found", None, "chat_not_found", "mostly ends in /v1"),
        (400, {"error": "does not support tools"}, None, "chat_refused", "HTTP 400: does not support tools"),
        (429, {"detail": "slow down"}, None, "chat_rate_limited", "HTTP 429: slow down"),
        (500, ["?"], None, "chat_refused", "HTTP 500"),
        (200, "[]", None, "chat_malformed", "something else than a chat completion"),
    ],
)  # fmt: skip
def test_refusals_say_what_to_do(chat, ask, caplog, status, body, key, code, told):
    with caplog.at_level(logging.DEBUG, "voicelive"):
        found, said = failure(ask(chat(refusing(status, body)), api_key=key))
    assert (found, told in said) == (code, True), said
    assert KEY not in said
    assert KEY not in caplog.text
    assert "Hello" not in caplog.text, "nothing that was said is logged"


def test_redirects_are_not_followed(chat, ask):
    server = chat(refusing(307, Location="http://127.0.0.1:9/elsewhere"))
    assert failure(ask(server, api_key=KEY))[0] == "chat_redirected"
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("stream", "told"),
    [
        ([chunk(content="Half a")], "ended its answer halfway"),
        (["data: {broken\n\n"], "sent something that is not JSON"),
        (['data: {"error": {"message": "out of memory"}}\n\n'], "reported an error: out of memory"),
        ([chunk(content="Well. "), 'data: {"choices": "x"}\n\n'], "ended its answer halfway"),
        (["data: " + "x" * (5 * 1024 * 1024)], "sent a line without an end"),
        ([chunk(tool_calls=["f"])], "sent a tool call that is none"),
        ([calling(0, "a", None, "{}"), chunk("tool_calls")], "called a function without naming it"),
        (["<html>"], "ended its answer halfway"),
    ],
)
def test_malformed_streams_fail_the_response(chat, ask, stream, told):
    code, said = failure(ask(chat(streaming(*stream))))
    assert (code, told in said) == ("chat_malformed", True), said


def test_a_connection_that_breaks_off_fails_the_response(chat, ask):
    def answer(handler: ChatHandler) -> None:
        handler.begin(Content_Length="1000")
        handler.write(chunk(content="Half "))

    assert failure(ask(chat(answer)))[0] == "chat_disconnected"


def test_silence_fails_the_response(chat, ask):
    release = threading.Event()

    def answer(handler: ChatHandler) -> None:
        handler.begin()
        release.wait(20)

    code, said = failure(ask(chat(answer), timeout=0.2))
    release.set()
    assert (code, "silent for 0.2 seconds" in said) == ("chat_timeout", True)


def test_nobody_there_fails_the_response(ask):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    class Nowhere:
        url = f"http://127.0.0.1:{port}/v1"

    code, said = failure(ask(Nowhere()))
    assert code == "chat_unreachable"
    assert said.startswith(f"Nothing answers at http://127.0.0.1:{port}/v1. Start the server")


def test_failures_leave_the_session_alone(chat, serve, dial):
    server = chat(refusing(500), saying("Better."))
    client = dial(serve(responder=ChatResponder(server.url, "tiny")))
    assert client.respond()[-1]["response"]["status"] == "failed"
    assert client.respond()[-1]["response"]["output"][0]["content"][0]["transcript"] == "Better."


def test_proxies_of_the_environment_do_not_stand_between(chat, serve, dial, monkeypatch):
    client = dial(serve(responder=ChatResponder(chat(saying("Straight.")).url, "tiny")))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    assert client.respond()[-1]["response"]["status"] == "completed"


@pytest.mark.parametrize(
    ("url", "options", "told"),
    [
        ("localhost:11434", {}, "base_url must be a URL"),
        ("ftp://localhost/v1", {}, "base_url must be a URL"),
        ("http://", {}, "base_url must be a URL"),
        ("http://me:secret@localhost/v1", {}, "must not hold a password"),
        ("http://localhost/v1", {"model": ""}, "model must name the model"),
        ("http://localhost/v1", {"timeout": 0}, "timeout must be above 0"),
        ("http://example.com/v1", {"api_key": KEY}, "plain text"),
    ],
)
def test_bad_arguments_are_refused_at_once(url, options, told):
    with pytest.raises(ValueError, match=told) as caught:
        ChatResponder(url, **{"model": "tiny", **options})
    assert "secret" not in str(caught.value)


def test_keys_may_cross_the_network_where_that_is_safe_or_wanted():
    ChatResponder("https://example.com/v1", "tiny", api_key=KEY)
    ChatResponder("http://[::1]:8080/v1", "tiny", api_key=KEY)
    responder = ChatResponder("http://example.com/v1", "tiny", api_key=KEY, allow_insecure=True)
    assert KEY not in repr(responder)


def test_the_whole_url_may_be_given(chat, ask):
    server = chat(saying("Hi."))
    server.url += "/chat/completions?version=1"
    assert ask(server)["status"] == "completed"
    assert server.requests[0]["path"] == "/v1/chat/completions?version=1"
