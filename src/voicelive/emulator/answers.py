"""Takes an answer apart while it is still being made: sentences to speak, then calls, then how it ended."""

from __future__ import annotations

import contextlib
import re
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Callable,
    Generator,
    Iterable,
    Iterator,
    Mapping,
)
from inspect import isawaitable
from typing import Any

from voicelive.emulator.speech import Answer, Failure, FileSearch, FunctionCall, Piece, Reply, WebSearch
from voicelive.emulator.steps import Await, Steps, Task, Work

__all__ = ("AnswerReader", "settled")

_SENTENCE_END = re.compile(r"(?<=[.!?…])(?=\s)|(?<=\n)(?=\S)")
_CHARACTERS_PER_TOKEN = 4
_END = object()


def settled(call: Callable[[], Any]) -> Generator[Work | Await, Any, Any]:
    """Return what a call returns, made in a thread; a coroutine that it returns is run on the event loop."""
    result = yield Work(call)
    if isawaitable(result):
        result = yield Await(result)
    return result


class AnswerReader:
    """Reads one answer.

    Args:
        answer: What a responder returned.
        limit: At most this many tokens are spoken; None for all.
    """

    def __init__(self, answer: Answer, limit: int | None = None) -> None:
        self.calls: list[FunctionCall] = []
        """The function calls so far; complete when there are no more sentences."""
        self.searches: list[WebSearch | FileSearch] = []
        """The searches so far, those of a piece before its text."""
        self.annotations: list[Mapping[str, Any]] = []
        self.invocations: list[Mapping[str, Any]] = []
        self.incomplete: str | None = None
        """Why it broke off."""
        self.failure: Failure | None = None
        """How it failed."""
        self._text = ""
        self._room = None if limit is None else limit * _CHARACTERS_PER_TOKEN
        self._pieces: Iterator[Piece] | AsyncIterator[Piece] = iter(())
        self._ended = False
        if isinstance(answer, Iterable) and not isinstance(answer, str):
            self._pieces = iter(answer)
        elif isinstance(answer, AsyncIterable):
            self._pieces = aiter(answer)
        else:
            self._take(answer)
            self._ended = True

    def sentence(self) -> Generator[Work | Await, Any, str | None]:
        """Return the next sentence as soon as it is there, blanks in front of it; None after the last."""
        while True:
            begin = len(self._text) - len(self._text.lstrip())
            if end := _SENTENCE_END.search(self._text, begin + 1):
                return self._cut(end.start())
            if self._ended:
                return self._cut(len(self._text)) if self._text.strip() else None
            self._take((yield from self._next()))

    def _next(self) -> Generator[Work | Await, Any, object]:
        pieces = self._pieces
        if isinstance(pieces, AsyncIterator):
            return (yield Await(anext(pieces, _END)))
        return (yield Work(lambda: next(pieces, _END)))

    def _take(self, piece: object) -> None:
        match piece:
            case str():
                self._hear(piece)
            case FunctionCall():
                self.calls.append(piece)
            case Reply():
                self._hear(piece.text)
                self.calls += piece.calls
                self.searches += piece.searches
                self.annotations += piece.annotations
                self.invocations += piece.invocations
                self.incomplete = self.incomplete or piece.incomplete
            case Failure():
                self.failure = piece
                self._ended = True
            case _ if piece is _END:
                self._ended = True
            case _:
                kind = type(piece).__name__
                raise TypeError(f"a responder answers with str, Reply, FunctionCall or Failure, not {kind}")

    def _hear(self, text: str) -> None:
        if self._room is not None and len(text) > self._room:
            # Whole words only, and nothing after them.
            text = text[: self._room].rpartition(" ")[0]
            self.incomplete = "max_output_tokens"
            self._ended, self._room = True, 0
        elif self._room is not None:
            self._room -= len(text)
        self._text += text

    def _cut(self, end: int) -> str:
        sentence, self._text = self._text[:end], self._text[end:]
        return sentence

    def close(self, spawn: Callable[[Steps], Task]) -> None:
        """Give up what is still being made, if it is."""
        pieces: Any = self._pieces
        if isinstance(pieces, AsyncGenerator | Generator):
            spawn(_close(pieces))


def _close(pieces: Any) -> Steps:
    if hasattr(pieces, "aclose"):
        yield Await(pieces.aclose())
        return
    # One that runs in a thread right now cannot be closed; nobody will ask it to go on.
    with contextlib.suppress(ValueError):
        yield Work(pieces.close)
