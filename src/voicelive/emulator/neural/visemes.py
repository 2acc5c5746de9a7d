"""Which of Azure's mouth positions belongs to a phoneme of hibari's alphabet (IPA, with letters for diphthongs)."""

from __future__ import annotations

__all__ = ("viseme_id",)

# The ids are those of Azure's documentation, "Get facial position with viseme": 0 is silence.
_PHONEMES = {
    0: '.,!?;: \u2014\u2026"()\u201c\u201d',
    1: "æəʌɐᵊ",
    2: "ɑa",
    3: "ɔɒ",
    4: "ɛʊeA",  # A as in "day"
    5: "ɜɚ",
    6: "jiɪᵻ",
    7: "wu",
    8: "oOQ",  # as in "go"
    9: "W",  # as in "how"
    10: "Y",  # as in "boy"
    11: "I",  # as in "my"
    12: "h",
    13: "ɹr",
    14: "l",
    15: "sz",
    16: "ʃʧʤʒ",
    17: "ð",
    18: "fv",
    19: "dtnθɾT",  # T as in "better"
    20: "kɡgŋ",
    21: "pbm",
}
_IDS = {phoneme: viseme for viseme, phonemes in _PHONEMES.items() for phoneme in phonemes}


def viseme_id(phoneme: str) -> int | None:
    """Return the mouth position of a phoneme; None for marks such as stress, which have none of their own."""
    return _IDS.get(phoneme)
