"""Talk to the Azure AI Voice Live service, on asyncio and trio.

    from voicelive.aio import connect

    async with connect(endpoint=..., credential=..., model="gpt-realtime") as connection:
        await connection.response.create()
        async for event in connection:
            print(event.type)

The blocking counterpart is ``voicelive`` itself, with the same names.
"""

from typing import TYPE_CHECKING

from voicelive._exports import lazy as _lazy

if TYPE_CHECKING:
    from voicelive.aio.connection import ResponseHandle, VoiceLiveConnection, connect
    from voicelive.aio.resources import (
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
    from voicelive.exceptions import (
        ConnectionClosed,
        ConnectionError,  # noqa: A004 - the name the vendor's package gave it
    )
    from voicelive.protocol.options import WebsocketConnectionOptions
    from voicelive.protocol.policy import ReconnectPolicy

__all__ = (
    "ConnectionClosed",
    "ConnectionError",
    "ConversationItemResource",
    "ConversationResource",
    "InputAudioBufferResource",
    "InputAudioResource",
    "InputAudioTurnResource",
    "InputTextResource",
    "OutputAudioBufferResource",
    "ReconnectPolicy",
    "ResponseHandle",
    "ResponseResource",
    "SessionAvatarResource",
    "SessionResource",
    "TranscriptionSessionResource",
    "VoiceLiveConnection",
    "WebsocketConnectionOptions",
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
            "voicelive.aio.connection",
            "voicelive.aio.resources",
        ),
    )
