"""The commands of an async connection: see ``voicelive.resources``. Each is a coroutine to await."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from voicelive.resources import (
    Commands,
    ConversationItemCommands,
    InputAudioBufferCommands,
    InputAudioCommands,
    InputAudioTurnCommands,
    InputTextCommands,
    OutputAudioBufferCommands,
    ResponseCommands,
    Sender,
    SessionAvatarCommands,
    SessionCommands,
    TranscriptionSessionCommands,
)

__all__ = (
    "ConversationItemResource",
    "ConversationResource",
    "InputAudioBufferResource",
    "InputAudioResource",
    "InputAudioTurnResource",
    "InputTextResource",
    "OutputAudioBufferResource",
    "ResponseResource",
    "SessionAvatarResource",
    "SessionResource",
    "TranscriptionSessionResource",
)


class SessionAvatarResource(SessionAvatarCommands[Coroutine[Any, Any, None]]):
    """``session.avatar.*``, to await."""

    __slots__ = ()


class SessionResource(SessionCommands[Coroutine[Any, Any, None]]):
    """``session.*``, to await."""

    __slots__ = ("avatar",)

    def __init__(self, connection: Sender[Coroutine[Any, Any, None]]) -> None:
        super().__init__(connection)
        self.avatar: SessionAvatarResource = SessionAvatarResource(connection)


class ResponseResource(ResponseCommands[Coroutine[Any, Any, None]]):
    """``response.*``, to await."""

    __slots__ = ()


class InputAudioBufferResource(InputAudioBufferCommands[Coroutine[Any, Any, None]]):
    """``input_audio_buffer.*``, to await."""

    __slots__ = ()


class InputAudioTurnResource(InputAudioTurnCommands[Coroutine[Any, Any, None]]):
    """``input_audio.turn.*``, to await."""

    __slots__ = ()


class InputAudioResource(InputAudioCommands[Coroutine[Any, Any, None]]):
    """``input_audio.*``, to await."""

    __slots__ = ("turn",)

    def __init__(self, connection: Sender[Coroutine[Any, Any, None]]) -> None:
        super().__init__(connection)
        self.turn: InputAudioTurnResource = InputAudioTurnResource(connection)


class InputTextResource(InputTextCommands[Coroutine[Any, Any, None]]):
    """``input_text.*``, to await."""

    __slots__ = ()


class OutputAudioBufferResource(OutputAudioBufferCommands[Coroutine[Any, Any, None]]):
    """``output_audio_buffer.*``, to await."""

    __slots__ = ()


class ConversationItemResource(ConversationItemCommands[Coroutine[Any, Any, None]]):
    """``conversation.item.*``, to await."""

    __slots__ = ()


class ConversationResource(Commands[Coroutine[Any, Any, None]]):
    """``conversation.*``, to await."""

    __slots__ = ("item",)

    def __init__(self, connection: Sender[Coroutine[Any, Any, None]]) -> None:
        super().__init__(connection)
        self.item: ConversationItemResource = ConversationItemResource(connection)


class TranscriptionSessionResource(TranscriptionSessionCommands[Coroutine[Any, Any, None]]):
    """``transcription_session.*``, to await."""

    __slots__ = ()
