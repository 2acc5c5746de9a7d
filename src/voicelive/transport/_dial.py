"""What all drivers say when the network does not let them through."""

from __future__ import annotations

import socket

from voicelive.exceptions import ConnectError, ProxyError
from voicelive.protocol.address import Address
from voicelive.transport._proxy import Proxy

__all__ = ("dial_error",)


def dial_error(address: Address, proxy: Proxy | None, error: OSError) -> ConnectError:
    """Return the error for a name lookup, TCP connection or tunnel that failed, with ``error`` as its cause.

    Args:
        address: Where the connection was to go.
        proxy: Through which proxy, if through one: then that is what failed.
        error: What the network said.
    """
    where = address.display if proxy is None else f"the proxy {proxy.display}"
    host = address.host if proxy is None else proxy.host
    what = "the endpoint" if proxy is None else "the proxy option, or https_proxy in the environment"
    why = error.strerror or str(error) or type(error).__name__
    if isinstance(error, socket.gaierror):
        text = f"the host name {host!r} was not found ({why}); check {what}, and this machine's network"
    else:
        text = f"{where} cannot be reached ({why}); check {what}, and any firewall on the way"
    failure = ConnectError(text) if proxy is None else ProxyError(text)
    failure.__cause__ = error
    return failure
