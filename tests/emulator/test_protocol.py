"""The whole protocol: each client event is answered and each server event is sent, by name, over a socket.

Each test names the events that it is about; they must come over the socket in it, and all of them together must be the
events of the contract.
"""

from __future__ import annotations

import base64
import itertools

import pytest

from voicelive.emulator import FileSearch, FunctionCall, Reply, Script, Turn, WebSearch
from voicelive.models import ClientEventType, ServerEventType

from .mcp_server import serving

AZURE = "gpt-4.1"
VAD = {"type": "server_vad", "create_response": False}
TRANSCRIPTION = "conversation.item.input_audio_transcription"
PCM = base64.b64encode(bytes(9600)).decode()


def holds(*event_types):
    """Names the events that a test is about."""

    def mark(function):
        function.event_types = frozenset(event_types)
        return function

    return mark


@pytest.fixture(autouse=True)
def named_events_come(request, dial):
    """All events that the test names go over its sockets."""
    yield
    named = getattr(request.function, "event_types", frozenset())
    came = set(itertools.chain.from_iterable(client.types for client in dial.clients))
    assert named <= came, f"never came: {sorted(named - came)}"


def test_every_event_of_the_contract_has_a_test_here():
    table = {}
    for name, function in globals().items():
        for event_type in getattr(function, "event_types", ()):
            table.setdefault(event_type, []).append(name)
    contract = {str(kind.value) for kind in (*ClientEventType, *ServerEventType)}
    assert len(list(ServerEventType)) == 56
    assert len(list(ClientEventType)) == 20
    assert set(table) == contract


@holds("session.created", "session.update", "session.updated", "warning", "error")
def test_sessions(serve, dial):
    client = dial(serve(), opened=False)
    created = client.expect("session.created")["session"]
    client.send("session.update", session={"instructions": "Be brief.", "volume": 11})
    assert client.expect("session.updated")["session"] == {**created, "instructions": "Be brief."}
    assert client.expect("warning")["warning"]["param"] == "session.volume"
    client.send("session.update", session={"voice": 5}, event_id="mine")
    assert client.error()["event_id"] == "mine"


@holds(
    "input_audio_buffer.append",
    "input_audio_buffer.speech_started",
    "input_audio_buffer.speech_stopped",
    "input_audio_buffer.committed",
    "conversation.item.created",
    f"{TRANSCRIPTION}.delta",
    f"{TRANSCRIPTION}.completed",
)
def test_spoken_turns(serve, dial):
    client = dial(serve(), AZURE)
    client.update(turn_detection=VAD, input_audio_transcription={"model": "gpt-4o-transcribe"})
    client.speak()
    client.until("conversation.item.created")


@holds(f"{TRANSCRIPTION}.failed")
def test_recognition_that_fails(serve, dial):
    def explode(pcm, rate):
        raise LookupError

    client = dial(serve(recognizer=explode), AZURE)
    client.update(turn_detection=VAD)
    client.speak()
    failed = client.until("conversation.item.created")[-2]
    assert failed["error"]["code"] == "transcription_failed"


@holds(
    "input_audio_buffer.commit",
    "input_audio_buffer.clear",
    "input_audio_buffer.cleared",
    "input_audio.clear",
    "input_audio.turn.start",
    "input_audio.turn.append",
    "input_audio.turn.end",
    "input_audio.turn.cancel",
)
def test_turns_that_the_client_marks(client):
    client.update(turn_detection=None)
    client.send("input_audio_buffer.append", audio=PCM)
    client.send("input_audio_buffer.commit")
    first = client.expect("input_audio_buffer.committed")["item_id"]
    assert client.expect("conversation.item.created")["item"]["id"] == first
    for clear in ("input_audio_buffer.clear", "input_audio.clear"):
        client.send(clear)
        client.expect("input_audio_buffer.cleared")
    for turn_id in ("kept", "dropped"):
        client.send("input_audio.turn.start", turn_id=turn_id)
        client.send("input_audio.turn.append", turn_id=turn_id, audio=PCM)
    client.send("input_audio.turn.cancel", turn_id="dropped")
    client.send("input_audio.turn.end", turn_id="kept")
    assert client.expect("input_audio_buffer.committed")["previous_item_id"] == first
    client.expect("conversation.item.created")
    client.send("input_audio.turn.end", turn_id="dropped")
    assert client.error()["param"] == "turn_id"


@holds("input_text.delta", "input_text.done")
def test_text_that_comes_in_pieces(client):
    client.send("input_text.delta", id="t", delta="Good ")
    client.send("input_text.delta", id="t", delta="day")
    client.send("input_text.done", id="t")
    content = client.expect("conversation.item.created")["item"]["content"]
    assert content == [{"type": "input_text", "text": "Good day"}]


@holds(
    "conversation.item.create",
    "conversation.item.retrieve",
    "conversation.item.retrieved",
    "conversation.item.truncate",
    "conversation.item.truncated",
    "conversation.item.delete",
    "conversation.item.deleted",
)
def test_items(client):
    client.write("Hello")
    item = client.respond()[-1]["response"]["output"][0]
    client.send("conversation.item.truncate", item_id=item["id"], content_index=0, audio_end_ms=100)
    assert client.expect("conversation.item.truncated")["audio_end_ms"] == 100
    client.send("conversation.item.retrieve", item_id=item["id"])
    audio = client.expect("conversation.item.retrieved")["item"]["content"][0]["audio"]
    assert len(base64.b64decode(audio)) == 4800
    client.send("conversation.item.delete", item_id=item["id"])
    assert client.expect("conversation.item.deleted")["item_id"] == item["id"]


