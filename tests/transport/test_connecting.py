"""Connections that do not come about: every driver says why and what to do, and leaves nothing behind."""

from __future__ import annotations

import contextlib
import dataclasses
import socket
import ssl
import threading
from collections.abc import Callable

import anyio
import pytest

from voicelive.exceptions import (
    AuthenticationError,
    CertificateError,
    ConnectError,
    ConnectionClosed,
    HandshakeError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    RedirectError,
    ServiceUnavailableError,
)
from voicelive.protocol.address import Address

from .conftest import Authority, Rig
from .harness import HARNESSES, Connection, Harness
from .server import TEXT, Peer, Server, frame

KEY = (("api-key", "hush-hush"),)


def failure(rig: Rig, script: Callable[[Peer], None], **options: object) -> ConnectError | HandshakeError:
    """The error of connecting to a server that plays ``script``."""
    caught: list[ConnectError | HandshakeError] = []

    with rig.serve(script) as server:

        async def body(harness: Harness) -> None:
            with pytest.raises((ConnectError, HandshakeError)) as info:
                await rig.connect(server, KEY, **options)
            caught.append(info.value)

        rig.harness.run(body)
    error = caught[0]
    for text in (str(error), repr(error.__dict__), repr(error.__cause__)):
        assert "hush-hush" not in text
        assert "secret=hidden" not in text
    return error


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (302, RedirectError),
        (400, HandshakeError),
        (401, AuthenticationError),
        (403, PermissionDeniedError),
        (404, NotFoundError),
        (429, RateLimitError),
        (500, ServiceUnavailableError),
        (503, ServiceUnavailableError),
    ],
)
def test_refusal_of_the_server(rig: Rig, status: int, kind: type[HandshakeError]) -> None:
    body = b'{"error": {"code": "Oops", "message": "Not like this."}}'

    def script(peer: Peer) -> None:
        peer.read_request()
        peer.write(
            b"HTTP/1.1 %d Whatever\r\nLocation: https://elsewhere.example/path?key=hush\r\nRetry-After: 7\r\n"
            b"apim-request-id: 0af7\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body)
        )
        # The server keeps the connection; the client does not.
        peer.read_eof()

    error = failure(rig, script)
    assert type(error) is kind
    assert isinstance(error, HandshakeError)
    assert (error.status, error.code, error.body, error.request_id) == (status, "Oops", body.decode(), "0af7")
    assert error.retry_after == 7
    assert error.headers["apim-request-id"] == "0af7"


def test_answer_that_is_not_http(rig: Rig) -> None:
    def script(peer: Peer) -> None:
        peer.write(b"220 mail.example ESMTP\r\n\r\n")
        peer.read_eof()

    error = failure(rig, script)
    assert type(error) is ConnectError
    assert "did not answer in HTTP" in str(error)


def test_answer_that_accepts_the_wrong_key(rig: Rig) -> None:
    def script(peer: Peer) -> None:
        peer.read_request()
        peer.write(
            b"HTTP/1.1 101 OK\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: bogus\r\n\r\n"
        )
        peer.read_eof()

    error = failure(rig, script)
    assert type(error) is ConnectError
    assert "is not a WebSocket server" in str(error)


@pytest.mark.parametrize("how", ["end", "reset"])
def test_server_that_hangs_up_before_it_answers(rig: Rig, how: str) -> None:
    def script(peer: Peer) -> None:
        peer.read_request()
        if how == "reset":
            peer.reset()

    error = failure(rig, script)
    assert type(error) is ConnectError
    assert "closed the connection before it answered" in str(error)


def test_connection_that_ends_right_after_it_was_accepted_is_a_connection(rig: Rig) -> None:
    def script(peer: Peer) -> None:
        peer.accept(frame(TEXT, b"hello and") + frame(8, b"\x03\xf1bye"))

    async def talk(harness: Harness, connection: Connection) -> None:
        assert await connection.receive() == b"hello and"
        with pytest.raises(ConnectionClosed) as caught:
            await connection.receive()
        assert (caught.value.code, caught.value.reason) == (1009, "bye")

    rig.play(script, talk)


@pytest.fixture(params=list(HARNESSES))
def harness(request: pytest.FixtureRequest) -> Harness:
    return HARNESSES[request.param]


def connect_error(harness: Harness, address: Address, **options: object) -> ConnectError:
    caught: list[ConnectError] = []

    async def body(harness: Harness) -> None:
        with pytest.raises(ConnectError) as info:
            await harness.connect(address, **options)
        caught.append(info.value)

    harness.run(body)
    return caught[0]


