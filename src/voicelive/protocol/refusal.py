"""What it means that a connection did not come about: TLS error or HTTP answer in, an error of ours out."""

from __future__ import annotations

import io
import json
import re
import ssl
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPException, parse_headers
from typing import cast
from urllib.parse import urlsplit

from voicelive.exceptions import (
    HANDSHAKE_ERRORS,
    CertificateError,
    ConnectError,
    HandshakeError,
    RedirectError,
    ServiceUnavailableError,
)

__all__ = ("describe", "handshake_failure")

LONGEST_BODY = 4096
"""Characters of the body that are kept."""
LONGEST_QUOTE = 300
"""Characters of the service's own message that ours quotes."""

_ADVICE: Mapping[int, str] = {
    400: "check api_version, model or agent names, and query parameters",
    401: "check that the key or token is valid, not expired, and belongs to this resource",
    403: "check that the identity has a role on the resource (Cognitive Services User) and that its network rules let "
    "you in",
    404: "check the endpoint, api_version, model and agent names",
    429: "open fewer connections, or ask for more quota",
}


_STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-5][0-9][0-9])(?: |\r\n)")


def handshake_failure(
    where: str,
    host: str,
    head: bytes,
    body: bytes,
    failure: Exception | None,
    cause: Exception | None,
    credentials: Iterable[str] = (),
) -> ConnectError | HandshakeError:
    """Return why a handshake, of TLS or of the WebSocket, gave no connection.

    Args:
        where: The address, as it may be shown.
        host: Name or IP address that the certificate must be for.
        head: Status line and header lines of the answer, as they came; empty if none came.
        body: Body of the answer, as far as it came.
        failure: What is wrong with the answer.
        cause: What broke the connection: an error of TLS or of the socket.
        credentials: Values of request headers that must not come back in the error, should the server echo them.
    """
    if isinstance(cause, ssl.SSLCertVerificationError):
        return _caused(_certificate_error(cause, host), cause)
    if isinstance(cause, ssl.SSLError):
        text = f"TLS with {where} failed: {describe(cause)}; check that host and port are those of a TLS server"
        return _caused(ConnectError(text), cause)
    match = _STATUS_LINE.match(head)
    if match and match[1] != b"101":
        return _refusal(where, int(match[1]), head, body, credentials)
    if match:
        return ConnectError(
            f"{where} is not a WebSocket server: it accepted the upgrade, but not as RFC 6455 says "
            f"({failure or 'the answer breaks off'}); check the endpoint, and any proxy or gateway on the way"
        )
    if head:
        return ConnectError(f"{where} did not answer in HTTP; check the endpoint's host, port and scheme")
    why = f" ({describe(cause)})" if cause is not None else ""
    text = (
        f"{where} closed the connection before it answered{why}; "
        "check the endpoint, and any proxy or firewall on the way, then try again"
    )
    return _caused(ConnectError(text), cause)


def describe(cause: Exception) -> str:
    """Say what an error of socket, TLS or clock was, without its numbers and places in C files."""
    if isinstance(cause, ssl.SSLError):
        return f"TLS: {(cause.reason or str(cause)).replace('_', ' ').lower()}"
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror
    return str(cause) or type(cause).__name__


def _caused(error: ConnectError, cause: Exception | None) -> ConnectError:
    error.__cause__ = cause
    return error


def _certificate_error(error: ssl.SSLCertVerificationError, host: str) -> CertificateError:
    problem = error.verify_message or describe(error)
    if "ostname" in problem or "IP address" in problem:
        advice = "check the endpoint's host name"
    else:
        advice = "if it comes from an authority of your own, pass ssl_context=ssl.create_default_context(cafile=...)"
    return CertificateError(
        f"the certificate of {host!r} was not accepted: {problem.rstrip('.')}; {advice}, and check this machine's clock"
    )


