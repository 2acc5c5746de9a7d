"""What both facades share: the arguments of ``connect``, checked before anything is dialled, and what is not I/O."""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable, Coroutine, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Never

from voicelive._event_methods import HandlerMethods
from voicelive._reconnecting import FollowedSession, LinkT, Reconnector, dial_until
from voicelive.credentials import check_credential, check_scopes, default_token
from voicelive.exceptions import ConnectTimeoutError, NotConnectedError
from voicelive.protocol._arguments import expect, warn_unknown
from voicelive.protocol.address import API_VERSION, build_address, build_headers, check_headers
from voicelive.protocol.handlers import Handlers
from voicelive.protocol.options import WebsocketConnectionOptions, parse_options
from voicelive.protocol.policy import ReconnectPolicy
from voicelive.protocol.session import Session, as_frame
from voicelive.protocol.wire import encode_event
from voicelive.transport._proxy import choose_proxy

if TYPE_CHECKING:
    from voicelive._reconnecting import Link, Links, MakeReconnector
    from voicelive._sending import Outgoing
    from voicelive.credentials import Credential
    from voicelive.models import ClientEvent
    from voicelive.protocol.address import Address, Header
    from voicelive.protocol.options import TransportOptions
    from voicelive.protocol.stream import Waker

__all__ = ("BaseConnection", "Connecting", "Target")

_CREDENTIAL_HEADERS = frozenset(("api-key", "authorization"))


class Target:
    """What to dial, as often as it takes, and how far that has got.

    Args:
        first: Where the first connection goes to.
        build: Builds the address for another conversation of the agent, of that id.
        options: See ``TransportOptions``.
        credential: Asked anew for every connection; ``None``: the caller's headers say who we are.
        scopes: What a token is asked for.
        headers: The caller's.
        new_session: Makes what keeps account of a session, from the address that may be shown.

    Attributes:
        phase: What it is doing, for messages.
        agent: Whether an agent answers, with a conversation that the service keeps.
    """

    def __init__(
        self,
        first: Address,
        build: Callable[[str], Address],
        options: TransportOptions,
        credential: object,
        scopes: tuple[str, ...],
        headers: Mapping[str, str],
        new_session: Callable[[str], Session],
    ) -> None:
        self._first = first
        self.options = options
        self.credential = credential
        self.scopes = scopes
        self.phase = "credential"
        self.agent = "agent-name=" in first.resource
        self.display = first.display
        self._build = build
        self._headers = headers
        self._new_session = new_session

    def address(self, conversation_id: str | None) -> Address:
        """Return where to connect."""
        return self._first if conversation_id is None else self._build(conversation_id)

    def headers(self, authorization: Header | None) -> tuple[Header, ...]:
        """Return the headers of the handshake."""
        return build_headers(authorization, self._headers)

    def new_session(self) -> Session:
        """Return what keeps account of a new session."""
        return self._new_session(self.display)

    def timed_out(self) -> ConnectTimeoutError:
        """Return the error for a connection that took too long."""
        limit = self.options.handshake_timeout
        return ConnectTimeoutError(
            f"not connected to {self.display} within {limit:g} s: {_PHASES[self.phase]}; "
            "raise handshake_timeout in connection_options if it needs longer",
            timeout=limit,
            phase=self.phase,
        )