@holds(
    "response.create",
    "response.created",
    "response.output_item.added",
    "response.content_part.added",
    "response.audio_transcript.delta",
    "response.audio.delta",
    "response.audio.done",
    "response.audio_transcript.done",
    "response.content_part.done",
    "response.output_item.done",
    "response.done",
    "response.text.delta",
    "response.text.done",
)
def test_responses(client):
    client.write("Hello")
    assert client.respond(response={"metadata": {"k": "v"}})[-1]["response"]["metadata"] == {"k": "v"}
    assert client.respond(response={"modalities": ["text"]})[-1]["response"]["status"] == "completed"


@holds("response.cancel")
def test_responses_that_are_cancelled(serve, dial):
    client = dial(serve(speed=1))
    client.send("response.create")
    client.until("response.audio.delta")
    client.send("response.cancel")
    assert client.until("response.done")[-1]["response"]["status"] == "cancelled"


@holds("response.function_call_arguments.delta", "response.function_call_arguments.done")
def test_function_calls(serve, dial):
    client = dial(serve(script=Script([Turn(reply=FunctionCall("f", {"a": 1}))])))
    assert client.respond()[-1]["response"]["output"][0]["arguments"] == '{"a":1}'


@holds(
    "response.audio_timestamp.delta",
    "response.audio_timestamp.done",
    "response.animation_viseme.delta",
    "response.animation_viseme.done",
    "response.animation_blendshapes.delta",
    "response.animation_blendshapes.done",
)
def test_times_of_words_and_mouths(serve, dial):
    client = dial(serve(), AZURE)
    client.update(animation={"outputs": ["viseme_id", "blendshapes"]}, output_audio_timestamp_types=["word"])
    client.write("Hello")
    client.respond()


@holds(
    "session.avatar.connect",
    "session.avatar.connecting",
    "session.avatar.switch_to_speaking",
    "session.avatar.switch_to_idle",
)
def test_avatars(serve, dial):
    client = dial(serve(), AZURE)
    client.update(avatar={"character": "lisa", "customized": False})
    client.send("session.avatar.connect", client_sdp="v=0\r\n")
    client.expect("session.avatar.connecting")
    client.respond()
    client.expect("session.avatar.switch_to_idle")


@holds("response.video.delta", "output_audio_buffer.clear", "output_audio_buffer.cleared")
def test_avatars_over_the_websocket(serve, dial):
    client = dial(serve(speed=1), AZURE)
    client.update(avatar={"character": "lisa", "customized": False, "output_protocol": "websocket"})
    client.expect("response.video.delta")
    client.send("response.create")
    client.until("response.audio.delta")
    client.send("output_audio_buffer.clear")
    client.until("output_audio_buffer.cleared")


@holds(
    "mcp_list_tools.in_progress",
    "mcp_list_tools.completed",
    "mcp_list_tools.failed",
    "response.mcp_call_arguments.delta",
    "response.mcp_call_arguments.done",
    "response.mcp_call.in_progress",
    "response.mcp_call.completed",
    "response.mcp_call.failed",
    "mcp_approval_response",
)
def test_mcp_servers(serve, dial):
    calls = [FunctionCall("get_forecast", {"city": "Oslo"}), FunctionCall("get_tide", {"harbour": "Oslo"})]
    with serving() as url:
        client = dial(serve(responder=lambda view: Reply(calls=calls)))
        nowhere = {"type": "mcp", "server_label": "nowhere", "server_url": "http://127.0.0.1:9/mcp"}
        approval = {"never": ["get_tide"]}
        server = {"type": "mcp", "server_label": "weather", "server_url": url, "require_approval": approval}
        client.update(tools=[nowhere, server])
        client.until("mcp_list_tools.completed")
        events = client.respond()
        request = events[-1]["response"]["output"][1]
        client.until("response.mcp_call.failed")
        client.send("mcp_approval_response", approval_request_id=request["id"], approve=True)
        client.until("response.mcp_call.completed")
        if "mcp_list_tools.failed" not in client.types:
            client.until("mcp_list_tools.failed")


@holds(
    "response.web_search_call.in_progress",
    "response.web_search_call.searching",
    "response.web_search_call.completed",
    "response.file_search_call.in_progress",
    "response.file_search_call.searching",
    "response.file_search_call.completed",
    "response.audio_transcript.annotation.added",
)
def test_searches(serve, dial):
    searches = [WebSearch("tides", ["https://tides.example"]), FileSearch(["tides"], [{"file_id": "f"}])]
    client = dial(serve(script=Script([Turn(reply=Reply("High at noon.", searches=searches))])))
    client.respond()


@holds("response.invocation.delta")
def test_invocations(client):
    events = client.respond(response={"invoke_input": {"mode": "fast"}})
    assert events[1]["delta"] == {"mode": "fast"}
