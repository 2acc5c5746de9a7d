"""Credentials of every kind, resolved for every connection, never in the way of the event loop."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from azure.core.credentials import AccessToken, AzureKeyCredential

import voicelive.aio
from voicelive.exceptions import ConnectTimeoutError, CredentialError

from .server import Server
from .styles import Style

TOKEN = "eyJhbGciOiJub25lIn0.eyJhdWQiOiJ4In0."
SCOPE = "https://ai.azure.com/.default"


class Tokens:
    """A token credential; counts what it is asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []
        self.threads: list[threading.Thread] = []

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        self.asked.append(scopes)
        self.threads.append(threading.current_thread())
        return AccessToken(f"token-{len(self.asked)}", 0)


class AsyncTokens(Tokens):
    async def get_token(self, *scopes: str, **_: Any) -> AccessToken:  # type: ignore[override]
        await anyio.lowlevel.checkpoint()
        return super().get_token(*scopes)


class AsyncCallable:
    async def __call__(self) -> str:
        return "key"


async def get_key() -> str:
    await anyio.lowlevel.checkpoint()
    return "key"


async def get_tokens() -> Tokens:
    return Tokens()


BEARER = ("Authorization", "Bearer token-1")
KEY = ("api-key", "key")


@pytest.mark.parametrize(
    ("credential", "header"),
    [
        ("key", KEY),
        (" key ", KEY),
        (AzureKeyCredential("key"), KEY),
        (TOKEN, ("Authorization", f"Bearer {TOKEN}")),
        (Tokens(), BEARER),
        (AsyncTokens(), BEARER),
        (lambda: "key", KEY),
        (lambda: TOKEN, ("Authorization", f"Bearer {TOKEN}")),
        (lambda: AzureKeyCredential("key"), KEY),
        (lambda: AccessToken("token-1", 0), BEARER),
        (lambda: Tokens(), BEARER),
        (lambda: AsyncTokens(), BEARER),
        (lambda: get_key(), KEY),
        (get_key, KEY),
        (get_tokens, BEARER),
        (AsyncCallable(), KEY),
    ],
)
async def test_every_kind_of_credential(style: Style, credential: Any, header: tuple[str, str]) -> None:
    if isinstance(credential, Tokens):
        credential = type(credential)()
    with Server() as server:
        async with style.connect(endpoint=server.endpoint, credential=credential, model="m"):
            pass
        headers = server.requests[0].headers
        assert headers[header[0]] == header[1]
        assert ("api-key" in headers) + ("Authorization" in headers) == 1


async def test_it_is_asked_for_every_connection(style: Style) -> None:
    key, tokens, keys = AzureKeyCredential("one"), Tokens(), iter(("a", "b"))
    with Server() as server:
        for credential in (key, tokens, lambda: next(keys)):
            for _ in range(2):
                async with style.connect(endpoint=server.endpoint, credential=credential, model="m"):
                    pass
                key.update("two")
        headers = [request.headers for request in server.requests]
        assert [header.get("api-key") or header.get("Authorization") for header in headers] == [
            "one",
            "two",
            "Bearer token-1",
            "Bearer token-2",
            "a",
            "b",
        ]


@pytest.mark.parametrize(
    ("scopes", "asked"),
    [(None, (SCOPE,)), ("s", ("s",)), (["s", "t"], ("s", "t")), (("s",), ("s",))],
)
@pytest.mark.parametrize("kind", [Tokens, AsyncTokens])
async def test_the_scopes_asked_for(style: Style, kind: Any, scopes: Any, asked: tuple[str, ...]) -> None:
    tokens = kind()
    with Server() as server:
        async with style.connect(endpoint=server.endpoint, credential=tokens, model="m", credential_scopes=scopes):
            pass
    assert tokens.asked == [asked]


