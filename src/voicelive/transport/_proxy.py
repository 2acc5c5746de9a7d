"""Proxies: which one to use, and the tunnel through it (HTTP CONNECT or SOCKS5) as bytes in, bytes out."""

from __future__ import annotations

import base64
import ipaddress
import re
from collections.abc import Awaitable, Callable, Generator
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import unquote, urlsplit

from voicelive.exceptions import ProxyError
from voicelive.protocol.address import Address, user_agent

__all__ = ("Proxy", "Tunnel", "choose_proxy", "drive", "drive_async", "tunnel")

Tunnel = Generator[bytes, bytes, bytes]
"""Yields bytes to write (perhaps none), is sent what was read (``b""``: end of stream), returns what was read too far.

``next`` starts it. It raises ``ProxyError``.
"""

_DEFAULT_PORTS = {"http": 80, "socks5": 1080, "socks5h": 1080}
_LONGEST_ANSWER = 65536
"""Bytes of an HTTP answer's head."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy to connect through."""

    scheme: str
    """``http``, ``socks5`` or ``socks5h``; the two SOCKS schemes both leave the name lookup to the proxy."""
    host: str
    port: int
    username: str | None = field(default=None, repr=False)
    password: str = field(default="", repr=False)

    @property
    def display(self) -> str:
        """The URL without user name and password, for messages and logs."""
        return f"{self.scheme}://{_bracketed(self.host)}:{self.port}"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def choose_proxy(address: Address, option: str | bool) -> Proxy | None:
    """Choose the proxy for a connection.

    Args:
        address: Where the connection goes.
        option: URL of a proxy; ``False``: none; ``True``: what the environment says (``https_proxy``, ``http_proxy``,
            ``all_proxy`` and ``no_proxy``, upper case too, or the settings of Windows and macOS), which is never asked
            for this machine itself.

    Raises:
        ValueError: The option is no URL of a proxy we can use.
        ProxyError: What the environment names is none.
    """
    if isinstance(option, str):
        return _parse("proxy", option)
    if not option or address.loopback:
        return None
    # urllib.request is slow to import, and needed here alone.
    from urllib.request import getproxies, proxy_bypass

    if proxy_bypass(f"{_bracketed(address.host)}:{address.port}") or proxy_bypass(address.host):
        return None
    proxies = getproxies()
    for kind in ("wss", "https", "all", "socks") if address.secure else ("ws", "http", "all", "socks"):
        if url := proxies.get(kind):
            return _from_environment(kind, url)
    return None


def _from_environment(kind: str, url: str) -> Proxy:
    if "://" not in url:
        url = f"http://{url}"
    if kind == "socks":
        # macOS's settings come as http://, whatever the kind.
        url = re.sub("^(http|socks)://", "socks5h://", url)
    try:
        return _parse(f"{kind}_proxy in the environment or the system settings", url)
    except ValueError as error:
        raise ProxyError(f"{error}; correct it, or pass proxy=False to connect without one") from None


def _parse(name: str, url: str) -> Proxy:
    # The URL is in no message: it may hold a password.
    example = "write it as 'http://host:port' or 'socks5://user:password@host:port'"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
        username, password = unquote(parts.username or "", errors="strict"), unquote(parts.password or "")
    except ValueError:
        raise ValueError(f"{name} is not the URL of a proxy; {example}") from None
    if parts.scheme not in _DEFAULT_PORTS:
        hint = " (the tunnel through an http:// proxy is encrypted end to end all the same)"
        raise ValueError(
            f"{name} has a scheme that is not one of {', '.join(_DEFAULT_PORTS)}"
            f"{hint if parts.scheme == 'https' else ''}; {example}"
        )
    if not host or port == 0 or parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError(f"{name} is not the URL of a proxy; {example}")
    if max(len(username.encode()), len(password.encode())) > 255 or (parts.scheme == "http" and ":" in username):
        raise ValueError(f"{name} has a user name or password that proxies of this kind cannot take; {example}")
    return Proxy(parts.scheme, host, port or _DEFAULT_PORTS[parts.scheme], username or None, password)


def tunnel(proxy: Proxy, host: str, port: int) -> Tunnel:
    """Open a tunnel to ``host``, a name or an IP address without brackets; the proxy looks names up."""
    return _http_connect(proxy, host, port) if proxy.scheme == "http" else _socks5(proxy, host, port)


def drive(steps: Tunnel, read: Callable[[], bytes], write: Callable[[bytes], object]) -> bytes:
    """Run a tunnel over blocking I/O and return what was read too far."""
    data = next(steps)
    while True:
        if data:
            write(data)
        received = read()
        try:
            data = steps.send(received)
        except StopIteration as done:
            return bytes(done.value)


async def drive_async(
    steps: Tunnel, read: Callable[[], Awaitable[bytes]], write: Callable[[bytes], Awaitable[object]]
) -> bytes:
    """Run a tunnel over async I/O and return what was read too far."""
    data = next(steps)
    while True:
        if data:
            await write(data)
        received = await read()
        try:
            data = steps.send(received)
        except StopIteration as done:
            return bytes(done.value)