class Connecting(HandlerMethods):
    """A connection to make: all arguments are checked at once, and nothing is dialled before it is entered."""

    def __init__(
        self,
        *,
        credential: Credential | None = None,
        endpoint: str | None = None,
        api_version: str | None = None,
        model: str | None = None,
        agent_name: str | None = None,
        project_name: str | None = None,
        agent_version: str | None = None,
        conversation_id: str | None = None,
        authentication_identity_client_id: str | None = None,
        foundry_resource_override: str | None = None,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, Any] | None = None,
        connection_options: WebsocketConnectionOptions | None = None,
        credential_scopes: str | Sequence[str] | None = None,
        ssl_context: ssl.SSLContext | None = None,
        proxy: str | bool = True,
        allow_insecure: bool = False,
        reconnect: ReconnectPolicy | None = None,
        **unknown: Never,
    ) -> None:
        """Check what to connect to, and how.

        All arguments are keywords. Unknown ones are ignored with a ``UserWarning``; type checkers report them.

        Args:
            credential: A key (text or ``AzureKeyCredential``), a token credential (sync or async), or a callable (sync
                or async) giving a key, a token or one of those. It is asked anew for every connection. A text that is
                a JSON Web Token is sent as a token. Default: the key in ``AZURE_VOICELIVE_API_KEY``; without one,
                ``azure.identity.DefaultAzureCredential``.
            endpoint: URL of the resource, such as ``https://<resource>.services.ai.azure.com``: ``https``, ``wss`` or,
                for this machine, ``http`` and ``ws``. The realtime path is appended unless it is there. Default:
                ``AZURE_VOICELIVE_ENDPOINT``.
            api_version: Version of the API. Default: ``AZURE_VOICELIVE_API_VERSION``; without it, 2026-07-15.
            model: Model of the session, such as ``"gpt-realtime"``. Not with an agent, which brings its own.
            agent_name: Foundry agent to talk to, instead of a model. Needs ``project_name``.
            project_name: Foundry project of the agent.
            agent_version: Version of the agent.
            conversation_id: Conversation of the agent to go on with.
            authentication_identity_client_id: Client id of the managed identity that the agent uses.
            foundry_resource_override: Foundry resource to look for the agent in, instead of this one.
            query: More query parameters. They replace those above; a list is repeated, a bool is ``true`` or ``false``.
            headers: More headers for the handshake. They replace ours, whatever the case.
            connection_options: See ``WebsocketConnectionOptions``.
            credential_scopes: Scopes to ask a token for. Default: ``https://ai.azure.com/.default``.
            ssl_context: Trust and client certificates for TLS. Default: the system's.
            proxy: URL of a proxy (``http``, ``socks5``); true: what the environment says; false: none.
            allow_insecure: Send the credential without encryption to another machine (``http``, ``ws``).
            reconnect: Make a connection that broke anew, and restore the session on it. Default: do not.
            **unknown: Ignored.

        Raises:
            TypeError: An argument of the wrong type.
            ValueError: An argument, or a combination, that cannot work; the message says what to write instead.
        """
        warn_unknown("keyword", unknown, _KEYWORDS)
        build = partial(
            build_address,
            _required_endpoint(endpoint),
            api_version=_default_version() if api_version is None else api_version,
            model=model,
            agent_name=agent_name,
            project_name=project_name,
            agent_version=agent_version,
            authentication_identity_client_id=authentication_identity_client_id,
            foundry_resource_override=foundry_resource_override,
            query=query,
        )
        self._address = address = build(conversation_id=conversation_id)
        options = parse_options(connection_options, ssl_context=ssl_context, proxy=proxy)
        if isinstance(options.proxy, str):
            choose_proxy(address, options.proxy)
        scopes, given = check_scopes(credential_scopes), check_headers(headers)
        self._policy = (
            None if reconnect is None else expect("reconnect", reconnect, ReconnectPolicy, "a ReconnectPolicy")
        )
        self._conversation_id = conversation_id
        self._target: Target | None = Target(
            address,
            lambda conversation: build(conversation_id=conversation),
            options,
            _choose_credential(credential, scopes, given),
            scopes,
            given,
            Session if reconnect is None else FollowedSession,
        )
        self._handlers = Handlers(coroutines=self._coroutines)
        allowed = expect("allow_insecure", allow_insecure, bool, "True or False")
        if not (address.secure or address.loopback or allowed):
            raise ValueError(
                f"{address.display} is not encrypted, and everybody on the way could read the credential; "
                "write https:// or wss://, or pass allow_insecure=True if the network is safe"
            )

    def _begin(self) -> Target:
        """Return the target, once. Not to keep it is 0.9 kB less per connection."""
        target, self._target = self._target, None
        if target is None:
            raise RuntimeError("this connection was entered before; call connect() again for another one")
        return target

    async def _open(self, links: Links[LinkT], waker: Callable[[], Waker]) -> tuple[Session, LinkT]:
        """Connect; see ``enter``. Written once for all styles, as in ``_reconnecting``."""

        def dial() -> Coroutine[Any, Any, tuple[Session, LinkT]]:
            return links.bounded(links.dial())

        return await (dial() if self._policy is None else dial_until(self._policy, dial, waker))

    def _reconnector(self, links: Links[LinkT], target: Target) -> MakeReconnector[LinkT] | None:
        """Return what makes a connection anew, if that is wanted."""
        if self._policy is None:
            return None
        return partial(
            Reconnector[LinkT],
            links=links,
            policy=self._policy,
            agent=target.agent,
            conversation_id=self._conversation_id,
        )

    def __repr__(self) -> str:
        return f"<{type(self).__module__.rpartition('.')[0]}.connect to {self._address.display}>"

    _connection_class: ClassVar[type]
    _usage: ClassVar[str]
    _coroutines: ClassVar[bool]

    if not TYPE_CHECKING:

        def __getattr__(self, name):
            cls = self._connection_class
            if not name.startswith("_") and (hasattr(cls, name) or name in cls.__annotations__):
                raise NotConnectedError(
                    f"{name!r} is used before the connection is open; write `{self._usage} connect(...) as connection:`"
                )
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")


