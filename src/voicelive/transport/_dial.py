"""What failing to reach a server means, the same for every driver."""

from __future__ import annotations

import errno
import os
import socket
from typing import cast

from voicelive.exceptions import ConnectError, ProxyError
from voicelive.protocol.address import Address
from voicelive.protocol.refusal import describe
from voicelive.transport._proxy import Proxy

__all__ = ("connect_error", "dial_error")

_UNREACHABLE = (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.ENETDOWN, errno.EADDRNOTAVAIL)


def dial_error(error: Exception, address: Address, proxy: Proxy | None = None) -> ConnectError:
    """Return the error for a connection that did not come about; ``error`` becomes its cause.

    Args:
        error: What name lookup or connecting raised: an ``OSError``, a ``UnicodeError`` for a name that cannot be
            looked up, or a group of them.
        address: Where the connection goes.
        proxy: The proxy that was dialled in its place, if one was.
    """
    cause = _first(error)
    host, port = (proxy.host, proxy.port) if proxy else (address.host, address.port)
    if isinstance(cause, socket.gaierror | UnicodeError):
        what = f"the host name {host!r} could not be looked up"
        advice = "check its spelling and this machine's DNS"
    elif isinstance(cause, ConnectionRefusedError):
        what = f"{host} refused the connection: nothing listens on port {port}, or a firewall is in the way"
        advice = "check host and port, and that the server is up"
    elif isinstance(cause, OSError) and (isinstance(cause, TimeoutError) or cause.errno in _UNREACHABLE):
        what = f"{host} could not be reached on port {port}"
        advice = "check the network, firewalls, and whether a proxy is needed"
    else:
        what = f"the connection to {host} on port {port} failed"
        advice = "check the network, then try again"
    reason = f" ({describe(cause)})"
    if proxy:
        return _caused(ProxyError(f"proxy {proxy.display}: {what}{reason}; {advice}"), error)
    return _caused(ConnectError(f"{address.display}: {what}{reason}; {advice}"), error)


def connect_error(code: int) -> OSError:
    """Return the error for what a socket says of connecting (``SO_ERROR``)."""
    # On Windows, strerror() knows nothing of the network.
    texts: dict[int, str] = getattr(socket, "errorTab", {})
    return OSError(code, texts.get(code) or os.strerror(code))


def _caused(result: ConnectError, error: Exception) -> ConnectError:
    result.__cause__ = error
    return result


def _first(error: Exception) -> Exception:
    """Return the first of several attempts' errors: event loops wrap them differently, and addresses usually agree."""
    if isinstance(error, ExceptionGroup):
        attempts = cast("ExceptionGroup[Exception]", error)
        return _first(attempts.exceptions[0])
    if isinstance(error, OSError) and error.errno is None and isinstance(error.__cause__, Exception):
        return _first(error.__cause__)
    return error
