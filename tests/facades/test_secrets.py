"""No credential and no audio in anything that is shown: messages, reprs, tracebacks, logs."""

from __future__ import annotations

import base64
import logging
import pickle
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from azure.core.credentials import AccessToken, AzureKeyCredential

from voicelive import ReconnectPolicy
from voicelive.exceptions import ConnectionClosed, ReconnectFailedError, VoiceLiveError

from .server import CREATED, REFUSED, Peer, Server, Silence, saying
from .styles import Style
from .test_reconnect import Service, drop_at

SECRET = "s3cret0123456789"
AUDIO = b"audio-of-somebody"
DELTA = {
    "type": "response.audio.delta",
    "event_id": "e",
    "response_id": "r",
    "item_id": "i",
    "output_index": 0,
    "content_index": 0,
    "delta": base64.b64encode(AUDIO).decode(),
}
HIDDEN = (SECRET, AUDIO.decode(), base64.b64encode(AUDIO).decode()[:-4])


class Tokens:
    def get_token(self, *scopes: str) -> AccessToken:
        return AccessToken(SECRET, 0)


CREDENTIALS = [SECRET, AzureKeyCredential(SECRET), Tokens(), lambda: SECRET]


def arguments(endpoint: str, **more: Any) -> dict[str, Any]:
    return {
        "endpoint": endpoint,
        "credential": SECRET,
        "model": "m",
        "query": {"signature": SECRET},
        "headers": {"X-Secret": SECRET},
        "connection_options": {"handshake_timeout": 0.3},
        **more,
    }


async def refuse_session(peer: Peer) -> None:
    await peer.send(REFUSED)
    await peer.listen()


async def say_nothing(peer: Peer) -> None:
    await peer.listen()


async def drop(peer: Peer) -> None:
    peer.drop()


ECHO = f'{{"error": {{"code": "401", "message": "bad key {SECRET}"}}}}'.encode()
PEERS: dict[str, Callable[[], Any]] = {
    "refused key, echoed": lambda: Server(status=401, body=ECHO, headers={"X-Echo": f"Bearer {SECRET}"}),
    "not found": lambda: Server(status=404),
    "redirect": lambda: Server(status=302, headers={"Location": f"https://other.example/?signature={SECRET}"}),
    "refused session": lambda: Server(refuse_session),
    "no first event": lambda: Server(say_nothing),
    "dropped": lambda: Server(drop),
    "silence": Silence,
    "no http": lambda: Silence(b"hello\r\n\r\n"),
}


def assert_hidden(*texts: str) -> None:
    for text in texts:
        for secret in HIDDEN:
            assert secret not in text


def shown(error: BaseException) -> list[str]:
    """Everything that a log, a debugger or an error tracker without access to variables would show."""
    texts = ["".join(traceback.format_exception(error))]
    pending: list[BaseException | None] = [error]
    while pending:
        if (each := pending.pop()) is not None:
            texts += [str(each), repr(each), repr(each.args), repr(vars(each))]
            pending += [each.__cause__, each.__context__]
    return texts


@asynccontextmanager
async def watched(caplog: pytest.LogCaptureFixture) -> AsyncIterator[None]:
    caplog.set_level(logging.DEBUG)
    yield
    assert_hidden(*(record.getMessage() for record in caplog.records), caplog.text)


@pytest.mark.parametrize("peer", PEERS)
async def test_a_failed_connect_shows_no_secret(style: Style, peer: str, caplog: pytest.LogCaptureFixture) -> None:
    with PEERS[peer]() as server:
        async with watched(caplog):
            with pytest.raises(VoiceLiveError) as caught:
                await style.enter(**arguments(server.endpoint))
            assert_hidden(*shown(caught.value))
            copy = pickle.loads(pickle.dumps(caught.value))
            assert (type(copy), str(copy)) == (type(caught.value), str(caught.value))


async def test_nothing_listening_shows_no_secret(style: Style, caplog: pytest.LogCaptureFixture) -> None:
    with Silence() as server:
        pass
    async with watched(caplog):
        with pytest.raises(VoiceLiveError) as caught:
            await style.enter(**arguments(server.endpoint))
        assert_hidden(*shown(caught.value))
        with pytest.raises(VoiceLiveError) as caught:
            await style.enter(**arguments("https://r.example", proxy=f"http://u:{SECRET}@localhost:{server.port}"))
        assert_hidden(*shown(caught.value))


