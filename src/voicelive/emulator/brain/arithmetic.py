"""Arithmetic as it is spoken: "two plus three times four", "15 percent of 80", "the square root of 2"."""

from __future__ import annotations

import math
import re
from fractions import Fraction

from voicelive.emulator.brain.numbers import ORDINALS, number_at, written
from voicelive.emulator.brain.words import Words

__all__ = ("answer",)

_ASKING = re.compile(
    r"^(?:(?:so|and|please|okay) )*(?:(?:can|could|would) you (?:please )?)?(?:tell me |do you know )?"
    r"(?:what is|what does|what are|how much is|how much are|how much does|how many is|what do you get if you"
    r"|calculate|compute|work out|evaluate|solve|how much)?(?: (?:the|a|result of|value of))* ?"
)
_ENDING = {"equal", "equals", "make", "makes", "=", "is", "please", "give", "result", "in", "to", "be", "total"}
_OPERATORS = {
    "plus": "+", "+": "+", "added to": "+", "minus": "-", "-": "-", "less": "-",
    "times": "*", "multiplied by": "*", "multiplied with": "*", "*": "*", "×": "*", "x": "*",
    "divided by": "/", "over": "/", "/": "/", "÷": "/", "modulo": "%", "mod": "%",
    "to the power of": "^", "raised to the power of": "^", "raised to": "^", "to the": "^", "^": "^",
}  # fmt: skip
_OF_TWO = {
    "sum of": ("+", "and"), "product of": ("*", "and"), "quotient of": ("/", "and"),
    "difference between": ("|-|", "and"), "difference of": ("|-|", "and"),
    "add": ("+", "and to"), "multiply": ("*", "by with and"), "divide": ("/", "by"), "subtract": ("from", "from"),
}  # fmt: skip
_FRACTIONS = {"half": 2, "third": 3, "quarter": 4, **{word: value for word, value in ORDINALS.items() if value > 3}}
_LONGEST_POWER = 400
_DEEPEST = 40

Value = Fraction | float


class _NoArithmetic(Exception):
    """The words are no arithmetic."""


class _Impossible(Exception):
    """They are, but have no answer; the message is what to say."""


def answer(words: Words) -> str | None:
    """Return the answer to a calculation; None if the words are no calculation."""
    asked = _ASKING.match(words.plain)
    start = len((asked[0] if asked else "").split())
    end = len(words)
    while end > start and words[end - 1] in _ENDING:
        end -= 1
    parser = _Parser(words, start, end)
    try:
        value = parser.whole()
    except _NoArithmetic:
        return None
    except (_Impossible, ZeroDivisionError, OverflowError) as error:
        return str(error) if isinstance(error, _Impossible) else "That has no result that I could name."
    if words[start] in ("add", "multiply", "divide", "subtract"):
        return f"That makes {_told(value)}."
    spoken = words.original(start, end).strip()
    article = "The " if words[start] in ("square", "cube", "root", "sum", "product", "difference", "quotient") else ""
    spoken = article + (spoken if article else spoken[:1].upper() + spoken[1:])
    return f"{spoken} is {_told(value)}."


def _told(value: Value) -> str:
    if isinstance(value, float):
        nearest = round(value)
        exact = abs(value) < 1e15 and math.isclose(value, nearest, rel_tol=1e-12)
        return str(nearest) if exact else f"about {written(value)}" if abs(value) < 1e15 else f"about {value:.4g}"
    if abs(value) >= 10**21:
        return f"about {float(value):.4g}" if abs(value) < 10**300 else "a number too long to say"
    text = written(value)
    return text if Fraction(text) == value else f"about {text}"


