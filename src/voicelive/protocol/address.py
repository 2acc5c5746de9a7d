"""Where to connect, and with which headers: endpoint and arguments in, URL and header list out."""

from __future__ import annotations

import ipaddress
import math
import platform
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property, lru_cache
from typing import Any, cast
from urllib.parse import SplitResult, parse_qsl, quote, urlsplit

from voicelive._version import __version__
from voicelive.protocol._arguments import expect, expect_mapping

__all__ = ("API_VERSION", "Address", "Header", "build_address", "build_headers", "check_headers", "user_agent")

API_VERSION = "2026-07-15"
"""The API version asked for unless the caller names another."""

REALTIME_PATH = "/voice-live/realtime"
_SECURE = {"https": True, "wss": True, "http": False, "ws": False}


@dataclass(frozen=True, repr=False)
class Address:
    """A WebSocket address, in the pieces a driver needs."""

    secure: bool
    """TLS or plain TCP."""
    host: str
    """Host name (ASCII) or IP address, without brackets."""
    port: int
    resource: str
    """Path and query, percent-encoded: the request target (RFC 9112 section 3.2.1)."""

    @property
    def url(self) -> str:
        """The whole URL. The query may hold what a caller wants kept: show ``display`` instead."""
        return self._origin + self.resource

    @cached_property
    def display(self) -> str:
        """The URL without its query, for messages and logs."""
        return self._origin + self.resource.partition("?")[0]

    @cached_property
    def loopback(self) -> bool:
        """Whether the host is this machine, so that nobody else sees the traffic."""
        if self.host == "localhost" or self.host.endswith(".localhost"):
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def _origin(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'wss' if self.secure else 'ws'}://{host}:{self.port}"

    def __repr__(self) -> str:
        return f"Address({self.display!r})"


def build_address(
    endpoint: str,
    *,
    api_version: str = API_VERSION,
    model: str | None = None,
    agent_name: str | None = None,
    project_name: str | None = None,
    agent_version: str | None = None,
    conversation_id: str | None = None,
    authentication_identity_client_id: str | None = None,
    foundry_resource_override: str | None = None,
    query: Mapping[str, Any] | None = None,
) -> Address:
    """Build the address of a session.

    ``query`` goes before the arguments, the arguments before the endpoint's own query. The realtime path is appended
    unless the endpoint has it already.

    Raises:
        TypeError: A value of the wrong type.
        ValueError: A bad endpoint; both or neither of model and agent; half of an agent's name; a query value that has
            no form in a URL.
    """
    arguments = {
        "api-version": ("api_version", api_version),
        "x-ms-client-sdk": ("user_agent", user_agent()),
        "model": ("model", model),
        "agent-name": ("agent_name", agent_name),
        "agent-project-name": ("project_name", project_name),
        "agent-version": ("agent_version", agent_version),
        "conversation-id": ("conversation_id", conversation_id),
        "agent-authentication-identity-client-id": (
            "authentication_identity_client_id",
            authentication_identity_client_id,
        ),
        "foundry-resource-override": ("foundry_resource_override", foundry_resource_override),
    }
    for name, value in arguments.values():
        if value is not None:
            expect(name, value, str, "a text")
    if not api_version:
        raise ValueError(f"api_version is empty; leave it out for {API_VERSION}")
    parameters: dict[str, tuple[str, ...]] = {key: (value,) for key, (_, value) in arguments.items() if value}
    parameters.update(_caller_query(query))
    return _assemble(expect("endpoint", endpoint, str, "a URL"), tuple(parameters.items()))


# Programs connect to few places, and quoting takes 60 of the 400 µs of a connection. Of what is kept, most is shared.
@lru_cache(maxsize=16)
def _assemble(endpoint: str, arguments: tuple[tuple[str, tuple[str, ...]], ...]) -> Address:
    parts = _split(endpoint)
    parameters = dict(arguments)
    own: dict[str, tuple[str, ...]] = {}
    for key, value in parse_qsl(parts.query, keep_blank_values=True):
        own[key] = (*own.get(key, ()), value)
    parameters = {**parameters, **{key: values for key, values in own.items() if key not in parameters}}
    _check_target(parameters)

    path = _requote(parts.path).rstrip("/")
    if not path.endswith(REALTIME_PATH):
        path += REALTIME_PATH
    pairs = (f"{quote(key, safe='')}={quote(value, safe='')}" for key, values in parameters.items() for value in values)
    secure = _SECURE[parts.scheme]
    return Address(secure, _host(parts), _port(parts) or (443 if secure else 80), f"{path}?{'&'.join(pairs)}")


def _split(endpoint: str) -> SplitResult:
    example = "write it as 'https://<resource>.services.ai.azure.com'"
    # A file or a secret store often adds a newline.
    endpoint = endpoint.strip()
    if not endpoint:
        raise ValueError(f"endpoint is empty; {example}")
    if re.search(r"[\x00-\x20\x7f]", endpoint):
        raise ValueError(f"endpoint has spaces or control characters in it; {example}")
    try:
        parts = urlsplit(endpoint)
    except ValueError:
        raise ValueError(f"endpoint is not a URL; {example}") from None
    if "://" not in endpoint:
        raise ValueError(f"endpoint has no scheme; {example}")
    if parts.scheme not in _SECURE:
        raise ValueError(
            f"endpoint has the scheme {parts.scheme!r}, which is not one of https, wss, http, ws; {example}"
        )
    if parts.username is not None or parts.password is not None:
        raise ValueError("endpoint has a user name or password in it; pass credential= instead")
    return parts


