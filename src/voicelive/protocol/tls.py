"""A TLS client without I/O: bytes in, bytes out."""

from __future__ import annotations

import functools
import ssl

__all__ = ("TLS", "default_ssl_context")

RECORD = 16 * 1024
"""Most plaintext that one TLS record holds, in bytes (RFC 8446 section 5.1)."""


@functools.cache
def default_ssl_context() -> ssl.SSLContext:
    """Return the context that connections share unless given one of their own: the system's authorities, TLS 1.2 up.

    Building one reads every authority of the system, 20 ms and 0.8 MB, so it is built once, on first use.
    """
    return ssl.create_default_context()


class TLS:
    """The client's end of a TLS connection over memory buffers.

    It never blocks. Callers serialise: OpenSSL objects are not safe to use from two threads at once.

    Args:
        context: What to trust.
        host: Name or IP address that the certificate must be for.

    Attributes:
        established: The handshake is over.
        closed: The peer's ``close_notify`` came, or an error: no more data will.
        error: What went wrong, if anything did.
    """

    def __init__(self, context: ssl.SSLContext, host: str) -> None:
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._object = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)
        self._waiting = b""
        self.established = False
        self.closed = False
        self.error: ssl.SSLError | None = None

    def start(self) -> None:
        """Begin the handshake."""
        self._advance()

    def receive(self, data: bytes | memoryview) -> bytes:
        """Take ciphertext and return the plaintext that it completes."""
        self._incoming.write(data)
        self._advance()
        if not self.established or self.closed:
            return b""
        plaintext: list[bytes] = []
        try:
            while chunk := self._object.read(RECORD):
                plaintext.append(chunk)
            self.closed = True
        except ssl.SSLWantReadError:
            # What came may be what encrypting was waiting for.
            if self._waiting:
                self.send(b"")
        except ssl.SSLZeroReturnError:
            self.closed = True
        except ssl.SSLError as error:
            self._fail(error)
        return plaintext[0] if len(plaintext) == 1 else b"".join(plaintext)

    def send(self, plaintext: bytes) -> None:
        """Encrypt, or keep for later what cannot be encrypted before the peer has answered."""
        if self._waiting:
            plaintext = self._waiting + plaintext
        self._waiting = b""
        if not self.established:
            self._waiting = plaintext
            return
        rest = memoryview(plaintext)
        try:
            while rest:
                rest = rest[self._object.write(rest) :]
        except ssl.SSLWantReadError:
            self._waiting = bytes(rest)
        except ssl.SSLError as error:
            self._fail(error)

    @property
    def pending(self) -> bool:
        """Whether ``output`` has something to write."""
        return self._outgoing.pending > 0

    def output(self) -> bytes:
        """Return the ciphertext to write now; empty if there is none."""
        return self._outgoing.read() if self._outgoing.pending else b""

    def close(self) -> None:
        """Say that nothing more will be sent (``close_notify``), without waiting for the peer to say so too."""
        if self.established and self.error is None:
            try:
                self._object.unwrap()
            except ssl.SSLError:
                # The peer has not answered, or has broken off: either way there is nobody to wait for.
                self.closed = True

    def _advance(self) -> None:
        if self.established or self.closed:
            return
        try:
            self._object.do_handshake()
        except ssl.SSLWantReadError:
            return
        except ssl.SSLError as error:
            self._fail(error)
            return
        self.established = True
        self.send(b"")

    def _fail(self, error: ssl.SSLError) -> None:
        self.error = error
        self.closed = True
