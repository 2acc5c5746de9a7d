"""What hears, thinks and speaks for the embedded service: four replaceable parts.

Each part is a plain Python object; nothing has to be inherited. All of them may block: the service calls them in worker
threads, except ``VoiceActivity.feed`` on short audio, which must be quick but for its first call.

Audio between the parts is mono 16-bit signed little-endian PCM (``pcm16``) at the rate named beside it.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Awaitable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, Protocol, runtime_checkable

__all__ = (
    "Answer",
    "ConversationView",
    "Failure",
    "FileSearch",
    "FunctionCall",
    "Piece",
    "Recognizer",
    "Reply",
    "Responder",
    "Speech",
    "SpeechEdge",
    "Synthesizer",
    "Token",
    "Transcript",
    "VisemeTime",
    "VoiceActivity",
    "VoiceActivityFactory",
    "WebSearch",
    "WordTime",
)


class WordTime(NamedTuple):
    """When a word is said, in ms from the beginning of the audio it belongs to."""

    text: str
    """The word as written, without blanks; with or without the punctuation around it."""
    start_ms: float
    end_ms: float


class VisemeTime(NamedTuple):
    """When the mouth takes a shape, in ms from the beginning of the audio it belongs to."""

    viseme_id: int
    """One of Azure's mouth positions, 0 (silence) to 21."""
    start_ms: float


class Speech(NamedTuple):
    """Spoken text, and when what is said in it."""

    pcm: bytes
    """Mono pcm16."""
    words: Sequence[WordTime] = ()
    """The words in order; empty if the synthesizer cannot tell, and then they are spread evenly."""
    visemes: Sequence[VisemeTime] = ()
    """The mouth's shapes in order; empty if the synthesizer cannot tell, and then they follow the spelling."""


class Token(NamedTuple):
    """A piece of recognized text, and how likely it was."""

    text: str
    """With the blank in front of it, if there is one."""
    logprob: float
    """Natural logarithm of its probability."""


class Transcript(NamedTuple):
    """What was said, with what a recognizer may know besides the text."""

    text: str
    words: Sequence[WordTime] = ()
    """The words in order; empty if the recognizer cannot tell, and then they are spread evenly."""
    language: str | None = None
    """A BCP-47 tag such as ``en-US``."""
    confidence: float | None = None
    """How sure it is, from 0 to 1."""
    tokens: Sequence[Token] = ()
    """The text in pieces, which are the text when they are joined; empty if the recognizer cannot tell."""


class SpeechEdge(NamedTuple):
    """A change between silence and speech."""

    sample: int
    """Where it is, in samples from the first sample ever fed; never before an earlier edge."""
    speaking: bool
    """True where speech begins, False where it ends (the first sample that is silent again)."""


class VoiceActivity(Protocol):
    """Tells speech from silence in one stream of audio.

    It reports every change as it becomes sure of it. How long a silence ends a turn, how much audio before the speech
    belongs to it and how long a noise must last to count are the service's business, not its own.
    """

    def feed(self, pcm: bytes, /) -> Sequence[SpeechEdge]:
        """Take the next audio (whole samples, any length) and return the changes found, oldest first."""
        ...


class VoiceActivityFactory(Protocol):
    """Makes a fresh detector for a stream, such as the class ``EnergyVoiceActivity``."""

    def __call__(self, rate: int, threshold: float, /) -> VoiceActivity:
        """Return a detector.

        Args:
            rate: Samples per second of the stream: 8000, 16000, 24000 or 44100.
            threshold: How sure it must be of speech, 0 (anything is speech) to 1; the service's default is 0.5.
        """
        ...


@runtime_checkable
class Recognizer(Protocol):
    """Turns speech into text."""

    def transcribe(self, pcm: bytes, rate: int, /) -> str | Transcript:
        """Return what was said, ``""`` if nothing was; with word times as a :class:`Transcript`.

        Args:
            pcm: One whole user turn, with the silence around it.
            rate: Samples per second.
        """
        ...


