"""Talk to the Azure AI Voice Live service: blocking here, on asyncio and trio in ``voicelive.aio``.

    import voicelive

    with voicelive.connect(endpoint=..., credential=..., model="gpt-realtime") as connection:
        connection.response.create()
        for event in connection:
            print(event.type)

Events and settings are in ``voicelive.models``, errors here and in ``voicelive.exceptions``.
"""

from typing import TYPE_CHECKING

from voicelive._exports import lazy as _lazy
from voicelive._version import __version__

if TYPE_CHECKING:
    from voicelive.connection import ResponseHandle, VoiceLiveConnection, connect
    from voicelive.exceptions import (
        AuthenticationError,
        CertificateError,
        ConcurrentReadError,
        ConnectError,
        ConnectionClosed,
        ConnectionError,  # noqa: A004 - the name the vendor's package gave it
        ConnectTimeoutError,
        CredentialError,
        EventLostError,
        EventsDroppedError,
        ForkedError,
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
        ResponseActiveError,
        ResponseFailedError,
        SendQueueFullError,
        SendTimeoutError,
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
    "EventLostError",
    "EventsDroppedError",
    "ForkedError",
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
    "ResponseActiveError",
    "ResponseFailedError",
    "ResponseHandle",
    "ResponseResource",
    "SendQueueFullError",
    "SendTimeoutError",
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

if not TYPE_CHECKING:
    __getattr__, __dir__ = _lazy(
        __name__,
        __all__,
        (
            "voicelive.exceptions",
            "voicelive.protocol.options",
            "voicelive.protocol.policy",
            "voicelive.connection",
            "voicelive.resources",
        ),
        submodules=("exceptions", "models"),
    )
