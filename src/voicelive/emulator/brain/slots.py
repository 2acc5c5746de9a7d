"""Finding values in what was said: places, people, texts, lists, numbers. Words that gave a value give no other."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from voicelive.emulator.brain.dates import Found, find_date, find_time
from voicelive.emulator.brain.facts import capitals
from voicelive.emulator.brain.numbers import Number, find_numbers
from voicelive.emulator.brain.topics import VERBS
from voicelive.emulator.brain.words import STOP_WORDS, Words, listed, stem

__all__ = ("Said", "items_of")

_PREPOSITIONS = frozenset(
    listed("in at on for to from with by near around about of into until till between under over via through")
)
_NOT_NAMES = frozenset(
    listed(
        """
        i me my mine you your it its this that these those him her them us we he she they what which who how many much
        the a an some any all dinner lunch breakfast example sure free now later once instance general case fact
        advance morning afternoon evening night weekend minutes minute hours hour seconds second days day weeks week
        months month moment while please be is are was do does not and or but then also celsius fahrenheit degrees
        percent english
        """
    )
)
_PLACE_WORDS = {
    "origin": ("from",), "departure": ("from",), "source": ("from",), "from": ("from",), "start": ("from",),
    "destination": ("to", "for", "into"), "arrival": ("to",), "to": ("to",), "target": ("to",),
}  # fmt: skip
_ANYWHERE = ("in", "at", "near", "around", "for", "of", "to", "from")
_TO_WHOM = ("to", "with", "for", "named", "called", "by", "from")
_OF = frozenset(listed("of for about on"))
_SEARCHING = (
    "look up",
    "find out",
    "find me",
    "find",
    "google",
    "search for",
    "search",
    "i want",
    "i would like",
    "i need",
)
_ADJECTIVES = frozenset(
    listed("current latest nice good bad next new last first right exact actual local daily weekly")
)
_MARKERS = frozenset(listed("saying says say that is of with as equals reading titled called named about"))
_QUOTED = re.compile(r"\"([^\"]+)\"|“([^”]+)”|(?<!\w)'([^']+)'(?!\w)|‘([^’]+)’")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_SPOKEN_EMAIL = re.compile(r"\b([\w-]+(?: dot [\w-]+)*) at ([\w-]+(?: dot [\w-]+)+)\b", re.IGNORECASE)
_URL = re.compile(r"https?://[^\s\"'<>]+|\bwww\.[^\s\"'<>]+")
_PHONE = re.compile(r"\+?\d[\d\s().-]{4,}\d")
_CODE = re.compile(r"(?<![\w-])(?=[\w-]*\d)\w[\w-]*")
_BETWEEN_ITEMS = re.compile(r"\s*,\s*(?:and\s+|or\s+)?|\s+(?:and|or|plus|as well as)\s+", re.IGNORECASE)
_ARTICLE = re.compile(r"^(?:(?:the|a|an|some|my|our|your|any)\s+)+", re.IGNORECASE)
_LONGEST_NAME = 5


@dataclass(slots=True)
class Said:
    """What was said, and which of its words have given a value already.

    Args:
        text: What was said.
        now: The time.
        about: Stems of the words that name the tool, which are no values.
    """

    text: str
    now: datetime
    about: frozenset[str] = frozenset()
    words: Words = field(init=False)
    used: set[int] = field(init=False, default_factory=set[int])
    temporal: set[int] = field(init=False, default_factory=set[int])
    """Words that tell a date: they are no names and no places."""
    last_name: str | None = field(init=False, default=None)
    """The place or the person that was taken last."""
    _last_name_end: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self.words = Words(self.text)
        if (found := find_date(self.words, self.now.date())) is not None:
            self.temporal |= set(range(found.start, found.end))

    # Dates, numbers

    def take_date(self) -> Found | None:
        """Take the date that was said."""
        return self._take(find_date(self.words, self.now.date()))

    def take_time(self) -> Found | None:
        """Take the time of day that was said."""
        return self._take(find_time(self.words))

    def _take(self, found: Found | None) -> Found | None:
        if found is None or self.used & set(range(found.start, found.end)):
            return None
        self.use(found.start, found.end)
        return found

    def numbers(self) -> Iterator[Number]:
        """Yield the numbers that gave no value yet."""
        for number in find_numbers(self.words):
            if not self.used & set(range(number.start, number.end)):
                yield number

    def use(self, start: int, end: int) -> None:
        """Take note that words gave a value."""
        self.used |= set(range(start, end))

    def use_value(self, value: object) -> None:
        """Take note that a text or a number was given."""
        wanted = {word.text for word in Words(value).words} if isinstance(value, str) else set[str]()
        self.used |= {index for index, word in enumerate(self.words.words) if word.text in wanted}
        for number in find_numbers(self.words):
            if number.value == value:
                self.use(number.start, number.end)

    # Places and people

    def place(self, name: Iterable[str]) -> str | None:
        """Take a place: after the preposition that suits the parameter's name, or one that is known."""
        own = next((_PLACE_WORDS[word] for word in name if word in _PLACE_WORDS), None)
        found = self._after(own or _ANYWHERE, strict=own is None)
        if found is not None or own is not None:
            return found
        return self._known_place() or self._capitalised() or self._before_noun()

    def more_names(self) -> Iterator[str]:
        """Take the names that follow the last one: "in Paris *and in Rome*"."""
        index = self._last_name_end
        while self.words[index] == "and" or (0 < index < len(self.words) and self._separated(index)):
            index += self.words[index] == "and"
            index += self.words[index] in _ANYWHERE or self.words[index] == "with"
            name = self._name_at(index)
            if name is None:
                return
            yield name
            index = self._last_name_end

    def _before_noun(self) -> str | None:
        """Take the word before what the tool is about: "the *bedroom* light"."""
        for index in range(1, len(self.words)):
            word = self.words[index - 1]
            taken = (
                index - 1 in self.used | self.temporal or word in STOP_WORDS | _ADJECTIVES | _NOT_NAMES | _PREPOSITIONS
            )
            if self._stem(index) in self.about and not taken and stem(word) not in self.about | VERBS:
                return self._name(index - 1, index, capitalise=False)
        return None

    def person(self, verbs: frozenset[str]) -> str | None:
        """Take a person: after a preposition, after the verb, or a name in capital letters."""
        for index in range(len(self.words)):
            called = self._stem(index) in verbs and self.words.is_capital(index + 1)
            if called and (found := self._name_at(index + 1)):
                return found
        return self._after(_TO_WHOM) or self._after_verb(verbs) or self._capitalised()

    def _after_verb(self, verbs: frozenset[str]) -> str | None:
        index = self._verb(verbs)
        return None if index is None else self._name_at(index + 1)

    def _verb(self, verbs: frozenset[str]) -> int | None:
        """Return where the verb stands: what the tool does, or else what a command begins with."""
        found = next((index for index in range(len(self.words)) if self._stem(index) in verbs), None)
        return 0 if found is None and self._stem(0) in VERBS else found

    def _after(self, prepositions: Iterable[str], *, strict: bool = False) -> str | None:
        indexes = range(len(self.words) - 1)
        for preposition in prepositions:
            places = [index for index in indexes if self.words[index] == preposition and index not in self.used]
            # "What is the weather for my trip to Oslo": names in capital letters go first.
            for index in sorted(places, key=lambda index: not self.words.is_capital(index + 1)):
                if found := self._name_at(index + 1):
                    return found
        return None

    def _name_at(self, start: int) -> str | None:
        """Take the name that begins at a word; None if it is none."""
        article = self.words[start] in ("the", "my", "our")
        start += article
        if self.words[start] in _NOT_NAMES or start in self.temporal or self._is_number(start):
            return None
        end = start
        while end < min(len(self.words), start + _LONGEST_NAME) and self._goes_on(start, end):
            end += 1
        return self._name(start, end, capitalise=not article)

    def _goes_on(self, start: int, end: int) -> bool:
        word = self.words[end]
        if end in self.used or end in self.temporal or self._is_number(end):
            return False
        if end == start:
            return True
        if self._separated(end) or word in _PREPOSITIONS or word in _NOT_NAMES or word in STOP_WORDS:
            return False
        # A name in capital letters ends where they do.
        return not (self.words.is_capital(start) and not self.words.is_capital(end))

    def _name(self, start: int, end: int, *, capitalise: bool) -> str | None:
        name = re.sub(r"['’]s?$", "", self.words.original(start, end))
        if not name or (stem(self.words[start]) in self.about and not self.words.is_capital(start)):
            return None
        self.use(start, end)
        self._last_name_end = end
        self.last_name = name.title() if capitalise and name.islower() else name
        return self.last_name

    def _known_place(self) -> str | None:
        table = {**capitals(), **{city.lower(): (country, city) for country, city in capitals().values()}}
        for length in (3, 2, 1):
            for start in range(len(self.words) - length + 1):
                name = " ".join(self.words[start + ahead] for ahead in range(length))
                if name in table and not self.used & set(range(start, start + length)):
                    return self._name(start, start + length, capitalise=True)
        return None

    def _capitalised(self) -> str | None:
        """Take the last name in capital letters that does not begin a sentence."""
        if self.text.isupper():
            return None
        for end in range(len(self.words), 1, -1):
            start = end - 1
            while start > 0 and self._is_name(start) and self._is_name(start - 1) and not self._separated(start):
                start -= 1
            if self._is_name(start) and not self._begins_sentence(start):
                return self._name(start, end, capitalise=False)
        return None

    def _is_name(self, index: int) -> bool:
        taken = index in self.used or index in self.temporal
        return not taken and self.words.is_capital(index) and self.words[index] not in _NOT_NAMES

    # Texts

    def email(self) -> str | None:
        """Return the e-mail address that was written, or said as "bob at example dot com"."""
        if found := _EMAIL.search(self.text):
            return self._use_span(found.start(), found.end())
        if found := _SPOKEN_EMAIL.search(self.text):
            self._use_span(found.start(), found.end())
            return "@".join(part.replace(" dot ", ".").replace(" ", "") for part in (found[1], found[2])).lower()
        return None

    def url(self) -> str | None:
        """Return the address of a page."""
        found = _URL.search(self.text)
        return self._use_span(found.start(), found.end()).rstrip(".,;!?") if found else None

    def phone(self) -> str | None:
        """Return a telephone number, written or said digit by digit."""
        if found := _PHONE.search(self.text):
            return self._use_span(found.start(), found.end())
        digits = [number for number in self.numbers() if 0 <= number.value <= 9]
        if len(digits) < 3 or digits[-1].end - digits[0].start != len(digits):
            return None
        self.use(digits[0].start, digits[-1].end)
        return "".join(str(number.value) for number in digits)

    def code(self) -> str | None:
        """Return the first word with a digit in it, such as a number of an order."""
        found = _CODE.search(self.text)
        return self._use_span(found.start(), found.end()) if found else None

    def quoted(self) -> str | None:
        """Return what stands between quotation marks."""
        for found in _QUOTED.finditer(self.text):
            group = next(index for index in range(1, 5) if found[index] is not None)
            inside = self._indexes(found.start(group), found.end(group))
            if not inside & self.used:
                return self._use_span(found.start(group), found.end(group))
        return None

    def introduced(self, name: frozenset[str]) -> str | None:
        """Return what follows the parameter's own name: "with the subject lunch", "the message is I am late"."""
        for index in range(len(self.words) - 1):
            if self._stem(index) not in name or index in self.used:
                continue
            start = index + 1
            # "A message to Bob that I am late": whom it is for may stand between.
            while (
                self.words[start] in _MARKERS
                or start in self.used
                or (self.words[start] in ("to", "for") and start + 1 in self.used)
                or (start > index + 1 and self.words[start] in ("the", "a"))
            ):
                start += 1
            is_marked = start > index + 1 or self._stem(index) not in self.about
            if is_marked and (found := self._text(start, self._end_of_text(start))):
                return found
        return self._after_saying()

    def _after_saying(self) -> str | None:
        for index in range(len(self.words) - 1):
            if self.words[index] in ("saying", "says", "titled", "called", "named") and index not in self.used:
                return self._text(index + 1, self._end_of_text(index + 1))
        return None

    def remainder(self, verbs: frozenset[str]) -> str | None:
        """Return what is left after the verb: "play *some jazz*", "search the web for *cheap flights*"."""
        start = self._after_request(verbs)
        while start < len(self.words) and (self._is_filling(start) or start in self.used):
            start += 1
        end = self._end_of_text(start)
        while end > start and (self.words[end - 1] in _PREPOSITIONS or self.words[end - 1] in ("please", "and", "the")):
            end -= 1
        end = self._before_target(start, end)
        left = {self._stem(index) for index in range(start, end) if self.words[index] not in STOP_WORDS}
        # Where only the tool itself was named, nothing was said about its parameter.
        return self._text(start, end) if left - self.about - verbs else None

    def _after_request(self, verbs: frozenset[str]) -> int:
        verb = self._verb(verbs)
        if verb is not None:
            start = verb + 1
            # "Search the web for": what the tool is about is no part of what to search for.
            skip = start
            while self.words[skip] and (self._is_filling(skip) or self._stem(skip) in self.about):
                skip += 1
            start = skip if self.words[skip] in ("for", "about", "that", "saying") else start
            return start + (self.words[start] in ("for", "about", "up"))
        for index in reversed(range(len(self.words) - 1)):
            if self._stem(index) in self.about and self.words[index + 1] in _OF:
                return index + 2
        asked = next((each for each in _SEARCHING if self.words.plain.startswith(each + " ")), "")
        return len(asked.split())

    def _before_target(self, start: int, end: int) -> int:
        """Cut off "to my shopping list" where the list is the tool's own."""
        for index in range(start + 1, end):
            if self.words[index] in ("to", "on", "in", "into", "from", "with", "using"):
                rest = {self._stem(each) for each in range(index + 1, end) if self.words[each] not in STOP_WORDS}
                if rest and rest <= self.about:
                    return index
        return end

    def _is_filling(self, index: int) -> bool:
        return self.words[index] in ("me", "us", "a", "an", "the", "some", "my", "to", "that", "please", "it", "is")

    def _end_of_text(self, start: int) -> int:
        ends = (each for each in range(start, len(self.words)) if each in self.used or self._opens_another(start, each))
        return next(ends, len(self.words))

    def _opens_another(self, start: int, index: int) -> bool:
        return index > start and self.words[index] in ("saying", "says", "titled") and index + 1 < len(self.words)

    def _text(self, start: int, end: int) -> str | None:
        if start >= end:
            return None
        self.use(start, end)
        return self.words.original(start, end) or None

    # Where words stand

    def _stem(self, index: int) -> str:
        return stem(self.words[index])

    def _is_number(self, index: int) -> bool:
        return any(number.start <= index < number.end for number in find_numbers(self.words))

    def _separated(self, index: int) -> bool:
        """Whether a comma or the end of a sentence stands before a word."""
        before, word = self.words.words[index - 1], self.words.words[index]
        return any(character in ",.;:!?\n" for character in self.text[before.end : word.start])

    def _begins_sentence(self, index: int) -> bool:
        before = self.text[: self.words.words[index].start].rstrip()
        return not before or before[-1] in ".!?\n"

    def _indexes(self, start: int, end: int) -> set[int]:
        return {index for index, word in enumerate(self.words.words) if start < word.end and word.start < end}

    def _use_span(self, start: int, end: int) -> str:
        self.used |= self._indexes(start, end)
        return self.text[start:end]


def items_of(text: str) -> list[str]:
    """Return the items of a list as it is said: "apples, two pears and a plum"."""
    items = (_ARTICLE.sub("", item.strip(" .!?")) for item in _BETWEEN_ITEMS.split(text))
    return [item for item in items if item]
