"""Words: what people write or a recognizer wrote, cut up and made comparable."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property, lru_cache
from typing import NamedTuple

__all__ = ("STOP_WORDS", "Word", "Words", "listed", "name_words", "stem", "stems")

_TOKEN = re.compile(
    r"\d{4}-\d\d-\d\d|\d{1,2}/\d{1,2}/\d{2,4}|\d{1,2}:\d\d"  # dates and times
    r"|\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+"  # numbers
    r"|[^\W\d_]+(?:['’][^\W\d_]+)*"  # words
    r"|[-+*/^%=×÷()²³√]"  # arithmetic
)
_SPLIT_BEFORE = re.compile(r"[^\W\d_]-(?=[^\W\d_])")

_CONTRACTIONS = {
    "whats": "what is",
    "whos": "who is",
    "wheres": "where is",
    "whens": "when is",
    "hows": "how is",
    "thats": "that is",
    "theres": "there is",
    "heres": "here is",
    "lets": "let us",
    "im": "i am",
    "ive": "i have",
    "youre": "you are",
    "theyre": "they are",
    "dont": "do not",
    "doesnt": "does not",
    "didnt": "did not",
    "isnt": "is not",
    "arent": "are not",
    "cant": "can not",
    "cannot": "can not",
    "wont": "will not",
    "couldnt": "could not",
    "wouldnt": "would not",
    "wanna": "want to",
    "gonna": "going to",
    "gimme": "give me",
    "oclock": "o'clock",
    "o'clock": "o'clock",
    "ok": "okay",
    "hiya": "hi",
    "thankyou": "thank you",
    "alright": "all right",
    "today's": "today",
    "may'nt": "may not",
    "won't": "will not",
    "can't": "can not",
    "let's": "let us",
}
_HESITATIONS = {"um", "umm", "uh", "uhm", "erm", "hm", "hmm"}
_IS_AFTER = {"what", "who", "where", "when", "how", "that", "it", "there", "here", "he", "she", "this", "everything"}
_ENDINGS = {"'m": "am", "'re": "are", "'ll": "will", "'ve": "have", "'d": "would"}


def listed(table: str) -> tuple[str, ...]:
    """Return the words of a table."""
    return tuple(table.split())


STOP_WORDS = frozenset(
    listed("""
    a about all am an and any are as at be been but by can could did do does doing for from get give got had has have he
    her here him his how i if in into is it its just let like may me might mine more most much my no not now of okay on
    or our out please really she should show so some tell than that the their them then there these they this those to
    too up us very want was we well were what when where which who whom whose why will with would you your
    """)
)


class Word(NamedTuple):
    """One word, number or sign."""

    text: str
    """In lower case, contractions written out."""
    start: int
    """Where it stands in the original text."""
    end: int
    """Where it ends there."""


class Words:
    """A text as a sequence of comparable words.

    Args:
        text: Any text.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.words = tuple(_words(text))

    def __len__(self) -> int:
        return len(self.words)

    def __getitem__(self, index: int) -> str:
        """Return a word in its comparable form; ``""`` beyond the ends."""
        return self.words[index].text if 0 <= index < len(self.words) else ""

    def original(self, start: int, end: int) -> str:
        """Return what stands at these words in the original text."""
        return self.text[self.words[start].start : self.words[end - 1].end] if start < end else ""

    def is_capital(self, index: int) -> bool:
        """Whether the word is written with a capital letter."""
        return 0 <= index < len(self.words) and self.text[self.words[index].start].isupper()

    @cached_property
    def plain(self) -> str:
        """The words with single blanks between them."""
        return " ".join(word.text for word in self.words)

    @cached_property
    def content(self) -> frozenset[str]:
        """The stems of the words that carry a meaning of their own."""
        return stems(word.text for word in self.words)


def _words(text: str) -> Iterable[Word]:
    # A hyphen between letters joins words; anywhere else it is a minus.
    joined = _SPLIT_BEFORE.sub(lambda found: found[0][0] + " ", text)
    for found in _TOKEN.finditer(joined):
        for word in _written_out(found[0].lower().replace("’", "'")).split():
            if word not in _HESITATIONS:
                yield Word(word, found.start(), found.end())


def _written_out(word: str) -> str:
    if word in _CONTRACTIONS:
        return _CONTRACTIONS[word]
    if (plain := word.replace("'", "")) in _CONTRACTIONS:
        return _CONTRACTIONS[plain]
    head, mark, tail = word.partition("'")
    if not mark:
        return word
    if tail == "s":
        return f"{head} is" if head in _IS_AFTER else head
    if tail == "t" and head.endswith("n"):
        return f"{head[:-1]} not"
    return f"{head} {_ENDINGS[mark + tail]}" if mark + tail in _ENDINGS else word.replace("'", "")


def name_words(name: str) -> list[str]:
    """Return the words of an identifier: ``get_weather``, ``getWeather`` and ``get-weather`` are alike."""
    spaced = re.sub(r"(?<=[a-z\d])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[\W_]+", " ", name)
    return spaced.lower().split()


def stems(words: Iterable[str]) -> frozenset[str]:
    """Return the stems of the words that are no stop words."""
    return frozenset(stem(word) for word in words if word not in STOP_WORDS)


_SUFFIXES = listed("ations ation ings ing ers er ies ied ed es s ly e")


@lru_cache(maxsize=4096)
def stem(word: str) -> str:
    """Return what a word has in common with its other forms: ``reserv`` for "reserve" and "reservations"."""
    while (shorter := _without_suffix(word)) != word:
        word = shorter
    return word.removesuffix("l") if word.endswith("ll") else word


def _without_suffix(word: str) -> str:
    for suffix in _SUFFIXES:
        rest = word.removesuffix(suffix)
        if len(rest) < 3 or rest == word or (suffix == "s" and rest[-1] in "su"):
            continue
        if suffix in ("ies", "ied"):
            return rest + "y"
        # "planning" and "plan", but "missing" and "miss".
        if suffix in ("ing", "ed", "er", "ers") and rest[-1] == rest[-2] and rest[-1] not in "sz":
            return rest[:-1]
        return rest
    return word
