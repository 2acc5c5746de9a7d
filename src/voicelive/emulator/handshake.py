"""What the embedded service checks of the HTTP request before there is a session."""

from __future__ import annotations

import hmac
import ipaddress
import json
from collections.abc import Collection, Mapping, Sequence
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from voicelive.emulator.context import new_id
from voicelive.emulator.versions import API_VERSIONS

__all__ = ("PATHS", "answer", "query_of", "refusal", "without_secrets")

PATHS = ("/voice-live/realtime", "/voice-agent/realtime")
"""The service's path, and the one of the first previews."""

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_SECRET = ("api-key", "authorization", "access_token", "token")


def query_of(request: Request) -> dict[str, str]:
    """Return the query parameters, the last of each name."""
    return {name: values[-1] for name, values in parse_qs(urlsplit(request.path).query).items()}


def without_secrets(query: Mapping[str, str]) -> dict[str, str]:
    """Return the query parameters but for keys and tokens."""
    return {name: value for name, value in query.items() if name.lower() not in _SECRET}


def refusal(request: Request, api_key: str, origins: Sequence[str], hosts: Collection[str]) -> Response | None:
    """Return the answer that refuses the request, or None to let it in.

    Args:
        request: The upgrade request.
        api_key: The key that ``api-key`` must hold.
        origins: Origins of browsers let in besides pages served from this machine.
        hosts: Names in ``Host`` let in besides ``localhost`` and addresses; ``"*"`` lets in all.
    """
    query = query_of(request)
    if not _meant(request.headers.get_all("Host"), hosts):
        return answer(
            HTTPStatus.FORBIDDEN,
            "The name in the Host header is not this machine's. If it is meant to be, name it in allowed_hosts= or "
            "--allowed-host.",
        )
    if urlsplit(request.path).path.rstrip("/") not in PATHS:
        return answer(HTTPStatus.NOT_FOUND, "Resource not found. The path is /voice-live/realtime.")
    if not _own(request.headers.get("Origin"), origins):
        return answer(HTTPStatus.FORBIDDEN, "Pages of this origin may not connect.")
    if not _authenticated(request.headers, query, api_key):
        return answer(
            HTTPStatus.UNAUTHORIZED,
            "Access denied due to missing or invalid credentials. Send the key in the api-key header, or a token as "
            "Authorization: Bearer.",
        )
    return _incomplete(query)


def _incomplete(query: Mapping[str, str]) -> Response | None:
    if not query.get("api-version"):
        return answer(HTTPStatus.BAD_REQUEST, "The query parameter api-version is required.", "MissingApiVersion")
    if query["api-version"] not in API_VERSIONS:
        message = f"The api-version is not supported. Supported are: {', '.join(API_VERSIONS)}."
        return answer(HTTPStatus.BAD_REQUEST, message, "UnsupportedApiVersion")
    agent = query.get("agent-name") or query.get("agent-id")
    if not query.get("model") and not agent:
        return answer(HTTPStatus.BAD_REQUEST, "The query parameter model, or agent-name, is required.", "MissingModel")
    if query.get("agent-name") and not query.get("agent-project-name"):
        message = "The query parameter agent-project-name is required beside agent-name."
        return answer(HTTPStatus.BAD_REQUEST, message, "MissingProject")
    return None


def _meant(values: Sequence[str], hosts: Collection[str]) -> bool:
    """Whether ``Host`` names this machine.

    A page of another site can make its own name point to this machine (DNS rebinding), and then it is of the same
    origin for the browser. It cannot do so with an address, nor with ``localhost``.
    """
    if "*" in hosts:
        return True
    if len(values) != 1:
        return False
    try:
        host = urlsplit(f"//{values[0]}").hostname or ""
        if host.rstrip(".") in ("localhost", *hosts):
            return True
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _own(origin: str | None, origins: Sequence[str]) -> bool:
    if origin is None or origin in origins:
        return True
    try:
        return urlsplit(origin).hostname in _LOOPBACK
    except ValueError:
        return False


def _authenticated(headers: Headers, query: Mapping[str, str], api_key: str) -> bool:
    # Microsoft's client for JavaScript sends its key twice: in the header and in the query.
    keys = [*headers.get_all("api-key"), *([query["api-key"]] if "api-key" in query else [])]
    if keys:
        return all(hmac.compare_digest(key.encode(), api_key.encode()) for key in keys)
    for value in headers.get_all("Authorization"):
        scheme, _, token = value.partition(" ")
        if scheme.lower() == "bearer" and token.strip():
            return True
    return False


def answer(status: int, message: str, code: str | None = None) -> Response:
    """Return an answer that refuses, with an error in JSON as the service sends it.

    Args:
        status: HTTP status.
        message: What is wrong.
        code: The service's error code; default: the status.
    """
    body = json.dumps({"error": {"code": code or str(int(status)), "message": message}}).encode()
    headers = Headers(
        {
            "Content-Type": "application/json; charset=utf-8",
            "Content-Length": str(len(body)),
            "Connection": "close",
            "apim-request-id": new_id("request").removeprefix("request_"),
        }
    )
    phrases = {known.value: known.phrase for known in HTTPStatus}
    return Response(int(status), phrases.get(int(status), "Status"), headers, body)