async def test_without_a_key_the_default_credential_is_used(style: Style, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = []

    class Default(Tokens):
        def __enter__(self) -> Default:
            return self

        def __exit__(self, *_: object) -> None:
            closed.append(True)

    monkeypatch.setattr("azure.identity.DefaultAzureCredential", Default)
    with Server() as server:
        async with style.connect(endpoint=server.endpoint, model="m"):
            pass
        assert server.requests[0].headers["Authorization"] == "Bearer token-1"
    assert closed == [True]


async def test_the_azure_async_credentials_work_away_from_asyncio(style: Style) -> None:
    class Azure(Tokens):
        async def get_token(self, *scopes: str, **_: Any) -> AccessToken:  # type: ignore[override]
            # Needs asyncio, as everything built on aiohttp does.
            await asyncio.sleep(0)
            return super().get_token(*scopes)

    Azure.get_token.__module__ = "azure.identity.aio._credentials.default"
    with Server() as server:
        async with style.connect(endpoint=server.endpoint, credential=Azure(), model="m"):
            pass
        assert server.requests[0].headers["Authorization"] == "Bearer token-1"


async def test_code_that_may_block_runs_in_another_thread(style: Style) -> None:
    tokens = Tokens()
    with Server() as server:
        async with style.connect(endpoint=server.endpoint, credential=tokens, model="m"):
            pass
    assert tokens.threads[0] is not threading.current_thread()


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_credential_that_blocks_does_not_block_the_loop(backend: str) -> None:
    released = threading.Event()

    def blocking() -> str:
        # Only the event loop, running on, ends this.
        assert released.wait(20)
        return "key"

    async def main() -> None:
        with Server() as server:
            async with anyio.create_task_group() as group:

                async def connect() -> None:
                    async with voicelive.aio.connect(endpoint=server.endpoint, credential=blocking, model="m"):
                        pass

                group.start_soon(connect)
                await anyio.sleep(0.01)
                released.set()

    anyio.run(main, backend=backend)


# Failures


def broken() -> str:
    raise OSError("no such secret")


async def broken_async() -> str:
    raise OSError("no such secret")


class BrokenTokens:
    def get_token(self, *scopes: str) -> AccessToken:
        raise OSError("no such secret")


@pytest.mark.parametrize("credential", [broken, broken_async, BrokenTokens()])
async def test_a_credential_that_raises_is_the_cause(style: Style, credential: Any) -> None:
    with Server() as server, pytest.raises(CredentialError, match="raised OSError") as caught:
        await style.enter(endpoint=server.endpoint, credential=credential, model="m")
    assert str(caught.value.__cause__) == "no such secret"
    assert not server.requests


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (None, "NoneType, which is neither key"),
        (3, "int, which is neither key"),
        ("", "empty text"),
        ("s3cret\n", "cannot be sent"),
        (AccessToken("", 0), "empty text"),
        (AccessToken("s3cret\r\nX: y", 0), "cannot be sent"),
        (lambda: lambda: lambda: "k", "function, which is neither key"),
    ],
)
async def test_what_is_no_key_and_no_token_is_refused(style: Style, given: Any, message: str) -> None:
    with Server() as server, pytest.raises(CredentialError, match=message) as caught:
        await style.enter(endpoint=server.endpoint, credential=lambda: given, model="m")
    assert "s3cret" not in str(caught.value)
    assert not server.requests


async def test_a_credential_that_hangs_is_left_in_time(style: Style) -> None:
    released = threading.Event()

    def hanging() -> str:
        released.wait(20)
        return "key"

    async def hanging_async() -> str:
        if "trio" in sys.modules and style.name == "trio":
            await anyio.sleep_forever()
        await asyncio.to_thread(released.wait, 20)
        return "key"

    try:
        for credential in (hanging, hanging_async):
            started = time.monotonic()
            with Server() as server, pytest.raises(ConnectTimeoutError) as caught:
                await style.enter(
                    endpoint=server.endpoint,
                    credential=credential,
                    model="m",
                    connection_options={"handshake_timeout": 0.1},
                )
            assert (caught.value.phase, caught.value.timeout) == ("credential", 0.1)
            assert time.monotonic() - started < 10
    finally:
        released.set()