class Synthesizer(Protocol):
    """Turns text into speech."""

    def synthesize(self, text: str, rate: int, /) -> bytes | Speech | Iterable[bytes | Speech]:
        """Return the spoken text, whole or piece by piece (whole samples each).

        With word times and visemes as :class:`Speech`; the times of a piece count from its own beginning.

        Args:
            text: About a sentence; longer replies come in several calls.
            rate: Samples per second to produce.
        """
        ...


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """A call of one of the client's functions, or of a tool of one of the session's MCP servers."""

    name: str
    arguments: Mapping[str, Any] | str = field(default_factory=dict[str, Any])
    """Arguments by name, or their JSON text as it is to be sent."""
    call_id: str | None = None
    """Default: made up."""


@dataclass(frozen=True, slots=True)
class WebSearch:
    """A search of the web by the assistant, before it speaks. Nothing is searched: the result is what is given here."""

    query: str
    urls: Sequence[str] = ()
    """Its sources; each is cited in what the assistant says then."""


@dataclass(frozen=True, slots=True)
class FileSearch:
    """A search of files by the assistant, before it speaks. Nothing is searched: the result is what is given here."""

    queries: Sequence[str]
    results: Sequence[Mapping[str, Any]] = ()
    """Objects with any of ``file_id``, ``filename``, ``score``, ``text`` and ``attributes``."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the assistant searches, says, calls, or all of it, in this order."""

    text: str = ""
    calls: Sequence[FunctionCall] = ()
    incomplete: Literal["max_output_tokens", "content_filter"] | None = None
    """Why the reply broke off: the response ends ``incomplete`` instead of ``completed``."""
    searches: Sequence[WebSearch | FileSearch] = field(default=(), kw_only=True)
    annotations: Sequence[Mapping[str, Any]] = field(default=(), kw_only=True)
    """Objects that annotate the spoken text, besides the citations of searches."""
    invocations: Sequence[Mapping[str, Any]] = field(default=(), kw_only=True)
    """What an agent that was given ``invoke_input`` streams back, sent first. Default: the input itself."""


@dataclass(frozen=True, slots=True)
class Failure:
    """The response fails instead of saying anything: ``response.done`` with status ``failed``."""

    message: str = "The model could not produce a response."
    code: str = "server_error"
    type: str = "server_error"


Piece = str | Reply | FunctionCall | Failure
"""A piece of an answer; a string is short for ``Reply(text)``."""

Answer = Piece | Iterable[Piece] | AsyncIterable[Piece]
"""What a responder returns: one piece, or several as they come, such as a generator gives.

Each sentence is spoken as soon as it is complete; functions are called after the last.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationView:
    """What a responder sees when it is its turn."""

    items: Sequence[Mapping[str, Any]]
    """The conversation, oldest first, as wire objects without audio; spoken parts have their ``transcript``."""
    instructions: str = ""
    """The session's or the response's instructions, with additional ones below."""
    tools: Sequence[Mapping[str, Any]] = ()
    """The client's functions; tools of MCP servers look the same and have a ``server_label`` besides."""
    tool_choice: str | Mapping[str, Any] = "auto"
    """``auto``, ``none``, ``required`` or ``{"type": "function", "name": ...}``."""
    modalities: Sequence[str] = ("text", "audio")
    heard_seconds: float | None = None
    """Length of the last user message if it was spoken, silence included; None if it was typed."""
    number: int = 1
    """Which response of the session this is, counted from 1."""
    model: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])
    """What ``response.create`` carried as ``metadata``."""
    invoke_input: Mapping[str, Any] | None = None
    """What ``response.create`` carried for a hosted agent."""

    @property
    def last(self) -> Mapping[str, Any] | None:
        """The newest item."""
        return self.items[-1] if self.items else None

    def last_text(self, role: str = "user") -> str:
        """Return what the newest message of a role says, typed and spoken parts together; ``""`` without one."""
        for item in reversed(self.items):
            if item.get("type") == "message" and item.get("role") == role:
                parts: Iterable[Mapping[str, Any]] = item.get("content") or ()
                return " ".join(said for part in parts if (said := part.get("text") or part.get("transcript")))
        return ""


@runtime_checkable
class Responder(Protocol):
    """Decides what to say.

    ``respond`` may be a plain function, a generator, a coroutine function or an asynchronous generator. What is
    asynchronous runs on the service's own asyncio loop, which serves all of its sessions, and is cancelled when the
    response is; the rest runs in worker threads.
    """

    def respond(self, view: ConversationView, /) -> Answer | Awaitable[Answer]:
        """Return the answer to the conversation as it stands. An exception makes the response fail."""
        ...
