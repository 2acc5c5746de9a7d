"""When a user turn begins and ends, from the changes between silence and speech that a detector reports."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from voicelive.emulator.speech import VoiceActivity

__all__ = ("TurnDetector", "TurnEdge")


class TurnEdge(NamedTuple):
    """A turn begins (``started``) or ends, at a sample counted from the first sample of the stream."""

    sample: int
    started: bool


class TurnDetector:
    """Applies the durations of a ``turn_detection`` to what a voice activity detector reports.

    Args:
        activity: A fresh detector.
        origin: Number of the first sample it will be fed.
        silence: Samples of silence that end a turn.
        speech: Samples that speech must last to begin one.
    """

    def __init__(self, activity: VoiceActivity, *, origin: int, silence: int, speech: int) -> None:
        self._activity = activity
        self._origin = origin
        self._position = origin
        self._silence = silence
        self._speech = speech
        self._since: int | None = None
        self.speaking = False
        """Whether a turn is under way."""

    def feed(self, pcm: bytes) -> list[TurnEdge]:
        """Take the next audio (pcm16) and return the turns that began and ended, oldest first."""
        found: list[TurnEdge] = []
        for edge in self._activity.feed(pcm):
            sample = self._origin + edge.sample
            found += self._elapse(sample)
            # A change that agrees with the turn's state ends the wait for the opposite one.
            self._since = sample if edge.speaking != self.speaking else None
        self._position += len(pcm) // 2
        found += self._elapse(self._position)
        return found

    def _elapse(self, sample: int) -> Iterator[TurnEdge]:
        needed = self._silence if self.speaking else self._speech
        if self._since is None or sample < self._since + needed:
            return
        began = not self.speaking
        yield TurnEdge(self._since if began else self._since + needed, began)
        self.speaking = began
        self._since = None
