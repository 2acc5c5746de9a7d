"""Talk to the Azure AI Voice Live service, on asyncio and trio.

    from voicelive.aio import connect

    async with connect(endpoint=..., credential=..., model="gpt-realtime") as connection:
        await connection.response.create()
        async for event in connection:
            print(event.type)

The blocking counterpart is ``voicelive`` itself, with the same names.
"""

from voicelive.aio.connection import VoiceLiveConnection, connect
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
from voicelive.exceptions import ConnectionClosed, ConnectionError  # noqa: A004 - the name the vendor's package gave it
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
    "ResponseResource",
    "SessionAvatarResource",
    "SessionResource",
    "TranscriptionSessionResource",
    "VoiceLiveConnection",
    "WebsocketConnectionOptions",
    "connect",
)
