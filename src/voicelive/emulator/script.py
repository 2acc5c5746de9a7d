"""Scripts: what the embedded service hears and answers, turn by turn."""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from voicelive.emulator.speech import Answer, ConversationView

__all__ = ("Close", "Error", "Mismatch", "Script", "ScriptMismatch", "ScriptRun", "Turn")


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
class Mismatch:
    """A turn that came otherwise than its script expects."""

    turn: int
    """Number of the turn, counted from 1."""
    expected: str
    """The text, or the pattern between slashes."""
    got: str | None
    """What the user said or the function gave; None where the session ended before that turn."""

    def __str__(self) -> str:
        got = "the session ended before it" if self.got is None else f"got {self.got!r}"
        return f"turn {self.turn} of the script expects {self.expected!r}, but {got}"


class ScriptMismatch(AssertionError):
    """Sessions went otherwise than their script expects.

    Attributes:
        mismatches: All of them, oldest first.
    """

    def __init__(self, mismatches: Iterable[Mismatch]) -> None:
        self.mismatches = tuple(mismatches)
        super().__init__("; ".join(map(str, self.mismatches)))


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
    expect: str | re.Pattern[str] | None = field(default=None, kw_only=True)
    """What it must answer to: what the user said last, or the output of the function if that came last.

    Of a text the words count, not case and punctuation; JSON is compared by value; a pattern is searched for. Anything
    else makes the response fail, sends an ``error`` event, and is kept in ``Emulator.failures``.
    """

    @property
    def answers(self) -> bool:
        """Whether it takes a response."""
        return any(part is not None for part in (self.reply, self.error, self.close, self.expect))


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
    """A script being played in one session.

    Args:
        script: The script; default: nothing at all.
        report: Takes what came otherwise than expected.
    """

    def __init__(
        self, script: Script | None = None, report: Callable[[Mismatch], object] = lambda mismatch: None
    ) -> None:
        turns = script.turns if script else ()
        self._report = report
        self._transcripts = deque(turn.transcript for turn in turns if turn.transcript is not None)
        self._answers = deque((number, turn) for number, turn in enumerate(turns, 1) if turn.answers)
        self._begun = False

    def peek_transcript(self) -> str | None:
        """Return the next transcript without taking it; None after the last."""
        return self._transcripts[0] if self._transcripts else None

    def next_transcript(self) -> str | None:
        """Take the next transcript; None after the last."""
        return self._transcripts.popleft() if self._transcripts else None

    def next_answer(self) -> tuple[int, Turn]:
        """Take the next turn that answers, with its number; a turn that leaves all open after the last."""
        self._begun = True
        return self._answers.popleft() if self._answers else (0, Turn())

    def check(self, number: int, turn: Turn, view: ConversationView) -> Mismatch | None:
        """Return how what came differs from what the turn expects, and report it."""
        last = view.last or {}
        is_output = last.get("type") == "function_call_output"
        came = str(last.get("output", "")) if is_output else view.last_text()
        if turn.expect is None or _agrees(turn.expect, came):
            return None
        mismatch = Mismatch(number, _shown(turn.expect), came)
        self._report(mismatch)
        return mismatch

    def ended(self) -> None:
        """Report the first turn whose expectation never came up, if the script was played at all."""
        left = next(((number, turn.expect) for number, turn in self._answers if turn.expect is not None), None)
        self._answers.clear()
        if self._begun and left is not None:
            self._report(Mismatch(left[0], _shown(left[1]), None))


def _shown(expected: str | re.Pattern[str]) -> str:
    return expected if isinstance(expected, str) else f"/{expected.pattern}/"


def _agrees(expected: str | re.Pattern[str], came: str) -> bool:
    if isinstance(expected, re.Pattern):
        return expected.search(came) is not None
    if _words(expected) == _words(came) != []:
        return True
    return expected == came or _json(expected) == _json(came) != _NOT_JSON


_NOT_JSON = object()


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return _NOT_JSON


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold().replace("'", "").replace("’", ""))
