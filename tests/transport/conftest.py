from __future__ import annotations

import ssl
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import pytest
import trustme

from .harness import HARNESSES, ORACLES, Connection, Harness
from .server import Script, Server

Talk = Callable[[Harness, Connection], Coroutine[Any, Any, None]]


@dataclass(frozen=True)
class Authority:
    """A certificate authority of our own, with contexts for both ends."""

    ca: trustme.CA
    server: ssl.SSLContext
    client: ssl.SSLContext

    def server_context(self, *names: str) -> ssl.SSLContext:
        return _server_context(self.ca.issue_cert(*names))


def _server_context(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    certificate.configure_cert(context)
    return context


@dataclass(frozen=True)
class Rig:
    """A driver, and a server for it to talk to, with TLS or without."""

    harness: Harness
    authority: Authority
    secure: bool

    def serve(self, script: Script, **arguments: Any) -> Server:
        return Server(script, self.authority.server if self.secure else None, **arguments)

    async def connect(self, server: Server, headers: tuple[tuple[str, str], ...] = (), **options: Any) -> Connection:
        options.setdefault("ssl_context", self.authority.client)
        return await self.harness.connect(server.address, headers, **options)

    def play(self, script: Script, talk: Talk, *, receive_buffer: int | None = None, **options: Any) -> None:
        """Connect to a server that plays ``script``, and ``talk`` to it; whatever is left open is dropped."""
        with self.serve(script, receive_buffer=receive_buffer) as server:

            async def body(harness: Harness) -> None:
                connection = await self.connect(server, **options)
                try:
                    await talk(harness, connection)
                finally:
                    connection.abort()

            self.harness.run(body)


@pytest.fixture(scope="session")
def authority() -> Authority:
    ca = trustme.CA()
    client = ssl.create_default_context()
    ca.configure_trust(client)
    return Authority(ca, _server_context(ca.issue_cert("127.0.0.1", "localhost")), client)


@pytest.fixture(params=["plain", "tls"])
def secure(request: pytest.FixtureRequest) -> bool:
    return bool(request.param == "tls")


@pytest.fixture(params=list(HARNESSES))
def rig(request: pytest.FixtureRequest, authority: Authority, secure: bool) -> Rig:
    """Every driver in turn, plain and with TLS."""
    return Rig(HARNESSES[request.param], authority, secure)


@pytest.fixture(params=[name for name in HARNESSES if name != "blocking"])
def async_rig(request: pytest.FixtureRequest, authority: Authority, secure: bool) -> Rig:
    """Every async driver in turn: what only they can do."""
    return Rig(HARNESSES[request.param], authority, secure)


@pytest.fixture(params=[*HARNESSES, *ORACLES])
def any_rig(request: pytest.FixtureRequest, authority: Authority, secure: bool) -> Rig:
    """Every driver in turn, and websockets' own client as the oracle: what both must do."""
    return Rig({**HARNESSES, **ORACLES}[request.param], authority, secure)
