"""One message of a response: its text, or its transcript with audio, times of words, mouth shapes and video."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import pybase64

from voicelive.emulator import animation, audio
from voicelive.emulator.avatar import Avatar
from voicelive.emulator.context import Context
from voicelive.emulator.conversation import Clip, Item
from voicelive.emulator.fields import output_rate
from voicelive.emulator.playback import Playback
from voicelive.emulator.speech import Speech, VisemeTime, WordTime
from voicelive.emulator.steps import Pause, Steps, Work
from voicelive.emulator.timing import cut, moved, spread
from voicelive.emulator.visemes import spelled

__all__ = ("TEXT_PAUSE", "Message")

Json = dict[str, Any]

TEXT_PAUSE = 0.02
"""Seconds between pieces of text at real time."""
_CHUNK_MS = 100
# Text comes faster than the speech that says it, as it does from the service.
_WORDS_PER_CHUNK = 0.5


class Message:
    """A message while it is being said.

    Args:
        context: The session's surroundings.
        fields: What holds for the response.
        item: The message's item, with nothing in it.
        emit: Sends an event about its only content part.
        playback: Takes note of what is spoken.
        avatar: Moves while it is spoken.
    """

    def __init__(
        self,
        context: Context,
        fields: Json,
        item: Item,
        emit: Callable[..., None],
        playback: Playback,
        avatar: Avatar,
    ) -> None:
        self._context = context
        self._item = item
        self._emit = emit
        self._playback = playback
        self._avatar = avatar
        self._synthesizer = context.services.synthesizer
        self._aloud = "audio" in fields["modalities"]
        self._part: Json = {"type": "audio", "transcript": ""} if self._aloud else {"type": "text", "text": ""}
        self._annotations = 0
        emit("response.content_part.added", part=dict(self._part))
        if self._aloud:
            audio_format = fields["output_audio_format"]
            self._clip = item.clips[0] = Clip(output_rate(audio_format), audio_format)
            self._marks = _Marks(context, fields, emit)

    def say(self, sentence: str) -> Steps:
        """Write or speak one more sentence."""
        if self._aloud:
            if sentence:
                yield from self._speak(sentence)
            return
        for piece in _words(sentence):
            self._part["text"] += piece
            self._emit("response.text.delta", delta=piece)
            yield Pause(TEXT_PAUSE / self._context.speed)

    @property
    def transcript(self) -> str:
        """What was written or said so far."""
        return str(self._part["transcript"] if self._aloud else self._part["text"])

    def annotate(self, annotations: Iterable[Mapping[str, Any]]) -> None:
        """Add citations and the like to what is spoken."""
        for annotation in annotations if self._aloud else ():
            where = {"annotation_index": self._annotations, "annotation": dict(annotation)}
            self._emit("response.audio_transcript.annotation.added", **where)
            self._annotations += 1

    def close(self) -> None:
        """End the part."""
        self._item.wire["content"] = [self._kept()]
        if self._aloud:
            self._emit("response.audio.done")
            self._marks.close()
            self._emit("response.audio_transcript.done", transcript=self._part["transcript"])
        else:
            self._emit("response.text.done", text=self._part["text"])
        self._emit("response.content_part.done", part=dict(self._part))

    def _kept(self) -> Json:
        """Return the part as the conversation keeps it, which is less if the client has cut it meanwhile."""
        if (end := self._item.cut_ms) is None or not self._aloud:
            return self._part
        del self._clip.pcm[end * self._clip.rate // 1000 * 2 :]
        return {**self._part, "transcript": cut(self._part["transcript"], self._item.words, end)}

    # Speech

    def _speak(self, sentence: str) -> Steps:
        clip = self._clip
        transcript = _words(sentence)
        begin = clip.seconds * 1000
        timed = False
        due = 1.0
        spoken = yield Work(lambda: self._synthesizer.synthesize(sentence, clip.rate))
        pieces = iter([spoken] if isinstance(spoken, bytes | bytearray | Speech) else spoken)
        while (piece := (yield Work(lambda: next(pieces, None)))) is not None:
            speech = piece if isinstance(piece, Speech) else Speech(bytes(piece))
            timed |= bool(speech.words)
            self._time(speech, clip.seconds * 1000)
            for chunk in _chunks(speech.pcm, clip.rate):
                while due >= 1 and self._transcribe(transcript):
                    due -= 1
                due += _WORDS_PER_CHUNK
                yield from self._send_audio(chunk)
        while self._transcribe(transcript):
            pass
        if not timed:
            end = clip.seconds * 1000
            self._time(Speech(b"", spread(sentence, begin, end)), 0.0)
            self._marks.send(end)

    def _time(self, speech: Speech, begin: float) -> None:
        if not speech.words:
            return
        words = moved(speech.words, begin)
        shapes = [VisemeTime(viseme, start + begin) for viseme, start in speech.visemes] or spelled(words)
        self._item.words += words
        self._marks.add(words, shapes)

    def _transcribe(self, words: Iterator[str]) -> bool:
        """Send the next word of the transcript; False when there is none."""
        if (word := next(words, None)) is None:
            return False
        self._part["transcript"] += word
        self._emit("response.audio_transcript.delta", delta=word)
        return True

    def _send_audio(self, pcm: bytes) -> Steps:
        clip = self._clip
        if not clip.pcm:
            self._playback.begin(self._item)
            self._avatar.speak()
        clip.pcm += pcm
        self._marks.send(clip.seconds * 1000)
        encoded = pybase64.b64encode(audio.encode(pcm, clip.format)).decode("ascii")
        self._emit("response.audio.delta", delta=encoded)
        seconds = len(pcm) / 2 / clip.rate
        self._avatar.show(seconds)
        yield Pause(seconds / self._context.speed)


class _Marks:
    """Times of words, mouth shapes and blendshapes of a message, sent with the audio they belong to.

    The service has them for Azure's voices only.
    """

    def __init__(self, context: Context, fields: Json, emit: Callable[..., None]) -> None:
        settings = context.settings
        azure = fields["voice"]["type"] != "openai"
        outputs: Sequence[str] = settings.within("animation").get("outputs") or ()
        self._emit = emit
        self._tells_words = azure and "word" in (settings["output_audio_timestamp_types"] or ())
        self._tells_visemes = azure and "viseme_id" in outputs
        self._tells_blendshapes = azure and "blendshapes" in outputs
        self._words: list[WordTime] = []
        self._visemes: list[VisemeTime] = []
        self._shapes: list[VisemeTime] = []
        self._frame = 0
        self._timed_ms = 0.0

    def add(self, words: Sequence[WordTime], visemes: Sequence[VisemeTime]) -> None:
        """Take what comes next."""
        self._words += words
        self._visemes += visemes
        self._shapes += visemes
        self._timed_ms = max(self._timed_ms, words[-1].end_ms)

    def send(self, until_ms: float) -> None:
        """Send all that begins before that time."""
        while self._words and self._words[0].start_ms < until_ms:
            word = self._words.pop(0)
            if self._tells_words:
                self._tell(word)
        while self._visemes and self._visemes[0].start_ms <= until_ms:
            viseme = self._visemes.pop(0)
            if self._tells_visemes:
                where = {"audio_offset_ms": round(viseme.start_ms), "viseme_id": viseme.viseme_id}
                self._emit("response.animation_viseme.delta", **where)
        # Where no shapes are known yet, the face waits for them.
        if self._tells_blendshapes and self._timed_ms:
            last = int(until_ms * animation.FRAMES_PER_SECOND / 1000)
            if found := animation.frames(self._shapes, self._frame, last):
                self._emit("response.animation_blendshapes.delta", frame_index=self._frame, frames=found)
                self._frame = last

    def _tell(self, word: WordTime) -> None:
        start, end = round(word.start_ms), round(word.end_ms)
        where = {"audio_offset_ms": start, "audio_duration_ms": end - start}
        self._emit("response.audio_timestamp.delta", **where, text=word.text, timestamp_type="word")

    def close(self) -> None:
        """Say that no more will come."""
        if self._tells_words:
            self._emit("response.audio_timestamp.done")
        if self._tells_visemes:
            self._emit("response.animation_viseme.done")
        if self._tells_blendshapes:
            self._emit("response.animation_blendshapes.done")


def _words(said: str) -> Iterator[str]:
    """Yield pieces of a word each, blanks in front of it: together they are the text again."""
    return iter(re.findall(r"\s*\S+\s*$|\s*\S+", said))


def _chunks(pcm: bytes, rate: int) -> Iterator[bytes]:
    size = rate * _CHUNK_MS // 1000 * 2
    return (pcm[start : start + size] for start in range(0, len(pcm), size))
