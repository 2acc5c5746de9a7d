"""When a user turn begins and ends, from the changes between silence and speech that a detector reports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from typing import Any, NamedTuple

from voicelive.emulator.speech import SpeechEdge, VoiceActivity

__all__ = ("TurnDetector", "TurnEdge", "TurnPoint", "TurnTiming", "turn_timing")

_PADDING_MS = {"server_vad": 400, "semantic_vad": 300}
_SPEECH_MS = {"server_vad": 200, "semantic_vad": 80}
_AZURE_PADDING_MS, _AZURE_SPEECH_MS = 420, 80
"""Defaults of the reference documents (api-version 2026-04-10) for what a session echoes as null."""
_SILENCE_MS = 500
_END_OF_UTTERANCE_MS = 1000
_EAGERNESS_MS = {"low": 8000, "medium": 4000, "auto": 4000, "high": 2000}
"""The longest that OpenAI's semantic detection waits, by its documents; the pause after which it asks is ours."""
_SEMANTIC_SILENCE_MS = 300


class TurnTiming(NamedTuple):
    """The durations of a turn detection, in ms."""

    threshold: float
    """How sure the detector must be of speech, from 0 to 1."""
    padding_ms: int
    """Audio before the speech that belongs to the turn."""
    silence_ms: int
    """Silence that ends a turn, or the pause after which the words are asked."""
    speech_ms: int
    """How long speech must last to begin a turn."""
    patience_ms: int = 0
    """How long to wait for more after a pause in mid-sentence; 0: words do not count."""
    level: str | None = None
    """How complete a sentence must be to end the turn at a pause."""


def turn_timing(turn_detection: Mapping[str, Any]) -> TurnTiming:
    """Return the durations of a ``turn_detection`` as a session echoes it."""

    def or_default(name: str, default: Any) -> Any:
        return default if turn_detection.get(name) is None else turn_detection[name]

    kind = turn_detection["type"]
    patience, level = 0, None
    silence = _SILENCE_MS
    end = turn_detection.get("end_of_utterance_detection")
    if end is not None:
        seconds, milliseconds = end.get("timeout"), end.get("timeout_ms")
        patience = _END_OF_UTTERANCE_MS if seconds is None else round(seconds * 1000)
        patience = patience if milliseconds is None else milliseconds
        level = end.get("threshold_level")
    elif kind == "semantic_vad":
        patience, silence = _EAGERNESS_MS[or_default("eagerness", "auto")], _SEMANTIC_SILENCE_MS
    return TurnTiming(
        threshold=or_default("threshold", 0.5),
        padding_ms=or_default("prefix_padding_ms", _PADDING_MS.get(kind, _AZURE_PADDING_MS)),
        silence_ms=or_default("silence_duration_ms", silence),
        speech_ms=or_default("speech_duration_ms", _SPEECH_MS.get(kind, _AZURE_SPEECH_MS)),
        patience_ms=patience,
        level=level,
    )


class TurnPoint(Enum):
    """What happens to a turn."""

    BEGAN = "began"
    PAUSED = "paused"
    """The silence that ends turns is over, but whether the speaker goes on is for the words to tell."""
    ENDED = "ended"


class TurnEdge(NamedTuple):
    """Something happens to a turn at a sample, counted from the first sample of the stream."""

    sample: int
    point: TurnPoint
    speech: int
    """Where the speech itself begins or ends: silence that was waited for comes after it."""


class TurnDetector:
    """Applies the durations of a ``turn_detection`` to what a voice activity detector reports.

    Args:
        activity: A fresh detector.
        origin: Number of the first sample it will be fed.
        silence: Samples of silence that end a turn.
        speech: Samples that speech must last to begin one.
        patience: Samples to wait for more speech after that silence, unless :meth:`end` is called at the pause; 0 ends
            the turn without asking.
    """

    def __init__(self, activity: VoiceActivity, *, origin: int, silence: int, speech: int, patience: int = 0) -> None:
        self._activity = activity
        self._origin = origin
        self._position = origin
        self._silence = silence
        self._speech = speech
        self._patience = patience
        self._since: int | None = None
        self._paused = False
        self.speaking = False
        """Whether a turn is under way."""

    def hear(self, pcm: bytes) -> Sequence[SpeechEdge]:
        """Return what the detector finds in the next audio (pcm16); for :meth:`follow`."""
        return self._activity.feed(pcm)

    def follow(self, edges: Sequence[SpeechEdge], samples: int) -> Iterator[TurnEdge]:
        """Yield what happens to turns in the next ``samples``, oldest first; read to the end.

        Args:
            edges: What :meth:`hear` found in them.
            samples: Their number.
        """
        for edge in edges:
            sample = self._origin + edge.sample
            yield from self._elapse(sample)
            # A change that agrees with the turn's state ends the wait for the opposite one.
            self._since = sample if edge.speaking != self.speaking else None
            self._paused = False
        self._position += samples
        yield from self._elapse(self._position)

    def end(self) -> None:
        """End the turn at the pause that was yielded last: its speaker has come to an end."""
        self.speaking = False
        self._since = None
        self._paused = False

    def _elapse(self, sample: int) -> Iterator[TurnEdge]:
        if self._since is None:
            return
        if not self.speaking:
            if sample >= self._since + self._speech:
                since, self.speaking, self._since = self._since, True, None
                yield TurnEdge(since, TurnPoint.BEGAN, since)
            return
        since = self._since
        due = since + self._silence
        if sample >= due and self._patience and not self._paused:
            self._paused = True
            yield TurnEdge(due, TurnPoint.PAUSED, since)
            if not self.speaking:
                return
        due += self._patience
        if sample >= due:
            self.end()
            yield TurnEdge(due, TurnPoint.ENDED, since)