class _Parser:
    """A recursive descent over the words from ``start`` to ``end``."""

    def __init__(self, words: Words, start: int, end: int) -> None:
        self._words = words
        self._index = start
        self._end = end
        self._steps = 0
        self._depth = 0

    def whole(self) -> Value:
        value = self._sum()
        if self._index != self._end or not self._steps:
            raise _NoArithmetic
        return value

    def _word(self, ahead: int = 0) -> str:
        index = self._index + ahead
        return self._words[index] if index < self._end else ""

    def _take(self, *phrases: str) -> str | None:
        """Take the longest of the phrases that comes next."""
        for phrase in sorted(phrases, key=len, reverse=True):
            parts = phrase.split()
            if [self._word(ahead) for ahead in range(len(parts))] == parts:
                self._index += len(parts)
                return phrase
        return None

    def _operator(self, signs: str) -> str | None:
        phrase = self._take(*(phrase for phrase, sign in _OPERATORS.items() if sign in signs))
        self._steps += phrase is not None
        return _OPERATORS[phrase] if phrase else None

    def _sum(self) -> Value:
        value = self._product()
        while sign := self._operator("+-"):
            other = self._product()
            value = _combined("+", value, other if sign == "+" else -other)
        return value

    def _product(self) -> Value:
        value = self._power()
        while sign := self._operator("*/%"):
            value = _combined(sign, value, self._power())
        return value

    def _power(self) -> Value:
        value = self._postfix(self._operand())
        if self._operator("^"):
            exponent: Value = self._ordinal() if self._word() in ORDINALS else self._power()
            self._take("power")
            value = _raised(value, exponent)
        return value

    def _ordinal(self) -> Fraction:
        self._index += 1
        return Fraction(ORDINALS[self._word(-1)])

    def _postfix(self, value: Value) -> Value:
        while found := self._take("squared", "cubed", "²", "³", "percent of", "percent", "% of", "per cent of", "%"):
            self._steps += 1
            if found.startswith(("percent", "%", "per")):
                value = value / 100
                if found.endswith("of"):
                    self._take("the", "a")
                    value = value * self._power()
            else:
                value = _raised(value, Fraction(2 if found in ("squared", "²") else 3))
        return value

    def _operand(self) -> Value:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise _NoArithmetic
        self._take("the", "and the")
        value = self._function()
        if value is None:
            value = self._fraction()
        if value is None:
            value = self._number()
        self._depth -= 1
        return value

    def _function(self) -> Value | None:
        if self._take("square root of", "root of", "√"):
            return self._root(2)
        if self._take("cube root of", "third root of"):
            return self._root(3)
        if power := self._take("square of", "cube of"):
            self._steps += 1
            return _raised(self._operand(), Fraction(2 if power == "square of" else 3))
        if self._take("minus", "negative", "-"):
            return -self._power()
        if self._take("("):
            value = self._sum()
            if not self._take(")"):
                raise _NoArithmetic
            return value
        return self._of_two()

    def _of_two(self) -> Value | None:
        factor = {"twice": 2, "double": 2, "triple": 3}.get(self._take("twice", "double", "triple") or "")
        if factor:
            self._steps += 1
            return self._operand() * factor
        found = self._take(*_OF_TWO)
        if found is None:
            return None
        self._steps += 1
        sign, joints = _OF_TWO[found]
        value = self._product()
        if not self._take(*joints.split()):
            raise _NoArithmetic
        return _combined(sign, value, self._product())

    def _root(self, degree: int) -> Value:
        self._steps += 1
        value = self._operand()
        if value < 0 and degree == 2:
            raise _Impossible("A negative number has no real square root.")
        root = math.copysign(abs(float(value)) ** (1 / degree), float(value))
        nearest = Fraction(round(root)) if abs(root) < 1e15 else None
        return nearest if nearest is not None and nearest**degree == value else root

    def _fraction(self) -> Value | None:
        """Read "half of", "a third of", "three quarters of"."""
        before = self._index
        count = number_at(self._words, self._index)
        if count is not None:
            self._index = min(count.end, self._end)
        else:
            self._take("a", "one")
        part = _FRACTIONS.get(self._word().removesuffix("s") or "") or _FRACTIONS.get(self._word())
        if part and self._word(1) == "of":
            self._index += 2
            self._steps += 1
            return self._operand() * Fraction(count.value if count else 1, part)
        self._index = before
        return None

    def _number(self) -> Value:
        found = number_at(self._words, self._index)
        if found is None or found.end > self._end:
            raise _NoArithmetic
        self._index = found.end
        return found.value


def _combined(sign: str, value: Value, other: Value) -> Value:
    if sign in "/%" and other == 0:
        raise _Impossible("Nothing can be divided by zero.")
    match sign:
        case "+":
            return value + other
        case "*":
            return value * other
        case "/":
            return value / other
        case "%":
            return value - other * math.floor(value / other)
        case "from":
            return other - value
        case _:
            return max(value - other, other - value)


def _raised(value: Value, exponent: Value) -> Value:
    if value == 0 and exponent < 0:
        raise _Impossible("Nothing can be divided by zero.")
    size = abs(float(exponent)) * max(1.0, math.log10(abs(float(value)) + 1))
    if size > _LONGEST_POWER:
        raise _Impossible("That number is too big for me.")
    if isinstance(value, Fraction) and isinstance(exponent, Fraction) and exponent.denominator == 1:
        return Fraction(value**exponent.numerator)
    if value < 0:
        raise _Impossible("That has no real result.")
    return math.pow(value, exponent)
