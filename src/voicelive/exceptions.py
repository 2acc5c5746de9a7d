"""Every error that voicelive raises, in one tree.

    VoiceLiveError                          (azure.core.exceptions.AzureError)
    ├── ConnectionError                     the connection could not be made, or is gone
    │   ├── ConnectError                    no connection: unknown name, refused, unreachable, broken, not a WebSocket
    │   │   ├── CertificateError            TLS: the server's certificate was not accepted
    │   │   ├── ProxyError                  the proxy refused or did not answer as one
    │   │   └── ConnectTimeoutError         handshake_timeout passed (also TimeoutError)
    │   ├── HandshakeError                  the service answered with an HTTP status instead of a connection
    │   │   ├── RedirectError               3xx: never followed, credentials would travel along
    │   │   ├── AuthenticationError         401
    │   │   ├── PermissionDeniedError       403
    │   │   ├── NotFoundError               404
    │   │   ├── RateLimitError              429, with retry_after
    │   │   └── ServiceUnavailableError     5xx, with retry_after
    │   ├── SessionRefusedError             connected, but the first event was an error (also ServerError)
    │   └── ConnectionClosed                a live connection ended, with code and reason
    │       ├── ForkedError                 it belongs to the process that this one was forked from
    │       └── ReconnectFailedError        and could not be made anew
    ├── ServerError                         an error event of the service that answers a call
    ├── ResponseActiveError                 a response is active, and a second one was not to wait (also RuntimeError)
    ├── ResponseFailedError                 a response ended otherwise than completed, where that was asked
    ├── CredentialError                     the credential gave no token
    ├── ReceiveTimeoutError                 no event in time; the connection lives on (also TimeoutError)
    ├── EventsDroppedError                  of a response nobody took, the first events were dropped
    ├── EventLostError                      the connection was made anew, and what was called is not answered on it
    ├── SendTimeoutError                    an event was not sent in time; the connection lives on (also TimeoutError)
    ├── SendQueueFullError                  too much waits to be sent; the event was not taken
    ├── ConcurrentReadError                 a second reader while one is reading (also RuntimeError)
    ├── NotConnectedError                   used before it was opened (also RuntimeError)
    └── InvalidAudioError                   an audio delta that is not base64 (also ValueError)

Bad arguments raise plain ``TypeError`` or ``ValueError`` before anything is sent.

No message and no attribute holds a credential, a request header, a query string or audio.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from azure.core.exceptions import AzureError

if TYPE_CHECKING:
    from voicelive.models import Lost, Response, ServerEventError

__all__ = (
    "AuthenticationError",
    "CertificateError",
    "ConcurrentReadError",
    "ConnectError",
    "ConnectTimeoutError",
    "ConnectionClosed",
    "ConnectionError",
    "CredentialError",
    "EventLostError",
    "EventsDroppedError",
    "ForkedError",
    "HandshakeError",
    "InvalidAudioError",
    "NotConnectedError",
    "NotFoundError",
    "PermissionDeniedError",
    "ProxyError",
    "RateLimitError",
    "ReceiveTimeoutError",
    "ReconnectFailedError",
    "RedirectError",
    "ResponseActiveError",
    "ResponseFailedError",
    "SendQueueFullError",
    "SendTimeoutError",
    "ServerError",
    "ServiceUnavailableError",
    "SessionRefusedError",
    "UnsentEvent",
    "VoiceLiveError",
)


class VoiceLiveError(AzureError):
    """Base of every error of this package.

    Attributes:
        message: What happened, what it means and what to do next.
    """

    def __init__(self, message: str) -> None:
        # AzureError's own __init__ would keep the exception being handled, and with it request headers and tracebacks.
        self.message = message
        self.inner_exception = None
        self.exc_type = None
        self.exc_value = None
        self.exc_traceback = None
        self.exc_msg = message
        self.continuation_token = None
        Exception.__init__(self, message)

    def __reduce__(self) -> tuple[Any, ...]:
        # Errors with arguments of their own could not be unpickled from the message alone.
        return _restore, (type(self), self.args, self.__dict__)


def _restore(cls: type[VoiceLiveError], args: tuple[object, ...], state: dict[str, object]) -> VoiceLiveError:
    error = cls.__new__(cls, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class ConnectionError(VoiceLiveError):  # noqa: A001 - the name the vendor's package gave it
    """The connection to the service could not be made, or is gone."""


class ConnectError(ConnectionError):
    """No connection came about: name lookup failed, refused, unreachable, broken off, or not a WebSocket server."""


class CertificateError(ConnectError):
    """The server's TLS certificate was not accepted: unknown issuer, wrong host name, expired."""


