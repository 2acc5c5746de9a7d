"""What can go wrong with a connection, and what a program sees of it: the matrix of tests and ``docs/faults.md``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import voicelive

__all__ = ("CASES", "Case", "Ends", "Fails", "GoesOn", "Outcome")

MIB = 1024 * 1024


@dataclass(frozen=True)
class Fails:
    """``connect`` raises."""

    error: type[voicelive.ConnectionError]
    attributes: Mapping[str, object] = field(default_factory=dict[str, object])
    says: str = ""
    """Part of its message."""

    def __str__(self) -> str:
        return f"`connect` raises `{_call(self.error.__name__, self.attributes)}`"


@dataclass(frozen=True)
class Ends:
    """The session is up, and ends with ``ConnectionClosed`` for readers and senders."""

    code: int
    initiated_by: str = "network"
    reason: str = ""
    """Part of its reason."""
    quietly: bool = False
    """Whether iteration ends without an error."""

    def __str__(self) -> str:
        shown = {"code": self.code, "initiated_by": self.initiated_by}
        quietly = "; iteration just ends" if self.quietly else ""
        return f"`{_call('ConnectionClosed', shown)}`{quietly}"


@dataclass(frozen=True)
class GoesOn:
    """The reader gets these events, and the session is as before."""

    events: tuple[str, ...] = ()
    """Types, each once however many come."""
    raises: type[Exception] | None = None
    """What ``recv`` raises at first."""
    notes: str = ""

    def __str__(self) -> str:
        what = ", ".join(f"`{_EVENTS.get(event, event)}`" for event in self.events)
        if self.raises is not None:
            what = f"`recv` raises `{self.raises.__name__}`"
        return f"{what or 'nothing'}{self.notes}; the session goes on"


_EVENTS = {
    "invalid": "InvalidServerEvent",
    "session.astonished": "UnknownServerEvent",
    "session.huge": "UnknownServerEvent",
    "response.audio.delta": "ServerEventResponseAudioDelta",
    "warning": "ServerEventWarning",
}

Outcome = Fails | Ends | GoesOn


@dataclass(frozen=True)
class Case:
    """One thing that goes wrong."""

    name: str
    fault: str
    """As the emulator's command line takes it; ``""``: none is needed."""
    outcome: Outcome
    restored: bool = False
    """Whether ``connect(reconnect=ReconnectPolicy(first_dial=True))`` restores the session."""
    doing: Literal["reading", "sending"] = "reading"
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    certificate: Literal["", "good", "unknown", "other name", "expired", "none"] = ""
    """That of a server with TLS; ``"none"``: the client asks for TLS, and the server has none."""


def _call(name: str, arguments: Mapping[str, object]) -> str:
    if not arguments:
        return name
    return f"{name}({', '.join(f'{key}={value!r}' for key, value in arguments.items())})"


def _refused(status: int, error: type[voicelive.HandshakeError], headers: str = "", **more: object) -> Case:
    fault = f"upgrade refuse={status}{headers}"
    restored = status in (408, 429, 500, 503)
    return Case(f"HTTP status {status}", fault, Fails(error, {"status": status, **more}), restored)


SHORT = {"handshake_timeout": 0.4}
BEATING = {"heartbeat": 0.15, "close_timeout": 0.3}
TLS_SHORT: dict[str, Any] = {"certificate": "good", "options": SHORT}
HALF_FRAME = "send-bytes=817e03e87b2274797065"
NO_TIME = Fails(voicelive.ConnectTimeoutError, {"phase": "dial"})
BROKEN = Fails(voicelive.ConnectError)
LOST = Ends(1006)
SILENT = Ends(1006, reason="no pong")
AT_UPDATE = "after=session.update"
REFUSED_EVENT = (
    '{"type":"error","event_id":"e","error":{"type":"invalid_request_error","code":"ModelNotFound","message":"no"}}'
)