def _http_connect(proxy: Proxy, host: str, port: int) -> Tunnel:
    """RFC 9110 section 9.3.6."""
    target = f"{_bracketed(host)}:{port}"
    request = [f"CONNECT {target} HTTP/1.1", f"Host: {target}", f"User-Agent: {user_agent()}"]
    if proxy.username is not None:
        user_info = base64.b64encode(f"{proxy.username}:{proxy.password}".encode()).decode("ascii")
        request.append(f"Proxy-Authorization: Basic {user_info}")
    received = bytearray()
    data = yield "\r\n".join((*request, "", "")).encode("ascii")
    while True:
        if not data:
            raise ProxyError(f"the proxy {proxy.display} closed the connection without an answer; is it up?")
        received += data
        end = received.find(b"\r\n\r\n")
        if end >= 0:
            break
        if not b"HTTP/".startswith(received[:5]) or len(received) > _LONGEST_ANSWER:
            raise _not_http(proxy)
        data = yield b""
    status_line = re.match(rb"HTTP/1\.\d (\d{3})(?: |\r\n)", received)
    if status_line is None:
        raise _not_http(proxy)
    status = int(status_line[1])
    if not 200 <= status < 300:
        raise _refused(proxy, target, status)
    return bytes(received[end + 4 :])


def _not_http(proxy: Proxy) -> ProxyError:
    return ProxyError(
        f"the proxy {proxy.display} gave an answer that is not HTTP; check its port, and whether it is a SOCKS proxy"
    )


def _refused(proxy: Proxy, target: str, status: int) -> ProxyError:
    # The reason phrase comes from outside; the standard's own says the same.
    phrase = f"{status} {HTTPStatus(status).phrase}" if status in list(HTTPStatus) else str(status)
    what = f"the proxy {proxy.display} refused the tunnel to {target} ({phrase}); "
    if status != HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        what += "ask who runs it to allow this host and port"
    elif proxy.username is None:
        what += "it wants a user name and password: put them in its URL, as http://user:password@host:port"
    else:
        what += "it did not accept the user name and password of its URL, or wants more than Basic authentication"
    return ProxyError(what, status=status)


_SOCKS_REPLIES = {
    1: "general failure",
    2: "not allowed by its rules",
    3: "network unreachable",
    4: "host unreachable, or its name unknown",
    5: "connection refused",
    6: "time to live expired",
    7: "command not supported",
    8: "address type not supported",
}
"""RFC 1928 section 6."""


def _socks5(proxy: Proxy, host: str, port: int) -> Tunnel:
    """RFC 1928, with the user name and password of RFC 1929."""
    received = bytearray()

    def exactly(count: int, data: bytes = b"") -> Tunnel:
        """Write ``data``, then read ``count`` bytes."""
        while len(received) < count:
            more = yield data
            if not more:
                raise ProxyError(f"the proxy {proxy.display} closed the connection during the SOCKS handshake")
            received.extend(more)
            data = b""
        taken = bytes(received[:count])
        del received[:count]
        return taken

    version, method = yield from exactly(2, b"\x05\x01\x00" if proxy.username is None else b"\x05\x02\x00\x02")
    if version != 5:
        raise ProxyError(f"{proxy.display} gave an answer that is not SOCKS5; check its port and kind")
    if method == 2 and proxy.username is not None:
        username, password = proxy.username.encode(), proxy.password.encode()
        login = b"\x01%c%b%c%b" % (len(username), username, len(password), password)
        _, status = yield from exactly(2, login)
        if status != 0:
            raise ProxyError(f"the proxy {proxy.display} did not accept the user name and password of its URL")
    elif method != 0:
        wanted = "put a user name and password in its URL, as socks5://user:password@host:port"
        other = "it takes neither an anonymous client nor a user name and password"
        raise ProxyError(
            f"the proxy {proxy.display} wants authentication; {wanted if proxy.username is None else other}"
        )
    request = b"\x05\x01\x00" + _socks_address(host) + port.to_bytes(2, "big")
    _, reply, _, kind = yield from exactly(4, request)
    if reply != 0:
        meaning = _SOCKS_REPLIES.get(reply, "no meaning known")
        raise ProxyError(
            f"the proxy {proxy.display} refused the tunnel to {_bracketed(host)}:{port} (reply {reply}: {meaning})"
        )
    # The address it is bound to, of no use here, in one of three forms.
    length = {1: 4, 4: 16}.get(kind)
    if length is None:
        (length,) = yield from exactly(1)
    yield from exactly(length + 2)
    return bytes(received)


def _socks_address(host: str) -> bytes:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        name = host.encode("ascii")
        if len(name) > 255:
            raise ProxyError("the host name is too long for a SOCKS proxy (255 characters)") from None
        return b"\x03%c%b" % (len(name), name)
    return (b"\x01" if address.version == 4 else b"\x04") + address.packed
