"""Connections through a proxy, with every driver."""

from __future__ import annotations

import contextlib
import dataclasses
import socket
from typing import Any

import pytest

from voicelive.exceptions import ProxyError
from voicelive.protocol.address import Address

from .conftest import Rig
from .harness import Harness
from .proxies import HttpProxy, Server, SocksProxy
from .server import TEXT, Peer, frame

USER = ("ann", "pass:word")
LOGIN = "ann:pass%3Aword@"


def greet(peer: Peer) -> None:
    peer.accept(frame(TEXT, b"hello"))
    peer.finish()


def connect_through(rig: Rig, proxy: Server, url: str) -> None:
    """Connect by a name that the proxy looks up, receive a message, close."""
    with proxy, rig.serve(greet) as server:
        address = dataclasses.replace(server.address, host="localhost")

        async def body(harness: Harness) -> None:
            connection = await harness.connect(
                address, ssl_context=rig.authority.client, proxy=url.format(port=proxy.port)
            )
            assert await connection.receive() == b"hello"
            await connection.close()

        rig.harness.run(body)
    assert proxy.connections == 1


def test_http_proxy(rig: Rig) -> None:
    connect_through(rig, HttpProxy(names={"localhost": "127.0.0.1"}), "http://127.0.0.1:{port}")


def test_http_proxy_with_a_user(rig: Rig) -> None:
    connect_through(rig, HttpProxy(user=USER, names={"localhost": "127.0.0.1"}), f"http://{LOGIN}127.0.0.1:{{port}}")


def test_socks_proxy(rig: Rig) -> None:
    connect_through(rig, SocksProxy(names={"localhost": "127.0.0.1"}), "socks5://127.0.0.1:{port}")


def test_socks_proxy_with_a_user(rig: Rig) -> None:
    connect_through(
        rig, SocksProxy(user=USER, names={"localhost": "127.0.0.1"}), f"socks5h://{LOGIN}127.0.0.1:{{port}}"
    )


def proxy_error(rig: Rig, url: str) -> ProxyError:
    caught: list[ProxyError] = []

    async def body(harness: Harness) -> None:
        address = Address(rig.secure, "voice.example", 1, "/x?secret=hidden")
        with pytest.raises(ProxyError) as info:
            await harness.connect(address, proxy=url)
        caught.append(info.value)

    rig.harness.run(body)
    for hidden in ("hidden", "pass:word", "pass%3Aword"):
        assert hidden not in str(caught[0])
    return caught[0]


def test_proxy_that_wants_a_user(rig: Rig) -> None:
    with HttpProxy(user=USER) as proxy:
        error = proxy_error(rig, f"http://127.0.0.1:{proxy.port}")
    assert error.status == 407


def test_proxy_that_refuses(rig: Rig) -> None:
    with HttpProxy(status="403 Forbidden") as proxy:
        assert proxy_error(rig, f"http://{LOGIN}127.0.0.1:{proxy.port}").status == 403
    with SocksProxy(reply=5) as proxy:
        assert "refused" in str(proxy_error(rig, f"socks5://127.0.0.1:{proxy.port}"))


def test_proxy_that_hangs_up(rig: Rig) -> None:
    async def hang_up(reader: Any, writer: Any) -> None:
        await reader.read(1)

    with Server(hang_up) as proxy:
        assert "closed the connection" in str(proxy_error(rig, f"http://127.0.0.1:{proxy.port}"))


def test_proxy_that_nobody_runs(rig: Rig) -> None:
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port = listener.getsockname()[1]
    error = proxy_error(rig, f"http://{LOGIN}127.0.0.1:{port}")
    assert f"http://127.0.0.1:{port}" in str(error)
    assert "refused" in str(error)
