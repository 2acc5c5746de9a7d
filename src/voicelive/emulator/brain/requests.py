"""What the user wants to have done: calls that can be made, and what has to be asked first.

Nothing is remembered between responses: a question that waits for its answer is found again in the conversation.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from voicelive.emulator.brain.choosing import THRESHOLD, Tool, best_tool, clauses
from voicelive.emulator.brain.filling import Filled, Parameter, fill, fill_whatever
from voicelive.emulator.brain.numbers import find_numbers
from voicelive.emulator.brain.schema import as_list, type_of
from voicelive.emulator.brain.slots import Said
from voicelive.emulator.brain.topics import GENERIC
from voicelive.emulator.brain.words import Words, listed, stem
from voicelive.emulator.speech import FunctionCall

__all__ = ("Request", "forced_call", "is_refusal", "question", "requests_of", "waiting_request")

_RECENT = 12
"""So many of the newest items are searched for a question that waits for its answer."""
_REFUSAL = re.compile(
    r"(?:no(?:thing)?|never ?mind|forget (?:it|that|about it)|cancel(?: (?:it|that))?|stop|do not)(?: .*)?"
)
_NONE = re.compile(r"(?:no|none|nothing|without)(?: (?:of )?(?:them|those|thanks|thank you|please|\w+))?")
_NEW_REQUEST = frozenset(listed("what who where when why how which tell"))
_FILLERS = re.compile(
    r"^(?:(?:um+|uh+|er+|well|okay|oh|yes|please|i mean|i meant|it is|it's|its|that is|that's|that would be|make it"
    r"|let's say|say|the one|my name is|the (?:name|city|location) is|in|at|for|to|from|on|the|it should (?:say|be))"
    r"\b[\s,]*)+",
    re.IGNORECASE,
)
_TRAILING = re.compile(r"(?:[\s,]+(?:please|thanks|thank you))?[\s.,!?]*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Request:
    """One thing to be done."""

    tool: Tool
    filled: Filled

    @property
    def missing(self) -> Parameter | None:
        """The parameter to ask for next; None if the call can be made."""
        return self.filled.missing[0] if self.filled.missing else None

    def call(self) -> FunctionCall:
        """Return the call, which must lack nothing."""
        return FunctionCall(self.tool.name, fill_whatever(self.tool.parameters, self.filled, ""))


def requests_of(text: str, tools: Sequence[Tool], now: datetime) -> list[Request]:
    """Return what a text asks for, in order."""
    return [request for part, tool in clauses(text, tools) for request in _requests(tool, part, now)]


def forced_call(text: str, tools: Sequence[Tool], now: datetime) -> list[FunctionCall]:
    """Return calls although nothing may have been asked for: of what fits, or else of the tool that fits best."""
    requests = requests_of(text, tools, now)
    if not requests and (best := best_tool(Words(text), tools)) is not None:
        requests = _requests(best[0], text, now)
    made = [(each.tool, fill_whatever(each.tool.parameters, each.filled, text)) for each in requests]
    return [FunctionCall(tool.name, arguments) for tool, arguments in made]


def _requests(tool: Tool, text: str, now: datetime) -> list[Request]:
    said = _said(tool, text, now)
    filled = fill(tool.parameters, said, tool.verbs)
    request = Request(tool, filled)
    last = said.last_name
    # "The weather in Paris and in Rome" asks twice.
    places = [name for name, value in filled.arguments.items() if value == last and last is not None]
    if request.missing is not None or len(places) != 1:
        return [request]
    others = list(said.more_names())
    return [request, *(Request(tool, Filled({**filled.arguments, places[0]: other})) for other in others)]


def _said(tool: Tool, text: str, now: datetime) -> Said:
    return Said(text, now, frozenset(map(stem, tool.words)) - GENERIC)


# --- Asking for what is missing --------------------------------------------------------------------------------------


def question(parameter: Parameter) -> str:
    """Return the question for a parameter."""
    name = " ".join(word for word in parameter.words if word not in ("of", "number", "the")) or parameter.name
    if choices := as_list(parameter.schema.get("enum")):
        named = [str(choice).replace("_", " ") for choice in choices]
        return f"Which {name} do you mean: {', '.join(named[:-1])}{' or ' if named[1:] else ''}{named[-1]}?"
    if parameter.kind == "place" and name in ("location", "place") and "city" in Words(parameter.description).plain:
        name = "city"
    if parameter.kind == "person" and {"to", "recipient", "recipients"} & set(parameter.words):
        return "Who is it for?"
    match type_of(parameter.schema):
        case "integer" | "number":
            return (
                f"How many {name} should it be?"
                if name.endswith("s") or name in ("people",)
                else f"What {name} should it be?"
            )
        case "array":
            return f"Which {name} do you mean?"
        case _:
            return _QUESTIONS.get(parameter.kind, "What should the {name} be?").format(name=name)


_QUESTIONS = {
    "place": "Which {name} do you mean?",
    "date": "For which date?",
    "time": "At what time?",
    "moment": "When should that be?",
    "duration": "For how long?",
    "email": "To which e-mail address?",
    "phone": "What is the phone number?",
    "person": "Who do you mean?",
}


def is_refusal(text: str) -> bool:
    """Whether the user wants no more of what was asked about."""
    return _REFUSAL.fullmatch(Words(text).plain) is not None


def waiting_request(items: Sequence[Mapping[str, Any]], tools: Sequence[Tool], now: datetime) -> Request | None:
    """Return the request that the newest user message completes, as far as it does; None if it completes none.

    Args:
        items: The conversation.
        tools: The client's functions.
        now: The time.
    """
    waiting: Request | None = None
    asked = answers = False
    for item in items[-_RECENT:]:
        text = _text(item)
        if item.get("type") != "message":
            continue
        if item.get("role") == "assistant":
            asked = asked or (waiting is not None and waiting.missing is not None and _asks(text, waiting.missing))
        elif item.get("role") == "user":
            continued = _continued(waiting, waiting.missing, text, tools, now) if waiting and asked else None
            answers = continued is not None
            started = [] if answers else requests_of(text, tools, now)
            waiting = continued or next((each for each in started if each.missing is not None), None)
            asked = False
    return waiting if answers else None


def _text(item: Mapping[str, Any]) -> str:
    parts = item.get("content") or ()
    return " ".join(said for part in parts if (said := part.get("text") or part.get("transcript")))


def _asks(text: str, parameter: Parameter) -> bool:
    # Of a question that was interrupted only the beginning is known, or nothing.
    asked = question(parameter)
    return asked in text or asked.startswith(text)


def _continued(
    request: Request, parameter: Parameter | None, text: str, tools: Sequence[Tool], now: datetime
) -> Request | None:
    """Return the request with what an answer tells; None if the text is no answer."""
    if parameter is None:
        return None
    if type_of(parameter.schema) == "array" and _NONE.fullmatch(Words(text).plain) and parameter.allows([]):
        return replace(request, filled=request.filled.completed(parameter, []))
    if is_refusal(text):
        return None
    other = best_tool(Words(text), tools)
    if other is not None and other[1] >= THRESHOLD and (other[0] is not request.tool or other[1] > 1):
        return None
    if Words(text)[0] in _NEW_REQUEST:
        return None
    said = _said(request.tool, text, now)
    direct = _direct(parameter, text, now)
    known = request.filled
    if direct is not None:
        known = known.completed(parameter, direct)
        # Words that answer one question are no answers to the next.
        said.use_value(direct)
    filled = fill(request.tool.parameters, said, request.tool.verbs, known=known.arguments)
    return replace(request, filled=filled)


def _direct(parameter: Parameter, text: str, now: datetime) -> Any:
    """Return what a short answer gives for the parameter that was asked for; None if it does not."""
    short = _TRAILING.sub("", _FILLERS.sub("", text)).strip()
    if not short:
        return None
    kind = type_of(parameter.schema)
    if kind in ("integer", "number"):
        numbers = list(find_numbers(Words(text)))
        values = [int(each.value) if each.value.denominator == 1 else float(each.value) for each in numbers]
        return next((value for value in values if parameter.allows(value)), None)
    if kind != "string" or "enum" in parameter.schema:
        return None
    if parameter.kind in ("time", "moment") and list(find_numbers(Words(short))):
        found = fill({"properties": {parameter.name: parameter.schema}}, Said(f"{text} at {short}", now), frozenset())
        return found.arguments.get(parameter.name)
    if parameter.kind in ("date", "time", "moment", "email", "phone", "url", "duration"):
        return None
    if parameter.kind in ("place", "person"):
        said = Said(short, now)
        end = next(
            (index for index in range(1, len(said.words)) if index in said.temporal or said.words[index] in _STOPS),
            None,
        )
        short = said.words.original(0, end) if end else short
        short = short.title() if short.islower() and not {"room", "area", "zone"} & set(parameter.words) else short
    return short if parameter.allows(short) else None


_STOPS = frozenset(listed("on at in for with and please tomorrow today"))