_KEYWORDS = tuple(name for name in Connecting.__init__.__annotations__ if name not in ("unknown", "return"))
_PHASES: Mapping[str, str] = {
    "credential": "the credential has not given a key or token yet",
    "dial": "name lookup, connection, TLS, proxy or handshake is not done yet",
    "session.created": "connected, but the service has not sent its first event yet",
    "restoring": "connected, but the service has not confirmed yet what restores the session",
}


def _choose_credential(credential: object, scopes: tuple[str, ...], headers: Mapping[str, str]) -> object:
    if credential is not None:
        return check_credential(credential)
    if any(name.lower() in _CREDENTIAL_HEADERS for name in headers):
        return None
    if key := os.environ.get("AZURE_VOICELIVE_API_KEY"):
        return check_credential(key.strip())
    return partial(default_token, scopes)


def _default_version() -> str:
    return os.environ.get("AZURE_VOICELIVE_API_VERSION") or API_VERSION


def _required_endpoint(endpoint: str | None) -> str:
    if endpoint is not None:
        return endpoint
    if from_environment := os.environ.get("AZURE_VOICELIVE_ENDPOINT"):
        return from_environment
    raise ValueError(
        "there is no endpoint: pass endpoint='https://<resource>.services.ai.azure.com' or set AZURE_VOICELIVE_ENDPOINT"
    )


class BaseConnection(HandlerMethods):
    """The part of a connection that is not I/O.

    Args:
        session: What is known about it.
        transport: What moves its bytes.
        options: How long to wait for an event unless a call says otherwise, and so on.
    """

    _outgoing: Outgoing

    def __init__(self, session: Session, transport: Link, options: TransportOptions) -> None:
        self._session = session
        self._link = transport
        self._receive_timeout = options.receive_timeout

    def send_nowait(self, event: ClientEvent | Mapping[str, Any]) -> None:
        """Send an event without waiting, from any thread: a plain function in all styles.

        It is queued behind what was sent before, and never dropped. See ``max_queued_bytes`` in the connection options.

        Args:
            event: As for ``send``.

        Raises:
            ValueError: The event is not valid; nothing was queued.
            SendQueueFullError: Too much waits to be sent; it was not queued.
            ConnectionClosed: The connection has ended; the error names the event that was not queued.
        """
        self.send_bytes_nowait(encode_event(event))

    def send_bytes_nowait(self, frame: bytes | str, *, droppable: int | None = None) -> None:
        """Queue an event that is encoded already: UTF-8 JSON, which is not validated. See ``send_nowait``.

        Args:
            frame: The event.
            droppable: Bytes of audio in it, if it may be dropped, the oldest first, once there is no room: this is what
                ``append_nowait`` does. ``audio_dropped`` events tell of it. Default: it is never dropped.
        """
        frame = as_frame(frame)
        if droppable is not None and expect("droppable", droppable, int, "a number of bytes") < 0:
            raise ValueError(f"droppable must be a number of bytes, not {droppable}")
        self._outgoing.put(frame, droppable)

    @property
    def queued_bytes(self) -> int:
        """Bytes that were given to be sent, and that the operating system has not taken yet: 0 on a good network."""
        return self._outgoing.size

    @property
    def dropped_audio_bytes(self) -> int:
        """Bytes of audio that ``append_nowait`` had to drop so far, as they were before they were encoded."""
        return self._outgoing.queue.dropped

    @property
    def session_id(self) -> str | None:
        """The service's id of the session; quote it to support. ``None`` if the service did not send one."""
        return self._session.session_id

    @property
    def close_code(self) -> int | None:
        """How the connection ended (RFC 6455 section 7.4); ``None`` while it is open."""
        end = self._link.closed
        return None if end is None else end.code

    @property
    def close_reason(self) -> str | None:
        """The reason given with ``close_code``; may be empty. ``None`` while the connection is open."""
        end = self._link.closed
        return None if end is None else end.reason

    @property
    def latency(self) -> float | None:
        """Seconds that the last heartbeat took to the service and back; ``None`` before the first."""
        return self._link.latency

    def __repr__(self) -> str:
        name = f"{type(self).__module__.rpartition('.')[0]}.{type(self).__name__}"
        return f"<{name} {self._session.describe(self._link.closed)}>"
