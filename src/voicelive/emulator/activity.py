"""Voice activity by energy: speech is what is clearly louder than the quietest of the last two seconds.

It finds every utterance of a close microphone in a room that is not loud. It knows nothing of voices: a slammed door
longer than ``min_speech_ms`` counts as speech, and steady noise above -35 dBFS never ends.
"""

from __future__ import annotations

import math
from collections import deque
from operator import mul

from voicelive.emulator.audio import samples
from voicelive.emulator.speech import SpeechEdge

__all__ = ("EdgeFilter", "EnergyVoiceActivity")

_FRAME_MS = 20
_BLOCK_FRAMES = 10
_BLOCKS = 10
_DB_AT_ONE = 20.0
"""How far above the noise a frame must be at threshold 1; 10 dB at the default threshold of 0.5."""
_HYSTERESIS_DB = 3.0
_QUIETEST_NOISE = -55.0
"""What is taken for the noise, in dBFS, where there is less or none, as in padding and behind noise gates."""
_LOUDEST_NOISE = -35.0
"""A stream that begins in the middle of a word has no quiet part yet; what is this loud and more is never the noise."""


class EdgeFilter:
    """Makes edges of what is found frame by frame: a change counts once it has held for some frames.

    Args:
        speech: Frames of speech in a row that begin speech.
        silence: Frames of silence in a row that end it.
    """

    def __init__(self, speech: int, silence: int) -> None:
        self._needed = {True: max(1, speech), False: max(1, silence)}
        self._since = 0
        self._run = 0
        self.speaking = False
        """Whether the last edge began speech."""

    def add(self, sample: int, speech: bool) -> SpeechEdge | None:
        """Take the next frame, which begins at ``sample``; the edge that it confirms lies where the change began."""
        if speech == self.speaking:
            self._run = 0
            return None
        if not self._run:
            self._since = sample
        self._run += 1
        if self._run < self._needed[speech]:
            return None
        self._run = 0
        self.speaking = speech
        return SpeechEdge(self._since, speech)


class EnergyVoiceActivity:
    """Finds the beginnings and ends of speech in a stream of pcm16, by level alone.

    Args:
        rate: Samples per second.
        threshold: How far speech must stand out, from 0 (at the noise) to 1 (20 dB above it).
        min_speech_ms: Anything shorter, such as a click, is ignored.
        min_silence_ms: Gaps within words that are shorter do not end the speech.

    Raises:
        ValueError: The rate is not positive, or the threshold is not from 0 to 1.
    """

    def __init__(
        self, rate: int, threshold: float = 0.5, *, min_speech_ms: int = 60, min_silence_ms: int = 100
    ) -> None:
        if rate <= 0:
            raise ValueError(f"rate is a positive number of samples per second, not {rate}")
        if not 0 <= threshold <= 1:
            raise ValueError(f"threshold is a number from 0 to 1, not {threshold}")
        self._frame_bytes = 2 * max(1, rate * _FRAME_MS // 1000)
        self._margin = _DB_AT_ONE * threshold
        self._edges = EdgeFilter(min_speech_ms // _FRAME_MS, min_silence_ms // _FRAME_MS)
        self._pending = b""
        self._sample = 0
        self._blocks: deque[float] = deque(maxlen=_BLOCKS)
        self._block = math.inf
        self._block_frames = 0

    def feed(self, pcm: bytes) -> list[SpeechEdge]:
        """Take the next audio, in pieces of any length, and return the changes it brought, oldest first.

        A change is known ``min_speech_ms`` or ``min_silence_ms`` after it happened; its sample is where it happened.

        Raises:
            ValueError: The audio is not a whole number of samples.
        """
        if len(pcm) % 2:
            raise ValueError(f"pcm16 audio is a whole number of 2-byte samples, not {len(pcm)} bytes")
        data = self._pending + pcm
        size = self._frame_bytes
        whole = len(data) // size * size
        self._pending = data[whole:]
        edges = (self._hear(data[start : start + size]) for start in range(0, whole, size))
        return [edge for edge in edges if edge is not None]

    def _hear(self, frame: bytes) -> SpeechEdge | None:
        start = self._sample
        self._sample += len(frame) // 2
        level = _level(frame)
        needed_margin = max(0.0, self._margin - _HYSTERESIS_DB) if self._edges.speaking else self._margin
        return self._edges.add(start, level >= self._noise(level) + needed_margin)

    def _noise(self, level: float) -> float:
        """Take note of a frame's level and return the level of the noise, the quietest of the last two seconds."""
        self._block = min(self._block, level)
        self._block_frames += 1
        quietest = min(self._block, *self._blocks, _LOUDEST_NOISE)
        if self._block_frames == _BLOCK_FRAMES:
            self._blocks.append(self._block)
            self._block, self._block_frames = math.inf, 0
        return max(quietest, _QUIETEST_NOISE)


def _level(frame: bytes) -> float:
    """Level in dBFS without the constant part, which cheap microphones add and which is no sound."""
    values = samples(frame)
    mean = sum(values) / len(values)
    power = sum(map(mul, values, values)) / len(values) - mean * mean
    return 10 * math.log10(power / 32768**2) if power > 0 else -math.inf
