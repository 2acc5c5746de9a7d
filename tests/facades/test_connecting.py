"""``connect``: what it refuses, what it dials, and what comes of it."""

from __future__ import annotations

import inspect
import ssl
import warnings
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import anyio
import pytest
import trustme

import voicelive
import voicelive.aio
from voicelive.exceptions import (
    AuthenticationError,
    CertificateError,
    ConnectError,
    ConnectionClosed,
    ConnectTimeoutError,
    HandshakeError,
    NotConnectedError,
    NotFoundError,
    PermissionDeniedError,
    ProxyError,
    RateLimitError,
    RedirectError,
    ServiceUnavailableError,
    SessionRefusedError,
)
from voicelive.protocol.address import user_agent

from .server import CREATED, REFUSED, Peer, Server, Silence, live, saying
from .styles import BlockingStyle, Style

FAR = "https://r.services.ai.azure.com"
KEY = "s3cret-key"

SEED = [
    "credential",
    "endpoint",
    "api_version",
    "model",
    "agent_name",
    "project_name",
    "agent_version",
    "conversation_id",
    "authentication_identity_client_id",
    "foundry_resource_override",
    "query",
    "headers",
    "connection_options",
    "credential_scopes",
]


@pytest.mark.parametrize("connect", [voicelive.connect, voicelive.aio.connect])
def test_connect_takes_keywords_only_and_all_of_the_vendors(connect: Any) -> None:
    parameters = list(inspect.signature(connect).parameters.values())
    assert [parameter.name for parameter in parameters] == [
        *(*SEED, "ssl_context", "proxy", "allow_insecure", "reconnect", "unknown")
    ]
    assert {parameter.kind for parameter in parameters[:-1]} == {inspect.Parameter.KEYWORD_ONLY}
    assert parameters[-1].kind is inspect.Parameter.VAR_KEYWORD


# Before anything is dialled


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"endpoint": "r.services.ai.azure.com"}, ValueError, "no scheme; write it as 'https://"),
        ({"endpoint": "ftp://h"}, ValueError, "not one of https, wss, http, ws"),
        ({"endpoint": 3}, TypeError, "endpoint must be a URL"),
        ({"model": None}, ValueError, "pass model="),
        ({"agent_name": "a", "project_name": "p"}, ValueError, "leave model out"),
        ({"model": None, "agent_name": "a"}, ValueError, "without project_name"),
        ({"model": None, "project_name": "a"}, ValueError, "without agent_name"),
        ({"endpoint": "http://r.example"}, ValueError, "write https:// or wss://, or pass allow_insecure=True"),
        ({"endpoint": "ws://10.0.0.1"}, ValueError, "allow_insecure=True"),
        ({"allow_insecure": 1}, TypeError, "allow_insecure must be True or False"),
        ({"headers": {"X": "a\nb"}}, ValueError, "line break"),
        ({"query": {"a": None}}, ValueError, "leave the key out"),
        ({"connection_options": {"heartbeat": "30"}}, TypeError, "heartbeat must be a number of seconds"),
        ({"credential": ""}, ValueError, "AZURE_VOICELIVE_API_KEY"),
        ({"credential": KEY + "\n"}, ValueError, "strip"),
        ({"credential": 3}, TypeError, "not int"),
        ({"credential_scopes": []}, ValueError, "credential_scopes is empty"),
        ({"credential_scopes": [3]}, TypeError, "credential_scopes must be"),
        ({"ssl_context": True}, TypeError, "ssl.SSLContext"),
        ({"proxy": None}, TypeError, "proxy must be a URL"),
        ({"proxy": "p:3128"}, ValueError, "proxy"),
        ({"proxy": "gopher://p"}, ValueError, "proxy"),
    ],
)
@pytest.mark.parametrize("connect", [voicelive.connect, voicelive.aio.connect])
def test_connect_itself_refuses_what_cannot_work(
    connect: Any, arguments: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message) as caught:
        connect(**{"endpoint": FAR, "credential": KEY, "model": "m", **arguments})
    assert KEY not in str(caught.value)


@pytest.mark.parametrize("endpoint", ["http://localhost:1", "ws://127.0.0.1:1", "http://[::1]:1"])
def test_this_machine_may_be_reached_without_encryption(endpoint: str) -> None:
    voicelive.connect(endpoint=endpoint, credential=KEY, model="m")


def test_other_machines_too_if_allowed() -> None:
    voicelive.connect(endpoint="http://r.example", credential=KEY, model="m", allow_insecure=True)


