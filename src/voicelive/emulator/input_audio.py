"""The input audio: the buffer, the turns found in it, and the turns that the client marks itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from voicelive.emulator import audio
from voicelive.emulator.context import Context, new_id
from voicelive.emulator.conversation import Clip, Conversation, Item, decode_audio
from voicelive.emulator.refusal import refuse, required, text
from voicelive.emulator.speech import SpeechEdge, Transcript
from voicelive.emulator.steps import Steps, Work
from voicelive.emulator.transcription import heard
from voicelive.emulator.turns import TurnDetector, TurnEdge, TurnPoint
from voicelive.emulator.utterance import is_complete

__all__ = ("InputAudio",)

_KEPT_SECONDS = 60
_QUICK_SECONDS = 1.0
_LEAST_COMMIT_MS = 100


class InputAudio:
    """What a client does with audio.

    Args:
        context: The session's surroundings.
        conversation: Where spoken turns go.
        on_speech: Called when a turn begins.
        on_turn: Called with a finished user item; True if the turn was found, not marked by the client.
        next_transcript: Returns what the script says is heard next, without taking it.
    """

    def __init__(
        self,
        context: Context,
        conversation: Conversation,
        *,
        on_speech: Callable[[], None],
        on_turn: Callable[[Item, bool], None],
        next_transcript: Callable[[], str | None],
    ) -> None:
        self._context = context
        self._conversation = conversation
        self._on_speech = on_speech
        self._on_turn = on_turn
        self._next_transcript = next_transcript
        self._pcm = bytearray()
        self._first = 0
        self._past_ms = 0
        self._half_sample = b""
        self._detector: TurnDetector | None = None
        self._detector_is_fresh = True
        self._speech_begin = self._speech_start = 0
        self._item_id = ""
        self._turns: dict[str, bytearray] = {}
        self.reconfigure(self._state())
        self.handlers: dict[str, Callable[[Mapping[str, Any]], Steps | None]] = {
            "input_audio_buffer.append": self._append,
            "input_audio_buffer.commit": self._commit,
            "input_audio_buffer.clear": self._clear,
            "input_audio.clear": self._clear,
            "input_audio.turn.start": self._turn_start,
            "input_audio.turn.append": self._turn_append,
            "input_audio.turn.end": self._turn_end,
            "input_audio.turn.cancel": self._turn_cancel,
        }

    # Settings

    def _state(self) -> tuple[object, ...]:
        settings = self._context.settings
        return settings.input_format, settings.input_rate, settings["turn_detection"]

    @property
    def _format(self) -> str:
        return self._context.settings.input_format

    @property
    def _rate(self) -> int:
        return self._context.settings.input_rate

    def _samples(self, milliseconds: int) -> int:
        return milliseconds * self._rate // 1000

    def _milliseconds(self, sample: int) -> int:
        return self._past_ms + sample * 1000 // self._rate

    def reconfigure(self, state: tuple[object, ...]) -> None:
        """Start a fresh turn detector for the settings as they are; ``state`` is what ``_state`` says of them."""
        self._configured = state
        self._detector_is_fresh = True
        timing = self._context.settings.turn_timing
        if timing is None:
            self._detector = None
            return
        self._detector = TurnDetector(
            self._context.services.voice_activity(self._rate, timing.threshold),
            origin=self._first + len(self._pcm) // 2,
            silence=self._samples(timing.silence_ms),
            speech=self._samples(timing.speech_ms),
            patience=self._samples(timing.patience_ms),
        )

    def settings_changing(self) -> tuple[str, int, int]:
        """Return what :meth:`settings_changed` needs to know of the time before an update."""
        return self._format, self._rate, self._milliseconds(self._first + len(self._pcm) // 2)

    def settings_changed(self, before: tuple[str, int, int]) -> None:
        """Follow an update of the session: another format empties the buffer, another turn detection starts afresh."""
        audio_format, rate, position = before
        if (audio_format, rate) != (self._format, self._rate):
            self._pcm.clear()
            self._first, self._past_ms, self._half_sample = 0, position, b""
        if self._state() != self._configured:
            self.reconfigure(self._state())

    # The buffer

    def _decode(self, data: bytes) -> bytes:
        if self._format != "pcm16":
            return audio.decode(data, self._format)
        # A client may cut its stream anywhere; half a sample waits for its other half.
        data = self._half_sample + data
        self._half_sample = data[len(data) // 2 * 2 :]
        return data[: len(data) // 2 * 2]

    def _append(self, event: Mapping[str, Any]) -> Steps | None:
        pcm = self._decode(decode_audio(required(event, "audio"), "audio", self._format, self._rate))
        detector = self._detector
        self._pcm += pcm
        if detector is None:
            return None
        # A fresh detector may have to load its model.
        if self._detector_is_fresh or len(pcm) // 2 > _QUICK_SECONDS * self._rate:
            self._detector_is_fresh = False
            return self._detect_elsewhere(detector, pcm)
        return self._follow(detector, detector.hear(pcm), len(pcm) // 2)

    def _detect_elsewhere(self, detector: TurnDetector, pcm: bytes) -> Steps:
        yield from self._follow(detector, (yield Work(lambda: detector.hear(pcm))), len(pcm) // 2)

    def _follow(self, detector: TurnDetector, edges: Sequence[SpeechEdge], samples: int) -> Steps:
        for edge in detector.follow(edges, samples):
            if edge.point is TurnPoint.BEGAN:
                self._speech_started(edge.sample)
            elif edge.point is TurnPoint.ENDED:
                self._speech_stopped(edge)
            else:
                yield from self._ask_the_words(detector, edge)
        if not detector.speaking:
            self._drop_before(self._first + len(self._pcm) // 2 - _KEPT_SECONDS * self._rate)

    def _ask_the_words(self, detector: TurnDetector, edge: TurnEdge) -> Steps:
        """End the turn at a pause if what was said so far is complete; nothing else is followed meanwhile."""
        timing = self._context.settings.turn_timing
        pcm, rate = bytes(self._turn_audio(edge.sample)), self._rate
        recognizer = self._context.services.recognizer
        said = self._next_transcript()
        recognized = None
        if said is None:
            try:
                recognized = heard((yield Work(lambda: recognizer.transcribe(pcm, rate))))
            except Exception:  # It fails once more when the turn is over, and is reported then.
                recognized = Transcript("")
            said = recognized.text
        if is_complete(said, timing.level if timing else None):
            detector.end()
            self._speech_stopped(edge, recognized)

    def _drop_before(self, sample: int) -> None:
        if (surplus := sample - self._first) > 0:
            del self._pcm[: surplus * 2]
            self._first += surplus

    def _speech_started(self, sample: int) -> None:
        timing = self._context.settings.turn_timing
        padding = timing.padding_ms if timing else 0
        self._speech_begin = sample
        self._speech_start = max(self._first, sample - self._samples(padding))
        self._item_id = new_id("item")
        start = self._milliseconds(self._speech_start)
        self._context.emit("input_audio_buffer.speech_started", audio_start_ms=start, item_id=self._item_id)
        self._on_speech()

    def _turn_audio(self, end: int) -> bytearray:
        return self._pcm[(self._speech_start - self._first) * 2 : (end - self._first) * 2]

    def _speech_stopped(self, edge: TurnEdge, recognized: Transcript | None = None) -> None:
        end = self._milliseconds(edge.sample)
        self._context.emit("input_audio_buffer.speech_stopped", audio_end_ms=end, item_id=self._item_id)
        item = self._item(self._item_id, self._turn_audio(edge.sample))
        begin, start = self._speech_begin, self._speech_start
        item.spans[0] = ((begin - start) * 1000 / self._rate, (edge.speech - start) * 1000 / self._rate)
        if recognized is not None and recognized.text:
            item.recognized[0] = recognized
        self._drop_before(edge.sample)
        self._finish_turn(item, found=True)

    def _item(self, item_id: str, pcm: bytearray) -> Item:
        head = {"id": item_id, "object": "realtime.item", "type": "message", "status": "completed", "role": "user"}
        item = Item({**head, "content": [{"type": "input_audio", "transcript": None}]})
        item.clips[0] = Clip(self._rate, self._format, pcm)
        return item

    def _finish_turn(self, item: Item, *, found: bool) -> None:
        self._conversation.add(item)
        previous = self._conversation.before(item)
        self._context.emit("input_audio_buffer.committed", previous_item_id=previous, item_id=item.id)
        self._on_turn(item, found)

    def _commit(self, event: Mapping[str, Any]) -> None:
        length = len(self._pcm) * 500 / self._rate
        if length < _LEAST_COMMIT_MS:
            raise refuse("input_audio_buffer_commit_empty", length=length)
        started = self._detector is not None and self._detector.speaking
        item = self._item(self._item_id if started else new_id("item"), bytearray(self._pcm))
        self._empty()
        self._finish_turn(item, found=False)

    def _clear(self, event: Mapping[str, Any]) -> None:
        self._empty()
        self._context.emit("input_audio_buffer.cleared")

    def _empty(self) -> None:
        self._first += len(self._pcm) // 2
        self._pcm.clear()
        self._half_sample = b""
        # The turn under way went with its audio.
        self.reconfigure(self._state())

    # Turns the client marks

    def _turn(self, event: Mapping[str, Any]) -> bytearray:
        turn_id = text(required(event, "turn_id"), "turn_id")
        if turn_id not in self._turns:
            raise refuse("turn_unknown", turn_id=turn_id)
        return self._turns[turn_id]

    def _turn_start(self, event: Mapping[str, Any]) -> None:
        turn_id = text(required(event, "turn_id"), "turn_id")
        if turn_id in self._turns:
            raise refuse("turn_open", turn_id=turn_id)
        self._turns[turn_id] = bytearray()

    def _turn_append(self, event: Mapping[str, Any]) -> None:
        turn = self._turn(event)
        turn += decode_audio(required(event, "audio"), "audio", self._format, self._rate)

    def _turn_end(self, event: Mapping[str, Any]) -> None:
        data = bytes(self._turn(event))
        del self._turns[event["turn_id"]]
        if not data:
            raise refuse("turn_empty")
        whole_samples = data[: len(data) // 2 * 2] if self._format == "pcm16" else data
        item = self._item(new_id("item"), bytearray(audio.decode(whole_samples, self._format)))
        self._finish_turn(item, found=False)

    def _turn_cancel(self, event: Mapping[str, Any]) -> None:
        self._turn(event)
        del self._turns[event["turn_id"]]