def test_nobody_listens(harness: Harness) -> None:
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port = listener.getsockname()[1]
    error = connect_error(harness, Address(False, "127.0.0.1", port, "/x?secret=hidden"))
    assert type(error) is ConnectError
    assert "refused" in str(error)
    assert "check host and port" in str(error)
    assert "hidden" not in str(error)


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a" * 70 + ".invalid", "two..dots.invalid"])
def test_host_name_that_does_not_exist(harness: Harness, host: str) -> None:
    error = connect_error(harness, Address(False, host, 80, "/x"), proxy=False)
    assert type(error) is ConnectError
    assert "could not be looked up" in str(error)


def tls_error(harness: Harness, server_tls: ssl.SSLContext, client_tls: ssl.SSLContext, host: str) -> ConnectError:
    failed: list[str] = []

    class Refused(Server):
        def _play(self, peer: Peer) -> None:
            try:
                peer.start()
                peer.read_eof()
            except (ssl.SSLError, ConnectionError) as error:
                failed.append(str(error))
            finally:
                peer.close()

    with Refused(lambda peer: None, server_tls) as server:
        address = Address(True, host, server.address.port, "/x?secret=hidden")
        error = connect_error(harness, address, ssl_context=client_tls)
    assert failed, "the server was not told"
    return error


def test_certificate_of_an_unknown_authority(harness: Harness, authority: Authority) -> None:
    error = tls_error(harness, authority.server, ssl.create_default_context(), "127.0.0.1")
    assert type(error) is CertificateError
    assert "unable to get local issuer" in str(error)
    assert "ssl_context" in str(error)


def test_certificate_for_another_host(harness: Harness, authority: Authority) -> None:
    error = tls_error(harness, authority.server_context("other.example"), authority.client, "localhost")
    assert type(error) is CertificateError
    assert "localhost" in str(error)
    assert "mismatch" in str(error)


def test_server_hostname_is_what_the_certificate_is_checked_for(harness: Harness, authority: Authority) -> None:
    def script(peer: Peer) -> None:
        peer.accept()
        peer.finish()

    with Server(script, authority.server_context("other.example")) as server:

        async def body(harness: Harness) -> None:
            connection = await harness.connect(
                server.address, ssl_context=authority.client, server_hostname="other.example"
            )
            await connection.close()

        harness.run(body)


def test_tls_to_a_server_without(harness: Harness, authority: Authority) -> None:
    def script(peer: Peer) -> None:
        peer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        peer.read_eof()

    with Server(script) as server:
        address = Address(True, "127.0.0.1", server.address.port, "/x")
        error = connect_error(harness, address, ssl_context=authority.client)
    assert type(error) is ConnectError
    assert "TLS" in str(error)


def test_cancelled_connect_closes_its_socket(async_rig: Rig) -> None:
    asked = threading.Event()

    def script(peer: Peer) -> None:
        peer.read_request()
        asked.set()
        peer.read_eof()

    with async_rig.serve(script) as server:

        async def body(harness: Harness) -> None:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(async_rig.connect, server)
                await harness.wait(asked)
                tasks.cancel_scope.cancel()
            await harness.wait(server.done)

        async_rig.harness.run(body)


def test_connect_cancelled_during_the_tls_handshake_closes_its_socket(async_rig: Rig) -> None:
    asked = threading.Event()

    def script(peer: Peer) -> None:
        assert peer.sock.recv(5)
        asked.set()
        peer.read_eof()

    with Server(script) as server:
        address = Address(True, "127.0.0.1", server.address.port, "/x")

        async def body(harness: Harness) -> None:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(harness.connect, address)
                await harness.wait(asked)
                tasks.cancel_scope.cancel()
            await harness.wait(server.done)

        async_rig.harness.run(body)


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1"])
def test_large_messages_both_ways_whatever_the_host_is_called(rig: Rig, name: str) -> None:
    message = b"x" * (3 * 1024 * 1024)

    def script(peer: Peer) -> None:
        peer.accept()
        assert peer.read_frame() == (TEXT, message)
        peer.text(message)
        peer.finish()

    with rig.serve(script) as server:
        server.address = dataclasses.replace(server.address, host=name)

        async def body(harness: Harness) -> None:
            connection = await rig.connect(server)
            await connection.send(message)
            assert await connection.receive() == message
            await connection.close()

        rig.harness.run(body)