HANDSHAKE = [
    _refused(400, voicelive.HandshakeError),
    _refused(401, voicelive.AuthenticationError),
    _refused(403, voicelive.PermissionDeniedError),
    _refused(404, voicelive.NotFoundError),
    _refused(408, voicelive.HandshakeError),
    _refused(429, voicelive.RateLimitError, " header='Retry-After: 1'", retry_after=1.0),
    _refused(500, voicelive.ServiceUnavailableError),
    _refused(503, voicelive.ServiceUnavailableError, " header='Retry-After: 1'", retry_after=1.0),
    _refused(200, voicelive.HandshakeError),
    Case(
        "Redirect",
        "upgrade refuse=307 header='Location: https://elsewhere.example/'",
        Fails(voicelive.RedirectError, {"status": 307}, "not followed"),
    ),
    Case("Wrong `Sec-WebSocket-Accept`", "upgrade wrong-accept", BROKEN, restored=True),
    Case("Answer drips too slowly", "upgrade drip=0.05", NO_TIME, restored=True, options=SHORT),
    Case("Answer drips in time", "upgrade drip=0.001", GoesOn()),
    Case("No answer", "upgrade half-open", NO_TIME, restored=True, options=SHORT),
    Case("TCP connection ends before the answer", "upgrade drop", BROKEN, restored=True),
    Case("TCP reset before the answer", "upgrade reset", BROKEN, restored=True),
    Case("TCP reset in the midst of the answer", "after-bytes=30 reset", BROKEN, restored=True),
    Case("Half-open in the midst of the answer", "after-bytes=30 half-open", NO_TIME, restored=True, options=SHORT),
    Case(
        "First event is an error",
        f"before=session.created send-text='{REFUSED_EVENT}'",
        Fails(voicelive.SessionRefusedError, {"code": "ModelNotFound"}),
    ),
    Case(
        "First event never comes",
        "before=session.created half-open",
        Fails(voicelive.ConnectTimeoutError, {"phase": "session.created"}),
        restored=True,
        options=SHORT,
    ),
    Case(
        "Close in place of the first event",
        "before=session.created close=3000 reason=unauthorized",
        Fails(voicelive.ConnectionClosed, {"code": 3000, "reason": "unauthorized"}),
    ),
]
TLS = [
    Case(
        "Certificate of an unknown authority",
        "",
        Fails(voicelive.CertificateError, says="cafile="),
        certificate="unknown",
    ),
    Case(
        "Certificate for another host",
        "",
        Fails(voicelive.CertificateError, says="check the endpoint's host name"),
        certificate="other name",
    ),
    Case("Certificate that has expired", "", Fails(voicelive.CertificateError, says="expired"), certificate="expired"),
    Case("No TLS where it is asked for", "", Fails(voicelive.ConnectError), certificate="none"),
    Case("TCP connection ends amid the TLS handshake", "accept drop", BROKEN, restored=True, certificate="good"),
    Case("TCP reset amid the TLS handshake", "accept reset", BROKEN, restored=True, certificate="good"),
    Case("Half-open amid the TLS handshake", "accept half-open", NO_TIME, restored=True, **TLS_SHORT),
    Case("TCP connection ends without `close_notify`", f"{AT_UPDATE} drop", LOST, restored=True, certificate="good"),
    Case("TCP reset under TLS", f"{AT_UPDATE} reset", LOST, restored=True, certificate="good"),
    Case("Half-open under TLS", f"{AT_UPDATE} half-open", SILENT, restored=True, certificate="good", options=BEATING),
]
NETWORK = [
    Case("TCP connection ends while idle", "after-seconds=0.15 drop", LOST, restored=True),
    Case("TCP reset while idle", "after-seconds=0.15 reset", LOST, restored=True),
    Case("Half-open while idle", "after-seconds=0.15 half-open", SILENT, restored=True, options=BEATING),
    Case("Pings are not answered", f"{AT_UPDATE} ignore-pings", SILENT, restored=True, options=BEATING),
    Case("TCP connection ends in the midst of a message", f"{AT_UPDATE} {HALF_FRAME} drop", LOST, restored=True),
    Case("TCP reset in the midst of a message", f"{AT_UPDATE} {HALF_FRAME} reset", LOST, restored=True),
    Case("Half-open in the midst of a message", f"{AT_UPDATE} {HALF_FRAME} half-open", SILENT, True, options=BEATING),
    Case(
        "TCP connection ends while sending",
        "after-bytes=300000 direction=received drop",
        LOST,
        restored=True,
        doing="sending",
    ),
    Case(
        "TCP reset while sending", "after-bytes=300000 direction=received reset", LOST, restored=True, doing="sending"
    ),
    Case(
        "Half-open while sending",
        "after-bytes=300000 direction=received half-open",
        SILENT,
        restored=True,
        doing="sending",
        options=BEATING,
    ),
    Case(
        "Service falls silent, `receive_timeout` set",
        "before=session.updated delay=0.5",
        GoesOn(raises=voicelive.ReceiveTimeoutError),
        options={"receive_timeout": 0.15},
    ),
    Case("Service sends slowly", "before=session.updated throttle=20000", GoesOn()),
]


