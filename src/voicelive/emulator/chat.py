"""Answers from a model behind an OpenAI-compatible chat endpoint, such as Ollama or llama.cpp on this machine."""

from __future__ import annotations

import ipaddress
import json
import logging
import ssl
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any

from voicelive.emulator.chat_protocol import ChatProtocolError, ChatReader, error_message, request_body
from voicelive.emulator.speech import ConversationView, Failure, Piece
from voicelive.protocol.address import user_agent

if TYPE_CHECKING:
    import httpx

__all__ = ("ChatResponder",)

_log = logging.getLogger("voicelive.emulator")

_CONNECT_SECONDS = 5.0
_ENDPOINT = "/chat/completions"
_OK, _UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND, _TOO_MANY = 200, 401, 403, 404, 429


class ChatResponder:
    """Lets a model answer. Its text is spoken sentence by sentence while the rest is still made.

    Instructions go to the model as the system message, functions as its tools; other tools are left out. Whatever goes
    wrong makes the response fail with a message that says what to do.

    Args:
        base_url: Where the API begins, such as ``http://localhost:11434/v1`` for Ollama.
        model: Name of the model.
        api_key: Sent as the bearer token; default: none.
        timeout: How long the endpoint may be silent, in seconds; loading a model may take that long.
        options: More fields of the request, such as ``{"temperature": 0}``.
        allow_insecure: Send the key over plain HTTP to other machines.

    Raises:
        ValueError: An argument cannot be used.

    Example:
        ``Emulator(responder=ChatResponder("http://localhost:11434/v1", "llama3.2"))``
    """

    def __init__(
        self,
        base_url: str,
        model: str,
        *,
        api_key: str | None = None,
        timeout: float = 60.0,
        options: Mapping[str, Any] | None = None,
        allow_insecure: bool = False,
    ) -> None:
        self._url = _endpoint(base_url)
        if not model:
            raise ValueError("model must name the model, such as 'llama3.2'")
        if not timeout > 0:
            raise ValueError(f"timeout must be above 0 seconds, not {timeout}")
        self._is_local = _is_loopback(self._url.host)
        if api_key and self._url.scheme == "http" and not (self._is_local or allow_insecure):
            raise ValueError("the key would cross the network in plain text; use https, or allow_insecure=True")
        self._model = model
        self._api_key = api_key
        self._timeout = timeout
        self._options = dict(options or {})
        self._ssl_context = ssl.create_default_context()

    @property
    def _name(self) -> str:
        """The endpoint, as messages and logs tell it: without a query."""
        return str(self._url.copy_with(query=None)).removesuffix(_ENDPOINT)

    async def respond(self, view: ConversationView) -> AsyncIterator[Piece]:
        """Yield the model's answer as it comes."""
        import httpx

        body = request_body(view, self._model, self._options)
        _log.info("asking the model at %s: %d messages", self._name, len(body["messages"]))
        try:
            async with self._client() as client, client.stream("POST", self._url, json=body) as response:
                if response.status_code != _OK:
                    yield self._refused(response.status_code, await response.aread())
                    return
                async for piece in _pieces(response):
                    yield piece
        except ChatProtocolError as error:
            yield self._failure(f"The chat endpoint {self._name} {error}.", "chat_malformed")
        except httpx.HTTPError as error:
            yield self._unreachable(error)

    def _client(self) -> httpx.AsyncClient:
        import httpx

        headers = {"User-Agent": user_agent(), "Accept": "text/event-stream, application/json"}
        if self._api_key:
            headers["Authorization"] = f"Bearer {self._api_key}"
        return httpx.AsyncClient(
            headers=headers,
            timeout=httpx.Timeout(self._timeout, connect=min(self._timeout, _CONNECT_SECONDS)),
            verify=self._ssl_context,
            # A proxy of the environment leads away from this machine.
            trust_env=not self._is_local,
        )

    # Failures

    def _failure(self, message: str, code: str) -> Failure:
        if self._api_key:
            # Servers like to quote the key that they refuse.
            message = message.replace(self._api_key, "***")
        _log.warning("the model at %s did not answer: %s", self._name, code)
        return Failure(message, code)

    def _refused(self, status: int, body: bytes) -> Failure:
        try:
            said = error_message(json.loads(body))
        except (ValueError, RecursionError):
            said = "no reason given"
        where = f"The chat endpoint {self._name}"
        match status:
            case _ if status in (_UNAUTHORIZED, _FORBIDDEN):
                todo = "refuses the key; give the right one" if self._api_key else "asks for a key; give one"
                message = f"{where} {todo} (api_key, on the command line VOICELIVE_CHAT_API_KEY). HTTP {status}: {said}"
                return self._failure(message, "chat_unauthorized")
            case _ if status == _NOT_FOUND and "model" in said.lower():
                todo = f"Load it (with Ollama: ollama pull {self._model}) or name another"
                message = f"{where} does not have the model '{self._model}'. {todo}. HTTP 404: {said}"
                return self._failure(message, "chat_model_not_found")
            case _ if status == _NOT_FOUND:
                message = f"{where} has no {_ENDPOINT}; the URL mostly ends in /v1. HTTP 404: {said}"
                return self._failure(message, "chat_not_found")
            case _ if status == _TOO_MANY:
                return self._failure(f"{where} is asked too much; wait a little. HTTP 429: {said}", "chat_rate_limited")
            case _ if 300 <= status < 400:
                message = f"{where} redirects to another address, which is not followed; give that one. HTTP {status}"
                return self._failure(message, "chat_redirected")
            case _:
                return self._failure(f"{where} does not answer this. HTTP {status}: {said}", "chat_refused")

    def _unreachable(self, error: httpx.HTTPError) -> Failure:
        import httpx

        if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
            todo = "Start the server (with Ollama: ollama serve), or correct the URL"
            return self._failure(f"Nothing answers at {self._name}. {todo}.", "chat_unreachable")
        if isinstance(error, httpx.TimeoutException):
            todo = "Allow more (timeout), or take a smaller model"
            message = f"The chat endpoint {self._name} was silent for {self._timeout:g} seconds. {todo}."
            return self._failure(message, "chat_timeout")
        message = f"The connection to the chat endpoint {self._name} broke off ({type(error).__name__})."
        return self._failure(message, "chat_disconnected")


async def _pieces(response: httpx.Response) -> AsyncIterator[Piece]:
    reader = ChatReader()
    if response.headers.get("content-type", "").startswith("application/json"):
        for piece in reader.whole(await response.aread()):
            yield piece
        return
    async for data in response.aiter_bytes():
        for piece in reader.feed(data):
            yield piece
    for piece in reader.end():
        yield piece


def _endpoint(base_url: str) -> httpx.URL:
    import httpx

    try:
        url = httpx.URL(base_url)
    except httpx.InvalidURL:
        url = httpx.URL("")
    if url.scheme not in ("http", "https") or not url.host:
        given = "" if "@" in base_url else f", not {base_url!r}"
        raise ValueError(f"base_url must be a URL such as 'http://localhost:11434/v1'{given}")
    if url.userinfo:
        raise ValueError("base_url must not hold a password; use api_key")
    path = url.path.rstrip("/")
    return url.copy_with(path=path if path.endswith(_ENDPOINT) else path + _ENDPOINT)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
