"""Connection options: what a caller may write, checked, and what the drivers get."""

from __future__ import annotations

import math
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypedDict, cast

from voicelive.protocol._arguments import expect, expect_mapping, warn_unknown

__all__ = ("TransportOptions", "WebsocketConnectionOptions", "parse_options")

LONGEST_WAIT = 366 * 24 * 3600.0
"""Seconds. Locks and selectors refuse longer waits, each at a length of its own."""


class WebsocketConnectionOptions(TypedDict, total=False):
    """Options of the WebSocket connection, for ``connect(connection_options=...)``. All are optional."""

    compression: bool | int | None
    """Compress messages (RFC 7692); an int of 9 to 15 is the window, in bits. Default: off, audio does not shrink."""
    max_msg_size: int | None
    """Longest message accepted, in bytes; ``None`` or 0: no limit. Default: 4 MiB."""
    heartbeat: float | None
    """Seconds between pings of ours; one unanswered ends the connection. ``None``: no pings. Default: 30."""
    autoclose: bool
    """Answer the service's close at once. Default: true."""
    autoping: bool
    """Answer the service's pings. Default: true."""
    receive_timeout: float | None
    """Seconds that ``recv`` and iteration wait for an event. Default: ``None``, for ever."""
    send_timeout: float | None
    """Seconds that sending waits while the network is slower than the program. Default: ``None``, for ever."""
    max_queued_bytes: int
    """Most bytes that ``append_nowait`` and ``send_nowait`` keep waiting, as they go over the wire.

    Default: 1 MiB, which is 16 seconds of audio at 24 kHz, or 90 of G.711.
    """
    close_timeout: float | None
    """Seconds that ``close`` waits: to send what is queued, and then for the service. Default: 5."""
    handshake_timeout: float | None
    """Seconds for all of ``connect``: token, name lookup, TLS, proxy, upgrade and first event. Default: 30."""
    vendor_options: Mapping[str, Any] | None
    """``ssl``, ``proxy`` and ``server_hostname``, as aiohttp knows them. Prefer ``connect(ssl_context=, proxy=)``."""


@dataclass(frozen=True, slots=True)
class TransportOptions:
    """Checked options, as the drivers use them; times in seconds, sizes in bytes."""

    ssl_context: ssl.SSLContext | None = None
    """``None``: the shared default context."""
    server_hostname: str | None = None
    """Name to verify the certificate against; ``None``: the host of the address."""
    # A proxy URL may carry a password.
    proxy: str | bool = field(default=True, repr=False)
    """URL of a proxy; ``True``: from the environment; ``False``: none."""
    compression: int | None = None
    """Window of permessage-deflate in bits (9 to 15); ``None``: off."""
    max_msg_size: int | None = 4 * 1024 * 1024
    """``None``: no limit."""
    heartbeat: float | None = 30.0
    """``None``: no pings."""
    autoclose: bool = True
    autoping: bool = True
    receive_timeout: float | None = None
    """``None``: no limit."""
    send_timeout: float | None = None
    """``None``: no limit."""
    max_queued_bytes: int = 1024 * 1024
    close_timeout: float = 5.0
    handshake_timeout: float = 30.0


_DEFAULT = TransportOptions()


def parse_options(
    options: Mapping[str, Any] | None = None,
    *,
    ssl_context: ssl.SSLContext | None = None,
    proxy: str | bool = True,
) -> TransportOptions:
    """Check what a caller gave.

    Args:
        options: See ``WebsocketConnectionOptions``. An unknown key is ignored with a ``UserWarning``.
        ssl_context: As in ``connect``; goes before ``vendor_options``.
        proxy: As in ``connect``; goes before ``vendor_options``.

    Raises:
        TypeError: A value of the wrong type.
        ValueError: A value out of range.
    """
    if options is None and ssl_context is None and proxy is True:
        return _DEFAULT
    given = expect_mapping("connection_options", {} if options is None else options)
    warn_unknown("connection option", given, (*_PARSERS, "vendor_options"))
    values = {name: parse(name, given[name]) for name, parse in _PARSERS.items() if name in given}
    # None means the default for these two: waiting for ever would be no bound at all.
    for name in ("close_timeout", "handshake_timeout"):
        if name in values and values[name] is None:
            del values[name]
    values.update(_vendor_options(given.get("vendor_options")))
    if ssl_context is not None:
        values["ssl_context"] = _ssl_context("ssl_context", ssl_context)
    if proxy is not True:
        values["proxy"] = _proxy("proxy", proxy)
    return TransportOptions(**cast("dict[str, Any]", values))


def _vendor_options(options: object) -> dict[str, object]:
    given = expect_mapping("vendor_options", {} if options is None else options)
    warn_unknown("vendor option", given, _VENDOR)
    values: dict[str, object] = {}
    for key, (name, parse) in _VENDOR.items():
        value = given.get(key)
        # aiohttp's own defaults, which people spell out.
        if value is not None and not (key == "ssl" and value is True):
            values[name] = parse(f"vendor_options[{key!r}]", value)
    return values


def _seconds(name: str, value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{name} must be a number of seconds or None, not {type(value).__name__}")
    if not 0 < value <= LONGEST_WAIT or math.isnan(value):
        raise ValueError(f"{name} must be a number of seconds above 0 and at most a year, not {value!r}")
    return float(value)


def _flag(name: str, value: object) -> bool:
    return expect(name, value, bool, "True or False")


def _compression(name: str, value: object) -> int | None:
    if value is None or value is False:
        return None
    if value is True:
        return 15
    bits = expect(name, value, int, "True, False or an int of 9 to 15")
    if bits and not 9 <= bits <= 15:
        raise ValueError(f"{name} must be True, False or a window of 9 to 15 bits, not {bits}")
    return bits or None


def _size(name: str, value: object) -> int | None:
    if value is None:
        return None
    size = expect(name, value, int, "a number of bytes or None")
    if size < 0:
        raise ValueError(f"{name} must not be negative; None is no limit")
    return size or None


def _bound(name: str, value: object) -> int:
    size = expect(name, value, int, "a number of bytes")
    if size < 1:
        raise ValueError(f"{name} must be a number of bytes above 0, not {size}")
    return size


def _ssl_context(name: str, value: object) -> ssl.SSLContext:
    what = "an ssl.SSLContext (ssl.create_default_context(cafile=...) makes one that trusts your own authority)"
    return expect(name, value, ssl.SSLContext, what)


def _proxy(name: str, value: object) -> str | bool:
    if isinstance(value, bool):
        return value
    return expect(name, value, str, "a URL, True (from the environment) or False (none)")


def _name(name: str, value: object) -> str:
    return expect(name, value, str, "a host name")


_PARSERS: Mapping[str, Callable[[str, object], object]] = {
    "compression": _compression,
    "max_msg_size": _size,
    "heartbeat": _seconds,
    "autoclose": _flag,
    "autoping": _flag,
    "receive_timeout": _seconds,
    "send_timeout": _seconds,
    "max_queued_bytes": _bound,
    "close_timeout": _seconds,
    "handshake_timeout": _seconds,
}
_VENDOR: Mapping[str, tuple[str, Callable[[str, object], object]]] = {
    "ssl": ("ssl_context", _ssl_context),
    "proxy": ("proxy", _proxy),
    "server_hostname": ("server_hostname", _name),
}
