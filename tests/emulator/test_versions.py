"""Api-versions: unknown ones are refused, older ones neither take nor send what came later."""

from __future__ import annotations

import json

import pytest
from websockets.exceptions import InvalidStatus

from voicelive.emulator import Reply, Script, Turn, WebSearch
from voicelive.emulator.versions import API_VERSIONS, ApiVersion
from voicelive.models import ServerEventType


def test_all_versions_are_served(serve, dial):
    emulator = serve()
    assert (API_VERSIONS[0], API_VERSIONS[-1]) == ("2025-05-01-preview", "2026-07-15")
    for version in API_VERSIONS:
        client = dial(emulator, version=version)
        client.write("Hello")
        assert client.respond()[-1]["response"]["status"] == "completed"


@pytest.mark.parametrize("version", ["2024-10-01-preview", "2026-07-16", "v1", "latest"])
def test_unknown_versions_are_refused(serve, dial, version):
    with pytest.raises(InvalidStatus) as caught:
        dial(serve(), version=version)
    assert caught.value.response.status_code == 400
    assert json.loads(caught.value.response.body)["error"]["code"] == "UnsupportedApiVersion"


@pytest.mark.parametrize(
    ("version", "event"),
    [
        ("2026-04-10", {"type": "input_text.delta", "id": "t", "delta": "x"}),
        ("2026-01-01-preview", {"type": "output_audio_buffer.clear"}),
        ("2025-10-01", {"type": "mcp_approval_response", "approval_request_id": "r", "approve": True}),
    ],
)
def test_events_that_came_later_are_refused(serve, dial, version, event):
    client = dial(serve(), version=version)
    client.websocket.send(json.dumps(event))
    error = client.error()
    assert (error["code"], error["param"]) == ("invalid_value", "type")


@pytest.mark.parametrize("version", API_VERSIONS)
def test_session_has_the_fields_of_its_version(serve, dial, version):
    client = dial(serve(), "gpt-5", opened=False, version=version)
    session = client.expect("session.created")["session"]
    assert ("reasoning_effort" in session) is (version >= "2026-01-01")
    assert ("include" in session) is (version >= "2026-04-10")
    client.send("session.update", session={"metadata": {"k": "v"}, "instructions": "x"})
    session = client.expect("session.updated")["session"]
    assert session["instructions"] == "x"
    assert ("metadata" in session) is (version >= "2026-04-10")
    if "2026-01-01" <= version < "2026-04-10":
        assert client.expect("warning")["warning"]["param"] == "session.metadata"


def test_the_oldest_version_gets_none_of_the_newer_events(serve, dial, tools):
    reply = Reply("Hello.", searches=[WebSearch("x", ["https://x.example"])])
    client = dial(serve(script=Script([Turn(reply=reply)])), "gpt-4.1", version=API_VERSIONS[0])
    client.update(avatar={"character": "lisa", "customized": False, "output_protocol": "websocket"}, volume=11)
    client.update(output_audio_timestamp_types=["word"], turn_detection={"type": "server_vad", "auto_truncate": True})
    kinds = set(tools.types(client.respond()))
    assert "response.audio_timestamp.delta" in kinds
    newer = {kind for kind in map(str, ServerEventType) if not ApiVersion(API_VERSIONS[0]).sends_event(kind)}
    assert not kinds & newer
    assert "auto_truncate" not in client.update()["turn_detection"]


def test_tools_of_mcp_servers_came_later(serve, dial):
    client = dial(serve(), version="2025-10-01")
    server = {"type": "mcp", "server_label": "s", "server_url": "http://127.0.0.1:9/mcp"}
    client.send("session.update", session={"tools": [server]})
    assert client.error()["param"] == "session.tools[0].type"


def test_language_of_transcripts_came_later(serve, dial):
    for version, told in (("2025-10-01", False), ("2026-07-15", True)):
        client = dial(serve(), "gpt-4.1", version=version)
        client.update(turn_detection={"type": "server_vad", "create_response": False})
        client.speak()
        completed = client.until("conversation.item.created")[-2]
        assert ("language" in completed) is told
