"""A refused upgrade becomes an error that says what the server said and what to do."""

from __future__ import annotations

import pytest

from voicelive.exceptions import (
    ConnectError,
    HandshakeError,
    NotFoundError,
    RateLimitError,
    RedirectError,
    ServiceUnavailableError,
)
from voicelive.protocol.address import Address
from voicelive.protocol.options import TransportOptions
from voicelive.protocol.websocket import WebSocket

WHERE = Address(False, "voice.example", 80, "/realtime?model=m&api-key=in-the-query")


def refused(
    answer: bytes, *, chunk: int = 1 << 20, eof: bool = True, key: str = "k3y"
) -> HandshakeError | ConnectError:
    websocket = WebSocket(WHERE, [("api-key", key), ("Authorization", f"Bearer {key}-token")], TransportOptions())
    websocket.start()
    for at in range(0, len(answer), chunk):
        websocket.receive(answer[at : at + chunk])
    if eof:
        websocket.receive_eof()
    assert not websocket.opening
    with pytest.raises((HandshakeError, ConnectError)) as caught:
        websocket.raise_if_refused()
    assert "in-the-query" not in str(caught.value)
    return caught.value


def answer(status: int, *headers: str, body: bytes = b"") -> bytes:
    lines = [f"HTTP/1.1 {status} Reason", *headers, f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


@pytest.mark.parametrize("chunk", [1, 7, 1 << 20])
def test_whole_answer_needs_no_end_of_stream(chunk: int) -> None:
    error = refused(
        answer(404, body=b'{"code": "DeploymentNotFound", "message": "No such model."}'), chunk=chunk, eof=False
    )
    assert isinstance(error, NotFoundError)
    assert (error.status, error.code) == (404, "DeploymentNotFound")
    assert "DeploymentNotFound: No such model." in str(error)
    assert "check the endpoint, api_version, model and agent names" in str(error)
    assert "ws://voice.example:80/realtime" in str(error)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"error": {"code": "A", "message": "m"}}', "A"),
        (b'{"error": {"code": 50, "message": "m"}}', "50"),
        (b'{"statusCode": 401, "message": "m"}', "401"),
        (b'{"code": null}', None),
        (b'{"error": "text"}', None),
        (b"[1]", None),
        (b"<html>", None),
        (b"\xff\xfe", None),
        (b"", None),
    ],
)
def test_error_code_in_any_shape_of_body(body: bytes, code: str | None) -> None:
    error = refused(answer(401, body=body))
    assert isinstance(error, HandshakeError)
    assert error.code == code
    assert error.body == body.decode("utf-8", "replace")


def test_body_is_bounded_whether_or_not_the_server_says_its_length() -> None:
    for length in (b"", b"Content-Length: 100000000\r\n"):
        error = refused(b"HTTP/1.1 503 No\r\n" + length + b"\r\n" + b"x" * 200_000, chunk=10_000, eof=False)
        assert isinstance(error, ServiceUnavailableError)
        assert len(error.body) in (0, 4096)


@pytest.mark.parametrize(
    "cut", [b"HTTP/1.1 403 No\r\nX-Ms-Request-Id: 77\r\nContent-Length: 9\r\n\r\nshort", b"HTTP/1.1 403 No\r\nX-Ms-Req"]
)
def test_answer_that_breaks_off_is_still_a_refusal(cut: bytes) -> None:
    error = refused(cut)
    assert isinstance(error, HandshakeError)
    assert error.status == 403


def test_chunked_body_and_http_1_0() -> None:
    error = refused(b"HTTP/1.1 400 No\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbad!\r\n0\r\n\r\n", eof=False)
    assert isinstance(error, HandshakeError)
    assert error.body == "bad!"
    error = refused(b"HTTP/1.0 502 No\r\n\r\nproxy")
    assert isinstance(error, ServiceUnavailableError)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        (["Retry-After: 12"], 12.0),
        (["retry-after-ms: 1500", "Retry-After: 2"], 1.5),
        (["Retry-After: Fri, 20 Nov 2026 04:00:30 GMT", "Date: Fri, 20 Nov 2026 04:00:00 GMT"], 30.0),
        (["Retry-After: Fri, 20 Nov 2026 03:00:00 GMT", "Date: Fri, 20 Nov 2026 04:00:00 GMT"], 0.0),
        (["Retry-After: Fri, 01 Jan 1999 00:00:00 GMT"], 0.0),
        (["Retry-After: soon"], None),
        (["Retry-After: -3"], None),
        ([], None),
    ],
)
def test_retry_after(headers: list[str], seconds: float | None) -> None:
    error = refused(answer(429, *headers))
    assert isinstance(error, RateLimitError)
    assert error.retry_after == seconds
    if seconds:
        assert f"try again in {seconds:g} s" in str(error)


def test_redirect_names_only_where_it_leads() -> None:
    error = refused(answer(307, "Location: https://user:pw@evil.example:99/path?token=t0ken#f"))
    assert isinstance(error, RedirectError)
    assert "https://evil.example" in str(error)
    for hidden in ("path", "t0ken", "pw@"):
        assert hidden not in str(error)
    assert "t0ken" not in repr(error.headers)
    assert isinstance(refused(answer(302)), RedirectError)


def test_credentials_that_a_server_echoes_are_concealed() -> None:
    body = b'{"error": {"code": "bad", "message": "api-key k3y-secret and k3y-secret-token"}}'
    error = refused(answer(401, "WWW-Authenticate: Bearer k3y-secret-token", body=body), key="k3y-secret")
    assert isinstance(error, HandshakeError)
    assert "k3y-secret" not in str(error) + error.body + repr(error.headers)


def test_headers_are_lower_case_and_repeated_ones_joined() -> None:
    error = refused(answer(500, "X-Trace: a", "x-trace: b", "APIM-Request-Id: 9"))
    assert isinstance(error, HandshakeError)
    assert error.headers["x-trace"] == "a, b"
    assert error.request_id == "9"
    assert "request id 9" in str(error)


@pytest.mark.parametrize("junk", [b"SSH-2.0-OpenSSH\r\n", b"\x15\x03\x01\x00\x02\x02\x16", b"x" * 100_000, b"\r\n\r\n"])
def test_answers_that_are_not_http(junk: bytes) -> None:
    error = refused(junk)
    assert type(error) is ConnectError
    assert "did not answer in HTTP" in str(error)


def test_no_answer_at_all() -> None:
    error = refused(b"")
    assert type(error) is ConnectError
    assert "closed the connection before it answered" in str(error)
