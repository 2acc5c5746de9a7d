"""Speaks about what functions gave back."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from voicelive.emulator.brain.dates import said_date, said_time
from voicelive.emulator.brain.numbers import written
from voicelive.emulator.brain.schema import is_list, is_object
from voicelive.emulator.brain.topics import GENERIC, PARTICLES, VERBS
from voicelive.emulator.brain.words import listed, name_words, stem

__all__ = ("about_outputs", "listing")

Json = Mapping[str, Any]

_PLACES = ("location", "city", "place", "town", "country", "region", "address")
_CONDITIONS = ("condition", "conditions", "sky", "description", "weather", "summary", "forecast", "outlook")
_ERRORS = ("error", "errors", "exception", "error_message")
_SUCCESS = ("success", "ok", "done", "succeeded", "successful")
_STATES = ("status", "state", "result", "outcome")
_GOOD = frozenset(
    listed("ok okay success successful succeeded done completed confirmed sent booked created true set accepted")
)
_BAD = frozenset(listed("error failed failure rejected denied declined unavailable invalid"))
_MESSAGES = ("message", "detail", "details", "reason", "text")
_UNIT_KEYS = ("unit", "units", "temperature_unit", "currency")
_NAMES = ("name", "title", "label", "subject", "summary", "text", "day", "date", "time", "id")
_UNSPOKEN = ("url", "uri", "link", "href", "id", "image")
_DEGREES = {
    "c": "degrees Celsius", "celsius": "degrees Celsius", "metric": "degrees Celsius", "°c": "degrees Celsius",
    "f": "degrees Fahrenheit", "fahrenheit": "degrees Fahrenheit", "imperial": "degrees Fahrenheit",
    "°f": "degrees Fahrenheit", "k": "kelvin", "kelvin": "kelvin",
}  # fmt: skip
_SUFFIXES = {
    "c": "degrees Celsius", "celsius": "degrees Celsius", "f": "degrees Fahrenheit", "fahrenheit": "degrees Fahrenheit",
    "percent": "percent", "pct": "percent", "km": "kilometers", "miles": "miles", "kmh": "kilometers an hour",
    "kph": "kilometers an hour", "mph": "miles an hour", "minutes": "minutes", "seconds": "seconds", "hours": "hours",
    "days": "days", "usd": "dollars", "eur": "euros", "gbp": "pounds", "kg": "kilograms", "meters": "meters",
    "mm": "millimeters",
}  # fmt: skip
_CURRENCIES = {
    "usd": "dollars",
    "eur": "euros",
    "gbp": "pounds",
    "jpy": "yen",
    "chf": "francs",
    "$": "dollars",
    "€": "euros",
}
_PARTICIPLES = {
    "send": "sent", "set": "set", "make": "made", "book": "booked", "turn": "turned", "find": "found", "buy": "bought",
    "put": "put", "pay": "paid", "write": "written", "begin": "begun", "get": "got", "submit": "submitted",
    "stop": "stopped", "cancel": "cancelled", "plan": "planned", "tell": "told", "read": "read", "reset": "reset",
    "choose": "chosen", "drop": "dropped", "transfer": "transferred", "say": "said", "dim": "dimmed",
}  # fmt: skip
_ASKING = frozenset(listed("find search list show check read track calculate compute count translate convert"))
_MOST_VALUES = 6
_MOST_ITEMS = 4
_LONGEST = 600
_DEEPEST = 3


def about_outputs(outputs: Iterable[tuple[str, Json, str]]) -> str:
    """Return what to say about the outputs of functions.

    Args:
        outputs: Name of the function, its arguments, and the output, for each.
    """
    said = [about_output(name, arguments, output) for name, arguments, output in outputs]
    return " ".join(dict.fromkeys(said))


def about_output(name: str, arguments: Json, output: str) -> str:
    """Return what to say about one output."""
    try:
        value: Any = json.loads(output)
    except (ValueError, RecursionError):
        value = output.strip()
    words = _Call(name, arguments)
    if (failure := _failure(value)) is not None:
        return _sentence(f"I am sorry, I could not {words.attempt}{': ' + failure if failure else ''}")
    if is_object(value):
        return _about_object(words, value)
    if is_list(value):
        return _about_list(words, value)
    return _about_value(words, value)


class _Call:
    """What a function is called, in words."""

    def __init__(self, name: str, arguments: Json) -> None:
        words = name_words(name)
        self.verb = words[0] if words and stem(words[0]) in VERBS else None
        self.asks_whether = words[:1] in (["is"], ["has"], ["are"], ["can"], ["does"], ["check"])
        words = [word for word in words if stem(word) not in GENERIC - PARTICLES or word == self.verb]
        rest = words[1:] if self.verb else words
        self.is_question = self.verb is None or self.verb in _ASKING
        self.particle = rest[0] if rest and rest[0] in PARTICLES else ""
        self.subject = " ".join(rest[1:] if self.particle else rest)
        self.arguments = arguments

    @property
    def attempt(self) -> str:
        """What was tried: "get the weather"."""
        return " ".join(f"{self.verb or 'get'} {self.particle} {self._object()}".split())

    @property
    def done(self) -> str:
        """What was done, as a whole sentence without its end."""
        if self.verb is None or self.is_question:
            return "Done"
        return " ".join(f"I have {_participle(self.verb)} {self.particle} {self._object()}".split())

    def _object(self) -> str:
        if self.subject in ("to", "for"):  # navigate_to
            return f"{self.subject} {self._what() or 'it'}"
        if self.subject.startswith("to "):  # add_to_list
            return f"{self._what() or 'it'} to the {self.subject[3:]}"
        return {"": self._what() or "it", "me": "you", "user": "you"}.get(self.subject, f"the {self.subject}")

    def _what(self) -> str:
        """What it was done to, as far as the arguments tell."""
        lists = (value if is_list(value) else [value] for value in self.arguments.values() if value)
        return next((listing([_told(each) for each in values]) for values in lists if isinstance(values[0], str)), "")

    def place(self) -> str | None:
        """Where it was asked about."""
        return next((str(self.arguments[key]) for key in _PLACES if isinstance(self.arguments.get(key), str)), None)


def _participle(verb: str) -> str:
    if verb in _PARTICIPLES:
        return _PARTICIPLES[verb]
    if verb.endswith("y") and verb[-2:-1] not in tuple("aeiou"):
        return f"{verb[:-1]}ied"
    return f"{verb}d" if verb.endswith("e") else f"{verb}ed"


# --- Failures --------------------------------------------------------------------------------------------------------


def _failure(value: object) -> str | None:
    """Return why a function failed, ``""`` if it does not say; None if it did not fail."""
    if isinstance(value, str):
        found = re.match(r"\s*(?:error|exception|failed|failure)\b\W*(.*)", value, re.IGNORECASE | re.DOTALL)
        return _reason(found[1]) if found else None
    if not is_object(value):
        return None
    given = {key.lower(): item for key, item in value.items()}
    for key in _ERRORS:
        if given.get(key):
            return _reason(given[key] if given[key] is not True else _message(given))
    states = [str(given[key]).lower() for key in _STATES if isinstance(given.get(key), str)]
    if any(given.get(key) is False for key in _SUCCESS) or any(state in _BAD for state in states):
        return _reason(_message(given))
    return None


def _message(given: Json) -> object:
    return next((given[key] for key in _MESSAGES if given.get(key)), "")


def _reason(error: object) -> str:
    if is_object(error):
        error = _message(error)
    elif is_list(error):
        error = next(iter(error), "")
    # The name of an exception's class is nothing to be said aloud.
    text = re.sub(r"^(?:[A-Za-z]\w*(?:Error|Exception)\b[:\s]*)+", "", str(error)).strip().rstrip(".")
    return text[:_LONGEST]


# --- Objects, lists, values ------------------------------------------------------------------------------------------


def _about_object(call: _Call, value: dict[str, Any]) -> str:
    value = {key: item for key, item in value.items() if item is not None and item not in ("", [], {})}
    if not call.is_question or all(_says_only_that_it_worked(key, item) for key, item in value.items()):
        return _about_deed(call, value)
    asked = [item for key, item in call.arguments.items() if key not in _PLACES]
    told = {key: item for key, item in value.items() if item not in asked} or value
    if len(told) == 1:
        ((key, item),) = told.items()
        if is_list(item):
            return _about_list(call, item, " ".join(name_words(key)))
        if isinstance(item, str | int | float) and (told_alone := _about_single(call, key, item)) is not None:
            return told_alone
    return _about_several(call, told)


def _about_single(call: _Call, key: str, item: object) -> str | None:
    if key.lower() in ("result", "answer", "output", "value", *_MESSAGES):
        return _about_value(call, item)
    if _own(key, item, None) is not None or isinstance(item, bool):
        return None
    return _sentence(f"The {' '.join(name_words(key))} is {_told(item)}")


def _about_several(call: _Call, value: dict[str, Any]) -> str:
    place = next(
        (str(value.pop(key)) for key in list(value) if key.lower() in _PLACES and isinstance(value[key], str)), None
    )
    return _sentence(f"{_subject(call, value, place)} {_predicate(value)}")


def _subject(call: _Call, value: dict[str, Any], place: str | None) -> str:
    name = next(
        (str(value.pop(key)) for key in ("name", "title") if isinstance(value.get(key), str) and len(value) > 1), None
    )
    if name and not place:
        return f"{name}:" if not any(key.lower() in _CONDITIONS for key in value) else f"{name} is"
    where = place or call.place()
    about = f"The {call.subject}" if call.subject else "It"
    return f"{about} in {where} is" if where and call.subject else f"{about} is"


def _predicate(value: dict[str, Any]) -> str:
    """Return what is said about the subject: plain values first, then those that need their names."""
    unit = next((str(value.pop(key)) for key in _UNIT_KEYS if isinstance(value.get(key), str)), None)
    own = [_own(key, item, unit) for key, item in value.items()]
    plain = [told for told in own if told is not None]
    named = [_named(key, item) for (key, item), told in zip(value.items(), own, strict=True) if told is None]
    head = listing(plain[:_MOST_VALUES])
    tail = listing([told for told in named if told][: _MOST_VALUES - len(plain[:_MOST_VALUES])])
    if head and tail:
        return f"{head}, with {tail}"
    return head or tail or "done"


def _own(key: str, item: object, unit: str | None) -> str | None:
    """Return how a value is said that needs no name: "18 degrees", "cloudy"."""
    words = name_words(key)
    if isinstance(item, bool) or not isinstance(item, int | float | str):
        return None
    about_heat = bool({"temperature", "temp", "degrees"} & set(words)) and not {
        "min",
        "max",
        "high",
        "low",
        "feels",
    } & set(words)
    if about_heat and isinstance(item, int | float):
        degrees = _DEGREES.get((unit or words[-1]).lower(), "degrees")
        return f"{_told(item)} {degrees}"
    if about_heat or key.lower() in _CONDITIONS:
        text = _told(item)
        return text if about_heat or re.search(r"\d", text) else text[:1].lower() + text[1:].rstrip(".")
    if (
        words
        and words[-1] in ("price", "cost", "amount", "total", "balance", "value")
        and isinstance(item, int | float)
    ):
        return f"{_told(item)} {_CURRENCIES.get((unit or '').lower(), unit or '')}".strip()
    if words and words[-1] in ("answer", "result", "output", "time", "date", "status", "state"):
        return _told(item)
    return None


def _named(key: str, item: object, depth: int = 0) -> str:
    """Return a value with its name: "humidity 60 percent"."""
    words = name_words(key)
    if len(words) > 1 and words[-1] in _SUFFIXES and isinstance(item, int | float):
        return f"{' '.join(words[:-1])} {_told(item)} {_SUFFIXES[words[-1]]}"
    if words and words[-1] == "humidity" and isinstance(item, int | float) and not isinstance(item, bool):
        share = item * 100 if isinstance(item, float) and item <= 1 else item
        return f"humidity {_told(share)} percent"
    name = " ".join(words)
    if isinstance(item, bool):
        return name if item else f"no {name}"
    if is_object(item):
        inner = [_named(str(k), v, depth + 1) for k, v in item.items()] if depth < _DEEPEST else []
        return f"{name}: {listing(inner[:_MOST_VALUES])}" if inner else name
    if is_list(item):
        return f"{name}: {_some(item)}"
    return f"{name} {_told(item)}"


def _about_deed(call: _Call, value: dict[str, Any]) -> str:
    """Speak about an output of what did something rather than found something out."""
    message = next((item for key in _MESSAGES if isinstance(item := value.get(key), str) and " " in item), None)
    if message is not None:
        return _sentence(message[:_LONGEST])
    rest = {
        key: item
        for key, item in value.items()
        if key.lower() not in _MESSAGES
        and not _says_only_that_it_worked(key, item)
        and item not in call.arguments.values()
    }
    details = [_is(key, item) if _is_plain(item) else f"the {_named(key, item)}" for key, item in rest.items()]
    return " ".join(_sentence(part) for part in (call.done, listing(details[:_MOST_ITEMS])) if part)


def _says_only_that_it_worked(key: str, item: object) -> bool:
    return key.lower() in _SUCCESS or (key.lower() in _STATES and str(item).lower() in _GOOD)


def _is_plain(value: object) -> bool:
    return not (is_list(value) or is_object(value))


def _is(key: str, item: object) -> str:
    name = " ".join(word if word != "id" else "number" for word in name_words(key))
    return f"{name or 'it'} is {_told(item)}" if name.startswith("it") else f"the {name} is {_told(item)}"


def _about_list(call: _Call, items: Sequence[Any], what: str = "") -> str:
    what = next((each for each in (what, call.subject) if each.endswith("s")), "results")
    if not items:
        return f"I found no {what}."
    return _sentence(
        f"I found one: {_some(items)}" if len(items) == 1 else f"I found {len(items)} {what}: {_some(items)}"
    )


def _some(items: Sequence[Any]) -> str:
    told = [_item(item) for item in items[:_MOST_ITEMS]]
    more = len(items) - len(told)
    told += [f"{more} more"] if more > 0 else []
    return "; ".join(told) if any("," in each or " and " in each for each in told) else listing(told)


def _item(item: object) -> str:
    if not is_object(item):
        return listing([_told(each) for each in item]) if is_list(item) else _told(item)
    name = next((key for key in _NAMES if isinstance(item.get(key), str)), None)
    plain = {key: value for key, value in item.items() if key != name and value is not None and _is_plain(value)}
    rest = [_named(key, value) for key, value in plain.items() if key.lower() not in _UNSPOKEN]
    return ", ".join([*([_told(item[name])] if name else []), *rest[:3]]) or "something"


def _about_value(call: _Call, value: object) -> str:
    if isinstance(value, bool) and call.asks_whether:
        return "Yes." if value else "No."
    if value is False:
        return _sentence(f"I am sorry, I could not {call.attempt}")
    if value is None or value is True or (isinstance(value, str) and value.strip().lower() in (*_GOOD, "")):
        return _sentence(call.done)
    told = _told(value)
    # Whole sentences speak for themselves.
    if isinstance(value, str) and (value.strip()[-1:] in ".!?" or value.count(" ") > 3):
        return told[:_LONGEST] if told[-1:] in ".!?" else _sentence(told[:_LONGEST])
    if not call.is_question:
        return f"{_sentence(call.done)} {_sentence(told)}"
    where = f" in {place}" if (place := call.place()) and call.subject else ""
    return _sentence(f"The {call.subject or 'answer'}{where} is {told}")


# --- Words -----------------------------------------------------------------------------------------------------------


def _told(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return written(value) if abs(value) < 1e15 else f"{value:.3g}"
    if not isinstance(value, str):
        return str(value)
    return _moment(value) or " ".join(value.split())[:_LONGEST]


def _moment(text: str) -> str | None:
    """Return a date or a time in ISO 8601 as it is said."""
    if not re.match(r"\d{4}-\d\d-\d\d(?:[T ]|$)", text):
        return None
    try:
        if len(text) == 10:
            return said_date(date.fromisoformat(text))
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return f"{said_date(moment.date())} at {said_time(moment)}"


def listing(items: Sequence[str]) -> str:
    """Return a list as it is said: "one, two and three"."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"


def _sentence(text: str) -> str:
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text[-1:] in ".!?" else ".")
