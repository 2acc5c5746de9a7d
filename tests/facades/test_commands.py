"""Every command puts exactly its event on the wire."""

from __future__ import annotations

import base64
from operator import attrgetter
from types import MappingProxyType
from typing import Any

import pytest

from voicelive.exceptions import ConnectionClosed
from voicelive.models import (
    ClientEventResponseCancel,
    FunctionCallOutputItem,
    InputTextContentPart,
    RequestSession,
    ResponseCreateParams,
    ServerVad,
    UserMessageItem,
)

from .server import CREATED, Peer, Server, saying
from .styles import Style

AUDIO = b"\x00\x01\xfe\xff"
BASE64 = base64.b64encode(AUDIO).decode()

# The path of a command is the type of its event.
CASES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("session.update", {"session": {"instructions": "i"}}, {"session": {"instructions": "i"}}),
    (
        "session.update",
        {"session": RequestSession(turn_detection=None, voice="alloy")},
        {"session": {"turn_detection": None, "voice": "alloy"}},
    ),
    (
        "session.update",
        {"session": {"turn_detection": None, "later": {"kept": [1]}}},
        {"session": {"turn_detection": None, "later": {"kept": [1]}}},
    ),
    (
        "session.update",
        {"session": MappingProxyType({"turn_detection": ServerVad(threshold=0.5)})},
        {"session": {"turn_detection": {"type": "server_vad", "threshold": 0.5}}},
    ),
    ("session.avatar.connect", {"client_sdp": "v=0"}, {"client_sdp": "v=0"}),
    ("response.create", {}, {}),
    (
        "response.create",
        {"response": ResponseCreateParams(instructions="i"), "additional_instructions": "a"},
        {"response": {"instructions": "i"}, "additional_instructions": "a"},
    ),
    ("response.create", {"response": {"modalities": ["text"]}}, {"response": {"modalities": ["text"]}}),
    ("response.cancel", {}, {}),
    ("response.cancel", {"response_id": "r"}, {"response_id": "r"}),
    ("input_audio_buffer.append", {"audio": AUDIO}, {"audio": BASE64}),
    ("input_audio_buffer.append", {"audio": bytearray(AUDIO)}, {"audio": BASE64}),
    ("input_audio_buffer.append", {"audio": memoryview(AUDIO)}, {"audio": BASE64}),
    ("input_audio_buffer.append", {"audio": BASE64}, {"audio": BASE64}),
    ("input_audio_buffer.commit", {}, {}),
    ("input_audio_buffer.clear", {}, {}),
    ("input_audio.clear", {}, {}),
    ("input_audio.turn.start", {"turn_id": "t"}, {"turn_id": "t"}),
    ("input_audio.turn.append", {"turn_id": "t", "audio": AUDIO}, {"turn_id": "t", "audio": BASE64}),
    ("input_audio.turn.append", {"turn_id": "t", "audio": BASE64}, {"turn_id": "t", "audio": BASE64}),
    ("input_audio.turn.end", {"turn_id": "t"}, {"turn_id": "t"}),
    ("input_audio.turn.cancel", {"turn_id": "t"}, {"turn_id": "t"}),
    ("input_text.delta", {"id": "x", "delta": "d"}, {"id": "x", "delta": "d"}),
    ("input_text.delta", {"id": "x", "delta": "d", "content_index": 0}, {"id": "x", "delta": "d", "content_index": 0}),
    ("input_text.done", {"id": "x"}, {"id": "x"}),
    ("output_audio_buffer.clear", {}, {}),
    (
        "conversation.item.create",
        {"item": {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "t"}]}},
        {"item": {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "t"}]}},
    ),
    (
        "conversation.item.create",
        {"item": UserMessageItem(content=[InputTextContentPart(text="t")]), "previous_item_id": "root"},
        {
            "item": {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "t"}]},
            "previous_item_id": "root",
        },
    ),
    (
        "conversation.item.create",
        {"item": FunctionCallOutputItem(call_id="c", output="{}")},
        {"item": {"type": "function_call_output", "call_id": "c", "output": "{}"}},
    ),
    ("conversation.item.delete", {"item_id": "i"}, {"item_id": "i"}),
    ("conversation.item.retrieve", {"item_id": "i"}, {"item_id": "i"}),
    (
        "conversation.item.truncate",
        {"item_id": "i", "audio_end_ms": 0, "content_index": 0},
        {"item_id": "i", "audio_end_ms": 0, "content_index": 0},
    ),
    ("transcription_session.update", {"session": {"a": None}}, {"session": {"a": None}}),
]  # fmt: skip


async def test_every_command_sends_its_event(style: Style) -> None:
    """The path is the event's type, what was left out is not sent, and event_id always travels.

    Without one of yours it is made up, except for audio.
    """
    with Server() as server:
        async with style.connect(endpoint=server.endpoint, credential="k", model="m") as connection:
            for path, arguments, _ in CASES:
                assert await attrgetter(path)(connection)(**arguments) is None
                assert await attrgetter(path)(connection)(**arguments, event_id="e") is None
        expected = []
        for path, _, payload in CASES:
            expected += [{"type": path, **payload}, {"type": path, "event_id": "e", **payload}]
        frames = server.frames
        made_up = [frame.pop("event_id") for frame in frames[::2] if frame["type"] != "input_audio_buffer.append"]
        assert frames == expected
        assert all(event_id.startswith("event_") for event_id in made_up)
        assert len(set(made_up)) == len(made_up)


