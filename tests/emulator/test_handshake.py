"""What the embedded service lets in, and how it refuses."""

from __future__ import annotations

import json

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from .raw import Raw

QUERY = "api-version=2026-07-15&model=gpt-realtime"


@pytest.fixture
def emulator(serve):
    return serve()


def dial(emulator, path="/voice-live/realtime?" + QUERY, headers=None, **options):
    given = {"api-key": emulator.api_key} if headers is None else headers
    return connect(emulator.endpoint.replace("http", "ws", 1) + path, additional_headers=given, **options)


def refused(emulator, *args, **options):
    with pytest.raises(InvalidStatus) as caught:
        dial(emulator, *args, **options)
    response = caught.value.response
    assert response.headers["apim-request-id"]
    assert response.headers["Content-Type"].startswith("application/json")
    error = json.loads(response.body)["error"]
    assert error["code"]
    assert error["message"]
    assert emulator.api_key not in response.body.decode()
    return response.status_code


@pytest.mark.parametrize(
    "headers",
    [{}, {"api-key": "wrong"}, {"api-key": ""}, {"Authorization": "Bearer "}, {"Authorization": "Basic eA=="}],
)
def test_missing_or_wrong_credentials_are_refused_with_401(emulator, headers):
    assert refused(emulator, headers=headers) == 401


def test_key_header_and_bearer_tokens_are_let_in(emulator):
    for headers in ({"api-key": emulator.api_key}, {"Authorization": "Bearer any-token"}):
        with dial(emulator, headers=headers) as websocket:
            assert json.loads(websocket.recv())["type"] == "session.created"
            assert websocket.response.headers["apim-request-id"]


def test_key_in_the_query_is_let_in_and_not_kept(emulator):
    with dial(emulator, f"/voice-live/realtime?{QUERY}&api-key={emulator.api_key}", headers={}) as websocket:
        websocket.recv()
    assert emulator.api_key not in str(emulator.sessions[-1].query)
    assert refused(emulator, f"/voice-live/realtime?{QUERY}&api-key=wrong", headers={}) == 401


def test_key_in_header_and_query_must_be_right_in_both(emulator):
    key, both = emulator.api_key, f"/voice-live/realtime?{QUERY}&api-key="
    with dial(emulator, both + key) as websocket:
        websocket.recv()
    assert refused(emulator, both + "wrong") == 401
    assert refused(emulator, both + key, headers={"api-key": "wrong"}) == 401


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 404),
        ("/openai/realtime?" + QUERY, 404),
        ("/voice-live/realtime?model=gpt-realtime", 400),
        ("/voice-live/realtime?api-version=2026-07-15", 400),
        ("/voice-live/realtime?api-version=2026-07-15&agent-name=helper", 400),
    ],
)
def test_wrong_paths_and_queries_are_refused(emulator, path, status):
    assert refused(emulator, path) == status


def test_agents_and_the_preview_path_are_served(emulator):
    agent = "/voice-live/realtime?api-version=2026-07-15&agent-name=helper&agent-project-name=demo"
    with dial(emulator, agent) as websocket:
        session = json.loads(websocket.recv())["session"]
        assert session["agent"]["name"] == "helper"
        assert session["model"] is None
    with dial(emulator, "/voice-agent/realtime?api-version=2025-05-01-preview&model=gpt-4o") as websocket:
        assert json.loads(websocket.recv())["type"] == "session.created"


def test_pages_of_foreign_origins_are_refused_and_own_pages_let_in(serve):
    emulator = serve(origins=["https://app.example"])
    for origin in ("https://evil.example", "null", "http://127.0.0.1.evil.example"):
        assert refused(emulator, origin=origin) == 403
    for origin in ("http://localhost:5173", "http://127.0.0.1:8000", "https://app.example"):
        with dial(emulator, origin=origin) as websocket:
            assert json.loads(websocket.recv())["type"] == "session.created"


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST:80",
        "localhost.",
        "127.0.0.1",
        "127.0.0.1:1234",
        "[::1]:1234",
        "192.168.0.7",
        "mine.example:1",
    ],
)
def test_names_of_this_machine_addresses_and_allowed_names_may_be_called(serve, host):
    with Raw(serve(allowed_hosts=["Mine.example"])) as raw:
        raw.ask(Host=host)
        assert raw.answer()[0] == 101


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", "", "[", "::1", "a@localhost@evil"]
)
def test_pages_whose_own_name_was_made_to_point_here_are_refused(serve, host):
    """DNS rebinding: the browser takes such a page for one of the same origin and adds no Origin to stop it by."""
    with Raw(serve()) as raw:
        raw.ask(Host=host)
        assert raw.answer()[0] == 403
        error = json.loads(raw.rest())["error"]
        assert "allowed_hosts" in error["message"]


def test_any_name_may_be_allowed(serve):
    with Raw(serve(allowed_hosts=["*"])) as raw:
        raw.ask(Host="voice.internal:8000")
        assert raw.answer()[0] == 101


def test_secrets_in_the_query_are_not_kept(serve):
    emulator = serve()
    with Raw(emulator) as raw:
        raw.ask(f"/voice-live/realtime?{QUERY}&authorization=Bearer+secret&API-KEY=secret")
        assert raw.answer()[0] == 101
        raw.event()
    assert "secret" not in str(emulator.sessions[-1].query)
