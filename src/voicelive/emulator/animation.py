"""Blendshapes: how the face of a 3D character moves while it says what the visemes tell.

Each frame has 55 positions from 0 to 1 in the order that learn.microsoft.com lists under "Get facial position with
viseme", 60 frames a second. The curves are made up: every viseme has a shape of the mouth, the face glides from one to
the next, and blinks. The same visemes always give the same frames.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from voicelive.emulator.speech import VisemeTime

__all__ = ("FRAMES_PER_SECOND", "POSITIONS", "frames")

FRAMES_PER_SECOND = 60
POSITIONS = 55

_BLINK_LEFT, _BLINK_RIGHT, _JAW_OPEN, _CLOSE, _FUNNEL, _PUCKER = 0, 7, 17, 18, 19, 20
_STRETCH_LEFT, _STRETCH_RIGHT, _ROLL_LOWER, _PRESS_LEFT, _PRESS_RIGHT, _TONGUE = 29, 30, 31, 35, 36, 51
_GLIDE_MS = 60.0
_BLINK_EVERY_MS, _BLINK_MS = 4000.0, 150.0

# Of each viseme: jaw open, lips closed, funnel, pucker, stretch, lower lip rolled in, lips pressed, tongue.
_SHAPES: tuple[tuple[float, ...], ...] = (
    (0.02, 0.00, 0.00, 0.00, 0.00, 0.00, 0.00, 0.00),
    (0.45, 0.00, 0.00, 0.00, 0.20, 0.00, 0.00, 0.00),
    (0.60, 0.00, 0.05, 0.00, 0.05, 0.00, 0.00, 0.00),
    (0.45, 0.00, 0.35, 0.15, 0.00, 0.00, 0.00, 0.00),
    (0.35, 0.00, 0.00, 0.00, 0.25, 0.00, 0.00, 0.00),
    (0.25, 0.00, 0.30, 0.20, 0.00, 0.00, 0.00, 0.05),
    (0.15, 0.00, 0.00, 0.00, 0.45, 0.00, 0.00, 0.00),
    (0.12, 0.00, 0.35, 0.70, 0.00, 0.00, 0.00, 0.00),
    (0.30, 0.00, 0.45, 0.40, 0.00, 0.00, 0.00, 0.00),
    (0.50, 0.00, 0.30, 0.20, 0.00, 0.00, 0.00, 0.00),
    (0.40, 0.00, 0.40, 0.25, 0.05, 0.00, 0.00, 0.00),
    (0.50, 0.00, 0.00, 0.00, 0.30, 0.00, 0.00, 0.00),
    (0.30, 0.00, 0.00, 0.00, 0.10, 0.00, 0.00, 0.00),
    (0.18, 0.00, 0.35, 0.25, 0.00, 0.00, 0.00, 0.10),
    (0.25, 0.00, 0.00, 0.00, 0.10, 0.00, 0.00, 0.45),
    (0.08, 0.05, 0.00, 0.00, 0.35, 0.00, 0.00, 0.05),
    (0.10, 0.05, 0.50, 0.30, 0.00, 0.00, 0.00, 0.00),
    (0.15, 0.00, 0.00, 0.00, 0.10, 0.00, 0.00, 0.60),
    (0.08, 0.10, 0.00, 0.00, 0.05, 0.60, 0.00, 0.00),
    (0.15, 0.00, 0.00, 0.00, 0.15, 0.00, 0.00, 0.35),
    (0.25, 0.00, 0.00, 0.00, 0.10, 0.00, 0.00, 0.00),
    (0.02, 0.70, 0.00, 0.00, 0.00, 0.00, 0.55, 0.00),
)
_WHERE = (
    (_JAW_OPEN,),
    (_CLOSE,),
    (_FUNNEL,),
    (_PUCKER,),
    (_STRETCH_LEFT, _STRETCH_RIGHT),
    (_ROLL_LOWER,),
    (_PRESS_LEFT, _PRESS_RIGHT),
    (_TONGUE,),
)


def frames(visemes: Sequence[VisemeTime], first: int, last: int) -> list[list[float]]:
    """Return the frames from ``first`` up to, without, ``last``, counted from the beginning of the audio."""
    starts = [start for _, start in visemes]
    return [_frame(visemes, starts, index * 1000 / FRAMES_PER_SECOND) for index in range(first, last)]


def _frame(visemes: Sequence[VisemeTime], starts: Sequence[float], now: float) -> list[float]:
    current = bisect_right(starts, now) - 1
    shape = _shape(visemes, current)
    if current >= 0:
        done = min(1.0, (now - starts[current]) / _GLIDE_MS)
        before = _shape(visemes, current - 1)
        shape = tuple(old + (new - old) * done for old, new in zip(before, shape, strict=True))
    frame = [0.0] * POSITIONS
    for places, value in zip(_WHERE, shape, strict=True):
        for place in places:
            frame[place] = round(value, 3)
    if (blink := now % _BLINK_EVERY_MS) < _BLINK_MS:
        frame[_BLINK_LEFT] = frame[_BLINK_RIGHT] = round(1 - abs(2 * blink / _BLINK_MS - 1), 3)
    return frame


def _shape(visemes: Sequence[VisemeTime], index: int) -> tuple[float, ...]:
    viseme = visemes[index].viseme_id if index >= 0 else 0
    return _SHAPES[viseme] if 0 <= viseme < len(_SHAPES) else _SHAPES[0]