async def test_an_mcp_call_is_approved_with_an_item(style: Style) -> None:
    with Server() as server:
        async with style.connect(endpoint=server.endpoint, credential="k", model="m") as connection:
            await connection.conversation.item.approve_mcp(approval_request_id="a", approve=False, event_id="e")
        assert server.frames == [
            {
                "type": "conversation.item.create",
                "event_id": "e",
                "item": {"type": "mcp_approval_response", "approval_request_id": "a", "approve": False},
            }
        ]


async def test_send_takes_models_and_mappings_and_send_bytes_takes_frames(style: Style) -> None:
    with Server() as server:
        async with style.connect(endpoint=server.endpoint, credential="k", model="m") as connection:
            await connection.send(ClientEventResponseCancel(response_id="r"))
            await connection.send({"type": "response.cancel"})
            await connection.send({"type": "not.known.yet", "a": None})
            await connection.send_bytes(b'{"type": "raw"}')
            await connection.send_bytes('{"type": "text", "ä": 1}')
        assert server.frames == [
            {"type": "response.cancel", "response_id": "r"},
            {"type": "response.cancel"},
            {"type": "not.known.yet", "a": None},
            {"type": "raw"},
            {"type": "text", "ä": 1},
        ]


BAD: list[tuple[str, dict[str, Any], type[Exception]]] = [
    ("session.update", {"session": {"temperature": "hot"}}, ValueError),
    ("session.update", {"session": None}, ValueError),
    ("session.update", {"session": 3}, ValueError),
    ("response.cancel", {"response_id": 3}, ValueError),
    ("response.cancel", {"event_id": 3}, ValueError),
    ("input_audio_buffer.append", {"audio": "not base64!"}, ValueError),
    ("input_audio_buffer.append", {"audio": 3}, TypeError),
    ("input_audio_buffer.append", {"audio": b"1" * (15 * 1024 * 1024 + 1)}, ValueError),
    ("input_audio_buffer.append", {"audio": b"", "event_id": 3}, TypeError),
    ("input_audio.turn.append", {"turn_id": "t", "audio": "not base64!"}, ValueError),
    ("input_audio.turn.start", {}, TypeError),
    ("conversation.item.truncate", {"item_id": "i", "audio_end_ms": "1", "content_index": 0}, ValueError),
    ("conversation.item.create", {"item": {"type": "message"}}, ValueError),
    ("transcription_session.update", {"session": None}, TypeError),
    ("send", {"event": {"no": "type"}}, ValueError),
    ("send", {"event": {"type": "a", "b": float("nan")}}, ValueError),
    ("send", {"event": 3}, TypeError),
    ("send_bytes", {"frame": 3}, TypeError),
]


async def test_bad_arguments_are_refused_and_nothing_is_sent(style: Style) -> None:
    with Server() as server:
        async with style.connect(endpoint=server.endpoint, credential="k", model="m") as connection:
            for path, arguments, error in BAD:
                with pytest.raises(error):
                    await attrgetter(path)(connection)(**arguments)
                    pytest.fail(f"{path} took {arguments.keys()}")
        assert server.frames == []


async def test_a_command_after_the_end_names_what_was_not_sent(style: Style) -> None:
    with Server(saying(close=1001, reason="session_expired")) as server:
        async with style.connect(endpoint=server.endpoint, credential="k", model="m") as connection:
            await connection.recv()
            with pytest.raises(ConnectionClosed):
                await connection.recv()
            with pytest.raises(ConnectionClosed) as caught:
                await connection.response.cancel(event_id="mine")
            error = caught.value
            assert (error.code, error.reason, error.initiated_by) == (1001, "session_expired", "server")
            assert (error.unsent, error.unsent_event_id) == ("response.cancel", "mine")
            assert "response.cancel 'mine' was not sent" in str(error)
            with pytest.raises(ConnectionClosed) as caught:
                await connection.input_audio_buffer.append(audio=AUDIO)
            assert (caught.value.unsent, caught.value.unsent_event_id) == ("input_audio_buffer.append", None)


async def test_concurrent_senders_never_mix_their_frames(style: Style) -> None:
    async def append(connection: Any, number: int) -> None:
        for _ in range(20):
            await connection.input_audio_buffer.append(audio=bytes([number]) * 20_000, event_id=str(number))

    with Server() as server:
        async with (
            style.connect(endpoint=server.endpoint, credential="k", model="m") as connection,
            style.background() as start,
        ):
            for number in range(5):
                start(append, connection, number)
        frames = server.frames
        assert len(frames) == 100
        for frame in frames:
            assert base64.b64decode(frame["audio"]) == bytes([int(frame["event_id"])]) * 20_000


async def test_a_command_answers_events_while_iterating(style: Style) -> None:
    async def script(peer: Peer) -> None:
        await peer.send(CREATED)
        await peer.recv()
        await peer.send({"type": "session.updated", "session": {}})
        await peer.close()

    with Server(script) as server:
        seen = []
        async with style.connect(endpoint=server.endpoint, credential="k", model="m") as connection:
            async for event in connection:
                seen.append(event.type)
                if event.type == "session.created":
                    await connection.session.update(session={})
        assert seen == ["session.created", "session.updated"]
