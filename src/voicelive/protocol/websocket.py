"""The client's end of a WebSocket without I/O (RFC 6455): bytes in, messages and bytes out, TLS included.

websockets' ``ClientProtocol`` does the handshake, control frames, closing and errors. In front of it, ``WebSocket``
only finds where frames begin and end. It takes a complete text message in one frame itself, which is nearly all
traffic, and hands every other frame over whole, so that ``ClientProtocol`` always stands between two frames.

A driver moves bytes::

    websocket = WebSocket(address, headers, options)
    write(websocket.start())
    while websocket.opening:
        websocket.receive(read())                   # or receive_eof() when there is nothing more to read
        write(websocket.output())
    websocket.raise_if_refused()

    receive: websocket.receive(...), write(websocket.output()), then websocket.pop() while there are messages
    send:    write(websocket.text(message))
    close:   websocket.close(code, reason), write(websocket.output()), read on while closing_expected, for a time

It closes the socket as soon as ``eof`` is set (after writing the output), and within ``close_timeout`` once
``closing_expected`` is set: the server owes us the end of the TCP connection, and may never pay.
"""

from __future__ import annotations

import logging
import os
from collections import deque
from collections.abc import Sequence
from functools import lru_cache
from struct import Struct
from typing import TYPE_CHECKING, Literal

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidStatus, PayloadTooBig
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import State
from websockets.uri import WebSocketURI

from voicelive.exceptions import ConnectError, ConnectionClosed, ForkedError
from voicelive.protocol._arguments import expect
from voicelive.protocol.refusal import describe, handshake_failure
from voicelive.protocol.tls import TLS, default_ssl_context

if TYPE_CHECKING:
    from voicelive.protocol.address import Address
    from voicelive.protocol.options import TransportOptions

try:
    from websockets.speedups import apply_mask
except ImportError:  # no wheel for this platform: slower, the same result
    from websockets.utils import apply_mask

__all__ = ("TLS", "WebSocket", "check_close", "default_ssl_context")

FIN_TEXT = 0x81
"""First byte of a text message in one frame: no fragments, no extension (RFC 6455 section 5.2)."""
LONGEST_HEAD = 64 * 1024
"""Most bytes of an answer to the upgrade before it is handed to ClientProtocol, which has limits of its own."""
LONGEST_BODY = 64 * 1024
"""Most bytes read of the body of a refusal."""
LONGEST_REASON = 123
"""Bytes of UTF-8 that a close frame has room for (RFC 6455 section 5.5)."""
MESSAGE_OVERHEAD = 64
"""Bytes that a message takes besides its content: a flood of empty ones fills memory too."""
NO_LIMIT = (1 << 63) - 1
MASKED = 1 << 64
"""Length of a frame that servers must not send: longer than any limit."""
LONGEST_SHORT = 125
"""Longest payload whose length is in a frame's second byte (RFC 6455 section 5.2)."""
EXTENDED_LENGTHS = {126: Struct("!H"), 127: Struct("!Q")}
"""What follows that byte where it has one of these values."""
TLS_PIECE = 64 * 1024
"""Bytes of ciphertext that TLS is given at a time. What comes of it is copied twice more, and so stays in the caches of
the processor: in a flood, 4 µs less per event than with 256 KiB, and 2 µs less than with reading 64 KiB at a time. And
TLS keeps a buffer for the most that it was ever given."""
MASKS = 512
"""Random bytes fetched at a time; a mask takes four."""

CREDENTIAL_HEADERS = frozenset(("api-key", "authorization", "proxy-authorization"))


class _NoFrames(logging.LoggerAdapter[logging.Logger]):
    """ClientProtocol logs headers and frames at DEBUG, and with them credentials and audio."""

    def isEnabledFor(self, level: int) -> bool:
        return level > logging.DEBUG and super().isEnabledFor(level)


_logger = _NoFrames(logging.getLogger("voicelive.websocket"), {})


