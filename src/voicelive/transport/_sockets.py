"""Sockets with a deadline: name lookup, TCP connection and waiting, in the caller's thread and open to Ctrl-C."""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import itertools
import queue
import select
import selectors
import socket
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from voicelive.exceptions import ConnectError, ConnectTimeoutError
from voicelive.protocol.address import Address
from voicelive.transport._dial import connect_error

__all__ = ("CHUNK", "READ", "SLICE", "WRITE", "Deadline", "open_socket", "wait")

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE
SLICE = 0.1 if sys.platform == "win32" else 0.25
"""Most seconds to wait in one go. Windows looks for Ctrl-C in between, and elsewhere a reader for a ``close``."""
STAGGER = 0.25
"""Seconds before the next address is tried beside the one that has not answered (RFC 8305 section 8)."""
CHUNK = 64 * 1024
"""Bytes read at a time while connecting."""

# The system gives no descriptor for it, which it would take back in a moment.
_Selector = getattr(selectors, "PollSelector", selectors.SelectSelector)
_IN_PROGRESS = (errno.EINPROGRESS, errno.EWOULDBLOCK)


def wait(sock: socket.socket, events: int, timeout: float) -> bool:
    """Wait until a socket can be read or written, at most ``timeout`` and at most ``SLICE`` seconds.

    Args:
        sock: The socket.
        events: ``READ``, ``WRITE`` or both.
        timeout: Seconds.
    """
    timeout = SLICE if timeout >= SLICE else max(0.0, timeout)
    if sys.platform == "win32":
        # Here select() takes descriptors of any number, and there is no poll().
        reads, writes = [sock] if events & READ else [], [sock] if events & WRITE else []
        return any(select.select(reads, writes, writes, timeout))
    poll = select.poll()
    poll.register(sock, (select.POLLIN if events & READ else 0) | (select.POLLOUT if events & WRITE else 0))
    return bool(poll.poll(timeout * 1000))


class Deadline:
    """What is left of the time to connect, and what it is spent on.

    Args:
        address: Where the connection goes.
        at: When it has to be up (``time.monotonic``).
        timeout: Seconds that it was given, for messages.
        stop: Asked now and then whether to give up before that.

    Attributes:
        phase: What it is doing, for messages.
    """

    def __init__(self, address: Address, at: float, timeout: float, stop: Callable[[], bool] = lambda: False) -> None:
        self._stop = stop
        self._address = address
        self._at = at
        self._timeout = timeout
        self.phase = "name lookup"

    def left(self) -> float:
        """Return the seconds left.

        Raises:
            ConnectTimeoutError: There are none.
            ConnectError: The connection is not wanted any more.
        """
        if self._stop():
            raise ConnectError(f"no connection to {self._address.display}: it was closed before it was up")
        left = self._at - time.monotonic()
        if left <= 0:
            raise ConnectTimeoutError(
                f"no connection to {self._address.display} within {self._timeout:g} s: the {self.phase} was not over; "
                "check the network and any proxy on the way, or raise handshake_timeout",
                timeout=self._timeout,
                phase=self.phase,
            )
        return left

    def read(self, sock: socket.socket) -> bytes:
        """Read what has come, waiting for it."""
        while True:
            if wait(sock, READ, self.left()):
                with contextlib.suppress(BlockingIOError):
                    return sock.recv(CHUNK)

    def write(self, sock: socket.socket, data: bytes) -> None:
        """Write all of it."""
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[sock.send(rest) :]
            except BlockingIOError:
                wait(sock, WRITE, self.left())


def open_socket(host: str, port: int, deadline: Deadline) -> socket.socket:
    """Connect to a host name or IP address and return a non-blocking socket.

    Raises:
        ConnectTimeoutError: The deadline has passed.
        OSError: No address of the host could be connected; the first one's error, or ``gaierror`` for an unknown name.
    """
    deadline.phase = "name lookup"
    addresses = _look_up(host, port, deadline)
    deadline.phase = "TCP connection"
    sock = _race(addresses, deadline)
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


_Where = tuple[socket.AddressFamily, Any]


def _look_up(host: str, port: int, deadline: Deadline) -> Sequence[_Where]:
    try:
        family = socket.AF_INET if ipaddress.ip_address(host).version == 4 else socket.AF_INET6
        return [(family, (host, port))]
    except ValueError:
        pass
    answers: queue.SimpleQueue[list[_Where] | OSError] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            answers.put(list(dict.fromkeys((family, where) for family, _, _, _, where in found)))
        except OSError as error:
            answers.put(error)
        except UnicodeError:
            answers.put(socket.gaierror(socket.EAI_NONAME, "not a host name"))

    # getaddrinfo has no time limit; a daemon can be left behind.
    threading.Thread(target=look_up, name="voicelive-lookup", daemon=True).start()
    while True:
        try:
            answer = answers.get(timeout=min(deadline.left(), SLICE))
        except queue.Empty:
            continue
        if isinstance(answer, OSError):
            raise answer
        return answer


def _race(addresses: Sequence[_Where], deadline: Deadline) -> socket.socket:
    """Connect to the first address that answers (RFC 8305): each is given a head start over the next."""
    untried = deque(_interleave(addresses))
    errors: list[OSError] = []
    pending: set[socket.socket] = set()
    next_try = 0.0
    with _Selector() as selector:
        try:
            while untried or pending:
                now = time.monotonic()
                if untried and (not pending or now >= next_try):
                    next_try = now + STAGGER
                    sock = _begin(*untried.popleft(), errors)
                    if sock is None:
                        continue
                    pending.add(sock)
                    selector.register(sock, WRITE)
                for key, _ in selector.select(min(deadline.left(), SLICE)):
                    done = key.fileobj
                    assert isinstance(done, socket.socket)
                    pending.discard(done)
                    selector.unregister(done)
                    code = done.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                    if code == 0:
                        return done
                    done.close()
                    errors.append(connect_error(code))
                    next_try = 0.0
        finally:
            for sock in pending:
                sock.close()
    raise errors[0] if errors else socket.gaierror(socket.EAI_NONAME, "the name has no address")


def _begin(family: socket.AddressFamily, where: Any, errors: list[OSError]) -> socket.socket | None:
    try:
        sock = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        # A machine without IPv6, for one.
        errors.append(error)
        return None
    try:
        sock.setblocking(False)
        code = sock.connect_ex(where)
        if code and code not in _IN_PROGRESS:
            raise connect_error(code)
    except OSError as error:
        sock.close()
        errors.append(error)
        return None
    return sock


def _interleave(addresses: Sequence[_Where]) -> list[_Where]:
    """Alternate between IPv6 and IPv4, beginning with the kind that the system put first."""
    kinds: dict[socket.AddressFamily, list[_Where]] = {}
    for address in addresses:
        kinds.setdefault(address[0], []).append(address)
    return [address for row in itertools.zip_longest(*kinds.values()) for address in row if address is not None]
