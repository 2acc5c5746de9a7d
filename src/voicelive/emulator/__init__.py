"""An embedded Voice Live service: try and test without Azure, offline, in the same process.

Example:
    ``with Emulator() as emulator: ...`` gives ``emulator.endpoint`` and ``emulator.api_key`` to connect with.
"""

from __future__ import annotations

from voicelive.emulator.brain import Brain
from voicelive.emulator.chat import ChatResponder
from voicelive.emulator.exchange import SessionRecord
from voicelive.emulator.faults import Fault
from voicelive.emulator.injection import ActiveFault
from voicelive.emulator.script import Close, Error, Mismatch, Script, ScriptMismatch, Turn
from voicelive.emulator.script_file import ScriptFileError
from voicelive.emulator.server import Emulator
from voicelive.emulator.speech import (
    Answer,
    ConversationView,
    Failure,
    FileSearch,
    FunctionCall,
    Piece,
    Recognizer,
    Reply,
    Responder,
    Speech,
    SpeechEdge,
    Synthesizer,
    Token,
    Transcript,
    VisemeTime,
    VoiceActivity,
    VoiceActivityFactory,
    WebSearch,
    WordTime,
)
from voicelive.emulator.tiers import SpeechUnavailableError

__all__ = (
    "ActiveFault",
    "Answer",
    "Brain",
    "ChatResponder",
    "Close",
    "ConversationView",
    "Emulator",
    "Error",
    "Failure",
    "Fault",
    "FileSearch",
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
    "SpeechUnavailableError",
    "Synthesizer",
    "Token",
    "Transcript",
    "Turn",
    "VisemeTime",
    "VoiceActivity",
    "VoiceActivityFactory",
    "WebSearch",
    "WordTime",
)
