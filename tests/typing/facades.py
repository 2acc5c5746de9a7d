"""What type checkers see of both facades. Checked by mypy and pyright, never run.

A comment that expects an error fails the check once there is none any more.
"""

from __future__ import annotations

from collections.abc import Coroutine
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import Any, TypeVar, assert_type

from azure.core.credentials import AzureKeyCredential, TokenCredential
from azure.core.credentials_async import AsyncTokenCredential

import voicelive
import voicelive.aio
from voicelive.models import RequestSession, ServerEventResponseDone, ServerEventSessionCreated, ServerEventUnion
from voicelive.resources import ResponseCommands, SessionCommands

SentT = TypeVar("SentT")


def blocking(connection: voicelive.VoiceLiveConnection) -> None:
    assert_type(connection.recv(), ServerEventUnion)
    assert_type(connection.recv(timeout=1), ServerEventUnion)
    assert_type(connection.recv_bytes(), bytes)
    assert_type(connection.session, voicelive.SessionResource)
    assert_type(connection.session_id, str | None)
    assert_type(connection.close_code, int | None)
    assert_type(connection.latency, float | None)
    connection.session.update(session=RequestSession(voice="alloy"))
    connection.session.update(session={"voice": "alloy"}, event_id="e")
    connection.input_audio_buffer.append(audio=b"")
    connection.conversation.item.delete(item_id="i")
    connection.send({"type": "response.create"})
    without_waiting(connection)
    for event in connection:
        assert_type(event, ServerEventUnion)
        if event.type == "session.created":
            assert_type(event, ServerEventSessionCreated)
        elif event.type == "response.done":
            assert_type(event, ServerEventResponseDone)


async def awaited(connection: voicelive.aio.VoiceLiveConnection) -> None:
    assert_type(await connection.recv(), ServerEventUnion)
    assert_type(await connection.recv_bytes(), bytes)
    assert_type(connection.session, voicelive.aio.SessionResource)
    await assert_type(connection.session.update(session=RequestSession()), Coroutine[Any, Any, None])
    await assert_type(connection.conversation.item.delete(item_id="i"), Coroutine[Any, Any, None])
    without_waiting(connection)
    await connection.input_audio.turn.append(turn_id="t", audio=memoryview(b""))
    async for event in connection:
        assert_type(event, ServerEventUnion)
        if event.type == "session.created":
            assert_type(event, ServerEventSessionCreated)


def without_waiting(connection: voicelive.VoiceLiveConnection | voicelive.aio.VoiceLiveConnection) -> None:
    connection.input_audio_buffer.append_nowait(b"", event_id="e")
    connection.input_audio_buffer.append_nowait(audio=memoryview(b""))
    connection.send_nowait({"type": "response.create"})
    connection.send_bytes_nowait("{}")
    connection.send_bytes_nowait(b"{}", droppable=1)
    assert_type(connection.queued_bytes, int)
    assert_type(connection.dropped_audio_bytes, int)


def slow(error: voicelive.SendTimeoutError) -> None:
    assert_type((error.type, error.event_id, error.timeout, error.pending), tuple[str, str | None, float, bool])


def managers(key: AzureKeyCredential, token: TokenCredential, token_aio: AsyncTokenCredential) -> None:
    one: AbstractContextManager[voicelive.VoiceLiveConnection] = voicelive.connect(credential=key, model="m")
    two: AbstractAsyncContextManager[voicelive.aio.VoiceLiveConnection] = voicelive.aio.connect(credential=token_aio)
    with one as connection:
        assert_type(connection, voicelive.VoiceLiveConnection)
    print(two)
    voicelive.connect(credential=token)
    voicelive.connect(credential="key", connection_options={"heartbeat": 20, "max_msg_size": 0})
    voicelive.connect(credential=lambda: "key")
    voicelive.connect(**settings())


def settings() -> dict[str, Any]:
    return {}


async def get_key() -> str:
    return "key"


async def entered() -> None:
    async with voicelive.aio.connect(credential=get_key) as connection:
        assert_type(connection, voicelive.aio.VoiceLiveConnection)
    assert_type(await voicelive.aio.connect().enter(), voicelive.aio.VoiceLiveConnection)
    assert_type(voicelive.connect().enter(), voicelive.VoiceLiveConnection)


def for_both(session: SessionCommands[SentT], response: ResponseCommands[SentT]) -> tuple[SentT, SentT]:
    """A helper that serves both styles."""
    return session.update(session={}), response.create()


def uses_it(one: voicelive.VoiceLiveConnection, two: voicelive.aio.VoiceLiveConnection) -> None:
    assert_type(for_both(one.session, one.response), tuple[None, None])
    sent = for_both(two.session, two.response)
    assert_type(sent, tuple[Coroutine[Any, Any, None], Coroutine[Any, Any, None]])


def blocking_only(session: voicelive.SessionResource) -> None:
    print(session)


async def wrong(one: voicelive.VoiceLiveConnection, two: voicelive.aio.VoiceLiveConnection) -> None:
    two.session.update(session={})  # type: ignore[unused-coroutine]  # pyright: ignore[reportUnusedCoroutine]
    two.recv()  # type: ignore[unused-coroutine]  # pyright: ignore[reportUnusedCoroutine]
    two.send({"type": "t"})  # type: ignore[unused-coroutine]  # pyright: ignore[reportUnusedCoroutine]
    two.close()  # type: ignore[unused-coroutine]  # pyright: ignore[reportUnusedCoroutine]
    await one.session.update(session={})  # type: ignore[misc]  # pyright: ignore[reportGeneralTypeIssues]
    one.session.update({})  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    one.session.update(sesion={})  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    one.response.cancel(response_id=3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    one.input_audio_buffer.append(audio=3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    voicelive.connect(endpiont="https://h")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    voicelive.connect(credential=3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    voicelive.connect(connection_options={"timeout": 3})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    blocking_only(two.session)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
