"""An embedded Voice Live service: try and test without Azure, offline, in the same process.

Example:
    ``with Emulator() as emulator: ...`` gives ``emulator.endpoint`` and ``emulator.api_key`` to connect with.
"""

from __future__ import annotations

from voicelive.emulator.script import Close, Error, Script, Turn
from voicelive.emulator.server import Emulator, SessionRecord
from voicelive.emulator.speech import (
    Answer,
    ConversationView,
    Failure,
    FunctionCall,
    Recognizer,
    Reply,
    Responder,
    SpeechEdge,
    Synthesizer,
    VoiceActivity,
    VoiceActivityFactory,
)

__all__ = (
    "Answer",
    "Close",
    "ConversationView",
    "Emulator",
    "Error",
    "Failure",
    "FunctionCall",
    "Recognizer",
    "Reply",
    "Responder",
    "Script",
    "SessionRecord",
    "SpeechEdge",
    "Synthesizer",
    "Turn",
    "VoiceActivity",
    "VoiceActivityFactory",
)