def _host(parts: SplitResult) -> str:
    host = parts.hostname
    if not host:
        raise ValueError("endpoint has no host; write it as 'https://<resource>.services.ai.azure.com'")
    if host.isascii():
        return host
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        raise ValueError("endpoint has a host name that does not exist in DNS (IDNA)") from None


def _port(parts: SplitResult) -> int | None:
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0:
        raise ValueError("endpoint has a port that is not a number from 1 to 65535")
    return port


def _requote(path: str) -> str:
    """Encode what must not stand in a path, and leave alone what is encoded."""
    return re.sub(r"%(?![0-9A-Fa-f]{2})", "%25", quote(path, safe="/%:@!$&'()*+,;=~"))


def _caller_query(query: Mapping[str, Any] | None) -> dict[str, tuple[str, ...]]:
    parameters: dict[str, tuple[str, ...]] = {}
    for key, value in expect_mapping("query", {} if query is None else query).items():
        key = expect("a key of query", key, str, "a text")
        values = cast("Sequence[object]", value) if isinstance(value, list | tuple) else (value,)
        parameters[key] = tuple(_query_text(key, item) for item in values)
    return parameters


def _query_text(key: str, value: object) -> str:
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) or (isinstance(value, float) and math.isfinite(value)):
        return repr(value)
    if value is None:
        raise ValueError(f"query[{key!r}] is None; leave the key out, or write '' for an empty value")
    raise TypeError(f"query[{key!r}] must be text, a number, a bool or a list of them, not {type(value).__name__}")


_AGENT_ONLY = (
    "agent-version",
    "conversation-id",
    "agent-authentication-identity-client-id",
    "foundry-resource-override",
)


def _check_target(parameters: Mapping[str, Sequence[str]]) -> None:
    model, agent, project = (bool(parameters.get(key)) for key in ("model", "agent-name", "agent-project-name"))
    if model and (agent or project):
        raise ValueError("model and an agent are both given; an agent brings its own model: leave model out")
    if agent != project:
        given, missing = ("agent_name", "project_name") if agent else ("project_name", "agent_name")
        raise ValueError(f"{given} is given without {missing}; an agent needs both")
    if agent:
        return
    if of_agent := [key for key in _AGENT_ONLY if parameters.get(key)]:
        raise ValueError(f"{', '.join(of_agent)}: given without an agent; pass agent_name and project_name too")
    if not model:
        raise ValueError("neither model nor an agent is given; pass model=, or agent_name= and project_name=")


@lru_cache(maxsize=1)
def user_agent() -> str:
    """Return what this client calls itself, as ``User-Agent`` header and as ``x-ms-client-sdk`` parameter."""
    text = f"voicelive/{__version__} Python/{platform.python_version()} ({platform.platform()})"
    return text.encode("ascii", "replace").decode("ascii")


_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_HANDSHAKE = frozenset(("host", "connection", "upgrade", "content-length", "transfer-encoding"))


def check_headers(headers: Mapping[str, Any] | None) -> dict[str, str]:
    """Check the headers a caller gave.

    Raises:
        TypeError: A name that is not text, or a value that is neither text nor a number.
        ValueError: A name or value that HTTP does not allow (RFC 9110 section 5), or a header of the handshake itself.
    """
    checked: dict[str, str] = {}
    seen: set[str] = set()
    for name, value in expect_mapping("headers", {} if headers is None else headers).items():
        name = expect("a header name", name, str, "a text")
        if not _TOKEN.fullmatch(name):
            raise ValueError(f"{name!r} is not a header name (RFC 9110 section 5.6.2)")
        lower = name.lower()
        if lower in _HANDSHAKE or lower.startswith("sec-websocket-"):
            raise ValueError(f"header {name!r} belongs to the handshake and is set by it")
        if lower in seen:
            raise ValueError(f"header {name!r} is given twice, in different case")
        seen.add(lower)
        checked[name] = check_header_value(name, value)
    return checked


def check_header_value(name: str, value: object) -> str:
    """Return a header value as text; see ``check_headers``. The value is in no message: it may be a secret."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise TypeError(f"header {name!r} must be a text or a number, not {type(value).__name__}")
    text = str(value)
    if not text.isascii() or not text.replace("\t", "").isprintable():
        raise ValueError(
            f"header {name!r} has a line break, control character or non-ASCII character in its value; "
            "text read from a file often ends in a newline: strip() it"
        )
    return text.strip()


class Header(tuple[str, str]):
    """Name and value of a header. Error trackers show the variables of every function; the value is not among them."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"({self[0]!r}, ...)"


def build_headers(authorization: Header | None, headers: Mapping[str, str] | None = None) -> tuple[Header, ...]:
    """Merge our headers with the caller's, which replace ours whatever the case.

    Args:
        authorization: Name and value of the header that proves who we are.
        headers: The caller's, checked.
    """
    given = headers or {}
    theirs = {name.lower() for name in given}
    ours = [Header(("User-Agent", user_agent()))]
    if authorization is not None:
        ours.append(authorization)
    return (*(pair for pair in ours if pair[0].lower() not in theirs), *map(Header, given.items()))