def _closed(code: int, reason: str = "", **more: Any) -> Case:
    named = f" reason='{reason}'" if reason else ""
    restored = code in voicelive.ReconnectPolicy().codes
    name = f"Close {code}" + (f" `{reason}`" if reason else "")
    return Case(name, f"{AT_UPDATE} close={code}{named}", Ends(code, "server", reason, **more), restored)


CLOSES = [
    _closed(1000, quietly=True),
    _closed(1001),
    _closed(1001, "session_expired"),
    _closed(1005),
    _closed(1008),
    _closed(1009),
    _closed(1011, "out of memory"),
    _closed(1012),
    _closed(1013),
    _closed(3000),
    _closed(4002),
]


def _message(name: str, kind: str, *events: str, notes: str = "", fault: str = "", **more: Any) -> Case:
    return Case(name, f"{AT_UPDATE} send={kind}{fault}", GoesOn(events, notes=notes), **more)


def _against_rfc(name: str, kind: str) -> Case:
    return Case(name, f"{AT_UPDATE} send={kind}", Ends(1002, "client"))


def _large(mib: int) -> Case:
    name, fault = f"{mib} MiB in a message, `max_msg_size` of 32 MiB", f" mib={mib}"
    return _message(name, "huge-text", "session.huge", fault=fault, options={"max_msg_size": 32 * MIB})


TOO_LONG = Ends(1009, "client", "max_msg_size")
MESSAGES = [
    _message("Malformed JSON", "malformed-json", "invalid"),
    _message("JSON that breaks off", "truncated-json", "invalid"),
    _message("JSON array", "json-array", "invalid"),
    _message("JSON 100,000 levels deep", "deep-json", "invalid"),
    _message("Event with values of wrong types", "wrong-types", "invalid"),
    _message("Empty message", "empty-text", "invalid"),
    _message("Binary message", "binary", "invalid"),
    _message("Text that is not UTF-8", "invalid-utf8", "invalid"),
    _message("Event of an unknown type", "unknown-event", "session.astonished"),
    _message(
        "Audio that is not base64",
        "bad-base64",
        "response.audio.delta",
        notes=", its `audio` raises `InvalidAudioError`",
    ),
    Case("Event in fragments with pings between them", "before=session.updated fragment=16", GoesOn()),
    _large(5),
    _large(20),
    Case("5 MiB in a message", f"{AT_UPDATE} send=huge-text mib=5", TOO_LONG),
    Case("20 MiB in a message", f"{AT_UPDATE} send=huge-text mib=20", TOO_LONG),
    Case(
        "64 MiB, compressed to 64 KiB, with `compression` on",
        f"{AT_UPDATE} send=deflate-bomb mib=64",
        TOO_LONG,
        options={"compression": True},
    ),
]
FRAMES = [
    _against_rfc("Message amid the fragments of another", "interleaved-fragments"),
    _against_rfc("Continuation of nothing", "stray-continuation"),
    _against_rfc("Masked frame", "masked-frame"),
    _against_rfc("Reserved bit set", "rsv-frame"),
    _against_rfc("Reserved opcode", "bad-opcode"),
    _against_rfc("Ping longer than 125 bytes", "long-ping"),
    _against_rfc("Compressed message without `compression`", "deflate-bomb"),
]
FLOODS = [
    _message("20,000 pings", "pings", fault=" count=20000"),
    _message("20,000 tiny messages", "tiny-frames", "invalid", fault=" count=20000"),
    _message("20,000 empty fragments", "empty-fragments", "warning", fault=" count=20000"),
]

CASES: Mapping[str, list[Case]] = {
    "Connecting": HANDSHAKE,
    "TLS": TLS,
    "The network": NETWORK,
    "Close codes": CLOSES,
    "Messages": MESSAGES,
    "Frames against RFC 6455": FRAMES,
    "Floods": FLOODS,
}
"""By chapter."""