@pytest.mark.parametrize("number", range(len(CREDENTIALS)))
async def test_a_session_logs_types_and_sizes_only(style: Style, number: int, caplog: pytest.LogCaptureFixture) -> None:
    async def script(peer: Peer) -> None:
        await peer.send(CREATED)
        await peer.recv()
        await peer.send(DELTA)
        await peer.close(1011)

    async with watched(caplog):
        with Server(script) as server:
            manager = style.connect(**arguments(server.endpoint, credential=CREDENTIALS[number]))
            async with manager as connection:
                await connection.input_audio_buffer.append(audio=AUDIO)
                await connection.recv()
                event = await connection.recv()
                assert event.audio == AUDIO
                assert_hidden(repr(connection), repr(manager), repr(event))
                with pytest.raises(VoiceLiveError) as caught:
                    await connection.recv()
                assert_hidden(*shown(caught.value))
                with pytest.raises(VoiceLiveError) as caught:
                    await connection.input_audio_buffer.append(audio=AUDIO)
                assert_hidden(*shown(caught.value))
    logged = [record.getMessage() for record in caplog.records if record.name == "voicelive"]
    assert any(text.startswith("connected to") and "sess_1" in text for text in logged)
    assert any(text.startswith("sending input_audio_buffer.append, ") for text in logged)
    assert any(text.startswith("received response.audio.delta, ") for text in logged)
    assert any("closed, code 1011" in text for text in logged)


BAD_CALLS: list[Callable[[Any], Awaitable[Any]]] = [
    lambda connection: connection.input_audio_buffer.append(audio=AUDIO.decode()),
    lambda connection: connection.input_audio.turn.append(turn_id=3, audio=AUDIO),
    lambda connection: connection.session.update(session={"voice": {"type": "openai", "name": [SECRET]}}),
    lambda connection: connection.send({"type": "session.avatar.connect", "client_sdp": [SECRET]}),
    lambda connection: connection.send({"type": "x", "y": float("nan"), "z": SECRET}),
]


@pytest.mark.parametrize("number", range(len(BAD_CALLS)))
async def test_bad_arguments_are_not_quoted(style: Style, number: int) -> None:
    with Server() as server:
        async with style.connect(**arguments(server.endpoint)) as connection:
            with pytest.raises((TypeError, ValueError)) as caught:
                await BAD_CALLS[number](connection)
            assert_hidden(str(caught.value), repr(caught.value))


async def test_a_frame_that_is_no_event_is_not_logged(style: Style, caplog: pytest.LogCaptureFixture) -> None:
    async with watched(caplog):
        with Server(saying(f"not JSON {SECRET}", CREATED)) as server:
            async with style.connect(**arguments(server.endpoint)) as connection:
                await connection.recv()
                event = await connection.recv()
                assert_hidden(repr(event), event.error)


async def test_giving_up_carries_what_was_not_sent_and_shows_none_of_it(
    style: Style, caplog: pytest.LogCaptureFixture
) -> None:
    said = "wh4t-somebody-said"
    refusals = {number: (503, {"X-Echo": SECRET}) for number in range(1, 10)}
    policy = ReconnectPolicy(delay=0.01, attempts=2)
    async with watched(caplog):
        with Service(drop_at("response.create"), refusals=refusals) as server:
            manager = style.connect(**arguments(server.endpoint, reconnect=policy))
            async with manager as connection:
                await connection.recv()
                await connection.input_audio_buffer.append(audio=AUDIO)
                await connection.response.create(additional_instructions=said)
                with pytest.raises(ReconnectFailedError) as caught:
                    while True:
                        event = await connection.recv()
                        assert_hidden(repr(event))
                        if event.error is not None:
                            assert_hidden(*shown(event.error))
                with pytest.raises(ConnectionClosed) as late:
                    await connection.response.create(additional_instructions=said)
                assert_hidden(repr(connection))
    for error in (caught.value, late.value):
        assert_hidden(*shown(error))
        assert said not in "".join(shown(error))
    assert said not in caplog.text
    kept = b"".join(event.frame for event in caught.value.unsent_events)
    assert said.encode() in kept
    assert base64.b64encode(AUDIO) in kept
