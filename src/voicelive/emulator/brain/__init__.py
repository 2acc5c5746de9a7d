"""The brain of the embedded service: rules that answer without a model, the same every time.

It talks, knows some facts, reckons, tells dates, repeats, does what instructions say plainly, and calls the client's
functions. It keeps nothing in mind: all it knows of a conversation is the conversation.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from voicelive.emulator.brain import arithmetic, clock, facts, small_talk, units
from voicelive.emulator.brain.choosing import Tool, functions
from voicelive.emulator.brain.instructions import Persona, read_instructions
from voicelive.emulator.brain.requests import (
    Request,
    forced_call,
    question,
    requests_of,
    waiting_request,
)
from voicelive.emulator.brain.schema import as_mapping
from voicelive.emulator.brain.topics import VERBS
from voicelive.emulator.brain.wording import about_outputs
from voicelive.emulator.brain.words import Words, listed, stem
from voicelive.emulator.speech import Answer, ConversationView, Reply
from voicelive.emulator.unheard import UNHEARD

__all__ = ("Brain",)

_REPEAT = re.compile(
    r"^\W*(?:(?:please|can you|could you|would you|now)\W+)*"
    r"(?:repeat(?:\s+after\s+me)?(?:\s+(?:the\s+)?(?:following|words|sentence|these words))*|say(?:\s+after\s+me)?)\b"
    r"\W*(.+?)\s*$",
    re.IGNORECASE | re.DOTALL,
)
_AGAIN = re.compile(
    r"(?:(?:can|could|would|will) you )?(?:please )?"
    r"(?:(?:say|repeat)(?: (?:that|it|this|what you said))?(?: again| once more)?"
    r"|what did you (?:just )?say|what was that|come again|once more|again)(?: please)*"
)
_QUESTIONS = frozenset(listed("what who where when why how which is are can could do does did will would"))


def _now() -> datetime:
    return datetime.now().astimezone()


class Brain:
    """Answers by rules.

    Args:
        clock: Tells the time, for questions about it and for the dates in what it calls; default: the local time.

    Example:
        ``Emulator(responder=Brain(clock=lambda: datetime(2026, 11, 20, 10, 15, tzinfo=UTC)))`` has a Friday for ever.
    """

    def __init__(self, clock: Callable[[], datetime] = _now) -> None:
        self._clock = clock

    def respond(self, view: ConversationView) -> Answer:
        """Return the answer to a conversation."""
        if outputs := _outputs(view):
            return about_outputs(outputs)
        persona = read_instructions(view.instructions)
        said = _without_address(view.last_text(), persona.name)
        if (calls := self._calls(view, persona, said)) is not None:
            return calls
        if persona.greeting and not said and not any(_is_from(item, "assistant") for item in view.items):
            return persona.greeting
        return self._talk(view, persona, said)

    # Functions

    def _calls(self, view: ConversationView, persona: Persona, said: str) -> Answer | None:
        """Return what to call, or to ask before; None if nothing is to be called."""
        tools = functions(view.tools)
        if view.tool_choice == "none" or not tools:
            return None
        now = self._clock()
        chosen = _chosen(view.tool_choice, tools)
        if chosen is not None or view.tool_choice == "required":
            waiting = waiting_request(view.items, tools, now) if chosen is None else None
            if waiting is not None and waiting.missing is None:
                return waiting.call()
            return Reply(calls=forced_call(said, chosen or tools, now))
        if not said or persona.always is not None or persona.fixed_answer(Words(said)) is not None:
            return None
        waiting = waiting_request(view.items, tools, now)
        if waiting is not None:
            return _made([waiting])
        talk = small_talk.answer(Words(said), name=persona.name, number=view.number)
        requests = [] if talk is not None else requests_of(said, tools, now)
        return _made(requests) if requests else None

    # Talk

    def _talk(self, view: ConversationView, persona: Persona, said: str) -> str:
        words = Words(said)
        if (fixed := persona.fixed_answer(words)) is not None:
            return fixed
        if UNHEARD.fullmatch(said) or (view.heard_seconds is not None and not said):
            return f"I heard {view.heard_seconds or 0:.1f} seconds of speech. Thank you for talking to me."
        if not words.words and not said.strip():
            who = f"I am {persona.name}" if persona.name else "I am the embedded voice service"
            return f"Hello! {who}. Talk to me, or write to me."
        if persona.greeting and small_talk.is_greeting(words) and len(words) <= 4:
            return persona.greeting
        return self._answer(view, persona, said) or _at_a_loss(view, said)

    def _answer(self, view: ConversationView, persona: Persona, said: str) -> str | None:
        if (repeated := _repeated(view, said)) is not None:
            return repeated
        # What was said as a whole, then without "hello, can you tell me", then its last sentence.
        bare = small_talk.without_courtesies(said)
        last = re.split(r"(?<=[.!?])\s+", bare.strip())[-1]
        for text in dict.fromkeys((said, bare, last)):
            if text and (found := self._known(view, persona, Words(text))) is not None:
                return found
        return None

    def _known(self, view: ConversationView, persona: Persona, words: Words) -> str | None:
        earlier = [_text(item) for item in view.items[:-1] if _is_from(item, "user")]
        talk = small_talk.answer(words, name=persona.name, number=view.number, earlier=earlier)
        if talk is not None:
            return talk
        return (
            clock.answer(words, self._clock())
            or arithmetic.answer(words)
            or units.answer(words)
            or facts.answer(words)
            or facts.quotation(words)
        )


def _made(requests: Sequence[Request]) -> Answer:
    """Call what can be called, and ask for what is missing of the first that cannot."""
    calls = [request.call() for request in requests if request.missing is None]
    missing = next((request.missing for request in requests if request.missing is not None), None)
    return Reply(question(missing) if missing is not None else "", calls)


def _chosen(choice: str | Mapping[str, Any], tools: Sequence[Tool]) -> list[Tool] | None:
    """Return the tool that must be called; None if there is none."""
    # Clients that know chat completions nest the name once more.
    name = (
        choice.get("name") or as_mapping(choice.get("function")).get("name") if isinstance(choice, Mapping) else choice
    )
    return [tool for tool in tools if tool.name == name][:1] or None


def _outputs(view: ConversationView) -> list[tuple[str, Mapping[str, Any], str]]:
    """Return name, arguments and output of the functions whose outputs came last."""
    found: list[tuple[str, Mapping[str, Any], str]] = []
    for item in reversed(view.items):
        if item.get("type") == "function_call_output":
            found.append(_output(view, item))
        elif item.get("type") != "function_call":
            break
    return found[::-1]


def _output(view: ConversationView, output: Mapping[str, Any]) -> tuple[str, Mapping[str, Any], str]:
    calls = (item for item in view.items if item.get("type") == "function_call")
    call = as_mapping(next((item for item in calls if item.get("call_id") == output.get("call_id")), None))
    try:
        arguments = as_mapping(json.loads(str(call.get("arguments"))))
    except (ValueError, RecursionError):
        arguments = as_mapping(None)
    return str(call.get("name") or "function"), arguments, str(output.get("output") or "")


def _without_address(said: str, name: str | None) -> str:
    """Return what was said without the assistant's name before or after it."""
    if name is None:
        return said
    before = rf"^\W*(?:(?:hey|hello|hi|okay|ok)\s+)?{re.escape(name)}\b[\s,.:!]*"
    return re.sub(before, "", re.sub(rf",\s*{re.escape(name)}\b[\s.!?]*$", "", said, flags=re.I), flags=re.I) or said


def _repeated(view: ConversationView, said: str) -> str | None:
    if _AGAIN.fullmatch(Words(said).plain):
        return view.last_text("assistant") or "I have not said anything yet."
    found = _REPEAT.match(said)
    if found is None or found[1].lower().startswith(("what i ", "everything i ")):
        return None
    text = found[1].strip().strip('"“”').strip()
    return (text[:1].upper() + text[1:]) if text else None


def _at_a_loss(view: ConversationView, said: str) -> str:
    first = Words(small_talk.without_courtesies(said))[0]
    if first in _QUESTIONS or Words(said)[0] in _QUESTIONS:
        return "I am sorry, I do not know that."
    if stem(first) in VERBS:
        return "I am sorry, I have no tool for that."
    return f"I heard you say: {said}" if view.heard_seconds is not None else f"You wrote: {said}"


def _is_from(item: Mapping[str, Any], role: str) -> bool:
    return item.get("type") == "message" and item.get("role") == role


def _text(item: Mapping[str, Any]) -> str:
    parts = item.get("content") or ()
    return " ".join(said for part in parts if (said := part.get("text") or part.get("transcript")))
