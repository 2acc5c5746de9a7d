"""What a server's refusal of the upgrade means: HTTP status, headers and body in, an error of ours out."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPException, parse_headers
from typing import cast
from urllib.parse import urlsplit

from voicelive.exceptions import HANDSHAKE_ERRORS, HandshakeError, RedirectError, ServiceUnavailableError

__all__ = ("refusal",)

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


def refusal(where: str, status: int, head: bytes, body: bytes, credentials: Iterable[str] = ()) -> HandshakeError:
    """Return the error for an answer with another status than 101.

    Args:
        where: The address, as it may be shown.
        status: HTTP status.
        head: Status line and header lines, as they came.
        body: The body, as far as it came.
        credentials: Values of request headers that must not come back in the error, should the server echo them.
    """
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