class ProxyError(ConnectError):
    """The proxy refused the tunnel, or did not answer as a proxy does.

    Attributes:
        status: HTTP status of the proxy's answer, if there was one.
    """

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class ConnectTimeoutError(ConnectError, TimeoutError):
    """The connection was not up within ``handshake_timeout``.

    Attributes:
        timeout: The bound, in seconds.
        phase: What it was doing then, such as ``"credential"``, ``"dial"`` or ``"session.created"``.
    """

    def __init__(self, message: str, *, timeout: float, phase: str) -> None:
        super().__init__(message)
        self.timeout = timeout
        self.phase = phase


class HandshakeError(ConnectionError):
    """The service answered the WebSocket upgrade with an HTTP status other than 101.

    Attributes:
        status: HTTP status code.
        headers: Response headers, names in lower case.
        body: Response body as text, at most 4,096 characters.
        code: The service's error code from the body, such as ``"InvalidApiKey"``, if it sent one.
        request_id: The id to quote to support (``apim-request-id`` or ``x-ms-request-id``), if it sent one.
        retry_after: Seconds to wait before trying again, if the service said so (RFC 9110 section 10.2.3).
    """

    def __init__(
        self,
        message: str,
        *,
        status: int,
        headers: Mapping[str, str],
        body: str,
        code: str | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = dict(headers)
        self.body = body
        self.code = code
        self.request_id = request_id
        self.retry_after = retry_after


class RedirectError(HandshakeError):
    """The endpoint redirects (3xx). It is not followed: the credential would go to another place."""


class AuthenticationError(HandshakeError):
    """The key or token was not accepted (401)."""


class PermissionDeniedError(HandshakeError):
    """The credential is valid, but may not use this resource (403)."""


class NotFoundError(HandshakeError):
    """The endpoint, API version, model or agent does not exist (404)."""


class RateLimitError(HandshakeError):
    """Too many connections or requests (429); see ``retry_after``."""


class ServiceUnavailableError(HandshakeError):
    """The service is at fault or overloaded (5xx); see ``retry_after``."""


class ServerError(VoiceLiveError):
    """The service answered a call with an ``error`` event.

    Attributes:
        event: The event.
        type: The service's class of error, such as ``"invalid_request_error"``.
        code: The service's error code.
        param: The parameter at fault.
        event_id: The id of the client event that the service could not carry out.
    """

    @property
    def benign(self) -> bool:
        """Whether nothing is broken: the event came too late or too early, and the session is as before."""
        return self.code in BENIGN_ERRORS

    def __init__(self, message: str, *, event: ServerEventError) -> None:
        super().__init__(message)
        self.event = event
        self.type = event.error.type
        self.code = event.error.code
        self.param = event.error.param
        self.event_id = event.error.event_id


BENIGN_ERRORS: Mapping[str, str] = {
    "conversation_already_has_active_response": "a response was asked for while another one was active",
    "input_audio_buffer_commit_empty": "there was no audio to make a message of, or too little",
    "item_already_truncated": "the service had truncated the item by itself",
    "response_cancel_not_active": "there was no response to cancel (any more)",
}
"""Codes of service errors after which everything is as before, and what they mean."""


class SessionRefusedError(ServerError, ConnectionError):
    """The connection was made, but the service's first event was an error instead of ``session.created``."""


@dataclass(frozen=True, slots=True)
class UnsentEvent:
    """A client event that did not reach the service, or whose answer did not come."""

    type: str
    """Its type."""
    event_id: str | None
    """Its id, if it had one."""
    frame: bytes = field(repr=False)
    """The event itself, as UTF-8 JSON; ``send_bytes`` takes it. Not shown."""


class ConnectionClosed(ConnectionError):
    """A live connection has ended.

    Attributes:
        code: WebSocket close code (RFC 6455 section 7.4). 1006: the connection broke without a close. 1005: it was
            closed without a code.
        reason: The reason sent with the close; may be empty.
        initiated_by: Who closed first: ``"server"``, ``"client"``, or ``"network"`` when it broke.
        unsent: Type of the client event that could not be sent, where sending is what failed.
        unsent_event_id: Id of that event.
        unsent_events: With ``connect(reconnect=...)``: what was not sent, or not answered, in order.
    """

    unsent_events: tuple[UnsentEvent, ...] = ()

    def __init__(
        self,
        code: int,
        reason: str = "",
        *,
        initiated_by: Literal["server", "client", "network"] = "server",
        unsent: str | None = None,
        unsent_event_id: str | None = None,
    ) -> None:
        self.code = code
        self.reason = reason
        self.initiated_by: Literal["server", "client", "network"] = initiated_by
        self.unsent = unsent
        self.unsent_event_id = unsent_event_id
        super().__init__(self._describe())

    def _describe(self) -> str:
        if self.initiated_by == "network":
            what = "the connection broke off without a close"
        else:
            what = f"the {self.initiated_by} closed the connection"
        text = f"{what} (code {self.code}"
        if meaning := CLOSE_CODES.get(self.code):
            text += f", {meaning}"
        text += f"): {self.reason}" if self.reason else ")"
        if self.unsent is not None:
            named = f" {self.unsent_event_id!r}" if self.unsent_event_id else ""
            text += f"; {self.unsent}{named} was not sent"
        return text


class ForkedError(ConnectionClosed):
    """The connection belongs to the process that this one was forked from, and goes on there. Connect anew."""


class ReconnectFailedError(ConnectionClosed):
    """A connection ended and could not be made anew: the policy's attempts are used up, or the last error is final.

    ``code``, ``reason`` and ``initiated_by`` are those of the drop; the last error is the cause.

    Attributes:
        attempts: How often it was dialled since the drop.
    """

    def __init__(self, drop: ConnectionClosed, *, attempts: int) -> None:
        self.attempts = attempts
        super().__init__(drop.code, drop.reason, initiated_by=drop.initiated_by)

    def _describe(self) -> str:
        times = "1 attempt" if self.attempts == 1 else f"{self.attempts} attempts"
        return f"{super()._describe()}; not connected again after {times}, the cause says why"


CLOSE_CODES: Mapping[int, str] = {
    1000: "normal",
    1001: "going away",
    1002: "protocol error",
    1003: "unsupported data",
    1005: "no code given",
    1006: "abnormal",
    1007: "invalid data",
    1008: "policy violation",
    1009: "message too big",
    1010: "extension required",
    1011: "server error",
    1012: "service restart",
    1013: "try again later",
    1014: "bad gateway",
    1015: "TLS failure",
}
"""What the close codes mean (RFC 6455 section 7.4.1 and the IANA registry)."""


class CredentialError(VoiceLiveError):
    """The credential gave no key or token; its own error is the cause."""


class ReceiveTimeoutError(VoiceLiveError, TimeoutError):
    """No event came in time. Nothing is lost: the next ``recv`` goes on where this one stopped.

    Attributes:
        timeout: The bound, in seconds.
    """

    def __init__(self, timeout: float, waited_for: str = "event") -> None:
        super().__init__(f"no {waited_for} within {timeout:g} s; the connection is still open and nothing was lost")
        self.timeout = timeout


class SendTimeoutError(VoiceLiveError, TimeoutError):
    """The network was too slow for an event. The connection is still open, and no frame is cut in two.

    Attributes:
        type: Type of the event.
        event_id: Its id, if it has one.
        timeout: The bound, in seconds: ``send_timeout`` of the connection options.
        pending: Whether a part of it may be on its way already. It is completed, before anything else, as soon as the
            network takes it: do not send it again. Otherwise nothing of it was sent, and nothing will be.
    """

    def __init__(
        self,
        timeout: float,
        type: str = "a frame",  # noqa: A002
        event_id: str | None = None,
        *,
        pending: bool = False,
    ) -> None:
        named = f"{type} {event_id!r}" if event_id else type
        state = (
            "it goes out as soon as the network takes it, do not send it again"
            if pending
            else "nothing of it will be, send it again if it still matters"
        )
        super().__init__(f"{named} was not sent within {timeout:g} s; {state}; the connection is still open")
        self.type = type
        self.event_id = event_id
        self.timeout = timeout
        self.pending = pending


class EventLostError(VoiceLiveError):
    """The answer to a call will not come: the connection was made anew meanwhile, and what was sent is lost.

    Attributes:
        lost: What is known of it; see `Reconnected`.
    """

    def __init__(self, lost: Lost) -> None:
        super().__init__(
            f"{lost.type} {lost.id!r} was not answered before the connection broke, and could not be sent again "
            f"({lost.reason})"
        )
        self.lost = lost


class SendQueueFullError(VoiceLiveError):
    """Too much waits to be sent. The event was not taken: send it again later.

    Attributes:
        type: Type of the event.
        event_id: Its id, if it has one.
        queued: Bytes that wait.
        limit: Most bytes that may wait.
    """

    def __init__(self, type: str, event_id: str | None, *, queued: int, limit: int) -> None:  # noqa: A002
        named = f"{type or 'a frame'} {event_id!r}" if event_id else type or "a frame"
        super().__init__(
            f"{named} was not taken: {queued:,} of at most {limit:,} bytes wait to be sent already; send it again later"
        )
        self.type = type
        self.event_id = event_id
        self.queued = queued
        self.limit = limit


class EventsDroppedError(VoiceLiveError):
    """The audio of a response is not complete: its first events were dropped, since nobody took them for long."""


class ResponseActiveError(VoiceLiveError, RuntimeError):
    """A response is active, and ``respond(when_active="refuse")`` asked for another one. None was started."""


class ResponseFailedError(VoiceLiveError):
    """A response failed, was cancelled or is incomplete, and ``done(check=True)`` was asked for it.

    Attributes:
        response: The response, as far as it got.
        status: How it ended: ``"failed"``, ``"cancelled"`` or ``"incomplete"``.
    """

    def __init__(self, message: str, *, response: Response) -> None:
        super().__init__(message)
        self.response = response
        self.status = str(response.status)


class ConcurrentReadError(VoiceLiveError, RuntimeError):
    """A second task or thread reads a connection that another one is reading: each would miss what the other gets."""


class NotConnectedError(VoiceLiveError, RuntimeError):
    """The connection is used before it was opened."""


class InvalidAudioError(VoiceLiveError, ValueError):
    """The audio of an event is not base64.

    Attributes:
        event_id: Id of the event.
    """

    def __init__(self, event_id: str | None) -> None:
        super().__init__(f"the audio of event {event_id!r} is not valid base64; its text is in `delta`")
        self.event_id = event_id


HANDSHAKE_ERRORS: Mapping[int, type[HandshakeError]] = {
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    429: RateLimitError,
}
"""Which error a refused handshake raises; other 3xx are redirects, other 5xx unavailability."""
