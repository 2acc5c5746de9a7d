"""Conversations between voicelive's own clients and the embedded service, in all three styles."""

from __future__ import annotations

import pytest

from voicelive import AuthenticationError, ConnectionClosed
from voicelive.emulator import Close, Emulator, FunctionCall, Script, Turn
from voicelive.models import FunctionTool, RequestSession, ServerVad, UserMessageItem


async def until(conn, kind):
    events = [await conn.recv()]
    while events[-1].type != kind:
        events.append(await conn.recv())
    return events


def to(emulator, **more):
    return {"endpoint": emulator.endpoint, "credential": emulator.api_key, "model": "gpt-realtime", **more}


async def test_a_spoken_turn_with_a_tool_call_and_a_truncation(style, tools):
    script = Script(
        [("What is the weather in Oslo?", FunctionCall("get_weather", {"city": "Oslo"})), Turn(reply="It is snowing.")]
    )
    with Emulator(script=script, speech="builtin", speed=200) as emulator:
        async with style.connect(**to(emulator)) as conn:
            session = RequestSession(
                turn_detection=ServerVad(silence_duration_ms=300),
                input_audio_transcription={"model": "azure-speech"},
                tools=[FunctionTool(name="get_weather", parameters={"type": "object"})],
            )
            await conn.session.update(session=session)
            await conn.input_audio_buffer.append(audio=tools.silence(600) + tools.burst(600) + tools.silence(600))
            events = await until(conn, "response.done")
            by_type = {event.type: event for event in events}
            heard = by_type["conversation.item.input_audio_transcription.completed"]
            assert heard.transcript == "What is the weather in Oslo?"
            call = by_type["response.function_call_arguments.done"]
            assert call.name == "get_weather"
            output = {"type": "function_call_output", "call_id": call.call_id, "output": "snow"}
            await conn.conversation.item.create(item=output)
            await conn.response.create()
            events = await until(conn, "response.done")
            spoken = b"".join(event.audio for event in events if event.type == "response.audio.delta")
            item = events[-1].response.output[0]
            assert item.content[0].transcript == "It is snowing."
            await conn.conversation.item.truncate(item_id=item.id, audio_end_ms=200, content_index=0)
            await until(conn, "conversation.item.truncated")
            await conn.conversation.item.retrieve(item_id=item.id)
            (retrieved,) = await until(conn, "conversation.item.retrieved")
            assert retrieved.item.content[0].transcript == "It"
            assert len(spoken) > 200 * 24 * 2


async def test_typed_turn_error_and_close(style):
    with Emulator(script=Script([Turn(reply="Hello!", close=Close(1001, "session_expired"))])) as emulator:
        async with style.connect(**to(emulator)) as conn:
            await until(conn, "session.created")
            await conn.conversation.item.retrieve(item_id="nobody", event_id="mine")
            (error,) = await until(conn, "error")
            assert (error.error.code, error.error.event_id) == ("item_retrieve_invalid_item_id", "mine")
            item = UserMessageItem(content=[{"type": "input_text", "text": "Hi"}])
            await conn.conversation.item.create(item=item)
            await conn.response.create()
            await until(conn, "response.done")
            with pytest.raises(ConnectionClosed) as caught:
                await conn.recv()
            assert (caught.value.code, caught.value.reason) == (1001, "session_expired")


async def test_wrong_key_is_an_authentication_error(style):
    with Emulator() as emulator:
        with pytest.raises(AuthenticationError) as caught:
            await style.enter(**to(emulator, credential="wrong"))
        assert caught.value.status == 401