@pytest.mark.parametrize("connect", [voicelive.connect, voicelive.aio.connect])
def test_unknown_names_are_ignored_with_a_warning_at_the_callers_line(connect: Any) -> None:
    with pytest.warns(UserWarning) as caught:
        connect(endpoint=FAR, credential=KEY, model="m", modle="x", connection_options={"timeout": 20})
    assert [str(warning.message) for warning in caught] == [
        "keyword 'modle' is unknown and ignored; the nearest is 'model'",
        "connection option 'timeout' is unknown and ignored; the nearest is 'send_timeout'",
    ]
    assert {warning.filename for warning in caught} == {__file__}


def test_without_endpoint_there_is_an_error() -> None:
    with pytest.raises(ValueError, match="AZURE_VOICELIVE_ENDPOINT"):
        voicelive.connect(credential=KEY, model="m")


async def test_endpoint_key_and_version_may_come_from_the_environment(
    style: Style, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Server() as server:
        monkeypatch.setenv("AZURE_VOICELIVE_ENDPOINT", server.endpoint)
        monkeypatch.setenv("AZURE_VOICELIVE_API_KEY", "from-environment\n")
        monkeypatch.setenv("AZURE_VOICELIVE_API_VERSION", "2099-01-01")
        async with style.connect(model="m"):
            pass
        async with style.connect(model="m", credential="argument", api_version="2025-10-01"):
            pass
        assert [request.headers["api-key"] for request in server.requests] == ["from-environment", "argument"]
        assert ["2099-01-01" in server.requests[0].path, "2025-10-01" in server.requests[1].path] == [True, True]


# On the wire


async def test_the_handshake_on_the_wire(style: Style) -> None:
    with Server() as server:
        async with style.connect(
            endpoint=f"{server.endpoint}/base?x=1",
            credential=KEY,
            model="gpt realtime",
            query={"y": True},
            headers={"X-Trace": "t"},
        ):
            pass
        (request,) = server.requests
        assert urlsplit(request.path).path == "/base/voice-live/realtime"
        assert parse_qsl(urlsplit(request.path).query) == [
            ("api-version", "2026-07-15"),
            ("x-ms-client-sdk", user_agent()),
            ("model", "gpt realtime"),
            ("y", "true"),
            ("x", "1"),
        ]
        headers = {name.lower(): value for name, value in request.headers.raw_items()}
        assert headers.pop("sec-websocket-key")
        assert headers == {
            "host": f"localhost:{server.port}",
            "upgrade": "websocket",
            "connection": "Upgrade",
            "sec-websocket-version": "13",
            "user-agent": user_agent(),
            "api-key": KEY,
            "x-trace": "t",
        }


async def test_an_agent_instead_of_a_model(style: Style) -> None:
    with Server() as server:
        async with style.connect(endpoint=server.endpoint, credential=KEY, agent_name="a", project_name="p"):
            pass
        assert parse_qsl(urlsplit(server.requests[0].path).query)[2:] == [
            ("agent-name", "a"),
            ("agent-project-name", "p"),
        ]


async def test_the_callers_headers_replace_ours(style: Style) -> None:
    with Server() as server:
        headers = {"user-agent": "mine", "API-KEY": "theirs"}
        async with style.connect(endpoint=server.endpoint, credential=KEY, model="m", headers=headers):
            pass
        raw = server.requests[0].headers.raw_items()
        assert [value for name, value in raw if name.lower() in ("user-agent", "api-key")] == ["mine", "theirs"]


async def test_a_header_can_stand_in_for_the_credential(style: Style) -> None:
    with Server() as server:
        headers = {"authorization": "Bearer own"}
        async with style.connect(endpoint=server.endpoint, model="m", headers=headers):
            pass
        assert server.requests[0].headers["Authorization"] == "Bearer own"
        assert "api-key" not in server.requests[0].headers


async def test_compression_is_offered_only_when_asked_for(style: Style) -> None:
    with Server() as server:
        for options in ({}, {"compression": True}):
            async with style.connect(
                endpoint=server.endpoint, credential=KEY, model="m", connection_options=options
            ) as connection:
                assert (await connection.recv()).type == "session.created"
                await connection.response.cancel()
        plain, compressed = (request.headers.get("Sec-WebSocket-Extensions") for request in server.requests)
        assert plain is None
        assert compressed is not None
        assert [frame["type"] for frame in server.frames] == ["response.cancel"] * 2


async def test_tls_with_an_authority_of_ones_own(style: Style) -> None:
    authority = trustme.CA()
    serving, trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("localhost").configure_cert(serving)
    authority.configure_trust(trusting)
    with Server(ssl_context=serving) as server:
        async with style.connect(
            endpoint=server.endpoint, credential=KEY, model="m", ssl_context=trusting
        ) as connection:
            assert (await connection.recv()).type == "session.created"
        with pytest.raises(CertificateError):
            await style.enter(endpoint=server.endpoint, credential=KEY, model="m")


# The first event


async def test_the_connection_is_live_and_its_first_event_is_delivered_first(style: Style) -> None:
    with Server(saying({"type": "session.updated", "session": {}})) as server:
        async with style.connect(endpoint=server.endpoint, credential=KEY, model="m") as connection:
            assert connection.session_id == "sess_1"
            assert [(await connection.recv()).type for _ in range(2)] == ["session.created", "session.updated"]


async def test_a_first_error_refuses_the_session(style: Style) -> None:
    async def script(peer: Peer) -> None:
        await peer.send(REFUSED)
        await peer.listen()

    with Server(script) as server:
        with pytest.raises(SessionRefusedError) as caught:
            await style.enter(endpoint=server.endpoint, credential=KEY, model="m")
        error = caught.value
        assert (error.type, error.code, error.param) == ("invalid_request_error", "ModelNotFound", "model")
        assert error.event.error.message == "no such model"
        assert "ModelNotFound: no such model" in str(error)
        await style.wait_for(server.wait_for_quiet)


async def test_a_close_instead_of_the_first_event_raises(style: Style) -> None:
    async def script(peer: Peer) -> None:
        await peer.close(3000, "unauthorized")

    with Server(script) as server, pytest.raises(ConnectionClosed) as caught:
        await style.enter(endpoint=server.endpoint, credential=KEY, model="m")
    assert (caught.value.code, caught.value.reason) == (3000, "unauthorized")


@pytest.mark.parametrize("first", ['{"type": "not.known.yet"}', "no JSON", '{"type": "session.updated"}'])
async def test_anything_else_first_is_delivered(style: Style, first: str) -> None:
    async def script(peer: Peer) -> None:
        await peer.send(first, CREATED)
        await peer.listen()

    with Server(script) as server:
        async with style.connect(endpoint=server.endpoint, credential=KEY, model="m") as connection:
            assert connection.session_id is None
            assert await connection.recv_bytes() == first.encode()
            assert (await connection.recv()).type == "session.created"
            assert connection.session_id == "sess_1"


# Failures


STATUSES = [
    (401, AuthenticationError),
    (403, PermissionDeniedError),
    (404, NotFoundError),
    (429, RateLimitError),
    (400, HandshakeError),
    (500, ServiceUnavailableError),
    (503, ServiceUnavailableError),
]


@pytest.mark.parametrize(("status", "error"), STATUSES)
async def test_a_refused_handshake_says_why(style: Style, status: int, error: type[HandshakeError]) -> None:
    body = b'{"error": {"code": "TheCode", "message": "the message"}}'
    headers = {"apim-request-id": "req-1", "Retry-After": "7", "Content-Type": "application/json"}
    with Server(status=status, body=body, headers=headers) as server:
        with pytest.raises(error) as caught:
            await style.enter(endpoint=server.endpoint, credential=KEY, model="m")
        refusal = caught.value
        assert type(refusal) is error
        assert (refusal.status, refusal.code, refusal.request_id) == (status, "TheCode", "req-1")
        assert refusal.body == body.decode()
        assert "the message" in str(refusal)
        assert refusal.retry_after == 7


async def test_redirects_are_not_followed(style: Style) -> None:
    with Server() as target, Server(status=307, headers={"Location": f"{target.endpoint}/x"}) as server:
        with pytest.raises(RedirectError):
            await style.enter(endpoint=server.endpoint, credential=KEY, model="m")
        assert len(server.requests) == 1
        assert target.requests == []


async def test_nothing_listens(style: Style) -> None:
    with Silence() as server:
        endpoint = server.endpoint
    with pytest.raises(ConnectError):
        await style.enter(endpoint=endpoint, credential=KEY, model="m")


async def test_what_answers_is_no_websocket_server(style: Style) -> None:
    with Silence(b"220 smtp.example\r\n\r\n") as server, pytest.raises(ConnectError):
        await style.enter(endpoint=server.endpoint, credential=KEY, model="m")


async def test_a_proxy_that_refuses(style: Style) -> None:
    with Silence(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n") as proxy:
        with pytest.raises(ProxyError) as caught:
            await style.enter(endpoint=FAR, credential=KEY, model="m", proxy=f"http://u:{KEY}@localhost:{proxy.port}")
        assert caught.value.status == 407
        assert KEY not in str(caught.value)


async def test_a_server_that_says_nothing_is_left_in_time(style: Style) -> None:
    with Silence() as server, pytest.raises(ConnectTimeoutError) as caught:
        await style.enter(
            endpoint=server.endpoint, credential=KEY, model="m", connection_options={"handshake_timeout": 0.2}
        )
    assert (caught.value.timeout, caught.value.phase) == (0.2, "dial")
    assert "0.2 s" in str(caught.value)
    assert "handshake_timeout" in str(caught.value)


async def test_a_service_without_a_first_event_is_left_in_time(style: Style) -> None:
    async def script(peer: Peer) -> None:
        await peer.listen()

    with Server(script) as server:
        with pytest.raises(ConnectTimeoutError) as caught:
            await style.enter(
                endpoint=server.endpoint, credential=KEY, model="m", connection_options={"handshake_timeout": 0.3}
            )
        assert (caught.value.timeout, caught.value.phase) == (0.3, "session.created")
        await style.wait_for(server.wait_for_quiet)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_cancelled_connect_leaves_nothing_open(backend: str) -> None:
    async def main() -> None:
        entered = anyio.Event()

        async def script(peer: Peer) -> None:
            await peer.listen()

        with Server(script) as server:
            async with anyio.create_task_group() as group:

                async def connect() -> None:
                    entered.set()
                    await voicelive.aio.connect(endpoint=server.endpoint, credential=KEY, model="m").enter()

                group.start_soon(connect)
                await entered.wait()
                await anyio.to_thread.run_sync(server.wait_for_peer)
                group.cancel_scope.cancel()
            await anyio.to_thread.run_sync(server.wait_for_quiet)

    anyio.run(main, backend=backend)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_cancelled_block_leaves_nothing_open(backend: str) -> None:
    async def main() -> None:
        with Server() as server:
            with anyio.move_on_after(0.05) as scope:
                async with voicelive.aio.connect(endpoint=server.endpoint, credential=KEY, model="m"):
                    await anyio.sleep_forever()
            assert scope.cancelled_caught
            await anyio.to_thread.run_sync(server.wait_for_quiet)

    anyio.run(main, backend=backend)


# The manager


async def test_a_connection_can_outlive_a_block(style: Style) -> None:
    with Server() as server:
        connection = await style.enter(endpoint=server.endpoint, credential=KEY, model="m")
        assert (await connection.recv()).type == "session.created"
        await connection.close()
        await style.wait_for(server.wait_for_quiet)


async def test_one_manager_makes_one_connection(style: Style) -> None:
    with Server() as server:
        manager = style.facade.connect(endpoint=server.endpoint, credential=KEY, model="m")
        if isinstance(style, BlockingStyle):
            with manager, pytest.raises(RuntimeError, match="call connect"):
                manager.enter()
        else:
            async with manager:
                with pytest.raises(RuntimeError, match="call connect"):
                    await manager.enter()


async def test_using_the_manager_as_the_connection_is_explained(style: Style) -> None:
    manager: Any = style.facade.connect(endpoint=FAR, credential=KEY, model="m")
    for name in ("recv", "session", "close", "session_id"):
        with pytest.raises(NotConnectedError, match=f"'{name}' is used before"):
            getattr(manager, name)
    with pytest.raises(AttributeError, match="'nonsense'"):
        manager.nonsense  # noqa: B018


async def test_leaving_the_block_closes_whatever_happened_in_it(style: Style) -> None:
    with Server() as server:
        with pytest.raises(LookupError):
            async with style.connect(endpoint=server.endpoint, credential=KEY, model="m"):
                raise LookupError
        await style.wait_for(server.wait_for_quiet)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            async with style.connect(endpoint=server.endpoint, credential=KEY, model="m") as connection:
                await connection.close()
        await style.wait_for(server.wait_for_quiet)


def test_what_is_shown_holds_no_secret() -> None:
    manager = voicelive.connect(endpoint=FAR, credential=KEY, model="m", query={"sig": KEY}, headers={"X": KEY})
    assert repr(manager) == "<voicelive.connect to wss://r.services.ai.azure.com:443/voice-live/realtime>"
    manager = voicelive.aio.connect(endpoint=FAR, credential=KEY, model="m")
    assert repr(manager) == "<voicelive.aio.connect to wss://r.services.ai.azure.com:443/voice-live/realtime>"


async def test_what_a_connection_shows(style: Style) -> None:
    with Server(live) as server:
        async with style.connect(endpoint=server.endpoint, credential=KEY, model="m", query={"a": KEY}) as connection:
            where = f"ws://localhost:{server.port}/voice-live/realtime"
            name = f"{style.facade.__name__}.VoiceLiveConnection"
            assert repr(connection) == f"<{name} to {where}, session 'sess_1', open>"
            assert (connection.close_code, connection.close_reason) == (None, None)
            await connection.close(3001, "bye")
            assert repr(connection) == f"<{name} to {where}, session 'sess_1', closed, code 3001>"
            assert (connection.close_code, connection.close_reason) == (3001, "bye")
