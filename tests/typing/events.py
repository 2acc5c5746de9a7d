"""What type checkers know of handlers, ``wait_for``, calls and responses. Checked by mypy and pyright, never run.

A comment that expects an error fails the check once there is none any more.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_type

import voicelive
import voicelive.aio
from voicelive import calls
from voicelive.models import (
    AudioDropped,
    Response,
    ResponseFunctionCallItem,
    ServerEventError,
    ServerEventResponseDone,
    ServerEventResponseTextDelta,
    ServerEventSessionUpdated,
    ServerEventType,
    ServerEventUnion,
    UnknownServerEvent,
)


def on_done(event: ServerEventResponseDone) -> None:
    print(event)


def on_any(event: ServerEventUnion) -> None:
    print(event)


async def on_error(event: ServerEventError) -> None:
    print(event)


def on_dropped(event: AudioDropped) -> None:
    print(event.count, event.size)


def handlers(connection: voicelive.VoiceLiveConnection, manager: voicelive.connect) -> None:
    connection.on("response.done", on_done)
    connection.on(ServerEventType.RESPONSE_DONE, on_done)
    connection.on(ServerEventResponseDone, on_done)
    connection.once("response.done", lambda event: print(event.response))
    connection.on("response.done", on_any)
    connection.on("*", on_any)
    connection.on("rate_limits.updated", on_any)
    connection.on("audio_dropped", on_dropped)
    connection.off("response.done", on_done)
    manager.on("error", lambda event: print(event.error.code))

    @connection.on("response.text.delta")
    def write(event: ServerEventResponseTextDelta) -> str:
        return event.delta

    @manager.once(ServerEventType.ERROR)
    def fail(event: ServerEventError) -> None:
        print(event.error.message)

    assert_type(write, Callable[[ServerEventResponseTextDelta], str])


async def async_handlers(connection: voicelive.aio.VoiceLiveConnection) -> None:
    connection.on("error", on_error)

    @connection.on("error")
    async def fail(event: ServerEventError) -> None:
        print(event.error.message)


def waiting(connection: voicelive.VoiceLiveConnection) -> None:
    assert_type(connection.wait_for("response.done"), ServerEventResponseDone)
    assert_type(connection.wait_for(ServerEventType.RESPONSE_DONE, timeout=3), ServerEventResponseDone)
    assert_type(connection.wait_for(UnknownServerEvent), UnknownServerEvent)
    assert_type(connection.wait_for(lambda event: event.type == "error"), ServerEventUnion)
    assert_type(connection.wait_for("*"), ServerEventUnion)
    assert_type(connection.call(calls.update_session({})).session.id, str | None)
    assert_type(connection.call(calls.update_session({}), timeout=3), ServerEventSessionUpdated)


def responding(connection: voicelive.VoiceLiveConnection) -> None:
    handle = connection.respond(when_active="cancel", timeout=3)
    assert_type(handle, voicelive.ResponseHandle)
    assert_type(handle.done(check=True), Response)
    assert_type(handle.text(), str)
    assert_type(handle.audio(), bytes)
    assert_type(handle.function_calls(), list[ResponseFunctionCallItem])
    for event in handle:
        assert_type(event, ServerEventUnion)


async def awaited(connection: voicelive.aio.VoiceLiveConnection) -> None:
    assert_type(await connection.wait_for("response.done"), ServerEventResponseDone)
    assert_type(await connection.wait_for(ServerEventResponseDone), ServerEventResponseDone)
    assert_type(await connection.call(calls.update_session({})), ServerEventSessionUpdated)
    handle = await connection.respond()
    assert_type(handle, voicelive.aio.ResponseHandle)
    assert_type(await handle.done(), Response)
    assert_type(await handle.text(), str)
    async for event in handle:
        assert_type(event, ServerEventUnion)


async def wrong(connection: voicelive.aio.VoiceLiveConnection, blocking: voicelive.VoiceLiveConnection) -> None:
    connection.wait_for("error")  # type: ignore[unused-coroutine]  # pyright: ignore[reportUnusedCoroutine]
    connection.call(calls.clear_audio())  # type: ignore[unused-coroutine]  # pyright: ignore[reportUnusedCoroutine]
    connection.respond()  # type: ignore[unused-coroutine]  # pyright: ignore[reportUnusedCoroutine]
    connection.run()  # type: ignore[unused-coroutine]  # pyright: ignore[reportUnusedCoroutine]
    (await connection.respond()).done()  # type: ignore[unused-coroutine]  # pyright: ignore[reportUnusedCoroutine]
    connection.on("error", on_done)  # type: ignore[arg-type]  # pyright: ignore[reportCallIssue, reportArgumentType]
    connection.on(ServerEventType.ERROR, on_done)  # type: ignore[arg-type]  # pyright: ignore[reportCallIssue, reportArgumentType]
    connection.on("*", on_done)  # type: ignore[arg-type]  # pyright: ignore[reportCallIssue, reportArgumentType]
    blocking.respond(when_active="now")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    blocking.call(calls.retrieve_item(3))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    blocking.wait_for(3)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]
