"""Choosing a proxy, and the tunnels through it."""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import socket
import traceback
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicelive.exceptions import ProxyError
from voicelive.protocol.address import Address
from voicelive.transport._proxy import Proxy, Tunnel, choose_proxy, drive, tunnel

from .conftest import Rig
from .harness import Harness
from .proxies import HttpProxy, Server, SocksProxy
from .server import Peer
from .server import Server as RawServer

PASSWORD = "s3cret"
SCHEMES = {HttpProxy: "http", SocksProxy: "socks5h"}
FAR = Address(True, "x.services.ai.azure.com", 443, "/voice-live/realtime?model=m")
PLAIN = Address(False, "x.example", 80, "/")


def show(proxy: Proxy | None) -> str | None:
    return None if proxy is None else proxy.display


# Choosing


@pytest.mark.parametrize(
    ("environment", "address", "wanted"),
    [
        ({}, FAR, None),
        ({"https_proxy": "http://p:1"}, FAR, "http://p:1"),
        ({"HTTPS_PROXY": "http://p:1"}, FAR, "http://p:1"),
        ({"https_proxy": "p:3128"}, FAR, "http://p:3128"),
        ({"http_proxy": "http://p:1"}, FAR, None),
        ({"http_proxy": "http://p:1"}, PLAIN, "http://p:1"),
        ({"https_proxy": "http://p:1"}, PLAIN, None),
        ({"all_proxy": "socks5h://p"}, FAR, "socks5h://p:1080"),
        ({"all_proxy": "http://a:1", "https_proxy": "http://p:1"}, FAR, "http://p:1"),
        ({"wss_proxy": "http://w:1", "https_proxy": "http://p:1"}, FAR, "http://w:1"),
        ({"socks_proxy": "http://s:9"}, FAR, "socks5h://s:9"),
        ({"https_proxy": "http://p:1", "no_proxy": "*"}, FAR, None),
        ({"https_proxy": "http://p:1", "no_proxy": "a.example, .azure.com"}, FAR, None),
        ({"https_proxy": "http://p:1", "no_proxy": "x.services.ai.azure.com:443"}, FAR, None),
        ({"https_proxy": "http://p:1", "no_proxy": "x.services.ai.azure.com:444"}, FAR, "http://p:1"),
        ({"https_proxy": "http://p:1", "no_proxy": "2001:db8::1"}, Address(True, "2001:db8::1", 443, "/"), None),
        ({"all_proxy": "http://p:1"}, Address(False, "127.0.0.1", 80, "/"), None),
        ({"all_proxy": "http://p:1"}, Address(True, "localhost", 443, "/"), None),
        ({"all_proxy": "http://p:1"}, Address(True, "::1", 443, "/"), None),
    ],
)
def test_environment(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], address: Address, wanted: str | None
) -> None:
    """The usual variables decide, loopback never goes through a proxy."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert show(choose_proxy(address, True)) == wanted
    assert choose_proxy(address, False) is None


def test_option_goes_before_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://p:1")
    proxy = choose_proxy(FAR, f"http://us%40er:{PASSWORD}%3A@[::2]:8080/")
    assert proxy == Proxy("http", "::2", 8080, "us@er", f"{PASSWORD}:")
    assert proxy.display == "http://[::2]:8080"
    assert show(choose_proxy(Address(False, "127.0.0.1", 80, "/"), "http://p")) == "http://p:80"
    assert PASSWORD not in repr(proxy)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "p:3128",
        "http://",
        "http://p:0",
        "http://p:70000",
        "http://p:x",
        "http://[::1",
        "http://p/path",
        "http://p?q",
        "https://u:s3cret@p:1",
        "socks4://u:s3cret@p:1",
        "ftp://p",
        "http://u%3Av:s3cret@p:1",
        f"socks5://u:{'s3cret' * 50}@p:1",
    ],
)
def test_bad_urls(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """A URL we cannot use is refused without showing it: it may hold a password."""
    with pytest.raises(ValueError, match="write it as") as error:
        choose_proxy(FAR, url)
    assert PASSWORD not in str(error.value)
    if "://" in url:
        monkeypatch.setenv("https_proxy", url)
        with pytest.raises(ProxyError, match="https_proxy.*proxy=False") as refused:
            choose_proxy(FAR, True)
        assert PASSWORD not in str(refused.value)


@given(st.text())
def test_any_text_is_a_proxy_or_a_value_error(url: str) -> None:
    try:
        proxy = choose_proxy(FAR, url)
    except ValueError:
        return
    assert proxy is not None
    next(tunnel(proxy, "host", 1))


# Tunnels, fed by hand


def run(steps: Tunnel, *answers: bytes) -> tuple[list[bytes], bytes | None]:
    """Feed answers; return what was written, and what was read too far once the tunnel is up."""
    written = [next(steps)]
    for answer in answers:
        try:
            written.append(steps.send(answer))
        except StopIteration as done:
            return written, done.value
    return written, None


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    ends = sorted({cut % (len(data) - 1) + 1 for cut in cuts} | {len(data)})
    return [data[start:end] for start, end in zip([0, *ends], ends, strict=False)]


@given(st.lists(st.integers(0, 500)), st.binary(max_size=20))
def test_http_connect_in_pieces(cuts: list[int], extra: bytes) -> None:
    """However the answer is cut, the tunnel is up after its head, and what follows is handed back."""
    steps = tunnel(Proxy("http", "p", 1, "user", "pass"), "2001:db8::1", 443)
    answer = b"HTTP/1.1 200 Connection established\r\nA: b\r\n\r\n"
    parts = pieces(answer, cuts)
    written, rest = run(steps, *parts[:-1], parts[-1] + extra)
    head = written[0].decode()
    assert head.startswith("CONNECT [2001:db8::1]:443 HTTP/1.1\r\nHost: [2001:db8::1]:443\r\n")
    assert f"Proxy-Authorization: Basic {base64.b64encode(b'user:pass').decode()}\r\n" in head
    assert head.endswith("\r\n\r\n")
    assert written[1:] == [b""] * (len(written) - 1)
    assert rest == extra


@given(st.lists(st.integers(0, 500)), st.binary(max_size=20), st.sampled_from([1, 3, 4]))
def test_socks_in_pieces(cuts: list[int], extra: bytes, kind: int) -> None:
    steps = tunnel(Proxy("socks5", "p", 1, "us", "pw"), "host.example", 443)
    bound = {1: bytes(4), 3: b"\x03abc", 4: bytes(16)}[kind] + b"\x12\x34"
    written = [next(steps), steps.send(b"\x05\x02"), steps.send(b"\x01\x00")]
    assert written == [
        b"\x05\x02\x00\x02",
        b"\x01\x02us\x02pw",
        b"\x05\x01\x00\x03\x0chost.example\x01\xbb",
    ]
    parts = pieces(bytes((5, 0, 0, kind)) + bound, cuts)
    for part in parts[:-1]:
        assert steps.send(part) == b""
    with pytest.raises(StopIteration) as done:
        steps.send(parts[-1] + extra)
    assert done.value.value == extra


@pytest.mark.parametrize(
    ("host", "wanted"),
    [
        ("10.1.2.3", b"\x01\x0a\x01\x02\x03"),
        ("2001:db8::1", b"\x04\x20\x01\x0d\xb8" + bytes(11) + b"\x01"),
        ("a" * 255, b"\x03\xff" + b"a" * 255),
    ],
)
def test_socks_address_kinds(host: str, wanted: bytes) -> None:
    steps = tunnel(Proxy("socks5h", "p", 1), host, 80)
    assert run(steps, b"\x05\x00")[0] == [b"\x05\x01\x00", b"\x05\x01\x00" + wanted + b"\x00\x50"]


HTTP, HTTP_USER = Proxy("http", "p", 1), Proxy("http", "p", 1, "user", PASSWORD)
SOCKS, SOCKS_USER = Proxy("socks5", "p", 1), Proxy("socks5", "p", 1, "user", PASSWORD)


@pytest.mark.parametrize(
    ("proxy", "answers", "status", "says"),
    [
        (HTTP, [b""], None, "closed the connection without an answer"),
        (HTTP, [b"HTTP/1.1 200 OK\r\n", b""], None, "closed the connection without an answer"),
        (HTTP, [b"SSH-2.0-x\r\n"], None, "not HTTP"),
        (HTTP, [b"HTTP/1.1 OK\r\n\r\n"], None, "not HTTP"),
        (HTTP, [b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 20000], None, "not HTTP"),
        (HTTP, [b"HTTP/1.1 407 Who\r\n\r\n"], 407, "wants a user name and password.*user:password@"),
        (HTTP_USER, [b"HTTP/1.1 407 Who\r\n\r\n"], 407, "did not accept the user name and password"),
        (HTTP, [b"HTTP/1.0 403 \x1b[31m\r\n\r\n"], 403, r"\(403 Forbidden\); ask who runs it"),
        (HTTP, [b"HTTP/1.1 799\r\n\r\n"], 799, r"\(799\)"),
        (SOCKS, [b"\x05", b""], None, "closed the connection during the SOCKS handshake"),
        (SOCKS, [b"HTTP/1.1 400 Bad Request\r\n"], None, "not SOCKS5"),
        (SOCKS, [b"\x05\xff"], None, "wants authentication; put"),
        (SOCKS, [b"\x05\x02"], None, "wants authentication; put"),
        (SOCKS_USER, [b"\x05\xff"], None, "takes neither"),
        (SOCKS_USER, [b"\x05\x02", b"\x01\x05"], None, "did not accept the user name and password"),
        (SOCKS, [b"\x05\x00", b"\x05\x02\x00\x01"], None, "reply 2: not allowed by its rules"),
        (SOCKS, [b"\x05\x00", b"\x05\x63\x00\x01"], None, "reply 99"),
    ],
)
def test_refusals(proxy: Proxy, answers: list[bytes], status: int | None, says: str) -> None:
    """A refusal says what to do, with the status where there is one, and never shows the password."""
    with pytest.raises(ProxyError, match=says) as error:
        run(tunnel(proxy, "host.example", 443), *answers)
    assert error.value.status == status
    assert PASSWORD not in str(error.value)
    assert proxy.display in str(error.value)


def test_socks_name_too_long() -> None:
    with pytest.raises(ProxyError, match="255"):
        run(tunnel(SOCKS, "a" * 256, 80), b"\x05\x00")


# Tunnels, through real proxies


@pytest.fixture(scope="module")
def shouter() -> Iterator[Server]:
    async def shout(reader, writer):  # type: ignore[no-untyped-def]
        while line := await reader.readline():
            writer.write(line.upper())

    with Server(shout) as server:
        yield server


@pytest.mark.parametrize("user", [None, ("us:er" * 20, "p@ss w\u00f6rd")], ids=["anonymous", "user"])
def test_socks_tunnel_carries(shouter: Server, user: tuple[str, str] | None) -> None:
    """The proxy looks the name up: it is one that exists nowhere else."""
    with SocksProxy(user=user, names={"only.there": "127.0.0.1"}) as server:
        proxy = Proxy("socks5h", "127.0.0.1", server.port, *(user or ()))
        assert shout_through(proxy, "only.there", shouter.port) == b"HELLO\n"
        assert server.targets == [("only.there", shouter.port)]


@pytest.mark.parametrize("user", [None, ("user", "p@ss w\u00f6rd:")], ids=["anonymous", "user"])
def test_http_tunnel_carries(shouter: Server, user: tuple[str, str] | None) -> None:
    with HttpProxy(user=user, names={"only.there": "127.0.0.1"}) as server:
        proxy = Proxy("http", "127.0.0.1", server.port, *(user or ()))
        assert shout_through(proxy, "only.there", shouter.port) == b"HELLO\n"


def shout_through(proxy: Proxy, host: str, port: int) -> bytes:
    with socket.create_connection((proxy.host, proxy.port), 10) as sock:
        rest = drive(tunnel(proxy, host, port), lambda: sock.recv(1), sock.sendall)
        assert rest == b""
        sock.sendall(b"hello\n")
        with sock.makefile("rb") as lines:
            return lines.readline()


# Connections through proxies, with every driver


@pytest.mark.parametrize("kind", [HttpProxy, SocksProxy])
@pytest.mark.parametrize("user", [None, ("user", "p@ss")], ids=["anonymous", "user"])
def test_connection_through_a_proxy(rig: Rig, kind: type[HttpProxy | SocksProxy], user: tuple[str, str] | None) -> None:
    """The proxy looks up the name of the service; TLS reaches through it to the service itself."""

    def script(peer: Peer) -> None:
        peer.accept()
        peer.text(b"hello")
        assert peer.read_frame() == (1, b"back")
        peer.finish()

    with (
        RawServer(script, rig.authority.server_context("only.there") if rig.secure else None) as server,
        kind(user=user, names={"only.there": "127.0.0.1"}) as proxy,
    ):
        address = dataclasses.replace(server.address, host="only.there")
        url = f"{SCHEMES[kind]}://{'user:p%40ss@' if user else ''}127.0.0.1:{proxy.port}"

        async def body(harness: Harness) -> None:
            connection = await harness.connect(address, proxy=url, ssl_context=rig.authority.client)
            assert await connection.receive() == b"hello"
            await connection.send(b"back")
            await connection.close()

        rig.harness.run(body)
        assert proxy.connections == 1


@pytest.mark.parametrize("kind", [HttpProxy, SocksProxy])
def test_proxy_that_refuses(rig: Rig, kind: type[HttpProxy | SocksProxy]) -> None:
    """The connection to it is closed, whatever the reason."""
    with kind(user=("user", PASSWORD)) as proxy:

        async def body(harness: Harness) -> None:
            for user_info, says in (("", "user:password@"), ("user:wr0ng@", "did not accept the user name")):
                url = f"{SCHEMES[kind]}://{user_info}127.0.0.1:{proxy.port}"
                with pytest.raises(ProxyError, match=says) as error:
                    await harness.connect(FAR, proxy=url)
                assert error.value.status == (407 if kind is HttpProxy else None)
                assert "wr0ng" not in "".join(traceback.format_exception(error.value))

        rig.harness.run(body)


def test_proxy_that_is_not_there(rig: Rig) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]

    async def body(harness: Harness) -> None:
        with pytest.raises(ProxyError, match=f"proxy http://127.0.0.1:{port}.*refused the connection"):
            await harness.connect(FAR, proxy=f"http://user:{PASSWORD}@127.0.0.1:{port}")

    rig.harness.run(body)


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 "], ids=["nothing", "half"])
def test_proxy_that_breaks_off(rig: Rig, answer: bytes) -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)

    with Server(hang_up) as proxy:

        async def body(harness: Harness) -> None:
            with pytest.raises(ProxyError, match="closed the connection without an answer"):
                await harness.connect(FAR, proxy=f"http://127.0.0.1:{proxy.port}")

        rig.harness.run(body)
