"""Talk to the Azure AI Voice Live service: blocking here, on asyncio and trio in ``voicelive.aio``.

    import voicelive

    with voicelive.connect(endpoint=..., credential=..., model="gpt-realtime") as connection:
        connection.response.create()
        for event in connection:
            print(event.type)

Events and settings are in ``voicelive.models``, errors here and in ``voicelive.exceptions``.
"""

from voicelive._version import __version__
from voicelive.connection import VoiceLiveConnection, connect
from voicelive.exceptions import (
    AuthenticationError,
    CertificateError,
    ConcurrentReadError,
    ConnectError,
    ConnectionClosed,
    ConnectionError,  # noqa: A004 - the name the vendor's package gave it
    ConnectTimeoutError,
    CredentialError,
    HandshakeError,
    InvalidAudioError,
    NotConnectedError,
    NotFoundError,
    PermissionDeniedError,
    ProxyError,
    RateLimitError,
    ReceiveTimeoutError,
    ReconnectFailedError,
    RedirectError,
    SendQueueFullError,
    ServerError,
    ServiceUnavailableError,
    SessionRefusedError,
    UnsentEvent,
    VoiceLiveError,
)
from voicelive.protocol.options import WebsocketConnectionOptions
from voicelive.protocol.policy import ReconnectPolicy
from voicelive.resources import (
    ConversationItemResource,
    ConversationResource,
    InputAudioBufferResource,
    InputAudioResource,
    InputAudioTurnResource,
    InputTextResource,
    OutputAudioBufferResource,
    ResponseResource,
    SessionAvatarResource,
    SessionResource,
    TranscriptionSessionResource,
)

__all__ = (
    "AuthenticationError",
    "CertificateError",
    "ConcurrentReadError",
    "ConnectError",
    "ConnectTimeoutError",
    "ConnectionClosed",
    "ConnectionError",
    "ConversationItemResource",
    "ConversationResource",
    "CredentialError",
    "HandshakeError",
    "InputAudioBufferResource",
    "InputAudioResource",
    "InputAudioTurnResource",
    "InputTextResource",
    "InvalidAudioError",
    "NotConnectedError",
    "NotFoundError",
    "OutputAudioBufferResource",
    "PermissionDeniedError",
    "ProxyError",
    "RateLimitError",
    "ReceiveTimeoutError",
    "ReconnectFailedError",
    "ReconnectPolicy",
    "RedirectError",
    "ResponseResource",
    "SendQueueFullError",
    "ServerError",
    "ServiceUnavailableError",
    "SessionAvatarResource",
    "SessionRefusedError",
    "SessionResource",
    "TranscriptionSessionResource",
    "UnsentEvent",
    "VoiceLiveConnection",
    "VoiceLiveError",
    "WebsocketConnectionOptions",
    "__version__",
    "connect",
)
