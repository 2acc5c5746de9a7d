"""Scripts: what the embedded service hears and answers, turn by turn."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from voicelive.emulator.speech import Answer

__all__ = ("Close", "Error", "Script", "ScriptRun", "Turn")


class Close(NamedTuple):
    """The connection ends with a WebSocket close code (RFC 6455 section 7.4) and a reason."""

    code: int = 1000
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Error:
    """An ``error`` event in place of a response."""

    message: str
    code: str | None = "server_error"
    type: str = "server_error"
    param: str | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of a script.

    The transcripts of a script go to the user's spoken turns in order, the answers to the responses in order, each
    skipping turns that have none. A typed message thus takes an answer but no transcript, and the response after a
    function call takes the answer of the next turn.
    """

    transcript: str | None = None
    """What the user is taken to have said; None leaves it to the recognizer."""
    reply: Answer | None = None
    """What the assistant says or calls, or how it fails; None leaves it to the responder."""
    error: Error | None = field(default=None, kw_only=True)
    """Sent in place of a response."""
    close: Close | None = field(default=None, kw_only=True)
    """How the connection ends after the reply, or in place of it when there is none."""

    @property
    def answers(self) -> bool:
        """Whether it takes a response."""
        return self.reply is not None or self.error is not None or self.close is not None


class Script:
    """What is heard and answered, turn by turn. Every session plays it from the beginning.

    After its end, and where a turn leaves it open, the recognizer and the responder decide.

    Args:
        turns: The turns; a pair of strings is short for transcript and reply.

    Example:
        ``Script([("What time is it?", "Ten past nine."), Turn("Bye", "Goodbye!", close=Close(1000, "done"))])``
    """

    def __init__(self, turns: Iterable[Turn | tuple[str | None, Answer | None]]) -> None:
        self.turns = tuple(turn if isinstance(turn, Turn) else Turn(*turn) for turn in turns)

    def play(self) -> ScriptRun:
        """Start from the beginning, for one session."""
        return ScriptRun(self)


class ScriptRun:
    """A script being played in one session."""

    def __init__(self, script: Script | None = None) -> None:
        turns = script.turns if script else ()
        self._transcripts = deque(turn.transcript for turn in turns if turn.transcript is not None)
        self._answers = deque(turn for turn in turns if turn.answers)

    def next_transcript(self) -> str | None:
        """Take the next transcript; None after the last."""
        return self._transcripts.popleft() if self._transcripts else None

    def next_answer(self) -> Turn | None:
        """Take the next turn that answers; None after the last."""
        return self._answers.popleft() if self._answers else None
