"""What users said: recognized in the order they said it, and told in the events of the input audio transcription."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any

from voicelive.emulator.context import Context
from voicelive.emulator.conversation import Conversation, Item
from voicelive.emulator.script import ScriptRun
from voicelive.emulator.speech import Token, Transcript, WordTime
from voicelive.emulator.steps import Join, Steps, Task, Work
from voicelive.emulator.timing import spread
from voicelive.emulator.utterance import without_fillers

__all__ = ("Transcription", "heard")

Json = dict[str, Any]

_EVENT = "conversation.item.input_audio_transcription"
_LOGPROBS = "item.input_audio_transcription.logprobs"
_PHRASES = "item.input_audio_transcription.phrases"
_OPENAI_MODELS = ("whisper", "gpt-")
_WORDS_PER_DELTA = 3
_DEFAULT_LANGUAGE = "en-US"
_DEFAULT_CONFIDENCE = 0.95


def heard(result: str | Transcript) -> Transcript:
    """Return what a recognizer returned in its long form."""
    return result if isinstance(result, Transcript) else Transcript(result)


class Transcription:
    """Finds out what users said.

    Args:
        context: The session's surroundings.
        conversation: Where the items are.
        script: What is heard, before the recognizer is asked.
        answer: Called when there is something to answer.
    """

    def __init__(
        self, context: Context, conversation: Conversation, script: ScriptRun, answer: Callable[[], None]
    ) -> None:
        self._context = context
        self._conversation = conversation
        self._script = script
        self._answer = answer
        self.pending: Task | None = None
        """The task that is finding out what was said last."""

    def begin(self, item: Item, *, announce: bool, answer: bool) -> None:
        """Recognize what an item holds, after all that was said before it.

        Args:
            item: A user's message with audio.
            announce: Whether to send ``conversation.item.created`` once it is known.
            answer: Whether to answer then, if anything was said.
        """
        unheard = [index for index in item.clips if index not in item.heard]
        script = {index: self._script.next_transcript() for index in unheard}
        self.pending = self._context.spawn(self._run(item, script, self.pending, announce=announce, answer=answer))

    def _run(
        self, item: Item, script: Mapping[int, str | None], earlier: Task | None, *, announce: bool, answer: bool
    ) -> Steps:
        if earlier is not None:
            yield Join(earlier)
        for index, scripted in script.items():
            yield from self._recognize(item, index, scripted)
        if announce:
            self._conversation.announce(item)
        if answer and not self._only_fillers(item):
            self._answer()

    def _only_fillers(self, item: Item) -> bool:
        return self._removes_fillers and bool(item.heard) and not any(item.heard.values())

    @property
    def _removes_fillers(self) -> bool:
        return bool(self._context.settings.within("turn_detection").get("remove_filler_words"))

    def _recognize(self, item: Item, index: int, scripted: str | None) -> Steps:
        clip = item.clips[index]
        recognizer = self._context.services.recognizer
        settings = self._context.settings
        where = {"item_id": item.id, "content_index": index}
        shown = not settings.realtime or settings["input_audio_transcription"] is not None
        try:
            pcm = bytes(clip.pcm)
            known = item.recognized.get(index) if scripted is None else Transcript(scripted)
            result = heard((yield Work(lambda: recognizer.transcribe(pcm, clip.rate))) if known is None else known)
        except Exception as failure:  # Whatever a recognizer raises, the session outlives it.
            error = {"type": "server_error", "code": "transcription_failed", "message": f"{type(failure).__name__}"}
            if shown:
                self._context.emit(f"{_EVENT}.failed", **where, error=error)
            return
        if not result.words:
            result = result._replace(words=spread(result.text, *item.spans.get(index, (0, clip.milliseconds))))
        if self._removes_fillers:
            words = [word for word in result.words if without_fillers(word.text)]
            result = result._replace(text=without_fillers(result.text), words=words, tokens=())
        item.heard[index] = result.text
        if shown:
            self._tell(item, index, result, where)

    def _tell(self, item: Item, index: int, result: Transcript, where: Json) -> None:
        content = item.wire["content"]
        item.wire["content"] = [{**p, "transcript": result.text} if i == index else p for i, p in enumerate(content)]
        include = self._context.settings["include"] or ()
        tokens = result.tokens or _plausible_tokens(result.text)
        position = 0
        for delta in _deltas(self._model, result.text):
            logprobs = {"logprobs": _logprobs(tokens, position, len(delta))} if _LOGPROBS in include else {}
            self._context.emit(f"{_EVENT}.delta", **where, delta=delta, **logprobs)
            position += len(delta)
        completed: Json = {"transcript": result.text}
        language = result.language or self._language
        if self._context.version.has("language") and not self._model.startswith(_OPENAI_MODELS):
            completed["language"] = language
        if _LOGPROBS in include:
            completed["logprobs"] = _logprobs(tokens, 0, len(result.text))
        if _PHRASES in include:
            completed["phrases"] = list(_phrases(result, language))
        self._context.emit(f"{_EVENT}.completed", **where, **completed)

    @property
    def _model(self) -> str:
        return str(self._context.settings.within("input_audio_transcription").get("model"))

    @property
    def _language(self) -> str:
        # "en,zh" asks for the language to be found out; the first will do.
        configured = self._context.settings.within("input_audio_transcription").get("language")
        return str(configured).split(",")[0] if configured else _DEFAULT_LANGUAGE


def _deltas(model: str, said: str) -> list[str]:
    """Return the pieces in which a model tells what was said.

    In recordings of the service Azure's models tell all of it at the end, and whisper all of it in one piece before.
    """
    if not said or not model.startswith(_OPENAI_MODELS):
        return []
    return [said] if model.startswith("whisper") else _pieces(said)


def _pieces(said: str) -> list[str]:
    words = re.findall(r"\s*\S+\s*$|\s*\S+", said)
    return ["".join(words[start : start + _WORDS_PER_DELTA]) for start in range(0, len(words), _WORDS_PER_DELTA)]


def _plausible_tokens(said: str) -> list[Token]:
    """Return a token per word; how likely it was depends on the word alone, and is always plausible."""
    tokens = re.findall(r"\s*\S+\s*$|\s*\S+", said)
    return [Token(token, -(sum(token.encode()) % 23 + 1) / 100) for token in tokens]


def _logprobs(tokens: Sequence[Token], start: int, length: int) -> list[Json]:
    """Return the tokens that begin within a part of the text."""
    starts = accumulate((len(token.text) for token in tokens), initial=0)
    return [
        {"token": text, "logprob": logprob, "bytes": list(text.encode())}
        for (text, logprob), position in zip(tokens, starts, strict=False)
        if start <= position < start + length
    ]


def _phrases(result: Transcript, language: str) -> Iterator[Json]:
    words = list(result.words)
    for sentence in re.split(r"(?<=[.!?])\s+", result.text.strip()):
        spoken = _take(words, sentence)
        if spoken:
            yield {
                **_stretch(spoken),
                "text": sentence,
                "words": [{"text": word.text, **_stretch([word])} for word in spoken],
                "locale": language,
                "confidence": _DEFAULT_CONFIDENCE if result.confidence is None else result.confidence,
            }


def _take(words: list[WordTime], sentence: str) -> list[WordTime]:
    """Take the words of a sentence off the front."""
    position = 0
    taken: list[WordTime] = []
    while words and (found := sentence.find(words[0].text, position)) >= 0:
        position = found + len(words[0].text)
        taken.append(words.pop(0))
    return taken


def _stretch(words: Sequence[WordTime]) -> Json:
    start, end = words[0].start_ms, words[-1].end_ms
    return {"offset_milliseconds": round(start), "duration_milliseconds": round(end) - round(start)}
