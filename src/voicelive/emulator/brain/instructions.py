"""What instructions set that rules can follow: a name, a greeting, fixed answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from voicelive.emulator.brain.words import Words, stems

__all__ = ("FixedAnswer", "Persona", "read_instructions")

_WORD = r"[A-Z][\w'’-]*"
_NAMES = (
    re.compile(
        r"\b(?i:your name is|you are called|you're called|you go by|act as|call yourself)\s+"
        rf"[\"“]?({_WORD}(?: {_WORD})?)"
    ),
    re.compile(rf"\b(?i:you are|you're)\b[^.!?\n]*?\b(?i:named|called)\s+[\"“]?({_WORD}(?: {_WORD})?)"),
    re.compile(rf"\b(?i:you are|you're)\s+(?!I\b|AI\b|An?\b|The\b)({_WORD}(?: {_WORD})?)(?=[\s.,;:!]|$)"),
)
_SAY = r"(?:answer|reply|respond|say|tell (?:them|him|her|the user|me))"
_GREETING = re.compile(
    r"\b(?:greet|welcome)\s+(?:the |every |all |each )?(?:users?|callers?|customers?|people|guests?|everyone|them)\s+"
    r"(?:with|by saying|saying|as)\b:?\s*(.+)"
    r"|\b(?:start|begin|open)\s+(?:the |every |each )?(?:conversation|call|session)s?\s+(?:with|by saying)\b:?\s*(.+)",
    re.IGNORECASE,
)
_FIXED = re.compile(
    rf"^(?:(?:please|you (?:must|should)|and)\s+)*(?:always|only|just|in any case,?)\s+"
    rf"(?:say\b:?|{_SAY}(?:\s+only)?(?:\s+to everything)?(?:\s+with\b:?|\s+by saying\b:?|:|(?=\s+[\"“'‘])))\s*(.+)"
    rf"|^{_SAY}\s+(?:only|always|(?:to )?every(?:thing| question| message)|to anything)\s*(?:with)?:?\s*(.+)"
    rf"|^(?:whatever|no matter what)\b[^,]*,\s*(?:always\s+)?{_SAY}\b(?:\s+with)?:?\s*(.+)",
    re.IGNORECASE,
)
_ABOUT = re.compile(
    r"\b(?:if|when|whenever)\s+(?:[\w' ]{0,40}?\b)?"
    r"(?:asked|asks?|says?|said|mentions?|mentioned|wants? to know|talks?|inquires?)\b\s*"
    r"(?:about|for|you|of|to)?:?\s*(.+?)\s*,?\s+(?:then\s+)?(?:always\s+|just\s+)?"
    rf"{_SAY}\b(?:\s+with|\s+that)?:?\s*(.+)",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"^[\"“'‘](.+?)[\"”'’](?=[.,;!?]?\s|[.,;!?]*$)")
_STYLE = re.compile(
    r"^(?:(?:in|briefly|shortly|concisely|politely|honestly|truthfully|quickly|carefully|clearly|kindly|friendly|using"
    r"|as|like|without|the|your|their|his|her|very|if|when|so|kindness|enthusiasm|humou?r|empathy|respect|care|json"
    r"|markdown|emojis?)\b|(?:a |an |one |two |short|brief|polite|clear|simple|full|complete|plain)[^.]*"
    r"\b(?:sentences?|answers?|words?|tone|manner|way|language|style|paragraphs?|smile|hello|welcome|greeting|joke)\b)",
    re.IGNORECASE,
)


class FixedAnswer(NamedTuple):
    """An answer to a subject."""

    about: frozenset[str]
    """Stems of the subject's words."""
    text: str


@dataclass(frozen=True, slots=True)
class Persona:
    """What instructions say about the assistant."""

    name: str | None = None
    greeting: str | None = None
    always: str | None = None
    """The answer to everything."""
    answers: tuple[FixedAnswer, ...] = ()

    def fixed_answer(self, words: Words) -> str | None:
        """Return the answer that the instructions set for what was said."""
        said = stems(word.text for word in words.words) | words.content
        fitting = [each for each in self.answers if each.about and each.about <= said]
        return max(fitting, key=lambda each: len(each.about)).text if fitting else self.always


def read_instructions(instructions: str) -> Persona:
    """Read instructions; where they set a thing twice, the later one holds, such as a response's own."""
    greeting = always = None
    answers: list[FixedAnswer] = []
    for sentence in _sentences(instructions):
        if (found := _ABOUT.search(sentence)) and (said := _literal(found[2])) is not None:
            answers.append(FixedAnswer(Words(found[1]).content, said))
        elif (found := _GREETING.search(sentence)) and (said := _literal(_first(found))) is not None:
            greeting = said
        elif (found := _FIXED.search(sentence)) and (said := _literal(_first(found))) is not None:
            always = said
    name = next((found[1] for pattern in _NAMES if (found := _last(pattern, instructions))), None)
    return Persona(name, greeting, always, tuple(reversed(answers)))


def _first(found: re.Match[str]) -> str:
    return next(group for group in found.groups() if group)


def _last(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    found = None
    for each in pattern.finditer(text):
        found = each
    return found


def _sentences(text: str) -> Iterator[str]:
    """Cut between sentences, but not inside quotation marks: "Greet the user with 'Hi! I am Ada.'" is one."""
    start = 0
    quote = ""
    closing = {'"': '"', "“": "”"}
    for index, character in enumerate(text):
        if quote:
            quote = "" if character == quote else quote
        elif character in closing and closing[character] in text[index + 1 :]:
            quote = closing[character]
        elif character in "\n;" or (character in ".!?" and text[index + 1 : index + 2].isspace()):
            if _goes_on(text[start : index + 1]):
                continue
            yield text[start : index + 1].strip().rstrip(";")
            start = index + 1
    yield text[start:].strip()


def _goes_on(sentence: str) -> bool:
    """Whether a single-quoted text is still open."""
    return re.search(r"(?:^|[\s:])'[^']*$", re.sub(r"(?<=\w)'(?=\w)", "", sentence)) is not None


def _literal(text: str) -> str | None:
    """Return the words to say, or None where it tells how to say them: "always answer in one sentence"."""
    told = _told(text)
    if _QUOTED.match(text.strip()):
        return told
    return None if not told or _STYLE.match(told) else told


def _told(text: str) -> str:
    text = text.strip()
    found = _QUOTED.match(text)
    return found[1].strip() if found else text.strip().strip('"“”').strip()
