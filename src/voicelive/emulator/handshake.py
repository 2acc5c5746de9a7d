"""What the embedded service checks of the HTTP request before there is a session."""

from __future__ import annotations

import hmac
import json
from collections.abc import Sequence
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from voicelive.emulator.context import new_id

__all__ = ("PATHS", "query_of", "refusal")

PATHS = ("/voice-live/realtime", "/voice-agent/realtime")
"""The service's path, and the one of the first previews."""

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def query_of(request: Request) -> dict[str, str]:
    """Return the query parameters, the last of each name."""
    return {name: values[-1] for name, values in parse_qs(urlsplit(request.path).query).items()}


def refusal(request: Request, api_key: str, origins: Sequence[str]) -> Response | None:
    """Return the answer that refuses the request, or None to let it in.

    Args:
        request: The upgrade request.
        api_key: The key that ``api-key`` must hold.
        origins: Origins of browsers let in besides pages served from this machine.
    """
    query = query_of(request)
    if urlsplit(request.path).path.rstrip("/") not in PATHS:
        return _answer(HTTPStatus.NOT_FOUND, "Resource not found. The path is /voice-live/realtime.")
    if not _own(request.headers.get("Origin"), origins):
        return _answer(HTTPStatus.FORBIDDEN, "Pages of this origin may not connect.")
    if not _authenticated(request.headers, query, api_key):
        return _answer(
            HTTPStatus.UNAUTHORIZED,
            "Access denied due to missing or invalid credentials. Send the key in the api-key header, or a token as "
            "Authorization: Bearer.",
        )
    if not query.get("api-version"):
        return _answer(HTTPStatus.BAD_REQUEST, "The query parameter api-version is required.", "MissingApiVersion")
    agent = query.get("agent-name") or query.get("agent-id")
    if not query.get("model") and not agent:
        return _answer(HTTPStatus.BAD_REQUEST, "The query parameter model, or agent-name, is required.", "MissingModel")
    if query.get("agent-name") and not query.get("agent-project-name"):
        message = "The query parameter agent-project-name is required beside agent-name."
        return _answer(HTTPStatus.BAD_REQUEST, message, "MissingProject")
    return None


def _own(origin: str | None, origins: Sequence[str]) -> bool:
    if origin is None or origin in origins:
        return True
    try:
        return urlsplit(origin).hostname in _LOOPBACK
    except ValueError:
        return False


def _authenticated(headers: Headers, query: dict[str, str], api_key: str) -> bool:
    # Microsoft's client for JavaScript sends its key twice: in the header and in the query.
    keys = [*headers.get_all("api-key"), *([query["api-key"]] if "api-key" in query else [])]
    if keys:
        return all(hmac.compare_digest(key.encode(), api_key.encode()) for key in keys)
    for value in headers.get_all("Authorization"):
        scheme, _, token = value.partition(" ")
        if scheme.lower() == "bearer" and token.strip():
            return True
    return False


def _answer(status: HTTPStatus, message: str, code: str | None = None) -> Response:
    body = json.dumps({"error": {"code": code or str(status.value), "message": message}}).encode()
    headers = Headers(
        {
            "Content-Type": "application/json; charset=utf-8",
            "Content-Length": str(len(body)),
            "Connection": "close",
            "apim-request-id": new_id("request").removeprefix("request_"),
        }
    )
    return Response(status.value, status.phrase, headers, body)