class WebSocket:
    """The client's end of one connection. It reads no clock and touches no socket; callers serialise.

    Args:
        address: Where to.
        headers: Request headers besides those of the handshake.
        options: See ``TransportOptions``.

    Attributes:
        messages: Complete messages, text and binary alike, oldest first. They stay when the connection ends.
        buffered: Bytes that ``messages`` take.
        opening: The answer to the upgrade has not come yet.
        open: Messages can be sent.
        closed: It is known how the connection ended: no message will come, and ``closed_error`` says why.
        eof: The server will send nothing more: write what ``output`` gives and close the socket.
        pong: The last ``ping`` was answered.
    """

    def __init__(self, address: Address, headers: Sequence[tuple[str, str]], options: TransportOptions) -> None:
        self.address = address
        self.messages: deque[bytes] = deque()
        self.buffered = 0
        self.opening = True
        self.open = False
        self.closed = False
        self.eof = False
        self.pong = False
        self._established = False
        self._options = options
        self._limit = NO_LIMIT if options.max_msg_size is None else options.max_msg_size
        self._credentials = tuple(value for name, value in headers if name.lower() in CREDENTIAL_HEADERS)
        uri, extensions, request = _opening(address, options.compression)
        self._protocol = ClientProtocol(uri, extensions=extensions, max_size=options.max_msg_size, logger=_logger)
        self._tls: TLS | None = None
        if address.secure:
            context = options.ssl_context or default_ssl_context()
            self._tls = TLS(context, options.server_hostname or address.host)
        # The answer to the upgrade as it came, its body left out.
        self._head = b""
        self._body_size = 0
        # A frame of which a part has come, and how many bytes it still lacks (0: unknown, its header is incomplete).
        self._partial = bytearray()
        self._missing = 0
        # Fragments of a message, None between messages.
        self._fragments: bytearray | None = None
        self._delimiting = False
        self._extended = False
        self._output: list[bytes] = [request, _rest_of_request(self._protocol.key, headers)]
        self._withheld: list[bytes] = []
        self._ping = b""
        self._masks = b""
        self._masks_used = 0
        self._cause: Exception | None = None
        self._aborted = ""
        self._disowned = False

    # Opening

    def start(self) -> bytes:
        """Return the first bytes to write: the upgrade request, or what TLS wants said before it."""
        if self._tls is not None:
            self._tls.start()
        return self.output()

    def raise_if_refused(self) -> None:
        """Raise why there is no connection, once ``opening`` is over; return if there is one.

        Raises:
            HandshakeError: The server answered with another status than 101: the subclass for it.
            CertificateError: The server's certificate was not accepted.
            ConnectError: TLS failed, the connection broke, or what answered is no WebSocket server.
        """
        # The state alone does not tell: it goes from connecting to closed as well.
        if self._established:
            return
        if self._aborted:
            raise ConnectError(f"connecting to {self.address.display} was aborted")
        failure = self._protocol.handshake_exc
        body = bytes(failure.response.body) if isinstance(failure, InvalidStatus) else b""
        raise handshake_failure(
            self.address.display,
            self._options.server_hostname or self.address.host,
            self._head,
            body,
            failure,
            self._cause,
            self._credentials,
        )

    # Receiving

    def receive(self, data: bytes | memoryview) -> None:
        """Take bytes read from the socket. Write what ``output`` gives afterwards.

        Never raises: what goes wrong ends the connection and shows in ``raise_if_refused`` and ``closed_error``.

        Args:
            data: The bytes; a memoryview has to be valid during this call only.
        """
        if self.eof:
            return
        if self._tls is None:
            self._receive(data)
            return
        for start in range(0, len(data), TLS_PIECE):
            if plaintext := self._tls.receive(data[start : start + TLS_PIECE]):
                self._receive(plaintext)
            if self._tls.closed:
                self.receive_eof(self._tls.error)
                return

    def receive_eof(self, cause: Exception | None = None) -> None:
        """Take the end of the connection; whatever was not decided before is decided now.

        Args:
            cause: Why, if it broke: the error of the socket, or a ``TimeoutError`` for a server that fell silent.
        """
        if self.eof:
            return
        self.eof = True
        if not self.closed:
            self._cause = cause
        if self._partial:
            rest, self._partial = bytes(self._partial), bytearray()
            if self.opening and not self._head:
                self._head = rest
            self._hand_over(rest)
        self._protocol.receive_eof()
        self._collect()
        self._settle()
        if self._tls is not None:
            self._tls.close()

    def pop(self) -> bytes:
        """Take the oldest message.

        Raises:
            IndexError: There is none.
        """
        message = self.messages.popleft()
        self.buffered -= len(message) + MESSAGE_OVERHEAD
        return message

    def _receive(self, data: bytes | memoryview) -> None:
        if self._delimiting:
            if self._partial:
                self._complete(data)
            else:
                self._split(memoryview(data))
        elif self.opening:
            self._receive_answer(bytes(data))
        else:
            self._hand_over(data)

    def _receive_answer(self, data: bytes) -> None:
        """Take a part of the answer to the upgrade, so split that the frames behind a 101 are not among it."""
        if self._head:
            self._body_size += len(data)
            self._hand_over(data)
            if self.opening and self._body_size > LONGEST_BODY:
                self.receive_eof()
            return
        self._partial += data
        end = self._partial.find(b"\r\n\r\n") + 4
        if end < 4:
            if len(self._partial) < LONGEST_HEAD:
                return
            end = len(self._partial)
        self._head, rest = bytes(self._partial[:end]), bytes(self._partial[end:])
        self._partial = bytearray()
        self._hand_over(self._head)
        if self.open:
            self._delimiting = True
            self._extended = bool(self._protocol.extensions)
            self._credentials = ()
            self._head = b""
        if rest:
            self._receive(rest)

    def _complete(self, data: bytes | memoryview) -> None:
        """Go through frames, of which the first begins with what was kept."""
        if not self._missing:
            data = bytes(self._partial) + data
            self._partial = bytearray()
        elif len(data) < self._missing:
            self._partial += data
            self._missing -= len(data)
            return
        else:
            self._partial += data[: self._missing]
            data = data[self._missing :]
            frame, self._partial, self._missing = self._partial, bytearray(), 0
            self._split(memoryview(frame))
            if not self._delimiting:
                self._hand_over(data)
                return
        self._split(memoryview(data))

    def _split(self, data: memoryview) -> None:
        """Go through frames; keep the last one if it is incomplete."""
        start, size = 0, len(data)
        # Read once: nothing changes it but what is handed over.
        plain = self._plain
        while size - start >= 2:
            payload, length = start + 2, data[start + 1]
            if length > LONGEST_SHORT:
                # Every frame with audio comes this way: one function fewer, and no slice, take 0.3 µs less.
                extended = EXTENDED_LENGTHS.get(length)
                if extended is None:
                    length = MASKED
                elif size < payload + extended.size:
                    break
                else:
                    (length,) = extended.unpack_from(data, payload)
                    payload += extended.size
            if length > self._limit:
                # Too long or masked. ClientProtocol refuses it at its header, and ignores all that follows.
                self._delimiting = False
                self._hand_over(data[start:])
                return
            end = payload + length
            if end > size:
                self._missing = end - size
                break
            if plain and data[start] == FIN_TEXT:
                self.messages.append(bytes(data[payload:end]))
                self.buffered += length + MESSAGE_OVERHEAD
            else:
                self._hand_over(data[start:end])
                if not self._delimiting:
                    self._hand_over(data[end:])
                    return
                plain = self._plain
            start = end
        if start < size:
            self._partial += data[start:]

    @property
    def _plain(self) -> bool:
        """Whether a text message in one frame is taken as it is."""
        return self.open and self._fragments is None and not self._extended

    def _hand_over(self, data: bytes | memoryview) -> None:
        """Give ClientProtocol a whole frame, or bytes it decides on alone, and take what comes of it."""
        if not data:
            return
        protocol = self._protocol
        # What was queued before must not be taken for the answer to this frame.
        self._collect()
        protocol.receive_data(bytes(data))
        for event in protocol.events_received():
            if isinstance(event, Frame):
                self._take(event)
            elif isinstance(event, Response) and protocol.state is State.OPEN:
                # ClientProtocol keeps them to the end, for nothing: 1 kB of every connection.
                event.headers.clear()
        self._collect()
        self._settle()

    def _take(self, frame: Frame) -> None:
        if frame.opcode is Opcode.PONG:
            self.pong = self.pong or (self._ping != b"" and bytes(frame.data) == self._ping)
        elif frame.opcode is Opcode.TEXT or frame.opcode is Opcode.BINARY:
            if frame.fin:
                self._push(bytes(frame.data))
            else:
                self._fragments = bytearray(frame.data)
        elif frame.opcode is Opcode.CONT and self._fragments is not None:
            self._fragments += frame.data
            if frame.fin:
                message, self._fragments = bytes(self._fragments), None
                self._push(message)
        elif frame.opcode is Opcode.PING and not self._options.autoping:
            self._protocol.data_to_send()
        elif frame.opcode is Opcode.CLOSE and self._protocol.close_rcvd_then_sent and not self._options.autoclose:
            self._withheld = self._protocol.data_to_send()

    def _push(self, message: bytes) -> None:
        # After our close nobody waits for messages, and a server that goes on sending must not fill memory.
        if self.open:
            self.messages.append(message)
            self.buffered += len(message) + MESSAGE_OVERHEAD

    # Sending

    def text(self, message: bytes) -> bytes:
        """Return what to write for a text message, earlier ``output`` included.

        Args:
            message: UTF-8.

        Raises:
            ConnectionClosed: The connection is not open (any more).
        """
        if not self.open:
            raise self.closed_error()
        if self._extended:
            self._protocol.send_text(message)
            self._collect()
            return self.output()
        mask = self._mask()
        size = len(message)
        if size < 126:
            header = bytes((FIN_TEXT, 0x80 | size))
        elif size < 1 << 16:
            header = b"\x81\xfe" + size.to_bytes(2, "big")
        else:
            header = b"\x81\xff" + size.to_bytes(8, "big")
        frame = b"".join((header, mask, apply_mask(message, mask)))
        if self._tls is None and not self._output:
            return frame
        self._output.append(frame)
        return self.output()

    def ping(self, payload: bytes) -> None:
        """Queue a ping; ``pong`` tells when it was answered. Without effect unless the connection is open.

        Args:
            payload: 1 to 125 bytes, other than those of the ping before.
        """
        if self.open:
            self._ping = payload
            self.pong = False
            self._protocol.send_ping(payload)
            self._collect()

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Queue a close frame, or the answer to the server's if that was left to us (``autoclose=False``).

        Without effect once the connection is closing.

        Raises:
            ValueError: A code that must not be sent (RFC 6455 section 7.4), or a reason longer than 123 bytes.
        """
        check_close(code, reason)
        if self.eof:
            return
        if self._withheld:
            self._output += self._withheld
            self._withheld = []
        elif self.open:
            self._protocol.send_close(code, reason)
            self._collect()
            self._settle()

    def abort(self, reason: str = "aborted") -> None:
        """Take note that our side drops the connection. Works even after an interrupted ``receive``.

        Args:
            reason: Why, for ``closed_error``.
        """
        if not self.closed:
            self._aborted = reason
        self.opening = self.open = self._delimiting = False
        self.closed = self.eof = True

    def disown(self) -> None:
        """Take note that this process is a fork of the one that has the connection. Nothing more is written."""
        self.abort()
        self._disowned = True
        self._tls = None
        self._output.clear()
        self.messages.clear()
        self.buffered = 0

    @property
    def backlog(self) -> int:
        """Bytes that ``output`` would give, what TLS adds left out."""
        return sum(map(len, self._output))

    @property
    def pending(self) -> bool:
        """Whether ``output`` has something to write."""
        return bool(self._output) or (self._tls is not None and self._tls.pending)

    def output(self) -> bytes:
        """Return the bytes to write now; empty if there are none."""
        data = b"".join(self._output)
        self._output.clear()
        if self._tls is None:
            return data
        if data:
            self._tls.send(data)
        return self._tls.output()

    def _collect(self) -> None:
        self._output += self._protocol.data_to_send()

    def _mask(self) -> bytes:
        used = self._masks_used
        if used == len(self._masks):
            self._masks, used = os.urandom(MASKS), 0
        self._masks_used = used + 4
        return self._masks[used : used + 4]

    # The end

    @property
    def closing_expected(self) -> bool:
        """Whether the server owes us the end of the TCP connection: bound the wait for it by ``close_timeout``."""
        return not self.eof and not self._withheld and self._protocol.close_expected()

    def closed_error(self, *, unsent: str | None = None, unsent_event_id: str | None = None) -> ConnectionClosed:
        """Return the error for using the connection now that it is not open.

        Args:
            unsent: Type of the client event that could not be sent, if sending is what failed.
            unsent_event_id: Id of that event.
        """
        code, reason, initiated_by = self._outcome()
        error = (ForkedError if self._disowned else ConnectionClosed)(
            code, reason, initiated_by=initiated_by, unsent=unsent, unsent_event_id=unsent_event_id
        )
        error.__cause__ = self._cause
        return error

    def _outcome(self) -> tuple[int, str, Literal["server", "client", "network"]]:
        if self._disowned:
            return 1006, "this process is a fork of the one that has the connection; connect anew in it", "client"
        protocol = self._protocol
        received, sent, failure = protocol.close_rcvd, protocol.close_sent, protocol.parser_exc
        if failure is not None and sent is not None and not isinstance(failure, EOFError):
            if isinstance(failure, PayloadTooBig):
                return sent.code, f"{failure}; raise max_msg_size to receive longer messages", "client"
            return sent.code, sent.reason or str(failure), "client"
        if received is not None:
            answer = sent is not None and not protocol.close_rcvd_then_sent
            if answer and sent is not None and received.code in (sent.code, 1005):
                return sent.code, sent.reason, "client"
            return received.code, received.reason, "server"
        if self._aborted:
            return 1006, self._aborted, "client"
        if sent is not None and not self.eof:
            return sent.code, sent.reason, "client"
        if sent is not None:
            return 1006, "the server did not answer the close", "client"
        return 1006, describe(self._cause) if self._cause is not None else "", "network"

    def _settle(self) -> None:
        """Bring the flags up to date with ClientProtocol."""
        protocol = self._protocol
        self.opening = protocol.state is State.CONNECTING and protocol.handshake_exc is None and not self.eof
        self.open = protocol.state is State.OPEN and not self.eof
        self._established = self._established or self.open
        failed = protocol.parser_exc is not None or protocol.handshake_exc is not None
        self.closed = self.eof or failed or protocol.close_rcvd is not None
        if self.closed:
            self._delimiting = False


@lru_cache(maxsize=16)
def _opening(
    address: Address, compression: int | None
) -> tuple[WebSocketURI, Sequence[ClientPerMessageDeflateFactory] | None, bytes]:
    """Return what all connections to a place have in common: 15 of 300 µs, and 0.4 kB of each.

    The last is the upgrade request without its end: the key, what the caller adds, and an empty line.
    """
    path, _, query = address.resource.partition("?")
    uri = WebSocketURI(address.secure, address.host, address.port, path, query)
    extensions = None
    if compression is not None:
        # Asking for the full window would make servers that only know the default decline.
        window = compression if compression < 15 else None
        extensions = [
            ClientPerMessageDeflateFactory(server_max_window_bits=window, client_max_window_bits=window or True)
        ]
    request = ClientProtocol(uri, extensions=extensions).connect()
    del request.headers["Sec-WebSocket-Key"]
    return uri, extensions, request.serialize().removesuffix(b"\r\n")


def _rest_of_request(key: str, headers: Sequence[tuple[str, str]]) -> bytes:
    lines = (f"{name}: {value}\r\n" for name, value in (("Sec-WebSocket-Key", key), *headers))
    return f"{''.join(lines)}\r\n".encode("ascii")


def check_close(code: int, reason: str) -> None:
    """Check what a close frame is to say.

    Raises:
        TypeError: Not an int and a text.
        ValueError: A code that must not be sent (RFC 6455 section 7.4), or a reason longer than 123 bytes.
    """
    expect("code", code, int, "an int")
    expect("reason", reason, str, "a text")
    if not (1000 <= code < 1015 and code not in (1004, 1005, 1006)) and not 3000 <= code < 5000:
        raise ValueError(f"{code} must not be sent as close code; use 1000 (normal), or 3000 to 4999 for your own")
    if len(reason.encode()) > LONGEST_REASON:
        raise ValueError(f"reason takes more than {LONGEST_REASON} bytes of UTF-8, all that a close frame has room for")
