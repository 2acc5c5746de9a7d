"""Small talk: what is said beside the point, and what is said to it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from voicelive.emulator.brain.numbers import number_at
from voicelive.emulator.brain.words import Words

__all__ = ("answer", "is_greeting", "user_name", "without_courtesies")

_JOKES = (
    "Why did the computer go to the doctor? It had a virus.",
    "I would tell you a joke about UDP, but you might not get it.",
    "Why do programmers mix up Halloween and Christmas? Because OCT 31 equals DEC 25.",
    "What do you call a fish without eyes? A fsh.",
)
_ABILITIES = (
    "I can answer simple questions, do arithmetic, tell dates and times, repeat after you, and call the tools that you "
    "give me."
)

_GREETING = r"(?:hello|hi|hey|greetings|howdy|good (?:morning|afternoon|evening|day))"
_TRAILING = r"(?: there| again| everyone| everybody| assistant| computer| to you| my friend| today| please)*"
_TALK: Sequence[tuple[str, str]] = (
    (rf"(?:{_GREETING}{_TRAILING} ?)+", "{greeting}! How can I help you?"),
    (r"(?:can|do) you hear me.*|are you (?:there|listening).*|(?:mic |sound )?test(?:ing)?(?: .*)?", "I hear you."),
    (r"how are you(?: doing)?.*|how do you do|how is it going.*|how have you been.*|what is up",
     "I am fine, thank you. And you?"),
    (r"(?:i am |i feel )?(?:fine|good|great|very well|well|okay)(?: too)?(?: thank you| thanks)(?: and you)?",
     "I am glad."),
    (r"(?:okay |thanks |thank you )?(?:(?:good ?)?bye(?: bye)?|see you|see you (?:later|soon|tomorrow)|good ?night"
     rf"|farewell|take care|have a (?:nice|good|great) (?:day|evening|night|time|weekend)|so long)"
     rf"{_TRAILING}(?: and)?(?: thanks| thank you)*",
     "Goodbye!"),
    (r"(?:many thanks|thanks|thank you)(?: .*)?", "You are welcome."),
    (r"what is your name|who are you|do you have a name|what are you called|what should i call you|your name", "{who}"),
    (r"what are you|are you (?:a |an )?(?:human|robot|machine|bot|ai|computer|real|person|model).*",
     "I am a small program of rules that runs on this machine."),
    (r"what (?:can|do) you do.*|how can you help.*|help|what are you able to do|can you help(?: me)?|i need help",
     _ABILITIES),
    (r"where (?:are|do) you (?:live|from|located|come from)?", "I run on this machine, without a network."),
    (r"how old are you|when were you born", "I start anew with every session."),
    (r"who (?:made|created|built|wrote|programmed) you", "The authors of the voicelive package made me."),
    (r"(?:you are|that is|that was) (?:very |so |really |a )?(?:great|nice|good|right|correct|helpful|smart|funny|"
     r"perfect|amazing|awesome|cool)(?: .*)?", "Thank you."),
    (r"(?:you are|that is|that was) (?:very |so |really )?(?:wrong|bad|stupid|not right|incorrect)(?: .*)?",
     "I am sorry about that."),
    (r"i am (?:so |very |a bit |a little )?(?:sad|tired|bored|lonely|sick|unhappy|stressed|angry)(?: .*)?",
     "I am sorry to hear that."),
    (r"i am (?:so |very )?(?:happy|glad|excited)(?: .*)?", "I am glad to hear that."),
    (r"do you (?:speak|understand) (?:english|german|french|spanish|italian|chinese|japanese|.*language.*)",
     "I speak English only."),
    (r"tell me something.*|surprise me", "An octopus has three hearts."),
    (r"knock knock", "Who is there?"),
    (r"(?:can you )?sing(?: .*)?", "I would rather not: la, la, la."),
    (r"repeat (?:what i say|after me|everything i say)", "Say: repeat after me, and then the words."),
    (r"i am sorry|sorry|excuse me|my apologies|pardon(?: me)?", "No problem."),
    (r"(?:i (?:love|like) you).*", "That is kind of you."),
    (r"nice to meet you.*|pleased to meet you.*", "Nice to meet you too."),
    (r"(?:yes|yeah|yep|sure|okay|all right|right|fine|great|cool|good|nice|i see|no problem|wow)", "All right."),
    (r"(?:no|nope|no thanks|no thank you|nothing|that is (?:all|it)|never ?mind|forget it|cancel(?: that)?|stop)",
     "All right."),
    (r"(?:tell me |do you know )?(?:a |another )?(?:joke|something funny)|make me laugh", "{joke}"),
    (r"(?:what is )?(?:the )?meaning of life", "Forty-two, as a famous computer found out."),
)  # fmt: skip
_PATTERNS = tuple((re.compile(pattern), said) for pattern, said in _TALK)

_NAME = re.compile(
    r"\b(?:(?i:my name is|my name's)\s+(?=[^\W\d_])|(?i:i am called|i'm called|call me|this is)\s+(?=[A-Z]))"
    r"([\w'’-]+(?:\s+[A-Z][\w'’-]*)?)"
)
_NO_NAME = {"a", "an", "the", "it", "my", "not", "what", "when", "so", "just", "very", "great", "good", "later", "back"}
_ASKS_NAME = re.compile(r"(?:what is|what was|do you (?:know|remember)|tell me|say) my name")

_ASKS_WHAT_I_SAID = re.compile(r"what did i (?:just )?say|what was i saying|what have i (?:just )?said")
_COUNT = re.compile(r"(?:can you )?count (?:up )?to (.+)")
_SPELL = re.compile(r"(?:how do you spell|can you spell|spell)(?: the word)? ([^\W\d]+)")
_HIGHEST_COUNT = 30

_COURTESY = re.compile(
    rf"^(?:{_GREETING}(?: there| again)?|okay|so|well|um+|uh+|er+|oh|ah|now|and|please|thanks|thank you|excuse me|sorry"
    r"|i (?:want|would like|need) to know|i wonder|i was wondering(?: if)?|tell me|do you know"
    r"|(?:can|could|would|will) you)(?= |$)"
)
_AFTERTHOUGHT = re.compile(r" (?:please|thanks|thank you|for me|right now|okay|um+|uh+)$")


def answer(words: Words, *, name: str | None, number: int, earlier: Sequence[str] = ()) -> str | None:
    """Return what is said to small talk; None to anything else.

    Args:
        words: What was said.
        name: The assistant's name.
        number: Counts the responses, so that not every joke is the same.
        earlier: What the user said before, oldest first.
    """
    if found := user_name(words.text):
        return f"Nice to meet you, {found}."
    if _ASKS_NAME.match(words.plain):
        known = next((found for said in reversed(earlier) if (found := user_name(said))), None)
        return f"Your name is {known}." if known else "You have not told me your name yet."
    if _ASKS_WHAT_I_SAID.fullmatch(words.plain):
        return f"You said: {earlier[-1]}" if earlier else "You have not said anything before."
    if (counted := _counted(words)) is not None:
        return counted
    addressed = words.plain
    if name:
        addressed = re.sub(rf"(?:^|(?<= )){re.escape(name.lower())}(?= |$)", "", addressed)
    addressed = " ".join(addressed.split())
    for pattern, said in _PATTERNS:
        if addressed and pattern.fullmatch(addressed):
            who = f"My name is {name}." if name else "I am the embedded voice service; nobody gave me a name."
            greeting = re.match(_GREETING, addressed)
            kind = greeting[0].capitalize() if greeting and greeting[0].startswith("good") else "Hello"
            return said.format(greeting=kind, who=who, joke=_JOKES[number % len(_JOKES)])
    return None


def _counted(words: Words) -> str | None:
    """Count to a number, or spell a word."""
    if found := _COUNT.fullmatch(words.plain):
        number = number_at(Words(found[1]), 0)
        if number is not None and number.end == len(Words(found[1])) and 1 <= number.value <= _HIGHEST_COUNT:
            return ", ".join(str(each) for each in range(1, int(number.value) + 1)) + "."
    if found := _SPELL.fullmatch(words.plain):
        return f"{found[1].capitalize()}: {', '.join(found[1].upper())}."
    return None


def is_greeting(words: Words) -> bool:
    """Whether it begins with a greeting."""
    return re.match(rf"{_GREETING}\b", words.plain) is not None


def user_name(said: str) -> str | None:
    """Return the name with which the user introduces themselves."""
    found = _NAME.search(said)
    if found is None or found[1].lower() in _NO_NAME:
        return None
    return found[1] if found[1][0].isupper() else found[1].capitalize()


def without_courtesies(text: str) -> str:
    """Return what is left of a request without "hello", "can you tell me" and "please" around it."""
    words = Words(text)
    start, end = 0, len(words)
    while found := _COURTESY.match(" ".join(words[index] for index in range(start, end))):
        start += len(found[0].split())
    while found := _AFTERTHOUGHT.search(" ".join(words[index] for index in range(start, end))):
        end -= len(found[0].split())
    return words.original(start, end)
