"""Mouth shapes: Azure's viseme ids of phonemes, and shapes that follow the spelling where nothing better is known.

The ids are those that learn.microsoft.com lists under "Get facial position with viseme" (February 2026): 0 is silence,
the others up to 21 each stand for sounds that look alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from voicelive.emulator.phonemes import read
from voicelive.emulator.speech import VisemeTime, WordTime

__all__ = ("SILENCE", "spelled", "viseme_id")

SILENCE = 0

_LOOK_ALIKE = {
    1: ("AE", "AX", "AH"),
    2: ("AA",),
    3: ("AO",),
    4: ("EY", "EH", "UH"),
    5: ("ER",),
    6: ("Y", "IY", "IH"),
    7: ("W", "UW"),
    8: ("OW",),
    9: ("AW",),
    10: ("OY",),
    11: ("AY",),
    12: ("HH",),
    13: ("R",),
    14: ("L",),
    15: ("S", "Z"),
    16: ("SH", "CH", "JH", "ZH"),
    17: ("DH",),
    18: ("F", "V"),
    19: ("D", "T", "N", "TH"),
    20: ("K", "G", "NG"),
    21: ("P", "B", "M"),
}
_IDS = {phoneme: viseme for viseme, phonemes in _LOOK_ALIKE.items() for phoneme in phonemes}


def viseme_id(phoneme: str) -> int:
    """Return the viseme of an ARPAbet phoneme, with or without a stress digit; 0 for anything else."""
    return _IDS.get(phoneme.rstrip("012"), SILENCE)


def spelled(words: Iterable[WordTime]) -> Sequence[VisemeTime]:
    """Return mouth shapes for words whose sounds nobody timed: each word's sounds, evenly over its time."""
    return tuple(_shapes(words))


def _shapes(words: Iterable[WordTime]) -> Iterator[VisemeTime]:
    end = -1.0
    for word in words:
        if word.start_ms > end:
            yield VisemeTime(SILENCE, max(0.0, end))
        end = word.end_ms
        phonemes = [phoneme for spoken in read(word.text) for phoneme in spoken.phonemes]
        for index, phoneme in enumerate(phonemes):
            start = word.start_ms + (end - word.start_ms) * index / len(phonemes)
            yield VisemeTime(viseme_id(phoneme), start)
    yield VisemeTime(SILENCE, max(0.0, end))
