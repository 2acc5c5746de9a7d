"""An embedded Voice Live service: try and test without Azure, offline, in the same process.

Example:
    ``with Emulator() as emulator: ...`` gives ``emulator.endpoint`` and ``emulator.api_key`` to connect with.
"""

from __future__ import annotations

from voicelive.emulator.script import Close, Error, Mismatch, Script, ScriptMismatch, Turn
from voicelive.emulator.script_file import ScriptFileError
from voicelive.emulator.server import Emulator, SessionRecord
from voicelive.emulator.speech import (
    Answer,
    ConversationView,
    Failure,
    FunctionCall,
    Piece,
    Recognizer,
    Reply,
    Responder,
    Speech,
    SpeechEdge,
    Synthesizer,
    Transcript,
    VisemeTime,
    VoiceActivity,
    VoiceActivityFactory,
    WordTime,
)

__all__ = (
    "Answer",
    "Close",
    "ConversationView",
    "Emulator",
    "Error",
    "Failure",
    "FunctionCall",
    "Mismatch",
    "Piece",
    "Recognizer",
    "Reply",
    "Responder",
    "Script",
    "ScriptFileError",
    "ScriptMismatch",
    "SessionRecord",
    "Speech",
    "SpeechEdge",
    "Synthesizer",
    "Transcript",
    "Turn",
    "VisemeTime",
    "VoiceActivity",
    "VoiceActivityFactory",
    "WordTime",
)