def _refusal(where: str, status: int, head: bytes, body: bytes, credentials: Iterable[str]) -> HandshakeError:
    secrets = [part for value in credentials for part in (value, value.rpartition(" ")[2]) if part]
    text = _conceal(body.decode("utf-8", "replace"), secrets)[:LONGEST_BODY]
    headers = {name: _conceal(value, secrets) for name, value in _headers(head).items()}
    code, detail = _service_error(text)
    retry_after = _retry_after(headers)
    request_id = headers.get("apim-request-id") or headers.get("x-ms-request-id")

    message = f"{where} refused the connection with HTTP status {status}"
    if code or detail:
        message += f" ({': '.join(part for part in (code, detail) if part)})"
    message += f"; {_advice(status, headers, retry_after)}"
    if request_id:
        message += f" [request id {request_id}]"
    return _error_class(status)(
        message,
        status=status,
        headers=headers,
        body=text,
        code=code,
        request_id=request_id,
        retry_after=retry_after,
    )


def _error_class(status: int) -> type[HandshakeError]:
    if 300 <= status < 400:
        return RedirectError
    if status >= 500:
        return ServiceUnavailableError
    return HANDSHAKE_ERRORS.get(status, HandshakeError)


def _advice(status: int, headers: Mapping[str, str], retry_after: float | None) -> str:
    if 300 <= status < 400:
        target = _origin(headers.get("location", ""))
        return (
            f"it redirects{f' to {target}' if target else ''}, which is not followed because the credential would "
            "travel along; if you trust that place, make it the endpoint"
        )
    wait = f"try again in {retry_after:g} s" if retry_after is not None else "try again later"
    if status >= 500:
        return f"the service is at fault or overloaded; {wait}"
    advice = _ADVICE.get(status, "check the endpoint; `body` holds what the server said")
    return f"{wait}; {advice}" if status == 429 or retry_after is not None else advice


def _headers(head: bytes) -> dict[str, str]:
    """Return the header fields, names in lower case; the query of a redirect's target is left out."""
    lines = head.partition(b"\n")[2]
    try:
        message = parse_headers(io.BytesIO(lines))
    except HTTPException:
        return {}
    headers: dict[str, str] = {}
    for name, value in message.items():
        key = name.lower()
        headers[key] = f"{headers[key]}, {value}" if key in headers else str(value)
    if "location" in headers:
        headers["location"] = headers["location"].partition("?")[0]
    return headers


def _origin(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.hostname}" if parts.scheme and parts.hostname else ""


def _service_error(body: str) -> tuple[str | None, str | None]:
    """Return code and message from ``{"error": {"code", "message"}}`` or from an object that has them itself."""
    try:
        parsed: object = json.loads(body)
    except ValueError:
        return None, None
    if isinstance(parsed, dict):
        outer = cast("dict[str, object]", parsed)
        inner = outer.get("error")
        source = cast("dict[str, object]", inner) if isinstance(inner, dict) else outer
        code, message = source.get("code", source.get("statusCode")), source.get("message")
        return (
            str(code) if isinstance(code, str | int) and code != "" else None,
            message[:LONGEST_QUOTE] if isinstance(message, str) and message else None,
        )
    return None, None


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds to wait (RFC 9110 section 10.2.3): given as such, or as a date by the server's own clock."""
    milliseconds = headers.get("retry-after-ms", headers.get("x-ms-retry-after-ms", ""))
    if milliseconds.isdecimal():
        return int(milliseconds) / 1000
    value = headers.get("retry-after", "")
    if value.isdecimal():
        return float(value)
    until = _date(value)
    if until is None:
        return None
    now = _date(headers.get("date", "")) or datetime.now(UTC)
    return max(0.0, (until - now).total_seconds())


def _date(value: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(value)
    except (TypeError, ValueError):
        return None
    return date if date.tzinfo is not None else date.replace(tzinfo=UTC)


def _conceal(text: str, secrets: Iterable[str]) -> str:
    for secret in secrets:
        text = text.replace(secret, "***")
    return text
